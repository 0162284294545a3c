// SMART folders and their sub-folders: orders whose execution is that of their members (CTM-090,
// CTM-091).
#include "analysis/semantics/orders/Orders.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

namespace hoist::semantics {

void Orders::open(OrderIndex folder) {
    if (orders[folder].runs > 1)
        reorderMembers(folder);
    for (OrderIndex const member : orders[folder].members)
        look(member);
    closeIfDone(folder);
}

/// The folder runs again (CTM-093): all that is in it waits as if it had just been ordered.
void Orders::reorderMembers(OrderIndex folder) {
    orders[folder].isClosed = false;
    for (OrderIndex const member : orders[folder].members) {
        Order const& old = orders[member];
        Order made;
        made.job = old.job;
        made.day = old.day;
        made.since = old.since;
        made.folder = old.folder;
        made.members = old.members;
        made.isForced = old.isForced;
        made.isDummy = old.isDummy;
        made.isHeld = old.isHeld;
        made.isConfirmed = old.isConfirmed;
        made.state = old.state; // it is open from `enter` on
        made.open = old.open;
        made.executions = old.executions;
        orders[member] = std::move(made);
        enter(member, State::waiting);
        active.insert(member);
        waitForFirstTime(member);
        if (isFolder(member))
            reorderMembers(member);
    }
}

void Orders::memberEnded(OrderIndex member) {
    OrderIndex const folder = orders[member].folder;
    if (folder == noOrder)
        return;
    if (policyOf(member).endsFolder.value)
        endFolder(folder, member);
    closeIfDone(folder);
}

/// It ends when all that it holds has ended; a member that waits keeps it open (CTM-091).
void Orders::closeIfDone(OrderIndex folder) {
    if (orders[folder].state != State::running || orders[folder].open > 0)
        return;
    auto const& members = orders[folder].members;
    auto const bad = llvm::find_if(
        members, [&](OrderIndex member) { return orders[member].state == State::endedNotOk; });
    bool const isOk = bad == members.end();
    ended(folder, isOk, {},
          isOk ? "all that ran in it ended OK"
               : fmt::format("{} ended NOTOK", std::string_view(jobOf(*bad).name)));
}

/// Nothing more is submitted in it; what runs comes to its end.
void Orders::endFolder(OrderIndex folder, OrderIndex by) {
    orders[folder].isClosed = true;
    std::string const text = fmt::format("{} has ended its folder", jobOf(by).name.str());
    for (OrderIndex const member : orders[folder].members) {
        Order& one = orders[member];
        if (one.state == State::waiting && one.runs > 0) { // a cycle
            enter(member, one.wasOk ? State::endedOk : State::endedNotOk);
            notStarted(one.job, one.day, "CTM-091", text);
        } else if (one.state == State::waiting) {
            remove(member, "CTM-091", text);
        } else if (one.state == State::running && isFolder(member)) {
            endFolder(member, by);
            closeIfDone(member);
        }
    }
}

} // namespace hoist::semantics
