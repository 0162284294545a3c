// What definitions become: names, conditions, changes, calendars; and what is reported (CTM-nnn).
#include "frontend/controlm/Values.h"
#include "tests/controlm/Read.h"

#include <gtest/gtest.h>

using namespace hoist;
using hoist::controlm::folder;
using hoist::controlm::Read;

TEST(Controlm, TheFolderOfTheRuleBook) { // the example below CTM-019
    Read const read(
        folder("<JOB JOBNAME=\"LOAD\" CMDLINE=\"load.sh\" TASKTYPE=\"Command\" DAYS=\"ALL\" "
               "TIMEFROM=\"2200\" MAXWAIT=\"1\">"
               "<INCOND NAME=\"EXTRACT-OK\" ODATE=\"ODAT\" AND_OR=\"A\"/>"
               "<INCOND NAME=\"LOAD-OK\" ODATE=\"PREV\" AND_OR=\"A\"/>"
               "<QUANTITATIVE NAME=\"DBSLOT\" QUANT=\"2\"/>"
               "<OUTCOND NAME=\"LOAD-OK\" ODATE=\"ODAT\" SIGN=\"+\"/>"
               "<ON STMT=\"*\" CODE=\"NOTOK\"><DOCOND NAME=\"LOAD-BAD\" ODATE=\"ODAT\"/>"
               "<DOFORCEJOB TABLE_NAME=\"FIX\" NAME=\"REPAIR\" ODATE=\"ODAT\"/></ON></JOB>"));
    EXPECT_EQ(read.codes(), "");
    EXPECT_EQ(read.condition("F/LOAD"), "fact(EXTRACT-OK) & fact(LOAD-OK, previous order date)");
    ir::Job const& job = *read.find("F/LOAD");
    EXPECT_EQ(job.dialect, ir::Dialect::controlm);
    EXPECT_FALSE(job.refused);
    ASSERT_EQ(job.factChanges.size(), 2u);
    EXPECT_EQ(job.factChanges[0].name, "LOAD-OK");
    EXPECT_FALSE(job.factChanges[0].isAction);
    EXPECT_EQ(job.factChanges[1].name, "LOAD-BAD");
    EXPECT_TRUE(job.factChanges[1].isAction);
    ASSERT_EQ(job.resources.size(), 1u);
    EXPECT_EQ(job.resources[0].quantity, 2);
    EXPECT_TRUE(read.estate.groups[read.find("F")->group].isContainer); // CTM-094
}

TEST(Controlm, DatesOfConditions) { // CTM-012
    auto const dated = [](std::string const& date) {
        return Read(folder("<JOB JOBNAME=\"A\"><INCOND NAME=\"x\" ODATE=\"" + date + "\"/></JOB>"))
            .condition("F/A");
    };
    EXPECT_EQ(dated("ODAT"), "fact(x)");
    EXPECT_EQ(dated(""), "fact(x)");
    EXPECT_EQ(dated("NEXT"), "fact(x, next order date)");
    EXPECT_EQ(dated("STAT"), "fact(x, no date)");
    EXPECT_EQ(dated("****"), "fact(x, any date)");
    EXPECT_EQ(dated("$$$$"), "fact(x, any date)");
    EXPECT_EQ(dated("0315"), "fact(x, date 0315)");
    EXPECT_EQ(dated("-002"), "fact(x, order date -2)");
    EXPECT_EQ(Read(folder("<JOB JOBNAME=\"A\"><INCOND NAME=\"x\" ODATE=\"PRVE\"/></JOB>")).codes(),
              "P3013@PRVE;");
    // Added with any date: allowed for deletion only.
    EXPECT_EQ(Read(folder("<JOB JOBNAME=\"A\"><OUTCOND NAME=\"x\" ODATE=\"****\" SIGN=\"+\"/>"
                          "<OUTCOND NAME=\"x\" ODATE=\"****\" SIGN=\"-\"/></JOB>"))
                  .codes(),
              "P3013@****;");
}

TEST(Controlm, AndOrAndBrackets) { // CTM-016, C4
    auto const read = [](std::vector<std::string> const& terms) {
        std::string inside = "<JOB JOBNAME=\"A\">";
        char name = 'a';
        for (std::string const& term : terms)
            inside += std::string("<INCOND NAME=\"") + name++ + "\" " + term + "/>";
        return std::make_unique<Read>(folder(inside + "</JOB>"));
    };
    std::string const a = "AND_OR=\"A\"", o = "AND_OR=\"O\"";
    auto two = read({a, o});
    EXPECT_EQ(two->condition("F/A"), "fact(a) | fact(b)");
    EXPECT_EQ(two->codes(), "");
    auto mixed = read({a, o, a});
    EXPECT_EQ(mixed->condition("F/A"), "(fact(a) | fact(b)) & fact(c)");
    EXPECT_EQ(mixed->codes(), "P3020@AND_OR=\"A;");
    auto bracketed = read({a, o + " OP=\"(\"", a + " OP=\")\""});
    EXPECT_EQ(bracketed->condition("F/A"), "fact(a) | (fact(b) & fact(c))");
    EXPECT_EQ(bracketed->codes(), "");
    auto twoGroups = read({a + " OP=\"(\"", a + " OP=\")\"", o + " OP=\"(\"", a + " OP=\")\""});
    EXPECT_EQ(twoGroups->condition("F/A"), "(fact(a) & fact(b)) | (fact(c) & fact(d))");
    EXPECT_EQ(twoGroups->codes(), "");
    EXPECT_EQ(read({a + " OP=\")\"", a})->codes().substr(0, 6), "P3021@");
    auto unclosed = read({a + " OP=\"(\"", o});
    EXPECT_EQ(unclosed->codes().substr(0, 6), "P3021@");
    EXPECT_EQ(unclosed->condition("F/A"), "fact(a) | fact(b)");
}

TEST(Controlm, LongAndDeepExpressions) {
    std::string text = "<JOB JOBNAME=\"A\">", deep = text, turns = text;
    for (int i = 0; i < 20'000; ++i) {
        text += "<INCOND NAME=\"c" + std::to_string(i) + "\"/>";
        deep += "<INCOND NAME=\"c\" OP=\"(\"/>";
        turns += std::string("<INCOND NAME=\"c") + std::to_string(i) + "\" AND_OR=\"" +
                 (i % 2 ? "O" : "A") + "\"/>";
    }
    Read const flat(folder(text + "</JOB>"));
    EXPECT_EQ(flat.codes(), "");
    EXPECT_EQ(flat.find("F/A")->condition.uses.size(), 20'000u);
    EXPECT_EQ(Read(folder(deep + "</JOB>")).codes().substr(0, 6), "P3008@");
    EXPECT_EQ(Read(folder(turns + "</JOB>")).codes().substr(0, 6), "P3008@");
}

TEST(Controlm, OlderSpellings) { // CTM-022
    Read const read(
        "<DEFTABLE><SCHED_GROUP TABLE_NAME=\"G\" OWNER=\"u\">"
        "<TAG NAME=\"DAILY\" DAYS=\"ALL\"/>"
        "<JOB JOBNAME=\"A\" GROUP=\"g\" OWNER=\"u\" AUTHOR=\"a\" CMDLINE=\"x\">"
        "<TAG_NAMES TAG_NAME=\"DAILY\"/><AUTOEDIT EXP=\"%%A=1\"/>"
        "<AUTOEDIT2 NAME=\"%%B\" VALUE=\"2\"/>"
        "<ON STMT=\"*\" CODE=\"OK\"><DO ACTION=\"OK\"/><DOSYSOUT OPTION=\"C\"/></ON>"
        "</JOB></SCHED_GROUP>"
        "<TABLE TABLE_NAME=\"T\" USER_DAILY=\"SYSTEM\"><JOB JOBNAME=\"B\" DAYS=\"ALL\"/></TABLE>"
        "<SCHED_TABLE TABLE_NAME=\"S\"><JOB MEMNAME=\"C\"/></SCHED_TABLE></DEFTABLE>");
    EXPECT_EQ(read.codes(), "");
    EXPECT_EQ(*read.find("G/A")->owner, "u");
    EXPECT_EQ(*read.find("G/A")->label, "g");
    EXPECT_TRUE(read.find("T/B"));
    EXPECT_TRUE(read.find("S/C"));
    EXPECT_FALSE(read.estate.groups[read.find("G")->group].isContainer);
    EXPECT_TRUE(read.estate.groups[read.find("S")->group].isContainer);
}

TEST(Controlm, NamesAreUnique) {
    Read const read("<DEFTABLE><SMART_FOLDER FOLDER_NAME=\"F\"><JOB JOBNAME=\"A\"/>"
                    "<JOB JOBNAME=\"A\"/><JOB JOBNAME=\"A\"/><SUB_FOLDER JOBNAME=\"S\">"
                    "<JOB JOBNAME=\"A\" PARENT_FOLDER=\"G\"/></SUB_FOLDER></SMART_FOLDER>"
                    "<FOLDER FOLDER_NAME=\"F\"><JOB JOBNAME=\"A\"/></FOLDER>"
                    "<FOLDER FOLDER_NAME=\"F\" DATACENTER=\"other\"><JOB JOBNAME=\"A\"/></FOLDER>"
                    "<FOLDER/></DEFTABLE>");
    EXPECT_EQ(read.codes(), "P3017@A;P3017@A;P3018@G;P3016@F;P3014@FOLDER;");
    std::vector<std::string> names;
    for (ir::Job const& job : read.estate.jobs)
        names.push_back(job.name.str());
    EXPECT_EQ(names, (std::vector<std::string>{"F", "F/A", "F/A#2", "F/A#3", "F/S", "F/S/A", "F#2",
                                               "F#2/A", "F#3", "F#3/A", "(without a name)"}));
}

TEST(Controlm, AFolderAndABoxOfOneName) {
    ir::Estate estate;
    diag::Diagnostics diags;
    estate.jobs.add();
    estate.jobs[ir::JobId(0)].name = "F";
    FileId const file = *estate.sources.add("a.xml", folder("<JOB JOBNAME=\"A\"/>"));
    controlm::read(file, estate, diags);
    EXPECT_EQ(estate.jobs[ir::JobId(1)].name, "controlm:F");
    EXPECT_EQ(estate.jobs[ir::JobId(2)].name, "controlm:F/A");
}

TEST(Controlm, TrapsInDaysAndReruns) { // C7, C11
    auto const codes = [](std::string const& attributes, std::string const& inside = "") {
        return Read(folder("<JOB JOBNAME=\"A\" " + attributes + ">" + inside + "</JOB>")).codes();
    };
    EXPECT_EQ(codes("DAYS=\"ALL\" DAYS_AND_OR=\"O\" WEEKDAYS=\"1,2,3\""), "P3025@ALL;");
    EXPECT_EQ(codes("DAYS=\"ALL\" DAYS_AND_OR=\"A\" WEEKDAYS=\"1,2,3\""), "");
    EXPECT_EQ(codes("DAYS=\"1\" DAYS_AND_OR=\"O\" WEEKDAYS=\"ALL\""), "P3025@ALL;");
    EXPECT_EQ(codes("DAYS=\"ALL,-6\" DAYS_AND_OR=\"O\" WEEKDAYS=\"1\""), "");
    EXPECT_EQ(codes("MAXRERUN=\"2\""), "P3026@2;");
    EXPECT_EQ(codes("MAXRERUN=\"2\" CYCLIC=\"1\""), "");
    EXPECT_EQ(codes("MAXRERUN=\"0\""), "");
    EXPECT_EQ(codes("MAXRERUN=\"2\"", "<ON STMT=\"*\" CODE=\"NOTOK\"><DOACTION ACTION=\"RERUN\"/>"
                                      "</ON>"),
              "");
}

TEST(Controlm, CalendarsAreFoundOrReported) { // CTM-020
    std::string const job = "<JOB JOBNAME=\"A\" DAYS=\"ALL\" DAYSCAL=\"WORK\"/>"
                            "<JOB JOBNAME=\"B\" DAYS=\"1\" DAYSCAL=\"WORK\" CONFCAL=\"HOL\"/>"
                            "<JOB JOBNAME=\"C\"><RULE_BASED_CALENDARS NAME=\"MONTHLY\"/></JOB>";
    EXPECT_EQ(Read(folder(job)).codes(), "P3022@WORK;P3022@HOL;P3022@MONTHLY;");

    ir::Estate estate;
    diag::Diagnostics diags;
    std::string const days = "NYYN" + std::string(361, 'N');
    std::vector<FileId> const files{
        *estate.sources.add("jobs.xml", folder(job)),
        *estate.sources.add("cal.xml",
                            "<DEFCAL><CALENDAR DATACENTER=\"P\" NAME=\"WORK\" TYPE=\"Regular\">"
                            "<YEAR NAME=\"2026\" DAYS=\"" +
                                days +
                                "\"/></CALENDAR>"
                                "<CALENDAR NAME=\"HOL\" TYPE=\"Periodic\"/>"
                                "<RULE_BASED_CALENDAR NAME=\"MONTHLY\" DAYS=\"1\"/>"
                                "<CALENDAR NAME=\"SHORT\" TYPE=\"Regular\">"
                                "<YEAR NAME=\"2024\" DAYS=\"YNY\"/></CALENDAR></DEFCAL>")};
    controlm::read(files, estate, diags);
    std::string codes;
    for (diag::Diagnostic const& finding : diags.all())
        codes += std::string(diag::info(finding.code).id) + ";";
    EXPECT_EQ(codes, "P3023;P3023;P3024;");
    ir::Calendar const& work = estate.calendars[ir::CalendarId(0)];
    EXPECT_EQ(work.name, "P/WORK");
    ASSERT_EQ(work.rows.size(), 2u);
    EXPECT_EQ(work.rows[0].date, (ir::Date{2026, 1, 2}));
    EXPECT_EQ(work.rows[1].date, (ir::Date{2026, 1, 3}));
    EXPECT_TRUE(estate.calendars[ir::CalendarId(1)].refused);
    EXPECT_TRUE(estate.calendars[ir::CalendarId(2)].refused);
}

TEST(Controlm, ValuesOfEachKind) {
    using namespace controlm;
    auto const isBad = [](Attr attribute, llvm::StringRef value) {
        return checkValue(attributeOf(attribute), value).has_value();
    };
    for (char const* good :
         {"ALL", "1,15", "+1,-6", "-D1,-17,-L1", "<8", ">1", "17,L1", "D1PA", "L2P*", "1,"})
        EXPECT_FALSE(isBad(Attr::scheduling_DAYS, good)) << good;
    for (char const* bad : {"0", "32", "SA", "D", "D32", "X1", "1,,2", ">D1", "D1P", ","})
        EXPECT_TRUE(isBad(Attr::scheduling_DAYS, bad)) << bad;
    for (char const* good : {"0", "6", "MON,TUE", "sunday", "-D1", "D1W2", "L1", ">3", "SA"})
        EXPECT_FALSE(isBad(Attr::scheduling_WEEKDAYS, good)) << good;
    for (char const* bad : {"7", "S", "MONDA", "D1W7", "15"})
        EXPECT_TRUE(isBad(Attr::scheduling_WEEKDAYS, bad)) << bad;
    EXPECT_EQ(checkValue(attributeOf(Attr::scheduling_DAYS), "SA")->help,
              "days of the week belong into `WEEKDAYS`");
    for (char const* good : {"0800", "23:00", "2000"})
        EXPECT_FALSE(isBad(Attr::entities_TIMEFROM, good)) << good;
    for (char const* bad : {"800", "2400", "8:00", "12:60", ">"})
        EXPECT_TRUE(isBad(Attr::entities_TIMEFROM, bad)) << bad;
    EXPECT_EQ(readTime("0805"), int16_t(485));
    EXPECT_FALSE(isBad(Attr::entities_TIMETO, ">"));
    for (char const* good : {"00005M", "2H", "7d", "30"})
        EXPECT_FALSE(isBad(Attr::entities_INTERVAL, good)) << good;
    EXPECT_TRUE(isBad(Attr::entities_INTERVAL, "M"));
    EXPECT_FALSE(isBad(Attr::entities_CYCLIC_INTERVAL_SEQUENCE, "+30M,+4H,+7D"));
    EXPECT_FALSE(isBad(Attr::scheduling_SHIFTNUM, "+00"));
    EXPECT_TRUE(isBad(Attr::scheduling_SHIFTNUM, "-63"));
    EXPECT_TRUE(isBad(Attr::scheduling_MAXWAIT, "100"));
    EXPECT_FALSE(isBad(Attr::scheduling_ACTIVE_FROM, "20240229"));
    EXPECT_TRUE(isBad(Attr::scheduling_ACTIVE_FROM, "20250229"));
    EXPECT_FALSE(isBad(Attr::scheduling_DATE, "1231,0101"));
    EXPECT_TRUE(isBad(Attr::scheduling_DATE, "1331,"));
    EXPECT_EQ(checkValue(attributeOf(Attr::entities_TASKTYPE), "Comand")->help,
              "did you mean `Command`?");
}

TEST(Controlm, TwoSpellingsOfOneAttribute) {
    EXPECT_EQ(Read(folder("<JOB JOBNAME=\"A\" OWNER=\"u\" RUN_AS=\"v\"/>")).codes(),
              "P3015@RUN_AS=\"v;");
    EXPECT_EQ(Read(folder("<JOB JOBNAME=\"A\" OWNER=\"u\" RUN_AS=\"u\"/>")).codes(), "");
}
