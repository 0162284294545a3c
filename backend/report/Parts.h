// What the formats share: paths as seen from the root of the repository, order, whole messages.
#pragma once

#include "backend/report/Report.h"

#include <string>
#include <vector>

namespace hoist::report {

/// Where a finding is, for formats that need a file and a line.
struct Place {
    std::string file; ///< bytes; relative to the repository where it lies inside
    LineColumn start, end;
    bool isKnown = false; ///< false: about the whole run; then the first PATH, line 1
};
Place placeOf(Findings const& input, diag::Diagnostic const& finding);

/// A path of a source as the repository has it: relative to its root, without `.` and `..`. Outside
/// of the repository absolute; as given, where nobody knows the current folder.
std::string repositoryPath(Findings const& input, llvm::StringRef path);

/// Indices of the findings, errors first, else in their order.
std::vector<size_t> bySeverity(Findings const& input);

/// The message, then its counterexample, notes and helps, a line each, all printable.
std::string wholeMessage(diag::Diagnostic const& finding);

/// "2 errors, 1 note in 3 files (4 suppressed)", or "no findings in 1 file".
std::string summaryOf(Findings const& input);

/// Printable text as code in Markdown, where nothing in it is read as markup.
std::string markdownCode(llvm::StringRef text);
/// A message in Markdown: what stands between backticks as code. A name that holds a backtick
/// changes what looks like code, and nothing else.
std::string markdownProse(llvm::StringRef message);

} // namespace hoist::report
