// `hoist verify`: shape, starts, verdict, schedule, fields of each workflow, and the verdict on it.
#include "analysis/equivalence/Verify.h"

#include "analysis/equivalence/Assumptions.h"
#include "analysis/equivalence/Counterexample.h"
#include "analysis/equivalence/CrossDag.h"
#include "analysis/equivalence/Fields.h"
#include "analysis/equivalence/Folds.h"
#include "analysis/equivalence/LocalProof.h"
#include "analysis/equivalence/RunModel.h"
#include "analysis/equivalence/Schedules.h"
#include "analysis/equivalence/orders/VerifyFolders.h"
#include "frontend/base/Threads.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <set>
#include <tuple>

namespace hoist::equivalence {

using target::Role;
using target::TaskId;

size_t Result::count(Verdict verdict) const {
    return static_cast<size_t>(llvm::count_if(
        workflows, [&](WorkflowResult const& one) { return one.verdict == verdict; }));
}

namespace {

/// JIL-142: times without days are no ticks.
bool hasTicks(ir::Schedule const& schedule) {
    return schedule.kind == ir::Schedule::Kind::cron ||
           (schedule.kind == ir::Schedule::Kind::calendar &&
            ((schedule.weekdays && *schedule.weekdays != 0) || schedule.runCalendar));
}

/// Judges one workflow against its DAG.
class Judge {
public:
    Judge(ir::Estate const& given, schedule::Ticks& clock, target::Bag const& loaded,
          Expressions const& parsed, FieldComparison& fieldComparison, llvm::ArrayRef<Pair> all,
          Pair const& matched, Options const& chosen, WorkflowResult& into)
        : estate(given), ticks(clock), bag(loaded), expressions(parsed), fields(fieldComparison),
          pairs(all), pair(matched), dag(loaded.dags[matched.dag]), options(chosen), result(into),
          workflow(given.workflows[matched.workflow]),
          stage(given, clock, matched, loaded, dag, chosen) {}

    void run() {
        for (TaskId id : dag.tasks.ids()) {
            target::Task const& task = dag.tasks[id];
            auto const guarded = pair.guardedBy.find(id.value);
            if (task.role != Role::gate || guarded == pair.guardedBy.end())
                continue;
            bool const hasClock =
                !task.argument("ticks").is_null() || !task.argument("window").is_null();
            if (hasClock || !gateOf.contains(guarded->second.value))
                gateOf[guarded->second.value] = id;
        }
        compareShape();
        compareStarts();
        compareFolds(estate, pair, dag, expressions, options.budget, model, result.findings);
        compareRootGate();
        compareWakers();
        compareEnding();
        noteAssumptions(estate, pair.workflow, findings());
        if (estate.isGroup(workflow.root) && canHang())
            noteStuckBox(estate, pair.workflow, findings());
        compareSchedule(estate, ticks, pair.workflow, bag, dag, options.horizon, result.findings);
        compareMemberClocks();
        compareAcrossDags(estate, ticks, bag, pairs, pair, options, result.findings);
        fields.compareDag(pair.workflow, dag, result.findings);
        compareLongRun();
        for (JobId job : workflow.jobs)
            if (auto it = pair.taskOf.find(job.value); it != pair.taskOf.end())
                fields.compareTask(job, dag, dag.tasks[it->second], result.findings);
    }

private:
    Findings& findings() { return result.findings; }
    ir::Job const& job(JobId id) const { return estate.jobs[id]; }

    bool isIced(JobId id) const { return job(id).begins(ir::InitialStatus::onIce); }
    /// Defined ON_ICE, or inside a box that is.
    bool isAbsent(JobId id) const {
        for (JobId at = id; at && at != workflow.root; at = job(at).box)
            if (isIced(at))
                return true;
        return false;
    }

    void differ(Difference difference) { findings().differences.push_back(std::move(difference)); }

    void compareShape() {
        for (JobId id : workflow.jobs) {
            if (estate.isGroup(id))
                continue;
            auto const task = pair.taskOf.find(id.value);
            bool const has = task != pair.taskOf.end();
            if (isAbsent(id) && has)
                differ({Difference::Aspect::shape,
                        id,
                        job(id).nameSpan,
                        dag.tasks[task->second].id,
                        "is ON_ICE, or in a box that is: it never starts",
                        "has a task",
                        fmt::format("`{}` would run, which AutoSys does not let happen (JIL-088)",
                                    std::string_view(job(id).name)),
                        {}});
            else if (!isAbsent(id) && !has)
                differ({Difference::Aspect::shape,
                        id,
                        job(id).nameSpan,
                        "",
                        "is a job of this workflow",
                        "has no task",
                        fmt::format("`{}` would never run", std::string_view(job(id).name)),
                        {}});
        }
        for (TaskId id : pair.strangers) {
            target::Task const& task = dag.tasks[id];
            std::string const what = fmt::format(
                "`{}` is a {} that no job of the definition stands for", task.id, task.type);
            if (task.role == Role::job)
                differ({Difference::Aspect::shape,
                        workflow.root,
                        job(workflow.root).nameSpan,
                        task.id,
                        "defines no such job",
                        "runs it",
                        "something would run that the legacy scheduler does not run",
                        {}});
            else
                findings().unknowns.push_back(
                    {what + ", and what it does is not known", workflow.root, task.id});
        }
    }

    void compareStarts() {
        LocalProof const local(estate, pair, dag);
        llvm::SmallVector<RunModel::Question, 8> open;
        for (JobId id : workflow.jobs) {
            auto const task = pair.taskOf.find(id.value);
            if (estate.isGroup(id) || task == pair.taskOf.end() || isAbsent(id))
                continue;
            ++result.jobs;
            if (local.startsAlike(id))
                ++result.provedLocally;
            else
                open.push_back({id, task->second});
        }
        // Boxes that a gate or a hold lets start.
        for (JobId id : workflow.jobs)
            if (estate.isGroup(id))
                if (TaskId const control = lastControlOf(id))
                    open.push_back({id, control});
        result.starts = Proof::local;
        endsLocally = local.endsAlike();
        checkRootIsGuarded();
        if (open.empty() && (endsLocally || result.jobs == 0))
            return;
        model.emplace(estate, pair, dag, expressions);
        if (!open.empty())
            result.starts = Proof::global;
        for (RunModel::Question const& question : open)
            ask(question);
    }

    /// How the root's gate waits (JIL-005, JIL-144).
    void compareRootGate() {
        TaskId const entry = lastControlOf(workflow.root);
        if (!entry || dag.tasks[entry].role != Role::gate || !job(workflow.root).condition)
            return;
        ir::Job const& root = job(workflow.root);
        bool const isClocked = root.schedule.isValid() && hasTicks(estate.schedules[root.schedule]);
        bool const isNow = dag.tasks[entry].argument("mode") == "now";
        if (isClocked && isNow)
            differ({Difference::Aspect::start,
                    workflow.root,
                    root.condition.span,
                    dag.tasks[entry].id,
                    "a tick whose condition is false arms the job",
                    "decides once, at the tick",
                    fmt::format("`{}` would not start when its condition comes true after the tick "
                                "(JIL-144)",
                                std::string_view(root.name)),
                    {}});
        else if (!isClocked && !isNow)
            findings().unknowns.push_back({"a run that an event started waits for the condition "
                                           "and keeps later events out, where "
                                           "AutoSys looks at each event (JIL-005)",
                                           workflow.root, dag.tasks[entry].id});
    }

    /// JIL-005: whatever the condition of a workflow without times names has AutoSys look at it,
    /// also what cannot change its value; `hoistctl dispatch` looks at what the manifest lists.
    void compareWakers() {
        ir::Job const& root = job(workflow.root);
        if (!options.hasManifest || !root.condition || root.schedule ||
            dag.timetable.kind != target::Timetable::Kind::none)
            return;
        Options::Subscription given;
        if (auto const it = options.subscriptions.find(dag.id); it != options.subscriptions.end())
            given = it->second;
        std::set<std::string> missing;
        estate.conditions.forEachAtom(root.condition.expr, [&](ir::AtomId id) {
            ir::Atom const& atom = estate.conditions[id];
            bool const isVariable = atom.kind == ir::Atom::Kind::variable;
            if (!isVariable && atom.instance.empty() && (!atom.job || isIced(atom.job)))
                return; // it never changes
            std::string name = atom.fullName();
            if (!llvm::is_contained(isVariable ? given.variables : given.jobs, name))
                missing.insert(std::move(name));
        });
        if (missing.empty())
            return;
        std::string const names = llvm::join(missing, ", ");
        differ({Difference::Aspect::start,
                workflow.root,
                root.condition.span,
                "",
                fmt::format("looks at its condition when {} changes", names),
                fmt::format("no run begins when {} changes: the manifest does not list it", names),
                fmt::format("`{}` would not start when its condition holds then (JIL-005)",
                            std::string_view(root.name)),
                {}});
    }

    /// TR-51: a tick that comes while a run goes on never exists (JIL-144); Airflow by itself makes
    /// it up. Where ticks are an hour apart or less, or as an alarm of the definition expects such
    /// runs, that is no far-fetched night. Else it is the assumption `no-tick-while-running`.
    void compareLongRun() {
        ir::Job const& root = job(workflow.root);
        bool const isMine = llvm::any_of(
            dag.tasks, [](target::Task const& task) { return !task.legacyJob.empty(); });
        if (isMine || !root.schedule || dag.maxActiveRuns != 1 ||
            dag.timetable.kind != target::Timetable::Kind::ticks ||
            estate.schedules[root.schedule].whileRunning != ir::TickWhileRunning::drop)
            return;
        int64_t ordinary = 3600;
        for (auto const* limit : {&root.alarms.maxRun, &root.termRunTime})
            if (*limit)
                ordinary = std::max<int64_t>(ordinary, **limit * 60);
        std::vector<int64_t> const& ticksOfDag = bag.tickSets[dag.timetable.ticks].ticks;
        for (size_t i = 1; i < ticksOfDag.size(); ++i) {
            int64_t const gap = ticksOfDag[i] - ticksOfDag[i - 1];
            if (gap > ordinary || ticksOfDag[i - 1] - 60 < bag.from)
                continue;
            auto difference = stage.playLongRun(ticksOfDag[i - 1], gap);
            if (!difference)
                return;
            difference->aspect = Difference::Aspect::limit;
            difference->consequence = fmt::format(
                "after a run of {} that takes longer than to the next tick, Airflow makes a run up "
                "for it; AutoSys drops the tick (JIL-144, TR-51)",
                std::string_view(root.name));
            differ(std::move(*difference));
            return;
        }
    }

    /// Own times and run windows, against the gates in front of the tasks.
    void compareMemberClocks() {
        for (JobId id : workflow.jobs) {
            ir::Job const& one = job(id);
            if (!one.schedule && !gateOf.contains(id.value))
                continue;
            target::Task const* const gate =
                gateOf.contains(id.value) ? &dag.tasks[gateOf.lookup(id.value)] : nullptr;
            if (id == workflow.root) {
                compareWindow(estate, id, gate, findings());
                continue;
            }
            target::TickSet const* ticksOfGate = nullptr;
            if (gate)
                ticksOfGate = tickSetOf(*gate);
            if (!isAbsent(id))
                compareMemberSchedule(estate, ticks, id, bag, gate, ticksOfGate, options.horizon,
                                      findings());
        }
    }

    /// The ticks of a gate's argument `ticks`, as Airflow enumerated them.
    target::TickSet const* tickSetOf(target::Task const& gate) const {
        nlohmann::json const& argument = gate.argument("ticks");
        if (!argument.is_object())
            return nullptr;
        auto const name = argument.find("ticks");
        if (name == argument.end() || !name->is_string())
            return nullptr;
        auto const found = bag.tickSetByName.find(name->get_ref<std::string const&>());
        return found == bag.tickSetByName.end() ? nullptr : &bag.tickSets[found->second];
    }

    TaskId lastControlOf(JobId id) const {
        TaskId found;
        for (TaskId task : dag.tasks.ids()) {
            auto it = pair.guardedBy.find(task.value);
            if (it == pair.guardedBy.end() || it->second != id ||
                dag.tasks[task].role == Role::verdict)
                continue;
            bool const isLast = llvm::any_of(dag.tasks[task].downstream, [&](TaskId next) {
                auto other = pair.guardedBy.find(next.value);
                return other == pair.guardedBy.end() || other->second != id ||
                       dag.tasks[next].role == Role::verdict;
            });
            if (isLast)
                found = task;
        }
        return found;
    }

    /// A top-level box with a condition or a hold needs something that waits for it.
    void checkRootIsGuarded() {
        ir::Job const& root = job(workflow.root);
        if (!estate.isGroup(workflow.root) || lastControlOf(workflow.root))
            return;
        if (!root.condition && !root.isHeld())
            return;
        for (target::Task const& task : dag.tasks)
            if (task.upstream.empty() && task.role == Role::opaque) {
                findings().unknowns.push_back(
                    {fmt::format("the run begins with `{}`, a {}, whose effect is not known",
                                 task.id, task.type),
                     workflow.root, task.id});
                return;
            }
        std::string const waits = root.condition
                                      ? "waits for " + estate.conditions.print(root.condition.expr)
                                      : std::string("is on hold until an operator releases it");
        differ(
            {Difference::Aspect::start,
             workflow.root,
             root.condition ? root.condition.span : root.nameSpan,
             "",
             waits,
             "starts its tasks at once",
             fmt::format("the members of `{}` would start without what the box waits for (JIL-003)",
                         std::string_view(root.name)),
             {}});
    }

    void ask(RunModel::Question question) {
        Solver::Answer const answer = model->disagree(question, options.budget);
        std::string const name = job(question.job).name.str();
        std::string const& task = dag.tasks[question.task].id;
        if (answer == Solver::Answer::unsatisfiable) {
            if (jobsOnly(question))
                ++result.provedBySolver;
            return;
        }
        if (answer == Solver::Answer::outOfBudget) {
            findings().unknowns.push_back(
                {fmt::format(
                     "the start of `{}` was not decided within {} conflicts; `--budget` sets how "
                     "many",
                     name, options.budget),
                 question.job, task});
            return;
        }
        if (auto opaque = model->opaqueAncestor(question.task)) {
            findings().unknowns.push_back(
                {fmt::format("`{}` waits for `{}`, a {}, whose effect is not known", name,
                             dag.tasks[*opaque].id, dag.tasks[*opaque].type),
                 question.job, task});
            return;
        }
        auto difference =
            playUntilShown(question.job, [&] { return model->disagree(question, options.budget); });
        if (difference) {
            result.starts = Proof::executed;
            // What one job does differently shows again in the questions about those behind it.
            if (played.insert({difference->job.value, difference->aspect}).second)
                differ(std::move(*difference));
            return;
        }
        findings().unknowns.push_back(
            {fmt::format(
                 "a combination of states may start `{}` on one side only, but no scenario was "
                 "found that reaches it",
                 name),
             question.job, task});
    }

    /// Plays the model that the solver has, and while none shows anything some others that it
    /// finds.
    std::optional<Difference> playUntilShown(JobId about,
                                             llvm::function_ref<Solver::Answer()> next) {
        constexpr int models = 12;
        std::optional<Difference> shown;
        for (int i = 0; i < models; ++i) {
            shown = stage.play(Suspicion::of(estate, pair.workflow, *model), about);
            if (shown)
                break;
            model->excludeModel();
            if (next() != Solver::Answer::satisfiable)
                break;
        }
        model->startOver();
        return shown;
    }

    bool jobsOnly(RunModel::Question question) const { return !estate.isGroup(question.job); }

    void compareEnding() {
        result.ending = Proof::local;
        if (endsLocally)
            return;
        if (!model)
            model.emplace(estate, pair, dag, expressions);
        result.ending = Proof::global;
        if (model->judgesTooEarly(options.budget) == Solver::Answer::satisfiable) {
            if (auto difference = playUntilShown(
                    workflow.root, [&] { return model->judgesTooEarly(options.budget); })) {
                result.ending = Proof::executed;
                if (played.insert({difference->job.value, difference->aspect}).second)
                    differ(std::move(*difference));
                return;
            }
            findings().unknowns.push_back(
                {"the run may be judged while a member still runs, but no scenario "
                 "was found in which that shows",
                 workflow.root, ""});
            return;
        }
        switch (model->verdictsDisagree(options.budget)) {
        case Solver::Answer::unsatisfiable: return;
        case Solver::Answer::outOfBudget:
            findings().unknowns.push_back(
                {"how the run ends was not decided within the budget", workflow.root, ""});
            return;
        case Solver::Answer::satisfiable: break;
        }
        if (auto difference = playUntilShown(
                workflow.root, [&] { return model->verdictsDisagree(options.budget); })) {
            result.ending = Proof::executed;
            // What makes a job start differently usually makes the run end differently: told once.
            if (findings().differences.empty() || difference->aspect == Difference::Aspect::verdict)
                differ(std::move(*difference));
            return;
        }
        findings().unknowns.push_back({"a run may end in another way than the definition says, but "
                                       "no scenario was found that shows "
                                       "it",
                                       workflow.root, ""});
    }

    /// Whether some member may never start, so that AutoSys's box would hang (JIL-114).
    bool canHang() {
        if (!model && llvm::all_of(workflow.jobs, [&](JobId id) {
                ir::ConditionRef const& condition = job(id).condition;
                return !condition || id == workflow.root;
            }))
            return false; // every member starts, so every member ends
        // Proved by their shape, jobs wait for successes only, and any job can be killed.
        if (!model && result.jobs == result.provedLocally)
            return true;
        if (!model)
            model.emplace(estate, pair, dag, expressions);
        return model->canHang(options.budget) == Solver::Answer::satisfiable;
    }

    ir::Estate const& estate;
    schedule::Ticks& ticks;
    target::Bag const& bag;
    Expressions const& expressions;
    FieldComparison& fields;
    llvm::ArrayRef<Pair> pairs;
    Pair const& pair;
    target::Dag const& dag;
    Options const& options;
    WorkflowResult& result;
    ir::Workflow const& workflow;
    Stage stage;
    std::optional<RunModel> model;
    bool endsLocally = false;
    llvm::DenseMap<uint32_t, TaskId>
        gateOf; ///< of a job or box, the one with times or a window first
    std::set<std::pair<uint32_t, Difference::Aspect>> played;
};

/// A workflow without a DAG.
void judgeMissing(ir::Estate const& estate, Options const& options, WorkflowResult& result) {
    ir::Workflow const& workflow = estate.workflows[result.workflow];
    ir::Job const& root = estate.jobs[workflow.root];
    if (workflow.refused || root.refused || options.refused.contains(root.name.str())) {
        result.findings.unknowns.push_back(
            {"hoist refuses this workflow, so there is nothing to compare it with", workflow.root,
             ""});
        return;
    }
    result.findings.differences.push_back(
        {Difference::Aspect::shape,
         workflow.root,
         root.nameSpan,
         "",
         "is a workflow of the estate",
         "has no DAG",
         fmt::format("`{}` would never run", std::string_view(root.name)),
         {}});
}

Verdict verdictOf(Findings const& findings) {
    if (!findings.differences.empty())
        return Verdict::different;
    if (!findings.unknowns.empty())
        return Verdict::unknown;
    return findings.assumptions.empty() ? Verdict::equivalent : Verdict::equivalentIf;
}

void sortFindings(Findings& findings) {
    llvm::stable_sort(findings.assumptions,
                      [](Assumption const& a, Assumption const& b) { return a.name < b.name; });
    findings.assumptions.erase(
        std::unique(findings.assumptions.begin(), findings.assumptions.end(),
                    [](Assumption const& a, Assumption const& b) { return a.name == b.name; }),
        findings.assumptions.end());
}

} // namespace

Result verify(ir::Estate& estate, target::Bag const& bag, Options const& options) {
    Result result;
    std::vector<Pair> const pairs = matchWorkflows(estate, bag, options.manifest, options.map);
    Expressions const expressions(estate, bag);
    llvm::DenseSet<uint32_t> used;
    for (Pair const& pair : pairs) {
        WorkflowResult one;
        one.workflow = pair.workflow;
        one.dag = pair.dag;
        if (pair.dag)
            used.insert(pair.dag.value);
        result.workflows.push_back(std::move(one));
    }
    std::atomic<size_t> next = 0;
    auto const judgeSome = [&](FieldComparison& fields) {
        schedule::Ticks ticks(estate);
        for (size_t i = next++; i < pairs.size(); i = next++) {
            WorkflowResult& one = result.workflows[i];
            ir::Workflow const& workflow = estate.workflows[one.workflow];
            if (!one.dag || workflow.refused)
                judgeMissing(estate, options, one);
            else if (workflow.dialect != ir::Dialect::controlm)
                Judge(estate, ticks, bag, expressions, fields, pairs, pairs[i], options, one).run();
        }
    };
    // A thread costs more than a few workflows do.
    size_t const count = std::max<size_t>(1, std::min<size_t>(options.threads, pairs.size() / 16));
    std::deque<FieldComparison> comparisons;
    for (size_t i = 0; i < count; ++i)
        comparisons.emplace_back(estate, options.alarms);
    onThreads(count, [&](size_t thread) { judgeSome(comparisons[thread]); });
    FieldComparison& fields = comparisons.front();
    for (size_t i = 1; i < count; ++i)
        fields.join(std::move(comparisons[i]));
    verifyFolders(estate, bag, pairs, options, fields, result.workflows);
    Findings shared;
    fields.compareShared(shared);
    // Findings between workflows belong to the workflow of the job they name.
    for (Difference& difference : shared.differences)
        result.workflows[estate.jobs[difference.job].workflow.value].findings.differences.push_back(
            std::move(difference));
    for (Assumption& assumption : shared.assumptions)
        result.workflows[estate.jobs[assumption.job].workflow.value].findings.assumptions.push_back(
            std::move(assumption));
    for (Unknown& unknown : shared.unknowns)
        result.workflows[estate.jobs[unknown.job].workflow.value].findings.unknowns.push_back(
            std::move(unknown));
    for (WorkflowResult& one : result.workflows) {
        sortFindings(one.findings);
        one.verdict = verdictOf(one.findings);
    }
    for (target::DagId id : bag.dags.ids())
        if (!used.contains(id.value))
            result.strangers.push_back(id);
    return result;
}

} // namespace hoist::equivalence
