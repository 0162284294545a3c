// Scanners that take any bytes, in time linear in them.
#include "frontend/controlm/Taken.h"

#include "frontend/controlm/Vocabulary.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>

namespace hoist::controlm {
namespace {

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class TagScanner {
public:
    explicit TagScanner(llvm::StringRef source) : bytes(source) {}

    std::vector<TagText> run() {
        while ((at = bytes.find('<', at)) != llvm::StringRef::npos) {
            size_t const begin = at;
            TagText tag;
            llvm::StringRef const rest = bytes.substr(at);
            if (rest.starts_with("<!--")) {
                tag.kind = TagText::Kind::comment;
                skipBehind("-->");
            } else if (rest.starts_with("<![CDATA[")) {
                tag.kind = TagText::Kind::comment;
                skipBehind("]]>");
            } else if (rest.starts_with("<?") || rest.starts_with("<!")) {
                tag.kind = TagText::Kind::declaration;
                skipBehind(">");
            } else {
                readTag(tag);
            }
            tag.whole = bytes.slice(begin, at);
            tags.push_back(std::move(tag));
        }
        return std::move(tags);
    }

private:
    void skipBehind(llvm::StringRef end) {
        size_t const found = bytes.find(end, at);
        at = found == llvm::StringRef::npos ? bytes.size() : found + end.size();
    }
    void skipBlanks() {
        while (at < bytes.size() && isBlank(bytes[at]))
            ++at;
    }
    llvm::StringRef word() {
        size_t const begin = at;
        while (at < bytes.size() && !isBlank(bytes[at]) &&
               !llvm::StringRef("=<>/\"'").contains(bytes[at]))
            ++at;
        return bytes.slice(begin, at);
    }
    /// Ends where a `>` ends it, or where the next tag begins.
    void readTag(TagText& tag) {
        ++at;
        if (at < bytes.size() && bytes[at] == '/') {
            tag.kind = TagText::Kind::close;
            ++at;
        }
        tag.name = word();
        while (true) {
            skipBlanks();
            if (at == bytes.size() || bytes[at] == '<')
                return;
            if (bytes[at] == '>') {
                ++at;
                return;
            }
            if (bytes[at] == '/' && at + 1 < bytes.size() && bytes[at + 1] == '>') {
                tag.kind = TagText::Kind::empty;
                at += 2;
                return;
            }
            llvm::StringRef const key = word();
            skipBlanks();
            if (at < bytes.size() && bytes[at] == '=') {
                ++at;
                skipBlanks();
            }
            if (at < bytes.size() && (bytes[at] == '"' || bytes[at] == '\'')) {
                size_t const close = std::min(bytes.find(bytes[at], at + 1), bytes.size());
                tag.attributes.emplace_back(key, bytes.slice(at + 1, close));
                at = std::min(close + 1, bytes.size());
            } else if (key.empty()) {
                ++at; // a sign that belongs nowhere
            }
        }
    }

    llvm::StringRef bytes;
    size_t at = 0;
    std::vector<TagText> tags;
};

} // namespace

std::vector<TagText> tagsOf(llvm::StringRef bytes) { return TagScanner(bytes).run(); }

std::vector<JsonPiece> jsonPieces(llvm::StringRef bytes) {
    using Kind = JsonPiece::Kind;
    std::vector<JsonPiece> pieces;
    for (size_t at = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0; at < bytes.size();) {
        size_t const begin = at;
        char const c = bytes[at];
        auto const add = [&](Kind kind, size_t end) {
            at = std::min(end, bytes.size());
            pieces.push_back({kind, bytes.slice(begin, at), bytes.slice(begin, at)});
        };
        if (c == '"') {
            size_t end = at + 1;
            while (end < bytes.size() && bytes[end] != '"' && bytes[end] != '\n')
                end += bytes[end] == '\\' && end + 1 < bytes.size() ? 2 : 1;
            llvm::StringRef const text = bytes.slice(begin + 1, end);
            add(Kind::string, end < bytes.size() && bytes[end] == '"' ? end + 1 : end);
            pieces.back().text = text;
        } else if (c == '{' || c == '[') {
            add(Kind::open, at + 1);
        } else if (c == '}' || c == ']') {
            add(Kind::close, at + 1);
        } else if (c == ',') {
            add(Kind::comma, at + 1);
        } else if (c == ':') {
            add(Kind::colon, at + 1);
        } else if (bytes.substr(at).starts_with("//")) {
            add(Kind::comment, bytes.find('\n', at));
        } else if (bytes.substr(at).starts_with("/*")) {
            size_t const close = bytes.find("*/", at + 2);
            add(Kind::comment, close == llvm::StringRef::npos ? close : close + 2);
        } else if (isBlank(c)) {
            ++at;
        } else {
            size_t end = at + 1;
            while (end < bytes.size() && !isBlank(bytes[end]) &&
                   !llvm::StringRef("\"{}[],:/").contains(bytes[end]))
                ++end;
            add(Kind::word, end);
        }
    }
    return pieces;
}

} // namespace hoist::controlm
