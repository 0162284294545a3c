// The files that a git revision holds below the paths of a command line, as if they lay there:
// `hoist gate --against REF`. Asks the `git` program, so that whatever git does to a checkout
// (line ends, filters) is done here too.
#pragma once

#include "backend/driver/Console.h"
#include "frontend/base/FileSystem.h"

#include <optional>
#include <string>
#include <vector>

namespace hoist {

struct GitRevision {
    std::string commit; ///< its full hash
    /// It is the last one that `REF` and HEAD have in common, and not REF itself.
    bool isMergeBase = false;
    bool hasMergeBase = true;        ///< else nothing is known in common, and REF itself counts
    std::vector<std::string> absent; ///< the paths below which it has no file
    MemoryFileSystem files;
};

/// The files below `paths` in the last common ancestor of `revision` and HEAD: what the other side
/// changed since is no change of this one. Where there is none (a shallow clone) in `revision`
/// itself. Paths that the revision does not have are empty folders. On failure nothing, and `error`
/// says why in one line.
std::optional<GitRevision> readGitRevision(llvm::StringRef revision,
                                           std::vector<std::string> const& paths, Console& console,
                                           std::string& error);

} // namespace hoist
