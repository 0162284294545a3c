// Small readers for small languages; none of them allocates without need.
#include "frontend/jil/Values.h"

namespace hoist::jil {

static constexpr llvm::StringLiteral blanks = " \t\r\n\f\v";

std::optional<bool> readBoolean(llvm::StringRef text) {
    text = text.trim(blanks);
    for (llvm::StringRef word : {"y", "1", "yes", "true", "t"})
        if (text.equals_insensitive(word))
            return true;
    for (llvm::StringRef word : {"n", "0", "no", "false", "f"})
        if (text.equals_insensitive(word))
            return false;
    return std::nullopt;
}

std::optional<int64_t> readInteger(llvm::StringRef text) {
    text = text.trim(blanks);
    text.consume_front("+");
    int64_t value = 0;
    if (text.empty() || text.size() > 18 || text.getAsInteger(10, value))
        return std::nullopt;
    return value;
}

std::optional<int16_t> readTime(llvm::StringRef text) {
    auto const [hourText, minuteText] = text.trim(blanks).split(':');
    int16_t hour = 0, minute = 0;
    if (hourText.empty() || hourText.size() > 2 || minuteText.size() != 2 ||
        hourText.getAsInteger(10, hour) || minuteText.getAsInteger(10, minute) || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59)
        return std::nullopt;
    return static_cast<int16_t>(hour * 60 + minute);
}

std::optional<ir::Window> readWindow(llvm::StringRef text) {
    auto const [from, to] = text.split('-');
    auto const begin = readTime(from);
    auto const end = readTime(to);
    if (!begin || !end)
        return std::nullopt;
    return ir::Window{*begin, *end};
}

std::optional<ir::Date> readDate(llvm::StringRef text) {
    llvm::SmallVector<llvm::StringRef, 3> parts;
    text.trim(blanks).split(parts, '/');
    unsigned month = 0, day = 0, year = 0;
    if (parts.size() != 3 || parts[0].getAsInteger(10, month) || parts[1].getAsInteger(10, day) ||
        parts[2].size() != 4 || parts[2].getAsInteger(10, year) || month < 1 || month > 12 ||
        day < 1 || day > 31 || year < 1900)
        return std::nullopt;
    ir::Date const date{static_cast<int32_t>(year), static_cast<uint8_t>(month),
                        static_cast<uint8_t>(day)};
    if (ir::fromDayNumber(ir::toDayNumber(date)) != date)
        return std::nullopt;
    return date;
}

std::optional<ir::CodeRange> readCodes(llvm::StringRef text) {
    size_t const dash = text.find('-', 1);
    auto const from = readInteger(text.take_front(dash));
    auto const to = dash == llvm::StringRef::npos ? from : readInteger(text.substr(dash + 1));
    if (!from || !to || *from > *to)
        return std::nullopt;
    return ir::CodeRange{*from, *to};
}

std::optional<uint8_t> readWeekday(llvm::StringRef text) {
    static constexpr llvm::StringLiteral days[] = {"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};
    if (text.equals_insensitive("all"))
        return 0b1111111;
    if (text.size() >= 2)
        for (unsigned i = 0; i < 7; ++i)
            if (days[i].starts_with_insensitive(text))
                return static_cast<uint8_t>(1u << i);
    return std::nullopt;
}

llvm::SmallVector<llvm::StringRef, 8> listItems(llvm::StringRef text) {
    llvm::SmallVector<llvm::StringRef, 8> items;
    while (!text.empty()) {
        size_t const begin = text.find_first_not_of(" \t\r\n\f\v,\"");
        if (begin == llvm::StringRef::npos)
            break;
        text = text.substr(begin);
        size_t const end = text.find_first_of(" \t\r\n\f\v,\"");
        items.push_back(text.take_front(end));
        text = text.substr(std::min(end, text.size()));
    }
    return items;
}

llvm::SmallVector<llvm::StringRef, 4> commaItems(llvm::StringRef text) {
    llvm::SmallVector<llvm::StringRef, 4> items;
    while (!text.empty()) {
        auto const [head, tail] = text.split(',');
        if (llvm::StringRef const item = head.trim(" \t\r\n\f\v\""); !item.empty())
            items.push_back(item);
        text = tail;
    }
    return items;
}

static size_t nameLength(llvm::StringRef text) {
    if (text.empty() || (!llvm::isAlpha(text.front()) && text.front() != '_'))
        return 0;
    size_t length = 1;
    while (length < text.size() &&
           (llvm::isAlnum(text[length]) || text[length] == '_' || text[length] == '.'))
        ++length;
    return length < text.size() && text[length] == '=' ? length : 0;
}

std::optional<std::vector<std::pair<llvm::StringRef, llvm::StringRef>>>
readAssignments(llvm::StringRef text) {
    std::vector<std::pair<llvm::StringRef, llvm::StringRef>> pairs;
    text = text.trim(blanks);
    while (!text.empty()) {
        size_t const length = nameLength(text);
        if (length == 0)
            return std::nullopt;
        llvm::StringRef const name = text.take_front(length);
        text = text.substr(length + 1);
        size_t end = 0;
        bool isQuoted = false;
        for (; end < text.size(); ++end) {
            if (text[end] == '"')
                isQuoted = !isQuoted;
            else if (text[end] == ',' && !isQuoted &&
                     nameLength(text.substr(end + 1).ltrim(blanks)) > 0)
                break;
        }
        llvm::StringRef value = text.take_front(end).trim(blanks);
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.drop_front().drop_back();
        pairs.emplace_back(name, value);
        text = text.substr(std::min(end + 1, text.size())).ltrim(blanks);
    }
    if (pairs.empty())
        return std::nullopt;
    return pairs;
}

std::optional<std::vector<ir::ResourceUse>> readResources(llvm::StringRef text) {
    std::vector<ir::ResourceUse> uses;
    llvm::StringRef rest = text.trim(blanks);
    while (!rest.empty()) {
        if (!rest.starts_with("("))
            return std::nullopt;
        size_t const close = rest.find(')');
        if (close == llvm::StringRef::npos)
            return std::nullopt;
        ir::ResourceUse use;
        auto const begin = static_cast<uint32_t>(rest.begin() - text.begin());
        use.span = {begin + 1, begin + 1 + static_cast<uint32_t>(close) + 1};
        auto const items = commaItems(rest.slice(1, close));
        if (items.empty())
            return std::nullopt;
        use.name = items.front();
        for (llvm::StringRef const item : llvm::ArrayRef(items).drop_front()) {
            auto const [rawKey, rawValue] = item.split('=');
            llvm::StringRef const key = rawKey.trim(blanks), value = rawValue.trim(" \t\r\n\"");
            if (key.equals_insensitive("quantity")) {
                auto const number = readInteger(value);
                if (!number && !value.equals_insensitive("all"))
                    return std::nullopt;
                use.quantity = number ? *number : -1;
                if (number && *number < 0)
                    return std::nullopt;
            } else if (key.equals_insensitive("free") && value.size() == 1 &&
                       llvm::StringRef("YNAyna").contains(value.front())) {
                use.free = llvm::toUpper(value.front());
                use.freeGiven = true;
            } else {
                return std::nullopt;
            }
        }
        uses.push_back(use);
        rest = rest.substr(close + 1).ltrim(blanks);
        if (rest.empty())
            break;
        if (rest.starts_with("&") || rest.starts_with(","))
            rest = rest.drop_front().ltrim(blanks);
        else if (rest.take_front(3).equals_insensitive("and"))
            rest = rest.drop_front(3).ltrim(blanks);
        else
            return std::nullopt;
        if (rest.empty())
            return std::nullopt;
    }
    if (uses.empty())
        return std::nullopt;
    return uses;
}

} // namespace hoist::jil
