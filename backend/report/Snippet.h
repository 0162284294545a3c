// A piece of source with its marks: the line, the carets under it, and what they say.
#pragma once

#include "backend/report/Style.h"
#include "frontend/base/Source.h"

#include <llvm/ADT/ArrayRef.h>

#include <string>

namespace hoist::report {

struct Mark {
    Span span;
    std::string text;
    bool isPrimary = false;
};

/// Appends the source line of `marks` (all on one line, in order of column) and the rows of marks
/// below it. A span over several lines is marked up to the end of its first. A long line is cut
/// around the marks.
void appendSnippet(std::string& out, SourceMap const& sources, llvm::ArrayRef<Mark> marks,
                   unsigned gutter, Style const& style);

} // namespace hoist::report
