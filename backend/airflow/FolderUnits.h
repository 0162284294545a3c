// Quantitative and control resources of Control-M as units (CTM-080, CTM-081): of a pool, where it
// is the only thing that each of its jobs needs, else claimed in the ledger, all at once.
#pragma once

#include "backend/airflow/Site.h"

#include <llvm/ADT/StringSet.h>

namespace hoist::airflow {

/// One resource that a job needs.
struct OrderUnit {
    std::string name; ///< in the ledger, and of the pool if Airflow allows it
    std::string what; ///< for messages: `QUANTITATIVE NAME`, `CONTROL NAME`
    int64_t quantity; ///< -1: all there are
    bool isLock;
    char free; ///< as `ir::ResourceUse` has it; Y: who ends NOTOK keeps it
    Span span;
    ir::ConstructId construct;
};
/// Those of a job in the order of its definition.
std::vector<OrderUnit> unitsOf(ir::Estate const& estate, ir::Job const& job);

/// What the whole estate says about units; one for all folders.
class OrderUnits {
public:
    OrderUnits(ir::Estate const& estate, Site& site);

    /// Units are counted in one place: one job that needs more than this resource, keeps it after
    /// NOTOK, or that the site gives another pool, and a folder, take it to the ledger for all.
    bool inLedger(OrderUnit const& unit) const { return claimed.contains(unit.name); }
    /// How many there are; nothing: the export does not say (CTM-080). Of a lock that somebody
    /// shares there are more than can ever run at once, and who excludes others has all of them.
    std::optional<int64_t> total(OrderUnit const& unit) const;

private:
    ir::Estate const& estate;
    llvm::StringSet<> claimed; ///< in the ledger
    llvm::StringSet<> shared;  ///< locks
};

} // namespace hoist::airflow
