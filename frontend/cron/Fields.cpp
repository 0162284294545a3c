// The five time fields: lists of `*`, numbers, names, ranges and steps, each with its exact place.
//
// Vixie cron reads an item, and whatever follows it up to the next blank without a comma it skips
// without a word: `MON#2` is Monday, `0~59` is minute 0, `*/5/2` is `*/5` (all judged by Debian's
// `crontab -n`). hoist does the same where a reader could not have meant anything else, and says
// so; where another tool's syntax was meant (`?`, `L`, `W`, `#`, `~`) it refuses the entry.
#include "frontend/cron/Fields.h"

#include "frontend/cron/Line.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

#include <fmt/format.h>

#include <optional>
#include <vector>

namespace hoist::cron {
namespace {

using diag::Code;

constexpr llvm::StringLiteral monthNames[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                              "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr llvm::StringLiteral dayNames[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldKind {
    llvm::StringRef name;
    unsigned low, high;
    llvm::ArrayRef<llvm::StringLiteral> names;
    unsigned firstName; ///< number of names[0]
};

constexpr FieldKind kinds[] = {
    {"minute", 0, 59, {}, 0},           {"hour", 0, 23, {}, 0},
    {"day-of-month", 1, 31, {}, 0},     {"month", 1, 12, monthNames, 1},
    {"day-of-week", 0, 7, dayNames, 0},
};

struct Item {
    unsigned from = 0, to = 0, step = 1;
};

class FieldReader {
public:
    FieldReader(FieldKind const& fieldKind, FieldText const& column, diag::Diagnostics& diagnostics)
        : kind(fieldKind), text(column.text), span(column.span), diags(diagnostics) {}

    /// The items of the field; nothing after a reported error.
    std::optional<std::vector<Item>> read() {
        if (reportForeign())
            return std::nullopt;
        std::vector<Item> items;
        do {
            auto item = readItem();
            if (!item)
                return std::nullopt;
            items.push_back(*item);
            if (!canonical.empty())
                canonical += ',';
            canonical += itemText;
        } while (take(','));
        if (at < text.size()) {
            diags.report<Code::IgnoredCronText>(place(at, text.size()), text.substr(at), kind.name)
                .primary("has no effect")
                .evidence(text);
        }
        return items;
    }

    std::string canonical;

private:
    Span place(size_t begin, size_t end) const {
        auto const length = static_cast<uint32_t>(text.size());
        auto const clamp = [&](size_t offset) {
            return std::min(static_cast<uint32_t>(offset), length);
        };
        return {span.begin + clamp(begin), span.begin + clamp(end)};
    }

    bool take(char c) {
        if (at < text.size() && text[at] == c) {
            ++at;
            return true;
        }
        return false;
    }

    /// Syntax of Quartz and of random ranges: someone meant it, so it is not skipped as cron would.
    bool reportForeign() {
        for (size_t i = 0; i < text.size(); ++i) {
            char const c = text[i];
            bool const isLetterRule = (c == 'L' || c == 'W') &&
                                      (i + 1 == text.size() || !llvm::isAlpha(text[i + 1])) &&
                                      (i == 0 || !llvm::isAlpha(text[i - 1]) || text[i - 1] == 'L');
            if (c == '~') {
                diags
                    .report<Code::ForeignCronSyntax>(place(i, i + 1), llvm::StringRef("~"),
                                                     kind.name,
                                                     "a random time of OpenBSD and cronie")
                    .note("rule CRON-003: Debian's cron would read the number before it and ignore "
                          "the rest")
                    .help("choose a fixed number: an Airflow schedule has to be repeatable");
                return true;
            }
            if (c == '?' || c == '#' || isLetterRule) {
                diags
                    .report<Code::ForeignCronSyntax>(place(i, i + 1), text.substr(i, 1), kind.name,
                                                     "Quartz syntax")
                    .note("rule CRON-003");
                return true;
            }
        }
        return false;
    }

    std::optional<Item> fail(size_t begin, size_t end, llvm::StringRef why) {
        if (end <= begin)
            end = begin + 1;
        diags.report<Code::BadCronField>(place(begin, end), kind.name, why).evidence(text);
        return std::nullopt;
    }

    /// A number or name; `what` says what is missing when there is none.
    std::optional<unsigned> readValue() {
        size_t const begin = at;
        while (at < text.size() && llvm::isAlnum(text[at]))
            ++at;
        llvm::StringRef const word = text.slice(begin, at);
        if (word.empty()) {
            if (at == text.size())
                fail(begin, begin, "a value is missing at its end");
            else
                fail(begin, begin + 1, fmt::format("a value was expected, not `{}`", text[at]));
            return std::nullopt;
        }
        for (size_t i = 0; i < kind.names.size(); ++i)
            if (word.equals_insensitive(kind.names[i]))
                return kind.firstName + static_cast<unsigned>(i);
        unsigned value = 0;
        if (!llvm::all_of(word, llvm::isDigit)) {
            std::string why = fmt::format("`{}` is no number", diag::shown(word));
            if (!kind.names.empty()) {
                why += fmt::format(" and no name from `{}` to `{}`",
                                   diag::shown(kind.names.front()), diag::shown(kind.names.back()));
                for (llvm::StringRef name : kind.names)
                    if (word.size() > 3 && word.starts_with_insensitive(name))
                        why = fmt::format("`{}` is not a name that cron knows; it knows `{}`",
                                          diag::shown(word), diag::shown(name));
            }
            fail(begin, at, why);
            return std::nullopt;
        }
        if (word.getAsInteger(10, value) || value < kind.low || value > kind.high) {
            fail(begin, at,
                 fmt::format("`{}` is not between {} and {}", diag::shown(word), kind.low,
                             kind.high));
            return std::nullopt;
        }
        return value;
    }

    std::optional<Item> readItem() {
        Item item;
        size_t const begin = at;
        bool isRange = true;
        if (take('*')) {
            item = {kind.low, kind.high, 1};
            itemText = "*";
        } else {
            auto const from = readValue();
            if (!from)
                return std::nullopt;
            item.from = item.to = *from;
            itemText = std::to_string(*from);
            isRange = take('-');
            if (isRange) {
                auto const to = readValue();
                if (!to)
                    return std::nullopt;
                item.to = *to;
                itemText += "-" + std::to_string(*to);
                // Debian's cron takes `5-1` and `sat-sun` and then never starts the entry.
                if (item.from > item.to)
                    return fail(begin, at,
                                fmt::format("the range `{}` runs backwards and would match nothing",
                                            diag::shown(text.slice(begin, at))));
            }
        }
        if (at < text.size() && text[at] == '/') {
            size_t const slash = at++;
            size_t const digits = at;
            while (at < text.size() && llvm::isDigit(text[at]))
                ++at;
            llvm::StringRef const number = text.slice(digits, at);
            if (!isRange)
                return fail(slash, at, "a step needs a range or `*` before it");
            unsigned step = 0;
            if (number.empty())
                return fail(slash, at, "the step after `/` is missing");
            if (number.getAsInteger(10, step) || step == 0)
                return fail(digits, at, fmt::format("`{}` is no step", diag::shown(number)));
            item.step = step;
            itemText += "/" + std::to_string(step);
        }
        return item;
    }

    FieldKind const& kind;
    llvm::StringRef text;
    Span span;
    diag::Diagnostics& diags;
    size_t at = 0;
    std::string itemText;
};

} // namespace

FieldsResult parseFields(std::array<FieldText, 5> const& columns, diag::Diagnostics& diags) {
    FieldsResult result;
    for (size_t i = 0; i < columns.size(); ++i) {
        FieldReader reader(kinds[i], columns[i], diags);
        auto const items = reader.read();
        if (!items) {
            result.ok = false;
            continue;
        }
        for (Item const& item : *items) {
            // 64 bits: the step is the user's number and may be near the limit of its type.
            for (uint64_t value = item.from; value <= item.to; value += item.step) {
                auto const bit = static_cast<size_t>(value);
                switch (i) {
                case 0: result.fields.minutes.set(bit); break;
                case 1: result.fields.hours.set(bit); break;
                case 2: result.fields.monthDays.set(bit); break;
                case 3: result.fields.months.set(bit); break;
                case 4: result.fields.weekdays.set(bit % 7); break; // 7 is Sunday (CRON-001)
                default: break;
                }
            }
        }
        // CRON-002, CRON-008: the star flag is about the first character only.
        bool const star = columns[i].text.starts_with("*");
        switch (i) {
        case 0: result.fields.minuteStar = star; break;
        case 1: result.fields.hourStar = star; break;
        case 2: result.fields.monthDayStar = star; break;
        case 4: result.fields.weekdayStar = star; break;
        default: break;
        }
        if (!result.text.empty())
            result.text += ' ';
        result.text += reader.canonical;
    }
    return result;
}

llvm::StringRef fieldsOfTimeName(llvm::StringRef name) {
    return llvm::StringSwitch<llvm::StringRef>(name)
        .Cases("yearly", "annually", "0 0 1 1 *")
        .Case("monthly", "0 0 1 * *")
        .Case("weekly", "0 0 * * 0")
        .Cases("daily", "midnight", "0 0 * * *")
        .Case("hourly", "0 * * * *")
        .Default("");
}

} // namespace hoist::cron
