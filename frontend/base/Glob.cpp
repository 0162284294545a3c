// Goes back to the last `*` only: linear in pattern times text, whatever the pattern.
#include "frontend/base/Glob.h"

namespace hoist {

bool matchesGlob(llvm::StringRef pattern, llvm::StringRef text) {
    size_t p = 0, t = 0, star = llvm::StringRef::npos, mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') { // also where the text has one
            star = p++;
            mark = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != llvm::StringRef::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

} // namespace hoist
