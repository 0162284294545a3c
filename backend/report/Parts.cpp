// Places, order and words that several formats share.
#include "backend/report/Parts.h"

#include "backend/report/Utf8.h"
#include "frontend/base/Counted.h"
#include "frontend/base/Paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace hoist::report {

std::string repositoryPath(Findings const& input, llvm::StringRef path) {
    std::string whole = absolutePath(path, input.currentFolder);
    llvm::StringRef inside = whole;
    llvm::StringRef const root = input.root.empty() ? input.currentFolder : input.root;
    if (!root.empty() && inside.consume_front(root) && inside.consume_front("/"))
        return inside.str();
    return whole;
}

Place placeOf(Findings const& input, diag::Diagnostic const& finding) {
    Place place;
    place.isKnown = finding.span.isValid();
    if (place.isKnown) {
        place.file = repositoryPath(input, input.sources.path(input.sources.fileOf(finding.span)));
        place.start = input.sources.start(finding.span);
        place.end = input.sources.end(finding.span);
    } else {
        place.file = repositoryPath(input, input.about);
        place.start = place.end = {1, 1};
    }
    if (place.file.empty())
        place.file = ".";
    return place;
}

std::vector<size_t> bySeverity(Findings const& input) {
    std::vector<size_t> order(input.findings.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return input.findings[a].severity > input.findings[b].severity;
    });
    return order;
}

std::string wholeMessage(diag::Diagnostic const& finding) {
    std::string text = printable(finding.message);
    for (std::string const& note : finding.notes)
        text += "\nnote: " + printable(note);
    for (diag::Step const& step : finding.story)
        text += "\nnote: " + printable(step.text);
    for (std::string const& help : finding.helps)
        text += "\nhelp: " + printable(help);
    return text;
}

std::string summaryOf(Findings const& input) {
    size_t count[3] = {};
    for (diag::Diagnostic const& finding : input.findings)
        ++count[static_cast<size_t>(finding.severity)];
    std::string summary, hidden;
    auto const add = [](std::string& to, size_t number, llvm::StringRef words) {
        if (number > 0)
            to += fmt::format("{}{} {}", to.empty() ? "" : ", ", number, diag::shown(words));
    };
    for (diag::Severity const severity :
         {diag::Severity::error, diag::Severity::warning, diag::Severity::note})
        if (size_t const number = count[static_cast<size_t>(severity)])
            summary += (summary.empty() ? "" : ", ") + counted(number, diag::toString(severity));
    if (summary.empty())
        summary = "no findings";
    summary += " in " + counted(input.files, "file");
    add(hidden, input.suppressed, "suppressed");
    add(hidden, input.baselined, "in the baseline");
    add(hidden, input.ignored, "ignored");
    return hidden.empty() ? summary : summary + " (" + hidden + ")";
}

} // namespace hoist::report
