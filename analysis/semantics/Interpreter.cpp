// The loop: set up, take the earliest event, do all that follows from it.
#include "analysis/semantics/Play.h"
#include "analysis/semantics/orders/Orders.h"

#include <algorithm>
#include <iterator>

namespace hoist::semantics {

namespace {

/// `isThere`: of which of the two each event is, in the order in which they were played. All else
/// of one instant: AutoSys's first.
void merge(Trace& trace, Trace&& other, std::vector<bool> const& isThere) {
    auto const join = [](auto& into, auto& from) {
        auto const middle = static_cast<std::ptrdiff_t>(into.size());
        into.insert(into.end(), std::make_move_iterator(from.begin()),
                    std::make_move_iterator(from.end()));
        std::inplace_merge(into.begin(), into.begin() + middle, into.end(),
                           [](auto const& a, auto const& b) { return a.at < b.at; });
    };
    std::vector<TraceEvent> events;
    auto here = trace.events.begin(), there = other.events.begin();
    for (bool const isOther : isThere)
        events.push_back(std::move(isOther ? *there++ : *here++));
    trace.events = std::move(events);
    join(trace.notStarted, other.notStarted);
    join(trace.alarms, other.alarms);
    trace.finals.merge(other.finals);
    trace.facts = std::move(other.facts);
    trace.conditions = std::move(other.conditions);
    trace.variables = std::move(other.variables);
    for (auto& [name, value] : other.globals)
        trace.globals[name] = std::move(value);
}

bool accepts(ir::Outcomes outcomes, Status status) {
    return (status == Status::success && (outcomes & ir::succeeded) != 0) ||
           (status == Status::failure && (outcomes & ir::failed) != 0) ||
           (status == Status::terminated && (outcomes & ir::terminated) != 0);
}

/// Two schedulers side by side, whichever has the next event. What `[[bridge]]` lets the one tell
/// the other is told at once, so no event of the one is played before what led to it.
class Together {
public:
    Together(ir::Estate const& model, Play& one, Orders& other)
        : estate(model), autosys(one), controlm(other) {}

    /// Of which of the two each event is: false of AutoSys.
    std::vector<bool> run() {
        autosys.begin();
        controlm.begin();
        tell();
        while (true) {
            auto const here = autosys.nextAt(), there = controlm.nextAt();
            if (!here && !there)
                return std::move(isThere);
            if (here && (!there || *here <= *there))
                autosys.playNext();
            else
                controlm.playNext();
            tell();
        }
    }

private:
    void tell() {
        // An answer to what is told is told, too. That ends: neither starts a job without end at
        // one instant.
        while (toldHere < autosys.soFar().events.size() ||
               toldThere < controlm.soFar().events.size()) {
            isThere.push_back(toldHere == autosys.soFar().events.size());
            if (isThere.back())
                tellAutosys(controlm.soFar().events[toldThere++]);
            else
                tellControlm(autosys.soFar().events[toldHere++]);
        }
    }

    ir::JobId find(TraceEvent const& event) const {
        auto const it = estate.jobByName.find(event.job);
        return it == estate.jobByName.end() ? ir::JobId() : it->second;
    }

    void tellControlm(TraceEvent const& event) {
        ir::JobId const id = find(event);
        if (!id || estate.jobs[id].dialect == ir::Dialect::controlm)
            return;
        // Copies: what is told may make the trace grow.
        Status const status = event.status;
        int64_t const at = event.at;
        for (ir::FactChange const& change : estate.jobs[id].factChanges)
            if (accepts(change.on, status))
                controlm.hear(change, estate.jobs[id].name, at);
    }

    /// The ledger hears of an order when it starts, not while it waits (docs/runtime.md).
    void tellAutosys(TraceEvent const& event) {
        ir::JobId const id = find(event);
        if (id && estate.jobs[id].isWatched && (isUnderWay(event.status) || isEnded(event.status)))
            autosys.hear(id, event.status, event.exitCode, event.at);
    }

    ir::Estate const& estate;
    Play& autosys;
    Orders& controlm;
    size_t toldHere = 0, toldThere = 0;
    std::vector<bool> isThere;
};

} // namespace

Trace run(ir::Estate const& estate, schedule::Ticks& ticks, Scenario const& scenario,
          llvm::ArrayRef<ir::WorkflowId> only) {
    Play autosys(estate, ticks, scenario, only);
    if (llvm::none_of(estate.jobs,
                      [](ir::Job const& job) { return job.dialect == ir::Dialect::controlm; })) {
        autosys.begin();
        while (autosys.nextAt())
            autosys.playNext();
        return autosys.finish();
    }
    Orders controlm(estate, scenario, only);
    std::vector<bool> const isThere = Together(estate, autosys, controlm).run();
    Trace trace = autosys.finish();
    merge(trace, controlm.finish(), isThere);
    return trace;
}

Play::Play(ir::Estate const& model, schedule::Ticks& tickSource, Scenario const& script,
           llvm::ArrayRef<ir::WorkflowId> only)
    : estate(model), ticks(tickSource), scenario(script), store(model) {
    now = scenario.start;
    for (size_t i = 0; i < estate.jobs.size(); ++i) {
        states.add();
        dependents.add();
    }
    if (!only.empty())
        for (ir::JobId const job : estate.jobs.ids())
            states[job].isSilent = !llvm::is_contained(only, estate.jobs[job].workflow);
    setUp();
    index();
    fold.emplace(estate, store);
}

/// The status store before the start: definitions (§4.2 `status`), then the scenario.
void Play::setUp() {
    for (ir::JobId const job : estate.jobs.ids()) {
        ir::Job const& self = estate.jobs[job];
        if (!self.initialStatus)
            continue;
        switch (*self.initialStatus) {
        case ir::InitialStatus::onIce: store[job].status = Status::onIce; break;
        case ir::InitialStatus::onHold: store[job].status = Status::onHold; break;
        case ir::InitialStatus::onNoExec: store[job].status = Status::onNoExec; break;
        default: break;
        }
    }
    for (auto const& [name, status] : scenario.statuses)
        store.entry(name) = status;
    for (auto const& [name, value] : scenario.globals)
        store.setGlobal(name, value);
    for (ir::JobId const job : estate.jobs.ids()) {
        Status const status = store[job].status;
        states[job].isNoExec = status == Status::onNoExec;
        states[job].hasRunInBox = isInRunningBox(job) && (isEnded(status) || isUnderWay(status));
    }
    for (FileArrival const& file : scenario.files)
        arrivals[file.path].push_back(file);
    for (auto& entry : arrivals)
        std::stable_sort(entry.second.begin(), entry.second.end(),
                         [](auto const& a, auto const& b) { return a.at < b.at; });
}

/// Who is looked at when what changes (JIL-002), and who has ticks.
void Play::index() {
    for (ir::JobId const job : estate.jobs.ids()) {
        ir::Job const& self = estate.jobs[job];
        if (self.schedule) {
            if (estate.schedules[self.schedule].kind != ir::Schedule::Kind::atBoot)
                scheduled.push_back(job);
            else
                notStarted(job, "CRON-004", "it starts with the cron daemon, which no clock tells");
        }
        if (!self.condition.isSet() || self.dialect == ir::Dialect::controlm)
            continue;
        auto const add = [&](std::vector<ir::JobId>& list) {
            if (list.empty() || list.back() != job)
                list.push_back(job);
        };
        estate.conditions.forEachAtom(self.condition.expr, [&](ir::AtomId id) {
            ir::Atom const& atom = estate.conditions[id];
            if (atom.kind == ir::Atom::Kind::variable)
                add(variableDependents[atom.name]);
            else if (atom.job)
                add(dependents[atom.job]);
            else
                add(externalDependents[atom.fullName()]);
        });
    }
}

void Play::step(PlannedEvent const& event) {
    ir::JobId const job(event.subject);
    switch (event.kind) {
    case Planned::outside: return onOutside(scenario.events[event.subject]);
    case Planned::nextDay: return planDay(event.at);
    case Planned::userDaily:
    case Planned::late: return; // of Control-M
    case Planned::tick: return consider(job, {Trigger::Kind::tick, {}});
    case Planned::excludedTick: return onExcludedTick(job);
    case Planned::runEnds: return endRun(event.subject);
    case Planned::attempt: return tryAgain(event.subject);
    case Planned::timeLimit: return reachTimeLimit(event.subject, event.detail);
    case Planned::maxRun:
        if (runs[event.subject].isAlive)
            alarm(runs[event.subject].job, "MAXRUNALARM"); // JIL-153
        return;
    case Planned::windowOpens:
        if (states[job].waitsForWindow && states[job].windowTurn == event.detail) {
            states[job].waitsForWindow = false;
            consider(job, {Trigger::Kind::window, {}});
        }
        return;
    case Planned::windowCloses: return onWindowCloses(job, event.detail);
    case Planned::mustStart: return onCheck(job, event.detail, true);
    case Planned::mustComplete: return onCheck(job, event.detail, false);
    }
}

void Play::begin() {
    trace.start = scenario.start;
    trace.end = scenario.end;
    for (size_t i = 0; i < scenario.events.size(); ++i)
        if (scenario.events[i].at >= scenario.start)
            queue.push(scenario.events[i].at, Planned::outside, static_cast<uint32_t>(i));
    if (scenario.start < scenario.end)
        planDay(scenario.start);
}

std::optional<int64_t> Play::nextAt() const { return queue.nextAt(scenario.end); }

void Play::playNext() {
    PlannedEvent const event = queue.pop();
    now = event.at;
    step(event);
    drain();
}

void Play::hear(ir::JobId job, Status status, std::optional<int64_t> exitCode, int64_t at) {
    now = at;
    store.record(job, status, now, exitCode);
    if (!isUnderWay(status)) // those make no atom true
        wakeDependents(estate.jobs[job].name, dependents[job]);
    drain();
}

Trace Play::finish() {
    for (ir::JobId const job : estate.jobs.ids()) {
        if (estate.jobs[job].dialect == ir::Dialect::controlm)
            continue; // played as orders
        StoredStatus const& row = store[job];
        JobState const& state = states[job];
        trace.finals[estate.jobs[job].name.str()] = {row.status,   row.lastStart, row.lastEnd,
                                                     row.exitCode, state.runs,    state.isArmed};
    }
    for (auto const& [name, row] : store.external())
        trace.finals[name] = {row.status, row.lastStart, row.lastEnd, row.exitCode, 0, false};
    for (auto const& entry : store.allGlobals())
        trace.globals[entry.first().str()] = entry.second;
    return std::move(trace);
}

} // namespace hoist::semantics
