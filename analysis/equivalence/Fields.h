// What each job executes and under which limits, against the fields of its task (design.md,
// "Equivalence", points 5 to 7). Which task runs which job, and when, is decided elsewhere.
//
// An argument that is absent means its default in docs/runtime.md or Airflow's; a legacy attribute
// that is absent means its default in JIL section 4. What a rule of the site decides is an
// assumption `site-rule:N`, not a difference. What the export does not tell (sizes of pools, where
// a connection leads) is an assumption too.
#pragma once

#include "analysis/equivalence/Finding.h"
#include "analysis/equivalence/SiteRules.h"
#include "analysis/target/Bag.h"
#include "frontend/ir/SharedVariables.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/StringSet.h>

namespace hoist::equivalence {

/// What `hoist.manifest.json` tells the runtime beside the DAGs: the alarms of boxes and clocks.
struct ManifestAlarms {
    llvm::StringMap<nlohmann::json> byJob; ///< rows of the key `alarms`
};
/// Nothing and `error` when it is no manifest.
std::optional<ManifestAlarms> readManifestAlarms(nlohmann::json const& manifest,
                                                 std::string& error);

/// Compares the tasks and DAGs of one estate. Linear in jobs and their fields. Not thread-safe: one
/// for each thread, and `join` in the end.
class FieldComparison {
public:
    /// `manifest` may be null: what it would tell is assumed then.
    FieldComparison(ir::Estate const& estate, ManifestAlarms const* manifest);

    /// `job` against the task that runs it.
    void compareTask(JobId job, target::Dag const& dag, target::Task const& task, Findings& out);
    /// The same of a job of Control-M: what it executes, where, and who is told; `ticks`: when its
    /// DAG makes runs.
    void compareOrder(JobId job, target::Dag const& dag, target::Task const& task,
                      llvm::ArrayRef<int64_t> ticks, Findings& out);
    /// Of a folder: what its start claims (CTM-080, CTM-081).
    void compareUnits(JobId folder, target::Dag const& dag, target::Task const& start,
                      Findings& out);
    /// The limits of whole runs, and what boxes say beside their members.
    void compareDag(ir::WorkflowId workflow, target::Dag const& dag, Findings& out);
    /// Has a message of a rule with this test a form in the task of a job of Control-M (CTM-078)?
    bool isTold(JobId job, ir::EndTest const& test) const;
    /// Takes what another one knows for compareShared, as if it had compared those tasks itself.
    void join(FieldComparison other);
    /// What only shows between tasks of all DAGs: one resource counted in two places, the order in
    /// which jobs leave a queue. Call it once, after all tasks.
    void compareShared(Findings& out) const;

private:
    friend class JobComparison;
    void compareLocks(Findings& out) const;
    struct Claim { ///< one job's claim of a resource or of a machine's load units
        JobId job;
        std::string task;
        std::string place; ///< pool, or "the ledger"
        Span definition;
    };
    struct Locked { ///< one job's hold of a control resource, in a pool
        JobId job;
        std::string task;
        int64_t slots; ///< 0: it shares it
        Span definition;
    };
    struct Queued { ///< a job that waits in a pool by priority
        JobId job;
        std::string task;
        int64_t priority, weight;
        Span definition;
    };

    ir::Estate const& estate;
    ir::SharedVariables shared;
    ManifestAlarms const* manifest;
    SiteRules site;
    llvm::StringSet<> competedMachines;                ///< with a job whose load counts (JIL-161)
    std::map<std::string, std::vector<Locked>> locks;  ///< by control resource
    std::map<std::string, std::vector<Claim>> claims;  ///< by resource or machine
    std::map<std::string, std::vector<Queued>> queues; ///< by pool
};

} // namespace hoist::equivalence
