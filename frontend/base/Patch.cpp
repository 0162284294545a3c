// Which lines two texts share is found in three steps, each on what the one before left over: the
// common beginning and end; lines that occur once on both sides (their longest increasing sequence
// anchors the rest: "patience"); between anchors Myers' shortest edit script, up to a bound. Lines
// are compared as numbers, one per distinct text. A region beyond the bounds is replaced as a
// whole, which is a correct patch, only not a short one.
#include "frontend/base/Patch.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/StringMap.h>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace hoist {
namespace {

using Lines = std::vector<llvm::StringRef>;

/// With their line ends.
Lines linesOf(llvm::StringRef text) {
    Lines lines;
    while (!text.empty()) {
        size_t const end = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.take_front(end));
        text = text.drop_front(end);
    }
    return lines;
}

/// [begin, end) of the old lines against [begin, end) of the new ones.
struct Region {
    uint32_t oldBegin, oldEnd, newBegin, newEnd;
    unsigned depth;
};

class Comparison {
public:
    Comparison(Lines const& before, Lines const& after) {
        llvm::StringMap<uint32_t> numbers;
        auto const number = [&](Lines const& lines, std::vector<uint32_t>& into) {
            into.reserve(lines.size());
            for (llvm::StringRef line : lines)
                into.push_back(
                    numbers.try_emplace(line, static_cast<uint32_t>(numbers.size())).first->second);
        };
        number(before, olds);
        number(after, news);
        isRemoved.assign(olds.size(), true);
        isAdded.assign(news.size(), true);
        pending.push_back(
            {0, static_cast<uint32_t>(olds.size()), 0, static_cast<uint32_t>(news.size()), 0});
        while (!pending.empty()) {
            Region const region = pending.back();
            pending.pop_back();
            compare(region);
        }
    }

    std::vector<bool> isRemoved, isAdded;

private:
    static constexpr unsigned deepest = 16;
    static constexpr int longestScript = 200;

    void pair(uint32_t oldLine, uint32_t newLine) {
        isRemoved[oldLine] = false;
        isAdded[newLine] = false;
    }

    void compare(Region r) {
        while (r.oldBegin < r.oldEnd && r.newBegin < r.newEnd &&
               olds[r.oldBegin] == news[r.newBegin])
            pair(r.oldBegin++, r.newBegin++);
        while (r.oldBegin < r.oldEnd && r.newBegin < r.newEnd &&
               olds[r.oldEnd - 1] == news[r.newEnd - 1])
            pair(--r.oldEnd, --r.newEnd);
        if (r.oldBegin == r.oldEnd || r.newBegin == r.newEnd || shortest(r) || r.depth == deepest)
            return;
        splitAtAnchors(r);
    }

    /// Lines that occur once in both parts, in an order that both have.
    void splitAtAnchors(Region const& r) {
        struct Places {
            uint32_t oldCount = 0, newCount = 0, oldLine = 0;
        };
        llvm::DenseMap<uint32_t, Places> places;
        for (uint32_t i = r.oldBegin; i < r.oldEnd; ++i) {
            Places& place = places[olds[i]];
            ++place.oldCount;
            place.oldLine = i;
        }
        for (uint32_t i = r.newBegin; i < r.newEnd; ++i)
            if (auto const it = places.find(news[i]); it != places.end())
                ++it->second.newCount;
        struct Anchor {
            uint32_t oldLine, newLine;
            int before; ///< the anchor before it in the longest sequence that ends here
        };
        std::vector<Anchor> anchors;
        std::vector<int> ends; // of the best sequence of each length
        for (uint32_t i = r.newBegin; i < r.newEnd; ++i) {
            auto const it = places.find(news[i]);
            if (it == places.end() || it->second.oldCount != 1 || it->second.newCount != 1)
                continue;
            uint32_t const oldLine = it->second.oldLine;
            auto const at =
                std::lower_bound(ends.begin(), ends.end(), oldLine, [&](int anchor, uint32_t line) {
                    return anchors[static_cast<size_t>(anchor)].oldLine < line;
                });
            anchors.push_back({oldLine, i, at == ends.begin() ? -1 : *std::prev(at)});
            int const self = static_cast<int>(anchors.size()) - 1;
            if (at == ends.end())
                ends.push_back(self);
            else
                *at = self;
        }
        if (ends.empty())
            return;
        uint32_t oldEnd = r.oldEnd, newEnd = r.newEnd;
        for (int i = ends.back(); i >= 0; i = anchors[static_cast<size_t>(i)].before) {
            Anchor const& anchor = anchors[static_cast<size_t>(i)];
            pair(anchor.oldLine, anchor.newLine);
            pending.push_back(
                {anchor.oldLine + 1, oldEnd, anchor.newLine + 1, newEnd, r.depth + 1});
            oldEnd = anchor.oldLine;
            newEnd = anchor.newLine;
        }
        pending.push_back({r.oldBegin, oldEnd, r.newBegin, newEnd, r.depth + 1});
    }

    /// Myers, "An O(ND) difference algorithm and its variations" (1986); false beyond the bound.
    bool shortest(Region const& r) {
        int const n = static_cast<int>(r.oldEnd - r.oldBegin);
        int const m = static_cast<int>(r.newEnd - r.newBegin);
        if (std::abs(n - m) > longestScript)
            return false;
        int const limit = std::min(n + m, longestScript);
        // furthest[d] holds, for each diagonal -d … d, how far d edits reach in the old lines.
        std::vector<std::vector<int>> furthest;
        auto const reach = [&](int d, int k) {
            return furthest[static_cast<size_t>(d)].data()[k + d];
        };
        auto const isDown = [&](int d, int k) { // the step into diagonal k adds a line
            return k == -d || (k != d && reach(d - 1, k - 1) < reach(d - 1, k + 1));
        };
        for (int d = 0; d <= limit; ++d) {
            furthest.emplace_back(static_cast<size_t>(2 * d + 1), 0);
            for (int k = -d; k <= d; k += 2) {
                int x = d == 0 ? 0 : isDown(d, k) ? reach(d - 1, k + 1) : reach(d - 1, k - 1) + 1;
                int y = x - k;
                while (x < n && y < m && same(r, x, y))
                    ++x, ++y;
                furthest.back().data()[k + d] = x;
                if (x >= n && y >= m) {
                    walkBack(r, d, n, m, reach, isDown);
                    return true;
                }
            }
        }
        return false;
    }

    template <class Reach, class IsDown>
    void walkBack(Region const& r, int d, int x, int y, Reach const& reach, IsDown const& isDown) {
        for (; d >= 0; --d) {
            int const k = x - y;
            int const from = d == 0 ? 0 : isDown(d, k) ? k + 1 : k - 1;
            int const startX = d == 0 ? 0 : reach(d - 1, from);
            int const startY = d == 0 ? 0 : startX - from;
            int const snakeX = d == 0 ? 0 : isDown(d, k) ? startX : startX + 1;
            while (x > snakeX) {
                --x, --y;
                pair(r.oldBegin + static_cast<uint32_t>(x), r.newBegin + static_cast<uint32_t>(y));
            }
            x = startX;
            y = startY;
        }
    }

    bool same(Region const& r, int x, int y) const {
        return olds[r.oldBegin + static_cast<uint32_t>(x)] ==
               news[r.newBegin + static_cast<uint32_t>(y)];
    }

    std::vector<uint32_t> olds, news;
    std::vector<Region> pending;
};

/// `begin,count` with the conventions of the format: a count of one is left out, an empty range
/// names the line before it.
std::string rangeOf(size_t begin, size_t count) {
    if (count == 1)
        return std::to_string(begin + 1);
    return fmt::format("{},{}", count ? begin + 1 : begin, count);
}

void addLine(std::string& out, char sign, llvm::StringRef line) {
    out += sign;
    out += line;
    if (!line.ends_with("\n"))
        out += "\n\\ No newline at end of file\n";
}

} // namespace

std::string unifiedDiff(llvm::StringRef oldName, llvm::StringRef newName, llvm::StringRef before,
                        llvm::StringRef after) {
    constexpr size_t context = 3;
    if (before == after)
        return {};
    Lines const olds = linesOf(before), news = linesOf(after);
    Comparison const comparison(olds, news);
    auto const isRemoved = [&](size_t i) { return i < olds.size() && comparison.isRemoved[i]; };
    auto const isAdded = [&](size_t j) { return j < news.size() && comparison.isAdded[j]; };

    std::string out = fmt::format("--- {}\n+++ {}\n", oldName.str(), newName.str());
    size_t i = 0, j = 0; // everything before them is told, or equal and out of sight
    while (i < olds.size() || j < news.size()) {
        if (!isRemoved(i) && !isAdded(j)) {
            ++i, ++j;
            continue;
        }
        size_t const lead = std::min(context, i);
        size_t const oldBegin = i - lead, newBegin = j - lead;
        std::string body;
        for (size_t k = oldBegin; k < i; ++k)
            addLine(body, ' ', olds[k]);
        for (;;) {
            if (isRemoved(i)) {
                addLine(body, '-', olds[i++]);
            } else if (isAdded(j)) {
                addLine(body, '+', news[j++]);
            } else {
                // Two changes with at most six equal lines between them share a hunk.
                size_t ahead = 0;
                while (ahead <= 2 * context && i + ahead < olds.size() && !isRemoved(i + ahead) &&
                       !isAdded(j + ahead))
                    ++ahead;
                bool const goesOn =
                    ahead <= 2 * context && (isRemoved(i + ahead) || isAdded(j + ahead));
                size_t const shown = goesOn ? ahead : std::min(context, ahead);
                for (size_t k = 0; k < shown; ++k, ++i, ++j)
                    addLine(body, ' ', olds[i]);
                if (!goesOn)
                    break;
            }
        }
        out += fmt::format("@@ -{} +{} @@\n", rangeOf(oldBegin, i - oldBegin),
                           rangeOf(newBegin, j - newBegin));
        out += body;
    }
    return out;
}

} // namespace hoist
