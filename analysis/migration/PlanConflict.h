// Why there is no plan: a proof, and a smallest set of rules that it needs.
#pragma once

#include "analysis/migration/PlanProblem.h"

namespace hoist::migration {

/// Whether it is proved that no waves meet the rules whose place in `active` is true. False is no
/// proof that some do: the search behind it has a budget.
bool isProvedInfeasible(Problem const& problem, std::vector<bool> const& active);

} // namespace hoist::migration
