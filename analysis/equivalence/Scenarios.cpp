// Days made of snapshots: when the root starts, how long its jobs run, what comes from outside
// when.
#include "analysis/equivalence/Scenarios.h"

#include "analysis/equivalence/ExitCodes.h"
#include "analysis/semantics/Window.h"

#include <llvm/ADT/STLExtras.h>

#include <algorithm>

namespace hoist::equivalence {

using semantics::Event;
using semantics::RunPlan;
using semantics::Scenario;
using semantics::Status;
using semantics::StoredStatus;

namespace {

constexpr int64_t minute = 60;
constexpr int64_t hour = 60 * minute;
constexpr int64_t day = 24 * hour;

Status statusOf(JobState state) {
    switch (state) {
    case JobState::succeeded: return Status::success;
    case JobState::failed: return Status::failure;
    case JobState::terminated: return Status::terminated;
    case JobState::running: return Status::running;
    case JobState::waiting:
    case JobState::skipped: return Status::inactive;
    }
    return Status::inactive;
}

bool isEnd(JobState state) {
    return state == JobState::succeeded || state == JobState::failed ||
           state == JobState::terminated;
}

/// How old the statuses are that the model's windows speak of, as young as can be: what is within a
/// window then stays so while the day goes on, and what is outside does so anyway.
class Ages {
public:
    /// `ownEnd`: no last end of a dependent is younger.
    Ages(std::vector<Facts::Age> const& told, int64_t ownEnd) {
        for (Facts::Age const& age : told) {
            at(age.job);
            if (!age.dependent.empty() && !age.isWithin)
                own.try_emplace(age.dependent, ownEnd);
        }
        // The smallest solution of `older than` between them: it grows until nothing changes, and
        // for ever only where a circle of them cannot be.
        for (size_t i = 0, changed = 1; changed && i <= told.size() + 1; ++i) {
            changed = 0;
            for (Facts::Age const& age : told)
                changed += raise(age);
        }
    }
    int64_t of(std::string const& job, int64_t otherwise) const {
        auto it = others.find(job);
        return it == others.end() ? otherwise : it->second;
    }
    std::map<std::string, int64_t> const& ownEnds() const { return own; }

private:
    int64_t& at(std::string const& job) { return others.try_emplace(job, 0).first->second; }
    bool raise(Facts::Age const& age) {
        if (age.dependent.empty())
            return !age.isWithin && grow(at(age.job), (int64_t(age.minutes) + 1) * minute);
        auto const it = own.find(age.dependent);
        if (it == own.end())
            return false;
        return age.isWithin ? grow(it->second, at(age.job))
                            : grow(at(age.job), it->second + minute);
    }
    static bool grow(int64_t& value, int64_t least) {
        bool const grows = value < least;
        value = std::max(value, least);
        return grows;
    }
    std::map<std::string, int64_t> others, own;
};

class Days {
public:
    Days(ir::Estate const& model, ir::WorkflowId id, Suspicion const& given)
        : estate(model), workflow(model.workflows[id]), s(given) {}

    std::vector<Scenario> from(std::optional<int64_t> tick, int64_t noon) {
        std::vector<Scenario> days;
        // First everything outside is as it is; then it comes, or changes, in the course of the
        // day.
        for (bool const isLate : {false, true}) {
            if (tick) {
                days.push_back(make(*tick, isLate, {}));
                continue;
            }
            for (Event const& trigger : triggers())
                if (auto made = make(noon, isLate, trigger); isPossible)
                    days.push_back(std::move(made));
        }
        size_t const plain = days.size();
        for (size_t i = 0; i < plain; ++i)
            addVariants(days, days[i]);
        return days;
    }

private:
    /// What may start a root without a clock. The last is an operator.
    std::vector<Event> triggers() const {
        std::vector<Event> found;
        ir::Job const& root = estate.jobs[workflow.root];
        std::set<std::string> seen;
        if (root.condition)
            estate.conditions.forEachAtom(root.condition.expr, [&](ir::AtomId id) {
                ir::Atom const& atom = estate.conditions[id];
                bool const isVariable = atom.kind == ir::Atom::Kind::variable;
                std::string const name = isVariable ? atom.name.str() : atom.fullName();
                if (found.size() >= 8 || !seen.insert(name).second)
                    return;
                Event event;
                event.object = name;
                if (isVariable) {
                    auto const value = s.outside.variables.find(name);
                    if (value == s.outside.variables.end())
                        return;
                    event.kind = Event::Kind::setGlobal;
                    event.value = value->second;
                } else {
                    auto const state = s.outside.jobs.find(name);
                    if (state == s.outside.jobs.end() || state->second == JobState::running)
                        return;
                    event = statusEvent(s.outside, name);
                }
                found.push_back(std::move(event));
            });
        Event start;
        start.kind = Event::Kind::startJob;
        start.object = root.name.str();
        found.push_back(std::move(start));
        return found;
    }

    static Event statusEvent(Suspicion::Outside const& outside, std::string const& name) {
        Event event;
        event.kind = Event::Kind::externalStatus;
        event.object = name;
        event.status = statusOf(outside.jobs.at(name));
        event.exitCode = codeOf(outside, name).value_or(0);
        return event;
    }
    static std::optional<int64_t> codeOf(Suspicion::Outside const& outside,
                                         std::string const& name) {
        JobState const state = outside.jobs.at(name);
        if (auto it = outside.exitCodes.find(name); it != outside.exitCodes.end())
            return it->second;
        if (state == JobState::succeeded || state == JobState::failed)
            return state == JobState::succeeded ? 0 : 1;
        return std::nullopt;
    }
    static StoredStatus stored(Suspicion::Outside const& outside, std::string const& name,
                               int64_t at) {
        StoredStatus one;
        JobState const state = outside.jobs.at(name);
        one.status = statusOf(state);
        one.statusAt = at;
        if (state != JobState::waiting)
            one.lastStart = at - minute;
        if (isEnd(state))
            one.lastEnd = at;
        one.exitCode = codeOf(outside, name);
        return one;
    }

    Scenario make(int64_t begin, bool isLate, std::optional<Event> const& trigger) {
        Scenario scenario;
        scenario.hasEndlessCapacity = true; // what is claimed is compared field by field
        scenario.start = begin - minute;
        scenario.end = begin + 12 * hour;
        planRuns(scenario);
        // The snapshot's now. What is late comes when all that can run has run.
        int64_t const now = isLate ? begin + 2 * hour : begin;
        Ages const ages(s.ages, now - begin + 10 * minute);
        isPossible = true;
        for (auto const& [job, age] : ages.ownEnds())
            scenario.statuses[job] = {Status::success, now - age, now - age - minute, now - age, 0};
        if (trigger) {
            Event event = *trigger;
            event.at = begin;
            // Its status is as old as the event.
            isPossible = event.kind != Event::Kind::externalStatus || isLate ||
                         ages.of(event.object, 0) == 0;
            scenario.events.push_back(std::move(event));
        }
        bool const isByOperator = trigger && trigger->kind == Event::Kind::startJob;
        for (auto const& [name, state] : s.outside.jobs) {
            if (trigger && trigger->object == name)
                continue;
            int64_t const at = now - ages.of(name, isLate ? 0 : hour);
            bool const wasOther = isLate && s.before && s.before->jobs.contains(name) &&
                                  s.before->jobs.at(name) != state;
            if (wasOther)
                scenario.statuses[name] = stored(*s.before, name, scenario.start - hour);
            if (!wasOther && (at < begin || !isLate || (state == JobState::waiting && !s.before))) {
                scenario.statuses[name] =
                    stored(s.outside, name, std::min(at, scenario.start - minute));
                continue;
            }
            if (state == JobState::running && !isByOperator && trigger)
                continue; // a start elsewhere starts nothing
            Event event = statusEvent(s.outside, name);
            event.at = std::max(at, begin + hour);
            scenario.events.push_back(std::move(event));
        }
        placeVariables(scenario, now, isLate, trigger);
        // Before anything has ended, and once more for a box that has begun by then.
        for (JobId job : s.released)
            for (int64_t const at : {begin + minute / 2, now + 10 * minute}) {
                Event event;
                event.kind = Event::Kind::jobOffHold;
                event.at = at;
                event.object = estate.jobs[job].name.str();
                scenario.events.push_back(std::move(event));
            }
        return scenario;
    }

    void placeVariables(Scenario& scenario, int64_t now, bool isLate,
                        std::optional<Event> const& trigger) const {
        if (!isLate)
            scenario.globals = s.outside.variables;
        else if (s.before)
            scenario.globals = s.before->variables;
        if (trigger && trigger->kind == Event::Kind::setGlobal)
            scenario.globals.erase(trigger->object);
        if (!isLate)
            return;
        for (auto const& [name, value] : s.outside.variables) {
            auto const was = scenario.globals.find(name);
            bool const isSet = was != scenario.globals.end() && was->second == value;
            if (isSet || (trigger && trigger->object == name))
                continue;
            Event event;
            event.kind = Event::Kind::setGlobal;
            event.at = now;
            event.object = name;
            event.value = value;
            scenario.events.push_back(std::move(event));
        }
    }

    /// How each job goes. What is outside a look-back window ends well before the others.
    void planRuns(Scenario& scenario) const {
        std::set<std::string> stale;
        int64_t longest = 0;
        for (Facts::Age const& age : s.ages)
            if (age.dependent.empty() && !age.isWithin && isMember(age.job)) {
                stale.insert(age.job);
                longest = std::max(longest, int64_t(age.minutes) * minute);
            }
        for (JobId id : workflow.jobs) {
            ir::Job const& job = estate.jobs[id];
            if (job.group)
                continue;
            RunPlan plan;
            auto const code = s.exitCodes.find(id.value);
            auto const state = s.states.find(id.value);
            JobState const goes = state == s.states.end() ? JobState::waiting : state->second;
            plan.terminated = goes == JobState::terminated;
            plan.exitCode = code != s.exitCodes.end()
                                ? code->second
                                : endingCode(job.exitRule, goes != JobState::failed);
            if (plan.terminated)
                plan.exitCode = 0;
            if (goes == JobState::running)
                plan.duration = forEver;
            else if (!stale.empty() && isEnd(goes) && !stale.contains(job.name.str()))
                plan.duration += longest + 2 * minute;
            scenario.runs[job.name.str()] = {plan};
        }
    }
    bool isMember(std::string const& name) const {
        auto it = estate.jobByName.find(name);
        return it != estate.jobByName.end() &&
               estate.workflows[estate.jobs[it->second].workflow].root == workflow.root;
    }

    /// Running jobs end later, and others take unequal times: the order of ends is open.
    // NOLINTNEXTLINE(performance-unnecessary-value-param): a copy, because `days` that hold it grow
    static void addVariants(std::vector<Scenario>& days, Scenario scenario) {
        for (int64_t const longer : {int64_t(1), int64_t(30)}) {
            Scenario variant = scenario;
            int64_t step = 0;
            for (auto& [name, plans] : variant.runs)
                for (RunPlan& plan : plans)
                    plan.duration =
                        plan.duration >= forEver ? 3 * hour : minute + longer * minute * ++step;
            days.push_back(variant);
            for (auto& [name, plans] : variant.runs) // what runs long ends badly
                for (RunPlan& plan : plans)
                    if (plan.duration == 3 * hour)
                        plan.exitCode = 1;
            days.push_back(std::move(variant));
        }
    }

    ir::Estate const& estate;
    ir::Workflow const& workflow;
    Suspicion const& s;
    bool isPossible = true; ///< of the day made last
};

/// The root's first tick in the horizon that is inside its run window, if there is one.
std::optional<int64_t> firstTick(ir::Estate const& estate, schedule::Ticks& ticks, JobId id,
                                 Horizon horizon) {
    ir::Job const& root = estate.jobs[id];
    if (!root.schedule)
        return std::nullopt;
    ir::Schedule const& schedule = estate.schedules[root.schedule];
    ir::TimeZone const* const zone = schedule.window ? ticks.zoneOf(schedule) : nullptr;
    std::optional<int64_t> first;
    for (int64_t from = horizon.from; from < horizon.to && !first; from += 31 * day)
        for (int64_t const tick :
             ticks.between(schedule, from, std::min(horizon.to, from + 31 * day))) {
            first = first.value_or(tick);
            if (!zone || semantics::decideWindow(*schedule.window, *zone, tick).kind ==
                             semantics::WindowDecision::Kind::runNow)
                return tick;
        }
    return first;
}

} // namespace

int64_t endingCode(ir::ExitRule const& rule, bool succeeds) {
    ExitCodes const good = ExitCodes::of(rule);
    for (int64_t code = 0; code <= 255; ++code)
        if (good.contains(code) == succeeds)
            return code;
    return succeeds ? 0 : 1;
}

Suspicion Suspicion::of(ir::Estate const& estate, ir::WorkflowId workflow, RunModel const& model) {
    Suspicion s;
    for (JobId job : estate.workflows[workflow].jobs) {
        s.states[job.value] = model.stateOf(job);
        if (auto code = model.known().codeOf(estate.jobs[job].name))
            s.exitCodes[job.value] = *code;
        if (model.isReleased(job))
            s.released.push_back(job);
    }
    // What a root's own condition reads of its members is of the run before: left ordinary.
    s.take(model.known(), model.pastInUse(), [&](llvm::StringRef name) {
        auto it = estate.jobByName.find(name);
        return it != estate.jobByName.end() && estate.jobs[it->second].workflow == workflow;
    });
    return s;
}

void Suspicion::take(Facts const& facts, uint32_t past,
                     llvm::function_ref<bool(llvm::StringRef)> isMember) {
    auto const read = [&](uint32_t when) {
        Outside found;
        for (auto const& [name, state] : facts.otherJobs(when)) {
            if (isMember(name))
                continue;
            found.jobs[name] = state;
            if (auto code = facts.codeOf(name, when))
                found.exitCodes[name] = *code;
        }
        found.variables = facts.variables(when);
        return found;
    };
    outside = read(0);
    if (past != 0)
        before = read(past);
    ages = facts.ages();
}

std::vector<Scenario> scenariosOf(ir::Estate const& estate, schedule::Ticks& ticks,
                                  ir::WorkflowId workflow, Horizon horizon,
                                  Suspicion const& suspicion) {
    std::optional<int64_t> const tick =
        firstTick(estate, ticks, estate.workflows[workflow].root, horizon);
    return Days(estate, workflow, suspicion).from(tick, horizon.from + day / 2);
}

} // namespace hoist::equivalence
