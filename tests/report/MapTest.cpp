// What the map's page and the inventory's cells are made of.
#include "backend/report/Map.h"
#include "backend/report/Html.h"
#include "backend/report/Inventory.h"
#include "backend/report/MapLayout.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <random>

using namespace hoist;
using report::Area;

TEST(MapLayout, ArrowsPointToTheRightAndNothingOverlaps) {
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        std::vector<Area> items(1 + random() % 60);
        for (Area& item : items)
            item = {0, 0, static_cast<double>(10 + random() % 200),
                    static_cast<double>(10 + random() % 200)};
        std::vector<std::pair<uint32_t, uint32_t>> arrows;
        for (size_t i = random() % 60; i > 0 && items.size() > 1; --i) {
            auto const to = static_cast<uint32_t>(1 + random() % (items.size() - 1));
            arrows.emplace_back(static_cast<uint32_t>(random() % to), to); // no circles
        }
        auto const [width, height] = report::place(items, arrows);
        for (size_t a = 0; a < items.size(); ++a) {
            Area const& one = items[a];
            EXPECT_GE(one.x, 0);
            EXPECT_GE(one.y, -0.001);
            EXPECT_LE(one.x + one.width, width + 0.001);
            EXPECT_LE(one.y + one.height, height + 0.001);
            for (size_t b = a + 1; b < items.size(); ++b) {
                Area const& other = items[b];
                EXPECT_TRUE(one.x + one.width <= other.x || other.x + other.width <= one.x ||
                            one.y + one.height <= other.y + 0.001 ||
                            other.y + other.height <= one.y + 0.001)
                    << round << ": " << a << " and " << b;
            }
        }
        for (auto const& [from, to] : arrows)
            EXPECT_LE(items[from].x + items[from].width, items[to].x);
    }
}

TEST(MapLayout, ACircleIsCut) {
    std::vector<Area> items(3, Area{0, 0, 50, 20});
    report::place(items, {{0, 1}, {1, 2}, {2, 0}, {1, 1}});
    int back = 0; // one arrow of three, whichever
    for (auto const& [from, to] : {std::pair(0, 1), {1, 2}, {2, 0}}) {
        EXPECT_NE(items[size_t(from)].x, items[size_t(to)].x);
        back += items[size_t(from)].x > items[size_t(to)].x;
    }
    EXPECT_EQ(back, 1);
}

TEST(MapPage, JsonInAScriptCannotEndIt) {
    nlohmann::json const data = "</script><!-- & \xE2\x80\xA8\xE2\x80\xA9 \xE2\x80\xA6 \\u003c";
    std::string const text = report::scriptJson(data.dump());
    EXPECT_EQ(text.find_first_of("<>&"), std::string::npos);
    EXPECT_EQ(text.find("\xE2\x80\xA8"), std::string::npos);
    EXPECT_EQ(text.find("\xE2\x80\xA9"), std::string::npos);
    EXPECT_NE(text.find("\xE2\x80\xA6"), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(text), data);
}

TEST(Inventory, CellsAreNoFormulas) {
    EXPECT_EQ(report::quoteCsv("plain"), "plain");
    EXPECT_EQ(report::quoteCsv("a,b"), "\"a,b\"");
    EXPECT_EQ(report::quoteCsv("say \"x\""), "\"say \"\"x\"\"\"");
    for (char const* formula : {"=1+1", "+1", "-1", "@SUM(A1)"})
        EXPECT_EQ(report::quoteCsv(formula), std::string("\"'") + formula + "\"");
}

TEST(Inventory, HtmlHasNoMarkupFromNames) {
    EXPECT_EQ(report::escapeHtml("<b a=\"1\" c='2'>&"),
              "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
}
