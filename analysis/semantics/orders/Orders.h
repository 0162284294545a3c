// Orders of Control-M being played (CTM-001…093). Its engine knows no ticks: New Day puts copies of
// definitions, the orders, into the active jobs file, each with an order date; an order starts when
// all that it waits for is there at once, and is removed at a later New Day, run or not.
//
// The steps live in files by concern: NewDay.cpp (what is ordered, what is removed), Submission.cpp
// (may it start?), Windows.cpp (times), Conditions.cpp (facts and ADJUST_COND), Ends.cpp (rules,
// reruns, cycles), Folders.cpp, Resources.cpp, Variables.cpp, Late.cpp (messages at times),
// Outside.cpp (operators), Loop.cpp. What follows from one event is done before the next one:
// `changed` holds the orders to look at again.
//
// Control-M and AutoSys share no state, so an estate of both is played by two engines on the same
// scenario, whichever has the next event, and the traces are merged by time. What `[[bridge]]` lets
// the one tell the other is told at once (Interpreter.cpp).
#pragma once

#include "analysis/schedule/OrderDates.h"
#include "analysis/semantics/Queue.h"
#include "analysis/semantics/Scenario.h"
#include "analysis/semantics/Trace.h"
#include "analysis/semantics/orders/Facts.h"
#include "frontend/ir/Estate.h"
#include "frontend/ir/ForcedOrders.h"
#include "frontend/ir/Messages.h"
#include "frontend/ir/SharedVariables.h"
#include "frontend/ir/TimeZones.h"

#include <map>
#include <set>
#include <vector>

namespace hoist::semantics {

using OrderIndex = uint32_t;
inline constexpr OrderIndex noOrder = ~OrderIndex(0);

/// One copy of a definition in the active jobs file.
struct Order {
    ir::JobId job;
    int32_t day = 0; ///< the order date
    /// The day from which on its times count: a later one where it was ordered for a day that was
    /// over (CTM-006).
    int32_t since = 0;
    OrderIndex folder = noOrder;
    std::vector<OrderIndex> members; ///< of a folder
    uint32_t open = 0;               ///< members that have neither ended nor gone
    enum class State : uint8_t {
        waiting,
        running, ///< of a folder: its members may start
        endedOk,
        endedNotOk,
        removed,
    } state = State::waiting;
    bool isForced = false; ///< ordered without regard to its days: PREV is the day before (CTM-012)
    bool isDummy = false;  ///< not scheduled, ordered as one that does nothing (CTM-092)
    bool isHeld = false, isConfirmed = false;
    bool hasStopped = false; ///< its cycle (DO STOPCYCL)
    bool isClosed = false;   ///< of a folder: an end-folder job has completed (CTM-091)
    bool waitsForUnits = false;

    unsigned runs = 0, failures = 0, reruns = 0;
    unsigned executions = 0; ///< as `runs`, over all runs of its folder
    int64_t startedAt = -1, endedAt = -1;
    int64_t notBefore = -1; ///< the next run of a cycle, or a rerun
    int64_t planned = -1;   ///< cycles from the target: the time that the run was planned for
    size_t nextInterval = 0;
    RunPlan plan;
    bool wasOk = true;    ///< the last run
    int64_t closing = -1; ///< the end of a window that is waited for
    std::string blocker;  ///< what it was last said to wait for
    std::vector<std::pair<llvm::StringRef, int64_t>> units; ///< quantitative resources that it has
    std::vector<ir::LockUse const*> locks;                  ///< that it has
    /// Variables that were set while it was there, by their keys (CTM-100).
    std::map<std::string, std::string> given;
    std::string withoutValue; ///< not empty: why its texts have no value (CTM-104)

    bool isEnded() const { return state == State::endedOk || state == State::endedNotOk; }
    bool isOpen() const { return state == State::waiting || state == State::running; }
};

class Orders {
public:
    Orders(ir::Estate const& model, Scenario const& script, llvm::ArrayRef<ir::WorkflowId> only);
    void begin();
    /// The instant of what comes next; nothing: all has been played.
    std::optional<int64_t> nextAt() const;
    void playNext();
    /// A job of another scheduler has ended, and changes a condition: of the business day that it
    /// is.
    void hear(ir::FactChange const& change, llvm::StringRef by, int64_t at);
    Trace const& soFar() const { return trace; }
    Trace finish();

private:
    using Text = std::string;
    using State = Order::State;
    /// What is in the way of a start; nothing: nothing is.
    struct Blocker {
        llvm::StringRef rule;
        Text text;
    };

    // Loop.cpp
    void step(PlannedEvent const& event);
    void settle();
    void event(OrderIndex index, Status status, llvm::StringRef rule, Text text,
               llvm::StringRef cause = {}, std::optional<int64_t> exitCode = {},
               unsigned attempt = 0);
    void notStarted(ir::JobId job, std::optional<int32_t> day, llvm::StringRef rule, Text text,
                    llvm::StringRef cause = {});
    void alarm(ir::JobId job, Text name);
    void tell(OrderIndex index, Text name, ir::Message const& message);
    void look(OrderIndex index) { changed.insert(index); }
    /// Its folder counts the members that are open.
    void enter(OrderIndex index, State state) {
        Order& order = orders[index];
        bool const wasOpen = order.isOpen();
        order.state = state;
        if (state != State::waiting)
            std::erase(ready, index);
        if (order.folder != noOrder && order.isOpen() != wasOpen)
            wasOpen ? --orders[order.folder].open : ++orders[order.folder].open;
    }
    ir::Job const& jobOf(OrderIndex index) const { return estate.jobs[orders[index].job]; }
    ir::OrderPolicy const& policyOf(ir::JobId job) const {
        return estate.orderPolicies[estate.jobs[job].orders];
    }
    ir::OrderPolicy const& policyOf(OrderIndex index) const { return policyOf(orders[index].job); }
    bool isFolder(OrderIndex index) const { return estate.isGroup(orders[index].job); }

    // NewDay.cpp
    void index();
    void newDay(int32_t day);
    void planUserDailies(int32_t day);
    void userDaily(int32_t day, int16_t minute);
    void orderAt(ir::JobId top, int32_t day, llvm::StringRef why);
    /// What orders of a folder: its jobs, if it is a plain one (CTM-094).
    llvm::ArrayRef<ir::JobId> orderedBy(ir::JobId const& top) const;
    bool isOrderedOn(ir::JobId job, int32_t day);
    /// An order of a job, of a folder with its members; noOrder: it cannot be played.
    OrderIndex order(ir::JobId job, int32_t day, OrderIndex folder, bool isForced, Text why,
                     llvm::StringRef cause);
    void waitForFirstTime(OrderIndex index);
    void orderMembers(OrderIndex folder, bool isForced);
    void orderByHand(llvm::StringRef name, std::optional<int32_t> day, bool isForced, Text why,
                     llvm::StringRef cause);
    bool isPlayable(ir::JobId job, int32_t day);
    void removeOld(int64_t instant);
    void remove(OrderIndex index, llvm::StringRef rule, Text const& text);
    /// The New Day that removes an order; nothing: none does.
    std::optional<int64_t> expiryOf(OrderIndex index) const;

    // Windows.cpp
    ir::TimeZone const& zoneOf(ir::JobId job) const;
    int64_t dayStart(ir::TimeZone const& zone, int32_t day) const;
    int32_t currentDay() const;
    /// The first instant from `from` on at which its times let it start; nothing: none before it is
    /// removed.
    struct Opening {
        int64_t from = 0;
        int64_t to = -1; ///< the last instant; -1: as long as the order is there
    };
    std::optional<Opening> opening(OrderIndex index, int64_t from) const;
    int64_t clock(ir::TimeZone const& zone, int32_t day, int32_t minute) const;
    Text timeText(int64_t instant) const;

    // Conditions.cpp
    /// Nothing: the condition is dropped (CTM-092).
    std::optional<bool> isTrue(OrderIndex index, ir::ExprId condition, unsigned depth) const;
    std::optional<bool> isAtomTrue(OrderIndex index, ir::Atom const& atom, unsigned depth) const;
    struct Dated {
        std::optional<FactDate> date;
        bool isAny = false;
    };
    std::optional<int32_t> dayBeside(OrderIndex index, bool isNext) const;
    Dated dateOf(OrderIndex index, ir::Scope const& scope) const;
    Text describe(OrderIndex index, ir::Atom const& atom) const;
    Text whatIsMissing(OrderIndex index) const;
    void change(OrderIndex index, ir::FactChange const& change);
    void changeFact(llvm::StringRef name, llvm::StringRef server, Dated date, bool adds,
                    llvm::StringRef by);
    /// Members of the folder that would add a condition for the order date, if none was ordered.
    std::vector<ir::JobId> absentProducers(OrderIndex index, ir::Atom const& atom) const;

    // Submission.cpp
    void consider(OrderIndex index);
    std::optional<Blocker> blockerOf(OrderIndex index);
    void blocked(OrderIndex index, Blocker blocker);
    void submit(OrderIndex index);
    RunPlan nextPlan(ir::JobId job);

    // Ends.cpp
    void runEnds(OrderIndex index, unsigned run);
    /// Rules, conditions, the next run or the end (CTM-070…077). `isOk`: before any rule.
    void ended(OrderIndex index, bool isOk, std::optional<int64_t> exitCode, Text how);
    void succeed(OrderIndex index);
    void act(OrderIndex index, ir::EndAction const& action);
    void shout(OrderIndex index, bool isOk);
    // Late.cpp
    template <class Visit>
    void forEachLate(OrderIndex index, Visit visit);
    void await(OrderIndex index, ir::Shout const& shout, ir::LateTest const& test, int64_t at);
    void planLate(OrderIndex index);
    void planOverlong(OrderIndex index);
    void tellShort(OrderIndex index);
    void late(uint32_t due);
    /// When it runs again; nothing: its order has ended.
    std::optional<int64_t> nextRun(OrderIndex index, bool isOk, bool isRerunAsked, Text& why);
    std::optional<int64_t> nextOfCycle(OrderIndex index);
    void waitUntil(OrderIndex index, int64_t instant);
    void force(OrderIndex index, ir::EndAction const& action);

    // Folders.cpp
    void open(OrderIndex folder);
    void reorderMembers(OrderIndex folder);
    void memberEnded(OrderIndex member);
    void closeIfDone(OrderIndex folder);
    void endFolder(OrderIndex folder, OrderIndex by);

    // Resources.cpp
    bool needsUnits(OrderIndex index) const;
    void serve();
    Text shortage(OrderIndex index) const;
    void take(OrderIndex index);
    void giveBack(OrderIndex index, bool isOk, bool isFinal);

    // Variables.cpp
    OrderIndex outermost(OrderIndex index) const;
    std::string const* given(OrderIndex index, llvm::StringRef key) const;
    ir::OrderVariable const* defined(OrderIndex index, llvm::StringRef name) const;
    std::optional<ir::VariableText> lookUp(OrderIndex index, llvm::StringRef name) const;
    ir::ResolvedText resolved(OrderIndex index, llvm::StringRef text, bool isValue) const;
    bool isWithoutValue(OrderIndex index, ir::ResolvedText const& found) const;
    void setVariable(OrderIndex index, llvm::StringRef written, std::string value);
    /// What it sets for others; then why its texts have no value.
    std::optional<Text> prepare(OrderIndex index);
    void setByRule(OrderIndex index, ir::EndAction const& action);

    // Outside.cpp
    void outside(Event const& event);
    void onOrder(Event const& event, OrderIndex index);
    OrderIndex latestOf(ir::JobId job) const;

    ir::Estate const& estate;
    Scenario const& scenario;
    mutable schedule::OrderDates dates;
    ir::SharedVariables shared;
    ir::TimeZone const& site; ///< the server's zone
    Queue queue;
    Trace trace;
    Facts facts;
    int64_t now = 0;

    std::vector<Order> orders;
    std::set<OrderIndex> changed;  ///< to be looked at, in the order of ordering
    std::set<OrderIndex> active;   ///< not removed
    std::vector<OrderIndex> ready; ///< only units or locks are missing
    struct Due {
        OrderIndex order;
        ir::Shout const* shout;
        ir::LateTest test;
        unsigned execution;
    };
    std::vector<Due> dues;

    IdVector<ir::JobId, std::vector<OrderIndex>> ordersOf;
    IdVector<ir::JobId, std::vector<int32_t>> daysOf; ///< order dates within the scenario
    IdVector<ir::JobId, unsigned> starts;             ///< index into the scenario's plans
    IdVector<ir::JobId, uint8_t> isSilent, isTold;
    IdVector<ir::JobId, std::pair<int64_t, unsigned>> ordersThen; ///< of one instant
    llvm::StringMap<std::vector<OrderIndex>> waiters;             ///< by the name of a condition
    llvm::StringMap<std::vector<ir::JobId>> adders;               ///< by the name of a condition
    ir::ForcedOrders forcedOrders;
    std::vector<ir::JobId> tops;

    std::map<std::string, std::string> globals; ///< `%%\\NAME`, `%%\\\\POOL\\NAME`
    llvm::StringMap<int64_t> unitsInUse;
    struct Lock {
        unsigned shared = 0;
        bool isExclusive = false;
    };
    llvm::StringMap<Lock> locks;
};

} // namespace hoist::semantics
