// One run of a workflow as a propositional formula; the idea stands in RunModel.h.
#include "analysis/equivalence/RunModel.h"

#include "analysis/target/When.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

#include <set>

namespace hoist::equivalence {

using target::Role;
using target::TaskId;
using target::TriggerRule;

Expressions::Expressions(ir::Estate& estate, target::Bag const& bag) {
    auto const parse = [&](llvm::StringRef text) {
        auto [it, isNew] = known.try_emplace(text);
        std::string problem;
        if (isNew)
            it->second = target::parseWhen(text, estate, problem);
    };
    for (target::Dag const& dag : bag.dags) {
        for (target::Task const& task : dag.tasks)
            for (llvm::StringRef name : {"when", "success", "failure"})
                if (nlohmann::json const& text = task.argument(name); text.is_string())
                    parse(text.get_ref<std::string const&>());
        for (target::Group const& group : dag.groups)
            for (auto const* fold : {&group.success, &group.failure})
                if (*fold)
                    parse(**fold);
    }
    comparisons.add(estate.conditions);
    for (ir::Variable const& variable : estate.variables)
        comparisons.variables.insert(variable.name.str());
}

namespace {

bool hasTicks(ir::Estate const& estate, ir::Job const& job) {
    if (!job.schedule)
        return false;
    ir::Schedule const& schedule = estate.schedules[job.schedule];
    return schedule.weekdays || schedule.runCalendar || schedule.kind == ir::Schedule::Kind::cron;
}

} // namespace

RunModel::RunModel(ir::Estate const& model, Pair const& givenPair, target::Dag const& loaded,
                   Expressions const& given)
    : estate(model), pair(givenPair), dag(loaded), expressions(given),
      workflow(model.workflows[givenPair.workflow]), facts(solver, given.comparisons),
      truth(model, workflow.root, *this, facts, solver) {
    for (size_t i = 0; i < workflow.jobs.size(); ++i)
        inWorkflow[workflow.jobs[i].value] = static_cast<uint32_t>(i);
    for (TaskId id : dag.tasks.ids()) {
        States s{solver.fresh(),
                 solver.fresh(),
                 solver.fresh(),
                 solver.fresh(),
                 solver.fresh(),
                 solver.fresh(),
                 {}};
        solver.requireExactlyOne(
            {s.waiting, s.running, s.success, s.failed, s.skipped, s.upstreamFailed});
        s.doneLit = solver.any({s.success, s.failed, s.skipped, s.upstreamFailed});
        states.add(s);
        auto it = pair.guardedBy.find(id.value);
        if (it == pair.guardedBy.end() || dag.tasks[id].role == Role::verdict)
            continue;
        // The last control of a job is the one that something else than a control of it waits for.
        bool const isLast = llvm::any_of(dag.tasks[id].downstream, [&](TaskId next) {
            auto other = pair.guardedBy.find(next.value);
            return other == pair.guardedBy.end() || other->second != it->second ||
                   dag.tasks[next].role == Role::verdict;
        });
        if (isLast)
            lastControl[it->second.value] = id;
    }
    createJobs();
    createBoxes();
    encodeTasks();
    encodeBoxes();
}

void RunModel::createJobs() {
    for (ir::JobId id : workflow.jobs) {
        if (estate.isGroup(id) || isIced(id))
            continue;
        bool absent = false; // inside a box that is ON_ICE
        for (ir::JobId box = estate.jobs[id].box; box; box = estate.jobs[box].box)
            absent = absent || (box != workflow.root && isIced(box));
        if (absent)
            continue;
        Job job{solver.fresh(), solver.fresh(), solver.fresh(), solver.fresh(),
                solver.fresh(), Lit::no(),      solver.fresh()};
        solver.requireExactlyOne(
            {job.waiting, job.running, job.succeeded, job.failed, job.terminated});
        if (auto task = pair.taskOf.find(id.value); task != pair.taskOf.end()) {
            States const& s = states[task->second];
            solver.requireEqual(job.succeeded, s.success);
            solver.requireEqual(solver.any({job.failed, job.terminated}), s.failed);
            solver.requireEqual(job.running, s.running);
            job.never = solver.any({s.skipped, s.upstreamFailed});
        }
        ir::Job const& definition = estate.jobs[id];
        bool const cannotFail = definition.exitRule.kind == ir::ExitRule::Kind::any ||
                                std::holds_alternative<ir::FileWatchAction>(definition.action);
        bool const isBypassed = definition.begins(ir::InitialStatus::onNoExec);
        if (cannotFail || isBypassed)
            solver.require({!job.failed});
        if (isBypassed)
            solver.require({!job.terminated}); // JIL-092
        facts.addCodes(definition.name, {job.running, job.succeeded, job.failed, job.terminated},
                       definition.exitRule);
        jobs[id.value] = job;
    }
}

void RunModel::createBoxes() {
    for (ir::JobId id : workflow.jobs)
        if (estate.isGroup(id) && (id == workflow.root || !isIced(id)))
            boxes[id.value] = Box{Lit::no(),      Lit::yes(),     Lit::no(),      solver.fresh(),
                                  solver.fresh(), solver.fresh(), solver.fresh(), false};
    // Outer boxes first: the start of an inner one is made of the start of the one around it.
    for (ir::JobId id : workflow.jobs) {
        auto it = boxes.find(id.value);
        if (it == boxes.end())
            continue;
        ir::Job const& job = estate.jobs[id];
        Box const* const outer = boxAround(id);
        Lit const around = id == workflow.root ? Lit::yes() : outer ? outer->started : Lit::no();
        auto const control = lastControl.find(id.value);
        // A box that runs goes on when the one around it has ended, but none begins then (JIL-003):
        // whether it began before is a fact of its own.
        if (outer && id != workflow.root)
            it->second.mayBegin =
                mayEndEarly(job.box)
                    ? solver.all({outer->mayBegin, facts.named(fmt::format("begins {}", id.value))})
                    : outer->mayBegin;
        Lit started;
        if (control != lastControl.end()) {
            // Asked about by itself; here both sides share it.
            started = states[control->second].success;
        } else if (id == workflow.root) {
            started = Lit::yes();
        } else {
            Lit const condition = job.condition ? truth.of(job.condition.expr, {id}) : Lit::yes();
            Lit const held =
                job.isHeld() ? facts.named(fmt::format("held {}", id.value)) : Lit::no();
            Lit const tick =
                hasTicks(estate, job) ? facts.named(fmt::format("tick {}", id.value)) : Lit::yes();
            started = solver.all({around, condition, !held, tick});
            if (job.condition && truth.isUnstable(job.condition.expr, id)) {
                // It may have started when what it reads was true, and that may be over.
                Lit const before = solver.fresh();
                solver.require({!before, around});
                started = solver.any({started, before});
            }
        }
        it->second.started = started;
    }
}

RunModel::Decision RunModel::decide(target::Task const& task) {
    llvm::SmallVector<Lit, 8> success, bad, skipped, done, notSuccess, successOrSkip, ran;
    for (TaskId id : task.upstream) {
        States const& s = states[id];
        success.push_back(s.success);
        bad.push_back(solver.any({s.failed, s.upstreamFailed}));
        skipped.push_back(s.skipped);
        done.push_back(s.doneLit);
        successOrSkip.push_back(solver.any({s.success, s.skipped}));
        ran.push_back(solver.any({s.success, s.failed}));
    }
    if (task.upstream.empty())
        return {Lit::yes(), Lit::no(), Lit::no()};
    Lit const someSuccess = solver.any(success), someBad = solver.any(bad),
              someSkipped = solver.any(skipped), allDone = solver.all(done),
              allSkipped = solver.all(skipped);
    switch (task.rule) {
    case TriggerRule::allSuccess: return {solver.all(success), someSkipped, someBad};
    case TriggerRule::allFailed:
        return {solver.all(bad), solver.any({someSuccess, someSkipped}), Lit::no()};
    case TriggerRule::allDone:
    case TriggerRule::allDoneSetupSuccess: return {allDone, Lit::no(), Lit::no()};
    case TriggerRule::allDoneMinOneSuccess:
        return {solver.all({allDone, !someSkipped, someSuccess}), someSkipped,
                solver.all({allDone, !someSkipped, !someSuccess})};
    case TriggerRule::oneSuccess:
        return {someSuccess, allSkipped, solver.all({allDone, !someSuccess, !allSkipped})};
    case TriggerRule::oneFailed: return {someBad, solver.all({allDone, !someBad}), Lit::no()};
    case TriggerRule::oneDone:
        return {solver.any(ran), solver.all({allDone, !solver.any(ran)}), Lit::no()};
    case TriggerRule::noneFailed: return {solver.all(successOrSkip), Lit::no(), someBad};
    case TriggerRule::noneFailedMinOneSuccess:
        return {solver.all({solver.all(successOrSkip), someSuccess}), allSkipped, someBad};
    case TriggerRule::noneSkipped:
        return {solver.all({allDone, !someSkipped}), someSkipped, Lit::no()};
    case TriggerRule::allSkipped:
        return {allSkipped, solver.any({someSuccess, someBad}), Lit::no()};
    case TriggerRule::always: return {Lit::yes(), Lit::no(), Lit::no()};
    case TriggerRule::unknown: break;
    }
    return {solver.fresh(), solver.fresh(), solver.fresh()};
}

/// A shim's task asks the ledger for its box before it starts (docs/runtime.md). When a box is over
/// the ledger knows from what the DAG tells of it: compared with the definition by itself.
Lit RunModel::runOf(ir::JobId job, TaskId task, Decision const& decision) {
    bool const asksLedger = !dag.tasks[task].legacyJob.empty();
    if (!asksLedger || !boxAround(job))
        return decision.run;
    return solver.all({decision.run, !heldInLedger(job), !overInLedger(job)});
}

/// An automatic hold holds from the start of the box on, wherever the Hold stands (JIL-094).
Lit RunModel::heldInLedger(ir::JobId job) {
    bool const isHeld = llvm::any_of(pair.guardedBy, [&](auto const& row) {
        target::Task const& control = dag.tasks[TaskId(row.first)];
        return row.second == job && control.role == Role::hold && control.argument("auto") == true;
    });
    return isHeld ? facts.named(fmt::format("held {}", job.value)) : Lit::no();
}

Lit RunModel::overInLedger(ir::JobId job) {
    Box const* const box = boxAround(job);
    if (!box)
        return Lit::no();
    ir::JobId const id = estate.jobs[job].box;
    auto const group = pair.groupOf.find(id.value);
    bool const isTold = llvm::any_of(pair.guardedBy,
                                     [&](auto const& row) {
                                         return row.second == id &&
                                                dag.tasks[TaskId(row.first)].role == Role::verdict;
                                     }) ||
                        (group != pair.groupOf.end() && dag.groups[group->second].isBox);
    return isTold ? solver.any({box->over, !box->mayBegin}) : !box->mayBegin;
}

void RunModel::encodeTasks() {
    // Which boxes may be over before all of their members have ended (JIL-115…117, 083): needed
    // before the tasks, which ask.
    for (size_t i = workflow.jobs.size(); i-- > 0;) { // inner boxes first
        ir::JobId const id = workflow.jobs[i];
        auto it = boxes.find(id.value);
        if (it == boxes.end())
            continue;
        ir::Group const& group = estate.groups[estate.jobs[id].group];
        llvm::SmallVector<Lit, 4> ends;
        for (ir::ConditionRef const* fold : {&group.success, &group.failure})
            if (*fold)
                ends.push_back(truth.of(fold->expr, {.dependent = id, .isFold = true}));
        for (ir::JobId member : group.members) {
            ir::Job const& job = estate.jobs[member];
            std::optional<StatusLits> const status = statusOf(member);
            if (status && job.boxTerminator && *job.boxTerminator) // JIL-116
                ends.push_back(solver.any({status->failed, status->terminated}));
        }
        it->second.over = solver.any(ends);
        it->second.isEarly = !it->second.over.isNo();
    }
    std::vector<uint32_t> missing(dag.tasks.size());
    for (TaskId id : dag.tasks.ids()) {
        missing[id.value] = static_cast<uint32_t>(dag.tasks[id].upstream.size());
        if (missing[id.value] == 0)
            order.push_back(id);
    }
    for (size_t i = 0; i < order.size(); ++i)
        for (TaskId next : dag.tasks[order[i]].downstream)
            if (--missing[next.value] == 0)
                order.push_back(next);
    for (TaskId id : order)
        encodeTask(id);
}

bool RunModel::mayPassEarly(TaskId gate) const {
    // Everything that the nodes between the gate and its job wait for beside the gate must be
    // settled when the gate passes: an ancestor of the gate.
    llvm::DenseSet<uint32_t> ancestors{gate.value};
    llvm::SmallVector<TaskId, 8> open{gate};
    while (!open.empty()) {
        for (TaskId up : dag.tasks[open.pop_back_val()].upstream)
            if (ancestors.insert(up.value).second)
                open.push_back(up);
    }
    llvm::SmallVector<TaskId, 8> below{gate};
    llvm::DenseSet<uint32_t> seen;
    while (!below.empty()) {
        for (TaskId next : dag.tasks[below.pop_back_val()].downstream) {
            target::Task const& task = dag.tasks[next];
            if (task.role == Role::verdict || !seen.insert(next.value).second)
                continue;
            if (task.rule != TriggerRule::oneSuccess)
                for (TaskId up : task.upstream)
                    if (!ancestors.contains(up.value) && !seen.contains(up.value))
                        return true;
            if (task.role != Role::job && task.role != Role::opaque)
                below.push_back(next);
        }
    }
    return false;
}

void RunModel::encodeTask(TaskId id) {
    target::Task const& task = dag.tasks[id];
    States const& s = states[id];
    Decision const decision = decide(task);
    Lit const undecided = solver.all({!decision.run, !decision.skip, !decision.fail});
    if (auto it = pair.jobOf.find(id.value);
        it != pair.jobOf.end() && jobs.contains(it->second.value)) {
        ir::JobId const jobId = it->second;
        Lit const free = jobs[jobId.value].free;
        Lit const starts = runOf(jobId, id, decision);
        Lit const started = solver.any({s.running, s.success, s.failed});
        // Its box may be over by now, and even by its end (JIL-116): it has started before.
        solver.require({free, !started, decision.run});
        if (Box const* const box = boxAround(jobId); box && !task.legacyJob.empty()) {
            solver.require({free, !started, box->mayBegin});
            solver.require({free, !started, !heldInLedger(jobId)});
        }
        solver.require({free, started, !starts});
        solver.require({free, !s.upstreamFailed, decision.fail});
        solver.require({free, !s.skipped, decision.skip, solver.all({decision.run, !starts})});
        solver.require({free, !s.waiting, undecided});
        return;
    }
    auto const guarded = pair.guardedBy.find(id.value);
    switch (task.role) {
    case Role::junction:
        solver.require({!s.running});
        solver.require({!s.failed});
        solver.requireEqual(s.success, decision.run);
        break;
    case Role::gate: {
        if (guarded == pair.guardedBy.end())
            break;
        solver.require({!s.running});
        solver.require({!s.failed});
        ir::JobId const dependent = guarded->second;
        nlohmann::json const& when = task.argument("when");
        ir::ExprId expr = estate.conditions.constant(true);
        if (when.is_string())
            if (auto parsed = expressions.of(when.get_ref<std::string const&>()))
                expr = *parsed;
        std::vector<std::string> undefined;
        if (task.argument("undefined").is_array())
            for (auto const& name : task.argument("undefined"))
                if (name.is_string())
                    undefined.push_back(name.get<std::string>());
        Reading reading{dependent, undefined, true};
        Lit const holds = truth.of(expr, reading);
        reading.upper = true;
        Lit const possible = truth.of(expr, reading);
        bool const now = task.argument("mode").is_string() && task.argument("mode") == "now";
        Lit const tick = task.argument("ticks").is_null()
                             ? Lit::yes()
                             : facts.named(fmt::format("tick {}", dependent.value));
        Lit const window = task.argument("window").is_null()
                               ? Lit::yes()
                               : facts.named(fmt::format("window-of {}", dependent.value));
        Lit const over = overInLedger(dependent);
        Lit passes = solver.all({decision.run, holds, tick, window, !over});
        Lit early = Lit::no();
        bool const isUnstableOrEarly =
            truth.isUnstable(expr, dependent) || !tick.isYes() || !window.isYes();
        if (isUnstableOrEarly) {
            reading.upper = false;
            reading.past = id.value + 1;
            early = solver.fresh();
            pasts.push_back({id, dependent, early, mayPassEarly(id)});
            solver.require({!early, solver.all({decision.run, truth.of(expr, reading)})});
        }
        // In front of a member: decided once, when its upstreams allow, on what may be true only
        // later.
        bool const once = now && dependent != workflow.root && isUnstableOrEarly;
        Lit const gaveUp = once ? solver.fresh() : Lit::no();
        passes = solver.all({passes, !gaveUp});
        passNow[id.value] = passes;
        Lit const passed = solver.any({passes, early});
        solver.requireEqual(s.success, passed);
        Lit const givesUp = solver.all(
            {decision.run, !passed, solver.any({over, now ? !holds : !possible, !window})});
        Lit const race = task.argument("race") == true && jobs.contains(dependent.value)
                             ? solver.all({!jobs[dependent.value].waiting, decision.run})
                             : Lit::no();
        solver.require({!s.upstreamFailed, decision.fail});
        solver.require({!s.skipped, decision.skip, givesUp, race});
        solver.require(
            {!s.waiting, solver.all({!passed, !decision.skip, !decision.fail, !givesUp})});
        return;
    }
    case Role::hold: {
        if (guarded == pair.guardedBy.end())
            break;
        solver.require({!s.running});
        solver.require({!s.failed});
        Lit const passes =
            solver.all({decision.run, !facts.named(fmt::format("held {}", guarded->second.value))});
        passNow[id.value] = passes;
        solver.requireEqual(s.success, passes);
        solver.require({!s.upstreamFailed, decision.fail});
        solver.require({!s.skipped, decision.skip});
        return;
    }
    case Role::verdict:
        if (guarded == pair.guardedBy.end() || !boxes.contains(guarded->second.value))
            break;
        if (guarded->second != workflow.root)
            innerHangs.push_back(hangs(guarded->second, decision));
        solver.require({!s.running});
        solver.requireEqual(s.success, solver.all({decision.run, closing(guarded->second, true)}));
        solver.requireEqual(s.failed, solver.all({decision.run, closing(guarded->second, false)}));
        break;
    case Role::job:
    case Role::opaque:
        // Runs something that no job of the workflow stands for: how it ends is anybody's guess.
        solver.require({!solver.any({s.running, s.success, s.failed}), decision.run});
        solver.require({!s.waiting, undecided});
        return;
    }
    solver.require({!s.upstreamFailed, decision.fail});
    // A verdict on a box that has not started in this run skips itself.
    solver.require(
        {!s.skipped, decision.skip, task.role == Role::verdict ? decision.run : Lit::no()});
    solver.require({!s.waiting, undecided});
}

/// The box still runs although all of its tasks have ended, and its verdict closes it.
Lit RunModel::hangs(ir::JobId box, Decision const& verdict) {
    llvm::SmallVector<Lit, 8> parts{boxes[box.value].running, verdict.run};
    for (ir::JobId id : workflow.jobs)
        if (auto task = pair.taskOf.find(id.value); task != pair.taskOf.end())
            for (ir::JobId around = estate.jobs[id].box; around; around = estate.jobs[around].box)
                if (around == box)
                    parts.push_back(states[task->second].doneLit);
    return solver.all(parts);
}

/// It may be over while members still run or wait (JIL-115, JIL-116).
bool RunModel::mayEndEarly(ir::JobId box) const {
    ir::Group const& group = estate.groups[estate.jobs[box].group];
    return group.success || group.failure || llvm::any_of(group.members, [&](ir::JobId member) {
               ir::Job const& job = estate.jobs[member];
               return job.boxTerminator && *job.boxTerminator;
           });
}

/// The box around a job of this workflow; null for its root and inside a box that is ON_ICE.
RunModel::Box const* RunModel::boxAround(ir::JobId job) const {
    ir::JobId const box = estate.jobs[job].box;
    if (!box || job == workflow.root)
        return nullptr;
    auto it = boxes.find(box.value);
    return it == boxes.end() ? nullptr : &it->second;
}

std::optional<StatusLits> RunModel::statusOf(ir::JobId job) const {
    if (auto it = jobs.find(job.value); it != jobs.end())
        return StatusLits{it->second.running, it->second.succeeded, it->second.failed,
                          it->second.terminated};
    if (auto it = boxes.find(job.value); it != boxes.end())
        return StatusLits{it->second.running, it->second.succeeded, it->second.failed,
                          it->second.terminated};
    return std::nullopt;
}

Lit RunModel::isNever(ir::JobId job) const {
    auto it = jobs.find(job.value);
    return it == jobs.end() ? Lit::no() : it->second.never;
}

/// What a verdict makes of a box when nothing more will run: members that never started count for
/// nothing (docs/runtime.md, "Verdict").
Lit RunModel::closing(ir::JobId id, bool success) {
    Box const& box = boxes[id.value];
    ir::Group const& group = estate.groups[estate.jobs[id].group];
    if (box.isEarly)
        return success ? box.succeeded : solver.all({box.started, !box.succeeded});
    llvm::SmallVector<Lit, 8> bad;
    for (ir::JobId member : group.members) {
        if (std::optional<StatusLits> const status = statusOf(member)) {
            bad.push_back(status->failed);
            bad.push_back(status->terminated);
        }
    }
    Lit const someBad = solver.any(bad);
    return solver.all({box.started, success ? !someBad : someBad});
}

void RunModel::encodeBoxes() {
    for (ir::JobId id : workflow.jobs) {
        auto it = boxes.find(id.value);
        if (it == boxes.end())
            continue;
        Box const& box = it->second;
        ir::Group const& group = estate.groups[estate.jobs[id].group];
        Lit const waiting = !box.started;
        solver.requireExactlyOne({waiting, box.running, box.succeeded, box.failed, box.terminated});
        llvm::SmallVector<Lit, 8> completed, bad, terminators;
        for (ir::JobId member : group.members) {
            std::optional<StatusLits> const status = statusOf(member);
            if (!status)
                continue; // ON_ICE: ignored by the fold (JIL-088)
            Lit const isBad = solver.any({status->failed, status->terminated});
            completed.push_back(
                solver.any({status->succeeded, status->failed, status->terminated}));
            bad.push_back(isBad);
            if (ir::Job const& job = estate.jobs[member]; job.boxTerminator && *job.boxTerminator)
                terminators.push_back(isBad);
        }
        Lit const all = solver.all(completed), someBad = solver.any(bad);
        if (box.isEarly) {
            // Which test fires first depends on the order of ends: any of those that hold. A test
            // of its own replaces the default one (JIL-115).
            Lit const good = group.success
                                 ? truth.of(group.success.expr, {.dependent = id, .isFold = true})
                                 : solver.all({all, !someBad});
            Lit const failing =
                group.failure ? truth.of(group.failure.expr, {.dependent = id, .isFold = true})
                              : solver.all({all, someBad});
            solver.require({!box.succeeded, good});
            solver.require({!box.failed, failing});
            solver.require({!box.terminated, solver.any(terminators)}); // JIL-116
            for (Lit ends : {box.over, good, failing})
                solver.require({!box.running, !ends});
            continue;
        }
        solver.require({!box.terminated});
        solver.requireEqual(box.succeeded, solver.all({box.started, all, !someBad}));
        solver.requireEqual(box.failed, solver.all({box.started, all, someBad}));
    }
}

Lit RunModel::legacyStart(ir::JobId id) {
    ir::Job const& job = estate.jobs[id];
    Lit boxRuns = Lit::yes();
    if (Box const* const box = boxAround(id))
        boxRuns = solver.all({box->started, box->mayBegin, !box->over});
    Lit const condition = job.condition ? truth.of(job.condition.expr, {id}) : Lit::yes();
    Lit const held = job.isHeld() ? facts.named(fmt::format("held {}", id.value)) : Lit::no();
    bool const isMember = id != workflow.root;
    Lit const tick = isMember && hasTicks(estate, job)
                         ? facts.named(fmt::format("tick {}", id.value))
                         : Lit::yes();
    Lit window = Lit::yes();
    if (job.schedule && estate.schedules[job.schedule].window)
        window = facts.named(fmt::format("window-of {}", id.value));
    return solver.all({boxRuns, condition, !held, tick, window});
}

} // namespace hoist::equivalence
