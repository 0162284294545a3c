// Quoting and layout of Python expressions.
#include "backend/airflow/Python.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/ConvertUTF.h>

#include <fmt/core.h>

namespace hoist::airflow {
namespace {

/// Decodes one UTF-8 character at `at` (strict: no overlong forms, no surrogates). 0 length: not
/// UTF-8 here.
struct Decoded {
    uint32_t point = 0;
    size_t length = 0;
};
Decoded decode(llvm::StringRef bytes, size_t at) {
    auto const lead = static_cast<unsigned char>(bytes[at]);
    if (lead < 0x80)
        return {lead, 1};
    size_t const length = lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || at + length > bytes.size())
        return {};
    auto const* begin = reinterpret_cast<llvm::UTF8 const*>(bytes.data()) + at;
    if (!llvm::isLegalUTF8Sequence(begin, begin + length))
        return {};
    uint32_t point = lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; ++i)
        point = point << 6 | (static_cast<unsigned char>(bytes[at + i]) & 0x3Fu);
    return {point, length};
}

/// Letters of the scripts that definitions are written in. Everything else (controls, formats,
/// marks, private use) is escaped: a bidirectional override must not rearrange what a reviewer
/// sees.
bool isPlainLetter(uint32_t point) {
    return (point >= 0x20 && point < 0x7F) || (point >= 0xA1 && point <= 0x24F && point != 0xAD) ||
           (point >= 0x370 && point <= 0x482) || (point >= 0x48A && point <= 0x52F) ||
           (point >= 0x3041 && point <= 0x3096) || (point >= 0x30A1 && point <= 0x30FA) ||
           (point >= 0x4E00 && point <= 0x9FFF) || (point >= 0xAC00 && point <= 0xD7A3);
}

void appendEscaped(std::string& out, uint32_t point) {
    switch (point) {
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default:
        if (point < 0x100)
            out += fmt::format("\\x{:02x}", point);
        else if (point < 0x10000)
            out += fmt::format("\\u{:04x}", point);
        else
            out += fmt::format("\\U{:08x}", point);
    }
}

} // namespace

std::string pythonString(llvm::StringRef bytes) {
    // Double quotes unless single ones need fewer escapes: ruff's rule.
    char const quote = bytes.count('"') > bytes.count('\'') ? '\'' : '"';
    std::string out(1, quote);
    for (size_t at = 0; at < bytes.size();) {
        size_t plain = at; // most text is printable ASCII: copy it in runs
        while (plain < bytes.size() && bytes[plain] >= 0x20 && bytes[plain] < 0x7F &&
               bytes[plain] != quote && bytes[plain] != '\\')
            ++plain;
        out += bytes.slice(at, plain);
        at = plain;
        if (at == bytes.size())
            break;
        auto const [point, length] = decode(bytes, at);
        if (length == 0) {
            appendEscaped(
                out, 0xDC00u + static_cast<unsigned char>(bytes[at])); // surrogateescape (PEP 383)
            ++at;
            continue;
        }
        if (point == static_cast<uint32_t>(quote) || point == '\\')
            (out += '\\') += static_cast<char>(point);
        else if (isPlainLetter(point))
            out += bytes.substr(at, length);
        else
            appendEscaped(out, point);
        at += length;
    }
    return out += quote;
}

std::string plainLine(llvm::StringRef bytes) {
    std::string out;
    for (size_t at = 0; at < bytes.size();) {
        size_t plain = at; // as above
        while (plain < bytes.size() && bytes[plain] >= 0x20 && bytes[plain] < 0x7F)
            ++plain;
        out += bytes.slice(at, plain);
        at = plain;
        if (at == bytes.size())
            break;
        auto const [point, length] = decode(bytes, at);
        if (length == 0) {
            out += '?';
            ++at;
            continue;
        }
        if (isPlainLetter(point))
            out += bytes.substr(at, length);
        else if (point == '\n' || point == '\r' || point == '\t')
            out += ' ';
        else
            out += '?';
        at += length;
    }
    return llvm::StringRef(out).trim().str();
}

Py Py::call(std::string callee, List positional, Keywords keywords) {
    Py result;
    result.value = std::make_shared<Call const>(
        Call{std::move(callee), std::move(positional), std::move(keywords)});
    return result;
}

namespace {

/// An expression that breaks over lines: its brackets and its items, with what stands in front of
/// each ("key: " or "name=").
struct Items {
    llvm::StringRef callee, open, close;
    llvm::SmallVector<std::pair<llvm::StringRef, Py const*>, 8> items;
    bool isTuple = false, isDict = false;

    void appendKey(std::string& out, llvm::StringRef key) const {
        if (isDict)
            (out += pythonString(key)) += ": ";
        else if (!key.empty())
            (out += key) += '=';
    }
};

bool itemsOf(Py const& value, Items& out) {
    if (auto const* list = std::get_if<Py::List>(&value.value)) {
        out.open = "[", out.close = "]";
        for (Py const& item : *list)
            out.items.emplace_back("", &item);
    } else if (auto const* tuple = std::get_if<Py::Tuple>(&value.value)) {
        out.open = "(", out.close = ")", out.isTuple = true;
        for (Py const& item : tuple->items)
            out.items.emplace_back("", &item);
    } else if (auto const* dict = std::get_if<Py::Dict>(&value.value)) {
        out.open = "{", out.close = "}", out.isDict = true;
        for (auto const& [key, item] : *dict)
            out.items.emplace_back(key, &item);
    } else if (auto const* call = std::get_if<std::shared_ptr<Py::Call const>>(&value.value)) {
        out.callee = (*call)->callee, out.open = "(", out.close = ")";
        for (Py const& item : (*call)->positional)
            out.items.emplace_back("", &item);
        for (auto const& [name, item] : (*call)->keywords)
            out.items.emplace_back(name, &item);
    } else {
        return false;
    }
    return true;
}

/// On one line. Of what has items, those that would begin behind `longest` bytes of `out` are left
/// out.
void appendFlat(std::string& out, Py const& value, size_t longest) {
    Items parts;
    if (itemsOf(value, parts)) {
        (out += parts.callee) += parts.open;
        for (size_t i = 0; i < parts.items.size() && out.size() <= longest; ++i) {
            if (i > 0)
                out += ", ";
            parts.appendKey(out, parts.items[i].first);
            appendFlat(out, *parts.items[i].second, longest);
        }
        if (parts.isTuple && parts.items.size() == 1)
            out += ',';
        out += parts.close;
        return;
    }
    if (auto const* boolean = std::get_if<bool>(&value.value))
        out += *boolean ? "True" : "False";
    else if (auto const* number = std::get_if<int64_t>(&value.value))
        out += std::to_string(*number);
    else if (auto const* text = std::get_if<std::string>(&value.value))
        out += pythonString(*text);
    else if (auto const* name = std::get_if<Py::Name>(&value.value))
        out += name->text;
    else
        out += "None";
}

/// Columns as ruff counts them: wide East Asian characters take two.
size_t widthOf(llvm::StringRef text) {
    if (llvm::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
        return text.size();
    size_t width = 0;
    for (size_t at = 0; at < text.size();) {
        auto const [point, length] = decode(text, at);
        at += length == 0 ? 1 : length;
        width += point >= 0x3041 ? 2 : 1;
    }
    return width;
}

} // namespace

void appendPython(std::string& out, Py const& value, unsigned indent, size_t column,
                  size_t trailing) {
    size_t const begin = out.size();
    // A column is three bytes at most: what is longer does not fit, however it goes on.
    size_t const longest = begin + 3 * pythonLineLength;
    appendFlat(out, value, longest);
    llvm::StringRef const flat = llvm::StringRef(out).drop_front(begin);
    Items parts;
    if (column + widthOf(flat) + trailing <= pythonLineLength || !itemsOf(value, parts) ||
        parts.items.empty())
        return;
    out.resize(begin);
    (out += parts.callee) += parts.open;
    for (auto const& [key, item] : parts.items) {
        out += '\n';
        size_t const lineBegin = out.size();
        out.append(indent + 4, ' ');
        parts.appendKey(out, key);
        size_t const inner = widthOf(llvm::StringRef(out).drop_front(lineBegin));
        appendPython(out, *item, indent + 4, inner, 1);
        out += ',';
    }
    out += '\n';
    out.append(indent, ' ');
    out += parts.close;
}

} // namespace hoist::airflow
