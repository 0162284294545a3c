// What an order waits for and what it changes: dated facts (CTM-010…019), and what ADJUST_COND does
// to the wait for members that were not ordered (CTM-092).
#include "analysis/semantics/orders/Orders.h"

#include <fmt/format.h>

namespace hoist::semantics {

using Kind = ir::Scope::Kind;

/// CTM-012, of its own order dates. Nothing: there is no such date.
std::optional<int32_t> Orders::dayBeside(OrderIndex index, bool isNext) const {
    Order const& order = orders[index];
    if (order.isForced)
        return order.day + (isNext ? 1 : -1);
    return isNext ? dates.next(order.job, order.day) : dates.previous(order.job, order.day);
}

/// CTM-012. Nothing: there is no such date.
Orders::Dated Orders::dateOf(OrderIndex index, ir::Scope const& scope) const {
    Order const& order = orders[index];
    auto const own = [&](bool isNext) -> std::optional<FactDate> {
        auto const day = dayBeside(index, isNext);
        return day ? std::optional(factDateOf(*day)) : std::nullopt;
    };
    switch (scope.kind) {
    case Kind::previousOrderDate: return {own(false)};
    case Kind::nextOrderDate: return {own(true)};
    case Kind::anyOrderDate: return {std::nullopt, true};
    case Kind::shiftedOrderDate: return {factDateOf(order.day + scope.offset)};
    case Kind::literalDate: return {factDateOfLiteral(scope.offset)};
    case Kind::noDate: return {withoutDate};
    default: return {factDateOf(order.day)};
    }
}

std::optional<bool> Orders::isAtomTrue(OrderIndex index, ir::Atom const& atom,
                                       unsigned depth) const {
    Dated const dated = dateOf(index, atom.scope);
    if ((dated.date || dated.isAny) && facts.has(atom.name, atom.instance, dated.date))
        return true;
    auto const absent = absentProducers(index, atom);
    if (absent.empty())
        return false;
    if (policyOf(orders[index].folder).adjust == ir::OrderPolicy::Adjust::drop)
        return std::nullopt;
    // CTM-092, bridge: what would have added it waited for something itself.
    std::optional<bool> bridged;
    for (ir::JobId const producer : absent) {
        ir::ConditionRef const& condition = estate.jobs[producer].condition;
        auto const value = condition && depth < 64 ? isTrue(index, condition.expr, depth + 1)
                                                   : std::optional<bool>();
        if (!value)
            return std::nullopt;
        bridged = bridged.value_or(false) || *value;
    }
    return bridged;
}

std::optional<bool> Orders::isTrue(OrderIndex index, ir::ExprId condition, unsigned depth) const {
    ir::Expr const& expr = estate.conditions[condition];
    switch (expr.kind) {
    case ir::Expr::Kind::constant: return expr.value;
    case ir::Expr::Kind::atom: return isAtomTrue(index, estate.conditions.atomOf(condition), depth);
    case ir::Expr::Kind::negation: {
        auto const inner = isTrue(index, estate.conditions.operands(condition)[0], depth);
        return inner ? std::optional(!*inner) : inner;
    }
    case ir::Expr::Kind::all:
    case ir::Expr::Kind::any: {
        bool const isAny = expr.kind == ir::Expr::Kind::any;
        std::optional<bool> result;
        for (ir::ExprId const operand : estate.conditions.operands(condition))
            if (auto const value = isTrue(index, operand, depth)) {
                if (*value == isAny)
                    return value;
                result = value;
            }
        return result;
    }
    }
    return false;
}

std::vector<ir::JobId> Orders::absentProducers(OrderIndex index, ir::Atom const& atom) const {
    using Adjust = ir::OrderPolicy::Adjust;
    OrderIndex const folder = orders[index].folder;
    if (folder == noOrder || atom.scope.kind != Kind::sameCycle)
        return {};
    Adjust const adjust = policyOf(folder).adjust;
    if (adjust != Adjust::drop && adjust != Adjust::bridge)
        return {};
    std::vector<ir::JobId> absent;
    auto const known = adders.find(atom.name);
    if (known == adders.end())
        return {};
    for (ir::JobId const producer : known->second) {
        if (estate.jobs[producer].box != orders[folder].job || producer == orders[index].job)
            continue;
        if (llvm::any_of(orders[folder].members,
                         [&](OrderIndex member) { return orders[member].job == producer; }))
            return {};
        absent.push_back(producer);
    }
    return absent;
}

Orders::Text Orders::describe(OrderIndex index, ir::Atom const& atom) const {
    Dated const dated = dateOf(index, atom.scope);
    if (dated.isAny)
        return fmt::format("{} of any date", atom.name.str());
    return dated.date ? fmt::format("{} {}", atom.name.str(), factDateText(*dated.date))
                      : fmt::format("{} of an order date that there is not", atom.name.str());
}

Orders::Text Orders::whatIsMissing(OrderIndex index) const {
    Text text;
    unsigned count = 0;
    estate.conditions.forEachAtom(jobOf(index).condition.expr, [&](ir::AtomId id) {
        ir::Atom const& atom = estate.conditions[id];
        if (isAtomTrue(index, atom, 0).value_or(true))
            return;
        if (++count <= 3)
            text += (text.empty() ? "" : ", ") + describe(index, atom);
    });
    return count > 3 ? text + fmt::format(" and {} more", count - 3) : text;
}

void Orders::change(OrderIndex index, ir::FactChange const& change) {
    Dated const dated = dateOf(index, change.date);
    if (!dated.date && !dated.isAny)
        return notStarted(
            orders[index].job, orders[index].day, "CTM-012",
            fmt::format("{} is not changed: the order date that is meant does not exist",
                        change.name.str()));
    changeFact(change.name, change.server, dated, change.adds, jobOf(index).name);
}

void Orders::changeFact(llvm::StringRef name, llvm::StringRef server, Dated date, bool adds,
                        llvm::StringRef by) {
    bool const isNew = adds ? facts.add(name, server, date.date.value_or(withoutDate))
                            : facts.remove(name, server, date.date);
    if (!isNew)
        return;
    trace.facts.push_back(
        {now, name.str(), date.isAny ? "****" : factDateText(*date.date), adds, by.str()});
    if (auto const it = waiters.find(name); it != waiters.end()) {
        llvm::erase_if(it->second,
                       [&](OrderIndex index) { return orders[index].state == State::removed; });
        for (OrderIndex const index : it->second)
            look(index);
    }
}

} // namespace hoist::semantics
