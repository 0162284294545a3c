// Which rules one end fires, and what they make of the verdict (CTM-070, CTM-074): what the player
// of orders and their comparison share.
#pragma once

#include "frontend/ir/Orders.h"

#include <llvm/ADT/STLFunctionalExtras.h>

#include <vector>

namespace hoist::semantics {

struct FiredRules {
    std::vector<ir::EndRule const*> rules; ///< round by round, in their order
    bool isOk = false;
    std::vector<bool> turns; ///< each time that they changed the verdict, to what
};

/// `isOk`: before any rule. `applies`: of a test, with the verdict before its round.
FiredRules firedRules(ir::OrderPolicy const& policy, bool isOk,
                      llvm::function_ref<bool(ir::EndTest const& test, bool isOk)> applies);

} // namespace hoist::semantics
