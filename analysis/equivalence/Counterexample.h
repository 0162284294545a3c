// From a suspicion to a proof: a snapshot that the solver found becomes a scenario, which is played
// on both sides, the definition by the reference interpreter, the DAG by the model of Airflow. Only
// what differs there is a difference; it is then made small, and told.
#pragma once

#include "analysis/equivalence/Scenarios.h"
#include "analysis/equivalence/Verify.h"
#include "analysis/target/DagRun.h"

namespace hoist::equivalence {

class Stage {
public:
    Stage(ir::Estate const& estate, schedule::Ticks& ticks, Pair const& pair,
          target::Bag const& bag, target::Dag const& dag, Options const& options);

    /// Plays a suspicion; a difference that both traces show, or nothing.
    std::optional<Difference> play(Suspicion const& suspicion);

private:
    target::DagToRun dagToRun() const;
    /// What one scenario shows on both sides.
    std::optional<Difference> judge(semantics::Scenario const& scenario);

    ir::Estate const& estate;
    schedule::Ticks& ticks;
    Pair const& pair;
    target::Bag const& bag;
    target::Dag const& dag;
    Options const& options;
    ir::Workflow const& workflow;
};

} // namespace hoist::equivalence
