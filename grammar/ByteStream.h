// Bytes as ANTLR's characters, whatever their encoding: offsets of tokens are offsets in the file.
#pragma once

#include <antlr4-runtime.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace hoist::grammar {

/// Does not own the bytes.
class ByteStream final : public antlr4::CharStream {
public:
    explicit ByteStream(std::string_view text) : bytes(text) {}

    std::string_view all() const { return bytes; }

    void consume() override {
        if (at == bytes.size())
            throw antlr4::IllegalStateException("cannot consume EOF");
        ++at;
    }
    size_t LA(ssize_t i) override {
        if (i == 0)
            return 0;
        auto const where = static_cast<ssize_t>(at) + (i > 0 ? i - 1 : i);
        if (where < 0 || where >= static_cast<ssize_t>(bytes.size()))
            return IntStream::EOF;
        return static_cast<unsigned char>(bytes[static_cast<size_t>(where)]);
    }
    ssize_t mark() override { return -1; }
    void release(ssize_t) override {}
    size_t index() override { return at; }
    void seek(size_t index) override { at = std::min(index, bytes.size()); }
    size_t size() override { return bytes.size(); }
    std::string getSourceName() const override { return "bytes"; }
    std::string getText(antlr4::misc::Interval const& interval) override {
        if (interval.a < 0 || interval.b < interval.a)
            return {};
        return std::string(bytes.substr(std::min(static_cast<size_t>(interval.a), bytes.size()),
                                        static_cast<size_t>(interval.b - interval.a + 1)));
    }
    std::string toString() const override { return std::string(bytes); }

private:
    std::string_view bytes;
    size_t at = 0;
};

} // namespace hoist::grammar
