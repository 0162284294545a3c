// DAGs read as folders of Control-M: what Airflow does with them, said in the model of orders, so
// that one comparison and one interpreter judge both sides. The inverse of the lowering, by the
// contract of the shims (docs/runtime.md, "Orders") and Airflow's trigger rules, and no code of the
// emitter's.
//
// Of hoist's own operators each argument has its counterpart. Of a DAG that somebody wrote by hand:
// a run is an order of the business day that its tick lies in, which may start from the tick's time
// on; a task that succeeds adds a condition of its own that the tasks behind it wait for; retries
// are reruns. What has no counterpart is told in `unknowns`.
#pragma once

#include "analysis/equivalence/Matching.h"
#include "analysis/equivalence/orders/OrderedEstate.h"

#include <memory>

namespace hoist::equivalence {

/// Is it one of the shims' operators of Control-M?
inline bool isOfOrder(target::Task const& task) {
    llvm::StringRef const module = task.module;
    return module == "hoist_airflow.order" || module == "hoist_airflow.order_actions" ||
           module == "hoist_airflow.order_folders";
}

/// Of a DAG with several runs an order date, each run is a copy of its jobs.
inline constexpr llvm::StringLiteral copyMark = "\x02";
inline llvm::StringRef withoutCopyMark(llvm::StringRef name) { return name.split(copyMark).first; }

struct LiftedDag {
    ir::WorkflowId folder;              ///< in the lifted estate
    std::vector<std::string> unknowns;  ///< what of it was not understood
    std::vector<std::string> inSeconds; ///< tasks whose retries wait for no whole minutes
    std::vector<std::string> certain;   ///< what it does that no folder does, one sentence each
    std::vector<target::TaskId> hidden; ///< may fail in a run that does not
    bool hasTicks = false; ///< its order dates are read off ticks: known in the horizon only
    std::vector<int32_t> startTimes; ///< minutes of the day, where it has several runs a day
};

struct LiftedDags {
    std::unique_ptr<ir::Estate> estate;
    std::map<uint32_t, LiftedDag> of; ///< by workflow of the definitions
};

/// Reads the DAGs of all Control-M folders that have one.
LiftedDags liftDags(ir::Estate const& definitions, target::Bag const& bag,
                    llvm::ArrayRef<Pair> pairs);

} // namespace hoist::equivalence
