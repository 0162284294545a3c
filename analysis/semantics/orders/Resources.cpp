// Quantitative resources and locks (CTM-080…082): taken all at once when nothing else is missing.
#include "analysis/semantics/orders/Orders.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringSet.h>

#include <fmt/format.h>

#include <algorithm>

namespace hoist::semantics {

namespace {

/// CTM-082: from `AA`, or nothing, up to `99`; letters come before digits.
int rankOf(llvm::StringRef priority) {
    int rank = 0;
    for (size_t i = 0; i < 2; ++i) {
        char const c = i < priority.size() ? priority[i] : 'A';
        int const one = c >= '0' && c <= '9'   ? 26 + (c - '0')
                        : c >= 'A' && c <= 'Z' ? c - 'A'
                        : c >= 'a' && c <= 'z' ? c - 'a'
                                               : 0;
        rank = rank * 36 + one;
    }
    return rank;
}

} // namespace

bool Orders::needsUnits(OrderIndex index) const {
    return !scenario.hasEndlessCapacity && !orders[index].isDummy &&
           (!jobOf(index).resources.empty() || !policyOf(index).locks.empty());
}

/// What is missing; empty: nothing is. Units that it kept after a failure are its own.
Orders::Text Orders::shortage(OrderIndex index) const {
    Order const& order = orders[index];
    for (ir::ResourceUse const& use : jobOf(index).resources) {
        auto const total = estate.settings.quantitativeResources.find(use.name.str());
        if (total == estate.settings.quantitativeResources.end())
            continue; // nobody says how many there are
        int64_t own = 0;
        for (auto const& [name, quantity] : order.units)
            own += name == use.name ? quantity : 0;
        int64_t const taken = unitsInUse.lookup(use.name) - own;
        if (use.quantity > total->second - taken)
            return fmt::format("{} of {}: {} of {} are free", use.quantity, use.name.str(),
                               total->second - taken, total->second);
    }
    for (ir::LockUse const& lock : policyOf(index).locks) {
        Lock const held = locks.lookup(lock.name);
        if (!llvm::is_contained(order.locks, &lock) &&
            (held.isExclusive || (lock.isExclusive && held.shared > 0)))
            return fmt::format("control resource {}", lock.name.str());
    }
    return {};
}

void Orders::take(OrderIndex index) {
    Order& order = orders[index];
    for (auto const& [name, quantity] : order.units)
        unitsInUse[name] -= quantity;
    order.units.clear();
    for (ir::ResourceUse const& use : jobOf(index).resources) {
        unitsInUse[use.name] += use.quantity;
        order.units.push_back({use.name, use.quantity});
    }
    for (ir::LockUse const& lock : policyOf(index).locks) {
        if (llvm::is_contained(order.locks, &lock))
            continue;
        order.locks.push_back(&lock);
        Lock& held = locks[lock.name];
        if (lock.isExclusive)
            held.isExclusive = true;
        else
            ++held.shared;
    }
}

/// After a failure some is kept, until the order is over in one way or the other (CTM-080,
/// CTM-081).
void Orders::giveBack(OrderIndex index, bool isOk, bool isFinal) {
    Order& order = orders[index];
    ir::Job const& job = jobOf(index);
    std::vector<std::pair<llvm::StringRef, int64_t>> kept;
    bool const isRemoved = isOk && isFinal && order.state != State::endedOk;
    for (auto const& unit : order.units) {
        char free = 'A';
        for (ir::ResourceUse const& use : job.resources)
            if (use.name == unit.first)
                free = use.free;
        if (!isOk && free == 'Y')
            kept.push_back(unit);
        else if (free != 'N' || isRemoved)
            unitsInUse[unit.first] -= unit.second;
    }
    order.units = std::move(kept);
    llvm::erase_if(order.locks, [&](ir::LockUse const* lock) {
        if (!isOk && lock->keepsOnFailure)
            return false;
        Lock& held = locks[lock->name];
        if (lock->isExclusive)
            held.isExclusive = false;
        else if (held.shared > 0)
            --held.shared;
        return true;
    });
}

/// Those that wait for nothing else, by priority. A critical one reserves what it needs, so that
/// nobody of a lower priority goes before it (CTM-082).
void Orders::serve() {
    std::vector<OrderIndex> waiting = ready;
    std::stable_sort(waiting.begin(), waiting.end(), [&](OrderIndex a, OrderIndex b) {
        int const left = rankOf(policyOf(a).priority.value);
        int const right = rankOf(policyOf(b).priority.value);
        return left != right ? left > right : a < b;
    });
    llvm::StringSet<> reserved;
    for (OrderIndex const index : waiting) {
        auto const names = [&](auto visit) {
            for (ir::ResourceUse const& use : jobOf(index).resources)
                visit(use.name);
            for (ir::LockUse const& lock : policyOf(index).locks)
                visit(lock.name);
        };
        Text missing = shortage(index);
        names([&](llvm::StringRef name) {
            if (missing.empty() && reserved.contains(name))
                missing = fmt::format("{}, which a critical order has reserved", name.str());
        });
        if (missing.empty()) {
            take(index);
            submit(index);
            continue;
        }
        if (policyOf(index).critical.value)
            names([&](llvm::StringRef name) { reserved.insert(name); });
        Order& order = orders[index];
        if (!order.waitsForUnits) {
            order.waitsForUnits = true;
            event(index, Status::resWait, "CTM-080", "it waits for " + missing);
        }
        blocked(index, {"CTM-080", "it waits for " + missing});
    }
}

} // namespace hoist::semantics
