// Two tick sets that part are told at the first instant, in the schedule's own time, with the rule.
#include "analysis/equivalence/Schedules.h"
#include "tests/equivalence/Loaded.h"
#include "tests/support/EstateBuilder.h"

#include <gtest/gtest.h>

using namespace hoist;
using namespace hoist::equivalence;
using namespace hoist::test;

namespace {

constexpr int64_t day = 86400;
constexpr int64_t from = 1767225600; // 2026-01-01
constexpr Horizon horizon{from, from + 400 * day};

/// A stand-alone job at 01:30 in New York, and the DAG with exactly its ticks.
struct Clocked {
    EstateBuilder builder;
    ir::JobId a = builder.job("A");
    ir::WorkflowId workflow = builder.estate.workflows.add();
    target::Bag bag;
    target::Dag dag = dagOf({});
    Clocked() {
        builder.estate.workflows[workflow].root = a;
        builder.estate.workflows[workflow].jobs = {a};
        builder.daily(a, {90}).zone = "America/New_York";
        bag.from = horizon.from;
        bag.to = horizon.to;
        target::TickSet set;
        set.ticks = legacy();
        set.until = horizon.to;
        dag.timetable.kind = target::Timetable::Kind::ticks;
        dag.timetable.ticks = bag.tickSets.add(std::move(set));
    }
    ir::Schedule& schedule() { return builder.estate.schedules[ir::ScheduleId(0)]; }
    std::vector<int64_t>& ticks() { return bag.tickSets[target::TickSetId(0)].ticks; }
    std::vector<int64_t> legacy() {
        return schedule::Ticks(builder.estate).between(schedule(), horizon.from, horizon.to);
    }
    Findings compare() {
        schedule::Ticks enumerated(builder.estate);
        Findings findings;
        compareSchedule(builder.estate, enumerated, workflow, bag, dag, horizon, findings);
        return findings;
    }
};

std::string told(Findings const& findings) {
    std::string text;
    for (Difference const& difference : findings.differences)
        text += difference.legacySide + " | " + difference.airflowSide + " | " +
                difference.consequence + "\n";
    for (Unknown const& unknown : findings.unknowns)
        text += "unknown: " + unknown.reason + "\n";
    return text;
}

void expectOne(Findings const& findings, llvm::StringRef text) {
    ASSERT_EQ(findings.differences.size(), 1u) << told(findings);
    EXPECT_TRUE(findings.unknowns.empty()) << told(findings);
    EXPECT_NE(told(findings).find(text.str()), std::string::npos) << told(findings);
}

} // namespace

TEST(Schedules, EqualTicksAreEqual) {
    Clocked clocked;
    EXPECT_EQ(clocked.ticks().size(), 400u);
    EXPECT_EQ(told(clocked.compare()), "");
    EXPECT_TRUE(clocked.compare().assumptions.empty());
}

TEST(Schedules, TheAutumnNightIsToldAsSuch) {
    Clocked clocked;
    // 2026-11-01 01:30 in the first pass, as cron would.
    auto const tick = std::find(clocked.ticks().begin(), clocked.ticks().end(), 1793514600);
    ASSERT_NE(tick, clocked.ticks().end());
    *tick -= 3600;
    Findings const findings = clocked.compare();
    expectOne(findings, "JIL-149");
    EXPECT_EQ(findings.differences[0].airflowSide,
              "a tick at Sunday 2026-11-01 01:30 America/New_York (2026-11-01T05:30:00Z)");
    EXPECT_NE(told(findings).find("1 of 400 ticks of the definition and 1 of 400 of the DAG"),
              std::string::npos);
}

TEST(Schedules, AnExcludedDayAndAWrongWeekday) {
    Clocked excluded;
    ir::CalendarId const id = excluded.builder.estate.calendars.add();
    ir::Calendar& calendar = excluded.builder.estate.calendars[id];
    calendar.name = "HOLIDAYS";
    calendar.rows.push_back({{2026, 7, 3}, -1});
    excluded.builder.set(excluded.schedule().excludeCalendar, llvm::StringRef("HOLIDAYS"));
    excluded.schedule().exclude = id;
    expectOne(excluded.compare(), "the day is in exclude_calendar HOLIDAYS (JIL-146)");
    excluded.ticks() = excluded.legacy();
    EXPECT_EQ(told(excluded.compare()), "");

    Clocked weekdays;
    weekdays.schedule().weekdays.value = 0x3e;
    expectOne(weekdays.compare(), "days_of_week (JIL-142)");
}

TEST(Schedules, AnotherZone) {
    Clocked clocked;
    clocked.schedule().zone = "UTC";
    std::vector<int64_t> const utc = clocked.legacy();
    clocked.schedule().zone = "America/New_York";
    clocked.ticks() = utc;
    // The first instant of the horizon that is a tick on one side only.
    expectOne(clocked.compare(), "another time zone than America/New_York (JIL-148)");
}

TEST(Schedules, ASetThatEndsEarlyIsEnoughAfterAYear) {
    Clocked clocked;
    target::TickSet& set = clocked.bag.tickSets[target::TickSetId(0)];
    set.until = horizon.from + 371 * day;
    Findings const enough = clocked.compare();
    EXPECT_EQ(told(enough), "");
    ASSERT_EQ(enough.assumptions.size(), 1u);
    EXPECT_EQ(enough.assumptions[0].name, "schedule-compared-until:2027-01-07");
    set.until = horizon.from + 300 * day;
    EXPECT_EQ(clocked.compare().unknowns.size(), 1u);
}

TEST(Schedules, AnotherTimeOfDay) {
    Clocked clocked;
    for (int64_t& tick : clocked.ticks())
        tick += 45 * 60;
    expectOne(clocked.compare(), "differ by 45 minutes (JIL-143)");
}

TEST(Schedules, ClocksWhereThereAreNoneAndTheReverse) {
    using Kind = target::Timetable::Kind;
    Clocked clocked;
    clocked.dag.timetable.kind = Kind::none;
    expectOne(clocked.compare(), "no tick at all");
    clocked.dag.timetable.kind = Kind::assets;
    expectOne(clocked.compare(), "AF-040");
    clocked.dag.timetable.kind = Kind::continuous;
    expectOne(clocked.compare(), "without a pause");
    clocked.dag.timetable.kind = Kind::unknown;
    EXPECT_EQ(clocked.compare().unknowns.size(), 1u);

    clocked.builder[clocked.a].schedule = {};
    clocked.dag.timetable.kind = Kind::ticks;
    expectOne(clocked.compare(), "JIL-005");
    clocked.dag.timetable.kind = Kind::none;
    EXPECT_EQ(told(clocked.compare()), "");
    clocked.dag.timetable.kind = Kind::assets;
    expectOne(clocked.compare(), "AF-040");
    clocked.builder.condition(clocked.a, clocked.builder.s("X"));
    EXPECT_EQ(clocked.compare().unknowns.size(), 1u);
}

TEST(Schedules, BootEntriesAreTriggeredBySomebody) {
    Clocked clocked;
    clocked.schedule().kind = ir::Schedule::Kind::atBoot;
    expectOne(clocked.compare(), "CRON-004");
    clocked.dag.timetable.kind = target::Timetable::Kind::none;
    Findings const findings = clocked.compare();
    EXPECT_EQ(told(findings), "");
    ASSERT_EQ(findings.assumptions.size(), 1u);
    EXPECT_EQ(findings.assumptions[0].name, "started-at-boot:A");
}

TEST(Schedules, AMembersTimesAndWindowAgainstItsGate) {
    Clocked clocked;
    clocked.builder.set(clocked.schedule().window, ir::Window{60, 150});
    target::Task gate = loaded(
        shim("A.when", "Command", {{"window", "01:00-02:30"}, {"timezone", "America/New_York"}}));
    schedule::Ticks enumerated(clocked.builder.estate);
    auto const compare = [&](target::Task const* task, target::TickSet const* set) {
        Findings findings;
        compareMemberSchedule(clocked.builder.estate, enumerated, clocked.a, clocked.bag, task, set,
                              horizon, findings);
        return findings;
    };
    target::TickSet const set = clocked.bag.tickSets[target::TickSetId(0)];
    EXPECT_EQ(told(compare(&gate, &set)), "");
    expectOne(compare(&gate, nullptr), "JIL-112");
    target::TickSet fewer = set;
    fewer.ticks.erase(fewer.ticks.begin() + 3);
    expectOne(compare(&gate, &fewer), "Sunday 2026-01-04 01:30");
    gate.fields["arguments"]["window"] = "01:00-02:00";
    expectOne(compare(&gate, &set), "JIL-150");
    gate.fields["arguments"]["window"] = "01:00-02:30";
    gate.fields["arguments"]["timezone"] = "UTC";
    expectOne(compare(&gate, &set), "JIL-148");
}
