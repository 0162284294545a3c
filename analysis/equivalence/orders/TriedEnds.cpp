// The ends at which rules are compared: around each number that they ask about, with and without
// each line of output, in all combinations that an order can come to.
#include "analysis/equivalence/orders/Effects.h"

#include "analysis/semantics/orders/OutputPattern.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoist::equivalence {

using Test = ir::EndTest::Kind;

namespace {

constexpr size_t mostEnds = 50'000, mostPatterns = 6;

std::set<std::string> patternsOf(llvm::ArrayRef<ir::OrderPolicy const*> policies) {
    std::set<std::string> patterns;
    for (ir::OrderPolicy const* policy : policies)
        for (ir::EndRule const& rule : policy->rules)
            if (rule.test.kind == Test::output)
                patterns.insert(rule.test.text.str());
    return patterns;
}

/// A letter that no pattern has.
char fillerBeside(std::set<std::string> const& patterns) {
    for (char const c : llvm::StringRef("xyzqwvkj0123456789XYZQ"))
        if (llvm::none_of(patterns,
                          [&](std::string const& one) { return llvm::StringRef(one).contains(c); }))
            return c;
    return '~';
}

struct Counts {
    int64_t runs = 1, reruns = 0, failures = 0;
};

/// As many as one order can have: what is not cyclic runs again after NOTOK alone.
std::vector<Counts> countsTried(llvm::ArrayRef<ir::OrderPolicy const*> policies) {
    std::set<int64_t> before; // executions before the last one
    int64_t mostReruns = 0;
    bool isCyclic = false, isAsked = false;
    for (ir::OrderPolicy const* policy : policies) {
        isCyclic |= policy->isCyclic;
        mostReruns = std::max<int64_t>(mostReruns, policy->maxRerun.value);
        for (ir::EndRule const& rule : policy->rules) {
            if (rule.test.kind != Test::runs && rule.test.kind != Test::reruns &&
                rule.test.kind != Test::failures)
                continue;
            isAsked = true;
            for (int64_t around = -3; around <= 2; ++around)
                before.insert(rule.test.number + around);
        }
    }
    std::vector<Counts> found{{}};
    for (int64_t const number : before) {
        if (!isAsked || number <= 0 || (!isCyclic && number > mostReruns))
            continue;
        if (!isCyclic) {
            found.push_back({number + 1, number, number});
            continue;
        }
        found.push_back({number + 1, 0, 0});
        for (int64_t const failures : before)
            if (failures > 0 && failures <= number)
                found.push_back({number + 1, 0, failures});
    }
    return found;
}

std::string textOf(semantics::End const& end, bool isFolder) {
    std::string text = isFolder       ? (end.isOk ? "after OK" : "after NOTOK")
                       : end.exitCode ? fmt::format("with exit code {}", *end.exitCode)
                                      : std::string("killed by a signal");
    if (end.runs > 1)
        text += fmt::format(" at execution {}", end.runs);
    if (end.failures > end.reruns)
        text += fmt::format(" after {} that ended NOTOK", end.failures);
    for (llvm::StringRef rest = end.output; !rest.empty();) {
        auto const [line, next] = rest.split('\n');
        text += fmt::format(" with `{}` in its output", std::string_view(line));
        rest = next;
    }
    return text;
}

} // namespace

std::vector<std::string> outputsTried(llvm::ArrayRef<ir::OrderPolicy const*> policies) {
    std::set<std::string> const patterns = patternsOf(policies);
    char const filler = fillerBeside(patterns);
    std::vector<std::string> shortest, found{{}};
    for (std::string const& pattern : patterns) {
        auto const lines = semantics::linesThatMatch(pattern, filler);
        shortest.push_back(lines.front());
        found.push_back(lines.back());
    }
    shortest.resize(std::min(shortest.size(), mostPatterns));
    for (uint32_t chosen = 1; chosen < uint32_t(1) << shortest.size(); ++chosen) {
        std::string output;
        for (size_t i = 0; i < shortest.size(); ++i)
            if ((chosen >> i & 1U) != 0)
                output += (output.empty() ? "" : "\n") + shortest[i];
        found.push_back(std::move(output));
    }
    llvm::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

TriedEnds::TriedEnds(ir::OrderPolicy const& a, ir::OrderPolicy const& b, bool isFolder) {
    if (isFolder) { // it ends OK or not; nothing kills it
        for (bool const isOk : {true, false}) {
            semantics::End const end{isOk, {}, 1, 0, 0, {}};
            ends.push_back({end, textOf(end, true)});
        }
        return;
    }
    std::vector<int64_t> codes{0, 1};
    addBorders(a, codes);
    addBorders(b, codes);
    std::erase_if(codes, [](int64_t code) { return code < 0; });
    llvm::sort(codes);
    codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
    std::vector<std::optional<int64_t>> how(codes.begin(), codes.end());
    how.emplace_back(std::nullopt);
    outputs = outputsTried({&a, &b});
    if (patternsOf({&a, &b}).size() > mostPatterns)
        leftOut = fmt::format("outputs that match more than {} patterns at once", mostPatterns);
    for (Counts const& counts : countsTried({&a, &b}))
        for (std::string const& output : outputs)
            for (std::optional<int64_t> const code : how) {
                if (ends.size() == mostEnds) {
                    leftOut = fmt::format("more than {} ends", mostEnds);
                    return;
                }
                semantics::End const end{code && *code == 0, code,  counts.runs, counts.reruns,
                                         counts.failures,    output};
                ends.push_back({end, textOf(end, false)});
            }
}

} // namespace hoist::equivalence
