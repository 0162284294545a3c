// The runbook of a migration: a page for each wave and each workflow, made from the plan and the
// estate, so that it says what is true of them and nothing else.
#pragma once

#include "analysis/migration/Bridges.h"

#include <string>
#include <utility>
#include <vector>

namespace hoist::report {

struct RunbookInput {
    ir::Estate const* estate = nullptr; ///< linked and lowered: fates of constructs are known
    migration::Plan const* plan = nullptr;
    std::vector<migration::Dependency> const* dependencies = nullptr;
    std::vector<migration::WaveBridges> const* bridges = nullptr; ///< by wave
    std::vector<std::string> operands; ///< the PATHs, as commands repeat them
    std::vector<std::pair<std::string, std::string>>
        options;                  ///< likewise: "--properties", its value
    std::string planFile, folder; ///< `--plan` and `-o`, likewise
};

/// All files by path below the runbook's folder: pages as Markdown and HTML, and what each wave
/// applies and undoes. Sorted by path; the same input gives the same bytes.
std::vector<std::pair<std::string, std::string>> runbook(RunbookInput const& input);

} // namespace hoist::report
