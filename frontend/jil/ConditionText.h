// A condition taken apart without judging it: what each of its words is there for. Unlike the
// parser it never stops, so it also reads conditions that are wrong.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <vector>

namespace hoist::jil {

struct ConditionPiece {
    enum class Role : uint8_t {
        function, ///< `s`, or what stands where one should
        name,     ///< of a job or variable
        instance, ///< behind `^`
        lookback,
        code,  ///< that `e(…)` is compared with
        value, ///< that `v(…)` is compared with
        joint, ///< and, or, &, |
        open,  ///< of a group, not of a function
        close,
        mark, ///< every other sign
        stray,
        comment,
    } role;
    llvm::StringRef text;
};

std::vector<ConditionPiece> piecesOf(llvm::StringRef condition);

/// Where the text behind blanks and closed comments goes on (JIL-014, JIL-015).
size_t behindBlanks(llvm::StringRef text, size_t at);

/// The end of the unquoted word that begins at `at`, a byte behind it at least.
size_t wordEnd(llvm::StringRef text, size_t at);

/// A word that stands before the parenthesis of a status, an exit code or a variable.
bool isConditionFunction(llvm::StringRef word);

} // namespace hoist::jil
