// Ordering and removal (CTM-001…006, CTM-045, CTM-090…092).
#include "analysis/semantics/orders/Orders.h"

#include "analysis/schedule/BusinessDay.h"
#include "analysis/semantics/ReadScenario.h"

#include <fmt/format.h>

#include <algorithm>

namespace hoist::semantics {

namespace {
/// More orders of one job at one instant: definitions that order each other without end.
constexpr unsigned mostAtOnce = 100;

std::string dayText(int32_t day) { return isoText(int64_t(day) * 86'400).substr(0, 10); }
} // namespace

void Orders::index() {
    for (ir::JobId const id : estate.jobs.ids()) {
        ir::Job const& job = estate.jobs[id];
        ordersOf.add();
        daysOf.add();
        starts.add(0U);
        isSilent.add(uint8_t(0));
        isTold.add(uint8_t(0));
        ordersThen.add(std::pair<int64_t, unsigned>(-1, 0));
        if (job.dialect != ir::Dialect::controlm)
            continue;
        for (ir::FactChange const& change : job.factChanges)
            if (change.adds && change.date.kind == ir::Scope::Kind::sameCycle)
                adders[change.name].push_back(id);
        if (!job.box)
            tops.push_back(id);
    }
}

bool Orders::isOrderedOn(ir::JobId job, int32_t day) {
    return std::binary_search(daysOf[job].begin(), daysOf[job].end(), day);
}

bool Orders::isPlayable(ir::JobId job, int32_t day) {
    if (estate.isContainer(job) || dates.areKnown(job))
        return true;
    if (!isTold[job]) {
        isTold[job] = 1;
        std::string const& why = estate.orderings[estate.jobs[job].ordering].unknownDays;
        notStarted(job, day, "CTM-003",
                   "it is not ordered: its order dates are not known" +
                       (why.empty() ? std::string() : ": " + why));
    }
    return false;
}

void Orders::newDay(int32_t day) {
    removeOld(now);
    for (OrderIndex const index : ready) // the day, and with it their window, may be over
        look(index);
    ir::TimeZone const& server = zoneOf({});
    for (ir::JobId const top : tops) {
        if (isSilent[top])
            continue;
        ir::OrderPolicy const& policy = policyOf(top);
        if (policy.method != ir::OrderPolicy::Method::newDay) { // CTM-006
            if (!isTold[top] && !schedule::orderedAt(estate.settings, policy)) {
                isTold[top] = 1;
                notStarted(top, day, "CTM-006",
                           policy.userDaily ? fmt::format("New Day does not order it: the user "
                                                          "daily {} does",
                                                          policy.userDaily->str())
                                            : "New Day does not order it: it is ordered by hand");
            }
            continue;
        }
        for (ir::JobId const job : orderedBy(top)) {
            // CTM-055: a zone ahead of the server is ordered a day before.
            ir::TimeZone const& zone = zoneOf(job);
            bool const isAhead = dayStart(zone, day + 1) < dayStart(server, day + 1);
            orderAt(job, isAhead ? day + 1 : day, "New Day");
        }
    }
    planUserDailies(day);
    if (int64_t const next = dayStart(server, day + 1); next < scenario.end)
        queue.push(next, Planned::nextDay, static_cast<uint32_t>(day + 1));
}

llvm::ArrayRef<ir::JobId> Orders::orderedBy(ir::JobId const& top) const {
    if (estate.isContainer(top))
        return estate.groups[estate.jobs[top].group].members;
    return top;
}

void Orders::planUserDailies(int32_t day) {
    std::set<int16_t> times;
    for (auto const& [name, minute] : estate.settings.userDailies)
        times.insert(minute);
    for (int16_t const minute : times)
        if (int64_t const at = schedule::timeOf(estate.settings, site, day, minute);
            at >= scenario.start && at < scenario.end)
            queue.push(at, Planned::userDaily, static_cast<uint32_t>(day),
                       static_cast<uint32_t>(minute));
}

/// CTM-006. It orders for the business day that it is, in every zone: days ahead are New Day's
/// affair (CTM-055).
void Orders::userDaily(int32_t day, int16_t minute) {
    for (ir::JobId const top : tops) {
        ir::OrderPolicy const& policy = policyOf(top);
        if (!isSilent[top] && policy.method == ir::OrderPolicy::Method::userDaily &&
            schedule::orderedAt(estate.settings, policy) == minute)
            for (ir::JobId const job : orderedBy(top))
                orderAt(job, day, "User Daily " + policy.userDaily->str());
    }
}

void Orders::orderAt(ir::JobId job, int32_t day, llvm::StringRef why) {
    if (isPlayable(job, day) && isOrderedOn(job, day))
        order(job, day, noOrder, false, why.str(), {});
}

OrderIndex Orders::order(ir::JobId job, int32_t day, OrderIndex folder, bool isForced, Text why,
                         llvm::StringRef cause) {
    auto& [instant, count] = ordersThen[job];
    count = instant == now ? count + 1 : 1;
    instant = now;
    if (count > mostAtOnce) {
        notStarted(job, day, "CTM-077", "it would be ordered without end at one instant", cause);
        return noOrder;
    }
    auto const index = static_cast<OrderIndex>(orders.size());
    Order made;
    made.job = job;
    made.day = day;
    made.since = std::max(day, currentDay());
    made.folder = folder;
    made.isForced = isForced;
    orders.push_back(std::move(made));
    active.insert(index);
    ordersOf[job].push_back(index);
    event(index, Status::activated, isForced ? "CTM-006" : "CTM-001",
          fmt::format("{}: ordered for {}", why, dayText(day)), cause);
    ir::Job const& self = estate.jobs[job];
    auto const waitFor = [&](ir::ConditionRef const& condition, auto const& again,
                             unsigned depth) -> void {
        if (!condition || depth > 64)
            return;
        estate.conditions.forEachAtom(condition.expr, [&](ir::AtomId id) {
            ir::Atom const& atom = estate.conditions[id];
            auto& list = waiters[atom.name];
            if (!list.empty() && list.back() == index)
                return;
            list.push_back(index);
            // Over a bridge it waits for what its producers wait for (CTM-092).
            if (folder != noOrder && policyOf(folder).adjust == ir::OrderPolicy::Adjust::bridge)
                if (auto const it = adders.find(atom.name); it != adders.end())
                    for (ir::JobId const producer : it->second)
                        if (estate.jobs[producer].box == orders[folder].job && producer != job)
                            again(estate.jobs[producer].condition, again, depth + 1);
        });
    };
    waitFor(self.condition, waitFor, 0);
    if (self.group)
        orderMembers(index, isForced);
    waitForFirstTime(index);
    planLate(index);
    look(index);
    return index;
}

/// CTM-063
void Orders::waitForFirstTime(OrderIndex index) {
    ir::OrderPolicy const& policy = policyOf(index);
    if (policy.isCyclic && policy.cycle.kind == ir::Cycle::Kind::times)
        if (auto const first = nextOfCycle(index))
            waitUntil(index, *first);
}

void Orders::orderMembers(OrderIndex folder, bool isForced) {
    ir::JobId const job = orders[folder].job;
    int32_t const day = orders[folder].day;
    bool const fills = policyOf(folder).adjust == ir::OrderPolicy::Adjust::dummy;
    for (ir::JobId const member : estate.groups[estate.jobs[job].group].members) {
        bool const isScheduled = isForced || (isPlayable(member, day) && isOrderedOn(member, day));
        bool const asDummy = !isScheduled && fills && !estate.jobs[member].group; // CTM-092
        if (!isScheduled && !asDummy)
            continue;
        OrderIndex const made = order(member, day, folder, isForced,
                                      asDummy ? "a dummy, as it is not scheduled" : "its folder",
                                      estate.jobs[job].name);
        if (made == noOrder)
            continue;
        orders[made].isDummy = asDummy;
        orders[folder].members.push_back(made);
        ++orders[folder].open;
    }
}

/// A definition is ordered from outside, by a folder's name with all that is in it (CTM-006).
void Orders::orderByHand(llvm::StringRef name, std::optional<int32_t> given, bool isForced,
                         Text why, llvm::StringRef cause) {
    auto const it = estate.jobByName.find(name);
    if (it == estate.jobByName.end())
        return;
    int32_t const day = given.value_or(currentDay());
    auto const one = [&](ir::JobId job) {
        bool const isDue = isPlayable(job, day) && isOrderedOn(job, day);
        if (isForced || isDue)
            order(job, day, noOrder, isForced, why, cause);
        else if (dates.areKnown(job))
            notStarted(job, day, "CTM-003",
                       fmt::format("{}: {} is none of its order dates", why, dayText(day)), cause);
    };
    if (estate.isContainer(it->second))
        for (ir::JobId const member : estate.groups[estate.jobs[it->second].group].members)
            one(member);
    else
        one(it->second);
}

std::optional<int64_t> Orders::expiryOf(OrderIndex index) const {
    while (orders[index].folder != noOrder) // members stay as long as their folder
        index = orders[index].folder;
    Order const& order = orders[index];
    ir::OrderPolicy const& policy = policyOf(index);
    int32_t const wait = policy.maxWait.value;
    ir::TimeZone const &zone = zoneOf(order.job), &server = zoneOf({});
    if (order.state == State::endedOk)
        return order.endedAt;
    if (wait >= ir::OrderPolicy::forEver)
        return std::nullopt;
    // One that is to run again has ended NOTOK, too.
    bool const isRerun =
        order.state == State::waiting && order.runs > 0 && !order.wasOk && !policy.isCyclic;
    int32_t const extra = order.state != State::endedNotOk && !isRerun ? 0
                          : policy.keepNotOk                           ? policy.keepNotOk.value
                                                                       : 1;
    // The order date of a zone may end after the server's.
    int64_t const end = dayStart(zone, order.since + wait + 1);
    int32_t day = order.since + wait + 1;
    while (dayStart(server, day) < end)
        ++day;
    return dayStart(server, day + extra);
}

/// CTM-005
void Orders::removeOld(int64_t instant) {
    std::vector<OrderIndex> old;
    for (OrderIndex const index : active) {
        Order const& order = orders[index];
        if (order.folder != noOrder)
            continue;
        auto const runs = [&](OrderIndex one, auto const& again) -> bool {
            if (!isFolder(one))
                return orders[one].state == State::running;
            return llvm::any_of(orders[one].members,
                                [&](OrderIndex member) { return again(member, again); });
        };
        auto const expiry = expiryOf(index);
        if (expiry && *expiry <= instant && !runs(index, runs))
            old.push_back(index);
    }
    for (OrderIndex const index : old) {
        bool const hasRun = orders[index].isEnded() || orders[index].runs > 0;
        remove(index, "CTM-005", hasRun ? "New Day removes it" : "New Day removes it, not run");
    }
}

void Orders::remove(OrderIndex index, llvm::StringRef rule, Text const& text) {
    Order& order = orders[index];
    if (order.state == State::removed)
        return;
    bool const hasRun = order.runs > 0 || order.isEnded() || isFolder(index);
    std::string const blocker = order.blocker;
    for (OrderIndex const member : std::vector<OrderIndex>(order.members))
        remove(member, rule, orders[member].isEnded() ? "it leaves with its folder" : text);
    giveBack(index, true, true);
    enter(index, State::removed);
    active.erase(index);
    changed.erase(index);
    std::erase(ready, index);
    if (!hasRun)
        notStarted(order.job, order.day, rule,
                   text + (blocker.empty() ? std::string() : ": " + blocker));
    event(index, Status::inactive, rule, text);
}

} // namespace hoist::semantics
