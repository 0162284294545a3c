// JIL reaches the IR: jobs, attributes, conditions, calendars.
#include "tests/jil/Read.h"

#include <gtest/gtest.h>

using namespace hoist;
using hoist::jil::Read;

TEST(Jil, ExampleOfTheSemantics) {
    Read r(R"(
/* nightly */
insert_job: EOD_BOX   job_type: b
date_conditions: 1
days_of_week: mo,tu,we,th,fr
start_times: "22:00"
insert_job: EOD_LOAD  job_type: c
box_name: EOD_BOX
command: /opt/load.sh -d $$BUS_DATE 2>&1
machine: etl01
condition: s(EOD_EXTRACT,0) & v(GO) = "Y"
)");
    EXPECT_EQ(r.codes(), "");
    ASSERT_EQ(r.estate.jobs.size(), 2u);
    ir::Job const& load = r.estate.jobs[ir::JobId(1)];
    EXPECT_EQ(load.name, "EOD_LOAD");
    EXPECT_EQ(*load.boxName, "EOD_BOX");
    EXPECT_EQ(*std::get<ir::CommandAction>(load.action).command, "/opt/load.sh -d $$BUS_DATE 2>&1");
    EXPECT_EQ(r.estate.conditions.print(load.condition.expr), "s(EOD_EXTRACT, 0) & v(GO) = \"Y\"");
    ir::Schedule const& schedule = r.estate.schedules[r.estate.jobs[ir::JobId(0)].schedule];
    EXPECT_EQ(*schedule.weekdays, 0b0111110);
    EXPECT_EQ((*schedule.times)[0], 22 * 60);
}

// JIL-014: comments count as blanks, but only outside quotes.
TEST(Jil, CommentsInsideValues) {
    Read r("insert_job: /* the first */ A   job_type: c\n"
           "machine: m /* was n */box_name: B\n"
           "command: cp \"/data/*\" /tmp /* see\n the ticket */ && ls\n"
           "condition: s(X) /* or Y */ & s(Y)\n");
    EXPECT_EQ(r.codes(), "");
    ASSERT_EQ(r.estate.jobs.size(), 1u);
    ir::Job const& job = r.estate.jobs[ir::JobId(0)];
    EXPECT_EQ(job.name, "A");
    EXPECT_EQ(*job.boxName, "B");
    llvm::StringRef const command = *std::get<ir::CommandAction>(job.action).command;
    EXPECT_TRUE(command.starts_with("cp \"/data/*\" /tmp "));
    EXPECT_TRUE(command.ends_with(" && ls"));
    EXPECT_FALSE(command.contains("ticket"));
    // Spans stay those of the file.
    ASSERT_EQ(job.condition.uses.size(), 2u);
    EXPECT_EQ(r.estate.sources.text(job.condition.uses[1].span), "s(Y)");
}
