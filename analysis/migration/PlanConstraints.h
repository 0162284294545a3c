// From an estate and `[plan]` to an abstract problem, each rule with the words and the place of
// what it comes from.
#pragma once

#include "analysis/migration/Dependencies.h"
#include "analysis/migration/Plan.h"
#include "analysis/migration/PlanProblem.h"

namespace hoist::migration {

/// What a workflow brings per day.
struct Load {
    double runs = 0;  ///< of jobs
    double hours = 0; ///< that they run; known of a history only
};

/// What a node of the problem is, as a person sees it.
struct WorkflowFacts {
    uint32_t jobs = 0;
    Load load;
    int64_t tier = 0;
    std::string owner;
};

/// Where a rule comes from.
struct RuleSource {
    std::string text; ///< "`wave_size` = 40"; of a cycle "`A`, `B` wait for each other"
    Span span;
    enum class Kind : uint8_t {
        capacity,
        owners,
        pin,
        tier,
        owner,
        group,
        cycle,
        order,
        freeze,
        done,
        count
    } kind = Kind::capacity;
};

/// What the bridges of one net are.
struct NetSource {
    ir::JobId producer; ///< unset: shared
    std::string object;
    std::vector<uint32_t> dependencies;
};

struct PlanProblem {
    Problem problem;                   ///< nodes are workflows
    std::vector<RuleSource> sources;   ///< by rule
    std::vector<NetSource> netSources; ///< by net
    std::vector<WorkflowFacts> facts;  ///< by workflow
    std::vector<std::string> dates;    ///< by wave, as far as the calendar goes; empty: none
};

/// The names of the workflows of one node list, "`A`, `B` and 3 others".
std::string namesOf(ir::Estate const& estate, std::vector<uint32_t> const& nodes);

PlanProblem problemOf(ir::Estate const& estate, std::vector<Dependency> const& dependencies,
                      PlanSettings const& settings, PlanOptions const& options,
                      diag::Diagnostics& diags);

/// By workflow: see PlanLoad.cpp.
std::vector<Load> expectedLoad(ir::Estate const& estate,
                               std::vector<Dependency> const& dependencies,
                               PlanSettings const& settings, History const* history);

/// Days from 1970-01-01 of ISO text; 0 for anything else.
int32_t dayNumber(llvm::StringRef day);
std::string dayText(int32_t number);

/// Strongly connected workflows of two and more, by the dependencies that wait.
std::vector<std::vector<uint32_t>> cyclesOf(ir::Estate const& estate,
                                            std::vector<Dependency> const& dependencies);

} // namespace hoist::migration
