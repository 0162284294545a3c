// What `[plan]` of hoist.toml says, each with its place, so that a conflict can point at it.
#pragma once

#include "frontend/base/Source.h"

#include <optional>
#include <string>
#include <vector>

namespace hoist::migration {

template <class Value>
struct Said {
    Value value{};
    Span span;
};

/// Days are ISO text ("2027-02-01"), waves are counted from 1, patterns are globs for whole names;
/// an empty pattern fits everything.
struct PlanSettings {
    using Number = std::optional<Said<int64_t>>;
    Number waveSize;                 ///< workflows of a wave
    Number waves;                    ///< at most so many
    Number jobsPerWave, loadPerWave; ///< jobs; runs of jobs per day
    Number ownersPerWave;            ///< different owners of a wave
    Number done;                     ///< the first so many waves have moved
    int64_t moveGain = 2; ///< bridges that must be saved before a workflow leaves its place
    std::optional<Span> lowRiskFirst; ///< no wave of a tier before one of a lower tier
    bool splitCycles = false; ///< workflows that wait for each other may lie in several waves

    std::optional<Said<std::string>> start, end; ///< day of the first wave; no wave after
    int64_t every = 7;                           ///< days from wave to wave

    struct Selector {
        std::string workflow, owner, application;
    };
    struct Tier {
        int64_t tier = 0;
        Selector who;
        Number notBefore, notAfter;
        Span span;
    };
    struct Owner {
        std::string owner;
        Number perWave, notBefore, notAfter;
        Span span;
    };
    struct Pin {
        std::string workflow;
        int64_t wave = 0;
        Span span;
    };
    struct Group { ///< together, apart
        std::vector<std::string> workflows;
        Span span;
    };
    struct Order {
        std::string first, then;
        Span span;
    };
    struct Freeze {
        std::string from, to; ///< days, both included
        Selector who;         ///< all empty: no wave at all
        Span span;
    };
    std::vector<Tier> tiers; ///< the first that fits a workflow decides
    std::vector<Owner> owners;
    std::vector<Pin> pins;
    std::vector<Group> together, apart;
    std::vector<Order> orders;
    std::vector<Freeze> freezes;
};

} // namespace hoist::migration
