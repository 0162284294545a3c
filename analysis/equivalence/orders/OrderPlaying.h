// Days of orders played on two sides by one interpreter, until one shows a difference.
#pragma once

#include "analysis/equivalence/Finding.h"
#include "analysis/equivalence/orders/FolderComparison.h"
#include "analysis/schedule/Ticks.h"

#include <optional>
#include <string>
#include <vector>

namespace hoist::equivalence {

struct OrderSide {
    OrderedEstate& orders;
    schedule::Ticks& ticks;
    ir::WorkflowId folder;
    llvm::StringRef label; ///< "control-m", "airflow", "before", "after"
};

struct PlayedOrders {
    JobId job; ///< of the first side: it lives differently; invalid: only conditions differ
    Difference::Aspect aspect = Difference::Aspect::start;
    std::string first, second;
    std::vector<std::string> story; ///< a line each
};

/// The shortest story in which the two sides differ, of days made up around an entity: it and what
/// it waits for fail, are killed, end with the codes of rules, take long; conditions of others are
/// there, come late, or never. Nothing: none of them showed anything.
std::optional<PlayedOrders> playOrders(OrderSide const& first, OrderSide const& second,
                                       NewNames const& renamed, Horizon horizon,
                                       Mismatch const& about);

} // namespace hoist::equivalence
