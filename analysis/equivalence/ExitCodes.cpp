// Sets of exit codes as sorted ranges.
#include "analysis/equivalence/ExitCodes.h"

#include <algorithm>

namespace hoist::equivalence {
namespace {

// Far beyond what a process can end with, on any system.
constexpr int64_t lowest = -(int64_t(1) << 40), highest = int64_t(1) << 40;

} // namespace

void ExitCodes::add(int64_t from, int64_t to) {
    if (from <= to)
        ranges.push_back({std::max(from, lowest), std::min(to, highest)});
}

void ExitCodes::normalize() {
    std::sort(ranges.begin(), ranges.end(),
              [](ir::CodeRange const& a, ir::CodeRange const& b) { return a.from < b.from; });
    std::vector<ir::CodeRange> merged;
    for (ir::CodeRange const& range : ranges) {
        if (!merged.empty() && range.from <= merged.back().to + 1)
            merged.back().to = std::max(merged.back().to, range.to);
        else
            merged.push_back(range);
    }
    ranges = std::move(merged);
}

ExitCodes ExitCodes::complement() const {
    ExitCodes others;
    int64_t next = lowest;
    for (ir::CodeRange const& range : ranges) {
        others.add(next, range.from - 1);
        next = range.to + 1;
    }
    others.add(next, highest);
    return others;
}

ExitCodes ExitCodes::of(ir::ExitRule const& rule) {
    ExitCodes codes;
    switch (rule.kind) {
    case ir::ExitRule::Kind::max: codes.add(lowest, rule.max); break;
    case ir::ExitRule::Kind::any: codes.add(lowest, highest); break;
    case ir::ExitRule::Kind::success:
    case ir::ExitRule::Kind::fail:
        for (ir::CodeRange const& range : rule.codes)
            codes.add(range.from, range.to);
        break;
    }
    codes.normalize();
    return rule.kind == ir::ExitRule::Kind::fail ? codes.complement() : codes;
}

std::optional<ExitCodes> ExitCodes::parse(llvm::StringRef text) {
    ir::ExitRule rule;
    auto const [word, rest] = text.split(':');
    llvm::StringRef const kind = word.trim();
    if (kind == "any" && word.size() == text.size()) {
        rule.kind = ir::ExitRule::Kind::any;
    } else if (kind == "max") {
        if (rest.trim().getAsInteger(10, rule.max))
            return std::nullopt;
    } else if (kind == "success" || kind == "fail") {
        rule.kind = kind == "fail" ? ir::ExitRule::Kind::fail : ir::ExitRule::Kind::success;
        llvm::SmallVector<llvm::StringRef, 8> items;
        rest.split(items, ',');
        for (llvm::StringRef item : items) {
            auto const [from, to] = item.trim().split('-');
            ir::CodeRange range;
            if (from.getAsInteger(10, range.from) ||
                (to.empty() ? from : to).getAsInteger(10, range.to))
                return std::nullopt;
            rule.codes.push_back(range);
        }
    } else {
        return std::nullopt;
    }
    return of(rule);
}

ExitCodes ExitCodes::only(int64_t code) {
    ExitCodes codes;
    codes.add(code, code);
    return codes;
}

bool ExitCodes::contains(int64_t code) const {
    return std::any_of(ranges.begin(), ranges.end(), [&](ir::CodeRange const& range) {
        return range.from <= code && code <= range.to;
    });
}

std::optional<int64_t> ExitCodes::firstDifference(ExitCodes const& other, bool wide) const {
    // Membership changes only at the ends of ranges: one of these is the first difference.
    std::vector<int64_t> candidates{0};
    for (ExitCodes const* set : {this, &other})
        for (ir::CodeRange const& range : set->ranges) {
            candidates.push_back(range.from);
            candidates.push_back(range.to + 1);
        }
    if (wide)
        candidates.push_back(-1);
    std::sort(candidates.begin(), candidates.end(), [](int64_t a, int64_t b) {
        return std::pair(a < 0, a) < std::pair(b < 0, b); // from 0 on first
    });
    for (int64_t code : candidates)
        if ((wide || (code >= 0 && code <= 255)) && code >= lowest && code <= highest &&
            contains(code) != other.contains(code))
            return code;
    return std::nullopt;
}

std::string ExitCodes::text() const {
    std::string text;
    for (ir::CodeRange const& range : ranges) {
        text += text.empty() ? "" : ",";
        if (range.from <= lowest && range.to >= highest)
            text += "any";
        else if (range.from <= lowest)
            text += "0-" + std::to_string(range.to);
        else if (range.to >= highest)
            text += std::to_string(range.from) + " and above";
        else if (range.from == range.to)
            text += std::to_string(range.from);
        else
            text += std::to_string(range.from) + "-" + std::to_string(range.to);
    }
    return text.empty() ? "none" : text;
}

} // namespace hoist::equivalence
