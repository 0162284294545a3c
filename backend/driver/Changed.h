// `hoist check --changed`: which estates the changed files belong to, and which findings involve
// them.
#pragma once

#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "frontend/base/FileSystem.h"
#include "frontend/base/Source.h"

#include <llvm/ADT/StringSet.h>

#include <string>
#include <vector>

namespace hoist {

/// One estate that is read as a whole, and what of it changed.
struct ChangedEstate {
    std::string root;        ///< its folder, as it is given to `readInputs`
    llvm::StringSet<> paths; ///< absolute and without `.` and `..`
    /// The settings changed, or a file is gone: what comes of that can show anywhere.
    bool isUnbounded = false;
};

/// Every estate that a PATH of the command line lies in, in the order of the PATHs. A definition
/// that lies in none is reported; other files in none are passed over: what hands over names
/// (pre-commit, `git diff --name-only`) knows nothing of estates.
std::vector<ChangedEstate> changedEstates(Invocation const& invocation, FileSystem& files,
                                          Console const& console, diag::Diagnostics& diags);

/// What was left out.
struct Elsewhere {
    size_t errors = 0, warnings = 0;
};

/// Leaves the findings that involve a changed file: they lie in it, name it, or have a label in it
/// (the second definition of a job is reported where it stands, not where the first one does).
Elsewhere keepInvolved(ChangedEstate const& changed, SourceMap const& sources,
                       Console const& console, diag::Diagnostics& diags);

/// The line that says what was left out; empty if it was nothing.
std::string elsewhereText(Elsewhere const& elsewhere, ChangedEstate const& changed);

} // namespace hoist
