// SHOUT at a time: who is told that an order is late, runs too long or ran too short (CTM-078).
#include "analysis/semantics/orders/Orders.h"

namespace hoist::semantics {

using Test = ir::LateTest::Kind;

void Orders::planLate(OrderIndex index) {
    constexpr int64_t grace =
        60; // what is ordered behind the time, and starts at once, is not told
    Order const& order = orders[index];
    for (ir::Shout const& shout : policyOf(index).shouts) {
        auto const test = ir::lateTest(estate, order.job, shout);
        if (!test || (test->kind != Test::notSubmitted && test->kind != Test::notEnded))
            continue;
        int64_t const at = clock(zoneOf(order.job), order.since, test->minutes);
        queue.push(at >= now ? at : now + grace, Planned::late, static_cast<uint32_t>(dues.size()));
        dues.push_back({index, &shout, *test, 0});
    }
}

void Orders::planOverlong(OrderIndex index) {
    Order const& order = orders[index];
    for (ir::Shout const& shout : policyOf(index).shouts) {
        auto const test = ir::lateTest(estate, order.job, shout);
        if (!test || test->kind != Test::runsOver)
            continue;
        queue.push(now + int64_t{test->minutes} * 60, Planned::late,
                   static_cast<uint32_t>(dues.size()));
        dues.push_back({index, &shout, *test, order.executions});
    }
}

void Orders::tellShort(OrderIndex index) {
    Order const& order = orders[index];
    if (!order.withoutValue.empty())
        return; // it never ran (CTM-104)
    for (ir::Shout const& shout : policyOf(index).shouts) {
        auto const test = ir::lateTest(estate, order.job, shout);
        if (test && test->kind == Test::ranUnder &&
            now - order.startedAt < int64_t{test->minutes} * 60)
            tell(index, "SHOUT", ir::messageOf(shout));
    }
}

void Orders::late(uint32_t due) {
    auto const [index, shout, test, execution] = dues[due];
    Order const& order = orders[index];
    bool const isLate = test.kind == Test::notSubmitted
                            ? order.state == State::waiting && order.runs == 0
                        : test.kind == Test::notEnded
                            ? order.isOpen()
                            : order.state == State::running && order.executions == execution;
    if (isLate)
        tell(index, "SHOUT", ir::messageOf(*shout));
}

} // namespace hoist::semantics
