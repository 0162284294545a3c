// What follows an end: the rules in their three rounds, the conditions, the next run (CTM-014,
// CTM-060…078).
#include "analysis/semantics/orders/Orders.h"
#include "analysis/semantics/orders/Rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace hoist::semantics {

using Action = ir::EndAction::Kind;

void Orders::runEnds(OrderIndex index, unsigned run) {
    Order const& order = orders[index];
    if (order.state != State::running || order.executions != run)
        return; // killed meanwhile
    if (!order.withoutValue.empty())
        return ended(index, false, {}, order.withoutValue + " (CTM-104)");
    RunPlan const& plan = order.plan;
    bool const isOk = plan.exitCode == 0 && !plan.terminated; // CTM-071
    ended(index, isOk, plan.terminated ? std::nullopt : std::optional(plan.exitCode),
          plan.terminated ? "it died by a signal" : fmt::format("exit code {}", plan.exitCode));
}

void Orders::ended(OrderIndex index, bool isOk, std::optional<int64_t> exitCode, Text how) {
    ir::OrderPolicy const& policy = policyOf(index);
    Order& order = orders[index];
    FiredRules const fired = firedRules(
        policy, {isOk, exitCode, order.runs, order.reruns, order.failures, order.plan.output});
    isOk = fired.isOk;
    for (bool const turn : fired.turns)
        how += turn ? "; DO OK" : "; DO NOTOK";
    order.endedAt = now;
    order.wasOk = isOk;
    order.failures += isOk ? 0 : 1;
    order.hasStopped |= fired.ask(Action::stopCyclic);
    enter(index, State::waiting); // for the question whether there is time for another run
    std::optional<int64_t> const again = nextRun(index, isOk, fired.ask(Action::rerun), how);
    enter(index, isOk ? State::endedOk : State::endedNotOk);
    giveBack(index, isOk, !again);
    bool const isRerun = again && !policy.isCyclic;
    event(index,
          isRerun ? Status::restart
          : isOk  ? Status::success
                  : Status::failure,
          isRerun           ? "CTM-067"
          : isFolder(index) ? "CTM-091"
                            : "CTM-071",
          how, {}, exitCode);
    // CTM-014: OUTCONDs first, so that a rule has the last word.
    if (isOk)
        succeed(index);
    for (ir::EndRule const* rule : fired.rules)
        for (ir::EndAction const& action : rule->actions)
            act(index, action);
    shout(index, isOk);
    tellShort(index);
    if (again) {
        enter(index, State::waiting);
        waitUntil(index, *again);
        look(index);
    } else {
        memberEnded(index);
    }
}

void Orders::succeed(OrderIndex index) {
    for (ir::FactChange const& one : jobOf(index).factChanges)
        if (!one.isAction)
            change(index, one);
}

void Orders::act(OrderIndex index, ir::EndAction const& action) {
    switch (action.kind) {
    case Action::changeFact: return change(index, jobOf(index).factChanges[action.fact]);
    case Action::forceJob: return force(index, action);
    case Action::setVariable: return setByRule(index, action);
    case Action::mail: return tell(index, "MAIL", ir::messageOf(action));
    case Action::shout: return tell(index, "SHOUT", ir::messageOf(action));
    case Action::ticket: return alarm(orders[index].job, "TICKET");
    default: return; // the verdict and the cycle have been decided; texts and output run nothing
    }
}

void Orders::shout(OrderIndex index, bool isOk) {
    using When = ir::Shout::When;
    for (ir::Shout const& shout : policyOf(index).shouts)
        if (shout.when == (isOk ? When::ok : When::notOk))
            tell(index, "SHOUT", ir::messageOf(shout));
}

/// What has no value is told as it is written.
void Orders::tell(OrderIndex index, Text name, ir::Message const& message) {
    auto const text = [&](std::string const& written) {
        ir::ResolvedText const found = resolved(index, written, false);
        return found.problem.empty() ? found.text : written;
    };
    Order const& order = orders[index];
    trace.alarms.push_back({now, estate.jobs[order.job].name.str(), std::move(name),
                            Alarm::Told{order.day, text(message.destination),
                                        ir::toText(message.urgency).str(), text(message.text)}});
}

std::optional<int64_t> Orders::nextRun(OrderIndex index, bool isOk, bool isRerunAsked, Text& why) {
    Order& order = orders[index];
    ir::OrderPolicy const& policy = policyOf(index);
    int64_t const most = policy.maxRerun.value;
    if (isFolder(index) && !policy.isCyclic) {
        if (isRerunAsked)
            notStarted(order.job, order.day, "CTM-067", "the rerun of a folder is not played");
        return std::nullopt;
    }
    if ((policy.isCyclic || isRerunAsked) && order.folder != noOrder &&
        orders[order.folder].isClosed) { // CTM-091
        why += "; its folder has been ended";
        return std::nullopt;
    }
    if (policy.isCyclic) {
        if (order.hasStopped) {
            why += "; its cycle is stopped";
            return std::nullopt;
        }
        if (!isOk && policy.isMainframe && !isRerunAsked) { // CTM-065
            why += "; after NOTOK it does not run again";
            return std::nullopt;
        }
        // CTM-064: the first run counts on z/OS only.
        if (most > 0 && order.runs >= most + (policy.isMainframe ? 0 : 1)) {
            why += "; it has run as often as it may";
            return std::nullopt;
        }
        auto const next = nextOfCycle(index);
        if (!next || !opening(index, std::max(*next, now))) {
            why += "; no run is left in its time";
            return std::nullopt;
        }
        return next;
    }
    if (!isRerunAsked)
        return std::nullopt;
    if (isOk) {
        notStarted(order.job, order.day, "CTM-067", "it is not run again, as it ended OK");
        return std::nullopt;
    }
    if (order.reruns >= most) {
        why += fmt::format("; no rerun of {} is left", most);
        return std::nullopt;
    }
    ++order.reruns;
    why += fmt::format("; rerun {} of {}", order.reruns, most);
    return now + int64_t(policy.interval.value) * 60;
}

/// CTM-061…063. It never overlaps itself: what was planned for while it ran is now.
std::optional<int64_t> Orders::nextOfCycle(OrderIndex index) {
    using From = ir::Cycle::From;
    Order& order = orders[index];
    ir::Cycle const& cycle = policyOf(index).cycle;
    auto const minuteOf = [](int64_t instant) { return instant - (instant % 60 + 60) % 60; };
    if (cycle.kind == ir::Cycle::Kind::times) {
        ir::TimeZone const& zone = zoneOf(order.job);
        std::vector<int64_t> times;
        for (int32_t const minute : cycle.minutes)
            times.push_back(clock(zone, order.since, minute));
        std::sort(times.begin(), times.end());
        times.erase(std::unique(times.begin(), times.end()), times.end());
        if (order.nextInterval >= times.size())
            return std::nullopt;
        return times[order.nextInterval++];
    }
    if (order.nextInterval >= cycle.minutes.size())
        return std::nullopt;
    int64_t const interval = int64_t(cycle.minutes[order.nextInterval]) * 60;
    if (cycle.kind == ir::Cycle::Kind::sequence)
        ++order.nextInterval;
    if (order.planned < 0)
        order.planned = minuteOf(order.startedAt);
    int64_t const next = cycle.from == From::end     ? minuteOf(now) + interval
                         : cycle.from == From::start ? minuteOf(order.startedAt) + interval
                                                     : order.planned + interval;
    order.planned = next;
    bool const isEndless = cycle.kind == ir::Cycle::Kind::interval;
    if (isEndless && next <= order.startedAt && now <= order.startedAt) {
        notStarted(order.job, order.day, "CTM-061", "it would run without end at one instant");
        return std::nullopt;
    }
    return std::max(next, now);
}

void Orders::waitUntil(OrderIndex index, int64_t instant) {
    orders[index].notBefore = instant;
    queue.push(std::max(instant, now), Planned::tick, index);
    ir::Cycle const& cycle = policyOf(index).cycle;
    if (policyOf(index).isCyclic && cycle.kind == ir::Cycle::Kind::times) // when it is dropped
        queue.push(std::max(instant + int64_t{cycle.tolerance} * 60 + 1, now), Planned::tick,
                   index);
}

/// CTM-077
void Orders::force(OrderIndex index, ir::EndAction const& action) {
    std::string const path = ir::forcedPath(action);
    int32_t day = orders[index].day;
    ir::JobId const job = orders[index].job;
    std::string const cause = jobOf(index).name.str();
    switch (action.date.kind) {
    case ir::Scope::Kind::previousOrderDate: day = dayBeside(index, false).value_or(day - 1); break;
    case ir::Scope::Kind::nextOrderDate: day = dayBeside(index, true).value_or(day + 1); break;
    case ir::Scope::Kind::shiftedOrderDate: day += action.date.offset; break;
    case ir::Scope::Kind::literalDate: {
        ir::Date date = ir::fromDayNumber(day);
        FactDate const wanted = factDateOfLiteral(action.date.offset);
        date.month = static_cast<uint8_t>(wanted / 100);
        date.day = static_cast<uint8_t>(wanted % 100);
        day = ir::toDayNumber(date);
        break;
    }
    default: break;
    }
    llvm::ArrayRef<ir::JobId> const targets = forcedOrders.targetsOf(path);
    if (targets.empty())
        return notStarted(job, day, "CTM-077",
                          fmt::format("DO FORCEJOB: `{}` is not in the estate", path));
    for (ir::JobId const target : targets)
        orderByHand(estate.jobs[target].name, day, true, "DO FORCEJOB", cause);
}

} // namespace hoist::semantics
