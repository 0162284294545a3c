// `hoist build`: every workflow lowered, emitted and written, with the manifest and the site's
// files.
#pragma once

#include "frontend/base/FileSystem.h"
#include "frontend/ir/Estate.h"

#include <string>
#include <vector>

namespace hoist::airflow {

struct BuildOptions {
    std::string outDir;
    bool overwriteEdited =
        false; ///< write over DAG files that somebody changed since the last build
};

struct BuildResult {
    size_t dags = 0;    ///< DAG files of this build
    size_t written = 0; ///< files that changed on disk
    size_t removed = 0;
    size_t refused = 0;        ///< workflows that are not translated
    bool isIncomplete = false; ///< something was refused or could not be written: exit code 5
};

/// Lowers everything and settles every construct, without writing: for `check` and `coverage`. What
/// each workflow's exactness rests on, by id, is told to who asks for it.
size_t lowerOnly(ir::Estate& estate, diag::Diagnostics& diags,
                 std::vector<std::vector<std::string>>* assumptions = nullptr);

/// Writes `DIR/<dag_id>.py`, `DIR/hoist.manifest.json` and the site's files. A file that an earlier
/// build wrote is removed when it is no longer part of the output, unless it was edited.
BuildResult build(ir::Estate& estate, BuildOptions const& options, FileSystem& files,
                  diag::Diagnostics& diags);

} // namespace hoist::airflow
