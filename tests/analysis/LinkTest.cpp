// Names become ids; what leads nowhere is reported once, with what it may have meant; refusals
// spread as designed.
#include "analysis/link/Link.h"
#include "tests/support/EstateBuilder.h"
#include "tests/support/Findings.h"

#include <gtest/gtest.h>

using namespace hoist;
using diag::Code;
using test::EstateBuilder;
using test::find;

TEST(Link, MembersDepthFirstInDefinitionOrderWhateverComesFirst) { // JIL-045: forward references
    EstateBuilder b;
    ir::JobId const x = b.job("X", "INNER");
    ir::JobId const box = b.box("B");
    ir::JobId const y = b.job("Y", "B");
    ir::JobId const inner = b.box("INNER", "B");
    ir::JobId const alone = b.job("ALONE");
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    EXPECT_TRUE(diags.all().empty());
    ASSERT_EQ(b.estate.workflows.size(), 2u);
    ir::Workflow const& workflow = b.estate.workflows[ir::WorkflowId(0)];
    EXPECT_EQ(workflow.root, box);
    EXPECT_EQ(workflow.jobs, (std::vector{box, y, inner, x}));
    EXPECT_EQ(b.estate.workflows[b[alone].workflow].jobs, std::vector{alone});
    EXPECT_FALSE(workflow.refused);
}

TEST(Link, JIL066_UndefinedJobWithSuggestionOncePerCondition) {
    EstateBuilder b;
    b.job("EOD_LOAD");
    ir::JobId const report = b.job("REPORT");
    b.condition(report, b.any({b.s("EOD_LAOD"), b.s("EOD_LOAD")}));
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    diag::Diagnostic const* found = find(diags, Code::UndefinedJob);
    ASSERT_TRUE(found);
    EXPECT_EQ(diags.all().size(), 1u);
    EXPECT_EQ(found->helps[0], "did you mean `EOD_LOAD`?");
    EXPECT_EQ(found->fixes[0].replacement, "EOD_LOAD");
    EXPECT_EQ(b.estate.conditions.atomOf(b.s("EOD_LOAD")).job, ir::JobId(0));
    EXPECT_FALSE(b.estate.workflows[b[report].workflow].refused);
}

TEST(Link, ABoxThatIsMissingOrNoBoxRefuses) {
    EstateBuilder b;
    ir::JobId const plain = b.job("PLAIN");
    ir::JobId const a = b.job("A", "PLAIN");
    ir::JobId const c = b.job("C", "NOWHERE");
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    EXPECT_TRUE(find(diags, Code::NotABox));
    EXPECT_TRUE(find(diags, Code::UndefinedBox));
    EXPECT_TRUE(b.estate.workflows[b[a].workflow].refused);
    EXPECT_TRUE(b.estate.workflows[b[c].workflow].refused);
    EXPECT_FALSE(b.estate.workflows[b[plain].workflow].refused);
}

TEST(Link, ACircleOfBoxesIsCutAndRefused) {
    EstateBuilder b;
    ir::JobId const one = b.box("ONE", "THREE");
    ir::JobId const two = b.box("TWO", "ONE");
    ir::JobId const three = b.box("THREE", "TWO");
    ir::JobId const self = b.box("SELF", "SELF");
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    EXPECT_EQ(test::count(diags, Code::BoxCycle), 2u);
    EXPECT_EQ(find(diags, Code::BoxCycle)->labels.size(), 2u);
    ASSERT_EQ(b.estate.workflows.size(), 2u);
    EXPECT_EQ(b.estate.workflows[b[one].workflow].jobs.size(), 3u);
    EXPECT_EQ(b[two].workflow, b[three].workflow);
    EXPECT_TRUE(b.estate.workflows[b[one].workflow].refused);
    EXPECT_TRUE(b.estate.workflows[b[self].workflow].refused);
}

TEST(Link, NestingDeeperThanTheLimitIsReportedOnce) {
    EstateBuilder b;
    std::string parent;
    for (int i = 0; i < 10000; ++i) {
        std::string const name = "B" + std::to_string(i);
        b.box(name, parent);
        parent = name;
    }
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    EXPECT_EQ(test::count(diags, Code::NestingTooDeep), 1u);
    ASSERT_EQ(b.estate.workflows.size(), 1u);
    EXPECT_TRUE(b.estate.workflows[ir::WorkflowId(0)].refused);
    EXPECT_EQ(b.estate.workflows[ir::WorkflowId(0)].jobs.size(), 10000u);
}

TEST(Link, JIL030_ASecondInsertIsRejected) {
    EstateBuilder b;
    ir::JobId const first = b.job("X");
    ir::JobId const second = b.job("X");
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    diag::Diagnostic const* found = find(diags, Code::DuplicateJob);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->span, b[second].nameSpan);
    EXPECT_EQ(found->labels[0].span, b[first].nameSpan);
    EXPECT_FALSE(b.estate.workflows[b[first].workflow].refused);
    EXPECT_TRUE(b.estate.workflows[b[second].workflow].refused);
}

TEST(Link, MachinesResourcesInstancesGlobalsCountOnlyWhenTheEstateDefinesAny) {
    auto const make = [](EstateBuilder& b) {
        for (int i = 0; i < 2; ++i) {
            ir::JobId const id = b.job("J" + std::to_string(i));
            b.set(b[id].machines, llvm::SmallVector<llvm::StringRef, 1>{"etl02"});
            b[id].resources.push_back(
                {"LOCK", b.nextSpan(), 1, 'Y', false, b.construct("resource")});
            ir::Atom remote;
            remote.outcomes = ir::succeeded;
            remote.name = "R";
            remote.instance = "PRD";
            b.condition(
                id, b.all({b.v("GO", ir::Compare::equal, "Y"), b.estate.conditions.atom(remote)}));
        }
    };
    EstateBuilder without;
    make(without);
    diag::Diagnostics diags;
    analysis::link(without.estate, diags);
    EXPECT_TRUE(diags.all().empty());

    EstateBuilder with;
    make(with);
    with.estate.machines[with.estate.machines.add()].name = "ETL01";
    with.estate.resources[with.estate.resources.add()].name = "LOCKS";
    with.estate.instances.push_back({"PRO", with.nextSpan(), {}, {}});
    with.estate.variables.push_back({"G0", "1", with.nextSpan(), {}, {}});
    diag::Diagnostics findings;
    analysis::link(with.estate, findings);
    EXPECT_EQ(test::count(findings, Code::UndefinedMachine), 1u); // once per name, not per job
    EXPECT_EQ(find(findings, Code::UndefinedMachine)->helps[0], "did you mean `ETL01`?");
    EXPECT_EQ(test::count(findings, Code::UndefinedResource), 1u);
    EXPECT_EQ(test::count(findings, Code::UndefinedInstance), 1u);
    EXPECT_EQ(test::count(findings, Code::UndefinedGlobal), 1u);
    EXPECT_EQ(findings.all().size(), 4u);
}

TEST(Link, AGlobalThatACommandSetsIsKnown) {
    EstateBuilder b;
    ir::JobId const setter = b.job("SETTER");
    std::get<ir::CommandAction>(b[setter].action).command.value =
        "sendevent -E SET_GLOBAL -G \"GO=Y\"";
    b.condition(b.job("USER"), b.v("GO", ir::Compare::equal, "Y"));
    b.estate.variables.push_back({"OTHER", "1", b.nextSpan(), {}, {}});
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    EXPECT_TRUE(diags.all().empty());
}

TEST(Link, AnObjectDefinedByTwoDialectsIsADuplicate) {
    EstateBuilder b;
    for (int i = 0; i < 2; ++i) {
        ir::Resource& resource = b.estate.resources[b.estate.resources.add()];
        resource.name = "TWICE";
        resource.nameSpan = b.nextSpan();
    }
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    EXPECT_EQ(test::count(diags, Code::DuplicateDefinition), 1u);
}

TEST(Link, DaysAndACalendarTogetherRefuse) {
    EstateBuilder b;
    ir::JobId const id = b.job("BOTH");
    b.set(b.daily(id, {60}).runCalendar, llvm::StringRef("HOLIDAYS"));
    ir::Calendar& calendar = b.estate.calendars[b.estate.calendars.add()];
    calendar.name = "HOLIDAYS";
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    EXPECT_TRUE(b.estate.workflows[b[id].workflow].refused); // JIL-141: `jil` rejects such a job
}

TEST(Link, CalendarsUndefinedOfTheWrongKindOrBrokenRefuse) {
    EstateBuilder b;
    auto const calendar = [&](llvm::StringRef name, ir::Calendar::Kind kind) -> ir::Calendar& {
        ir::Calendar& made = b.estate.calendars[b.estate.calendars.add()];
        made.name = name;
        made.kind = kind;
        made.nameSpan = b.nextSpan();
        return made;
    };
    calendar("HOLIDAYS", ir::Calendar::Kind::standard);
    calendar("TERM", ir::Calendar::Kind::cycle);
    calendar("BROKEN", ir::Calendar::Kind::standard).refused = true;
    b.set(calendar("SELF", ir::Calendar::Kind::extended).holidayCalendar,
          llvm::StringRef("SELF")); // JIL-156
    auto const uses = [&](llvm::StringRef job, llvm::StringRef name) {
        ir::JobId const id = b.job(job);
        ir::Schedule& schedule = b.daily(id, {60});
        schedule.weekdays = {}; // JIL-141: days or a calendar
        b.set(schedule.runCalendar, name);
        return id;
    };
    ir::JobId const good = uses("GOOD", "HOLIDAYS");
    ir::JobId const missing = uses("MISSING", "HOLIDAY");
    ir::JobId const cycle = uses("CYCLE", "TERM");
    ir::JobId const broken = uses("BROKEN_USER", "BROKEN");
    ir::JobId const self = uses("SELF_USER", "SELF");
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    EXPECT_EQ(find(diags, Code::UndefinedCalendar)->helps[0], "did you mean `HOLIDAYS`?");
    EXPECT_EQ(test::count(diags, Code::WrongCalendarKind), 2u);
    EXPECT_EQ(test::count(diags, Code::UnusableCalendar), 2u);
    EXPECT_TRUE(b.estate.schedules[b[good].schedule].run);
    EXPECT_FALSE(b.estate.workflows[b[good].workflow].refused);
    for (ir::JobId id : {missing, cycle, broken, self})
        EXPECT_TRUE(b.estate.workflows[b[id].workflow].refused) << b[id].name.str();
}

TEST(Link, ARefusalTakesItsOwnerOrItsFile) {
    EstateBuilder b;
    ir::JobId const box = b.box("BOX");
    ir::JobId const member = b.job("MEMBER", "BOX");
    ir::JobId const other = b.job("OTHER");
    b.estate.refusals.push_back({b.nextSpan(), "MEMBER"});
    diag::Diagnostics diags;
    analysis::link(b.estate, diags);
    EXPECT_TRUE(b.estate.workflows[b[box].workflow].refused);
    EXPECT_TRUE(b[member].refused);
    EXPECT_FALSE(b.estate.workflows[b[other].workflow].refused);

    EstateBuilder c;
    ir::JobId const here = c.job("HERE");
    FileId const elsewhere = *c.estate.sources.add("other.jil", "insert_job X\n");
    ir::JobId const there = c.job("THERE");
    c[there].origin = c.estate.sources.span(elsewhere, 0, 6);
    c.estate.refusals.push_back({c.estate.sources.span(elsewhere, 7, 9), ""});
    analysis::link(c.estate, diags);
    EXPECT_FALSE(c.estate.workflows[c[here].workflow].refused);
    EXPECT_TRUE(c.estate.workflows[c[there].workflow].refused);
}
