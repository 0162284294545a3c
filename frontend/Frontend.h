// What a dialect offers to the driver: sniffing, reading, laying out, taking apart. One row per
// dialect in Dialects.def.
#pragma once

#include "frontend/base/Marks.h"
#include "frontend/base/Parts.h"
#include "frontend/ir/Estate.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

namespace hoist {

/// How sure a dialect is that a file is its own. `possible` for two dialects is ambiguous (P0004).
enum class Likelihood : uint8_t { no, possible, certain };

/// A file laid out anew.
struct Layout {
    std::string text;
    size_t kept = 0; ///< statements that were left as they are, because something is wrong there
    std::string problem; ///< not empty: the text must not be used, and this is a bug in hoist
};

/// How many of a file's first bytes `sniff` is given at most.
inline constexpr size_t sniffLength = 64 * 1024;

struct Frontend {
    llvm::StringRef name; ///< of `--dialect`: "jil", "cron"
    ir::Dialect dialect;
    /// Looks at the path and at the first bytes only.
    Likelihood (*sniff)(llvm::StringRef path, llvm::StringRef head);
    /// Reads files, in order, into the estate. Reports what is wrong, never throws, marks what it
    /// refuses. Every construct is registered in `estate.constructs`; those without effect on
    /// behaviour are settled here.
    void (*read)(llvm::ArrayRef<FileId> files, ir::Estate& estate, diag::Diagnostics& diags);
    /// Lays a file out in the dialect's usual way; nothing: the dialect has none that hoist knows.
    Layout (*format)(FileId file, SourceMap const& sources);
    /// What each byte of a file may give away, and what can be taken out of it. Any bytes do.
    Marks (*marks)(FileId file, SourceMap const& sources);
    Parts (*parts)(FileId file, SourceMap const& sources);
    /// The words that a statement, attribute or setting begins with.
    std::vector<llvm::StringRef> (*keywords)();
};

llvm::ArrayRef<Frontend> frontends();

} // namespace hoist
