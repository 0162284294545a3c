// A hand-written reader: libraries either keep no places or take no comments, and none tells of a
// key that comes twice.
#include "frontend/controlm/Json.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/Support/ConvertUTF.h>

#include <fmt/format.h>

namespace hoist::controlm {

using diag::Code;

JsonMember const* JsonValue::find(llvm::StringRef key) const {
    for (size_t i = members.size(); i-- > 0;)
        if (members[i].key == key)
            return &members[i];
    return nullptr;
}

llvm::StringRef JsonValue::textOf(llvm::StringRef key) const {
    JsonMember const* const member = find(key);
    bool const isText =
        member && (member->value.kind == Kind::string || member->value.kind == Kind::other);
    return isText ? member->value.text : llvm::StringRef();
}

namespace {

class Reader {
public:
    Reader(FileId source, ir::Estate& target, diag::Diagnostics& findings)
        : file(source), estate(target), diags(findings), bytes(estate.sources.bytes(source)) {
        if (bytes.starts_with("\xEF\xBB\xBF"))
            at = 3;
    }

    JsonValue read() {
        blanks();
        JsonValue all;
        all.kind = JsonValue::Kind::object;
        if (peek() == '"') { // no braces around the members
            lenient(span(at, at + 1), "braces around all definitions are missing");
            members(all, '\0');
        } else if (peek() == '{') {
            all = value(0);
        } else {
            fail("`{`");
        }
        blanks();
        if (!hasFailed && peek() == ',') {
            lenient(span(at, at + 1), "a comma with nothing behind it");
            ++at;
            blanks();
        }
        if (!hasFailed && at < bytes.size())
            fail("the end of the file");
        return all;
    }

    bool hasFailed = false;

private:
    char peek() const { return at < bytes.size() ? bytes[at] : '\0'; }
    Span span(size_t begin, size_t end) const {
        return estate.sources.span(file, std::min(begin, bytes.size()),
                                   std::min(end, bytes.size()));
    }

    void fail(std::string_view wanted) {
        if (hasFailed)
            return;
        hasFailed = true;
        std::string const found =
            at < bytes.size() ? fmt::format("`{}`", bytes[at]) : std::string("the end of the file");
        diags.report<Code::BadJson>(span(at, at + 1), std::string(wanted), found);
    }

    /// Each kind of liberty once a file: a hand-written file takes it everywhere.
    void lenient(Span where, llvm::StringRef what) {
        if (told.try_emplace(what, true).second)
            diags.report<Code::LenientJson>(where, what);
    }

    void blanks() {
        while (at < bytes.size()) {
            if (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\n' || bytes[at] == '\r') {
                ++at;
            } else if (bytes.substr(at).starts_with("//")) {
                size_t const end = std::min(bytes.find('\n', at), bytes.size());
                lenient(span(at, end), "a comment");
                at = end;
            } else if (bytes.substr(at).starts_with("/*")) {
                size_t const close = bytes.find("*/", at + 2);
                size_t const end = close == llvm::StringRef::npos ? bytes.size() : close + 2;
                lenient(span(at, end), "a comment");
                at = end;
            } else {
                return;
            }
        }
    }

    JsonValue value(size_t depth) {
        JsonValue result;
        size_t const begin = at;
        if (depth > deepestJson) {
            if (!hasFailed)
                diags.report<Code::NestedTooDeep>(span(at, at + 1), deepestJson);
            hasFailed = true;
            result.span = span(at, at + 1);
            return result;
        }
        char const first = peek();
        if (first == '{') {
            ++at;
            result.kind = JsonValue::Kind::object;
            members(result, '}', depth);
        } else if (first == '[') {
            ++at;
            result.kind = JsonValue::Kind::array;
            items(result, depth);
        } else if (first == '"') {
            result.kind = JsonValue::Kind::string;
            string(result.text, result.span);
            return result;
        } else {
            while (at < bytes.size() && (llvm::isAlnum(bytes[at]) || bytes[at] == '-' ||
                                         bytes[at] == '+' || bytes[at] == '.'))
                ++at;
            result.text = bytes.slice(begin, at);
            double number = 0;
            if (result.text != "true" && result.text != "false" && result.text != "null" &&
                (result.text.empty() || result.text.getAsDouble(number))) {
                at = begin;
                fail("a value");
            }
        }
        result.span = span(begin, at);
        return result;
    }

    void members(JsonValue& object, char close, size_t depth = 0) {
        llvm::StringMap<Span> keys;
        for (bool isFirst = true; !hasFailed; isFirst = false) {
            blanks();
            if (close ? peek() == close : at == bytes.size()) {
                at += close != '\0';
                return;
            }
            if (!isFirst) {
                if (peek() != ',')
                    return fail(close ? "`,` or `}`" : "`,`");
                size_t const comma = at++;
                blanks();
                if (close ? peek() == close : at == bytes.size()) {
                    lenient(span(comma, comma + 1), "a comma with nothing behind it");
                    at += close != '\0';
                    return;
                }
            }
            if (peek() != '"')
                return fail("a key in quotes");
            object.members.emplace_back();
            JsonMember& member = object.members.back();
            string(member.key, member.keySpan);
            member.value.span = member.keySpan; // until it has one of its own
            if (auto const [known, isNew] = keys.try_emplace(member.key, member.keySpan); !isNew)
                diags.report<Code::KeyTwice>(member.keySpan, member.key)
                    .evidence(member.key)
                    .label(known->second, "given here before");
            blanks();
            if (peek() != ':')
                return fail("`:`");
            ++at;
            blanks();
            JsonValue inner = value(depth + 1);
            object.members.back().value = std::move(inner);
        }
    }

    void items(JsonValue& array, size_t depth) {
        for (bool isFirst = true; !hasFailed; isFirst = false) {
            blanks();
            if (!isFirst && peek() == ',') {
                size_t const comma = at++;
                blanks();
                if (peek() == ']')
                    lenient(span(comma, comma + 1), "a comma with nothing behind it");
            } else if (!isFirst && peek() != ']') {
                return fail("`,` or `]`");
            }
            if (peek() == ']') {
                ++at;
                return;
            }
            array.items.push_back(value(depth + 1));
        }
    }

    void string(llvm::StringRef& text, Span& where) {
        size_t const begin = ++at;
        bool hasEscape = false;
        while (at < bytes.size() && bytes[at] != '"' && bytes[at] != '\n') {
            hasEscape |= bytes[at] == '\\';
            at += bytes[at] == '\\' && at + 1 < bytes.size() ? 2 : 1;
        }
        llvm::StringRef const raw = bytes.slice(begin, at);
        where = span(begin, at);
        text = hasEscape ? estate.save(unescaped(raw)) : raw;
        if (peek() != '"')
            return fail("`\"`");
        ++at;
    }

    static std::string unescaped(llvm::StringRef raw) {
        std::string out;
        for (size_t i = 0; i < raw.size(); ++i) {
            if (raw[i] != '\\' || i + 1 == raw.size()) {
                out += raw[i];
                continue;
            }
            switch (raw[++i]) {
            case 'n': out += '\n'; break;
            case 't': out += '\t'; break;
            case 'r': out += '\r'; break;
            case 'b': out += '\b'; break;
            case 'f': out += '\f'; break;
            case 'u': appendCodePoint(out, raw, i); break;
            default: out += raw[i]; // `"`, `\`, `/`
            }
        }
        return out;
    }

    /// `\uXXXX`, two of them for a character beyond 16 bits; `i` stands on the `u`.
    static void appendCodePoint(std::string& out, llvm::StringRef raw, size_t& i) {
        auto const unitAt = [&](size_t from, unsigned& unit) {
            return raw.size() >= from + 4 && !raw.substr(from, 4).getAsInteger(16, unit);
        };
        unsigned code = 0, low = 0;
        if (!unitAt(i + 1, code)) {
            out += "\\u";
            return;
        }
        i += 4;
        if (code >= 0xD800 && code < 0xDC00 && raw.substr(i + 1).starts_with("\\u") &&
            unitAt(i + 3, low) && low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            i += 6;
        } else if (code >= 0xD800 && code < 0xE000) {
            code = 0xFFFD; // half of a pair
        }
        char buffer[UNI_MAX_UTF8_BYTES_PER_CODE_POINT];
        char* end = buffer;
        llvm::ConvertCodePointToUTF8(code, end);
        out.append(buffer, end);
    }

    FileId file;
    ir::Estate& estate;
    diag::Diagnostics& diags;
    llvm::StringRef bytes;
    size_t at = 0;
    llvm::StringMap<bool> told;
};

} // namespace

JsonValue readJson(FileId file, ir::Estate& estate, diag::Diagnostics& diags, bool& isWhole) {
    Reader reader(file, estate, diags);
    JsonValue result = reader.read();
    isWhole = !reader.hasFailed;
    return result;
}

} // namespace hoist::controlm
