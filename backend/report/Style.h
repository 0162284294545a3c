// Terminal colours, or none.
#pragma once

#include "frontend/diag/Catalog.h"

#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist::report {

struct Style {
    bool color = false;

    std::string paint(llvm::StringRef code, llvm::StringRef text) const {
        return color && !text.empty() ? "\x1b[" + code.str() + "m" + text.str() + "\x1b[0m"
                                      : text.str();
    }
    std::string bold(llvm::StringRef text) const { return paint("1", text); }
    std::string gutter(llvm::StringRef text) const { return paint("1;34", text); }
    static llvm::StringRef colorOf(diag::Severity severity) {
        switch (severity) {
        case diag::Severity::error: return "1;31";
        case diag::Severity::warning: return "1;33";
        case diag::Severity::note: return "1;36";
        }
        return "1";
    }
    llvm::StringRef primary = "1;31"; ///< of the caret: the finding's severity
};

} // namespace hoist::report
