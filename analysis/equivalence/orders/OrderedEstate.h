// What the whole estate says about Control-M's order dates and dated facts, as far as equivalence
// asks: when two waits mean the same although they are written differently (TR-31).
#pragma once

#include "analysis/equivalence/Schedules.h"
#include "analysis/schedule/OrderDates.h"
#include "frontend/ir/Estate.h"
#include "frontend/ir/ForcedOrders.h"
#include "frontend/ir/SharedVariables.h"

#include <llvm/ADT/StringMap.h>

#include <map>
#include <string>
#include <vector>

namespace hoist::equivalence {

using ir::JobId;

/// Of names that stand for no job or condition of the definitions: tasks and edges of Airflow.
inline constexpr llvm::StringLiteral helperPrefix = "\x01";
inline bool isHelper(llvm::StringRef name) { return name.starts_with(helperPrefix); }

/// Not thread-safe.
class OrderedEstate {
public:
    /// Order dates are compared from a year before the horizon on, as PREV looks back (CTM-012).
    OrderedEstate(ir::Estate const& estate, Horizon horizon);

    ir::Estate const& estate;
    ir::ForcedOrders const forced;
    ir::SharedVariables const shared;

    /// What jobs of `other` that this estate does not have change and wait for: they do so on both
    /// sides.
    void addOutsiders(OrderedEstate const& other);

    /// The order dates of an entity, of all folders around it too; empty where it has no criteria.
    std::vector<int32_t> const& daysOf(JobId job);
    /// Does anything choose its days? What is ordered by hand needs nothing; by New Day it is never
    /// ordered without (CTM-006).
    bool hasCriteria(JobId job) const;

    /// The one job whose end OK is all that a wait for this fact waits for: it alone adds the fact,
    /// for its own order date, in the same folder, on the same dates, and nobody but the waiting
    /// job deletes it (CTM-013, CTM-019, TR-31). Invalid: it is a fact that anybody may change.
    JobId producerOf(JobId consumer, ir::Atom const& atom);
    /// Does no job of the estate wait for the fact as such? Those that wait have a `producerOf`.
    bool isInternal(ir::FactChange const& change);
    /// The jobs that add a fact, of any date.
    std::vector<JobId> addersOf(ir::Atom const& atom) const;

    ir::OrderPolicy const& policyOf(JobId job) const {
        return estate.orderPolicies[estate.jobs[job].orders];
    }

private:
    struct Fact { ///< jobs that are none of the estate's are invalid
        std::vector<std::pair<JobId, ir::FactChange const*>> changes;
        std::vector<std::pair<JobId, ir::Atom const*>> waits;
    };
    static std::string keyOf(llvm::StringRef server, llvm::StringRef name);
    bool isCertain(JobId producer, JobId consumer);

    schedule::OrderDates dates;
    int32_t first, last;
    std::map<uint32_t, std::vector<int32_t>> days; ///< references to them stay
    llvm::StringMap<Fact> facts;
    bool hasNamedServer = false, hasUnnamedServer = false;
};

} // namespace hoist::equivalence
