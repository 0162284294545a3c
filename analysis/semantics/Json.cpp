// nlohmann's parser tells no places. But it reads one character at a time, so an iterator that
// counts knows where the token ends that a callback is about.
#include "analysis/semantics/Json.h"

#include <llvm/ADT/StringRef.h>

#include <nlohmann/json.hpp>

#include <iterator>

namespace hoist::semantics {
namespace {

struct CountingIterator {
    using iterator_category = std::forward_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = char const*;
    using reference = char const&;

    char const* at = nullptr;
    char const** furthest = nullptr;

    reference operator*() const { return *at; }
    CountingIterator& operator++() {
        *furthest = std::max(*furthest, ++at);
        return *this;
    }
    CountingIterator operator++(int) {
        CountingIterator const old = *this;
        ++*this;
        return old;
    }
    bool operator==(CountingIterator const& other) const { return at == other.at; }
};

class Builder : public nlohmann::json_sax<nlohmann::json> {
public:
    Builder(SourceMap const& map, FileId id, char const** position, JsonError& problem)
        : sources(map), file(id), bytes(map.bytes(id)), furthest(position), error(problem) {}

    JsonValue root;

    bool null() override { return add(JsonValue::Kind::null, wordSpan()) != nullptr; }
    bool boolean(bool value) override {
        JsonValue* const made = add(JsonValue::Kind::boolean, wordSpan());
        made->flag = value;
        return true;
    }
    bool number_integer(number_integer_t value) override { return integer(value); }
    bool number_unsigned(number_unsigned_t value) override {
        return value > static_cast<number_unsigned_t>(INT64_MAX)
                   ? add(JsonValue::Kind::real, wordSpan()) != nullptr
                   : integer(static_cast<int64_t>(value));
    }
    bool number_float(number_float_t, string_t const&) override {
        return add(JsonValue::Kind::real, wordSpan()) != nullptr;
    }
    bool string(string_t& value) override {
        add(JsonValue::Kind::string, stringSpan())->text = std::move(value);
        return true;
    }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(JsonValue::Kind::object); }
    bool start_array(std::size_t) override { return open(JsonValue::Kind::array); }
    bool key(string_t& value) override {
        stack.back()->keys.push_back({std::move(value), stringSpan()});
        return true;
    }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t position, std::string const&,
                     nlohmann::detail::exception const& problem) override {
        // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error …"
        llvm::StringRef text = problem.what();
        if (size_t const colon = text.find(": "); colon != llvm::StringRef::npos)
            text = text.drop_front(colon + 2);
        size_t const at = std::min(position == 0 ? 0 : position - 1, bytes.size());
        error = {sources.span(file, at, std::min(at + 1, bytes.size())), text.str()};
        return false;
    }

private:
    bool integer(int64_t value) {
        add(JsonValue::Kind::integer, wordSpan())->number = value;
        return true;
    }
    JsonValue* add(JsonValue::Kind kind, Span span) {
        JsonValue* made = &root;
        if (!stack.empty()) {
            stack.back()->items.emplace_back();
            made = &stack.back()->items.back();
        }
        made->kind = kind;
        made->span = span;
        return made;
    }
    bool open(JsonValue::Kind kind) {
        size_t const end = position();
        Span const span = sources.span(file, end == 0 ? 0 : end - 1, end);
        if (stack.size() == 16) {
            error = {span, "nested too deeply"};
            return false;
        }
        stack.push_back(add(kind, span));
        return true;
    }
    bool close() {
        stack.pop_back();
        return true;
    }
    size_t position() const { return static_cast<size_t>(*furthest - bytes.data()); }
    /// The parser has just read the closing quote.
    Span stringSpan() const {
        size_t const end = position();
        size_t begin = end >= 2 ? end - 2 : 0;
        for (; begin > 0; --begin) {
            if (bytes[begin] != '"')
                continue;
            size_t slashes = 0;
            while (slashes < begin && bytes[begin - 1 - slashes] == '\\')
                ++slashes;
            if (slashes % 2 == 0)
                break;
        }
        return sources.span(file, begin, end);
    }
    /// A number or a word: it ends before what the parser has looked at.
    Span wordSpan() const {
        auto const isWord = [](char c) {
            return llvm::StringRef("+-.").contains(c) || (c >= '0' && c <= '9') ||
                   (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        };
        size_t end = std::min(position(), bytes.size());
        while (end > 0 && !isWord(bytes[end - 1]))
            --end;
        size_t begin = end;
        while (begin > 0 && isWord(bytes[begin - 1]))
            --begin;
        return sources.span(file, begin, end);
    }

    SourceMap const& sources;
    FileId file;
    llvm::StringRef bytes;
    char const** furthest;
    JsonError& error;
    std::vector<JsonValue*> stack; ///< each the last item of the one before: stays where it is
};

} // namespace

std::optional<JsonValue> parseJson(SourceMap const& sources, FileId file, JsonError& error) {
    llvm::StringRef const bytes = sources.bytes(file);
    char const* furthest = bytes.data();
    Builder builder(sources, file, &furthest, error);
    if (!nlohmann::json::sax_parse(CountingIterator{bytes.begin(), &furthest},
                                   CountingIterator{bytes.end(), &furthest}, &builder))
        return std::nullopt;
    return std::move(builder.root);
}

} // namespace hoist::semantics
