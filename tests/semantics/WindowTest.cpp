// run_window in C++ against the vectors that the Python shims are held to (JIL-149…151).
#include "analysis/semantics/Window.h"
#include "analysis/semantics/ReadScenario.h"
#include "analysis/semantics/Store.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace hoist;
using semantics::WindowDecision;

namespace {

int16_t minuteOf(std::string const& text) {
    return static_cast<int16_t>(std::stoi(text.substr(0, 2)) * 60 + std::stoi(text.substr(3, 2)));
}

std::string wordOf(WindowDecision::Kind kind) {
    return kind == WindowDecision::Kind::runNow      ? "run_now"
           : kind == WindowDecision::Kind::waitUntil ? "wait_until"
                                                     : "not_today";
}

} // namespace

// Each entry holds from its instant until the next one, quarter of an hour by quarter of an hour.
TEST(Window, DecidesAsTheVectorsSay) {
    std::ifstream in(HOIST_SOURCE_DIR "/tests/vectors/windows.json");
    nlohmann::json const vectors = nlohmann::json::parse(in);
    size_t judged = 0;
    for (auto const& each : vectors["cases"]) {
        std::string const text = each["window"];
        ir::Window const window{minuteOf(text.substr(0, 5)), minuteOf(text.substr(6, 5))};
        ir::TimeZone const* const zone = ir::findZone(each["timezone"].get<std::string>());
        ASSERT_NE(zone, nullptr);
        std::string const year = each["day"].get<std::string>().substr(0, 5);
        auto const& steps = each["from_then_on"];
        auto const instantOf = [&](std::string const& at) {
            return *semantics::parseIso(year + at + "Z");
        };
        for (size_t i = 0; i < steps.size(); ++i) {
            int64_t const from = instantOf(steps[i][0]);
            int64_t const to = i + 1 < steps.size() ? instantOf(steps[i + 1][0]) : from + 900;
            for (int64_t now = from; now < to; now += 900, ++judged) {
                WindowDecision const decision = semantics::decideWindow(window, *zone, now);
                ASSERT_EQ(wordOf(decision.kind), steps[i][1].get<std::string>())
                    << text << " " << semantics::isoText(now);
                if (decision.kind == WindowDecision::Kind::waitUntil) {
                    EXPECT_EQ(decision.opening, instantOf(steps[i][2]));
                }
            }
        }
    }
    EXPECT_GT(judged, 1000u);
}

// JIL-068: numbers as numbers, whatever their length; anything else byte by byte.
TEST(CompareTexts, NumbersAndTexts) {
    using semantics::compareTexts;
    EXPECT_TRUE(compareTexts("9", ir::Compare::less, "10"));
    EXPECT_TRUE(compareTexts("10", ir::Compare::less, "9x"));
    EXPECT_TRUE(compareTexts("007", ir::Compare::equal, "7"));
    EXPECT_TRUE(compareTexts("-0", ir::Compare::equal, "+0"));
    EXPECT_TRUE(compareTexts("-10", ir::Compare::less, "-9"));
    EXPECT_TRUE(compareTexts("99999999999999999999", ir::Compare::greater, "9999999999999999999"));
    EXPECT_FALSE(compareTexts("", ir::Compare::equal, "0"));
    EXPECT_TRUE(compareTexts("a", ir::Compare::notEqual, "A"));
}

TEST(Iso, ReadsWhatItWritesAndOffsets) {
    using semantics::parseIso;
    EXPECT_EQ(parseIso("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(parseIso("2026-03-02T01:00+01:00"), parseIso("2026-03-02T00:00:00Z"));
    EXPECT_EQ(semantics::isoText(*parseIso("1969-12-31T23:59:59Z")), "1969-12-31T23:59:59Z");
    for (char const* wrong : {"", "2026-03-02", "2026-02-30T00:00Z", "2026-03-02T24:00Z",
                              "2026-03-02T00:00", "2026-03-02T00:00Zx", "2026-13-01T00:00Z"})
        EXPECT_FALSE(parseIso(wrong)) << wrong;
}
