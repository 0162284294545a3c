// What there is: counts, jobs that never run or that nobody waits for, duplicates, and of each
// workflow how complex it is and how faithfully it compiles.
#pragma once

#include "analysis/Analysis.h"
#include "analysis/migration/Dependencies.h"
#include "analysis/migration/Duplicates.h"
#include "analysis/migration/History.h"

#include <map>
#include <string>
#include <vector>

namespace hoist::migration {

/// How faithfully a workflow compiles, from best to worst; the worst of its constructs counts.
enum class WorkflowFidelity : uint8_t {
    exact,
    assumed,      ///< exact if the named assumptions hold
    approximated, ///< something is approximated or dropped
    unmapped,     ///< some task fails until the site maps its job type to an operator
    refused,      ///< no DAG is written
};
inline constexpr size_t fidelityCount = 5;
llvm::StringRef toString(WorkflowFidelity fidelity);

struct WorkflowSurvey {
    WorkflowFidelity fidelity = WorkflowFidelity::exact;
    std::vector<std::string> assumptions;
    size_t jobs = 0, boxes = 0; ///< boxes are counted among the jobs, too
    size_t depth = 0;           ///< of boxes in boxes
    size_t schedules = 0;
    size_t atoms = 0;                               ///< of all conditions
    size_t unusualAtoms = 0;                        ///< with a look-back, an exit code or a global
    size_t dependenciesIn = 0, dependenciesOut = 0; ///< hard ones that cross its border
    size_t exact = 0, approximated = 0, dropped = 0, refused = 0; ///< constructs

    /// A figure to sort by: what there is to read, what is rare twice, what crosses three times.
    size_t complexity() const {
        return jobs + depth + schedules + atoms + 2 * unusualAtoms +
               3 * (dependenciesIn + dependenciesOut);
    }
};

/// A job that cannot run, or not by itself, with the code of the finding that says why.
struct Idle {
    ir::JobId job;
    std::string code;
};

struct Inventory {
    std::map<std::string, size_t> byDialect, byKind, byOwner, byMachine, byApplication, byGroup;
    std::vector<Idle> neverRun;
    std::vector<ir::JobId> unawaited; ///< nobody waits for them, nor for a box around them
    std::vector<Alike> alike;
    std::vector<WorkflowSurvey> workflows; ///< by workflow id
    std::vector<RunStatistics> statistics; ///< by job id; empty without a history
};

/// What the job is: "command", "file watcher", "box", or the name of its type.
std::string kindOf(ir::Job const& job);
/// JIL `group`; empty for none.
llvm::StringRef groupOf(ir::Job const& job);

/// Of an estate whose constructs are settled. `assumptions` are those of the lowering, by workflow
/// id; `findings` those of the analysis.
Inventory takeInventory(ir::Estate const& estate, analysis::Known const& known,
                        diag::Diagnostics const& findings,
                        std::vector<std::vector<std::string>> const& assumptions,
                        History const* history);

} // namespace hoist::migration
