// The resources of a job as units, and in which of the two places each is counted.
#include "backend/airflow/FolderUnits.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

namespace hoist::airflow {

static constexpr int64_t unitsOfSharedLock = 1'000'000;
static constexpr llvm::StringLiteral ofQuantity = "controlm_", ofLock = "controlm-lock_";

std::vector<OrderUnit> unitsOf(ir::Estate const& estate, ir::Job const& job) {
    std::vector<OrderUnit> units;
    for (ir::ResourceUse const& use : job.resources)
        units.push_back({ofQuantity.str() + use.name.str(), "QUANTITATIVE " + use.name.str(),
                         use.quantity, false, use.free, use.span, use.construct});
    for (ir::LockUse const& lock : estate.orderPolicies[job.orders].locks)
        units.push_back({ofLock.str() + lock.name.str(), "CONTROL " + lock.name.str(),
                         lock.isExclusive ? -1 : 1, true, lock.keepsOnFailure ? 'Y' : 'A',
                         lock.span, lock.construct});
    return units;
}

OrderUnits::OrderUnits(ir::Estate const& given, Site& site) : estate(given) {
    for (ir::JobId id : estate.jobs.ids()) {
        ir::Job const& job = estate.jobs[id];
        if (job.dialect != ir::Dialect::controlm)
            continue;
        std::vector<OrderUnit> const units = unitsOf(estate, job);
        if (units.empty())
            continue;
        bool const isKept =
            llvm::any_of(units, [](OrderUnit const& unit) { return unit.free == 'Y'; });
        bool const isClaim = units.size() > 1 || isKept || job.group.isValid() ||
                             !site.placementOf(estate, id).pool.empty();
        for (OrderUnit const& unit : units) {
            if (isClaim)
                claimed.insert(unit.name);
            if (unit.isLock && unit.quantity > 0)
                shared.insert(unit.name);
        }
    }
}

std::optional<int64_t> OrderUnits::total(OrderUnit const& unit) const {
    llvm::StringRef name = unit.name;
    if (unit.isLock)
        return shared.contains(name) ? unitsOfSharedLock : 1;
    name.consume_front(ofQuantity);
    auto const known = estate.settings.quantitativeResources.find(name.str());
    if (known == estate.settings.quantitativeResources.end())
        return std::nullopt;
    return known->second;
}

} // namespace hoist::airflow
