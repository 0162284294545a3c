// Collecting and ordering findings.
#include "frontend/diag/Diagnostics.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace hoist::diag {

Builder Diagnostics::add(Code code, Span span, std::string message) {
    Diagnostic& finding = findings.emplace_back();
    finding.code = code;
    finding.severity = info(code).severity;
    finding.span = span;
    finding.message = std::move(message);
    return Builder(finding);
}

void Diagnostics::sort() {
    if (isSuppressed)
        std::erase_if(findings, isSuppressed);
    std::stable_sort(findings.begin(), findings.end(),
                     [](Diagnostic const& a, Diagnostic const& b) {
                         return std::tie(a.span.begin, a.span.end, info(a.code).id, a.message) <
                                std::tie(b.span.begin, b.span.end, info(b.code).id, b.message);
                     });
}

size_t Diagnostics::count(Severity severity) const {
    return static_cast<size_t>(
        std::count_if(findings.begin(), findings.end(),
                      [&](Diagnostic const& d) { return d.severity == severity; }));
}

void Diagnostics::absorb(Diagnostics&& other) {
    findings.insert(findings.end(), std::make_move_iterator(other.findings.begin()),
                    std::make_move_iterator(other.findings.end()));
    other.findings.clear();
}

} // namespace hoist::diag
