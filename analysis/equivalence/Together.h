// A workflow whose DAG looks at other DAGs (a sensor on their runs, a schedule by assets), played
// together with the workflows that those DAGs stand for. What the solver cannot hold, for runs of
// other DAGs have a history, some days show: this finds differences, and proves nothing.
#pragma once

#include "analysis/equivalence/Verify.h"

#include <llvm/ADT/ArrayRef.h>

namespace hoist::equivalence {

/// Plays days of each pattern that the ticks of all of them make in the horizon, first with every
/// job succeeding, then with one failing; both sides begin with nothing having run. Where an
/// operator's decision is not known (a ShortCircuitOperator), every decision must show the
/// difference. Nothing: none was seen, or what was seen rests on a guess.
std::optional<Difference> playTogether(ir::Estate const& estate, schedule::Ticks& ticks,
                                       target::Bag const& bag, llvm::ArrayRef<Pair> pairs,
                                       Pair const& pair, Options const& options);

} // namespace hoist::equivalence
