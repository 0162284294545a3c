// Why there is no plan: a proof, and the smallest set of rules that it needs.
#pragma once

#include "analysis/migration/PlanProblem.h"

namespace hoist::migration {

/// Whether it is proved that no waves meet the rules whose place in `active` is true. False is no
/// proof that some do: the search behind it has a budget.
bool isProvedInfeasible(Problem const& problem, std::vector<bool> const& active);

/// The same of all rules, by what is cheap: before a search for waves that cannot be.
bool isRefutedAtOnce(Problem const& problem);

} // namespace hoist::migration
