// plan.lock.toml: where each workflow lies, kept from plan to plan.
#pragma once

#include "analysis/migration/Plan.h"

#include <optional>
#include <string>

namespace hoist::report {

/// A TOML basic string: control characters, and characters that reorder or hide text, are escaped.
std::string tomlText(llvm::StringRef text);

/// How a name is written in the lock file: as UTF-8.
std::string lockName(llvm::StringRef name);

/// The file: names and bridges only, sorted by name, so that a small change of the estate is a
/// small change of the file.
std::string planLock(ir::Estate const& estate, migration::Plan const& plan);

/// Reads it; what is wrong is reported at its place (M0104).
std::optional<migration::PlannedBefore> readPlanLock(FileId file, SourceMap const& sources,
                                                     diag::Diagnostics& diags);

} // namespace hoist::report
