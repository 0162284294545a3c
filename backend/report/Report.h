// Findings for people and for machines: text with carets, JSON, SARIF 2.1.0.
#pragma once

#include "frontend/base/Source.h"
#include "frontend/diag/Diagnostics.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <string>
#include <vector>

namespace hoist::report {

/// What a report is made of. The findings are sorted.
struct Findings {
    SourceMap const& sources;
    std::vector<diag::Diagnostic> const& findings;
    size_t files = 0; ///< definition files read
    size_t suppressed = 0;
    llvm::StringRef version;       ///< of hoist
    llvm::StringRef currentFolder; ///< absolute paths below it are shown relative to it in URIs
};

struct TextOptions {
    bool color = false;
    size_t maxFindings = 0; ///< 0: all
};

/// As a compiler says it; with a last line that counts.
std::string text(Findings const& findings, TextOptions const& options);
/// One object; docs/schemas/findings.schema.json.
std::string json(Findings const& findings);
std::string sarif(Findings const& findings);

/// One per finding: stable when lines move; equal findings are told apart by their order.
std::vector<std::string> fingerprints(Findings const& findings);

} // namespace hoist::report
