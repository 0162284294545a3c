// Values by their kind. A list is judged item by item, so that the finding stands at the bad one.
#include "frontend/controlm/Values.h"

#include "frontend/base/Suggest.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

namespace hoist::controlm {

namespace {

bool isDigits(llvm::StringRef text) {
    return !text.empty() && llvm::all_of(text, [](char c) { return llvm::isDigit(c); });
}

/// A day of the week in words or as a number of 0 to 6.
bool isWeekday(llvm::StringRef text) {
    if (text.size() == 1)
        return text[0] >= '0' && text[0] <= '6';
    static constexpr llvm::StringRef names[] = {"SUNDAY",   "MONDAY", "TUESDAY", "WEDNESDAY",
                                                "THURSDAY", "FRIDAY", "SATURDAY"};
    return text.size() >= 2 && llvm::any_of(names, [&](llvm::StringRef name) {
               return name.starts_with_insensitive(text) &&
                      (text.size() <= 3 || text.size() == name.size());
           });
}

bool isNumberIn(llvm::StringRef text, unsigned from, unsigned to) {
    unsigned number = 0;
    return isDigits(text) && !text.getAsInteger(10, number) && number >= from && number <= to;
}

/// `D3`, `L1`, with `P` and a period behind (CTM-041), or `W` and a week (CTM-044).
bool isCounted(llvm::StringRef text, char separator, unsigned most) {
    if (!text.consume_front_insensitive("D") && !text.consume_front_insensitive("L"))
        return false;
    auto const [number, rest] = text.split(separator);
    if (!isNumberIn(number, 1, most))
        return false;
    if (number.size() == text.size())
        return true;
    return separator == 'P' ? rest.size() == 1 && (llvm::isAlnum(rest[0]) || rest[0] == '*')
                            : isNumberIn(rest, 1, 6);
}

/// CTM-041
bool isDayToken(llvm::StringRef text) {
    if (text.equals_insensitive("ALL") || text.equals_insensitive("NONE"))
        return true;
    llvm::StringRef rest = text;
    if (!rest.empty() && llvm::StringRef("+-<>").contains(rest[0]))
        rest = rest.drop_front();
    return isNumberIn(rest, 1, 31) ||
           ((rest.size() == text.size() || text[0] == '-') && isCounted(rest, 'P', 31));
}

/// CTM-044
bool isWeekdayToken(llvm::StringRef text) {
    if (text.equals_insensitive("ALL") || text.equals_insensitive("NONE"))
        return true;
    llvm::StringRef rest = text;
    if (!rest.empty() && llvm::StringRef("+-<>").contains(rest[0]))
        rest = rest.drop_front();
    return isWeekday(rest) ||
           ((rest.size() == text.size() || text[0] == '-') && isCounted(rest, 'W', 7));
}

bool isInterval(llvm::StringRef text) {
    if (!text.empty() && llvm::StringRef("MHDmhd").contains(text.back()))
        text = text.drop_back();
    return isDigits(text) && text.size() <= 6;
}

bool isMonthDay(llvm::StringRef text) {
    // mmdd or ddmm, as the site has it (CTM-011)
    return text.size() == 4 && isDigits(text) &&
           ((isNumberIn(text.take_front(2), 1, 12) && isNumberIn(text.drop_front(2), 1, 31)) ||
            (isNumberIn(text.take_front(2), 1, 31) && isNumberIn(text.drop_front(2), 1, 12)));
}

/// Each item between commas; the first that is none is the bad one.
template <class Test>
std::optional<BadValue> eachItem(llvm::StringRef value, std::string_view wanted, Test test) {
    llvm::StringRef rest = value;
    do {
        auto const [item, behind] = rest.split(',');
        llvm::StringRef const text = item.trim();
        bool const isLast = item.size() == rest.size();
        if (!test(text) && !(text.empty() && isLast && rest.data() != value.data()))
            return BadValue{text, std::string(wanted), {}};
        if (isLast)
            break;
        rest = behind;
    } while (true);
    return std::nullopt;
}

std::optional<BadValue> checkWords(llvm::StringRef words, llvm::StringRef value) {
    llvm::SmallVector<llvm::StringRef, 16> known;
    words.split(known, '|');
    for (llvm::StringRef word : known)
        if (word.equals_insensitive(value.trim()))
            return std::nullopt;
    std::string wanted;
    for (size_t i = 0; i < known.size(); ++i)
        wanted += fmt::format("{}`{}`",
                              i == 0                  ? ""
                              : i + 1 == known.size() ? " or "
                                                      : ", ",
                              known[i].str());
    llvm::StringRef const near = nearestOf(value, known);
    return BadValue{value, known.size() > 9 ? "one of the words that Control-M knows" : wanted,
                    near.empty() || near.size() < 3
                        ? std::string()
                        : fmt::format("did you mean `{}`?", near.str())};
}

std::optional<BadValue> checkNumber(llvm::StringRef range, llvm::StringRef value) {
    auto const [from, to] = range.split("..");
    int64_t least = 0, most = 0;
    from.getAsInteger(10, least);
    to.getAsInteger(10, most);
    auto const number = readNumber(value);
    if (number && *number >= least && *number <= most)
        return std::nullopt;
    return BadValue{value, fmt::format("a number from {} to {}", least, most), {}};
}

} // namespace

std::optional<bool> readFlag(llvm::StringRef text) {
    text = text.trim();
    for (llvm::StringRef word : {"1", "Y", "YES", "TRUE"})
        if (text.equals_insensitive(word))
            return true;
    for (llvm::StringRef word : {"0", "N", "NO", "FALSE"})
        if (text.equals_insensitive(word))
            return false;
    return std::nullopt;
}

std::optional<int64_t> readNumber(llvm::StringRef text) {
    text = text.trim();
    bool const isNegative = text.consume_front("-");
    if (!isNegative)
        text.consume_front("+");
    int64_t number = 0;
    if (!isDigits(text) || text.getAsInteger(10, number))
        return std::nullopt;
    return isNegative ? -number : number;
}

std::optional<int16_t> readTime(llvm::StringRef text) {
    text = text.trim();
    auto const [hours, minutes] =
        text.size() == 5 && text[2] == ':'
            ? text.split(':')
            : std::pair(text.take_front(2), text.drop_front(text.size() < 2 ? 0 : 2));
    unsigned h = 0, m = 0;
    if (text.size() < 4 || text.size() > 5 || minutes.size() != 2 || !isNumberIn(hours, 0, 23) ||
        !isNumberIn(minutes, 0, 59) || hours.getAsInteger(10, h) || minutes.getAsInteger(10, m))
        return std::nullopt;
    return static_cast<int16_t>(h * 60 + m);
}

std::optional<ir::Date> readDate(llvm::StringRef text) {
    text = text.trim();
    int year = 0;
    unsigned month = 0, day = 0;
    if (text.size() != 8 || !isDigits(text) || text.take_front(4).getAsInteger(10, year) ||
        text.substr(4, 2).getAsInteger(10, month) || text.drop_front(6).getAsInteger(10, day))
        return std::nullopt;
    ir::Date const date{year, static_cast<uint8_t>(month), static_cast<uint8_t>(day)};
    if (month < 1 || month > 12 || day < 1 || ir::fromDayNumber(ir::toDayNumber(date)) != date)
        return std::nullopt;
    return date;
}

std::optional<ir::Scope> readOrderDate(llvm::StringRef text) {
    using Kind = ir::Scope::Kind;
    text = text.trim();
    static constexpr std::pair<llvm::StringRef, Kind> words[] = {
        {"ODAT", Kind::sameCycle}, {"PREV", Kind::previousOrderDate}, {"NEXT", Kind::nextOrderDate},
        {"STAT", Kind::noDate},    {"****", Kind::anyOrderDate},      {"$$$$", Kind::anyOrderDate}};
    for (auto const& [word, kind] : words)
        if (text.equals_insensitive(word))
            return ir::Scope{kind, 0, 0};
    if (isMonthDay(text))
        return ir::Scope{Kind::literalDate, 0, static_cast<int32_t>(*readNumber(text))};
    bool const isSigned = !text.empty() && (text[0] == '+' || text[0] == '-');
    if (isSigned && text.size() <= 4)
        if (auto const days = readNumber(text))
            return ir::Scope{*days == 0 ? Kind::sameCycle : Kind::shiftedOrderDate, 0,
                             static_cast<int32_t>(*days)};
    return std::nullopt;
}

bool isEveryDay(llvm::StringRef days) {
    llvm::SmallVector<llvm::StringRef, 8> items;
    days.split(items, ',');
    bool all = false;
    for (llvm::StringRef item : items) {
        all |= item.trim().equals_insensitive("ALL");
        if (item.trim().starts_with("-"))
            return false; // CTM-042
    }
    return all;
}

std::optional<BadValue> checkValue(Attribute const& row, llvm::StringRef value) {
    auto const unless = [&](bool isOne, std::string_view wanted) -> std::optional<BadValue> {
        if (isOne)
            return std::nullopt;
        return BadValue{value, std::string(wanted), {}};
    };
    switch (row.kind) {
    case ValueKind::text: return std::nullopt;
    case ValueKind::flag: return unless(readFlag(value).has_value(), "`0`, `1`, `Y` or `N`");
    case ValueKind::number: return checkNumber(row.detail, value);
    case ValueKind::words: return checkWords(row.detail, value);
    case ValueKind::time:
        return unless(readTime(value).has_value(), "a time such as `0800` or `08:00`");
    case ValueKind::timeOrOpen:
        return unless(value.trim() == ">" || readTime(value), "a time such as `0800`, or `>`");
    case ValueKind::times:
        return eachItem(value, "times such as `0800`, with commas",
                        [](llvm::StringRef item) { return readTime(item).has_value(); });
    case ValueKind::date: return unless(readDate(value).has_value(), "a date such as `20261231`");
    case ValueKind::dates:
        return eachItem(value, "days of the year such as `1231`, with commas", isMonthDay);
    case ValueKind::days: {
        auto bad = eachItem(value,
                            "days of the month: `ALL`, a number of 1 to 31 with `+`, `-`, `<` or "
                            "`>`, `D1`, `L1`",
                            isDayToken);
        if (bad && isWeekdayToken(bad->part) && !bad->part.empty())
            bad->help = "days of the week belong into `WEEKDAYS`";
        return bad;
    }
    case ValueKind::weekdays:
        return eachItem(value,
                        "days of the week: `ALL`, 0 to 6 or a name, with `+`, `-`, `<` or `>`, "
                        "`D1`, `L1`, `D1W2`",
                        isWeekdayToken);
    case ValueKind::interval:
        return unless(isInterval(value.trim()), "a number with `M`, `H` or `D`, such as `00015M`");
    case ValueKind::intervals:
        return eachItem(value, "intervals such as `+30M`, with commas", [](llvm::StringRef item) {
            item.consume_front("+");
            return isInterval(item);
        });
    case ValueKind::orderDate:
        return unless(
            readOrderDate(value).has_value(),
            "`ODAT`, `PREV`, `NEXT`, `STAT`, `****`, a day of the year such as `1231`, or "
            "days such as `+1`");
    case ValueKind::brackets:
        return unless(value.find_first_not_of("() ") == llvm::StringRef::npos, "`(` or `)`");
    }
    return std::nullopt;
}

} // namespace hoist::controlm
