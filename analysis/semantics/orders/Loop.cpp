// The loop: the earliest event, then all orders that it may concern.
#include "analysis/schedule/BusinessDay.h"
#include "analysis/semantics/orders/Orders.h"

#include <llvm/ADT/STLExtras.h>

#include <algorithm>

namespace hoist::semantics {

Orders::Orders(ir::Estate const& model, Scenario const& script, llvm::ArrayRef<ir::WorkflowId> only)
    : estate(model), scenario(script), dates(model), shared(model),
      site(schedule::siteZoneOrUtc(model.settings)), forcedOrders(model) {
    index();
    if (!only.empty())
        for (ir::JobId const job : estate.jobs.ids())
            isSilent[job] = !llvm::is_contained(only, estate.jobs[job].workflow);
}

void Orders::event(OrderIndex index, Status status, llvm::StringRef rule, Text text,
                   llvm::StringRef cause, std::optional<int64_t> exitCode, unsigned attempt) {
    TraceEvent made;
    made.at = now;
    made.job = jobOf(index).name.str();
    made.status = status;
    made.exitCode = exitCode;
    made.attempt = attempt;
    made.reason = {rule, std::move(text), cause.str()};
    made.orderDate = orders[index].day;
    trace.events.push_back(std::move(made));
    FinalStatus& final = trace.finals[jobOf(index).name.str()];
    final.status = status;
    if (status == Status::starting) {
        ++final.runs;
        final.lastStart = now;
        final.exitCode.reset();
    }
    if (status == Status::success || status == Status::failure || status == Status::restart) {
        final.lastEnd = now;
        final.exitCode = exitCode;
    }
}

void Orders::notStarted(ir::JobId job, std::optional<int32_t> day, llvm::StringRef rule, Text text,
                        llvm::StringRef cause) {
    trace.notStarted.push_back(
        {now, estate.jobs[job].name.str(), {rule, std::move(text), cause.str()}, day});
}

void Orders::alarm(ir::JobId job, Text name) {
    trace.alarms.push_back({now, estate.jobs[job].name.str(), std::move(name), {}});
}

void Orders::step(PlannedEvent const& event) {
    switch (event.kind) {
    case Planned::outside: return outside(scenario.events[event.subject]);
    case Planned::nextDay: return newDay(static_cast<int32_t>(event.subject));
    case Planned::userDaily:
        return userDaily(static_cast<int32_t>(event.subject), static_cast<int16_t>(event.detail));
    case Planned::tick: return look(event.subject);
    case Planned::runEnds: return runEnds(event.subject, event.detail);
    case Planned::late: return late(event.subject);
    default: return;
    }
}

void Orders::settle() {
    do {
        while (!changed.empty()) {
            OrderIndex const first = *changed.begin();
            changed.erase(changed.begin());
            consider(first);
        }
        serve();
    } while (!changed.empty());
}

void Orders::begin() {
    trace.start = scenario.start;
    trace.end = scenario.end;
    now = scenario.start;
    for (auto const& [name, value] : scenario.globals)
        if (llvm::StringRef(name).starts_with("%%\\"))
            globals[name] = value;
    for (auto const& fact : scenario.facts)
        facts.add(fact.name, {},
                  fact.date == "STAT" ? withoutDate : factDateOfLiteral(std::stoi(fact.date)));
    for (ir::JobId const job : estate.jobs.ids())
        if (estate.jobs[job].dialect == ir::Dialect::controlm)
            trace.finals[estate.jobs[job].name.str()] = {};
    int32_t const first = currentDay();
    auto const last = static_cast<int32_t>(scenario.end / 86'400) + 2;
    for (ir::JobId const job : estate.jobs.ids())
        if (estate.jobs[job].dialect == ir::Dialect::controlm && !estate.isContainer(job) &&
            !isSilent[job])
            daysOf[job] = dates.between(job, first - 1, last);
    for (size_t i = 0; i < scenario.events.size(); ++i)
        if (scenario.events[i].at >= scenario.start)
            queue.push(scenario.events[i].at, Planned::outside, static_cast<uint32_t>(i));
    // The jobs file is empty at first: what was ordered before the start is not known.
    if (!scenario.isWithoutClock) {
        if (dayStart(zoneOf({}), first) < scenario.start)
            planUserDailies(first);
        for (int32_t day = first; day <= last; ++day)
            if (int64_t const begin = dayStart(zoneOf({}), day);
                begin >= scenario.start && begin < scenario.end) {
                queue.push(begin, Planned::nextDay, static_cast<uint32_t>(day));
                break;
            }
    }
}

std::optional<int64_t> Orders::nextAt() const { return queue.nextAt(scenario.end); }

void Orders::playNext() {
    PlannedEvent const event = queue.pop();
    now = event.at;
    step(event);
    settle();
}

Trace Orders::finish() {
    trace.conditions = facts.all();
    trace.globals = globals;
    return std::move(trace);
}

void Orders::hear(ir::FactChange const& change, llvm::StringRef by, int64_t at) {
    now = at;
    Dated date;
    switch (change.date.kind) {
    case ir::Scope::Kind::anyOrderDate: date.isAny = true; break;
    case ir::Scope::Kind::noDate: date.date = withoutDate; break;
    default: date.date = factDateOf(currentDay());
    }
    changeFact(change.name, change.server, date, change.adds, by);
    settle();
}

} // namespace hoist::semantics
