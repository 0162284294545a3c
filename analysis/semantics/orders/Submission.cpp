// May an order start now (CTM-004)? All that it waits for must hold at one instant.
#include "analysis/semantics/orders/Orders.h"

#include <fmt/format.h>

namespace hoist::semantics {

std::optional<Orders::Blocker> Orders::blockerOf(OrderIndex index) {
    Order& order = orders[index];
    ir::Job const& job = jobOf(index);
    ir::OrderPolicy const& policy = policyOf(index);
    using Result = std::optional<Blocker>;
    if (job.refused)
        return Result(
            {"CTM-004", policy.unmodelled.empty()
                            ? "there are errors in its definition"
                            : fmt::format("hoist has no model of `{}`", policy.unmodelled.str())});
    if (order.folder != noOrder) {
        Order const& folder = orders[order.folder];
        if (folder.state != State::running)
            return Result({"CTM-090", "its folder waits"});
        if (folder.isClosed)
            return Result({"CTM-091", "a job that ends its folder has completed"});
    }
    if (order.isHeld)
        return Result({"CTM-007", "it is on hold"});
    if (order.notBefore > now)
        return Result({"CTM-060", {}}); // said when it was planned
    auto const opens = opening(index, now);
    if (!opens)
        return Result({"CTM-052", "its time has passed"});
    if (opens->from > now) {
        queue.push(opens->from, Planned::tick, index);
        return Result({"CTM-050", "it waits for " + timeText(opens->from)});
    }
    if (opens->to >= 0 && order.closing != opens->to) { // when its time passes, that is told
        order.closing = opens->to;
        queue.push(opens->to + 1, Planned::tick, index);
    }
    if (job.condition && !isTrue(index, job.condition.expr, 0).value_or(true))
        return Result({"CTM-004", "it waits for " + whatIsMissing(index)});
    if (policy.confirm.value && !order.isConfirmed)
        return Result({"CTM-004", "it waits for a confirmation"});
    return std::nullopt;
}

void Orders::blocked(OrderIndex index, Blocker blocker) {
    Order& order = orders[index];
    if (blocker.text.empty() || order.blocker == blocker.text)
        return;
    order.blocker = blocker.text;
    notStarted(order.job, order.day, blocker.rule, std::move(blocker.text));
}

void Orders::consider(OrderIndex index) {
    if (orders[index].state != State::waiting)
        return;
    ir::OrderPolicy const& policy = policyOf(index);
    // What waits at New Day does not end: it is removed, or with a folder in which something still
    // runs stays as it is (CTM-005, CTM-091).
    auto const expiry = policy.isCyclic ? expiryOf(index) : std::optional<int64_t>();
    bool const isOver = expiry && *expiry <= now;
    // A time of a cycle that could not be met is dropped (CTM-063).
    if (policy.isCyclic && !isOver && policy.cycle.kind == ir::Cycle::Kind::times) {
        Order& order = orders[index];
        while (order.notBefore >= 0 &&
               order.notBefore + int64_t{policy.cycle.tolerance} * 60 < now) {
            notStarted(order.job, order.day, "CTM-063",
                       fmt::format("{} has passed by more than {} minutes",
                                   timeText(order.notBefore), policy.cycle.tolerance));
            auto const next = nextOfCycle(index);
            if (!next) {
                order.hasStopped = true;
                order.notBefore = INT64_MAX; // none is left
                break;
            }
            waitUntil(index, *next);
        }
    }
    // A cycle ends when its time has passed (CTM-064).
    if (policy.isCyclic && !isOver && orders[index].runs > 0) {
        auto const next = opening(index, std::max(now, orders[index].notBefore));
        if (orders[index].hasStopped || !next) {
            Order const& order = orders[index];
            enter(index, order.wasOk ? State::endedOk : State::endedNotOk);
            notStarted(order.job, order.day, "CTM-064", "its cycle has ended");
            return memberEnded(index);
        }
    }
    if (auto blocker = blockerOf(index)) {
        std::erase(ready, index);
        orders[index].waitsForUnits = false;
        return blocked(index, std::move(*blocker));
    }
    if (needsUnits(index)) {
        if (!llvm::is_contained(ready, index))
            ready.push_back(index);
        return;
    }
    submit(index);
}

RunPlan Orders::nextPlan(ir::JobId job) {
    unsigned const number = starts[job]++;
    auto const it = scenario.runs.find(estate.jobs[job].name.str());
    if (it == scenario.runs.end() || it->second.empty())
        return scenario.defaultRun;
    return it->second[std::min<size_t>(number, it->second.size() - 1)];
}

void Orders::submit(OrderIndex index) {
    Order& order = orders[index];
    enter(index, State::running);
    order.startedAt = now;
    order.blocker.clear();
    order.waitsForUnits = false;
    ++order.runs;
    ++order.executions;
    std::erase(ready, index);
    auto const* const command = std::get_if<ir::CommandAction>(&jobOf(index).action);
    bool const isEmpty = order.isDummy ||
                         std::holds_alternative<ir::NoAction>(jobOf(index).action) ||
                         (command && command->command->empty()); // an empty script ends with 0
    event(index, Status::starting, "CTM-004", "nothing is in its way", {}, {}, 1);
    event(index, Status::running, "CTM-007",
          isFolder(index) ? "its members may start" : "it is executed");
    planOverlong(index);
    if (isFolder(index))
        return open(index);
    bool const hasTexts =
        !order.isDummy && !std::holds_alternative<ir::NoAction>(jobOf(index).action);
    orders[index].withoutValue = hasTexts ? prepare(index).value_or(Text()) : Text();
    orders[index].plan = isEmpty || !orders[index].withoutValue.empty() ? RunPlan{0, 0, false, {}}
                                                                        : nextPlan(order.job);
    queue.push(now + orders[index].plan.duration, Planned::runEnds, index,
               orders[index].executions);
}

} // namespace hoist::semantics
