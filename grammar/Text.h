// Where something stands in the bytes that a grammar has read, and the first thing that is wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hoist::grammar {

/// A half-open range of byte offsets.
struct Text {
    size_t begin = 0, end = 0;
    bool empty() const { return begin == end; }
    std::string_view in(std::string_view bytes) const { return bytes.substr(begin, end - begin); }
    friend bool operator==(Text, Text) = default;
};

struct SyntaxError {
    Text where;           ///< of the first word that does not fit; empty at the end of the text
    std::string expected; ///< the words that would fit
};

} // namespace hoist::grammar
