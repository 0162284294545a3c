// Calendars in autocal text (§9.3): date lists, rules, cycles. Rules are canonicalised here and
// evaluated elsewhere.
#include "frontend/ir/CalendarRule.h"
#include "frontend/jil/Lower.h"
#include "frontend/jil/Values.h"

#include <algorithm>

namespace hoist::jil {

using namespace ir;
using diag::Code;
using diag::Fidelity;

static Calendar started(Definition const& definition, Estate const& estate, Calendar::Kind kind) {
    Calendar calendar;
    calendar.kind = kind;
    calendar.name = definition.name;
    calendar.nameSpan = definition.nameSpan;
    calendar.statement = definition.statement;
    calendar.origin = estate.constructs.span(definition.statement);
    calendar.refused = definition.isRefused;
    return calendar;
}

void Lowering::calendar(Definition const& definition) {
    Calendar calendar = started(definition, estate, Calendar::Kind::standard);
    for (Entry const& entry : definition.entries) {
        calendar.constructs.push_back(entry.construct);
        llvm::StringRef const value = text(entry, definition.name);
        if (entry.row->id == Attr::calendar_description) {
            calendar.description = value;
            settle(entry, Fidelity::exact, "documentation");
            continue;
        }
        if (entry.row->id != Attr::row) {
            unknown(entry, "a calendar", definition);
            continue;
        }
        auto const items = listItems(value);
        auto const date = items.empty() ? std::nullopt : readDate(items.front());
        // Seconds, where they are given, say nothing that a start time can say.
        auto const time =
            items.size() == 2
                ? readTime(items[1].take_front(items[1].count(':') == 2 ? items[1].rfind(':')
                                                                        : items[1].size()))
                : std::nullopt;
        if (!date || items.size() > 2 || (items.size() == 2 && !time)) {
            diags.report<Code::BadCalendarRow>(entry.where, value)
                .object(definition.name)
                .evidence(value);
            settle(entry, Fidelity::refused, "no date");
            calendar.refused = true;
            continue;
        }
        int16_t const minute = time.value_or(0); // value_or: g++ 12 warns about `*time` at -O2
        calendar.rows.push_back({*date, minute > 0 ? minute : static_cast<int16_t>(-1)}); // JIL-146
    }
    std::sort(calendar.rows.begin(), calendar.rows.end());
    calendar.rows.erase(std::unique(calendar.rows.begin(), calendar.rows.end()),
                        calendar.rows.end());
    estate.calendars.add(std::move(calendar));
}

static std::optional<Disposition> readDisposition(llvm::StringRef text) {
    if (text.size() != 1)
        return std::nullopt;
    switch (llvm::toUpper(text.front())) {
    case 'O': return Disposition::only;
    case 'S': return Disposition::same;
    case 'N': return Disposition::next;
    case 'W': return Disposition::forward;
    case 'P': return Disposition::backward;
    default: return std::nullopt;
    }
}

/// Days as a list, or seven of `X` and `.` from Monday to Sunday (the default Mo-Fr is `XXXXX..`).
static std::optional<uint8_t> readWorkdays(llvm::StringRef value) {
    std::string compact;
    for (char c : value)
        if (c != ' ' && c != '\t' && c != '"')
            compact += llvm::toUpper(c);
    if (compact.size() == 7 && compact.find_first_not_of("X.") == std::string::npos) {
        uint8_t days = 0;
        for (unsigned i = 0; i < 7; ++i)
            if (compact[i] == 'X')
                days |= static_cast<uint8_t>(1u << ((i + 1) % 7));
        return days;
    }
    uint8_t days = 0;
    for (llvm::StringRef const item : listItems(value)) {
        auto const day = readWeekday(item);
        if (!day)
            return std::nullopt;
        days |= *day;
    }
    return days;
}

/// The rule in its canonical form; reported and refused if it is none.
std::optional<std::string> Lowering::readRule(Entry const& entry, llvm::StringRef value,
                                              Definition const& definition) {
    RuleError error;
    if (auto const rule = CalendarRule::parse(value, error))
        return rule->canonical().str();
    size_t const from = std::min<size_t>(error.offset, value.size());
    llvm::StringRef const token = value.substr(from).take_until(
        [](char c) { return llvm::StringRef(" \t\r\n,&|(){}").contains(c); });
    diags.report<Code::BadCalendarRule>(partSpan(entry, token), error.message)
        .object(definition.name)
        .evidence(token)
        .note("AutoSys rejects the calendar, so it would keep its old dates");
    settle(entry, Fidelity::refused, "bad value");
    return std::nullopt;
}

void Lowering::extendedCalendar(Definition const& definition) {
    Calendar calendar = started(definition, estate, Calendar::Kind::extended);
    llvm::SmallVector<std::string, 1> rules;
    for (Entry const& entry : definition.entries) {
        calendar.constructs.push_back(entry.construct);
        llvm::StringRef const value = text(entry, definition.name);
        auto const bad = [&](llvm::StringRef wanted) {
            badValue(entry, value, wanted, definition.name);
            calendar.refused = true;
        };
        switch (entry.row->id) {
        case Attr::extendedCalendar_description:
            calendar.description = value;
            settle(entry, Fidelity::exact, "documentation");
            break;
        case Attr::extendedCalendar_workday: {
            auto const days = readWorkdays(value);
            days ? void(calendar.workdays = *days)
                 : bad("days such as `mo,tu,we,th,fr`, or seven of `X` and `.` from Monday");
            break;
        }
        case Attr::extendedCalendar_non_workday:
        case Attr::extendedCalendar_holiday: {
            auto const disposition = readDisposition(value);
            if (!disposition)
                bad("one of `O`, `S`, `N`, `W`, `P`");
            else
                (entry.row->id == Attr::extendedCalendar_holiday ? calendar.holiday
                                                                 : calendar.nonWorkday) =
                    *disposition;
            break;
        }
        case Attr::extendedCalendar_holcal:
            calendar.holidayCalendar.set(value, entry.construct);
            break;
        case Attr::extendedCalendar_cyccal: calendar.cycleName.set(value, entry.construct); break;
        case Attr::extendedCalendar_adjust: {
            auto const days = readInteger(value);
            days && *days >= -9 && *days <= 9 ? void(calendar.adjust = static_cast<int32_t>(*days))
                                              : bad("days from -9 to 9");
            break;
        }
        case Attr::extendedCalendar_condition:
            if (auto const rule = readRule(entry, value, definition))
                rules.push_back(*rule);
            else
                calendar.refused = true;
            calendar.ruleSpan =
                calendar.ruleSpan.isValid() ? calendar.ruleSpan.to(entry.where) : entry.where;
            break;
        default: unknown(entry, "an extended calendar", definition);
        }
    }
    // Rules of several lines unite, as a comma does (JIL-157).
    std::string const joined = llvm::join(rules, ", ");
    calendar.rule = estate.save(joined);
    estate.calendars.add(std::move(calendar));
}

/// JIL-159: pairs of start_date and end_date.
void Lowering::cycle(Definition const& definition) {
    Calendar calendar = started(definition, estate, Calendar::Kind::cycle);
    Entry const* open = nullptr;
    std::optional<Date> from;
    auto const incomplete = [&](Entry const& entry, llvm::StringRef missing) {
        diags
            .report<Code::CycleWithoutEnd>(estate.constructs.span(entry.construct), definition.name,
                                           missing)
            .object(definition.name);
        settle(entry, Fidelity::refused, "half a period");
        calendar.refused = true;
    };
    for (Entry const& entry : definition.entries) {
        calendar.constructs.push_back(entry.construct);
        llvm::StringRef const value = text(entry, definition.name);
        if (entry.row->id == Attr::cycle_description) {
            calendar.description = value;
            settle(entry, Fidelity::exact, "documentation");
            continue;
        }
        if (entry.row->id != Attr::cycle_start_date && entry.row->id != Attr::cycle_end_date) {
            unknown(entry, "a cycle", definition);
            continue;
        }
        auto const date = readDate(value);
        if (!date) {
            badValue(entry, value, "a date `mm/dd/yyyy`", definition.name);
            calendar.refused = true;
        }
        if (entry.row->id == Attr::cycle_start_date) {
            if (open)
                incomplete(*open, "end_date");
            open = &entry;
            from = date;
        } else if (!open) {
            incomplete(entry, "start_date");
        } else {
            if (from && date && *date < *from) {
                badValue(entry, value, "a date not before `start_date`", definition.name);
                calendar.refused = true;
            } else if (from && date) {
                calendar.periods.push_back({*from, *date});
            }
            open = nullptr;
        }
    }
    if (open)
        incomplete(*open, "end_date");
    estate.calendars.add(std::move(calendar));
}

} // namespace hoist::jil
