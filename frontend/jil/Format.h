// `hoist fmt`: the layout of JIL, and nothing but the layout.
#pragma once

#include "frontend/Frontend.h"

namespace hoist::jil {

/// The file laid out as `autorep -q` does: the object and its type on one line, one attribute a
/// line, `keyword: value`, one blank line between statements. Comments stay where they are, values
/// byte for byte what they are. What the scanner finds doubtful is left as it is, with all that
/// stands around it. The result was read again: it holds the same statements, attributes, values
/// and comments in the same order, and laying it out once more changes nothing; else `problem` says
/// where not.
Layout format(FileId file, SourceMap const& sources);

/// Where two texts differ in more than layout; empty if they do not.
std::string differenceBeyondLayout(llvm::StringRef before, llvm::StringRef after);

} // namespace hoist::jil
