// The waist: everything that was read, in one model. Every dialect produces it, everything behind
// it consumes it.
#pragma once

#include "frontend/base/Source.h"
#include "frontend/diag/Diagnostics.h"
#include "frontend/ir/Job.h"
#include "frontend/ir/Ordering.h"
#include "frontend/ir/Orders.h"
#include "frontend/ir/Settings.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/Support/Allocator.h>
#include <llvm/Support/StringSaver.h>

#include <optional>
#include <vector>

namespace hoist::ir {

using MachineId = Id<struct MachineTag>;
using ResourceId = Id<struct ResourceTag>;

struct Machine {
    llvm::StringRef name;
    Span nameSpan;
    ConstructId statement;
    enum class Kind : uint8_t { real, virtualMachine, pool } kind = Kind::real;
    llvm::StringRef type; ///< as written
    Sourced<llvm::StringRef> node;
    Sourced<int64_t> port, maxLoad;
    struct Part {
        llvm::StringRef name;
        Span span;
        ConstructId construct;
    };
    std::vector<Part> parts; ///< machines of a virtual machine or pool
    std::vector<KeptAttribute> kept;
};

struct Resource {
    llvm::StringRef name;
    Span nameSpan;
    ConstructId statement;
    enum class Kind : uint8_t { renewable, depletable, threshold } kind = Kind::renewable;
    Sourced<int64_t> amount;
    Sourced<llvm::StringRef> machine;
    std::vector<KeptAttribute> kept;
};

struct Variable {
    llvm::StringRef name, value;
    Span nameSpan;
    ConstructId statement;
    ConstructId valueFrom;
};

/// Another scheduler instance (`job^INS`).
struct Instance {
    llvm::StringRef name;
    Span nameSpan;
    ConstructId statement;
    std::vector<KeptAttribute> kept;
};

/// Carried, no effect on behaviour: blobs, monitors, connection profiles, user job types.
struct OpaqueObject {
    llvm::StringRef kind, name;
    Span nameSpan;
    ConstructId statement;
    std::vector<KeptAttribute> kept;
};

/// A statement that could not be read. `owner` names the job it is about; when empty, the whole
/// file is refused.
struct Refusal {
    Span span;
    llvm::StringRef owner;
};

class Estate {
public:
    Estate() = default;
    Estate(Estate const&) = delete;

    SourceMap sources;
    Settings settings;

    IdVector<JobId, Job> jobs;
    IdVector<GroupId, Group> groups;
    IdVector<WorkflowId, Workflow> workflows;
    IdVector<ScheduleId, Schedule> schedules;
    IdVector<OrderingId, Ordering> orderings;
    IdVector<OrderPolicyId, OrderPolicy> orderPolicies;
    IdVector<CalendarId, Calendar> calendars;
    IdVector<MachineId, Machine> machines;
    IdVector<ResourceId, Resource> resources;
    std::vector<Variable> variables;
    std::vector<Instance> instances;
    std::vector<OpaqueObject> opaque;
    std::vector<Refusal> refusals;
    Conditions conditions;
    Constructs constructs;

    // Set by link: names → ids. The first definition wins; a duplicate has been reported.
    llvm::StringMap<JobId> jobByName;
    llvm::StringMap<CalendarId> calendarByName;
    llvm::StringMap<MachineId> machineByName;
    llvm::StringMap<ResourceId> resourceByName;

    /// Copies text into the estate: IR strings point into it or into a source file, and live as
    /// long as the estate.
    llvm::StringRef save(llvm::StringRef text) { return saver.save(text); }

    bool isGroup(JobId id) const { return jobs[id].group.isValid(); }
    /// Does it only hold its members (CTM-094)?
    bool isContainer(JobId id) const { return isGroup(id) && groups[jobs[id].group].isContainer; }
    /// Is it a member of the box, however deep?
    bool isInside(JobId job, JobId box) const {
        for (JobId at = jobs[job].box; at; at = jobs[at].box)
            if (at == box)
                return true;
        return false;
    }
    bool isDefined(llvm::StringRef job) const { return jobByName.contains(job); }

private:
    llvm::BumpPtrAllocator arena;
    llvm::StringSaver saver{arena};

public:
    /// Of Control-M: the only server that is named, where folders name none; empty: all do, or
    /// none does, or several are named.
    llvm::StringRef assumedServer;
};

} // namespace hoist::ir
