// The order in which an estate moves: waves of workflows, and the bridges between what has moved
// and what has not.
#pragma once

#include "analysis/migration/Dependencies.h"
#include "analysis/migration/History.h"
#include "analysis/migration/PlanSettings.h"
#include "frontend/diag/Diagnostics.h"
#include "frontend/ir/Estate.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hoist::migration {

/// Where one workflow goes, and why there.
struct Placement {
    ir::WorkflowId workflow;
    uint32_t wave = 0; ///< index into Plan::waves
    uint32_t jobs = 0;
    double load = 0;     ///< runs of jobs per day
    double hours = 0;    ///< that they run per day, if there is a history
    int64_t tier = 0;    ///< of `[[plan.tier]]`; 0: none
    std::string owner;   ///< of its root job; empty: none is said
    bool isKept = false; ///< it lies where the plan before had it
    std::string reason;  ///< names are data: quoted where it is shown
};

/// What one operator builds and removes as one piece: for hard dependencies one producing job that
/// one other workflow waits for; for a shared resource its capacity on both sides.
struct Bridge {
    enum class Side : uint8_t {
        legacyProducer,  ///< the consumer moves first: its DAG waits for a job that has not moved
        airflowProducer, ///< the producer moves first: the legacy side hears of it
        shared           ///< both sides use one resource
    } side = Side::shared;
    ir::JobId producer;                  ///< unset for shared
    ir::WorkflowId from, to;             ///< unset for shared
    std::string object;                  ///< the producing job's or the resource's name
    std::vector<ir::WorkflowId> sharers; ///< of a shared one, in the estate's order
    std::vector<uint32_t> dependencies;  ///< indices into the list that the plan was made from
    uint32_t built = 0, removed = 0;     ///< index of the wave before which it is built, and of the
                                         ///< one after which it goes
};

struct Wave {
    std::string name;                      ///< "W1"
    std::string date;                      ///< "2027-02-01"; empty: no calendar
    std::vector<ir::WorkflowId> workflows; ///< in the estate's order
    uint32_t jobs = 0;
    double load = 0;                     ///< runs of jobs per day
    double hours = 0;                    ///< that they run per day, if there is a history
    std::vector<uint32_t> build, remove; ///< indices into Plan::bridges
    /// Who goes back first when the wave is rolled back: consumers before their producers.
    std::vector<ir::WorkflowId> rollback;
};

struct Plan {
    std::vector<Wave> waves;
    std::vector<Placement> placements;       ///< by WorkflowId
    std::vector<Bridge> bridges;             ///< in the order in which they are built
    bool hasHistory = false;                 ///< loads are what really ran
    uint64_t lifetime = 0;                   ///< waves that bridges stand, in all
    uint32_t kept = 0, moved = 0, added = 0; ///< against the plan before
};

/// Where workflows lie by name, as plan.lock.toml says it; wave by index. Of workflows with one
/// name, in the estate's order.
using PlannedBefore = std::map<std::string, std::vector<uint32_t>>;

struct PlanOptions {
    /// The plan before, whose placements are kept where that costs little; none: start over.
    PlannedBefore const* before = nullptr;
    uint64_t moves = 0; ///< of the search; 0: by the size of the estate
    History const* history =
        nullptr; ///< what really ran, for the load; none: counted from schedules
    /// How a name is written in the plan before.
    std::string (*nameOf)(llvm::StringRef) = [](llvm::StringRef name) { return name.str(); };
};

/// Places every workflow. When that cannot be done, says which constraints conflict (M0101) or that
/// nothing was found (M0102), and returns nothing. Deterministic; linear in the estate but for the
/// search, which has a budget.
std::optional<Plan> makePlan(ir::Estate const& estate, std::vector<Dependency> const& dependencies,
                             PlanSettings const& settings, PlanOptions const& options,
                             diag::Diagnostics& diags);

/// The plan that has each workflow where it was before, with the bridges that this takes now. What
/// does not fit is reported (M0103, under the name `file`): workflows that are new or gone, and
/// rules that it breaks.
Plan planAsBefore(ir::Estate const& estate, std::vector<Dependency> const& dependencies,
                  PlanSettings const& settings, PlanOptions const& options, llvm::StringRef file,
                  diag::Diagnostics& diags);

} // namespace hoist::migration
