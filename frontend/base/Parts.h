// What can be taken out of a file by itself, for `hoist reduce`.
#pragma once

#include <llvm/ADT/SmallVector.h>

#include <cstddef>
#include <vector>

namespace hoist {

/// Half-open, in bytes of the file.
struct ByteRange {
    size_t begin = 0, end = 0;
};

struct Part {
    enum class Level : unsigned char {
        statement, ///< lie side by side and cover the file, but for a byte order mark; where a
                   ///< root holds them, it is one, around the others
        attribute, ///< of a statement, without the one that names its object; may be in each other
        operand,   ///< of a condition, with the operator beside it; or a pair of parentheses
    } level = Level::statement;
    llvm::SmallVector<ByteRange, 2> ranges;
};

/// In the order of the file.
using Parts = std::vector<Part>;

} // namespace hoist
