// What operators do to orders and conditions (CTM-007).
#include "analysis/semantics/orders/Orders.h"

#include <fmt/format.h>

namespace hoist::semantics {

OrderIndex Orders::latestOf(ir::JobId job) const {
    for (auto it = ordersOf[job].rbegin(); it != ordersOf[job].rend(); ++it)
        if (orders[*it].state != State::removed)
            return *it;
    return noOrder;
}

void Orders::outside(Event const& event) {
    using Kind = Event::Kind;
    if (event.kind == Kind::addCondition || event.kind == Kind::deleteCondition) {
        Dated date;
        if (event.value == "****")
            date.isAny = true;
        else if (event.value == "STAT")
            date.date = withoutDate;
        else if (event.value.empty() || event.value == "ODAT")
            date.date = factDateOf(currentDay());
        else
            date.date = factDateOfLiteral(std::stoi(event.value));
        return changeFact(event.object, {}, date, event.kind == Kind::addCondition, {});
    }
    if (event.kind == Kind::setGlobal) {
        if (llvm::StringRef(event.object).starts_with("%%\\"))
            globals[event.object] = event.value;
        return;
    }
    auto const it = estate.jobByName.find(event.object);
    if (it == estate.jobByName.end() || estate.jobs[it->second].dialect != ir::Dialect::controlm)
        return;
    if (event.kind == Kind::externalStatus)
        return; // for AutoSys
    if (event.kind == Kind::startJob || event.kind == Kind::forceStartJob)
        return orderByHand(event.object, event.orderDate, event.kind == Kind::forceStartJob,
                           "by hand", {});
    OrderIndex const index = latestOf(it->second);
    if (index == noOrder)
        return notStarted(it->second, {}, "CTM-007",
                          fmt::format("{}: it is not ordered", toString(event.kind).str()));
    onOrder(event, index);
}

void Orders::onOrder(Event const& event, OrderIndex index) {
    using Kind = Event::Kind;
    Order& order = orders[index];
    auto const ignored = [&](llvm::StringRef why) {
        notStarted(order.job, order.day, "CTM-007",
                   fmt::format("{}: {}", toString(event.kind).str(), why.str()));
    };
    switch (event.kind) {
    case Kind::jobOnHold:
        order.isHeld = true;
        if (order.state == State::waiting)
            this->event(index, Status::onHold, "CTM-007", "an operator holds it");
        return look(index);
    case Kind::jobOffHold:
        order.isHeld = false;
        if (order.state == State::waiting)
            this->event(index, Status::activated, "CTM-007", "an operator frees it");
        return look(index);
    case Kind::confirm: order.isConfirmed = true; return look(index);
    case Kind::killJob:
        if (order.state != State::running || isFolder(index))
            return ignored("it is not executed");
        return ended(index, false, {}, "an operator has killed it");
    case Kind::rerun:
        if (!order.isEnded() || isFolder(index))
            return ignored("it has not ended");
        enter(index, State::waiting); // a rerun by hand does not count (CTM-067)
        order.notBefore = -1;
        order.hasStopped = false;
        for (OrderIndex folder = order.folder; folder != noOrder; folder = orders[folder].folder)
            if (orders[folder].isEnded())
                enter(folder, State::running);
        this->event(index, Status::activated, "CTM-007", "an operator runs it again");
        return look(index);
    case Kind::deleteOrder: {
        OrderIndex const folder = order.folder;
        remove(index, "CTM-007", "an operator deletes it");
        if (folder != noOrder)
            closeIfDone(folder);
        return;
    }
    case Kind::changeStatus: // "set to OK"
        if (event.status != Status::success)
            return ignored("Control-M's operators can set an order to OK only");
        if (order.state == State::running)
            return ignored("it is executed");
        if (isFolder(index))
            return ignored("of a folder it is not played");
        enter(index, State::endedOk);
        order.wasOk = true;
        order.endedAt = now;
        giveBack(index, true, true);
        std::erase(ready, index);
        this->event(index, Status::success, "CTM-007", "an operator sets it to OK");
        succeed(index);
        return memberEnded(index);
    default: return ignored("Control-M knows no such event");
    }
}

} // namespace hoist::semantics
