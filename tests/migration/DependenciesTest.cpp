// Every dependency of an estate with its kind, strength and the text that says so; what only looks
// like one is none.
#include "analysis/migration/Dependencies.h"
#include "analysis/link/Link.h"
#include "tests/migration/ReadEstate.h"

#include <gtest/gtest.h>

using namespace hoist;
using test::ReadEstate;

namespace {

/// "producer -> consumer kind strength object: text", one a line.
std::string told(ReadEstate const& read) {
    std::string out;
    for (migration::Dependency const& each : migration::dependencies(read.estate)) {
        auto const name = [&](ir::JobId job) { return read.estate.jobs[job].name.str(); };
        out += (each.producer                             ? name(each.producer)
                : each.at == migration::Producer::outside ? "(outside)"
                                                          : "(shared)") +
               " -> " + name(each.consumer) + " " + migration::toString(each.kind).str() + " " +
               migration::toString(each.strength).str() + " " + each.object + ": " + each.text +
               "\n";
    }
    return out;
}

} // namespace

TEST(Dependencies, ConditionsOfJobsAndBoxes) {
    ReadEstate const read(R"(
insert_job: A  job_type: c
command: a
machine: m
insert_job: BX  job_type: b
condition: s(A, 04.00) & n(A)
box_success: s(M)
insert_job: M  job_type: c
box_name: BX
command: m
machine: m
condition: e(A) = 3 | s(THERE^PRD) | v(GO) = "yes" | f(GONE)
)");
    EXPECT_EQ(told(read), "A -> BX status hard A: s(A, 04.00)\n"
                          "A -> BX exclusion hard A: n(A)\n"
                          "M -> BX status hard M: s(M)\n"
                          "A -> M exit_code hard A: e(A) = 3\n"
                          "(outside) -> M status hard THERE^PRD: s(THERE^PRD)\n"
                          "(outside) -> M variable hard GO: v(GO) = \"yes\"\n"
                          "(outside) -> M status hard GONE: f(GONE)\n");
}

TEST(Dependencies, BoxesJobsAndEventsOfCommands) {
    ReadEstate const read(R"(
insert_job: BX  job_type: b
insert_job: M  job_type: c
box_name: BX
command: m; /opt/as/bin/sendevent -E FORCE_STARTJOB -J NEXT; sendevent -E JOB_ON_HOLD -J "$OTHER"
machine: m
box_terminator: y
job_terminator: y
insert_job: NEXT  job_type: c
command: sendevent -E STARTJOB -J NEXT && echo -J M
machine: m
)");
    // A job that starts itself depends on nobody, and what the shell fills in names no job.
    EXPECT_EQ(told(read), "M -> BX termination hard M: box_terminator\n"
                          "BX -> M termination hard BX: job_terminator\n"
                          "M -> NEXT event hard NEXT: FORCE_STARTJOB\n");
}

TEST(Dependencies, FilesWrittenAndWatched) {
    ReadEstate const read(R"(
insert_global: DIR
value: /data
insert_job: W1  job_type: c
command: a
machine: m1
std_out_file: "> $$DIR/one.csv"
std_err_file: /dev/null
insert_job: W2  job_type: c
command: a
machine: m2
std_out_file: >>/data/one.csv
std_err_file: /data/$AUTO_JOB_NAME.err
insert_job: W3  job_type: c
command: a
machine: m1
std_out_file: /data/$RANDOM.csv
insert_job: F1  job_type: f
machine: m1
watch_file: /data/one.csv
insert_job: F2  job_type: f
machine: m2
watch_file: /data/*.err
insert_job: R  job_type: c
command: b
machine: m1
std_in_file: /data/one.csv
insert_job: F3  job_type: f
machine: m1
watch_file: /dev/null
)");
    // On another machine the same path may be another file; a reader does not wait.
    EXPECT_EQ(told(read), "(shared) -> W1 variable soft DIR: $$DIR\n"
                          "W1 -> F1 file hard /data/one.csv: /data/one.csv\n"
                          "W2 -> F1 file soft /data/one.csv: /data/one.csv\n"
                          "W2 -> F2 file hard /data/W2.err: /data/*.err\n"
                          "W1 -> R file soft /data/one.csv: /data/one.csv\n"
                          "W2 -> R file soft /data/one.csv: /data/one.csv\n");
}

TEST(Dependencies, GlobalsSetAndRead) {
    ReadEstate const read(R"(
insert_job: SETTER  job_type: c
command: sendevent -E SET_GLOBAL -G "BATCH=20260302" && echo $$BATCH
machine: m
insert_job: WAITS  job_type: c
command: a
machine: m
condition: v(BATCH) = 20260302
insert_job: TAKES  job_type: c
command: run $${BATCH}/$$UNKNOWN
machine: m
)",
                          "0 5 * * * echo $$BATCH\n");
    // In a crontab `$$` is the shell's process id.
    EXPECT_EQ(told(read), "SETTER -> WAITS variable hard BATCH: v(BATCH) = \"20260302\"\n"
                          "SETTER -> TAKES variable hard BATCH: $$BATCH\n"
                          "(shared) -> TAKES variable soft UNKNOWN: $$UNKNOWN\n");
}

TEST(Dependencies, WhatOneJobHasForItselfIsNotShared) {
    ReadEstate const read(R"(
insert_machine: m
max_load: 100
insert_resource: DB
res_type: R
amount: 4
insert_resource: OWN
res_type: R
amount: 1
insert_job: A  job_type: c
command: a
machine: m
job_load: 50
priority: 1
resources: (DB, QUANTITY=2) AND (OWN, QUANTITY=1)
insert_job: B  job_type: c
command: b
machine: m
job_load: 60
priority: 2
resources: (DB, QUANTITY=ALL)
insert_job: C  job_type: c
command: b
machine: m
job_load: 60
)");
    // JIL-161: without a priority the load of C counts nothing.
    EXPECT_EQ(told(read), "(shared) -> A resource soft DB: 2\n"
                          "(shared) -> A load soft m: 50\n"
                          "(shared) -> B resource soft DB: all units\n"
                          "(shared) -> B load soft m: 60\n");
}

TEST(Dependencies, ACrowdIsSharedAndNotMultiplied) {
    std::string jil;
    for (int i = 0; i < 300; ++i)
        jil += "insert_job: S" + std::to_string(i) +
               "  job_type: c\nmachine: m\ncommand: sendevent -E SET_GLOBAL -G X=1\n" +
               "insert_job: R" + std::to_string(i) +
               "  job_type: c\nmachine: m\ncommand: b\ncondition: v(X) = 1\n";
    ReadEstate const read(std::move(jil));
    auto const found = migration::dependencies(read.estate);
    ASSERT_EQ(found.size(), 300u);
    EXPECT_EQ(found[0].at, migration::Producer::shared);
    EXPECT_EQ(found[0].strength, migration::Strength::hard);
}

TEST(Dependencies, FilesThatACommandWrites) {
    ReadEstate const read(R"(
insert_global: DIR
value: /data
insert_job: W1  job_type: c
command: extract.sh 2>&1 > $$DIR/one.csv && touch "/data/one.ok"; ls | sudo tee -a /logs/all.log > /dev/null
machine: m
insert_job: W2  job_type: c
command: sh -c "touch /data/two.ok" ; touch $HOME/x /data/t*.ok -c; echo '> /data/two.ok' # > /data/two.ok
machine: m
insert_job: W3  job_type: c
command: cat <<E > /data/two.ok
machine: m
std_out_file: /logs/three.log
insert_job: F1  job_type: f
watch_file: /data/one.csv
machine: m
insert_job: F2  job_type: f
watch_file: /data/*.ok
machine: m
insert_job: F3  job_type: f
watch_file: /logs/*.log
machine: m
)");
    EXPECT_EQ(told(read), "(shared) -> W1 variable soft DIR: $$DIR\n"
                          "W1 -> F1 file soft /data/one.csv: /data/one.csv\n"
                          "W1 -> F2 file soft /data/one.ok: /data/*.ok\n"
                          "W1 -> F3 file soft /logs/all.log: /logs/*.log\n"
                          "W3 -> F3 file hard /logs/three.log: /logs/*.log\n");
}

TEST(Dependencies, VariablesOfControlMsServer) { // CTM-100, CTM-093
    ReadEstate const read("", "", R"(<DEFTABLE>
<FOLDER FOLDER_NAME="F">
 <JOB JOBNAME="S" TASKTYPE="Command" CMDLINE="s %%\OWN"><VARIABLE NAME="%%\G" VALUE="%%ODATE"/>
  <ON CODE="OK"><DOVARIABLE NAME="%%\\P\H" VALUE="1"/></ON></JOB>
</FOLDER>
<SMART_FOLDER FOLDER_NAME="R"><VARIABLE NAME="%%L" VALUE="own"/>
 <JOB JOBNAME="A" TASKTYPE="Command" CMDLINE="a %%\G %%G %%L %%ODATE"/>
 <JOB JOBNAME="B" TASKTYPE="Command" CMDLINE="b %%G"/>
 <JOB JOBNAME="C" TASKTYPE="Command" CMDLINE="c %%G"><VARIABLE NAME="%%G" VALUE="mine"/></JOB>
 <JOB JOBNAME="D" TASKTYPE="Command" CMDLINE="d"><VARIABLE NAME="%%X" VALUE="%%\\P\H"/></JOB>
 <JOB JOBNAME="E" TASKTYPE="Command" CMDLINE="e">
  <ON CODE="OK"><DOSHOUT DEST="d" MESSAGE="it is %%\G"/><DOVARIABLE NAME="%%\L" VALUE="x"/></ON></JOB>
</SMART_FOLDER></DEFTABLE>)");
    EXPECT_EQ(told(read), "(shared) -> F/S variable soft %%\\OWN: %%\\OWN\n"
                          "F/S -> R/A variable hard %%\\G: %%\\G\n"
                          "F/S -> R/B variable hard %%\\G: %%G\n"
                          "F/S -> R/D variable hard %%\\\\P\\H: %%\\\\P\\H\n"
                          "F/S -> R/E variable hard %%\\G: %%\\G\n");
}

TEST(Dependencies, FilesThatControlMWatchesAndTransfers) { // CTM-120, CTM-126
    ReadEstate const read("insert_job: W  job_type: c\ncommand: w > /out/a\nmachine: m\n", "",
                          R"(<DEFTABLE>
<FOLDER FOLDER_NAME="F">
 <JOB JOBNAME="T" APPL_TYPE="FILE_TRANS" NODEID="m">
  <VARIABLE NAME="%%FTP-LPATH1" VALUE="/out/a"/><VARIABLE NAME="%%FTP-RPATH1" VALUE="/in/"/>
  <VARIABLE NAME="%%FTP-LPATH2" VALUE="/out/*"/><VARIABLE NAME="%%FTP-RPATH2" VALUE="/in/all"/>
  <VARIABLE NAME="%%FTP-LPATH3" VALUE="/here"/><VARIABLE NAME="%%FTP-RPATH3" VALUE="/there"/>
  <VARIABLE NAME="%%FTP-UPLOAD3" VALUE="0"/></JOB>
 <JOB JOBNAME="A" APPL_TYPE="FileWatch" NODEID="m">
  <VARIABLE NAME="%%FileWatch-FILE_PATH" VALUE="/in/a"/></JOB>
 <JOB JOBNAME="H" APPL_TYPE="FileWatch" NODEID="m">
  <VARIABLE NAME="%%FileWatch-FILE_PATH" VALUE="/here"/></JOB>
 <JOB JOBNAME="G" APPL_TYPE="FileWatch" NODEID="m">
  <VARIABLE NAME="%%FileWatch-FILE_PATH" VALUE="/out/a"/>
  <VARIABLE NAME="%%FileWatch-MODE" VALUE="DELETE"/></JOB>
</FOLDER></DEFTABLE>)");
    EXPECT_EQ(told(read), "W -> F/T file soft /out/a: /out/a\n"
                          "W -> F/T file soft /out/a: /out/*\n"
                          "F/T -> F/A file soft /in/a: /in/a\n"
                          "F/T -> F/H file soft /here: /here\n"
                          "W -> F/G file soft /out/a: /out/a\n");
}
