// `hoist explain`: the pages of docs/diagnostics, which are inside the program.
#pragma once

#include "frontend/diag/Diagnostics.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist {

struct Page {
    llvm::StringLiteral code;
    llvm::StringLiteral text;
};

/// In order of code. Made at build time.
llvm::ArrayRef<Page> pages();

/// The page of a code; empty for one without.
llvm::StringRef pageOf(llvm::StringRef code);

/// The page of a code, or the list of all codes for an empty one; an unknown code is reported, and
/// the text empty.
std::string explain(llvm::StringRef code, diag::Diagnostics& diags);

} // namespace hoist
