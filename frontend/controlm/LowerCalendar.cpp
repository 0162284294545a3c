// Calendars of a DEFCAL export: a letter for each day of a year.
#include "frontend/controlm/Lower.h"

#include "frontend/controlm/Values.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>

namespace hoist::controlm {

using namespace ir;
using diag::Code;
using diag::Fidelity;

void Lowering::calendar(Node& node) {
    Field const* const name = node.find(Attr::calendar_NAME);
    enter(node, {}, name ? name->value : node.row->keyword);
    for (Node& child : node.children)
        enter(child, {}, name ? name->value : node.row->keyword);
    if (!name) {
        diags.report<Code::MissingControlmName>(node.nameSpan, node.row->keyword,
                                                llvm::StringRef("NAME"));
        return settleAll(node, Fidelity::refused, "no name");
    }
    llvm::StringRef const server = node.value(Attr::calendar_DATACENTER);
    std::string const full = (server + "/" + name->value).str();
    auto const know = [&](CalendarId id) { // the first definition counts
        calendars.try_emplace(full, id);
        calendarNames.try_emplace(name->value, id);
    };

    llvm::StringRef const type = node.value(Attr::calendar_TYPE);
    Calendar result;
    result.name = estate.save(server.empty() ? name->value : llvm::StringRef(full));
    result.nameSpan = name->span;
    result.origin = node.span;
    result.statement = node.construct;
    for (Field const& field : node.fields)
        result.constructs.push_back(field.construct);
    if (!type.empty() && !type.equals_insensitive("Regular")) {
        diags.report<Code::CalendarNotTranslated>(node.nameSpan, name->value, type)
            .object(name->value);
        settleAll(node, Fidelity::refused, "not translated yet");
        result.refused = true;
        return know(estate.calendars.add(std::move(result)));
    }
    for (Node const& child : node.children) {
        result.constructs.push_back(child.construct);
        for (Field const& field : child.fields)
            result.constructs.push_back(field.construct);
        Field const* const days = child.find(Attr::year_DAYS);
        auto const year = readNumber(child.value(Attr::year_NAME));
        if (!days || !year)
            continue;
        auto const first = toDayNumber({static_cast<int32_t>(*year), 1, 1});
        auto const count = toDayNumber({static_cast<int32_t>(*year) + 1, 1, 1}) - first;
        size_t const bad = days->value.find_first_not_of("YNyn");
        if (bad != llvm::StringRef::npos || days->value.size() != static_cast<size_t>(count)) {
            diags
                .report<Code::BadCalendarYear>(days->span, name->value, *year, count,
                                               days->value.size())
                .object(name->value);
            estate.constructs.settle(days->construct, Fidelity::refused, "bad value");
            result.refused = true;
            continue;
        }
        for (int32_t day = 0; day < count; ++day)
            if (llvm::toLower(days->value[static_cast<size_t>(day)]) == 'y')
                result.rows.push_back({fromDayNumber(first + day), -1});
    }
    std::sort(result.rows.begin(), result.rows.end());
    result.rows.erase(std::unique(result.rows.begin(), result.rows.end()), result.rows.end());
    know(estate.calendars.add(std::move(result)));
}

/// A rule-based calendar of the server.
void Lowering::rule(Node& node) {
    Field const* const name = node.find(Attr::rule_NAME);
    enter(node, {}, name ? name->value : node.row->keyword);
    if (name) {
        globalRules.try_emplace(name->value, readRule(node, node.value(Attr::calendar_DATACENTER)));
        calendarUses(node, name->value, {});
        diags
            .report<Code::CalendarNotTranslated>(node.nameSpan, name->value,
                                                 llvm::StringRef("rule-based"))
            .object(name->value);
    } else {
        diags.report<Code::MissingControlmName>(node.nameSpan, node.row->keyword,
                                                llvm::StringRef("NAME"));
    }
    settleAll(node, Fidelity::refused, "not translated yet");
}

} // namespace hoist::controlm
