// The business days of Control-M's definitions, rule by rule (CTM-040…046).
#include "analysis/schedule/OrderDates.h"
#include "analysis/Analysis.h"
#include "tests/controlm/Read.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

using namespace hoist;
using hoist::controlm::folder;

namespace {

int32_t day(int year, unsigned month, unsigned number) {
    return ir::toDayNumber({year, static_cast<uint8_t>(month), static_cast<uint8_t>(number)});
}

/// A calendar of 2026 and 2027: Monday to Friday, but for 1 January, 1 May, and 6 January 2026.
std::string calendar(std::string const& name = "WORK") {
    std::string text = "<DEFCAL>\n<CALENDAR NAME=\"" + name + "\" TYPE=\"Regular\">\n";
    for (int year : {2026, 2027}) {
        std::string days;
        for (int32_t one = day(year, 1, 1); one < day(year + 1, 1, 1); ++one) {
            bool const isHoliday =
                one == day(year, 1, 1) || one == day(year, 5, 1) || one == day(2026, 1, 6);
            int const weekday = ir::weekdayOf(one);
            days += weekday == 0 || weekday == 6 || isHoliday ? 'N' : 'Y';
        }
        text += fmt::format("<YEAR NAME=\"{}\" DAYS=\"{}\"/>\n", year, days);
    }
    return text + "</CALENDAR>\n</DEFCAL>\n";
}

/// Definitions and calendars are two files.
struct Both {
    ir::Estate estate;
    diag::Diagnostics diags;

    explicit Both(std::string const& definitions, std::string const& calendars = calendar(),
                  bool weekBeginsOnMonday = true) {
        estate.settings.weekBeginsOnMonday = weekBeginsOnMonday;
        std::vector<FileId> files{*estate.sources.add("a.xml", definitions)};
        if (!calendars.empty())
            files.push_back(*estate.sources.add("b.xml", calendars));
        controlm::read(files, estate, diags);
        analysis::run(estate, diags, int64_t(day(2026, 3, 1)) * 86'400);
        diags.sort();
    }
    ir::JobId find(llvm::StringRef name) const {
        for (ir::JobId id : estate.jobs.ids())
            if (estate.jobs[id].name == name)
                return id;
        return {};
    }
    /// "1 2 31" in a month, or why the days are not known.
    std::string days(llvm::StringRef name, int year, unsigned month) const {
        schedule::OrderDates dates(estate);
        ir::JobId const id = find(name);
        for (ir::JobId one = id; !dates.areKnown(id) && one; one = estate.jobs[one].box)
            if (std::string why = estate.orderings[estate.jobs[one].ordering].unknownDays;
                !why.empty())
                return why;
        int32_t const first = day(year, month, 1);
        int32_t const end = month == 12 ? day(year + 1, 1, 1) : day(year, month + 1, 1);
        std::string out;
        for (int32_t one : dates.between(id, first, end - 1))
            out += fmt::format("{}{}", out.empty() ? "" : " ", one - first + 1);
        return out;
    }
    std::string codes(llvm::StringRef wanted) const {
        std::string out;
        for (auto const& d : diags.all())
            if (llvm::StringRef(diag::info(d.code).id) == wanted)
                out += d.message + ";";
        return out;
    }
};

std::string jobs(std::string const& criteria) {
    return folder("<JOB JOBNAME=\"A\" CMDLINE=\"x\" " + criteria + "/>");
}
/// Days of a job in March 2026: the 1st is a Sunday, the 31st a Tuesday.
std::string march(std::string const& criteria) { return Both(jobs(criteria)).days("F/A", 2026, 3); }
std::string may(std::string const& criteria) { return Both(jobs(criteria)).days("F/A", 2026, 5); }

std::string const all =
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 "
    "29 30 31";
std::string const workdays = "2 3 4 5 6 9 10 11 12 13 16 17 18 19 20 23 24 25 26 27 30 31";

} // namespace

TEST(OrderDates, DaysWithoutACalendar) { // CTM-041
    EXPECT_EQ(march("DAYS=\"ALL\""), all);
    EXPECT_EQ(march("DAYS=\"1,15,31\""), "1 15 31");
    EXPECT_EQ(Both(jobs("DAYS=\"30,31\"")).days("F/A", 2026, 4), "30"); // no 31 April
    EXPECT_EQ(Both(jobs("DAYS=\"29\"")).days("F/A", 2027, 2), "");
    EXPECT_EQ(march("DAYS=\"17,L1\""), "17 31"); // CTM-043
    EXPECT_EQ(march("DAYS=\"L3\""), "29");
    EXPECT_EQ(march("DAYS=\"-1,-2,-3,-4,-5,-6,-7,-8,-9,-10,-11,-12,-13,-14,-15,-16,-17,-18,-19,-20,"
                    "-21,-22,-23,-24,-25,-26,-27,-28\""),
              "29 30 31");
    EXPECT_EQ(march("DAYS=\"ALL,-L1,-1\""), all.substr(2, all.size() - 5));
    EXPECT_EQ(march("DAYS=\"NONE\""), "");
}

TEST(OrderDates, DaysOfACalendar) { // CTM-041, CTM-043, C12
    std::string const cal = " DAYSCAL=\"WORK\"";
    EXPECT_EQ(march("DAYS=\"ALL\"" + cal), workdays);
    EXPECT_EQ(march(cal), workdays);
    EXPECT_EQ(march("DAYS=\"1\"" + cal), "") << "the 1st is a Sunday";
    EXPECT_EQ(march("DAYS=\">1\"" + cal), "2");
    EXPECT_EQ(march("DAYS=\"&lt;8\"" + cal), "6");
    EXPECT_EQ(march("DAYS=\"&lt;9,>9\"" + cal), "9");
    EXPECT_EQ(march("DAYS=\"+1,-6\"" + cal), "1 2 3 4 5 " + workdays.substr(10));
    EXPECT_EQ(march("DAYS=\"D1,D2,L1\"" + cal), "2 3 31");
    EXPECT_EQ(march("DAYS=\"-D1,-17,-L1\"" + cal),
              "3 4 5 6 9 10 11 12 13 16 18 19 20 23 24 25 26 27 30");
    EXPECT_EQ(may("DAYS=\">1\"" + cal), "4") << "Friday 1 May is a holiday, then a weekend";
    // `>31` of January 2026, a Saturday, is ordered in February; of no month that has no 31st.
    EXPECT_EQ(Both(jobs("DAYS=\">31\"" + cal)).days("F/A", 2026, 2), "2");
    EXPECT_EQ(Both(jobs("DAYS=\">31\"" + cal)).days("F/A", 2026, 3), "31");
    // The months choose the month of the day, not of where it lands.
    EXPECT_EQ(Both(jobs("DAYS=\">31\" JAN=\"0\" FEB=\"1\" MAR=\"1\" APR=\"1\" MAY=\"1\" JUN=\"1\" "
                        "JUL=\"1\" AUG=\"1\" SEP=\"1\" OCT=\"1\" NOV=\"1\" DEC=\"1\"" +
                        cal))
                  .days("F/A", 2026, 2),
              "");
}

TEST(OrderDates, Weekdays) { // CTM-044
    EXPECT_EQ(march("WEEKDAYS=\"MON\""), "2 9 16 23 30");
    EXPECT_EQ(march("WEEKDAYS=\"1\""), "2 9 16 23 30");
    EXPECT_EQ(march("WEEKDAYS=\"0,Saturday\""), "1 7 8 14 15 21 22 28 29");
    EXPECT_EQ(march("WEEKDAYS=\"-0,-6\""), workdays);
    EXPECT_EQ(may("WEEKDAYS=\"5\" WEEKSCAL=\"WORK\""), "8 15 22 29");
    EXPECT_EQ(may("WEEKDAYS=\">5\" WEEKSCAL=\"WORK\""), "4 8 15 22 29");
    EXPECT_EQ(may("WEEKDAYS=\"&lt;FRI\" WEEKSCAL=\"WORK\""), "8 15 22 29")
        << "30 April is in April";
    EXPECT_EQ(Both(jobs("WEEKDAYS=\"&lt;FRI\" WEEKSCAL=\"WORK\"")).days("F/A", 2026, 4),
              "3 10 17 24 30");
    // The site's week.
    Both const sunday(jobs("WEEKDAYS=\"1,0\""), calendar(), false);
    EXPECT_EQ(sunday.days("F/A", 2026, 3), "1 7 8 14 15 21 22 28 29");
    Both const named(jobs("WEEKDAYS=\"MON\""), calendar(), false);
    EXPECT_EQ(named.days("F/A", 2026, 3), "2 9 16 23 30");
}

TEST(OrderDates, AndOr) { // CTM-040, CTM-042, C11
    EXPECT_EQ(march("DAYS=\"2,3\" WEEKDAYS=\"MON\" DAYS_AND_OR=\"A\""), "2");
    EXPECT_EQ(march("DAYS=\"2,3\" WEEKDAYS=\"MON\" DAYS_AND_OR=\"O\""), "2 3 9 16 23 30");
    EXPECT_EQ(march("DAYS=\"2,3\" WEEKDAYS=\"MON\""), "2 3 9 16 23 30");
    EXPECT_EQ(march("DAYS=\"ALL\" WEEKDAYS=\"1\" DAYS_AND_OR=\"O\""), all);
    EXPECT_EQ(march("DAYS=\"ALL\" WEEKDAYS=\"1\" DAYS_AND_OR=\"A\""), "2 9 16 23 30");
    EXPECT_EQ(march("DAYS=\"2\" DAYS_AND_OR=\"A\""), "2") << "the missing side is every day";
    EXPECT_EQ(march("WEEKDAYS=\"1\" DAYS_AND_OR=\"O\""), "2 9 16 23 30");
    // What one list takes away, the other does not bring back.
    EXPECT_EQ(march("DAYS=\"ALL,-9\" WEEKDAYS=\"MON\" DAYS_AND_OR=\"O\""),
              "1 2 3 4 5 6 7 8 " + all.substr(all.find("10")));
}

TEST(OrderDates, MonthsAndDates) {
    auto const months = [](std::string const& set) {
        static constexpr char const* names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
        std::string text;
        for (char const* name : names)
            text += fmt::format(" {}=\"{}\"", name, set.find(name) != std::string::npos ? 1 : 0);
        return text;
    };
    EXPECT_EQ(march("DAYS=\"1\"" + months("MAR")), "1");
    EXPECT_EQ(march("DAYS=\"1\"" + months("FEB DEC")), "");
    EXPECT_EQ(march("DATE=\"0331,0401,0302\""), "2 31");
    EXPECT_EQ(march("DATE=\"0331\"" + months("")), "31");
    EXPECT_EQ(march("DAYS=\"1\" JAN=\"1\""), "only some months are said to be in or out");
    EXPECT_EQ(march("DATE=\"3103\""), "`3103` has its day before its month");
    EXPECT_EQ(march("DATE=\"0303\" DAYS=\"1\""), "`DATE` stands beside `DAYS` or `WEEKDAYS`");
}

TEST(OrderDates, Confirmation) { // CTM-046
    std::string const cal = " CONFCAL=\"WORK\" SHIFT=";
    EXPECT_EQ(march("DAYS=\"1,9\"" + cal + "\"Ignore Job\""), "9");
    EXPECT_EQ(march("DAYS=\"1,9\"" + cal + "\"Next Day\""), "2 9");
    EXPECT_EQ(march("DAYS=\"8,9\"" + cal + "\"Next Day\""), "9") << "two become one";
    EXPECT_EQ(march("DAYS=\"8,9\"" + cal + "\"Prev Day\""), "6 9");
    EXPECT_EQ(march("DAYS=\"1,9\"" + cal + "\"No Confcal\""), "1 9");
    EXPECT_EQ(Both(jobs("DAYS=\"1\"" + cal + "\"Prev Day\"")).days("F/A", 2026, 2), "27")
        << "1 March is a Sunday";
    EXPECT_EQ(march("DAYS=\"1\"" + cal + "\"Next Day\" SHIFTNUM=\"+2\""), "4");
    EXPECT_EQ(march("DAYS=\"9\"" + cal + "\"Ignore Job\" SHIFTNUM=\"-1\""), "6");
    EXPECT_EQ(march("DAYS=\"ALL\" SHIFT=\"Ignore Job\" SHIFTNUM=\"+00\""), all);
    EXPECT_EQ(march("DAYS=\"1\"" + cal + "\"No Confcal\" SHIFTNUM=\"1\""),
              "`SHIFTNUM` stands beside `SHIFT=\"No Confcal\"`");
    // A year that the calendar does not hold has no working days.
    EXPECT_EQ(Both(jobs("DAYS=\"5\"" + cal + "\"Next Day\"")).days("F/A", 2029, 3), "");
}

TEST(OrderDates, OrderingPeriod) {
    EXPECT_EQ(march("DAYS=\"ALL\" ACTIVE_FROM=\"20260330\""), "30 31");
    EXPECT_EQ(march("DAYS=\"ALL\" ACTIVE_TILL=\"20260302\""), "1 2");
    EXPECT_EQ(march("DAYS=\"ALL\" ACTIVE_FROM=\"20260302\" ACTIVE_TILL=\"20260301\""),
              "the ordering period ends before it begins");
}

TEST(OrderDates, RuleBasedCalendars) { // CTM-045
    auto const smart = [](std::string const& rules, std::string const& job) {
        return "<DEFTABLE>\n<SMART_FOLDER FOLDER_NAME=\"S\">\n" + rules + "<JOB JOBNAME=\"A\" " +
               job + "</JOB>\n</SMART_FOLDER>\n</DEFTABLE>\n";
    };
    std::string const rules = "<RULE_BASED_CALENDAR NAME=\"MONDAYS\" WEEKDAYS=\"1\"/>\n"
                              "<RULE_BASED_CALENDAR NAME=\"FIFTH\" DAYS=\"5\"/>\n";
    auto const of = [&](std::string const& job, std::string const& more = "") {
        return Both(smart(rules + more, job)).days("S/A", 2026, 3);
    };
    auto const uses = [](std::string const& name) {
        return "<RULE_BASED_CALENDARS NAME=\"" + name + "\"/>";
    };
    EXPECT_EQ(Both(smart(rules, ">")).days("S", 2026, 3), "2 5 9 16 23 30");
    EXPECT_EQ(of(">" + uses("MONDAYS")), "2 9 16 23 30");
    EXPECT_EQ(of(">" + uses("*")), "2 5 9 16 23 30");
    EXPECT_EQ(of("DAYS=\"2,3\" RULE_BASED_CALENDAR_RELATIONSHIP=\"A\">" + uses("MONDAYS")), "2");
    EXPECT_EQ(of("DAYS=\"3,5\" RULE_BASED_CALENDAR_RELATIONSHIP=\"O\">" + uses("MONDAYS")),
              "2 5 9 16 23 30")
        << "the folder is not ordered on the 3rd";
    EXPECT_EQ(of(">" + uses("MONDAYS") + "<EXCLUDE_RULE_BASED_CALENDARS NAME=\"NINTH\"/>",
                 "<RULE_BASED_CALENDAR NAME=\"NINTH\" DAYS=\"9\"/>"),
              "2 16 23 30");
    EXPECT_EQ(of(">" + uses("NOWHERE")), "`NOWHERE` is not defined");
    EXPECT_EQ(of(">"), "it has no scheduling criteria");
    // Of the server, in a file behind.
    Both const global(smart("", "DAYS=\"ALL\">" + uses("G")),
                      "<DEFCAL>\n<RULE_BASED_CALENDAR NAME=\"G\" DAYS=\"7\"/>\n</DEFCAL>\n");
    EXPECT_EQ(global.days("S/A", 2026, 3), "it has no scheduling criteria") << "the folder's";
    Both const plain(folder("<JOB JOBNAME=\"A\">" + uses("G") + "</JOB>"),
                     "<DEFCAL>\n<RULE_BASED_CALENDAR NAME=\"G\" DAYS=\"7\"/>\n</DEFCAL>\n");
    EXPECT_EQ(plain.days("F/A", 2026, 3), "7");
}

TEST(OrderDates, WhatIsNotKnownIsReportedWhereItStands) {
    auto const finding = [](std::string const& criteria) {
        Both const both(jobs(criteria));
        return both.codes("P3037");
    };
    EXPECT_EQ(finding("DAYS=\"ALL\""), "");
    EXPECT_EQ(finding("DAYS=\"10,-20\""),
              "the order dates of `F/A` are not known: days that it adds and days that it takes "
              "away stand in one list without `ALL`;");
    EXPECT_EQ(finding("DAYS=\"D1\""),
              "the order dates of `F/A` are not known: `D1` needs a calendar in `DAYSCAL`;");
    EXPECT_EQ(finding("DAYS=\"D1PA\" DAYSCAL=\"WORK\""),
              "the order dates of `F/A` are not known: `D1PA` counts the days of a period;");
    EXPECT_EQ(finding("WEEKDAYS=\"D1W2\""),
              "the order dates of `F/A` are not known: `D1W2` counts the days or weeks of a month, "
              "which releases do in different ways;");
    EXPECT_EQ(finding("WEEKDAYS=\">1\""),
              "the order dates of `F/A` are not known: `>1` needs a calendar in `WEEKSCAL`;");
    EXPECT_EQ(finding("DAYS=\"x\""), "") << "P3013 says it";
    EXPECT_EQ(march("DAYS=\"x\""), "a value cannot be read");
    EXPECT_EQ(march("DAYSCAL=\"NOWHERE\""), "calendar `NOWHERE` is not known");
    EXPECT_EQ(march(""), "it has no scheduling criteria");
}

TEST(OrderDates, PreviousAndNextAreTheJobsOwn) { // CTM-012, C2, TR-32
    Both const both(
        folder("<JOB JOBNAME=\"A\" WEEKDAYS=\"MON\"/><JOB JOBNAME=\"B\" WEEKDAYS=\"-0,-6\"/>"
               "<JOB JOBNAME=\"C\" DATE=\"0229\"/><JOB JOBNAME=\"D\" DATE=\"0230\"/>"));
    schedule::OrderDates dates(both.estate);
    int32_t const monday = day(2026, 3, 9);
    EXPECT_EQ(dates.previous(both.find("F/A"), monday), day(2026, 3, 2));
    EXPECT_EQ(dates.previous(both.find("F/B"), monday), day(2026, 3, 6)) << "Friday, not Sunday";
    EXPECT_EQ(dates.next(both.find("F/B"), day(2026, 3, 6)), monday);
    EXPECT_EQ(dates.next(both.find("F/C"), monday), day(2028, 2, 29));
    EXPECT_EQ(dates.previous(both.find("F/C"), monday), day(2024, 2, 29));
    EXPECT_EQ(dates.next(both.find("F/D"), monday), std::nullopt);
}

TEST(OrderDates, JsonSaysTheSame) { // CTM-114
    auto const of = [](std::string const& when) {
        Both const both("{\"F\": {\"Type\": \"SimpleFolder\", \"A\": {\"Type\": \"Job:Command\", "
                        "\"Command\": \"x\", \"When\": {" +
                        when + "}}}}");
        return both.days("F/A", 2026, 3);
    };
    EXPECT_EQ(
        of("\"WeekDays\": [\"MON\"], \"MonthDays\": [\"2\", \"3\"], \"DaysRelation\": \"AND\""),
        "2");
    EXPECT_EQ(
        of("\"MonthDays\": [\"ALL\"], \"Months\": [\"FEB\", \"MAR\"], \"StartDate\": \"20260331\""),
        "31");
    EXPECT_EQ(of("\"MonthDays\": [\"ALL\"], \"Months\": [\"FEB\"]"), "");
    EXPECT_EQ(of("\"MonthDays\": [\"1\"], \"ConfirmationCalendars\": {\"Calendar\": \"WORK\", "
                 "\"ExceptionPolicy\": \"OrderOnNextConfirmedDay\", \"ShiftBy\": \"1\"}"),
              "3");
    EXPECT_EQ(of("\"MonthDays\": [\"1\"], \"SpecificDates\": [\"20260309\"]"),
              "a property of `When` decides that hoist does not know");
}

TEST(OrderChecks, NeverOrdered) { // A0029
    auto const said = [](std::string const& criteria) {
        return Both(jobs(criteria)).codes("A0029");
    };
    EXPECT_EQ(said("DAYS=\"ALL\""), "");
    EXPECT_EQ(said("DATE=\"0229\""), "");
    EXPECT_EQ(said("DATE=\"0230\""), "`F/A` is never ordered: no business day fits;");
    EXPECT_EQ(said("DAYS=\"ALL\" ACTIVE_TILL=\"20260228\""),
              "`F/A` is never ordered: its last day has passed;");
    EXPECT_EQ(said("DAYS=\"ALL\" ACTIVE_TILL=\"20260301\""), "");
    EXPECT_EQ(said("DAYS=\"10,-20\""), "") << "not known is not never";
    Both const smart(
        "<DEFTABLE>\n<SMART_FOLDER FOLDER_NAME=\"S\" DATE=\"0230\">\n<JOB JOBNAME=\"A\" "
        "DAYS=\"ALL\"/>\n</SMART_FOLDER>\n</DEFTABLE>\n");
    EXPECT_EQ(smart.codes("A0029"), "`S` is never ordered: no business day fits;") << "once";
}

TEST(OrderChecks, ConditionsOfAnotherDay) { // A0030, CTM-092
    auto const said = [](std::string const& producer, std::string const& consumer,
                         std::string const& date = "ODAT", std::string const& more = "",
                         std::string const& adjust = "") {
        Both const both(
            "<DEFTABLE>\n<SMART_FOLDER FOLDER_NAME=\"S\" DAYS=\"ALL\"" + adjust +
            ">\n<JOB JOBNAME=\"A\" " + producer +
            "><OUTCOND NAME=\"x\" ODATE=\"ODAT\" SIGN=\"+\"/></JOB>\n<JOB JOBNAME=\"B\" " +
            consumer + "><INCOND NAME=\"x\" ODATE=\"" + date + "\"/>" + more +
            "</JOB>\n</SMART_FOLDER>\n</DEFTABLE>\n");
        return both.codes("A0030");
    };
    std::string const weekdays = "WEEKDAYS=\"1,2,3,4,5\"", daily = "DAYS=\"ALL\"";
    std::string const found =
        "`S/B` waits for the condition `x` on days on which nobody adds it, such as 2026-03-01;";
    EXPECT_EQ(said(weekdays, daily), found);
    EXPECT_EQ(said(daily, weekdays), "");
    EXPECT_EQ(said(daily, daily), "");
    EXPECT_EQ(said("WEEKDAYS=\"1\"", weekdays),
              "`S/B` waits for the condition `x` on days on which nobody adds it, such as "
              "2026-03-03;");
    EXPECT_EQ(said(weekdays, daily, "PREV"), "");
    EXPECT_EQ(said(weekdays, daily, "****"), "");
    EXPECT_EQ(said(weekdays, daily, "ODAT", "", " ADJUST_COND=\"Y\""), "");
    EXPECT_EQ(said(weekdays, daily, "ODAT", "", " ADJUST_COND=\"N\""), found);
    EXPECT_EQ(said(weekdays, daily, "ODAT", "<INCOND NAME=\"y\" AND_OR=\"A\"/>"), found);
    EXPECT_EQ(said(weekdays, daily, "ODAT", "<INCOND NAME=\"y\" AND_OR=\"O\"/>"), "")
        << "the other one may do";
    EXPECT_EQ(said("DAYS=\"10,-20\"", daily), "") << "not known is not never";
}

TEST(OrderDates, WhatSaysNothingHasNone_CTM006) {
    auto const smart = [](std::string const& more) {
        return "<DEFTABLE><SMART_FOLDER FOLDER_NAME=\"F\" FOLDER_ORDER_METHOD=\"SYSTEM\" " + more +
               "<JOB JOBNAME=\"A\" CMDLINE=\"x\"/>"
               "<JOB JOBNAME=\"B\" CMDLINE=\"x\"><RULE_BASED_CALENDARS NAME=\"*\"/></JOB>"
               "</SMART_FOLDER></DEFTABLE>";
    };
    Both const own(smart("DAYS=\"3,4\">"));
    EXPECT_EQ(own.codes("F0016"), "");
    EXPECT_EQ(own.days("F/A", 2026, 3), "");
    EXPECT_EQ(own.days("F/B", 2026, 3), "3 4"); // `*` means the folder's own days, too (CTM-045)
    // Joined by AND in the folder, they are joined in what uses them.
    Both const joined(smart("DAYS=\"3,4\" RULE_BASED_CALENDAR_RELATIONSHIP=\"A\">"
                            "<RULE_BASED_CALENDAR NAME=\"R\" DAYS=\"4,5\"/>"));
    EXPECT_EQ(joined.days("F/B", 2026, 3), "4");
}
