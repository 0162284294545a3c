// Workflow commands of GitHub Actions, as its toolkit writes them: `::error
// file=…,line=…::MESSAGE`.
#include "backend/report/Parts.h"
#include "backend/report/Utf8.h"

#include <fmt/format.h>

namespace hoist::report {
namespace {

/// `escapeData` of @actions/core; with `isProperty`, `escapeProperty`.
std::string escaped(llvm::StringRef text, bool isProperty) {
    std::string out;
    for (char const c : text) {
        switch (c) {
        case '%': out += "%25"; break;
        case '\r': out += "%0D"; break;
        case '\n': out += "%0A"; break;
        case ':': out += isProperty ? "%3A" : ":"; break;
        case ',': out += isProperty ? "%2C" : ","; break;
        default: out += c;
        }
    }
    return out;
}

llvm::StringRef commandOf(diag::Severity severity) {
    switch (severity) {
    case diag::Severity::error: return "error";
    case diag::Severity::warning: return "warning";
    case diag::Severity::note: return "notice";
    }
    return "error";
}

// actions/toolkit, docs/problem-matchers.md, "Limitations": of each kind, per step.
constexpr size_t shownPerStep = 10;

} // namespace

std::string github(Findings const& input, Notices& notices) {
    std::string out;
    size_t count[3] = {};
    for (size_t const i : bySeverity(input)) {
        diag::Diagnostic const& finding = input.findings[i];
        ++count[static_cast<size_t>(finding.severity)];
        Place const place = placeOf(input, finding);
        out += fmt::format("::{} ", diag::shown(commandOf(finding.severity)));
        if (place.isKnown) {
            out += fmt::format("file={},line={},", escaped(printable(place.file), true),
                               place.start.line);
            // Columns are for marks within one line.
            if (place.start.line == place.end.line)
                out += fmt::format("col={},endColumn={},", place.start.column,
                                   std::max(place.start.column, place.end.column - 1));
            else
                out += fmt::format("endLine={},", place.end.line);
        }
        diag::CodeInfo const& info = diag::info(finding.code);
        out += fmt::format("title={} {}::{}\n", info.id, info.name,
                           escaped(wholeMessage(finding), false));
    }
    for (diag::Severity const severity :
         {diag::Severity::error, diag::Severity::warning, diag::Severity::note})
        if (size_t const number = count[static_cast<size_t>(severity)]; number > shownPerStep)
            notices.push_back(fmt::format(
                "{} findings are annotations of kind `{}`: GitHub shows the first {} of a step; "
                "the log has all",
                number, diag::shown(commandOf(severity)), shownPerStep));
    return out;
}

} // namespace hoist::report
