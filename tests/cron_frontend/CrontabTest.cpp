// Crontabs as the daemon reads them (rules CRON-nnn); `crontab -n` of Debian 12 judged the accepted
// and refused fields.
#include "frontend/cron/Cron.h"
#include "frontend/cron/EntryName.h"

#include <gtest/gtest.h>

#include <random>

using namespace hoist;

namespace {

struct Read {
    ir::Estate estate;
    diag::Diagnostics diags;

    explicit Read(std::string bytes, std::string path = "jobs.cron", bool isSystem = false,
                  std::string flavour = "debian") {
        estate.settings.cronFlavour = std::move(flavour);
        FileId const file = *estate.sources.add(std::move(path), std::move(bytes));
        (isSystem ? cron::system::read : cron::user::read)(file, estate, diags);
    }
    ir::Job const& job(size_t index) const { return estate.jobs[ir::JobId(index)]; }
    ir::CommandAction const& action(size_t index) const {
        return std::get<ir::CommandAction>(job(index).action);
    }
    ir::Schedule const& schedule(size_t index) const {
        return estate.schedules[job(index).schedule];
    }
    std::string codes() const {
        std::string text;
        for (diag::Diagnostic const& finding : diags.all())
            text += (text.empty() ? "" : " ") + std::string(diag::info(finding.code).id);
        return text;
    }
    std::string marked() const {
        return diags.all().empty() ? "" : estate.sources.text(diags.all()[0].span).str();
    }
    std::string variable(size_t index, llvm::StringRef name) const {
        std::string value = "(unset)";
        for (auto const& each : action(index).environment)
            if (each->first == name)
                value = each->second.str();
        return value;
    }
};

} // namespace

TEST(Crontab, FieldsThatDebianTakes) { // CRON-001, CRON-003
    for (auto const& [field, canonical] : std::vector<std::pair<std::string, std::string>>{
             {"*/7 * * * *", "*/7 * * * *"},
             {"0 0 * * SUN", "0 0 * * 0"},
             {"0 0 * * sun-tue", "0 0 * * 0-2"},
             {"0 0 * * 6-7", "0 0 * * 6-7"},
             {"0 0 * jan,feb *", "0 0 * 1,2 *"},
             {"0-59/70 * * * *", "0-59/70 * * * *"},
             {"*,5 * * * *", "*,5 * * * *"},
             {"0005 * * * *", "5 * * * *"},
         }) {
        Read const read(field + " x\n");
        EXPECT_EQ(read.codes(), "") << field;
        EXPECT_EQ(read.schedule(0).cronText, canonical);
    }
}

TEST(Crontab, FieldsThatDebianRefuses) {
    for (auto const& [field, mark] : std::vector<std::pair<std::string, std::string>>{
             {"5/15 * * * *", "/15"},
             {"*/0 * * * *", "0"},
             {"0 0 * * sunday", "sunday"},
             {"60 * * * *", "60"},
             {"0 24 * * *", "24"},
             {"0 0 0 * *", "0"},
             {"0 0 * * 8", "8"},
             {"1,,2 * * * *", ","},
             {"+5 * * * *", "+"},
             {"mon * * * *", "mon"},
             {"99999999999 * * * *", "99999999999"},
         }) {
        Read const read(field + " x\n");
        EXPECT_EQ(read.codes(), "P2001") << field;
        EXPECT_EQ(read.marked(), mark) << field;
        EXPECT_TRUE(read.job(0).refused);
    }
}

TEST(Crontab, SyntaxOfOtherSchedulersIsRefused) { // CRON-003
    for (std::string const field :
         {"0 0 L * *", "0 0 ? * *", "0 0 15W * *", "0 0 * * MON#2", "0~59 * * * *", "0 0 * * 5L"})
        EXPECT_EQ(Read(field + " x\n").codes(), "P2006") << field;
}

TEST(Crontab, WhatCronSkipsIsSkippedAndTold) {
    Read const read("*/5/5 1-5-7 * * * x\n");
    EXPECT_EQ(read.codes(), "P2002 P2002");
    EXPECT_EQ(read.schedule(0).cronText, "*/5 1-5 * * *");
}

TEST(Crontab, StarFlagsAreAboutTheFirstCharacter) { // CRON-002
    Read const read("0 0 */2 * 1 x\n0 0 5,* * 1 x\n");
    EXPECT_TRUE(read.schedule(0).cron.monthDayStar);
    EXPECT_FALSE(read.schedule(0).cron.weekdayStar);
    EXPECT_FALSE(read.schedule(1).cron.monthDayStar);
}

TEST(Crontab, SevenIsSunday) { // CRON-001
    EXPECT_EQ(Read("0 0 * * 7 x\n").schedule(0).cron.weekdays, std::bitset<7>(1));
    EXPECT_TRUE(Read("0 0 * * 0-7 x\n").schedule(0).cron.weekdays.all());
}

TEST(Crontab, TimeNames) { // CRON-004
    Read const read("@daily x\n@reboot y\n@Daily z\n");
    EXPECT_EQ(read.schedule(0).cronText, "0 0 * * *");
    EXPECT_EQ(read.schedule(1).kind, ir::Schedule::Kind::atBoot);
    EXPECT_EQ(read.codes(), "P2005 P2004");
}

TEST(Crontab, SettingsHoldForTheEntriesBelow) { // CRON-005
    Read const read(
        "A=1\n* * * * * x\nA = '2 3' \nPATH=$HOME/bin # c\nSHELL=/bin/bash\n* * * * * y\n");
    EXPECT_EQ(read.codes(), "");
    EXPECT_EQ(read.variable(0, "A"), "1");
    EXPECT_EQ(read.variable(0, "PATH"), "/usr/bin:/bin");
    EXPECT_EQ(*read.action(0).shell, "/bin/sh");
    EXPECT_EQ(read.variable(1, "A"), "2 3");
    EXPECT_EQ(read.variable(1, "PATH"), "$HOME/bin # c");
    EXPECT_EQ(*read.action(1).shell, "/bin/bash");
}

TEST(Crontab, BadSettingRefusesTheFile) {
    Read const read("A=\"b c\" d\n* * * * * x\n");
    EXPECT_EQ(read.codes(), "P2008");
    ASSERT_EQ(read.estate.refusals.size(), 1u);
    EXPECT_EQ(read.estate.refusals[0].owner, "");
}

TEST(Crontab, AccountVariablesHaveNoEffect) {
    EXPECT_EQ(Read("LOGNAME=x\n* * * * * y\n").codes(), "P2009");
}

TEST(Crontab, PercentIsStandardInput) { // CRON-006
    Read const read("* * * * * mail -s hi joe%Hi%Bye\n* * * * * date +\\%F\n* * * * * x%\n");
    EXPECT_EQ(*read.action(0).command, "mail -s hi joe");
    EXPECT_EQ(*read.action(0).stdinText, "Hi\nBye\n");
    EXPECT_EQ(*read.action(1).command, "date +%F");
    EXPECT_FALSE(read.action(1).stdinText);
    EXPECT_EQ(*read.action(2).stdinText, "\n");
}

TEST(Crontab, CronTzByFlavour) { // CRON-007
    std::string const text = "CRON_TZ=Japan\n* * * * * x\n";
    Read const debian(text), cronie(text, "jobs.cron", false, "cronie");
    EXPECT_EQ(debian.codes(), "P2010");
    EXPECT_FALSE(debian.schedule(0).timezone);
    EXPECT_EQ(cronie.codes(), "");
    EXPECT_EQ(*cronie.schedule(0).timezone, "Japan");
}

TEST(Crontab, DaylightSaving) { // CRON-008
    Read const read("30 2 * * * x\n30 * * * * x\n");
    EXPECT_EQ(read.schedule(0).timesGap, ir::GapRule::afterGap);
    EXPECT_EQ(read.schedule(0).timesOverlap, ir::OverlapRule::first);
    EXPECT_EQ(read.schedule(1).timesGap, ir::GapRule::none);
    EXPECT_EQ(read.schedule(1).timesOverlap, ir::OverlapRule::both);
}

TEST(Crontab, OverlapAndExitStatus) { // CRON-009, CRON-010
    Read const read("* * * * * x\n");
    EXPECT_EQ(read.schedule(0).whileRunning, ir::TickWhileRunning::overlap);
    EXPECT_EQ(read.job(0).exitRule.kind, ir::ExitRule::Kind::any);
}

TEST(Crontab, LimitsAndOddBytes) { // CRON-011
    EXPECT_EQ(Read("* * * * * " + std::string(998, 'x') + "\n").codes(), "");
    EXPECT_EQ(Read("* * * * * " + std::string(999, 'x') + "\n").codes(), "P2012");
    EXPECT_EQ(Read("* * * * * x").codes(), "P2013");
    Read const windows("* * * * * x\r\n0 * * * * y\r\n");
    EXPECT_EQ(windows.codes(), "P2014");
    EXPECT_EQ(*windows.action(0).command, "x");
    EXPECT_EQ(Read("\xEF\xBB\xBF* * * * * x\n").codes(), "P2015");
    EXPECT_EQ(Read(std::string("* * * * * x\0y\n", 14)).codes(), "P2018");
    EXPECT_EQ(*Read("* * * * * caf\xE9\n").action(0).command, "caf\xE9");
    EXPECT_EQ(Read("0 0 31 2 * x\n").codes(), "P2019");
    EXPECT_EQ(Read("-* * * * * x\n").codes(), "P2001");
    EXPECT_EQ(Read("-* * * * * x\n", "jobs.cron", false, "cronie").codes(), "");
}

TEST(Crontab, UserColumn) {
    Read const read("0 5 * * * root /usr/bin/true\n0 6 * * * /usr/bin/true now\n", "/etc/crontab",
                    true);
    EXPECT_EQ(*read.job(0).owner, "root");
    EXPECT_EQ(*read.action(0).command, "/usr/bin/true");
    EXPECT_EQ(read.codes(), "P2007");
    EXPECT_EQ(*Read("0 5 * * * x\n", "/var/spool/cron/crontabs/alice").job(0).owner, "alice");
}

TEST(Crontab, NamesDoNotMoveWithLines) {
    Read const before("0 5 * * * cd /srv && ./run.sh -x\n");
    Read const after("# moved\nA=1\n\n0 5 * * * cd /srv && ./run.sh -x\n");
    EXPECT_EQ(before.job(0).name, after.job(0).name);
    EXPECT_TRUE(before.job(0).name.starts_with("run.sh.")) << before.job(0).name.str();
}

TEST(Crontab, DuplicatesAreKeptAndTold) { // CRON-012
    Read const read("0 5 * * * x\n0 5 * * * x\n");
    EXPECT_EQ(read.codes(), "P2017");
    EXPECT_EQ(read.job(1).name, read.job(0).name.str() + ".2");
}

TEST(Crontab, AnacrontabIsRefused) {
    EXPECT_EQ(Read("SHELL=/bin/sh\n1 5 cron.daily run-parts /etc/cron.daily\n", "/etc/anacrontab")
                  .codes(),
              "P2016");
}

TEST(Crontab, Sniffing) {
    auto const both = [](llvm::StringRef path, llvm::StringRef text) {
        return std::pair(cron::user::sniff(path, text), cron::system::sniff(path, text));
    };
    using enum Likelihood;
    EXPECT_EQ(both("/etc/cron.d/x", "25 6 * * * root if true; then x; fi\n"),
              std::pair(no, certain));
    EXPECT_EQ(both("x", "0 5 * * * root newsyslog -a\n"), std::pair(no, certain));
    EXPECT_EQ(both("x", "0 5 * * * /usr/bin/true\n"), std::pair(certain, no));
    EXPECT_EQ(both("x", "0 5 * * * deploy report\n"), std::pair(possible, possible));
    EXPECT_EQ(both("x", "insert_job: A  job_type: c\ncommand: x\nmachine: m\n"), std::pair(no, no));
    EXPECT_EQ(both("x", "just some prose\nin two lines\n"), std::pair(no, no));
    EXPECT_EQ(both("x", ""), std::pair(no, no));
}

// Every non-blank byte outside comments lies in a construct.
TEST(Crontab, EveryTokenIsInAConstruct) {
    std::string const text = "A=1\n# c\n 0 5 * * 1-5 x%y\n@daily z\nbad\nB=\n61 * * * * q\n";
    Read const read(text);
    std::vector<bool> covered(text.size());
    FileId const file(0);
    for (ir::ConstructId id : read.estate.constructs.ids()) {
        Span const span = read.estate.constructs[id].span;
        for (uint32_t i = 0; i < span.size(); ++i)
            covered[read.estate.sources.offsetIn(file, span) + i] = true;
    }
    for (size_t i = 0; i < text.size(); ++i) {
        bool const isComment = i >= 4 && i < 7;
        if (!isComment && text[i] != ' ' && text[i] != '\n') {
            EXPECT_TRUE(covered[i]) << i << ": " << text[i];
        }
    }
}

TEST(Crontab, HostileInputNeverFails) {
    std::string const text = "\xEF\xBB\xBF"
                             "A=\"b\"\r\nCRON_TZ=X\n*/5 1-3,7 * jan-mar mon root cd /x && "
                             "y%z\\%\n@reboot q\n-1 ~ ? L W\n";
    for (size_t length = 0; length <= text.size(); ++length)
        for (bool const isSystem : {false, true})
            Read(text.substr(0, length), "x", isSystem);
    std::mt19937 random(7);
    for (int round = 0; round < 3000; ++round) {
        std::string bytes(random() % 80, ' ');
        for (char& c : bytes)
            c = random() % 3 ? "*/-,0159 \t\n=\"'%\\@#"[random() % 19]
                             : static_cast<char>(random());
        (void)Read(bytes, "x", round % 2 == 0);
        cron::user::sniff("x", bytes);
        cron::system::sniff("/etc/crontab", bytes);
    }
}
