// Which rules one end fires, and what they make of the verdict (CTM-070, CTM-074): what the player
// of orders and their comparison share. hoist_airflow/ending.py is the same for the shims, and
// tests/vectors/ending.json holds them together.
#pragma once

#include "frontend/ir/Orders.h"

#include <optional>
#include <vector>

namespace hoist::semantics {

/// One end, as rules ask about it.
struct End {
    bool isOk = true;                ///< before any rule
    std::optional<int64_t> exitCode; ///< nothing where a signal ended it, and of a folder
    int64_t runs = 1;                ///< executions of the order, with this one
    int64_t reruns = 0;              ///< those of them that a rule asked for
    int64_t failures = 0;            ///< executions before that ended NOTOK
    llvm::StringRef output;
};

struct FiredRules {
    std::vector<ir::EndRule const*> rules; ///< round by round, in their order
    bool isOk = false;
    std::vector<bool> turns; ///< each time that they changed the verdict, to what

    bool ask(ir::EndAction::Kind kind) const;
};

FiredRules firedRules(ir::OrderPolicy const& policy, End const& end);

} // namespace hoist::semantics
