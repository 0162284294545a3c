// What a start needs beside permission: a machine that is up, load units (JIL-161), resources
// (JIL-160). A job that lacks something waits in the queue of the first thing that is missing; what
// becomes free wakes those who wait for it, by priority, then by age. Waiting jobs are judged again
// before they start (JIL-095).
//
// Queues are named by what is missing: "M:" and the job's `machine` value for load, "P:" and the
// same for machines that are down, "R:" and the resource.
#include "analysis/semantics/Play.h"

#include <fmt/format.h>

namespace hoist::semantics {

namespace {

int64_t priorityOf(ir::Job const& job) { return job.priority ? *job.priority : 0; }

std::string machineValue(ir::Job const& job) {
    std::string value;
    for (llvm::StringRef name : *job.machines)
        value += (value.empty() ? "" : ",") + name.str();
    return value;
}

} // namespace

/// JIL-051: the real machines of which one is chosen; a virtual machine or pool stands for its
/// parts.
llvm::SmallVector<llvm::StringRef, 2> Play::machinesOf(ir::JobId job) const {
    llvm::SmallVector<llvm::StringRef, 2> found;
    for (llvm::StringRef const name : *estate.jobs[job].machines) {
        auto const it = estate.machineByName.find(name);
        if (it != estate.machineByName.end() && !estate.machines[it->second].parts.empty())
            for (ir::Machine::Part const& part : estate.machines[it->second].parts)
                found.push_back(part.name);
        else
            found.push_back(name);
    }
    return found;
}

std::optional<int64_t> Play::freeLoad(llvm::StringRef machine) const {
    auto const it = estate.machineByName.find(machine);
    if (scenario.hasEndlessCapacity || it == estate.machineByName.end() ||
        !estate.machines[it->second].maxLoad)
        return std::nullopt; // no limit
    return *estate.machines[it->second].maxLoad - loadInUse.lookup(machine);
}

/// Nothing for a resource that the estate does not define: exports of jobs alone hold none.
std::optional<int64_t> Play::freeUnitsOf(llvm::StringRef resource) const {
    auto const it = estate.resourceByName.find(resource);
    if (scenario.hasEndlessCapacity || it == estate.resourceByName.end())
        return std::nullopt;
    ir::Resource const& defined = estate.resources[it->second];
    return (defined.amount ? *defined.amount : 0) - unitsInUse.lookup(resource);
}

void Play::queueUp(ir::JobId job, Status status, Text blocker, llvm::StringRef rule, Text text) {
    JobState& state = states[job];
    if (state.queuedAt < 0)
        state.queuedAt = now;
    waiters[blocker].insert({priorityOf(estate.jobs[job]), state.queuedAt, job.value});
    state.blocker = std::move(blocker);
    if (store[job].status == status)
        return;
    setStatus(job, status, {rule, std::move(text), {}});
    propagate(job);
}

void Play::leaveQueue(ir::JobId job) {
    JobState& state = states[job];
    int64_t const since = std::exchange(state.queuedAt, -1);
    auto const it = waiters.find(state.blocker);
    if (it == waiters.end())
        return;
    it->second.erase({priorityOf(estate.jobs[job]), since, job.value});
    if (it->second.empty())
        waiters.erase(it);
    state.blocker.clear();
}

bool Play::acquire(ir::JobId job, bool isForced) {
    ir::Job const& self = estate.jobs[job];
    JobState& state = states[job];
    if (isBypassed(job))
        return true;
    state.isForced = isForced;
    llvm::StringRef machine;
    int64_t const load = self.load ? *self.load : 0;
    int64_t const priority = priorityOf(self);
    if (!estate.isGroup(job) && self.machines && !self.machines->empty()) {
        std::optional<int64_t> most = -1; // free units of the chosen machine; nothing: no limit
        for (llvm::StringRef const each : machinesOf(job)) {
            if (offline.lookup(each))
                continue;
            auto const units = freeLoad(each);
            if (machine.empty() || (most && (!units || *units > *most))) {
                machine = each;
                most = units;
            }
        }
        std::string const value = machineValue(self);
        if (machine.empty()) {
            queueUp(job, Status::pendMach, "P:" + value, "JIL-003",
                    "machine " + value + " is offline");
            return false;
        }
        if (priority > 0) { // JIL-161: priority 0 (or none) ignores load, but is counted
            auto const it = waiters.find("M:" + value);
            bool const isOutranked =
                it != waiters.end() && std::get<0>(*it->second.begin()) < priority;
            if (isOutranked || (most && load > *most)) {
                queueUp(job, Status::queWait, "M:" + value, "JIL-161",
                        isOutranked ? Text("a job of higher priority waits for machine " + value)
                                    : fmt::format("needs {} load units of machine {}, {} are free",
                                                  load, value, std::max<int64_t>(0, *most)));
                return false;
            }
        }
    }
    llvm::SmallVector<HeldUnits, 2> wanted, depleted;
    for (ir::ResourceUse const& use : self.resources) {
        auto const free = freeUnitsOf(use.name);
        if (!free)
            continue;
        ir::Resource const& resource = estate.resources[estate.resourceByName.lookup(use.name)];
        int64_t own = 0; // JIL-160: units that an earlier run kept are used again
        for (HeldUnits const& held : state.units)
            own += held.resource == use.name ? held.quantity : 0;
        int64_t const all = resource.amount ? *resource.amount : 0;
        int64_t const quantity = use.quantity < 0 ? all : use.quantity;
        int64_t const missing = std::max<int64_t>(0, quantity - own);
        if (missing > *free) {
            queueUp(job, Status::resWait, ("R:" + use.name).str(), "JIL-160",
                    fmt::format("needs {} of resource {}, {} are free", missing, use.name.str(),
                                std::max<int64_t>(0, *free)));
            return false;
        }
        if (resource.kind == ir::Resource::Kind::renewable)
            wanted.push_back({use.name, missing, use.free});
        else if (resource.kind == ir::Resource::Kind::depletable)
            depleted.push_back({use.name, quantity, 'N'});
    }
    for (HeldUnits const& each : wanted) {
        unitsInUse[each.resource] += each.quantity;
        if (each.quantity > 0)
            state.units.push_back(each);
    }
    for (HeldUnits const& each : depleted)
        unitsInUse[each.resource] += each.quantity;
    if (!machine.empty()) {
        state.pendingMachine = machine;
        loadInUse[machine] += load;
    }
    state.queuedAt = -1;
    return true;
}

void Play::releaseRun(ActiveRun& run) {
    if (run.machine.empty())
        return;
    ir::Job const& self = estate.jobs[run.job];
    int64_t const load = self.load ? *self.load : 0;
    llvm::StringRef const machine = std::exchange(run.machine, {});
    if (load == 0)
        return;
    loadInUse[machine] -= load;
    wakeMachine(machine);
}

/// JIL-160: units of renewable resources come back by FREE: A at every end, Y at a success, N
/// never.
void Play::giveBack(ir::JobId job, Status status) {
    std::vector<HeldUnits>& units = states[job].units;
    llvm::SmallVector<llvm::StringRef, 2> freed;
    std::erase_if(units, [&](HeldUnits const& held) {
        bool const returns = held.free == 'A' || (held.free == 'Y' && status == Status::success);
        if (returns) {
            unitsInUse[held.resource] -= held.quantity;
            freed.push_back(held.resource);
        }
        return returns;
    });
    for (llvm::StringRef const resource : freed)
        wake(("R:" + resource).str());
}

void Play::wakeMachine(llvm::StringRef machine) {
    llvm::SmallVector<std::string, 2> keys;
    for (auto const& [key, queued] : waiters)
        if (key.starts_with("M:") || key.starts_with("P:")) {
            ir::JobId const first(std::get<2>(*queued.begin()));
            if (llvm::is_contained(machinesOf(first), machine))
                keys.push_back(key);
        }
    for (std::string const& key : keys)
        wake(key);
}

/// Who may go on if what is free now is dealt out in order. A job that waits for load blocks those
/// behind it (JIL-161); one that waits for a resource does not.
void Play::wake(Text const& blocker) {
    auto const it = waiters.find(blocker);
    if (it == waiters.end())
        return;
    std::optional<int64_t> free;
    if (blocker[0] == 'R')
        free = freeUnitsOf(llvm::StringRef(blocker).drop_front(2));
    for (Waiter const& waiter : it->second) {
        ir::JobId const job(std::get<2>(waiter));
        ir::Job const& self = estate.jobs[job];
        if (blocker[0] == 'R' && free) {
            if (*free <= 0)
                break;
            int64_t needed = 0;
            for (ir::ResourceUse const& use : self.resources)
                if (llvm::StringRef(blocker).drop_front(2) == use.name)
                    needed = use.quantity < 0 ? *free : use.quantity;
            if (needed > *free)
                continue;
            *free -= needed;
        } else if (blocker[0] == 'M') {
            int64_t most = 0;
            bool isUnlimited = false;
            for (llvm::StringRef const machine : machinesOf(job)) {
                auto const units = freeLoad(machine);
                isUnlimited = isUnlimited || !units;
                most = std::max(most, units.value_or(0) - (free ? *free : 0));
            }
            int64_t const load = self.load ? *self.load : 0;
            if (!isUnlimited && load > most)
                break;
            free = free.value_or(0) + load; // dealt out so far
        }
        pending.push_back({job, {Trigger::Kind::queue, {}}});
    }
}

/// JIL-095: a job leaves its queue: its conditions are read again.
void Play::resume(ir::JobId job, Trigger const& trigger) {
    ir::Job const& self = estate.jobs[job];
    JobState& state = states[job];
    if (!isQueued(store[job].status))
        return;
    Text const blocker = state.blocker;
    int64_t const since = state.queuedAt;
    bool const isForced = state.isForced;
    bool const isGated = self.box && !isInRunningBox(job);
    leaveQueue(job);
    if (!isForced &&
        (isGated || (estate.settings.queueRechecksConditions && !isConditionTrue(job)))) {
        setStatus(job, self.box && !isGated ? Status::activated : Status::inactive,
                  {"JIL-095", isGated ? Text("its box does not run any more") : whyFalse(job), {}});
        propagate(job);
        return wake(blocker);
    }
    state.queuedAt = since;
    if (acquire(job, isForced))
        start(job, {"JIL-095", describe(job, trigger), {}});
}

void Play::releaseResource(llvm::StringRef object) {
    auto const freeAll = [&](ir::JobId job, llvm::StringRef only) {
        std::erase_if(states[job].units, [&](HeldUnits const& held) {
            if (!only.empty() && held.resource != only)
                return false;
            unitsInUse[held.resource] -= held.quantity;
            return true;
        });
    };
    if (auto const it = estate.jobByName.find(object); it != estate.jobByName.end()) {
        std::vector<HeldUnits> const held = states[it->second].units;
        if (isUnderWay(store[it->second].status))
            return notStarted(it->second, "JIL-160", "RELEASE_RESOURCE: it is running");
        freeAll(it->second, {});
        for (HeldUnits const& each : held)
            wake(("R:" + each.resource).str());
        return;
    }
    for (ir::JobId const job : estate.jobs.ids())
        if (!states[job].units.empty() && !isUnderWay(store[job].status))
            freeAll(job, object);
    wake(("R:" + object).str());
}

} // namespace hoist::semantics
