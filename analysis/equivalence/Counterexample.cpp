// From a suspicion to a proof: play a snapshot as a scenario on both sides, shrink it, tell it.
#include "analysis/equivalence/Counterexample.h"

#include "analysis/equivalence/Playing.h"
#include "analysis/semantics/Store.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringSet.h>

#include <fmt/format.h>

#include <algorithm>

namespace hoist::equivalence {

using semantics::Status;

/// Of the orders of simultaneous tasks, before a difference is one.
constexpr unsigned ordersTried = 12;

Stage::Stage(ir::Estate const& model, schedule::Ticks& clockOfEstate, Pair const& given,
             target::Bag const& loaded, target::Dag const& loadedDag, Options const& chosen)
    : estate(model), ticks(clockOfEstate), pair(given), bag(loaded), dag(loadedDag),
      options(chosen), workflow(model.workflows[given.workflow]) {}

target::DagToRun dagToRun(ir::Estate const& estate, Pair const& pair, target::Bag const& bag,
                          Options const& options) {
    target::Dag const& dag = bag.dags[pair.dag];
    target::DagToRun run;
    run.dag = pair.dag;
    run.jobs.resize(dag.tasks.size());
    for (auto const& [task, job] : pair.jobOf)
        run.jobs[task] = estate.jobs[job].name.str();
    run.box = estate.jobs[estate.workflows[pair.workflow].root].name.str();
    if (auto it = options.subscriptions.find(dag.id); it != options.subscriptions.end()) {
        run.wokenByJobs = it->second.jobs;
        run.wokenByVariables = it->second.variables;
    }
    return run;
}

/// A tick that finds the box RUNNING with nothing in it that runs, where the DAG run is over: a box
/// that hangs for ever in AutoSys and ends here (JIL-114, the assumption `stuck-box-ends`). What
/// comes from that tick on is not compared.
std::optional<int64_t> Stage::hangsUntil(semantics::Trace const& legacy,
                                         target::DagTrace const& played) const {
    llvm::StringRef const root = estate.jobs[workflow.root].name;
    for (semantics::NotStarted const& row : legacy.notStarted) {
        if (row.reason.rule != "JIL-144" || row.job != root || !estate.isGroup(workflow.root) ||
            llvm::none_of(played.runs, [&](target::RunOfDag const& run) {
                return !run.isDropped && run.end >= 0 && run.end <= row.at;
            }))
            continue;
        llvm::StringSet<> underWay;
        for (semantics::TraceEvent const& event : legacy.events) {
            if (event.at > row.at)
                break;
            auto const job = estate.jobByName.find(event.job);
            if (job == estate.jobByName.end() || estate.isGroup(job->second) ||
                !llvm::is_contained(workflow.jobs, job->second))
                continue;
            if (semantics::isUnderWay(event.status))
                underWay.insert(event.job);
            else
                underWay.erase(event.job);
        }
        if (underWay.empty())
            return row.at;
    }
    return std::nullopt;
}

bool Stage::ranSomething(target::RunOfDag const& run) const {
    return llvm::any_of(pair.jobOf, [&](auto const& row) {
        target::TaskState const state = run.tasks[row.first];
        return state == target::TaskState::success || state == target::TaskState::failed;
    });
}

/// What differs in one order of simultaneous tasks is a difference only if it does in each: no
/// system promises one (TR-52).
std::optional<Difference> Stage::judge(semantics::Scenario const& scenario, JobId about) {
    semantics::Trace const legacy = semantics::run(estate, ticks, scenario, pair.workflow);
    std::optional<Difference> found = judgeInOrder(scenario, legacy, about, 0);
    for (unsigned order = 1; found && order <= ordersTried; ++order)
        if (!judgeInOrder(scenario, legacy, {}, order))
            return std::nullopt;
    return found;
}

std::optional<Difference> Stage::judgeInOrder(semantics::Scenario const& scenario,
                                              semantics::Trace const& legacyTrace, JobId about,
                                              unsigned order) {
    target::DagTrace const played =
        target::runDags(bag, dagToRun(estate, pair, bag, options),
                        withDefinedVariables(scenario, estate), nullptr, order);
    auto const judgeUntil = [&](int64_t end) {
        semantics::Scenario known = scenario;
        known.end = end;
        return judgeInOrder(known, semantics::run(estate, ticks, known, pair.workflow), about,
                            order);
    };
    if (!played.guesses.empty()) {
        // What it would show from there on rests on a guess.
        if (played.guessedAt <= scenario.start)
            return std::nullopt;
        return judgeUntil(played.guessedAt);
    }
    if (std::optional<int64_t> const at = hangsUntil(legacyTrace, played))
        return judgeUntil(*at);

    std::set<std::string> names;
    for (JobId id : workflow.jobs)
        if (!estate.isGroup(id))
            names.insert(estate.jobs[id].name.str());
    auto const legacy = livesOf(legacyTrace, names);
    auto const airflow = livesOf(played.trace, names);
    Life const none;
    auto const lifeOf = [&](auto const& lives, std::string const& name) -> Life const& {
        auto it = lives.find(name);
        return it == lives.end() ? none : it->second;
    };
    // The first job, in time, whose life differs.
    JobId different, endsOtherwise;
    int64_t when = std::numeric_limits<int64_t>::max();
    for (JobId id : workflow.jobs) {
        if (estate.isGroup(id))
            continue;
        Life const& a = lifeOf(legacy, estate.jobs[id].name.str());
        Life const& b = lifeOf(airflow, estate.jobs[id].name.str());
        if (a.startsLike(b))
            continue;
        int64_t const at =
            std::min(a.starts.empty() ? std::numeric_limits<int64_t>::max() : a.starts.front(),
                     b.starts.empty() ? std::numeric_limits<int64_t>::max() : b.starts.front());
        if (id == about) {
            different = id;
            break;
        }
        if (at < when) {
            when = at;
            different = id;
        }
    }
    // How it ends is what other workflows read: of a run that is judged too early, say.
    if (!different)
        for (JobId id : workflow.jobs)
            if (auto task = pair.taskOf.find(id.value);
                task != pair.taskOf.end() && !endsOtherwise) {
                bool const isExact = !dag.tasks[task->second].legacyJob.empty();
                std::string const name = estate.jobs[id].name.str();
                if (!lifeOf(legacy, name).endsLike(lifeOf(airflow, name), isExact))
                    endsOtherwise = id;
            }
    Difference difference;
    ir::Job const& root = estate.jobs[workflow.root];
    if (endsOtherwise) {
        std::string const name = estate.jobs[endsOtherwise].name.str();
        Life const& a = lifeOf(legacy, name);
        Life const& b = lifeOf(airflow, name);
        difference.aspect = Difference::Aspect::verdict;
        difference.job = endsOtherwise;
        difference.definition = estate.jobs[endsOtherwise].nameSpan;
        difference.task = dag.tasks[pair.taskOf.lookup(endsOtherwise.value)].id;
        difference.legacySide = a.text();
        difference.airflowSide = b.text();
        difference.consequence =
            fmt::format("who waits for `{}` reads another status of it: {}, and {} in this DAG",
                        name, a.text(), b.text());
    } else if (different) {
        ir::Job const& job = estate.jobs[different];
        std::string const name = job.name.str();
        Life const& a = lifeOf(legacy, name);
        Life const& b = lifeOf(airflow, name);
        difference.aspect = a.starts.empty() == b.starts.empty() ? Difference::Aspect::order
                                                                 : Difference::Aspect::start;
        difference.job = different;
        difference.definition = job.condition ? job.condition.span : job.nameSpan;
        if (auto task = pair.taskOf.find(different.value); task != pair.taskOf.end())
            difference.task = dag.tasks[task->second].id;
        difference.legacySide = a.text();
        difference.airflowSide = b.text();
        difference.consequence = fmt::format("`{}` {} in {}, and {} in this DAG", name, a.text(),
                                             std::string_view(ir::toString(job.dialect)), b.text());
    } else {
        auto const status = legacyTrace.finals.find(root.name.str());
        // The last run that ran something: what did not start says nothing about its object.
        target::RunOfDag const* last = nullptr;
        for (target::RunOfDag const& run : played.runs)
            if (!run.isDropped && (last == nullptr || ranSomething(run)))
                last = &run;
        if (status == legacyTrace.finals.end() || last == nullptr ||
            last->state == target::RunState::running)
            return std::nullopt;
        llvm::StringRef const state = target::toString(last->state);
        Status const final = status->second.status;
        bool ended =
            final == Status::success || final == Status::failure || final == Status::terminated;
        bool const someBad = llvm::any_of(legacy, [&](auto const& row) {
            return llvm::any_of(row.second.ends, [&](auto const& end) {
                return end.first >= last->tick && end.second != Status::success;
            });
        });
        // A box that hangs until its own time limit ends it hangs all the same (JIL-114, JIL-121).
        if (final == Status::terminated && root.termRunTime && !someBad)
            ended = false;
        bool const expectRed = ended ? final != Status::success : someBad;
        if ((!ended && !someBad) || expectRed == (state == "failed"))
            return std::nullopt;
        difference.aspect = Difference::Aspect::verdict;
        difference.job = workflow.root;
        difference.definition = root.nameSpan;
        difference.legacySide =
            fmt::format("ends {}", std::string_view(semantics::toString(final)));
        difference.airflowSide = fmt::format("the run ends `{}`", std::string_view(state));
        difference.consequence =
            expectRed ? fmt::format("a night in which `{}` is not SUCCESS would look green (TR-10)",
                                    std::string_view(root.name))
                      : fmt::format("a night in which `{}` is SUCCESS would look red (TR-10)",
                                    std::string_view(root.name));
    }

    // The story: what was given, then both sides in order of time.
    std::vector<std::string>& story = difference.story;
    std::set<std::string> cast = castOf(estate, pair.workflow, difference.job, scenario);
    if (auto task = pair.taskOf.find(difference.job.value); task != pair.taskOf.end())
        for (target::TaskId up : dag.tasks[task->second].upstream)
            if (auto job = pair.jobOf.find(up.value); job != pair.jobOf.end())
                cast.insert(estate.jobs[job->second].name.str());
    tellGiven(scenario, names, story);
    tell(ir::toString(root.dialect), legacyTrace, cast, story);
    tell("airflow", played.trace, cast, story);
    for (target::RunOfDag const& run : played.runs) {
        if (run.isDropped)
            continue;
        for (target::TaskId task : dag.tasks.ids()) {
            target::TaskState const state = run.tasks[task.value];
            auto const job = pair.jobOf.find(task.value);
            bool const inCast =
                job != pair.jobOf.end() && cast.contains(estate.jobs[job->second].name.str());
            if (inCast &&
                (state == target::TaskState::skipped || state == target::TaskState::upstreamFailed))
                story.push_back(fmt::format("airflow: task {} ends {}", dag.tasks[task].id,
                                            std::string_view(target::toString(state))));
        }
        if (run.end >= 0)
            story.push_back(fmt::format("airflow: the run ends {}",
                                        std::string_view(target::toString(run.state))));
    }
    return difference;
}

std::optional<Difference> Stage::play(Suspicion const& suspicion, JobId about) {
    for (semantics::Scenario& scenario :
         scenariosOf(estate, ticks, pair.workflow, options.horizon, suspicion)) {
        std::optional<Difference> const first = judge(scenario, about);
        if (!first)
            continue;
        // Not at all and not in time are the same story.
        auto const isAboutEnds = [](Difference const& difference) {
            return difference.aspect == Difference::Aspect::verdict;
        };
        shrink(scenario, estate, [&](semantics::Scenario const& candidate) {
            auto const same = judge(candidate, about);
            return same && same->job == first->job && isAboutEnds(*same) == isAboutEnds(*first);
        });
        return judge(scenario, about);
    }
    return std::nullopt;
}

std::optional<Difference> Stage::playLongRun(int64_t tick, int64_t gap) {
    int64_t const seconds = 2 * gap + 600;
    semantics::Scenario scenario;
    scenario.hasEndlessCapacity = true;
    scenario.start = tick - 60;
    scenario.end = tick + seconds + gap;
    for (JobId id : workflow.jobs)
        if (ir::Job const& job = estate.jobs[id]; !job.group) {
            semantics::RunPlan plan;
            plan.exitCode = endingCode(job.exitRule, true);
            scenario.runs[job.name.str()] = {plan, plan};
            scenario.runs[job.name.str()].front().duration = seconds;
        }
    return judge(scenario, {});
}

} // namespace hoist::equivalence
