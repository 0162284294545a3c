// Between two stars the first place is as good as any: no line takes longer than its length times
// the pattern's.
#include "analysis/semantics/orders/OutputPattern.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/Sequence.h>
#include <llvm/ADT/SmallVector.h>

namespace hoist::semantics {

static bool isOne(char c) { return c == '?' || c == '$'; }

/// The place behind `piece`, which has no star, from `at` on; npos: it is not there.
static size_t behind(llvm::StringRef piece, llvm::StringRef line, size_t at) {
    for (; at + piece.size() <= line.size(); ++at)
        if (llvm::all_of(llvm::seq<size_t>(0, piece.size()),
                         [&](size_t i) { return isOne(piece[i]) || piece[i] == line[at + i]; }))
            return at + piece.size();
    return llvm::StringRef::npos;
}

static bool holds(llvm::StringRef line, llvm::ArrayRef<llvm::StringRef> pieces) {
    size_t at = 0;
    for (llvm::StringRef const piece : pieces) {
        at = behind(piece, line, at);
        if (at == llvm::StringRef::npos)
            return false;
    }
    return true;
}

bool isInOutput(llvm::StringRef pattern, llvm::StringRef output) {
    llvm::SmallVector<llvm::StringRef, 8> lines, pieces;
    output.split(lines, '\n', -1, false);
    pattern.split(pieces, '*', -1, false);
    return llvm::any_of(lines, [&](llvm::StringRef line) { return holds(line, pieces); });
}

std::vector<std::string> linesThatMatch(llvm::StringRef pattern, char filler) {
    std::string shortest, longer;
    for (char const c : pattern) {
        if (c != '*')
            shortest += isOne(c) ? filler : c;
        longer += c == '*' || isOne(c) ? filler : c;
    }
    if (shortest.empty()) // an empty line is none
        return {longer};
    return {shortest, longer};
}

} // namespace hoist::semantics
