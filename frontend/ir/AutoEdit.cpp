// Names and functions in texts, as hoist_airflow/autoedit.py reads them.
#include "frontend/ir/AutoEdit.h"

#include "frontend/ir/Calendar.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>

#include <fmt/format.h>

namespace hoist::ir {

namespace {

constexpr size_t longest = 1'000'000;

bool isNameCharacter(char c) { return llvm::isAlnum(c) || c == '_'; }

size_t wordLength(llvm::StringRef text) {
    if (text.empty() || !llvm::isAlpha(text.front()))
        return 0;
    return text.take_while(isNameCharacter).size();
}

/// The length of the name at the beginning of a text, with what says whose it is.
size_t nameLength(llvm::StringRef text) {
    if (text.starts_with("$")) {
        size_t const length = wordLength(text.drop_front());
        return length == 0 ? 0 : length + 1;
    }
    size_t at = text.starts_with("\\\\") ? 2 : text.starts_with("\\") ? 1 : 0;
    size_t const length = wordLength(text.substr(at));
    if (length == 0)
        return 0;
    bool const isPool = at == 2 && text.substr(at + length).starts_with("\\");
    at += length;
    if (!isPool)
        return at;
    size_t const inPool = wordLength(text.substr(at + 1));
    return inPool == 0 ? at : at + 1 + inPool;
}

/// A name in a text, and how much of the text it takes with what ends it.
struct Found {
    llvm::StringRef name;
    size_t length = 0;
    bool hasDot = false;
};

/// Of what stands behind `%%`; nothing: which name it is, is not sure (CTM-102).
std::optional<Found> readName(llvm::StringRef rest) {
    size_t const length = nameLength(rest);
    if (length == 0)
        return std::nullopt;
    llvm::StringRef const behind = rest.substr(length);
    Found found{rest.take_front(length), length, behind.starts_with("..")};
    if (found.hasDot)
        found.length += 2;
    else if (behind.starts_with(".%%"))
        found.length += 1;
    else if (!behind.empty() && (llvm::StringRef("$#@.\\%-").contains(behind.front()) ||
                                 (static_cast<unsigned char>(behind.front()) & 0x80) != 0))
        return std::nullopt; // it could belong to the name, or join it to another
    return found;
}

/// CTM-103: a function and its arguments are a whole value; so are two numbers and an operator.
struct Function {
    enum class Kind : uint8_t { none, substring, days, dates, plus, minus } kind = Kind::none;
    llvm::StringRef name;
    llvm::SmallVector<llvm::StringRef, 4> arguments;

    bool isComplete() const { return arguments.size() == (kind == Kind::substring ? 3U : 2U); }
};

Function readFunction(llvm::StringRef text) {
    using Kind = Function::Kind;
    Function found;
    auto const words = [&](llvm::StringRef list) {
        list.split(found.arguments, ' ', -1, /*KeepEmpty=*/false);
    };
    for (auto const& [name, kind] : {std::pair<llvm::StringRef, Kind>("%%SUBSTR", Kind::substring),
                                     {"%%CALCDATE", Kind::days},
                                     {"%%$CALCDATE", Kind::days},
                                     {"%%$CALCDTE", Kind::dates}}) {
        llvm::StringRef rest = text;
        if (!rest.consume_front(name) || !rest.starts_with(" "))
            continue;
        found.kind = kind;
        found.name = name;
        words(rest);
        return found;
    }
    for (auto const& [name, kind] :
         {std::pair<llvm::StringRef, Kind>("%%PLUS", Kind::plus), {"%%MINUS", Kind::minus}}) {
        std::string const inside = (" " + name + " ").str();
        if (!text.contains(inside))
            continue;
        found.kind = kind;
        found.name = name;
        auto const [left, right] = text.split(inside);
        words(left);
        size_t const leftSize = found.arguments.size();
        words(right);
        if (leftSize != 1) // as the shims: one word on each side
            found.arguments.clear();
        return found;
    }
    return found;
}

bool isNumber(llvm::StringRef text) { return !text.empty() && llvm::all_of(text, llvm::isDigit); }

/// `-12`, `+3`; of at most so many digits.
std::optional<int64_t> readSigned(llvm::StringRef text, size_t digits) {
    bool const isNegative = text.starts_with("-");
    if (isNegative || text.starts_with("+"))
        text = text.drop_front();
    int64_t number = 0;
    if (!isNumber(text) || text.size() > digits || text.getAsInteger(10, number))
        return std::nullopt;
    return isNegative ? -number : number;
}

/// yymmdd or yyyymmdd.
std::optional<Date> readDate(llvm::StringRef text) {
    if (!isNumber(text) || (text.size() != 6 && text.size() != 8))
        return std::nullopt;
    int32_t number = 0;
    if (text.getAsInteger(10, number))
        return std::nullopt;
    Date date;
    date.year = number / 10'000;
    date.month = static_cast<uint8_t>(number / 100 % 100);
    date.day = static_cast<uint8_t>(number % 100);
    if (text.size() == 6)
        date.year += date.year >= 69 ? 1900 : 2000; // as the shims read it
    if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
        fromDayNumber(toDayNumber(date)) != date)
        return std::nullopt;
    return date;
}

std::string writeDate(Date date, bool isLong) {
    return isLong ? fmt::format("{:04}{:02}{:02}", date.year, date.month, date.day)
                  : fmt::format("{:02}{:02}{:02}", date.year % 100, date.month, date.day);
}

/// A month that is too short ends it (CTM-103).
Date addMonths(Date date, int64_t months) {
    int64_t const count = int64_t{date.year} * 12 + (date.month - 1) + months;
    Date moved{static_cast<int32_t>(count / 12), static_cast<uint8_t>(count % 12 + 1), date.day};
    while (fromDayNumber(toDayNumber(moved)) != moved)
        --moved.day;
    return moved;
}

std::optional<std::string> calculate(Function::Kind kind, std::vector<std::string> const& given) {
    using Kind = Function::Kind;
    if (kind == Kind::substring) {
        auto const first = readSigned(given[1], 6), length = readSigned(given[2], 6);
        auto const size = static_cast<int64_t>(given[0].size());
        bool const isAscii = llvm::all_of(
            given[0], [](char c) { return llvm::isASCII(c); }); // else: which part is it?
        if (!isAscii || !first || !length || *first < 1 || *length < 1 ||
            *first - 1 + *length > size)
            return std::nullopt;
        return given[0].substr(static_cast<size_t>(*first - 1), static_cast<size_t>(*length));
    }
    if (kind == Kind::plus || kind == Kind::minus) {
        auto const left = readSigned(given[0], 15), right = readSigned(given[1], 15);
        if (!left || !right)
            return std::nullopt;
        return std::to_string(kind == Kind::plus ? *left + *right : *left - *right);
    }
    auto const date = readDate(given[0]);
    llvm::StringRef quantity = given[1];
    char unit = 'D';
    std::string number = quantity.str();
    if (kind == Kind::dates && quantity.size() > 2 && !llvm::isDigit(quantity[1])) {
        unit = quantity[1];
        number.erase(1, 1);
        if (quantity[0] != '+' && quantity[0] != '-')
            return std::nullopt;
    }
    auto const count = readSigned(number, 4);
    if (!date || !count || !llvm::StringRef("DMY").contains(unit))
        return std::nullopt;
    int64_t const months = *count * (unit == 'Y' ? 12 : 1);
    bool const isInTime =
        unit == 'D' || (int64_t{date->year} * 12 + date->month - 1 + months) / 12 > 0;
    Date const moved = unit == 'D'
                           ? fromDayNumber(toDayNumber(*date) + static_cast<int32_t>(*count))
                       : isInTime ? addMonths(*date, months)
                                  : Date{};
    if (moved.year < 1 || moved.year > 9999)
        return std::nullopt;
    return writeDate(moved, given[0].size() == 8);
}

std::string clockNow(int64_t local) {
    int64_t const second = (local % 86'400 + 86'400) % 86'400;
    return fmt::format("{:02}{:02}{:02}", second / 3600, second / 60 % 60, second % 60);
}

int32_t dayOf(int64_t local) {
    return static_cast<int32_t>((local - (local % 86'400 + 86'400) % 86'400) / 86'400);
}

/// A date, or a part of one: `ODATE`, `$OYEAR`, `DAY`, `RJULDAY` (CTM-101).
std::optional<std::string> datePart(llvm::StringRef name, TextMoment const& moment) {
    bool const isLong = name.consume_front("$");
    int32_t day = dayOf(moment.local);
    auto const known = [](llvm::StringRef word) {
        return word == "DATE" || word == "DAY" || word == "MONTH" || word == "YEAR" ||
               word == "JULDAY";
    };
    if (!known(name)) {
        if (name.starts_with("O"))
            day = moment.orderDate;
        else if (name.starts_with("R"))
            day = moment.workingDay;
        else
            return std::nullopt;
        name = name.drop_front();
        if (!known(name))
            return std::nullopt;
    }
    if (isLong && name != "DATE" && name != "YEAR")
        return std::nullopt;
    Date const date = fromDayNumber(day);
    if (name == "DATE")
        return writeDate(date, isLong);
    if (name == "YEAR")
        return isLong ? fmt::format("{:04}", date.year) : fmt::format("{:02}", date.year % 100);
    if (name == "JULDAY")
        return fmt::format("{:03}", day - toDayNumber({date.year, 1, 1}) + 1);
    return fmt::format("{:02}", name == "MONTH" ? date.month : date.day);
}

std::optional<std::string> systemValue(llvm::StringRef name, TextMoment const& moment) {
    if (name == "TIME")
        return clockNow(moment.local);
    if (name == "BLANK")
        return " ";
    if (name == "RUNCOUNT" || name == "RN")
        return std::to_string(moment.runs);
    if (name == "ORDERID")
        return moment.orderId;
    return datePart(name, moment);
}

class Resolution {
public:
    Resolution(TextMoment const& now, VariableLookup given) : moment(now), lookup(given) {}

    std::string text(llvm::StringRef given, unsigned depth) {
        std::string made;
        if (depth > deepestVariable) {
            fail("variables that stand for each other", {});
            return made;
        }
        while (result.problem.empty() && !given.empty()) {
            size_t const at = given.find("%%");
            made += given.take_front(at);
            if (at == llvm::StringRef::npos)
                break;
            auto const found = readName(given.substr(at + 2));
            if (!found) {
                fail("cannot tell which variable is meant", {});
                result.isUnclear = true;
                break;
            }
            made += valueOf(found->name, depth);
            if (found->hasDot)
                made += '.';
            given = given.substr(at + 2 + found->length);
            if (made.size() > longest)
                fail("it has too many letters", {});
        }
        return made;
    }

    std::string value(llvm::StringRef given, unsigned depth) {
        Function const function = readFunction(given);
        if (function.kind == Function::Kind::none)
            return text(given, depth);
        if (!function.isComplete()) {
            fail("cannot tell what it means with so many arguments", {});
            result.isUnclear = true;
            return {};
        }
        std::vector<std::string> arguments;
        for (llvm::StringRef const argument : function.arguments)
            arguments.push_back(text(argument, depth));
        if (!result.problem.empty())
            return {};
        auto made = calculate(function.kind, arguments);
        if (!made)
            fail(fmt::format("{} of {} has no value", std::string_view(function.name),
                             fmt::join(arguments, " ")),
                 {});
        return made.value_or(std::string());
    }

    ResolvedText result;

private:
    /// Once for each name: what stands for others twice would else double at each step.
    std::string valueOf(llvm::StringRef name, unsigned depth) {
        if (auto const it = values.find(name); it != values.end())
            return it->second;
        std::string found = freshValueOf(name, depth);
        if (result.problem.empty())
            values[name] = found;
        return found;
    }

    std::string freshValueOf(llvm::StringRef name, unsigned depth) {
        if (auto const known = lookup(name))
            return known->isFinal ? known->text : value(known->text, depth + 1);
        if (auto known = systemValue(name, moment))
            return std::move(*known);
        fail(fmt::format("%%{} has no value", std::string_view(name)), name);
        return {};
    }

    void fail(std::string why, llvm::StringRef name) {
        if (!result.problem.empty())
            return;
        result.problem = std::move(why);
        result.undefinedName = name.str();
    }

    TextMoment const& moment;
    VariableLookup lookup;
    llvm::StringMap<std::string> values; ///< so far
};

} // namespace

VariablesUsed variablesIn(llvm::StringRef text) {
    VariablesUsed used;
    for (size_t at = text.find("%%"); at != llvm::StringRef::npos; at = text.find("%%", at)) {
        auto const found = readName(text.substr(at + 2));
        if (!found) {
            used.unclear = text.substr(at, 40);
            return used;
        }
        used.names.push_back(found->name);
        at += 2 + found->length;
    }
    return used;
}

VariablesUsed variablesInValue(llvm::StringRef text) {
    Function const function = readFunction(text);
    if (function.kind == Function::Kind::none)
        return variablesIn(text);
    VariablesUsed used;
    if (!function.isComplete()) {
        used.unclear = text.take_front(40);
        return used;
    }
    for (llvm::StringRef const argument : function.arguments) {
        VariablesUsed const inside = variablesIn(argument);
        used.names.insert(used.names.end(), inside.names.begin(), inside.names.end());
        if (!inside.unclear.empty()) {
            used.unclear = inside.unclear;
            break;
        }
    }
    return used;
}

bool isFunction(llvm::StringRef value) { return readFunction(value).kind != Function::Kind::none; }

bool isSystemVariable(llvm::StringRef name) { return systemValue(name, {}).has_value(); }

bool isFixed(llvm::StringRef name) {
    llvm::StringRef part = name;
    part.consume_front("$");
    return part.starts_with("O") && datePart(name, {}).has_value();
}

bool isOfJob(llvm::StringRef name) {
    return name == "JOBNAME" || name == "APPLIC" || name == "GROUP";
}

bool countsRuns(VariablesUsed const& used) {
    return llvm::any_of(used.names, [](llvm::StringRef name) {
        return name == "RUNCOUNT" || name == "RN" || name == "ORDERID";
    });
}

bool isPlainVariable(llvm::StringRef name) {
    return !name.starts_with("\\") && nameLength(name) == name.size() && !name.empty();
}

std::optional<VariableName> readVariableName(llvm::StringRef text) {
    using Owner = VariableName::Owner;
    text.consume_front("%%");
    if (text.empty() || nameLength(text) != text.size())
        return std::nullopt;
    VariableName made;
    made.key = "%%" + text.str();
    bool const isPooled = text.starts_with("\\\\") && text.drop_front(2).contains('\\');
    made.owner = isPooled || (text.starts_with("\\") && !text.starts_with("\\\\")) ? Owner::global
                 : text.starts_with("\\")                                          ? Owner::folder
                                                                                   : Owner::local;
    made.name = text.substr(text.rfind('\\') + 1);
    return made;
}

ResolvedText resolveText(llvm::StringRef text, TextMoment const& moment, VariableLookup lookup) {
    Resolution resolution(moment, lookup);
    resolution.result.text = resolution.text(text, 0);
    return std::move(resolution.result);
}

ResolvedText resolveValue(llvm::StringRef text, TextMoment const& moment, VariableLookup lookup) {
    Resolution resolution(moment, lookup);
    resolution.result.text = resolution.value(text, 0);
    return std::move(resolution.result);
}

std::string orderIdText(uint64_t number) {
    std::string text;
    for (; number > 0 || text.size() < 5; number /= 36)
        text.insert(text.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36]);
    return text;
}

} // namespace hoist::ir
