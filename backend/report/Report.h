// Findings for people and for machines: one function per format, one file each.
#pragma once

#include "frontend/base/Source.h"
#include "frontend/diag/Diagnostics.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <optional>
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
    llvm::StringRef currentFolder; ///< absolute; empty: unknown
    llvm::StringRef root = {};     ///< of the repository, absolute: for machines paths start there
    llvm::StringRef about = {};    ///< the first PATH: the place of what has none
    size_t baselined = 0;          ///< known from the baseline
    size_t ignored = 0;            ///< of codes that are not selected
    /// From here on a finding fails the run; nothing: none does.
    std::optional<diag::Severity> failOn = diag::Severity::error;
    /// The page of a code, for formats that carry it.
    llvm::StringRef (*pageOf)(llvm::StringRef code) = nullptr;
};

struct TextOptions {
    bool color = false;
    size_t maxFindings = 0; ///< 0: all
};

/// What a format could not take, a sentence each: said on standard error.
using Notices = std::vector<std::string>;

/// As a compiler says it; with a last line that counts.
std::string text(Findings const& findings, TextOptions const& options);
/// `PATH:LINE:COLUMN: SEVERITY[CODE] MESSAGE`, a line each.
std::string concise(Findings const& findings);
/// One object; docs/schemas/findings.schema.json.
std::string json(Findings const& findings);
/// SARIF 2.1.0, the worst first, within what GitHub's code scanning takes.
std::string sarif(Findings const& findings, Notices& notices);
/// Workflow commands of GitHub Actions: annotations of a pull request.
std::string github(Findings const& findings, Notices& notices);
/// GitLab's code quality report.
std::string gitlab(Findings const& findings);
/// JUnit's XML: a finding that fails the run is a failed test.
std::string junit(Findings const& findings);
/// A comment on a pull request.
std::string markdown(Findings const& findings, Notices& notices);

/// One per finding: stable when lines move; equal findings are told apart by their order.
std::vector<std::string> fingerprints(Findings const& findings);

} // namespace hoist::report
