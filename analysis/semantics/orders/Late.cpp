// SHOUT at a time: who is told that an order is late, runs too long or ran too short (CTM-078).
#include "analysis/semantics/orders/Orders.h"

namespace hoist::semantics {

using Test = ir::LateTest::Kind;

template <class Visit>
void Orders::forEachLate(OrderIndex index, Visit visit) {
    for (ir::Shout const& shout : policyOf(index).shouts)
        if (auto const test = ir::lateTest(estate, orders[index].job, shout))
            visit(shout, *test);
}

void Orders::await(OrderIndex index, ir::Shout const& shout, ir::LateTest const& test, int64_t at) {
    queue.push(at, Planned::late, static_cast<uint32_t>(dues.size()));
    dues.push_back({index, &shout, test, orders[index].executions});
}

void Orders::planLate(OrderIndex index) {
    constexpr int64_t grace =
        60; // what is ordered behind the time, and starts at once, is not told
    forEachLate(index, [&](ir::Shout const& shout, ir::LateTest const& test) {
        Order const& order = orders[index];
        if (!test.isByClock())
            return;
        int64_t const at = clock(zoneOf(order.job), order.since, test.minutes);
        await(index, shout, test, at >= now ? at : now + grace);
    });
}

void Orders::planOverlong(OrderIndex index) {
    forEachLate(index, [&](ir::Shout const& shout, ir::LateTest const& test) {
        if (test.kind == Test::runsOver)
            await(index, shout, test, now + int64_t{test.minutes} * 60);
    });
}

void Orders::tellShort(OrderIndex index) {
    Order const& order = orders[index];
    if (!order.withoutValue.empty())
        return; // it never ran (CTM-104)
    forEachLate(index, [&](ir::Shout const& shout, ir::LateTest const& test) {
        if (test.kind == Test::ranUnder && now - order.startedAt < int64_t{test.minutes} * 60)
            tell(index, "SHOUT", ir::messageOf(shout));
    });
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
