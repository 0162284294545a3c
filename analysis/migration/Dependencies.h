// What depends on what: every dependency of an estate, within and across workflows and dialects,
// with the place that says so. The map draws them, the plan cuts them, the bridges span them.
#pragma once

#include "analysis/Uses.h"
#include "frontend/ir/Estate.h"

#include <string>
#include <vector>

namespace hoist::migration {

enum class DependencyKind : uint8_t {
    status,      ///< s, f, t, d: how the producer ended
    exclusion,   ///< n: the producer is not running now (JIL-076); no order
    exitCode,    ///< e
    variable,    ///< a global that the producer sets and the consumer reads
    fact,        ///< a named event
    file,        ///< a file that the producer writes and the consumer waits for or reads
    event,       ///< the producer's command tells the scheduler to start, hold … the consumer
    termination, ///< box_terminator, job_terminator: the producer's failure ends the consumer
    resource,    ///< units that several jobs need
    load,        ///< the load of a machine that several jobs count on (JIL-161)
    calendar,    ///< days that several schedules read
    timeOrder,   ///< nothing but the clock keeps the consumer behind the producer
};
llvm::StringRef toString(DependencyKind kind); ///< "status", "exit_code", …

/// hard: the meaning of the consumer rests on it (it waits for it, takes its value, is started or
/// ended by it). soft: shared, read without waiting, or by custom.
enum class Strength : uint8_t { hard, soft };
llvm::StringRef toString(Strength strength);

/// What stands at the producing end.
enum class Producer : uint8_t {
    job,
    outside, ///< a job of another instance, one that is not defined, an operator, another system
    /// No direction: everybody with the same kind and object shares it. So are resources, loads,
    /// calendars, and globals that no job sets; and what has so many writers and readers that pairs
    /// would be quadratic.
    shared,
};

struct Dependency {
    ir::WorkflowId from, to; ///< producing and consuming; may be equal; `from` unset without a job
    ir::JobId producer, consumer; ///< producer unset unless it is a job
    DependencyKind kind = DependencyKind::status;
    Strength strength = Strength::hard;
    Producer at = Producer::job;
    bool inCondition = false; ///< a condition says it, the one of `role`
    analysis::ConditionRole role = analysis::ConditionRole::start;
    ir::ConstructId evidence; ///< the atom, attribute … of the consumer that says so
    ir::ConstructId written;  ///< file, variable, event: what the producer does it with
    std::string object;       ///< the job, path, variable, resource, machine, calendar
    std::string text;         ///< what it says there: the atom, the path, `$$NAME`, …

    /// Does it leave its workflow? What is outside or shared does.
    bool crosses() const { return !producer || from != to; }
};

/// Every dependency, by consumer in definition order. Of a linked estate. Linear in the estate and
/// in what is returned.
std::vector<Dependency> dependencies(ir::Estate const& estate);

} // namespace hoist::migration
