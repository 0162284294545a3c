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
    // A finding is half a kilobyte: the order is found on small keys, then each finding moves once.
    struct Key {
        Span span;
        uint32_t index;
    };
    std::vector<Key> keys;
    keys.reserve(findings.size());
    for (Diagnostic const& finding : findings)
        keys.push_back({finding.span, static_cast<uint32_t>(keys.size())});
    std::sort(keys.begin(), keys.end(), [&](Key const& x, Key const& y) {
        if (x.span != y.span)
            return x.span < y.span;
        Diagnostic const &a = findings[x.index], &b = findings[y.index];
        return std::tie(info(a.code).id, a.message, x.index) <
               std::tie(info(b.code).id, b.message, y.index);
    });
    for (uint32_t start = 0; start < keys.size(); ++start) { // along the cycles of the permutation
        if (keys[start].index == start)
            continue;
        Diagnostic first = std::move(findings[start]);
        uint32_t at = start;
        for (uint32_t from = keys[at].index; from != start; from = keys[at].index) {
            findings[at] = std::move(findings[from]);
            keys[at].index = at;
            at = from;
        }
        findings[at] = std::move(first);
        keys[at].index = at;
    }
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
