// Parses date-condition rules and evaluates them; the readings that are pinned stand in the header.
#include "frontend/ir/CalendarRule.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>

namespace hoist::ir {

bool CalendarFacts::isHoliday(int32_t day) const {
    return std::binary_search(holidays.begin(), holidays.end(), day);
}

namespace {

constexpr int maxDepth = 100;
constexpr std::array<llvm::StringRef, 7> weekdayNames = {"SUN", "MON", "TUE", "WED",
                                                         "THU", "FRI", "SAT"};
constexpr std::array<llvm::StringRef, 12> monthNames = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};

template <size_t n>
int indexOf(std::array<llvm::StringRef, n> const& names, llvm::StringRef name) {
    auto const found = llvm::find(names, name);
    return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

/// The families of keywords; `index` of a token is a weekday, a month or a week's anchor.
enum class Family : uint8_t {
    daily,
    workdays,
    weekdays,
    cycle, // no ordinal
    weekday,
    month, // MON, JAN
    workdayOfMonth,
    weekdayOfMonth,
    dayOfMonth,          // nth of each month
    mondayFridayOfMonth, // FOMWEEK, EOMWEEK
    dayOfNamedMonth,     // JAN#nn
    dayOfWeek,
    weekOfYear,
    dayOfPeriod,
    period,
    weekOfPeriod,
    workdayOfPeriod,
    weekdayOfPeriod,
};

struct Keyword {
    Family family = Family::daily;
    int number = 0; ///< 0: none; evenWeeks, oddWeeks
    bool fromEnd = false;
    int index = -1;
};
constexpr int evenWeeks = -2, oddWeeks = -1;

/// The masks of one year.
struct Year {
    Year(int32_t number, CalendarFacts const& known)
        : facts(known), first(toDayNumber({number, 1, 1})),
          length(toDayNumber({number + 1, 1, 1}) - first) {
        for (int month = 0; month < 12; ++month)
            starts[static_cast<size_t>(month)] =
                toDayNumber({number, static_cast<uint8_t>(month + 1), 1}) - first;
        starts[12] = length;
    }

    template <class Keep>
    YearDays where(Keep keep) const {
        YearDays days;
        for (int i = 0; i < length; ++i)
            days[static_cast<size_t>(i)] = keep(first + i);
        return days;
    }
    void set(YearDays& days, int32_t begin, int32_t end) const { // day numbers, half open
        for (int32_t day = std::max(begin, first); day < std::min(end, first + length); ++day)
            days.set(static_cast<size_t>(day - first));
    }
    bool isWorkday(int32_t day) const { return facts.isWorkweekday(day) && !facts.isHoliday(day); }
    bool isMondayToFriday(int32_t day) const {
        return weekdayOf(day) != 0 && weekdayOf(day) != 6 && !facts.isHoliday(day);
    }

    CalendarFacts const& facts;
    int32_t first;
    int32_t length;
    std::array<int32_t, 13> starts{};
};

/// The nth of the days in [begin, end) that `keep` accepts; -1 when there are fewer.
template <class Keep>
int32_t nth(int32_t begin, int32_t end, Keyword const& word, Keep keep) {
    int left = word.number;
    for (int32_t i = 0; i < end - begin; ++i) {
        int32_t const day = word.fromEnd ? end - 1 - i : begin + i;
        if (keep(day) && --left == 0)
            return day;
    }
    return -1;
}

template <class Keep>
YearDays nthOfMonths(Year const& year, Keyword const& word, Keep keep) {
    YearDays days;
    for (size_t month = 0; month < 12; ++month) {
        int32_t const day =
            nth(year.first + year.starts[month], year.first + year.starts[month + 1], word, keep);
        if (day >= year.first)
            days.set(static_cast<size_t>(day - year.first));
    }
    return days;
}

template <class Keep>
YearDays nthOfPeriods(Year const& year, Keyword const& word, Keep keep) {
    YearDays days;
    for (auto const& [begin, last] : year.facts.periods) {
        if (last < year.first || begin >= year.first + year.length)
            continue;
        int32_t const day = nth(begin, last + 1, word, keep);
        if (day >= begin)
            year.set(days, day, day + 1);
    }
    return days;
}

/// Blocks of seven days in [begin, end): the nth, or every second; the last may be short.
void addWeeks(Year const& year, Keyword const& word, int32_t begin, int32_t end, YearDays& days) {
    int const weeks = (end - 1 - begin) / 7 + 1;
    for (int week = 1; week <= weeks; ++week) {
        bool const hit = word.number == evenWeeks ? week % 2 == 0
                         : word.number == oddWeeks
                             ? week % 2 == 1
                             : week == (word.fromEnd ? weeks + 1 - word.number : word.number);
        if (hit)
            year.set(days, begin + 7 * (week - 1), std::min(begin + 7 * week, end));
    }
}

YearDays weeksOfYear(Year const& year, Keyword const& word) {
    YearDays days;
    int32_t const start =
        word.index < 0 ? year.first : year.first + (word.index - weekdayOf(year.first) + 7) % 7;
    addWeeks(year, word, start, year.first + year.length, days);
    return days;
}

YearDays daysOf(Keyword const& word, Year const& year) {
    auto const all = [](int32_t) { return true; };
    auto const workday = [&](int32_t day) { return year.isWorkday(day); };
    auto const mondayToFriday = [&](int32_t day) { return year.isMondayToFriday(day); };
    auto const onWeekday = [&](int32_t day) { return weekdayOf(day) == word.index; };
    YearDays days;
    switch (word.family) {
    case Family::daily: return year.where(all);
    case Family::workdays: return year.where(workday);
    case Family::weekdays: return year.where(mondayToFriday);
    case Family::weekday: return year.where(onWeekday);
    case Family::month: {
        auto const month = static_cast<size_t>(word.index);
        year.set(days, year.first + year.starts[month], year.first + year.starts[month + 1]);
        return days;
    }
    case Family::workdayOfMonth: return nthOfMonths(year, word, workday);
    case Family::mondayFridayOfMonth: return nthOfMonths(year, word, mondayToFriday);
    case Family::weekdayOfMonth: return nthOfMonths(year, word, onWeekday);
    case Family::dayOfMonth: return nthOfMonths(year, word, all);
    case Family::dayOfNamedMonth: {
        auto const month = static_cast<size_t>(word.index);
        int32_t const day =
            nth(year.first + year.starts[month], year.first + year.starts[month + 1], word, all);
        if (day >= year.first)
            days.set(static_cast<size_t>(day - year.first));
        return days;
    }
    case Family::dayOfWeek: {
        int const position = word.fromEnd ? 7 - word.number : word.number - 1;
        return year.where([&](int32_t day) { return (day - year.first) % 7 == position; });
    }
    case Family::weekOfYear: return weeksOfYear(year, word);
    case Family::cycle:
        for (auto const& [begin, last] : year.facts.periods)
            year.set(days, begin, last + 1);
        return days;
    case Family::period: {
        auto const count = static_cast<int>(year.facts.periods.size());
        if (int const at = word.fromEnd ? count - word.number : word.number - 1;
            at >= 0 && at < count)
            year.set(days, year.facts.periods[static_cast<size_t>(at)].first,
                     year.facts.periods[static_cast<size_t>(at)].second + 1);
        return days;
    }
    case Family::weekOfPeriod:
        for (auto const& [begin, last] : year.facts.periods)
            addWeeks(year, word, begin, last + 1, days);
        return days;
    case Family::dayOfPeriod: return nthOfPeriods(year, word, all);
    case Family::workdayOfPeriod: return nthOfPeriods(year, word, workday);
    case Family::weekdayOfPeriod: return nthOfPeriods(year, word, onWeekday);
    }
    return days;
}

/// What a part of a rule says; without `inclusive` it only takes days away.
struct Value {
    bool inclusive = false;
    YearDays include, exclude;
};

/// How a keyword without its ordinal is spelt, which markers it takes, and its greatest number.
struct Ordinal {
    llvm::StringRef stem;
    Family family;
    llvm::StringRef markers; ///< of `#`, `M`, `X`
    int most;
    bool parity = false; ///< also #E and #O
};
constexpr std::array ordinals = std::to_array<Ordinal>({
    {"WORKD", Family::workdayOfMonth, "#M", 31},
    {"WEEKD", Family::dayOfWeek, "#MX", 7},
    {"WEEK", Family::weekOfYear, "#MX", 53, true},
    {"MNTHD", Family::dayOfMonth, "#MX", 31},
    {"CYCL", Family::dayOfPeriod, "#MX", 365},
    {"CYCP", Family::period, "#", 30},
    {"CWEEK", Family::weekOfPeriod, "#MX", 53, true},
    {"CWRK", Family::workdayOfPeriod, "#MX", 365},
});

bool isCycleFamily(Family family) {
    return family == Family::cycle || family >= Family::dayOfPeriod;
}
bool asksHolidays(Family family) {
    return family == Family::workdays || family == Family::weekdays ||
           family == Family::workdayOfMonth || family == Family::mondayFridayOfMonth ||
           family == Family::workdayOfPeriod;
}

} // namespace

struct CalendarRule::Node {
    struct Part {
        bool isUnion = false; ///< of the operator before it; the first part's is not used
        std::unique_ptr<Node> node;
    };
    Keyword word;
    bool negated = false;
    std::vector<Part> parts; ///< empty: a keyword

    Value value(Year const& year) const {
        Value result;
        if (parts.empty()) {
            result.inclusive = true;
            result.include = daysOf(word, year);
        } else {
            result = chain(year);
        }
        if (!negated)
            return result;
        // NOT before a chain of exclusions gives back what they take away.
        Value turned;
        turned.inclusive = !result.inclusive;
        (turned.inclusive ? turned.include : turned.exclude) =
            result.inclusive ? result.include : result.exclude;
        return turned;
    }

private:
    Value chain(Year const& year) const {
        Value left = parts.front().node->value(year);
        YearDays taken;
        for (Part const& part : llvm::drop_begin(parts)) {
            Value const right = part.node->value(year);
            if (!part.isUnion) {
                if (!right.inclusive)
                    (left.inclusive ? left.include &= ~right.exclude
                                    : left.exclude |= right.exclude);
                else if (!left.inclusive)
                    left = {true, right.include & ~left.exclude, {}};
                else
                    left.include &= right.include;
            } else if (!right.inclusive) {
                taken |= right.exclude;
            } else if (!left.inclusive) {
                taken |= left.exclude;
                left = right;
            } else {
                left.include |= right.include;
            }
        }
        if (!left.inclusive)
            left.exclude |= taken;
        else
            left.include &= ~taken;
        return left;
    }
};

class RuleParser {
public:
    RuleParser(llvm::StringRef source, RuleError& problem, CalendarRule& target)
        : text(source), error(problem), rule(target) {}

    bool parse() {
        next();
        if (failed)
            return false;
        if (token.empty())
            return true;
        auto root = unionOf(0);
        if (!failed && !token.empty())
            fail(token == ")"
                     ? std::string("`)` without `(` in a calendar rule")
                     : fmt::format("expected `&` or `|` before `{}`", std::string_view(token)));
        rule.root = std::move(root);
        return !failed;
    }

private:
    using Node = CalendarRule::Node;

    void fail(std::string message, size_t offset) {
        if (failed)
            return;
        failed = true;
        error = {static_cast<uint32_t>(offset), std::move(message)};
        token.clear();
    }
    void fail(std::string message) { fail(std::move(message), tokenAt); }

    void next() {
        while (at < text.size() && llvm::StringRef(" \t\r\n").contains(text[at]))
            ++at;
        tokenAt = at;
        token.clear();
        if (failed || at == text.size())
            return;
        char const c = text[at];
        if (llvm::StringRef("&|,(){}").contains(c)) {
            token = c == '{' ? '(' : c == '}' ? ')' : c;
            ++at;
            return;
        }
        while (at < text.size() && (llvm::isAlnum(text[at]) || text[at] == '#'))
            token += llvm::toUpper(text[at++]);
        if (token.empty())
            return fail(llvm::isPrint(c)
                            ? fmt::format("unexpected character `{}` in a calendar rule", c)
                            : std::string("unexpected character in a calendar rule"));
        if (token == "AND")
            token = "&";
        else if (token == "OR")
            token = "|";
    }

    void write(llvm::StringRef word) { rule.text += word; }

    std::unique_ptr<Node> unionOf(int depth) {
        auto first = chain(depth);
        if (token != ",")
            return first;
        auto node = std::make_unique<Node>();
        node->parts.push_back({false, std::move(first)});
        while (token == ",") {
            write(", ");
            next();
            node->parts.push_back({true, chain(depth)});
        }
        return node;
    }

    std::unique_ptr<Node> chain(int depth) {
        auto first = term(depth);
        if (token != "&" && token != "|")
            return first;
        auto node = std::make_unique<Node>();
        bool sawAnd = false, sawOr = false, excludes = first->negated;
        node->parts.push_back({false, std::move(first)});
        while (token == "&" || token == "|") {
            bool const isUnion = token == "|";
            write(isUnion ? " | " : " & ");
            next();
            auto right = term(depth);
            (isUnion ? sawOr : sawAnd) = true;
            excludes |= isUnion && right->negated;
            node->parts.push_back({isUnion, std::move(right)});
        }
        rule.mixed |= sawAnd && sawOr;
        rule.exclusionUnderOr |= sawOr && excludes;
        return node;
    }

    std::unique_ptr<Node> term(int depth) {
        if (token == "NOT") {
            write("NOT ");
            next();
            if (token == "NOT")
                fail("`NOT NOT` in a calendar rule");
            auto node = failed ? std::make_unique<Node>() : term(depth);
            node->negated = !node->negated;
            return node;
        }
        if (token == "(") {
            if (depth >= maxDepth)
                fail(fmt::format("calendar rule nests deeper than {}", maxDepth));
            write("(");
            next();
            auto node = failed ? std::make_unique<Node>() : unionOf(depth + 1);
            if (token != ")")
                fail("missing `)` in a calendar rule");
            write(")");
            next();
            return node;
        }
        auto node = std::make_unique<Node>();
        if (token.empty() || !llvm::isAlnum(token[0])) {
            if (token.empty() || token[0] != '#') {
                fail("a date keyword is missing in a calendar rule");
                return node;
            }
        }
        write(token);
        keyword(*node);
        next();
        return node;
    }

    void keyword(Node& node) {
        llvm::StringRef const word = token;
        bool const known = plain(word, node) ||
                           (word.starts_with("X") && prefixExcluded(word, node)) ||
                           ordinal(word, node) || named(word, node);
        if (!known)
            fail(fmt::format("unknown date keyword `{}`", std::string_view(word)));
        rule.cycle |= isCycleFamily(node.word.family);
        rule.holidays |= asksHolidays(node.word.family);
    }

    static bool plain(llvm::StringRef word, Node& node) {
        Keyword& k = node.word;
        auto const set = [&](Family family, int number = 0, bool fromEnd = false) {
            k.family = family;
            k.number = number;
            k.fromEnd = fromEnd;
            return true;
        };
        if (int const day = indexOf(weekdayNames, word); day >= 0) {
            k.index = day;
            return set(Family::weekday);
        }
        if (int const month = indexOf(monthNames, word); month >= 0) {
            k.index = month;
            return set(Family::month);
        }
        if (word == "DAILY")
            return set(Family::daily);
        if (word == "WORKDAYS")
            return set(Family::workdays);
        if (word == "WEEKDAYS")
            return set(Family::weekdays);
        if (word == "CYCLE")
            return set(Family::cycle);
        if (word.starts_with("FOM") || word.starts_with("EOM")) {
            llvm::StringRef const scope = word.drop_front(3);
            bool const last = word.starts_with("E");
            if (scope.empty())
                return set(Family::dayOfMonth, 1, last);
            if (scope == "WORK")
                return set(Family::workdayOfMonth, 1, last);
            if (scope == "WEEK")
                return set(Family::mondayFridayOfMonth, 1, last);
        }
        return false;
    }

    static bool prefixExcluded(llvm::StringRef word, Node& node) {
        word = word.drop_front();
        if (!word.starts_with("FOM") && !word.starts_with("EOM"))
            return false; // XMON and XJAN do not exist: NOT says it
        node.negated = true;
        return plain(word, node);
    }

    /// STEM, a marker, a number or L; WEKR has an anchor between.
    bool ordinal(llvm::StringRef word, Node& node) {
        if (llvm::StringRef rest = word; rest.consume_front("WEKR")) {
            size_t const size = !rest.empty() && rest[0] >= '1' && rest[0] <= '7' ? 1 : 3;
            int const anchor =
                size == 1 ? (rest[0] - '0') % 7 : indexOf(weekdayNames, rest.take_front(3));
            if (anchor < 0)
                return false;
            node.word.index = anchor;
            return tail(rest.drop_front(size), {"WEKR", Family::weekOfYear, "#MX", 53}, node);
        }
        for (Ordinal const& family : ordinals)
            if (llvm::StringRef rest = word;
                rest.consume_front(family.stem) && tail(rest, family, node))
                return true;
        return false;
    }

    /// [X]MON#n, [X]JAN#nn, [X]CMON#nn.
    bool named(llvm::StringRef word, Node& node) {
        node.negated = word.consume_front("X");
        if (word.size() < 5)
            return false;
        llvm::StringRef const name = word.take_front(3);
        if (int const day = indexOf(weekdayNames, name); day >= 0) {
            node.word.index = day;
            return tail(word.drop_front(3), {"", Family::weekdayOfMonth, "#M", 5}, node);
        }
        if (int const month = indexOf(monthNames, name); month >= 0) {
            node.word.index = month;
            return tail(word.drop_front(3), {"", Family::dayOfNamedMonth, "#M", 31}, node);
        }
        int const day = word[0] == 'C' ? indexOf(weekdayNames, word.substr(1, 3)) : -1;
        if (day < 0)
            return false;
        node.word.index = day;
        return tail(word.drop_front(4), {"", Family::weekdayOfPeriod, "#M", 53}, node);
    }

    bool tail(llvm::StringRef rest, Ordinal const& family, Node& node) {
        if (rest.size() < 2 || !family.markers.contains(rest[0]))
            return false;
        char const marker = rest[0];
        rest = rest.drop_front();
        Keyword& k = node.word;
        if (family.parity && marker == '#' && (rest == "E" || rest == "O")) {
            k.family = family.family;
            k.number = rest == "E" ? evenWeeks : oddWeeks;
            return true;
        }
        if (rest != "L" && !llvm::all_of(rest, llvm::isDigit))
            return false;
        bool const isLast = rest == "L";
        unsigned number = 1;
        if (!isLast) {
            rest = rest.ltrim('0');
            // More digits than any limit has: too large whatever they say.
            if (rest.size() > 9 || rest.getAsInteger(10, number))
                number = rest.empty() ? 0 : UINT_MAX;
        }
        k.family = family.family;
        k.fromEnd = marker == 'M' || isLast;
        if (number < 1 || number > static_cast<unsigned>(family.most))
            fail(fmt::format("`{}`: the number must be 1 to {}",
                             std::string_view(token).substr(0, 40), family.most));
        else
            k.number = static_cast<int>(number);
        node.negated |= marker == 'X';
        return true;
    }

    llvm::StringRef text;
    RuleError& error;
    CalendarRule& rule;
    size_t at = 0, tokenAt = 0;
    std::string token;
    bool failed = false;
};

std::optional<CalendarRule> CalendarRule::parse(llvm::StringRef text, RuleError& error) {
    CalendarRule rule;
    if (!RuleParser(text, error, rule).parse())
        return std::nullopt;
    return rule;
}

static std::string structureOf(Keyword const& word) {
    static constexpr std::array<llvm::StringRef, 18> names = {
        "daily",           "workdays",
        "weekdays",        "cycle",
        "weekday",         "month",
        "workdayOfMonth",  "weekdayOfMonth",
        "dayOfMonth",      "mondayFridayOfMonth",
        "dayOfNamedMonth", "dayOfWeek",
        "weekOfYear",      "dayOfPeriod",
        "period",          "weekOfPeriod",
        "workdayOfPeriod", "weekdayOfPeriod"};
    std::string out = names[static_cast<size_t>(word.family)].str() + '(';
    if (word.number != 0)
        out += fmt::format("{}{}", word.fromEnd ? "end " : "", word.number);
    if (word.index >= 0)
        out += fmt::format("@{}", word.index);
    return out + ')';
}

std::string CalendarRule::structure() const {
    auto const print = [](auto const& self, Node const& node) -> std::string {
        std::string out = node.negated ? "!" : "";
        if (node.parts.empty())
            return out + structureOf(node.word);
        out += '(';
        for (Node::Part const& part : node.parts) {
            if (&part != &node.parts.front())
                out += part.isUnion ? " | " : " & ";
            out += self(self, *part.node);
        }
        return out + ')';
    };
    return root ? print(print, *root) : std::string();
}

YearDays CalendarRule::days(int32_t year, CalendarFacts const& facts) const {
    Year const masks(year, facts);
    YearDays const all = masks.where([](int32_t) { return true; });
    if (!root)
        return all;
    Value const value = root->value(masks);
    return value.inclusive ? value.include : all & ~value.exclude;
}

} // namespace hoist::ir
