// `hoist verify`: does each DAG that Airflow loaded mean what its workflow means?
//
// Trusted: the front ends and the linker (what a definition says), analysis/semantics (what it
// means), the export and analysis/target (what Airflow does with a DAG), CaDiCaL, and the contract
// of the shims (docs/runtime.md), which the tests of hoist_airflow hold. Not trusted: the emitter.
// Nothing here includes backend/.
#pragma once

#include "analysis/equivalence/Certificate.h"
#include "analysis/equivalence/Matching.h"
#include "analysis/schedule/Ticks.h"

#include <set>

namespace hoist::equivalence {

struct Options {
    Horizon horizon; ///< over which schedules are compared
    /// Conflicts that the solver may meet in one question, and counterexamples that are played for
    /// one job, before the verdict is `unknown`.
    int budget = 20000;
    unsigned threads = 1; ///< the result is the same for any number
    UserMap map;
    std::map<std::string, std::string> manifest; ///< workflow → dag_id
    struct ManifestAlarms const* alarms = nullptr;
    /// What the manifest says `hoistctl dispatch` follows for a DAG that no clock starts.
    struct Subscription {
        std::vector<std::string> jobs, variables;
    };
    std::map<std::string, Subscription> subscriptions; ///< by dag_id
    /// What `force(…)` names (CTM-077) → the DAGs that run then, and the jobs that are ordered
    /// alone, sorted; none: all.
    std::map<std::string, std::map<std::string, std::vector<std::string>>> forced;
    bool hasManifest = false;
    std::set<std::string> refused; ///< jobs that `build` wrote no DAG for, as the manifest says
};

struct WorkflowResult {
    ir::WorkflowId workflow;
    target::DagId dag; ///< invalid: there is none
    Verdict verdict = Verdict::unknown;
    Findings findings;
    Proof starts = Proof::none, ending = Proof::none;
    unsigned jobs = 0, provedLocally = 0, provedBySolver = 0;
};

struct Result {
    std::vector<WorkflowResult> workflows;
    std::vector<target::DagId> strangers; ///< DAGs that no workflow stands for
    size_t count(Verdict verdict) const;
};

/// Judges every workflow of a linked estate against a bag. Deterministic. The estate's condition
/// pool grows by what gates say.
Result verify(ir::Estate& estate, target::Bag const& bag, Options const& options);

} // namespace hoist::equivalence
