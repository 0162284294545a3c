// Names of zones (JIL-148), bad rules, and the questions that diagnostics ask of a schedule.
#include "analysis/schedule/Ticks.h"

#include <gtest/gtest.h>

using namespace hoist;
using How = ir::ResolvedZone::How;

static std::string resolved(char const* written, How how) {
    ir::ResolvedZone const zone = ir::resolveZone(written);
    EXPECT_EQ(zone.how, how) << written;
    if (how != How::unknown) {
        EXPECT_NE(ir::findZone(zone.zone), nullptr) << written;
    }
    return zone.zone;
}

TEST(TimeZones, NamesAliasesAndPosixStrings_JIL148) {
    EXPECT_EQ(resolved("america/new_york", How::iana), "America/New_York");
    EXPECT_EQ(resolved("US/Eastern", How::iana), "US/Eastern");
    EXPECT_EQ(resolved("EST5EDT", How::iana), "EST5EDT");
    EXPECT_EQ(resolved("Chicago", How::alias), "America/Chicago");
    EXPECT_EQ(resolved("New York", How::alias), "America/New_York");
    EXPECT_EQ(resolved("eastern", How::alias), "America/New_York");
    // Offsets are west-positive.
    EXPECT_EQ(resolved("GMT+5", How::posix), "-05:00");
    EXPECT_EQ(resolved("IST-5:30", How::posix), "+05:30");
    EXPECT_EQ(ir::findZone("+05:30")->offsetAt(0), 19800);
    EXPECT_EQ(resolved("CET-1CEST,M3.5.0,M10.5.0/3", How::posix), "CET-1CEST,M3.5.0,M10.5.0/3");
    EXPECT_EQ(resolved("GMT0BST", How::assumed), "Europe/London");
    for (char const* bad :
         {"", "Mars/Olympus", "XYZ3ABC", "../etc/passwd", "GMT+99", "CET-1CEST,M13.5.0,M10.5.0"})
        EXPECT_EQ(resolved(bad, How::unknown), "");
}

TEST(TimeZones, APosixRuleAgreesWithTheZoneItDescribes) {
    for (auto const& [name, posix] :
         {std::pair("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"),
          std::pair("Australia/Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3")}) {
        ir::TimeZone const &zone = *ir::findZone(name), &rule = *ir::findZone(posix);
        for (int64_t instant = 1700000000; instant < 30000000000; instant += 7654321) {
            ASSERT_EQ(zone.offsetAt(instant), rule.offsetAt(instant)) << name << instant;
            ASSERT_EQ(zone.at(instant).second, rule.at(instant).second) << name << instant;
        }
        EXPECT_EQ(zone.changes(20000000000, 20100000000), rule.changes(20000000000, 20100000000));
    }
}

TEST(CalendarRule, BadRulesSayWhere_JIL157) {
    struct Bad {
        char const* text;
        uint32_t offset;
        char const* message;
    };
    for (Bad const& bad :
         {Bad{"FOM &", 5, "a date keyword is missing in a calendar rule"},
          Bad{"FOM EOM", 4, "expected `&` or `|` before `EOM`"},
          Bad{"workdx01", 0, "unknown date keyword `WORKDX01`"},
          Bad{"FOM | $", 6, "unexpected character `$` in a calendar rule"},
          Bad{"(FOM", 4, "missing `)` in a calendar rule"},
          Bad{"FOM)", 3, "`)` without `(` in a calendar rule"},
          Bad{"MON#6", 0, "`MON#6`: the number must be 1 to 5"},
          Bad{"WORKD#0", 0, "`WORKD#0`: the number must be 1 to 31"},
          Bad{"MNTHD#999999999", 0, "`MNTHD#999999999`: the number must be 1 to 31"},
          // Its first nine digits are a good number.
          Bad{"FOM | MNTHD#00000000112", 6, "`MNTHD#00000000112`: the number must be 1 to 31"},
          Bad{"CYCL#4294967297", 0, "`CYCL#4294967297`: the number must be 1 to 365"},
          Bad{"MON & NOT NOT TUE", 10, "`NOT NOT` in a calendar rule"}}) {
        ir::RuleError error;
        EXPECT_FALSE(ir::CalendarRule::parse(bad.text, error)) << bad.text;
        EXPECT_EQ(error.offset, bad.offset) << bad.text;
        EXPECT_EQ(error.message, bad.message) << bad.text;
    }
}

TEST(CalendarRule, HostileTextIsRefusedQuickly) {
    ir::RuleError error;
    EXPECT_FALSE(ir::CalendarRule::parse(std::string(1000000, '('), error));
    EXPECT_EQ(error.offset, 100u);
    EXPECT_FALSE(ir::CalendarRule::parse("WEEK#" + std::string(1000000, '9'), error));
    EXPECT_LT(error.message.size(), 100u);
    EXPECT_TRUE(ir::CalendarRule::parse("WEEK#" + std::string(1000, '0') + "53", error));
    EXPECT_FALSE(ir::CalendarRule::parse(llvm::StringRef("FOM\0EOM", 7), error));
    std::string chain = "MON#1";
    for (int i = 0; i < 20000; ++i)
        chain += " | TUE#2";
    ASSERT_TRUE(ir::CalendarRule::parse(chain, error));
    EXPECT_TRUE(ir::CalendarRule::parse("MON | XFOM", error)->hasExclusionUnderOr());
    EXPECT_TRUE(ir::CalendarRule::parse("MON | FOM & EOM", error)->mixesOperators());
}

TEST(Ticks, SaysWhenAMinuteIsSkippedOrRepeated) {
    ir::TimeZone const& zone = *ir::findZone("America/New_York");
    int64_t const start = ir::toDayNumber({2026, 1, 1}) * 86400LL;
    auto const skipped = schedule::nextSkipped(zone, 150, start, 2);
    ASSERT_TRUE(skipped);
    EXPECT_EQ(skipped->date, (ir::Date{2026, 3, 8}));
    auto const repeated = schedule::nextRepeated(zone, 90, start, 2);
    ASSERT_TRUE(repeated);
    EXPECT_EQ(repeated->date, (ir::Date{2026, 11, 1}));
    EXPECT_FALSE(schedule::nextSkipped(zone, 180, start, 20));
    EXPECT_FALSE(schedule::nextRepeated(*ir::findZone("Asia/Kathmandu"), 90, start, 20));
}

TEST(Ticks, SaysWhenACalendarEnds_JIL147) {
    ir::Estate estate;
    ir::Calendar run, exclude;
    run.rows = {{{2026, 5, 4}}, {{2026, 5, 5}}};
    exclude.rows = {{{2026, 5, 5}}};
    ir::Schedule schedule;
    schedule.run = estate.calendars.add(run);
    schedule.runCalendar.set("R", ir::ConstructId(0));
    schedule::Ticks ticks(estate);
    EXPECT_EQ(ticks.lastDate(schedule), (ir::Date{2026, 5, 5}));
    schedule.exclude = estate.calendars.add(exclude);
    schedule.excludeCalendar.set("E", ir::ConstructId(0));
    EXPECT_EQ(schedule::Ticks(estate).lastDate(schedule), (ir::Date{2026, 5, 4}));
    schedule.runCalendar = {};
    schedule.run = {};
    schedule.weekdays.set(0b0000010, ir::ConstructId(0));
    EXPECT_EQ(ticks.lastDate(schedule), std::nullopt);
}

TEST(Ticks, EnumeratesTenThousandSchedulesOverFourHundredDays) {
    ir::Estate estate;
    ir::Schedule schedule;
    schedule.zone = "America/New_York";
    schedule.weekdays.set(0b0111110, ir::ConstructId(0));
    schedule.times.set({1110, 1200}, ir::ConstructId(0));
    schedule::Ticks ticks(estate);
    int64_t const start = ir::toDayNumber({2026, 1, 1}) * 86400LL;
    size_t count = 0;
    for (int i = 0; i < 10000; ++i)
        count += ticks.between(schedule, start, start + 400 * 86400LL).size();
    EXPECT_EQ(count, 10000u * 572u);
}
