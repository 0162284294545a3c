// The order in which an estate moves: waves of workflows, and the bridges between what has moved
// and what has not.
#pragma once

#include "frontend/ir/Estate.h"

#include <cstdint>
#include <string>
#include <vector>

namespace hoist::migration {

struct Dependency;

/// Where one workflow goes, and why there.
struct Placement {
    ir::WorkflowId workflow;
    uint32_t wave = 0;         ///< index into Plan::waves
    uint32_t jobs = 0;
    double load = 0;           ///< runs of jobs per day
    int64_t tier = 0;          ///< of `[[plan.tier]]`; 0: none
    std::string owner;         ///< of its root job; empty: none is said
    bool isKept = false;       ///< it lies where the plan before had it
    std::string reason;        ///< names are data: quoted where it is shown
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
    std::string name;                     ///< "W1"
    std::string date;                     ///< "2027-02-01"; empty: no calendar
    std::vector<ir::WorkflowId> workflows; ///< in the estate's order
    uint32_t jobs = 0;
    double load = 0;                      ///< runs of jobs per day
    std::vector<uint32_t> build, remove;  ///< indices into Plan::bridges
    /// Who goes back first when the wave is rolled back: consumers before their producers.
    std::vector<ir::WorkflowId> rollback;
};

struct Plan {
    std::vector<Wave> waves;
    std::vector<Placement> placements; ///< by WorkflowId
    std::vector<Bridge> bridges;       ///< in the order in which they are built
    uint64_t lifetime = 0;             ///< waves that bridges stand, in all
    uint32_t kept = 0, moved = 0, added = 0; ///< against the plan before
};

} // namespace hoist::migration
