// Unified diffs: as `diff -u` prints them, right for any two texts, and quick for bad ones.
#include "frontend/base/Patch.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

using namespace hoist;

namespace {

/// What `patch` makes of `before`; each context and removed line is checked against it.
std::string applied(std::string const& before, std::string const& patch) {
    std::string after;
    llvm::StringRef rest = before, lines = patch;
    auto const takeLine = [](llvm::StringRef& text) {
        size_t const end = text.find('\n');
        llvm::StringRef const line = text.take_front(end == llvm::StringRef::npos ? end : end + 1);
        text = text.drop_front(line.size());
        return line;
    };
    takeLine(lines), takeLine(lines);
    size_t at = 0; // lines of `before` that are done
    while (!lines.empty()) {
        llvm::StringRef const head = takeLine(lines);
        size_t begin = 0, count = 1;
        auto const [from, size] = head.drop_front(4).split(' ').first.split(',');
        EXPECT_FALSE(from.getAsInteger(10, begin)) << head.str();
        EXPECT_TRUE(size.empty() || !size.getAsInteger(10, count)) << head.str();
        for (size_t const first = count ? begin - 1 : begin; at < first; ++at)
            after += takeLine(rest);
        while (!lines.empty() && !lines.starts_with("@@")) {
            char const sign = lines.front();
            std::string text = takeLine(lines).drop_front().str();
            if (lines.starts_with("\\")) {
                takeLine(lines);
                text.pop_back();
            }
            if (sign != '+') {
                EXPECT_EQ(takeLine(rest).str(), text);
                ++at;
            }
            if (sign != '-')
                after += text;
        }
    }
    return after + rest.str();
}

} // namespace

TEST(Patch, LooksLikeDiff) {
    EXPECT_EQ(
        unifiedDiff("a", "b", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
        "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
    EXPECT_EQ(unifiedDiff("a", "b", "", "x\n"), "--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n");
    EXPECT_EQ(unifiedDiff("a", "b", "x", "x\n"),
              "--- a\n+++ b\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n");
    EXPECT_EQ(unifiedDiff("a", "b", "same\n", "same\n"), "");
}

TEST(Patch, CloseChangesShareAHunkAndFarOnesDoNot) {
    auto const text = [](std::vector<int> changed) {
        std::string out;
        for (int i = 0; i < 30; ++i)
            out += std::find(changed.begin(), changed.end(), i) == changed.end()
                       ? std::to_string(i) + "\n"
                       : "new\n";
        return out;
    };
    auto const hunks = [&](std::vector<int> const& changed) {
        return llvm::StringRef(unifiedDiff("a", "b", text({}), text(changed))).count("\n@@ ");
    };
    EXPECT_EQ(hunks({5, 12}), 1u);
    EXPECT_EQ(hunks({5, 13}), 2u);
    EXPECT_EQ(hunks({0, 29}), 2u);
}

TEST(Patch, MakesTheNewTextOfTheOld) {
    std::mt19937 random(3);
    for (int round = 0; round < 3000; ++round) {
        auto const text = [&] {
            std::string out;
            for (size_t i = 0, lines = random() % 30; i < lines; ++i)
                out += std::string(1, static_cast<char>('a' + random() % 4)) + "\n";
            if (random() % 3 == 0 && !out.empty())
                out.pop_back();
            return out;
        };
        std::string const before = text(), after = text();
        if (before == after)
            continue;
        EXPECT_EQ(applied(before, unifiedDiff("a", "b", before, after)), after) << before;
    }
}

// Every line differs, or the same few lines in another order: no quadratic time.
TEST(Patch, LargeTextsWithLittleInCommon) {
    std::string before, after, few, other;
    std::mt19937 random(5);
    for (int i = 0; i < 200000; ++i) {
        before += " line " + std::to_string(i) + "\n";
        after += "line " + std::to_string(i / 2 * 2) + "\n";
        few += std::to_string(random() % 7) + "\n";
        other += std::to_string(random() % 7) + "\n";
    }
    EXPECT_EQ(applied(before, unifiedDiff("a", "b", before, after)), after);
    EXPECT_EQ(applied(few, unifiedDiff("a", "b", few, other)), other);
}
