// From a suspicion to a proof: a snapshot that the solver found becomes a scenario, which is played
// on both sides, the definition by the reference interpreter, the DAG by the model of Airflow. Only
// what differs there is a difference; it is then made small, and told.
#pragma once

#include "analysis/equivalence/Scenarios.h"
#include "analysis/equivalence/Verify.h"
#include "analysis/target/DagRun.h"

namespace hoist::equivalence {

/// A workflow's DAG as it takes part in a play.
target::DagToRun dagToRun(ir::Estate const& estate, Pair const& pair, target::Bag const& bag,
                          Options const& options);

class Stage {
public:
    Stage(ir::Estate const& estate, schedule::Ticks& ticks, Pair const& pair,
          target::Bag const& bag, target::Dag const& dag, Options const& options);

    /// Plays a suspicion about a job; a difference that both traces show, or nothing.
    std::optional<Difference> play(Suspicion const& suspicion, JobId about);
    /// Plays from `tick` on, the next ticks being `gap` seconds apart: the first run takes longer
    /// than to the second of them, the others take a minute.
    std::optional<Difference> playLongRun(int64_t tick, int64_t gap);

private:
    /// What one scenario shows on both sides: of `about` if it differs there, else of the first job
    /// in time that does.
    std::optional<Difference> judge(semantics::Scenario const& scenario, JobId about);
    std::optional<int64_t> hangsUntil(semantics::Trace const& legacy,
                                      target::DagTrace const& played) const;
    bool ranSomething(target::RunOfDag const& run) const;
    std::optional<Difference> judgeInOrder(semantics::Scenario const& scenario,
                                           semantics::Trace const& legacyTrace, JobId about,
                                           unsigned order);

    ir::Estate const& estate;
    schedule::Ticks& ticks;
    Pair const& pair;
    target::Bag const& bag;
    target::Dag const& dag;
    Options const& options;
    ir::Workflow const& workflow;
};

} // namespace hoist::equivalence
