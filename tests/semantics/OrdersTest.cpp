// Control-M's orders being played: the conformance vectors C1…C13 and the rules behind them. Each
// test states a definition, what happens on the days, and when what starts and ends.
#include "analysis/link/Link.h"
#include "analysis/schedule/Ticks.h"
#include "analysis/semantics/Interpreter.h"
#include "analysis/semantics/ReadScenario.h"
#include "frontend/controlm/Controlm.h"
#include "frontend/jil/Jil.h"

#include <gtest/gtest.h>

using namespace hoist;
using semantics::Event;
using semantics::RunPlan;
using semantics::Status;
using EventKind = semantics::Event::Kind;

namespace {

/// One estate and one scenario from Monday, 2 March 2026 on. New Day is at 07:00 UTC.
class Day {
public:
    explicit Day(std::string const& folders, std::string const& calendars = "") {
        definition = "<DEFTABLE>" + folders + "</DEFTABLE>";
        second = calendars;
        scenario.start = at("2026-03-02T00:00Z");
        days(1);
    }
    Day& days(int count) {
        scenario.end = scenario.start + count * 86'400LL + 7 * 3600;
        return *this;
    }
    Day& from(std::string const& date) {
        auto const length = scenario.end - scenario.start;
        scenario.start = at(date + "T00:00Z");
        scenario.end = scenario.start + length;
        return *this;
    }
    /// Seconds, exit code; the last repeats.
    Day& run(std::string const& job, std::vector<RunPlan> plans) {
        scenario.runs[job] = std::move(plans);
        return *this;
    }
    Day& fact(std::string const& name, std::string const& date) {
        scenario.facts.push_back({name, date});
        return *this;
    }
    Day& event(std::string const& time, EventKind kind, std::string const& object,
               std::string const& value = "") {
        Event made;
        made.at = at(time);
        made.kind = kind;
        made.object = object;
        made.value = value;
        if (kind == EventKind::changeStatus)
            made.status = Status::success;
        scenario.events.push_back(made);
        return *this;
    }
    Day& eventFor(ir::Date date, std::string const& time, EventKind kind,
                  std::string const& object) {
        event(time, kind, object);
        scenario.events.back().orderDate = ir::toDayNumber(date);
        return *this;
    }
    Day& newDay(int minutes) {
        estate.settings.newDay = static_cast<int16_t>(minutes);
        return *this;
    }
    Day& total(std::string const& resource, int64_t quantity) {
        estate.settings.quantitativeResources[resource] = quantity;
        return *this;
    }
    Day& userDaily(std::string const& name, int minutes) {
        estate.settings.userDailies[name] = static_cast<int16_t>(minutes);
        return *this;
    }
    Day& zone(std::string const& name) {
        estate.settings.timezone = name;
        return *this;
    }

    /// "03-02 07:00, 03-03 07:00"
    std::string starts(llvm::StringRef job) {
        return times(job, [](auto const& event) { return event.status == Status::starting; });
    }
    /// "SUCCESS 03-02 07:01, …": how it ended each time
    std::string ends(llvm::StringRef job) {
        std::string text;
        for (auto const& event : played().events)
            if (event.job == job &&
                (event.status == Status::success || event.status == Status::failure ||
                 event.status == Status::restart || event.status == Status::inactive))
                text += (text.empty() ? "" : ", ") + toString(event.status).str() + " " +
                        shown(event.at);
        return text;
    }
    /// Why it did not start, in order: "CTM-004 it waits for x 0302".
    std::string why(llvm::StringRef job) {
        std::string text;
        for (auto const& missed : played().notStarted)
            if (missed.job == job)
                text += (text.empty() ? "" : "; ") + missed.reason.rule.str() + " " +
                        missed.reason.text;
        return text;
    }
    std::string conditions() {
        std::string text;
        for (std::string const& one : played().conditions)
            text += (text.empty() ? "" : ", ") + one;
        return text;
    }
    semantics::Trace const& played() {
        if (!isPlayed) {
            isPlayed = true;
            std::vector<FileId> files{*estate.sources.add("a.xml", definition)};
            if (!second.empty())
                files.push_back(*estate.sources.add("b.xml", second));
            controlm::read(files, estate, diags);
            analysis::link(estate, diags);
            for (auto const& finding : diags.all())
                EXPECT_NE(finding.severity, diag::Severity::error) << finding.message;
            schedule::Ticks ticks(estate);
            trace = semantics::run(estate, ticks, scenario);
        }
        return trace;
    }

private:
    static int64_t at(std::string const& text) { return *semantics::parseIso(text); }
    static std::string shown(int64_t instant) {
        std::string const text = semantics::isoText(instant);
        return text.substr(5, 5) + " " + text.substr(11, text.substr(17, 2) == "00" ? 5 : 8);
    }
    template <class Test>
    std::string times(llvm::StringRef job, Test test) {
        std::string text;
        for (auto const& event : played().events)
            if (event.job == job && test(event))
                text += (text.empty() ? "" : ", ") + shown(event.at);
        return text;
    }

    ir::Estate estate;
    diag::Diagnostics diags;
    semantics::Scenario scenario;
    semantics::Trace trace;
    std::string definition, second;
    bool isPlayed = false;
};

std::string job(std::string const& name, std::string const& attributes = "",
                std::string const& inside = "") {
    std::string const days = attributes.find("DAYS=") == std::string::npos ? " DAYS=\"ALL\" " : " ";
    return "<JOB JOBNAME=\"" + name + "\" TASKTYPE=\"Command\" CMDLINE=\"x\"" + days + attributes +
           ">" + inside + "</JOB>";
}
std::string plain(std::string const& inside) {
    return "<FOLDER FOLDER_NAME=\"F\" FOLDER_ORDER_METHOD=\"SYSTEM\">" + inside + "</FOLDER>";
}
std::string smart(std::string const& inside, std::string const& attributes = "") {
    return "<SMART_FOLDER FOLDER_NAME=\"S\" FOLDER_ORDER_METHOD=\"SYSTEM\" DAYS=\"ALL\" " +
           attributes + ">" + inside + "</SMART_FOLDER>";
}
std::string in(std::string const& name, std::string const& rest = "") {
    return "<INCOND NAME=\"" + name + "\" " + rest + "/>";
}
std::string out(std::string const& name, std::string const& rest = "SIGN=\"+\"") {
    return "<OUTCOND NAME=\"" + name + "\" " + rest + "/>";
}
std::string on(std::string const& code, std::string const& inside) {
    return "<ON STMT=\"*\" CODE=\"" + code + "\">" + inside + "</ON>";
}
std::string act(std::string const& word) { return "<DOACTION ACTION=\"" + word + "\"/>"; }
RunPlan plan(int64_t duration, int64_t code = 0) { return {duration, code, false, {}}; }

} // namespace

// --- order dates, New Day, windows ---

TEST(PlayedOrders, C1ATimeBeforeNewDayBelongsToTheOrderDateBefore) { // CTM-002, CTM-048
    Day day(plain(job("A", "TIMEFROM=\"0200\"")));
    day.newDay(6 * 60).from("2026-03-03");
    EXPECT_EQ(day.starts("F/A"), "03-04 02:00");
    EXPECT_EQ(day.played().events[0].orderDate, ir::toDayNumber({2026, 3, 3}));
}

TEST(PlayedOrders, WindowsWrapAtNewDay) { // CTM-050, the manual's examples
    Day day(plain(job("A", "TIMEFROM=\"2300\" TIMETO=\"0500\"") +
                  job("B", "TIMEFROM=\"0500\" TIMETO=\"2300\"", in("x")) +
                  job("C", "TIMETO=\"0600\"")));
    day.newDay(22 * 60).days(1).event("2026-03-03T06:00Z", EventKind::addCondition, "x", "0302");
    EXPECT_EQ(day.starts("F/A"), "03-02 23:00");
    EXPECT_EQ(day.starts("F/B"), "03-03 06:00"); // until TO, and again from FROM on
    EXPECT_EQ(day.starts("F/C"), "03-02 22:00");
}

TEST(PlayedOrders, AWindowThatPassesIsNoFailure) { // CTM-052, TR-37
    Day day(plain(job("A", "TIMETO=\"0900\"", in("x") + out("done")) + job("B", "", in("done"))));
    day.days(2).event("2026-03-02T10:00Z", EventKind::addCondition, "x", "0302");
    EXPECT_EQ(day.starts("F/A"), "");
    EXPECT_EQ(day.starts("F/B"), "");
    EXPECT_NE(day.why("F/A").find("CTM-052 its time has passed"), std::string::npos)
        << day.why("F/A");
}

TEST(PlayedOrders, AnOpenEndStartsOnALaterDay) { // CTM-051
    std::string const waits = in("x");
    Day day(plain(job("A", "TIMEFROM=\"2200\" TIMETO=\"&gt;\" MAXWAIT=\"1\"", waits) +
                  job("B", "TIMEFROM=\"2200\" MAXWAIT=\"1\"", waits)));
    day.days(2).event("2026-03-03T10:00Z", EventKind::addCondition, "x", "0302");
    EXPECT_EQ(day.starts("F/A"), "03-03 10:00");
    EXPECT_EQ(day.starts("F/B"), "03-03 22:00"); // its window comes again
}

TEST(PlayedOrders, ATimeZoneHasItsOwnDay) { // CTM-055, CTM-056
    Day ahead(plain(job("A", "TIMEZONE=\"Asia/Tokyo\" TIMEFROM=\"0800\"")));
    EXPECT_EQ(ahead.starts("F/A"), "03-02 23:00"); // 08:00 of 3 March there; 2 March has passed
    Day gap(plain(job("A", "TIMEFROM=\"0230\"")));
    gap.zone("Europe/Zurich").from("2026-03-28").days(1);
    EXPECT_EQ(gap.starts("F/A"), "03-29 01:00"); // the clock passes 02:30 at 03:00
}

TEST(PlayedOrders, OnlyNewDayOrders) { // CTM-001, CTM-003, CTM-006, CTM-094
    std::string const two = "<FOLDER FOLDER_NAME=\"F\">" + job("A") + "</FOLDER>" +
                            "<FOLDER FOLDER_NAME=\"G\" FOLDER_ORDER_METHOD=\"NIGHT\">" +
                            job("B", "DAYS=\"1\"") + "</FOLDER>";
    Day day(two);
    day.event("2026-03-02T08:00Z", EventKind::startJob, "F")
        .event("2026-03-02T09:00Z", EventKind::startJob, "G/B")
        .event("2026-03-02T10:00Z", EventKind::forceStartJob, "G/B");
    EXPECT_EQ(day.starts("F/A"), "03-02 08:00");
    EXPECT_EQ(day.starts("G/B"), "03-02 10:00");
    EXPECT_NE(day.why("G").find("user daily NIGHT"), std::string::npos);
    EXPECT_NE(day.why("G/B").find("none of its order dates"), std::string::npos);
}

TEST(PlayedOrders, WhatOnlyUnitsHoldBackIsAskedAgain) { // CTM-050, CTM-063, CTM-080
    // Its window is over at the New Day at which the units come free.
    Day units(
        plain(job("A", "WEEKDAYS=\"1\"", "<QUANTITATIVE NAME=\"U\" QUANT=\"1\" ONFAIL=\"K\"/>") +
              job("B", "TIMEFROM=\"1405\" MAXWAIT=\"99\" WEEKDAYS=\"2\"",
                  "<QUANTITATIVE NAME=\"U\" QUANT=\"1\"/>")));
    units.total("U", 1).days(3).run("F/A", {{60, 1, false, {}}});
    EXPECT_EQ(units.starts("F/B"), "03-04 14:05");
    // A time that it misses while it waits for a lock ends its cycle.
    Day lock(plain(job("A", "TIMEFROM=\"0800\"", "<CONTROL NAME=\"L\" TYPE=\"E\"/>") +
                   job("B", "CYCLIC=\"1\" CYCLIC_TYPE=\"S\" CYCLIC_TIMES_SEQUENCE=\"0730,0830\"",
                       "<CONTROL NAME=\"L\" TYPE=\"E\"/>")));
    lock.run("F/A", {{3600, 0, false, {}}});
    EXPECT_EQ(lock.starts("F/B"), "03-02 07:30");
}

TEST(PlayedOrders, AUserDailyOrdersForTheDayThatItIs) { // CTM-006, CTM-055
    std::string const folder = "<FOLDER FOLDER_NAME=\"F\" FOLDER_ORDER_METHOD=\"NIGHT\">" +
                               job("A", "WEEKDAYS=\"1\" TIMEFROM=\"1000\"") +
                               job("B", "TIMETO=\"1200\"") +
                               job("C", "TIMEFROM=\"2000\" TIMEZONE=\"Asia/Tokyo\"") + "</FOLDER>";
    Day evening(folder);
    evening.days(2).userDaily("NIGHT", 18 * 60);
    EXPECT_EQ(evening.starts("F/A"), "03-02 18:00"); // its time has come before (CTM-053)
    EXPECT_EQ(evening.starts("F/B"), "");
    EXPECT_EQ(evening.starts("F/C"), "03-02 18:00, 03-03 18:00"); // no day ahead
    // Before New Day it is still the day before.
    Day morning(folder);
    morning.days(2).userDaily("NIGHT", 5 * 60);
    EXPECT_EQ(morning.starts("F/A"), "03-03 05:00");
}

TEST(PlayedOrders, C11AllDaysByOr) { // CTM-040
    Day day(plain(job("A", "DAYS=\"ALL\" WEEKDAYS=\"1\" DAYS_AND_OR=\"O\"") +
                  job("B", "DAYS=\"ALL\" WEEKDAYS=\"1\" DAYS_AND_OR=\"A\"")));
    day.days(2);
    EXPECT_EQ(day.starts("F/A"), "03-02 07:00, 03-03 07:00");
    EXPECT_EQ(day.starts("F/B"), "03-02 07:00");
}

TEST(PlayedOrders, C12ADayThatIsNoWorkingDay) { // CTM-041: Sunday, 1 March 2026
    std::string march(31, 'N');
    for (int number = 1; number <= 31; ++number)
        if ((number + 6) % 7 != 0 && number % 7 != 0)
            march[static_cast<size_t>(number - 1)] = 'Y';
    std::string const calendar =
        "<DEFCAL><CALENDAR NAME=\"WORK\" TYPE=\"Regular\"><YEAR NAME=\"2026\" DAYS=\"" +
        std::string(59, 'N') + march + std::string(275, 'N') + "\"/></CALENDAR></DEFCAL>";
    Day day(plain(job("A", "DAYS=\"1\" DAYSCAL=\"WORK\"") +
                  job("B", "DAYS=\"&gt;1\" DAYSCAL=\"WORK\"")),
            calendar);
    day.from("2026-03-01").days(2);
    EXPECT_EQ(day.starts("F/A"), "");
    EXPECT_EQ(day.starts("F/B"), "03-02 07:00");
}

// --- conditions ---

TEST(PlayedOrders, C2PreviousIsByOwnOrderDates) { // CTM-012
    Day day(plain(job("A", "WEEKDAYS=\"1\"", in("x", "ODATE=\"PREV\""))));
    day.fact("x", "0301");
    EXPECT_EQ(day.starts("F/A"), "");
    EXPECT_EQ(day.why("F/A"), "CTM-004 it waits for x 0223");
    Day last(plain(job("A", "WEEKDAYS=\"1\"", in("x", "ODATE=\"PREV\""))));
    EXPECT_EQ(last.fact("x", "0223").starts("F/A"), "03-02 07:00");
}

TEST(PlayedOrders, C3ConditionsAreNotConsumedButDeleted) { // CTM-010, CTM-013, CTM-019
    std::string const folder = plain(job("A", "", out("x")) + job("B", "", in("x")) +
                                     job("C", "", in("x") + out("x", "SIGN=\"-\"")) +
                                     job("D", "TIMEFROM=\"0900\"", in("x")));
    Day day(folder);
    EXPECT_EQ(day.starts("F/B"), "03-02 07:01");
    EXPECT_EQ(day.starts("F/C"), "03-02 07:01");
    EXPECT_EQ(day.starts("F/D"), ""); // too late: C has deleted it
    EXPECT_EQ(day.conditions(), "");
}

TEST(PlayedOrders, C4OneOfTwo) { // CTM-016
    Day day(plain(job("A", "", in("a", "AND_OR=\"A\"") + in("b", "AND_OR=\"O\""))));
    EXPECT_EQ(day.event("2026-03-02T08:00Z", EventKind::addCondition, "b", "ODAT").starts("F/A"),
              "03-02 08:00");
}

TEST(PlayedOrders, C5WhatWaitsIsRemovedAtNewDay) { // CTM-005
    Day day(plain(job("A", "WEEKDAYS=\"1\"", in("x") + out("y")) +
                  job("B", "WEEKDAYS=\"1\"", in("y")) +
                  job("C", "WEEKDAYS=\"1\" MAXWAIT=\"1\"", in("x"))));
    day.days(2).event("2026-03-03T08:00Z", EventKind::addCondition, "x", "0302");
    EXPECT_EQ(day.starts("F/A"), "");
    EXPECT_EQ(day.ends("F/A"), "INACTIVE 03-03 07:00");
    EXPECT_EQ(day.ends("F/B"), "INACTIVE 03-03 07:00");
    EXPECT_EQ(day.starts("F/C"), "03-03 08:00");
    EXPECT_NE(day.why("F/B").find("not run: it waits for y 0302"), std::string::npos);
}

TEST(PlayedOrders, NotOkStaysADayLonger) { // CTM-005
    Day day(plain(job("A", "WEEKDAYS=\"1\"")));
    day.days(3).run("F/A", {plan(60, 1)});
    EXPECT_EQ(day.ends("F/A"), "FAILURE 03-02 07:01, INACTIVE 03-04 07:00");
}

TEST(PlayedOrders, C13AConditionOfLastYearIsThere) { // CTM-011
    Day day(plain(job("A", "", in("x", "ODATE=\"ODAT\""))));
    EXPECT_EQ(day.from("2027-01-01").fact("x", "0101").starts("F/A"), "01-01 07:00");
}

TEST(PlayedOrders, AllDatesAndNone) { // CTM-012
    Day day(plain(job("A", "",
                      out("x") + out("s", "SIGN=\"+\" ODATE=\"STAT\"") +
                          out("n", "SIGN=\"+\" ODATE=\"NEXT\"")) +
                  job("B", "",
                      in("s", "ODATE=\"STAT\"") + in("x", "ODATE=\"****\"") +
                          out("x", "SIGN=\"-\" ODATE=\"****\""))));
    day.fact("x", "1224");
    EXPECT_EQ(day.starts("F/B"), "03-02 07:01");
    EXPECT_EQ(day.conditions(), "n 0303, s STAT");
}

TEST(PlayedOrders, WhatIsToRunAgainStaysADayLonger) { // CTM-005, CTM-067: it has ended NOTOK
    std::string const again = on("NOTOK", act("RERUN"));
    Day day(plain(job("A", "WEEKDAYS=\"1\" MAXRERUN=\"1\" INTERVAL=\"00010H\"", again)));
    day.days(3).run("F/A", {plan(20 * 3600, 1), plan(60)});
    EXPECT_EQ(day.ends("F/A"), "RESTART 03-03 03:00, SUCCESS 03-03 13:01, INACTIVE 03-04 07:00");
    Day late(plain(job("A", "WEEKDAYS=\"1\" MAXRERUN=\"1\" INTERVAL=\"00010H\"", again)));
    late.days(3).run("F/A", {plan(40 * 3600, 1), plan(60)});
    EXPECT_EQ(late.ends("F/A"), "RESTART 03-03 23:00, INACTIVE 03-04 07:00");
}

TEST(PlayedOrders, ASignalHasNoCode) { // CTM-071
    Day day(plain(job("A", "", on("COMPSTAT EQ 0", act("OK"))) + job("B", "", on("*", act("OK")))));
    day.run("F/A", {{60, 0, true, {}}}).run("F/B", {{60, 0, true, {}}});
    EXPECT_EQ(day.ends("F/A"), "FAILURE 03-02 07:01");
    EXPECT_EQ(day.ends("F/B"), "SUCCESS 03-02 07:01");
}

TEST(PlayedOrders, AFactThatSomebodyHasAddedIsNotAddedAgain) { // CTM-010
    Day day("<FOLDER FOLDER_NAME=\"F\" FOLDER_ORDER_METHOD=\"SYSTEM\" DATACENTER=\"ctm\">" +
            job("A", "", out("x")) + "</FOLDER>");
    day.fact("x", "0302");
    EXPECT_TRUE(day.played().facts.empty());
    EXPECT_EQ(day.conditions(), "x 0302");
}

TEST(PlayedOrders, ConfirmHoldKillRerunAndSetToOk) { // CTM-007
    Day day(plain(job("A", "CONFIRM=\"1\"", out("a")) + job("B", "", in("a")) +
                  job("C", "", out("c")) + job("D", "TIMEFROM=\"1200\"")));
    day.run("F/C", {plan(3600), plan(60)})
        .event("2026-03-02T08:00Z", EventKind::confirm, "F/A")
        .event("2026-03-02T08:00Z", EventKind::jobOnHold, "F/B")
        .event("2026-03-02T09:00Z", EventKind::jobOffHold, "F/B")
        .event("2026-03-02T07:30Z", EventKind::killJob, "F/C")
        .event("2026-03-02T09:30Z", EventKind::rerun, "F/C")
        .event("2026-03-02T10:00Z", EventKind::changeStatus, "F/D");
    EXPECT_EQ(day.starts("F/A"), "03-02 08:00");
    EXPECT_EQ(day.starts("F/B"), "03-02 09:00");
    EXPECT_EQ(day.ends("F/C").substr(0, 39), "FAILURE 03-02 07:30, SUCCESS 03-02 09:3");
    EXPECT_EQ(day.starts("F/D"), "");
    EXPECT_EQ(day.ends("F/D").substr(0, 19), "SUCCESS 03-02 10:00");
}

// --- rules, reruns, cycles ---

TEST(PlayedOrders, C7MaxRerunAloneDoesNothing) { // CTM-067, CTM-071, TR-33
    Day day(plain(job("A", "MAXRERUN=\"2\"")));
    EXPECT_EQ(day.run("F/A", {plan(60, 1)}).starts("F/A"), "03-02 07:00");
}

TEST(PlayedOrders, C8RerunsUntilThereAreNoneLeft) {
    Day day(plain(job("A", "MAXRERUN=\"2\" INTERVAL=\"00005M\"", on("NOTOK", act("RERUN")))));
    day.run("F/A", {plan(60, 1)});
    EXPECT_EQ(day.starts("F/A"), "03-02 07:00, 03-02 07:06, 03-02 07:12");
    EXPECT_EQ(day.ends("F/A"), "RESTART 03-02 07:01, RESTART 03-02 07:07, FAILURE 03-02 07:13");
}

TEST(PlayedOrders, C9ACodeThatIsTolerated) { // CTM-070, CTM-075, TR-36
    Day day(plain(
        job("A", "",
            out("x") + on("NOTOK", "<DOCOND NAME=\"bad\"/>") + on("COMPSTAT EQ 4", act("OK"))) +
        job("B", "", in("x"))));
    day.run("F/A", {plan(60, 4)});
    EXPECT_EQ(day.ends("F/A").substr(0, 19), "SUCCESS 03-02 07:01");
    EXPECT_EQ(day.starts("F/B"), "03-02 07:01");
    EXPECT_EQ(day.conditions(), "x 0302"); // the rule on NOTOK was asked behind that on the code
}

TEST(PlayedOrders, NotOkWinsAndRulesHaveTheLastWord) { // CTM-072, CTM-074, CTM-014, CTM-076
    Day day(plain(job("A", "", on("COMPSTAT EQ 0", act("NOTOK")) + on("NOTOK", act("OK"))) +
                  job("B", "",
                      out("x") + on("OK", "<DOCOND NAME=\"x\" SIGN=\"-\"/>"
                                          "<DOCOND NAME=\"y\"/>")) +
                  job("C", "", out("z") + on("NOTOK", "<DOCOND NAME=\"failed\"/>")) +
                  job("D", "", in("failed")) + job("E", "", on("*disk*", act("NOTOK")))));
    day.run("F/C", {plan(60, 1)}).run("F/E", {{60, 0, false, "ok\nno disk space\n"}});
    EXPECT_EQ(day.ends("F/A"), "FAILURE 03-02 07:01");
    EXPECT_EQ(day.ends("F/E"), "FAILURE 03-02 07:01");
    EXPECT_EQ(day.conditions(), "failed 0302, y 0302");
    EXPECT_EQ(day.starts("F/D"), "03-02 07:01");
}

TEST(PlayedOrders, ForceJobOrdersAtOnce) { // CTM-073, CTM-077
    Day day(plain(job("A", "",
                      on("NOTOK", "<DOFORCEJOB TABLE_NAME=\"FIX\" NAME=\"REPAIR\" "
                                  "ODATE=\"ODAT\"/>"))) +
            "<FOLDER FOLDER_NAME=\"FIX\">" + job("REPAIR", "DAYS=\"31\" TIMEFROM=\"0800\"") +
            "</FOLDER>");
    day.run("F/A", {plan(60, 1)});
    EXPECT_EQ(day.starts("FIX/REPAIR"), "03-02 08:00"); // its window holds, its days do not
}

TEST(PlayedOrders, AJobOfASmartFolderIsForcedAlone) { // CTM-077, CTM-090
    Day day(plain(job("A", "", on("OK", "<DOFORCEJOB TABLE_NAME=\"S\" NAME=\"X\"/>"))) +
            smart(in("never") + out("folder") + job("X", "", in("x") + out("done")) + job("Y")));
    day.event("2026-03-02T09:00Z", EventKind::addCondition, "x", "ODAT");
    EXPECT_EQ(day.starts("S/X"), "03-02 09:00"); // its own waits hold, those of its folder do not
    EXPECT_EQ(day.starts("S/Y"), "");
    EXPECT_EQ(day.conditions(), "done 0302, x 0302");
}

TEST(PlayedOrders, AForcedOrderForcesForTheDayBesideIt) { // CTM-012, CTM-077
    Day day("<FOLDER FOLDER_NAME=\"F\">" +
            job("A", "WEEKDAYS=\"1\"",
                on("OK", "<DOFORCEJOB TABLE_NAME=\"FIX\" NAME=\"R\" ODATE=\"PREV\"/>")) +
            "</FOLDER><FOLDER FOLDER_NAME=\"FIX\">" + job("R", "", out("x")) + "</FOLDER>");
    day.event("2026-03-02T08:00Z", EventKind::forceStartJob, "F/A");
    EXPECT_EQ(day.starts("FIX/R"), "03-02 08:01");
    EXPECT_EQ(day.conditions(), "x 0301"); // not of last Monday
}

TEST(PlayedOrders, JobsThatForceEachOtherEnd) {
    std::string const again = on("OK", "<DOFORCEJOB TABLE_NAME=\"F\" NAME=\"A\"/>");
    Day day(plain(job("A", "", again)));
    day.run("F/A", {plan(0)});
    EXPECT_NE(day.why("F/A").find("without end"), std::string::npos);
}

TEST(PlayedOrders, C6ACycleRunsBackToBack) { // CTM-060, CTM-062
    std::string const every = "CYCLIC=\"1\" INTERVAL=\"00015M\" TIMETO=\"0750\" IND_CYCLIC=";
    Day day(
        plain(job("S", every + "\"S\"") + job("E", every + "\"E\"") + job("T", every + "\"T\"")));
    day.run("F/S", {plan(1200)})
        .run("F/E", {plan(600)})
        .run("F/T", {plan(600), plan(1200), plan(60)});
    EXPECT_EQ(day.starts("F/S"), "03-02 07:00, 03-02 07:20, 03-02 07:40");
    EXPECT_EQ(day.starts("F/E"), "03-02 07:00, 03-02 07:25, 03-02 07:50"); // TR-34
    EXPECT_EQ(day.starts("F/T"), "03-02 07:00, 03-02 07:15, 03-02 07:35, 03-02 07:45");
}

TEST(PlayedOrders, CyclesEnd) { // CTM-063…066
    Day day(plain(job("V", "CYCLIC=\"1\" CYCLIC_TYPE=\"V\" CYCLIC_INTERVAL_SEQUENCE=\"+30M,+1H\"") +
                  job("M", "CYCLIC=\"1\" INTERVAL=\"00010M\" MAXRERUN=\"2\"", out("m")) +
                  job("X", "CYCLIC=\"1\" INTERVAL=\"00010M\"", on("RUNCOUNT GE 2", act("SPCYC"))) +
                  job("L", "CYCLIC=\"1\" CYCLIC_TYPE=\"S\" CYCLIC_TOLERANCE=\"5\" "
                           "CYCLIC_TIMES_SEQUENCE=\"0900,0800,0905\"") +
                  job("N", "", in("m"))));
    day.run("F/L", {plan(900)});
    EXPECT_EQ(day.starts("F/V"), "03-02 07:00, 03-02 07:30, 03-02 08:30");
    EXPECT_EQ(day.starts("F/M"), "03-02 07:00, 03-02 07:10, 03-02 07:20");
    EXPECT_EQ(day.starts("F/X"), "03-02 07:00, 03-02 07:10");
    EXPECT_EQ(day.starts("F/L"), "03-02 08:00, 03-02 09:00"); // 09:05 is ten minutes ago at 09:15
    EXPECT_EQ(day.starts("F/N"), "03-02 07:01");              // once per order, not once per cycle
}

TEST(PlayedOrders, CyclesAfterNotOk) { // CTM-064, CTM-065
    auto const starts = [](std::string const& platform) {
        Day day("<FOLDER FOLDER_NAME=\"F\" FOLDER_ORDER_METHOD=\"SYSTEM\" PLATFORM=\"" + platform +
                "\">" + job("A", "CYCLIC=\"1\" INTERVAL=\"00010M\" MAXRERUN=\"2\"") +
                job("B", "CYCLIC=\"1\" INTERVAL=\"00010M\" MAXRERUN=\"2\"") + "</FOLDER>");
        day.run("F/A", {plan(60, 1)});
        return day.starts("F/A") + "|" + day.starts("F/B");
    };
    EXPECT_EQ(starts("UNIX"), "03-02 07:00, 03-02 07:10, 03-02 07:20|03-02 07:00, 03-02 07:10, "
                              "03-02 07:20");
    EXPECT_EQ(starts("MVS"), "03-02 07:00|03-02 07:00, 03-02 07:10");
}

TEST(PlayedOrders, ATimeThatPassesWhileItWaitsEndsTheCycle) { // CTM-063, CTM-064, CTM-091
    Day day(smart(job("A",
                      "CYCLIC=\"1\" CYCLIC_TYPE=\"S\" CYCLIC_TOLERANCE=\"5\" "
                      "CYCLIC_TIMES_SEQUENCE=\"0800,0900\"",
                      in("x") + out("x", "SIGN=\"-\""))));
    day.fact("x", "0302");
    EXPECT_EQ(day.starts("S/A"), "03-02 08:00");
    // 09:00 is dropped when it is too late for it: its folder ends then.
    EXPECT_EQ(day.ends("S").substr(0, 19), "SUCCESS 03-02 09:05");
}

TEST(PlayedOrders, WhatWaitsForItsNextRunAtNewDayDoesNotEnd) { // CTM-005, CTM-064, CTM-091
    Day day(smart(job("A", "CYCLIC=\"1\" INTERVAL=\"00015M\"", in("x") + out("x", "SIGN=\"-\"")) +
                  job("LONG")));
    day.fact("x", "0302").run("S/LONG", {plan(25 * 3600)});
    EXPECT_EQ(day.starts("S/A"), "03-02 07:00");
    EXPECT_EQ(day.ends("S").find("SUCCESS 03-03 08:00"), std::string::npos) << day.ends("S");
}

TEST(PlayedOrders, ACycleWithoutAnIntervalEnds) { // CTM-061
    Day day(plain(job("A", "CYCLIC=\"1\" INTERVAL=\"00000M\"")));
    day.run("F/A", {plan(0)});
    EXPECT_EQ(day.starts("F/A"), "03-02 07:00");
    EXPECT_NE(day.why("F/A").find("without end"), std::string::npos);
    // A sequence has an end.
    Day other(
        plain(job("A", "CYCLIC=\"1\" CYCLIC_TYPE=\"V\" CYCLIC_INTERVAL_SEQUENCE=\"+0M,+1H\"")));
    other.run("F/A", {plan(0)});
    EXPECT_EQ(other.starts("F/A"), "03-02 07:00, 03-02 07:00, 03-02 08:00");
}

TEST(PlayedOrders, AForcedOrderHasYesterdayAsItsPrevious) { // CTM-012, CTM-053
    Day day("<FOLDER FOLDER_NAME=\"F\">" +
            job("A", "WEEKDAYS=\"1\" TIMEFROM=\"0730\"", in("x", "ODATE=\"PREV\"")) + "</FOLDER>");
    day.fact("x", "0301").event("2026-03-02T08:00Z", EventKind::forceStartJob, "F/A");
    EXPECT_EQ(day.starts("F/A"), "03-02 08:00");
}

TEST(PlayedOrders, AnOrderForADayThatIsOverStartsNow) { // CTM-006
    Day day("<FOLDER FOLDER_NAME=\"F\">" + job("A", "", out("x")) + "</FOLDER>");
    day.eventFor({2026, 2, 27}, "2026-03-02T08:00Z", EventKind::forceStartJob, "F/A");
    EXPECT_EQ(day.starts("F/A"), "03-02 08:00");
    EXPECT_EQ(day.conditions(), "x 0227");
}

TEST(PlayedOrders, SomeWaitForEver) { // CTM-005
    Day day(plain(job("A", "WEEKDAYS=\"1\" MAXWAIT=\"99\"", in("x"))));
    day.days(6).event("2026-03-08T06:00Z", EventKind::addCondition, "x", "0302");
    EXPECT_EQ(day.starts("F/A"), "03-08 06:00");
}

TEST(PlayedOrders, ADeletedOrderAddsNothing) { // CTM-007
    Day day(plain(job("A", "TIMEFROM=\"0800\"", out("x")) + job("B", "", in("x"))));
    day.event("2026-03-02T07:30Z", EventKind::deleteOrder, "F/A");
    EXPECT_EQ(day.starts("F/A"), "");
    EXPECT_EQ(day.starts("F/B"), "");
}

// --- SMART folders ---

TEST(PlayedOrders, AFolderHoldsItsMembers) { // CTM-090, CTM-091
    Day day(smart(in("go") + out("folder") + job("A", "", out("a")) + job("B", "", in("a"))) +
            plain(job("C", "", in("folder"))));
    day.event("2026-03-02T08:00Z", EventKind::addCondition, "go", "ODAT");
    EXPECT_EQ(day.starts("S/A"), "03-02 08:00");
    EXPECT_EQ(day.starts("S/B"), "03-02 08:01");
    EXPECT_EQ(day.ends("S").substr(0, 19), "SUCCESS 03-02 08:02");
    EXPECT_EQ(day.starts("F/C"), "03-02 08:02");
}

TEST(PlayedOrders, AFolderIsOkIfAllAre) {
    Day day(smart(out("folder") + job("A") + job("B")));
    day.run("S/A", {plan(60, 1)});
    EXPECT_EQ(day.ends("S").substr(0, 19), "FAILURE 03-02 07:01");
    EXPECT_EQ(day.conditions(), "");
}

TEST(PlayedOrders, C10AnUntakenBranchKeepsItOpen) { // CTM-091
    std::string const members =
        job("A", "", on("NOTOK", "<DOCOND NAME=\"bad\"/>")) + job("REPAIR", "", in("bad"));
    Day day(smart(members));
    EXPECT_EQ(day.days(2).ends("S"), "INACTIVE 03-03 07:00");
    Day ended(smart(members + job("LAST", "TIMEFROM=\"0900\" END_FOLDER=\"Y\"")));
    EXPECT_EQ(ended.ends("S").substr(0, 19), "SUCCESS 03-02 09:01");
    EXPECT_EQ(ended.ends("S/REPAIR").substr(0, 20), "INACTIVE 03-02 09:01");
    // Nothing is submitted again either.
    Day again(smart(job("A", "MAXRERUN=\"2\"", on("NOTOK", "<DOACTION ACTION=\"RERUN\"/>")) +
                    job("LAST", "END_FOLDER=\"Y\"")));
    again.run("S/A", {plan(600, 1)});
    EXPECT_EQ(again.ends("S/A"), "FAILURE 03-02 07:10");
    EXPECT_EQ(again.ends("S"), "FAILURE 03-02 07:10");
    Day cycle(
        smart(job("A", "CYCLIC=\"1\" INTERVAL=\"00025M\"") + job("LAST", "END_FOLDER=\"Y\"")));
    cycle.run("S/A", {plan(600)});
    EXPECT_EQ(cycle.ends("S"), "SUCCESS 03-02 07:10");
}

// --- variables ---

/// "\G of F/A = 2", in the order in which they were set.
std::string settings(Day& day) {
    std::string text;
    for (semantics::VariableEvent const& one : day.played().variables)
        text += (text.empty() ? "" : ", ") + one.name + (one.job.empty() ? "" : " of " + one.job) +
                " = " + one.value;
    return text;
}

TEST(PlayedOrders, VariablesAreSetAndRead) { // CTM-073, CTM-100…104, CTM-093
    auto const sets = [](std::string const& code, std::string const& name,
                         std::string const& value) {
        return on(code, "<DOVARIABLE NAME=\"" + name + "\" VALUE=\"" + value + "\"/>");
    };
    auto const has = [](std::string const& name, std::string const& value) {
        return "<VARIABLE NAME=\"" + name + "\" VALUE=\"" + value + "\"/>";
    };
    Day day("<SMART_FOLDER FOLDER_NAME=\"S\" FOLDER_ORDER_METHOD=\"SYSTEM\" DAYS=\"ALL\">" +
            has("%%OURS", "7") +
            job("A", "MAXRERUN=\"1\"",
                has("%%N", "1") + has("%%\\BEGUN", "%%$ODATE") +
                    sets("NOTOK", "%%N", "%%N %%PLUS 1") + on("NOTOK", act("RERUN")) +
                    sets("OK", "%%\\\\OURS", "%%SUBSTR %%$ODATE 1 4") +
                    sets("OK", "%%\\\\P\\N", "%%N") + out("a")) +
            job("B", "", in("a") + sets("OK", "%%\\LATE", "%%OURS.%%BEGUN")) + "</SMART_FOLDER>");
    day.run("S/A", {plan(60, 1), plan(60)});
    EXPECT_EQ(settings(day), "%%\\BEGUN = 20260302, %%N of S/A = 2, %%\\BEGUN = 20260302, "
                             "%%\\\\OURS of S = 2026, %%\\\\P\\N = 2, %%\\LATE = 202620260302");
}

/// "F/A for 2026-03-02 07:01 SHOUT ops (urgent): text", in their order.
std::string told(Day& day) {
    std::string text;
    for (semantics::Alarm const& one : day.played().alarms)
        if (one.told)
            text += (text.empty() ? "" : "; ") + one.job + " for " +
                    ir::dateText(ir::fromDayNumber(one.told->orderDate)) +
                    semantics::isoText(one.at).substr(10, 6) + " " + one.name + " " +
                    one.told->destination + " (" + one.told->urgency + "): " + one.told->text;
    return text;
}

TEST(PlayedOrders, MessagesHaveTheVariablesAsTheyAreThere) { // CTM-073, CTM-078, CTM-104
    auto const to = [](std::string const& whom, std::string const& text) {
        return "<DOMAIL DEST=\"" + whom + "\" URGENCY=\"U\" SUBJECT=\"" + text + "\"/>";
    };
    std::string const set = "<DOVARIABLE NAME=\"%%N\" VALUE=\"%%N %%PLUS 1\"/>";
    Day day(
        plain(job("A", "",
                  "<VARIABLE NAME=\"%%N\" VALUE=\"0\"/><VARIABLE NAME=\"%%WHO\" VALUE=\"ops\"/>" +
                      on("*", to("%%WHO", "%%N") + set + to("dev", "%%N %%NOBODY")) +
                      "<SHOUT WHEN=\"OK\" DEST=\"dev\" MESSAGE=\"%%N\"/>"
                      "<SHOUT WHEN=\"NOTOK\" DEST=\"ops\" MESSAGE=\"bad\"/>" +
                      on("COMPSTAT EQ 4", act("OK")))));
    day.run("F/A", {plan(60, 4)});
    EXPECT_EQ(told(day).find("F/A for 2026-03-02T07:01 MAIL ops (urgent): 0; "
                             "F/A for 2026-03-02T07:01 MAIL dev (urgent): %%N %%NOBODY; "
                             "F/A for 2026-03-02T07:01 SHOUT dev (): 1"),
              0U)
        << told(day);
}

/// A SHOUT at a time.
std::string atTime(std::string const& when, std::string const& time, std::string const& more = "") {
    return "<SHOUT WHEN=\"" + when + "\" TIME=\"" + time + "\" DEST=\"ops\" MESSAGE=\"" + when +
           "\" " + more + "/>";
}

TEST(PlayedOrders, MessagesAtTimes) { // CTM-078
    std::string const sub = atTime("LATESUB", "0800"), end = atTime("LATETIME", "0800");
    auto const of = [](Day& day) { // of the first day
        std::string text = told(day);
        return text.substr(0, text.find("; F/A for 2026-03-03"));
    };
    // Submitted and ended in time, and at the last instant.
    Day inTime(plain(job("A", "TIMEFROM=\"0730\"", sub + end)));
    inTime.run("F/A", {plan(1800)});
    EXPECT_EQ(told(inTime), "");
    Day ending(plain(job("A", "TIMEFROM=\"0730\"", sub + end)));
    ending.run("F/A", {plan(1801)});
    EXPECT_EQ(of(ending), "F/A for 2026-03-02T08:00 SHOUT ops (): LATETIME");
    // Late with both; NOTOK is an end, and what runs again has none.
    Day waits(plain(job("A", "TIMEFROM=\"0801\"", sub + end)));
    EXPECT_EQ(of(waits), "F/A for 2026-03-02T08:00 SHOUT ops (): LATESUB; "
                         "F/A for 2026-03-02T08:00 SHOUT ops (): LATETIME");
    Day fails(plain(job("A", "", end)));
    fails.run("F/A", {plan(60, 1)});
    EXPECT_EQ(told(fails), "");
    std::string const again = on("NOTOK", act("RERUN"));
    Day reruns(plain(job("A", "MAXRERUN=\"1\" INTERVAL=\"00090M\"", sub + end + again)));
    reruns.run("F/A", {plan(60, 1)});
    EXPECT_EQ(of(reruns), "F/A for 2026-03-02T08:00 SHOUT ops (): LATETIME");
    // In front of New Day a time is of the next morning.
    Day night(plain(job("A", "", in("never") + atTime("LATESUB", "0300"))));
    EXPECT_EQ(of(night), "F/A for 2026-03-02T03:00 SHOUT ops (): LATESUB") << "of 03-03";
    // How long a run takes: each one, and longer than that only.
    std::string const long_ = atTime("EXECTIME", ">030"), short_ = atTime("EXECTIME", "&lt;005");
    Day runs(plain(job("A", "MAXRERUN=\"2\"", again + long_ + short_)));
    runs.run("F/A", {plan(1801, 1), plan(1800, 1), plan(299)});
    EXPECT_EQ(of(runs), "F/A for 2026-03-02T07:30 SHOUT ops (): EXECTIME; "
                        "F/A for 2026-03-02T08:05 SHOUT ops (): EXECTIME");
    // A folder, by its end.
    Day folder(smart(job("A", "TIMEFROM=\"0759\"") + end));
    folder.run("S/A", {plan(120)});
    EXPECT_EQ(told(folder).find("S for 2026-03-02T08:00 SHOUT ops (): LATETIME"), 0U);
}

TEST(PlayedOrders, ATextWithoutAValueIsNotSubmitted) { // CTM-104
    auto const job = [](std::string const& name, std::string const& command,
                        std::string const& children) {
        return "<JOB JOBNAME=\"" + name + "\" TASKTYPE=\"Command\" CMDLINE=\"" + command +
               "\" DAYS=\"ALL\">" + children + "</JOB>";
    };
    std::string const gives = on("OK", "<DOVARIABLE NAME=\"%%\\G\" VALUE=\"x\"/>");
    Day day(plain(job("A", "run %%\\G", out("a") + on("NOTOK", "<DOCOND NAME=\"bad\"/>")) +
                  job("B", "b", in("bad") + gives + out("b")) + job("C", "run %%\\G", in("b"))));
    EXPECT_EQ(day.ends("F/A").find("FAILURE 03-02 07:00"), 0U) << day.ends("F/A");
    EXPECT_EQ(day.ends("F/C").find("SUCCESS 03-02 07:02"), 0U) << day.ends("F/C");
    // A rule whose value has none sets nothing.
    Day other(plain(job("A", "a", on("OK", "<DOVARIABLE NAME=\"%%\\G\" VALUE=\"%%\\H\"/>"))));
    EXPECT_EQ(settings(other), "");
}

TEST(PlayedOrders, AFolderRunsAgain) { // CTM-093, CTM-060…065
    std::string const every = "CYCLIC=\"1\" INTERVAL=\"00060M\" IND_CYCLIC=\"E\" TIMETO=\"1000\"";
    Day day(smart(job("A", "", out("a")) + job("B", "", in("a")), every));
    day.run("S/A", {plan(60), plan(60, 1), plan(600)});
    EXPECT_EQ(day.starts("S"), "03-02 07:00, 03-02 08:02, 03-02 09:03");
    // Its members wait anew: for facts, which stay.
    EXPECT_EQ(day.starts("S/A"), "03-02 07:00, 03-02 08:02, 03-02 09:03");
    EXPECT_EQ(day.starts("S/B"), "03-02 07:01, 03-02 08:02, 03-02 09:03");
    EXPECT_EQ(day.ends("S").find("SUCCESS 03-02 07:02, FAILURE 03-02 08:03, SUCCESS 03-02 09:13"),
              0U)
        << day.ends("S");
    Day taken(smart(job("A", "", out("a")) + job("B", "", in("a") + out("a", "SIGN=\"-\"")),
                    every + " MAXRERUN=\"1\""));
    EXPECT_EQ(taken.starts("S/B"), "03-02 07:01, 03-02 08:03");
    Day stopped(smart(job("A") + on("NOTOK", act("SPCYC")), every));
    stopped.run("S/A", {plan(60), plan(60, 1)});
    EXPECT_EQ(stopped.starts("S/A"), "03-02 07:00, 03-02 08:01");
    // What ends the folder ends one run of it (CTM-091); an inner folder runs with it, or by
    // itself.
    Day ended(smart(job("A", "", in("never")) + job("LAST", "END_FOLDER=\"Y\""),
                    every + " MAXRERUN=\"1\""));
    EXPECT_EQ(ended.starts("S/LAST"), "03-02 07:00, 03-02 08:01");
    Day inner(smart("<SUB_FOLDER JOBNAME=\"U\" DAYS=\"ALL\" CYCLIC=\"1\" INTERVAL=\"00010M\" "
                    "MAXRERUN=\"1\">" +
                        job("A") + "</SUB_FOLDER>",
                    every + " MAXRERUN=\"1\""));
    EXPECT_EQ(inner.starts("S/U/A"), "03-02 07:00, 03-02 07:10, 03-02 08:11, 03-02 08:21");
}

TEST(PlayedOrders, AKilledJobOfAFolderThatRunsAgainEndsOnce) { // CTM-007, CTM-093
    Day day(smart(job("A"), "CYCLIC=\"1\" INTERVAL=\"00010M\" MAXRERUN=\"1\""));
    day.run("S/A", {plan(1200)}).event("2026-03-02T07:05Z", EventKind::killJob, "S/A");
    EXPECT_EQ(day.starts("S/A"), "03-02 07:00, 03-02 07:10");
    EXPECT_EQ(day.ends("S/A").find("FAILURE 03-02 07:05, SUCCESS 03-02 07:30"), 0U)
        << day.ends("S/A");
}

TEST(PlayedOrders, ARerunByHandOpensItsFolders) { // CTM-007, CTM-091
    Day day(
        smart("<SUB_FOLDER JOBNAME=\"U\" DAYS=\"ALL\">" + job("A") + job("B") + "</SUB_FOLDER>"));
    day.run("S/U/A", {plan(60, 1), plan(60)})
        .event("2026-03-02T08:00Z", EventKind::rerun, "S/U/A")
        .event("2026-03-02T09:00Z", EventKind::deleteOrder, "S/U/B");
    EXPECT_EQ(day.ends("S/U"), "FAILURE 03-02 07:01, SUCCESS 03-02 08:01");
    EXPECT_EQ(day.ends("S"), "FAILURE 03-02 07:01, SUCCESS 03-02 08:01");
}

TEST(PlayedOrders, AdjustCond) { // CTM-092, TR-35: a Tuesday, A on Mondays only
    auto const tuesday = [](std::string const& mode) {
        Day day(smart(job("A", "WEEKDAYS=\"1\"", in("z") + out("a")) +
                          job("B", "", in("a") + out("b")) + job("C", "", in("b")),
                      "ADJUST_COND=\"" + mode + "\""));
        day.from("2026-03-03").event("2026-03-03T08:00Z", EventKind::addCondition, "z", "ODAT");
        return day.starts("S/A") + "|" + day.starts("S/B") + "|" + day.starts("S/C");
    };
    EXPECT_EQ(tuesday("N"), "||");
    EXPECT_EQ(tuesday("Y"), "|03-03 07:00|03-03 07:01");
    EXPECT_EQ(tuesday("D"), "03-03 08:00|03-03 08:00|03-03 08:01"); // as a dummy, with its waits
    EXPECT_EQ(tuesday("B"), "|03-03 08:00|03-03 08:01");            // what A would have waited for
}

TEST(PlayedOrders, AFolderIsOrderedByItsRules) { // CTM-045
    Day day("<SMART_FOLDER FOLDER_NAME=\"S\" FOLDER_ORDER_METHOD=\"SYSTEM\">"
            "<RULE_BASED_CALENDAR NAME=\"MON\" WEEKDAYS=\"1\"/>"
            "<JOB JOBNAME=\"A\" TASKTYPE=\"Command\" CMDLINE=\"x\">"
            "<RULE_BASED_CALENDARS NAME=\"*\"/></JOB></SMART_FOLDER>");
    EXPECT_EQ(day.days(3).starts("S/A"), "03-02 07:00");
}

TEST(PlayedOrders, SubFoldersAreMembers) {
    Day day(smart("<SUB_FOLDER JOBNAME=\"U\" DAYS=\"ALL\">" + job("A", "", out("a")) + out("u") +
                  "</SUB_FOLDER>" + job("B", "", in("u"))));
    EXPECT_EQ(day.ends("S/U").substr(0, 19), "SUCCESS 03-02 07:01");
    EXPECT_EQ(day.starts("S/B"), "03-02 07:01");
    EXPECT_EQ(day.ends("S").substr(0, 19), "SUCCESS 03-02 07:02");
}

// --- resources ---

TEST(PlayedOrders, UnitsByPriority) { // CTM-080, CTM-082
    std::string const uses = "<QUANTITATIVE NAME=\"SLOT\" QUANT=\"1\"/>";
    std::string const both = "<QUANTITATIVE NAME=\"SLOT\" QUANT=\"2\"/>";
    Day day(plain(job("A", "", uses) + job("B", "", uses) + job("C", "PRIORITY=\"05\"", uses) +
                  job("D", "PRIORITY=\"09\" TIMEFROM=\"0702\" CRITICAL=\"1\"", both)));
    day.total("SLOT", 2).run("F/B", {plan(600)}).run("F/C", {plan(300)});
    EXPECT_EQ(day.starts("F/C"), "03-02 07:00");
    EXPECT_EQ(day.starts("F/A"), "03-02 07:00");
    EXPECT_EQ(day.starts("F/B"), "03-02 07:01"); // A has left one
    EXPECT_EQ(day.starts("F/D"), "03-02 07:11");
}

TEST(PlayedOrders, ACriticalOrderReserves) { // CTM-082
    auto const starts = [](std::string const& critical) {
        Day day(plain(job("A", "", "<QUANTITATIVE NAME=\"SLOT\" QUANT=\"1\"/>") +
                      job("D", "PRIORITY=\"09\" TIMEFROM=\"0701\" CRITICAL=\"" + critical + "\"",
                          "<QUANTITATIVE NAME=\"SLOT\" QUANT=\"2\"/>") +
                      job("E", "TIMEFROM=\"0702\"", "<QUANTITATIVE NAME=\"SLOT\" QUANT=\"1\"/>")));
        day.total("SLOT", 2).run("F/A", {plan(600)}).run("F/E", {plan(1200)});
        return day.starts("F/D") + "|" + day.starts("F/E");
    };
    EXPECT_EQ(starts("0"), "03-02 07:22|03-02 07:02");
    EXPECT_EQ(starts("1"), "03-02 07:10|03-02 07:11");
}

TEST(PlayedOrders, LocksAreSharedOrNot) { // CTM-081
    auto const lock = [](std::string const& type, std::string const& rest = "") {
        return "<CONTROL NAME=\"DB\" TYPE=\"" + type + "\" " + rest + "/>";
    };
    Day day(plain(job("A", "", lock("S")) + job("B", "", lock("S")) + job("C", "", lock("E")) +
                  job("D", "TIMEFROM=\"0702\"", lock("S"))));
    day.run("F/C", {plan(300)});
    EXPECT_EQ(day.starts("F/A"), "03-02 07:00");
    EXPECT_EQ(day.starts("F/B"), "03-02 07:00");
    EXPECT_EQ(day.starts("F/C"), "03-02 07:01");
    EXPECT_EQ(day.starts("F/D"), "03-02 07:06");
    Day kept(plain(job("A", "", lock("E", "ONFAIL=\"KEEP\"")) +
                   job("B", "TIMEFROM=\"0705\"", lock("E"))));
    kept.run("F/A", {plan(60, 1), plan(60)}).event("2026-03-02T08:00Z", EventKind::rerun, "F/A");
    EXPECT_EQ(kept.starts("F/B"), "03-02 08:01");
}

// --- beside AutoSys, and what is not played ---

TEST(PlayedOrders, BothSchedulersPlayOneScenario) {
    ir::Estate estate;
    diag::Diagnostics diags;
    FileId const jil = *estate.sources.add(
        "a.jil", "insert_job: J job_type: c\ncommand: x\nmachine: m\ndate_conditions: 1\n"
                 "days_of_week: all\nstart_times: \"06:30, 07:30\"\n");
    FileId const xml = *estate.sources.add("a.xml", "<DEFTABLE>" + plain(job("A")) + "</DEFTABLE>");
    jil::read(jil, estate, diags);
    controlm::read(xml, estate, diags);
    analysis::link(estate, diags);
    semantics::Scenario const scenario =
        semantics::ordinaryDay(estate, *semantics::parseIso("2026-03-02T12:00Z"));
    EXPECT_EQ(semantics::isoText(scenario.end), "2026-03-03T07:00:00Z"); // the order date ends
    schedule::Ticks ticks(estate);
    std::string starts;
    for (auto const& event : semantics::run(estate, ticks, scenario).events)
        if (event.status == Status::starting)
            starts += event.job + " " + semantics::isoText(event.at).substr(11, 5) + ";";
    EXPECT_EQ(starts, "J 06:30;F/A 07:00;J 07:30;J 06:30;");
}

TEST(PlayedOrders, WhatHasNoModelIsSaidAndNotStarted) {
    ir::Estate estate;
    diag::Diagnostics diags;
    FileId const file = *estate.sources.add(
        "a.xml", "<DEFTABLE>" + plain(job("A", "MULTY_AGENT=\"Y\"") + job("B")) + "</DEFTABLE>");
    controlm::read(file, estate, diags);
    analysis::link(estate, diags);
    semantics::Scenario scenario;
    scenario.start = *semantics::parseIso("2026-03-02T00:00Z");
    scenario.end = scenario.start + 86'400;
    schedule::Ticks ticks(estate);
    semantics::Trace const trace = semantics::run(estate, ticks, scenario);
    ASSERT_EQ(trace.notStarted.size(), 1u);
    EXPECT_EQ(trace.notStarted[0].reason.text, "hoist has no model of `MULTY_AGENT`");
    EXPECT_EQ(trace.finals.at("F/A").runs, 0u);
    EXPECT_EQ(trace.finals.at("F/B").runs, 1u);
}

TEST(Orders, AnEmptyCommandLineEndsOkWhateverTheScenarioSays) {
    Day day(plain("<JOB JOBNAME=\"A\" TASKTYPE=\"Command\" CMDLINE=\"\" DAYS=\"ALL\">"
                  "<OUTCOND NAME=\"X\" ODATE=\"ODAT\" SIGN=\"+\"/></JOB>" +
                  job("B", "", "<INCOND NAME=\"X\" ODATE=\"ODAT\"/>")));
    day.run("F/A", {{600, 1, false, {}}});
    EXPECT_EQ(day.starts("F/B"), "03-02 07:00");
}

TEST(PlayedOrders, CTM072_OutputIsReadLineByLine) {
    std::string const bad = "<DOCOND NAME=\"BAD\" ODATE=\"ODAT\" SIGN=\"+\"/>";
    for (auto const& [output, starts] : std::vector<std::pair<std::string, std::string>>{
             {"fine\nORA-00942 here\n", "03-02 00:01, 03-03 00:01"},
             {"ORA-\n00942", ""},
             {"", ""}}) {
        Day day(plain(job("A", "", on("*ORA-$$$42*", act("NOTOK")) + on("NOTOK", bad)) +
                      job("B", "", in("BAD"))));
        RunPlan one = plan(60);
        one.output = output;
        day.newDay(0).days(1).run("F/A", {one});
        EXPECT_EQ(day.starts("F/B"), starts) << output;
    }
}
