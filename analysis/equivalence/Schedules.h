// When runs begin: the ticks of a definition against those of a timetable, instant by instant over
// a horizon. Both sides have enumerated them with their own code: hoist the definition's, Airflow's
// timetable objects the DAG's. Linear in ticks.
#pragma once

#include "analysis/equivalence/Finding.h"
#include "analysis/schedule/Ticks.h"
#include "analysis/target/Bag.h"

namespace hoist::equivalence {

/// Seconds since 1970; the compared stretch is [from, to).
struct Horizon {
    int64_t from = 0, to = 0;
};

/// The schedule of a workflow's root against its DAG's timetable (JIL-141…149, CRON-002…008).
void compareSchedule(ir::Estate const& estate, schedule::Ticks& ticks, ir::WorkflowId workflow,
                     target::Bag const& bag, target::Dag const& dag, Horizon horizon,
                     Findings& out);

/// A member's own times (JIL-112) and its run window (JIL-150) against the gate in front of its
/// task. `gate` may be null: nothing waits; `gateTicks`: the set that its argument `ticks` names.
void compareMemberSchedule(ir::Estate const& estate, schedule::Ticks& ticks, JobId job,
                           target::Bag const& bag, target::Task const* gate,
                           target::TickSet const* gateTicks, Horizon horizon, Findings& out);

/// The same for the run window alone: of a root, or of a member without times of its own.
void compareWindow(ir::Estate const& estate, JobId job, target::Task const* gate, Findings& out);

} // namespace hoist::equivalence
