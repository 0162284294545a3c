// What follows from one end of an entity of Control-M (CTM-070…077), as values that can be
// compared: rules that are written differently may do the same.
#pragma once

#include "frontend/ir/Estate.h"

#include <optional>
#include <string>
#include <vector>

namespace hoist::equivalence {

struct Effect {
    bool isOk = false;
    bool reruns = false;                        ///< a rule asks for it; how often is MAXRERUN
    std::vector<ir::FactChange const*> changes; ///< in their order
    std::vector<std::string> others;            ///< orders, variables: what else changes what runs
};

/// `code`: nothing where a signal ended it. Rules that ask for more than the code never apply here;
/// they are what `conditionalRules` tells.
Effect effectOf(ir::Job const& job, ir::OrderPolicy const& policy, std::optional<int64_t> code);

/// Exit codes such that the rules of a policy do the same for each code between two of them.
void addBorders(ir::OrderPolicy const& policy, std::vector<int64_t>& codes);

/// Rules that ask about output, counts of runs, or whether it was submitted, with what they do; in
/// one text each.
std::vector<std::string> conditionalRules(ir::OrderPolicy const& policy, ir::Job const& job,
                                          ir::Conditions const& conditions);

/// "+fact(NAME)", "-fact(NAME, any date)": as docs/runtime.md has them.
std::string textOf(ir::FactChange const& change, ir::Conditions const& conditions);

} // namespace hoist::equivalence
