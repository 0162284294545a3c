// Date-condition rules: frontend/ir/CalendarRule against grammar/CalendarRule.g4.
#include "frontend/ir/CalendarRule.h"
#include "grammar/CalendarRules.h"
#include "tests/grammar/Differential.h"

#include <llvm/ADT/StringRef.h>

#include <fmt/format.h>

namespace hoist::test {

using grammar::CalendarRule;

namespace {

int placeIn(llvm::StringRef names, llvm::StringRef name) {
    return static_cast<int>(names.find(name) / 3);
}
int weekday(llvm::StringRef name) { return placeIn("SUNMONTUEWEDTHUFRISAT", name); }
int month(llvm::StringRef name) { return placeIn("JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", name); }

/// A keyword taken apart (JIL-157), as ir::CalendarRule::structure() writes it.
std::string keywordOf(CalendarRule const& rule, std::string_view bytes) {
    std::string const upper = llvm::StringRef(rule.keyword.in(bytes)).upper();
    llvm::StringRef word = upper;
    llvm::StringRef const kind = rule.kind;
    auto const print = [&](bool isNegated, llvm::StringRef family, std::string const& inner) {
        return fmt::format("{}{}({})", isNegated != rule.isNegated ? "!" : "",
                           std::string_view(family), inner);
    };
    if (kind == "DAILY" || kind == "WORKDAYS" || kind == "WEEKDAYS" || kind == "CYCLE")
        return print(false, kind.lower(), "");
    if (kind == "WEEKDAY")
        return print(false, "weekday", fmt::format("@{}", weekday(word)));
    if (kind == "MONTH")
        return print(false, "month", fmt::format("@{}", month(word)));

    bool isNegated = word.consume_front("X");
    if (kind == "END_OF_MONTH") {
        llvm::StringRef const family = word.ends_with("WORK")   ? "workdayOfMonth"
                                       : word.ends_with("WEEK") ? "mondayFridayOfMonth"
                                                                : "dayOfMonth";
        return print(isNegated, family, word.starts_with("E") ? "end 1" : "1");
    }
    size_t const at = word.find_last_of("#MX");
    llvm::StringRef const stem = word.take_front(at), ordinal = word.drop_front(at + 1);
    isNegated |= word[at] == 'X';
    std::string inner = word[at] == 'M' || ordinal == "L" ? "end " : "";
    if (ordinal == "E" || ordinal == "O")
        inner += ordinal == "E" ? "-2" : "-1";
    else
        inner += ordinal == "L" ? std::string("1") : ordinal.ltrim('0').str();
    llvm::StringRef family;
    if (kind == "WORKDAY_OF_MONTH")
        family = "workdayOfMonth";
    else if (kind == "DAY_OF_WEEK")
        family = "dayOfWeek";
    else if (kind == "WEEK_OF_YEAR")
        family = "weekOfYear";
    else if (kind == "DAY_OF_MONTH")
        family = "dayOfMonth";
    else if (kind == "DAY_OF_PERIOD")
        family = "dayOfPeriod";
    else if (kind == "PERIOD")
        family = "period";
    else if (kind == "WEEK_OF_PERIOD")
        family = "weekOfPeriod";
    else if (kind == "WORKDAY_OF_PERIOD")
        family = "workdayOfPeriod";
    else if (kind == "ANCHORED_WEEK") {
        family = "weekOfYear";
        llvm::StringRef const anchor = stem.drop_front(4); // 1 is Monday, 7 Sunday
        inner += fmt::format("@{}", anchor.size() == 1 ? (anchor[0] - '0') % 7 : weekday(anchor));
    } else if (kind == "WEEKDAY_OF_MONTH") {
        family = "weekdayOfMonth";
        inner += fmt::format("@{}", weekday(stem));
    } else if (kind == "DAY_OF_NAMED_MONTH") {
        family = "dayOfNamedMonth";
        inner += fmt::format("@{}", month(stem));
    } else if (kind == "WEEKDAY_OF_PERIOD") {
        family = "weekdayOfPeriod";
        inner += fmt::format("@{}", weekday(stem.drop_front(1)));
    }
    return print(isNegated, family, inner);
}

std::string structureOf(CalendarRule const& rule, std::string_view bytes) {
    if (!rule.kind.empty())
        return keywordOf(rule, bytes);
    if (rule.parts.empty())
        return {};
    std::string out = rule.isNegated ? "!(" : "(";
    for (CalendarRule::Part const& part : rule.parts) {
        if (part.operation != ' ')
            out += part.operation == '&' ? " & " : " | "; // a comma unites
        out += structureOf(part.rule, bytes);
    }
    return out + ')';
}

} // namespace

std::string calendarRulesDiffer(std::string_view text) {
    ir::RuleError problem;
    auto const parsed = ir::CalendarRule::parse(text, problem);
    if (!parsed && llvm::StringRef(problem.message).contains("nests deeper"))
        return {};
    auto const result = grammar::parseCalendarRule(text);
    if (auto const* error = std::get_if<grammar::SyntaxError>(&result)) {
        if (parsed)
            return fmt::format("the parser accepts; the grammar wants {} at {}", error->expected,
                               error->where.begin);
        if (problem.offset != error->where.begin)
            return fmt::format("the grammar wants {} at {}; the parser says at {}: {}",
                               error->expected, error->where.begin, problem.offset,
                               problem.message);
        return {};
    }
    if (!parsed)
        return "the grammar accepts; the parser: " + problem.message;
    std::string const wanted = structureOf(std::get<CalendarRule>(result), text);
    if (wanted != parsed->structure())
        return fmt::format("the grammar reads {}\nthe parser reads {}", wanted,
                           parsed->structure());
    // What the canonical text promises: it parses to the same rule.
    auto const again = ir::CalendarRule::parse(parsed->canonical(), problem);
    if (!again || again->structure() != wanted || again->canonical() != parsed->canonical())
        return fmt::format("the canonical text `{}` is another rule",
                           std::string_view(parsed->canonical()));
    return {};
}

} // namespace hoist::test
