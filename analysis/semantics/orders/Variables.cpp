// Variables (CTM-093, CTM-100…104): what texts become when an order is submitted, and what rules of
// its end set. Only what may have no value decides anything here; what a command does with a value
// is the scenario's.
#include "analysis/semantics/orders/Orders.h"

#include <fmt/format.h>

namespace hoist::semantics {

using Owner = ir::VariableName::Owner;

/// What hoist has no value of stays as it is written.
static std::string textOf(ir::ResolvedText const& value, llvm::StringRef written) {
    return value.problem.empty() ? value.text : written.str();
}

OrderIndex Orders::outermost(OrderIndex index) const {
    while (orders[index].folder != noOrder)
        index = orders[index].folder;
    return index;
}

std::string const* Orders::given(OrderIndex index, llvm::StringRef key) const {
    auto const it = orders[index].given.find(key.str());
    return it == orders[index].given.end() ? nullptr : &it->second;
}

/// A statement of its definition.
ir::OrderVariable const* Orders::defined(OrderIndex index, llvm::StringRef name) const {
    for (ir::OrderVariable const& variable : policyOf(index).variables)
        if (ir::plainName(variable) == name)
            return &variable;
    return nullptr;
}

/// The narrowest scope counts (CTM-093).
std::optional<ir::VariableText> Orders::lookUp(OrderIndex index, llvm::StringRef name) const {
    auto const final = [](std::string const& text) { return ir::VariableText{text, true}; };
    auto const ofServer = [&](std::string const& key) -> std::optional<ir::VariableText> {
        auto const it = globals.find(key);
        return it == globals.end() ? std::nullopt : std::optional(final(it->second));
    };
    if (name.starts_with("\\")) {
        auto const read = ir::readVariableName(name);
        if (!read || read->owner == Owner::global)
            return ofServer("%%" + name.str());
        OrderIndex const top = outermost(index);
        if (std::string const* set = given(top, read->key))
            return final(*set);
        if (ir::OrderVariable const* statement = defined(top, read->name))
            return ir::VariableText{statement->value.str(), false};
        return std::nullopt;
    }
    for (OrderIndex at = index; at != noOrder; at = orders[at].folder) {
        for (std::string const& key : {"%%" + name.str(), "%%\\\\" + name.str()})
            if (std::string const* set = given(at, key))
                return final(*set);
        if (ir::OrderVariable const* statement = defined(at, name))
            return ir::VariableText{statement->value.str(), false};
    }
    ir::Job const& job = jobOf(index);
    if (name == "JOBNAME")
        return final(job.name.substr(job.name.rfind('/') + 1).str());
    if (name == "APPLIC")
        return final(job.application.value.str());
    if (name == "GROUP")
        return final(job.label.value.str());
    return ir::isSystemVariable(name) ? std::nullopt : ofServer("%%\\" + name.str());
}

ir::ResolvedText Orders::resolved(OrderIndex index, llvm::StringRef text, bool isValue) const {
    Order const& order = orders[index];
    ir::TextMoment moment;
    moment.orderDate = order.day;
    moment.workingDay = currentDay();
    moment.local = now + site.offsetAt(now);
    moment.runs = std::max(1U, order.runs);
    moment.orderId = ir::orderIdText(index + 1);
    auto const lookup = [&](llvm::StringRef name) { return lookUp(index, name); };
    return isValue ? ir::resolveValue(text, moment, lookup) : ir::resolveText(text, moment, lookup);
}

/// Does the job end NOTOK for it (CTM-104)? Not where hoist does not know the name, or what the
/// text means: such a job is refused.
bool Orders::isWithoutValue(OrderIndex index, ir::ResolvedText const& found) const {
    if (found.problem.empty() || found.isUnclear)
        return false;
    llvm::StringRef const name = found.undefinedName;
    return name.empty() || name.starts_with("\\") || shared.isGlobal(name) ||
           shared.isOfFolder(jobOf(index).workflow, name) || ir::setsItself(policyOf(index), name);
}

void Orders::setVariable(OrderIndex index, llvm::StringRef written, std::string value) {
    auto const name = ir::readVariableName(written);
    if (!name)
        return;
    OrderIndex const of = name->owner == Owner::folder ? outermost(index) : index;
    VariableEvent made;
    made.at = now;
    made.name = name->key;
    made.value = value;
    if (name->owner != Owner::global) {
        made.job = jobOf(of).name.str();
        made.orderDate = orders[of].day;
    }
    trace.variables.push_back(std::move(made));
    if (name->owner == Owner::global)
        globals[name->key] = std::move(value);
    else
        orders[of].given[name->key] = std::move(value);
}

std::optional<Orders::Text> Orders::prepare(OrderIndex index) {
    for (ir::OrderVariable const& variable : policyOf(index).variables) {
        if (!ir::isSetAtSubmission(variable))
            continue;
        ir::ResolvedText const value = resolved(index, variable.value, true);
        if (isWithoutValue(index, value))
            return value.problem; // those in front of it stay set
        setVariable(index, variable.name, textOf(value, variable.value));
    }
    for (llvm::StringRef const text : ir::submittedTexts(jobOf(index)))
        if (ir::ResolvedText const made = resolved(index, text, false); isWithoutValue(index, made))
            return made.problem;
    return std::nullopt;
}

void Orders::setByRule(OrderIndex index, ir::EndAction const& action) {
    ir::ResolvedText const value = resolved(index, action.text, true);
    if (isWithoutValue(index, value))
        return alarm(orders[index].job, "VARIABLENOTSET");
    setVariable(index, action.name, textOf(value, action.text));
}

} // namespace hoist::semantics
