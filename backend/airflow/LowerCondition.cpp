// Conditions as edges, junctions and gates: the cheapest form that is exact.
//
// Inside one box run a member runs at most once (JIL-111) and box start clears all members
// (JIL-110), so an atom on the outcome of another member is decided once, when that member ends,
// and stays: it is *stable*. Stable atoms become structure:
//
//   s(a) & s(b)      [a, b] >> job                              all_success
//   s(a) | s(b)      [a, b] >> job                              one_success: starts at the first
//   (TR-04) d(a) & d(b)      [a, b] >> job                              all_done, only where a and
//   b always run (TR-07) f(a), t(a), e(a) a >> Gate(all_done) >> job                 the gate reads
//   the recorded outcome (AF-012, AF-013) f(a) | f(b)      two gates >> job one_success over the
//   gates: no waiting for the other
//
// Everything else (jobs of other workflows, look-back windows, variables, `n()`) is *unstable*:
// true now, false later. It is read from the ledger by one gate, after everything stable has come
// true, so that all parts hold at one instant (JIL-003).
#include "backend/airflow/LowerWorkflow.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>

#include <algorithm>

namespace hoist::airflow {

using ir::Atom;
using ir::Expr;
using ir::ExprId;
using ir::JobId;

/// JIL-074: what an atom on a job that is ON_ICE reads; any other expression is itself.
ExprId WorkflowLowering::icedConstant(ExprId expr) {
    ir::Conditions& pool = estate.conditions;
    if (pool[expr].kind != Expr::Kind::atom)
        return expr;
    Atom const& atom = pool.atomOf(expr);
    if (!atom.job || !atom.instance.empty() || atom.kind == Atom::Kind::variable)
        return expr;
    ir::Job const& other = estate.jobs[atom.job];
    if (!other.initialStatus || *other.initialStatus != ir::InitialStatus::onIce)
        return expr;
    assume("stays-on-ice:" + other.name.str());
    // With any look-back the atom is true.
    return pool.constant(atom.scope.hasLookBack() ||
                         (atom.kind == Atom::Kind::status &&
                          (atom.outcomes & (ir::succeeded | ir::notRunning)) != 0));
}

/// As `withoutIced`, but every other atom stays: a change of its job is what makes a box evaluate
/// its box_success (JIL-115a), also where its truth no longer matters.
ExprId WorkflowLowering::withIcedAsConstants(ExprId expr) {
    ir::Conditions& pool = estate.conditions;
    Expr::Kind const kind = pool[expr].kind;
    if (kind != Expr::Kind::all && kind != Expr::Kind::any)
        return icedConstant(expr);
    llvm::SmallVector<ExprId, 8> operands(pool.operands(expr));
    for (ExprId& operand : operands)
        operand = withIcedAsConstants(operand); // depth is limited to 1,000 by the front ends
    return kind == Expr::Kind::any ? pool.any(operands) : pool.all(operands);
}

ExprId WorkflowLowering::withoutIced(ExprId expr) {
    if (auto it = icedMemo.find(expr.value); it != icedMemo.end())
        return it->second;
    ir::Conditions& pool = estate.conditions;
    Expr const e = pool[expr];
    ExprId result = expr;
    if (e.kind == Expr::Kind::atom) {
        result = icedConstant(expr);
    } else if (e.kind == Expr::Kind::all || e.kind == Expr::Kind::any) {
        bool const absorbing = e.kind == Expr::Kind::any;
        llvm::SmallVector<ExprId, 8> kept;
        bool decided = false;
        llvm::SmallVector<ExprId, 8> const given(pool.operands(expr));
        for (ExprId operand : given) {
            ExprId const simpler =
                withoutIced(operand); // depth is limited to 1,000 by the front ends
            if (pool[simpler].kind == Expr::Kind::constant) {
                decided |= pool[simpler].value == absorbing;
                continue;
            }
            kept.push_back(simpler);
        }
        result = decided ? pool.constant(absorbing) : absorbing ? pool.any(kept) : pool.all(kept);
    }
    icedMemo[expr.value] = result;
    return result;
}

bool WorkflowLowering::isStable(JobId dependent, ir::AtomId id) const {
    Atom const& atom = estate.conditions[id];
    if (!atom.job || !atom.instance.empty() || !facts.isMember(atom.job) || !isEmitted(atom.job))
        return false;
    if (dependent == workflow.root || atom.job == dependent || estate.isInside(dependent, atom.job))
        return false;
    if (facts.isCyclic(dependent, atom.job) || facts.early.contains(atom.job.value))
        return false;
    if (atom.kind != Atom::Kind::exitCode &&
        (atom.kind != Atom::Kind::status || (atom.outcomes & ir::notRunning) != 0))
        return false;
    // Since the dependent's own last end: this run began after it (JIL-071), so the same as
    // latched.
    return atom.scope.kind == ir::Scope::Kind::latched ||
           atom.scope.kind == ir::Scope::Kind::sinceOwnLastRun ||
           atom.scope.kind == ir::Scope::Kind::sameCycle;
}

bool WorkflowLowering::isStable(JobId dependent, ExprId expr) const {
    bool stable = true;
    estate.conditions.forEachAtom(
        expr, [&](ir::AtomId atom) { stable = stable && isStable(dependent, atom); });
    return stable;
}

bool WorkflowLowering::isSuccessAtom(ExprId expr) const {
    if (estate.conditions[expr].kind != Expr::Kind::atom)
        return false;
    Atom const& atom = estate.conditions.atomOf(expr);
    return atom.kind == Atom::Kind::status && atom.outcomes == ir::succeeded;
}

Node WorkflowLowering::nodeOf(ExprId expr) const {
    JobId const job = estate.conditions.atomOf(expr).job;
    if (auto it = verdictOf.find(job.value); it != verdictOf.end())
        return it->second;
    if (auto it = boxOf.find(job.value); it != boxOf.end())
        return it->second;
    return taskOf.lookup(job.value);
}

/// Removes repeated nodes, the first one stays: linear, as a condition may name a hundred thousand
/// jobs.
static void unique(Nodes& nodes) {
    llvm::SmallDenseSet<uint64_t, 16> seen;
    llvm::erase_if(nodes, [&](Node node) {
        uint64_t const key =
            node.task ? uint64_t(node.task.value) << 1 : uint64_t(node.box.value) << 1 | 1;
        return !seen.insert(key).second;
    });
}

bool WorkflowLowering::hasEntryBetween(JobId dependent, ExprId expr) const {
    bool found = false;
    estate.conditions.forEachAtom(expr, [&](ir::AtomId id) {
        JobId const other = estate.conditions[id].job;
        for (JobId box = estate.jobs[dependent].box; box && !found; box = estate.jobs[box].box) {
            if (other && estate.isInside(other, box))
                break; // its run implies that this box runs
            found = facts.entered.contains(box.value);
        }
    });
    return found;
}

Node WorkflowLowering::junction(JobId job, llvm::StringRef suffix, Nodes upstream, TriggerRule rule,
                                BoxId box) {
    TaskId const id = addControl(job, suffix, "EmptyOperator", {}, box);
    dag.tasks[id].upstream = std::move(upstream);
    dag.tasks[id].rule = rule;
    return id;
}

Py::List WorkflowLowering::undefinedNames(ExprId when) const {
    // False for ever, where a job that the ledger merely has not seen yet reads INACTIVE.
    Py::List undefined;
    llvm::StringSet<> seen;
    estate.conditions.forEachAtom(when, [&](ir::AtomId atomId) {
        Atom const& atom = estate.conditions[atomId];
        if (atom.kind != Atom::Kind::variable && !atom.job && atom.instance.empty() &&
            seen.insert(atom.name).second)
            undefined.emplace_back(atom.name);
    });
    return undefined;
}

ExprId WorkflowLowering::unstablePart(JobId id) {
    ir::Conditions& pool = estate.conditions;
    ir::Job const& job = estate.jobs[id];
    ExprId const expr = job.condition ? withoutIced(job.condition.expr) : pool.constant(true);
    if (pool[expr].kind != Expr::Kind::all)
        return isStable(id, expr) ? pool.constant(true) : expr;
    llvm::SmallVector<ExprId, 8> unstable;
    for (ExprId operand : pool.operands(expr))
        if (!isStable(id, operand))
            unstable.push_back(operand);
    return pool.all(unstable);
}

Node WorkflowLowering::gate(JobId job, ExprId when, Nodes upstream, TriggerRule rule, BoxId box,
                            Py::Keywords more) {
    Py::Keywords arguments;
    bool const reads =
        estate.conditions[when].kind != Expr::Kind::constant || !estate.conditions[when].value;
    if (reads) {
        arguments.emplace_back("when", estate.conditions.print(when));
        noteLedgerReads(when);
        if (Py::List undefined = undefinedNames(when); !undefined.empty())
            arguments.emplace_back("undefined", Py(Py::Tuple{std::move(undefined)}));
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    TaskId const id = addControl(job, "when", "Gate", std::move(arguments), box);
    std::string const derived = llvm::StringRef(dag.tasks[id].id).drop_back(5).str();
    if (derived != estate.jobs[job].name || !llvm::StringRef(dag.tasks[id].id).ends_with(".when"))
        dag.tasks[id].arguments.insert(dag.tasks[id].arguments.begin(),
                                       {"for_job", Py(estate.jobs[job].name)});
    dag.tasks[id].upstream = std::move(upstream);
    dag.tasks[id].rule = rule;
    if (rule != TriggerRule::allSuccess)
        leavesTell = false;
    return id;
}

Node WorkflowLowering::signalOf(JobId job, ExprId expr, BoxId box) {
    ir::Conditions const& pool = estate.conditions;
    if (isSuccessAtom(expr))
        return nodeOf(expr);
    if (pool[expr].kind == Expr::Kind::atom) {
        leavesTell = false;
        return gate(job, expr, {nodeOf(expr)}, TriggerRule::allDone, box);
    }
    bool const isAll = pool[expr].kind == Expr::Kind::all;
    llvm::SmallVector<ExprId, 8> const operands(pool.operands(expr));
    bool const onlyAtoms =
        llvm::all_of(operands, [&](ExprId e) { return pool[e].kind == Expr::Kind::atom; });
    Nodes nodes;
    if (isAll && onlyAtoms && !llvm::all_of(operands, [&](ExprId e) { return isSuccessAtom(e); })) {
        // A conjunction of outcomes is decided when the last of them is known: one gate.
        for (ExprId operand : operands)
            nodes.push_back(nodeOf(operand));
        unique(nodes);
        return gate(job, expr, std::move(nodes), TriggerRule::allDone, box);
    }
    for (ExprId operand : operands)
        nodes.push_back(isAll ? signalOf(job, operand, box) : disjunct(job, operand, box));
    unique(nodes);
    if (!isAll)
        leavesTell = false;
    return junction(job, isAll ? "all" : "any", std::move(nodes),
                    isAll ? TriggerRule::allSuccess : TriggerRule::oneSuccess, box);
}

/// A signal for `one_success`, which would take the first leaf of a box for its success.
Node WorkflowLowering::disjunct(JobId job, ExprId expr, BoxId box) {
    Node const node = signalOf(job, expr, box);
    return node.task ? node : junction(job, "all", {node}, TriggerRule::allSuccess, box);
}

Start WorkflowLowering::lowerAll(JobId job, ExprId expr, BoxId box) {
    ir::Conditions& pool = estate.conditions;
    llvm::SmallVector<ExprId, 8> operands;
    if (pool[expr].kind == Expr::Kind::all)
        operands.append(pool.operands(expr).begin(), pool.operands(expr).end());
    else
        operands.push_back(expr);

    llvm::SmallVector<ExprId, 8> successes, outcomes, nested, unstable;
    for (ExprId operand : operands) {
        if (!isStable(job, operand))
            unstable.push_back(operand);
        else if (isSuccessAtom(operand))
            successes.push_back(operand);
        else if (pool[operand].kind == Expr::Kind::atom)
            outcomes.push_back(operand);
        else
            nested.push_back(operand);
    }

    Start start;
    start.when = pool.constant(true);
    bool const allSurelyDone = unstable.empty() && nested.empty() && successes.empty() &&
                               llvm::all_of(outcomes, [&](ExprId e) {
                                   Atom const& atom = pool.atomOf(e);
                                   return atom.kind == Atom::Kind::status &&
                                          atom.outcomes == ir::done &&
                                          facts.certain.contains(atom.job.value);
                               });
    if (allSurelyDone && !outcomes.empty()) {
        for (ExprId outcome : outcomes)
            start.upstream.push_back(nodeOf(outcome));
        start.rule = TriggerRule::allDone;
        leavesTell = false;
        return start;
    }
    for (ExprId success : successes)
        start.upstream.push_back(nodeOf(success));
    if (!outcomes.empty() && nested.empty()) {
        // One gate decides when the last outcome is known; it also reads what is unstable.
        for (ExprId outcome : outcomes)
            start.upstream.push_back(nodeOf(outcome));
        start.rule = TriggerRule::allDone;
        start.when = expr;
        return start;
    }
    for (ExprId outcome : outcomes)
        start.upstream.push_back(signalOf(job, outcome, box));
    for (ExprId part : nested)
        start.upstream.push_back(signalOf(job, part, box));
    if (!unstable.empty())
        start.when = pool.all(unstable);
    return start;
}

Start WorkflowLowering::lowerAny(JobId job, ExprId expr, BoxId box) {
    ir::Conditions& pool = estate.conditions;
    llvm::SmallVector<ExprId, 8> const operands(pool.operands(expr));
    llvm::SmallVector<ExprId, 8> unstable;
    Start start;
    start.when = pool.constant(true);
    for (ExprId operand : operands) {
        if (isStable(job, operand))
            start.upstream.push_back(disjunct(job, operand, box));
        else
            unstable.push_back(operand);
    }
    if (start.upstream
            .empty()) { // nothing here is decided by this DAG's own runs: one gate reads it all
        start.when = expr;
        return start;
    }
    if (!unstable.empty())
        start.upstream.push_back(
            gate(job, pool.any(unstable), {}, TriggerRule::allSuccess, box, {{"race", Py(true)}}));
    start.rule = TriggerRule::oneSuccess;
    leavesTell = false;
    return start;
}

Start WorkflowLowering::lowerCondition(JobId job, ExprId expr, BoxId box) {
    ir::Conditions& pool = estate.conditions;
    Start whole;
    whole.when = expr;
    Expr const& e = pool[expr];
    if (e.kind == Expr::Kind::constant || e.kind == Expr::Kind::negation)
        return whole;
    // A box on the way has a start condition of its own: a rule that does not demand all upstreams
    // would let the job start before its box. Then the ledger decides, behind the entry of the box.
    bool const onlySuccesses =
        isSuccessAtom(expr) ||
        (e.kind == Expr::Kind::all &&
         llvm::all_of(pool.operands(expr), [&](ExprId operand) { return isSuccessAtom(operand); }));
    if (!onlySuccesses && hasEntryBetween(job, expr))
        return whole;
    // A window closes over a member whose condition is not true yet (JIL-151): behind an edge, its
    // gate would not run then.
    ir::ScheduleId const times = estate.jobs[job].schedule;
    if (times && estate.schedules[times].window)
        return whole;
    // Alternatives that race are read before a hold or a time of the job's own, and may be false
    // again after it (JIL-086); one with `n()` even records the start there (JIL-076).
    bool const waitsAfterwards = times || estate.jobs[job].isHeld();
    if (e.kind == Expr::Kind::any && waitsAfterwards && !isStable(job, expr))
        return whole;
    return e.kind == Expr::Kind::any ? lowerAny(job, expr, box) : lowerAll(job, expr, box);
}

void WorkflowLowering::subscribe(ExprId when) {
    estate.conditions.forEachAtom(when, [&](ir::AtomId atomId) {
        Atom const& atom = estate.conditions[atomId];
        (atom.kind == Atom::Kind::variable ? subscribedVariables : subscribedJobs)
            .insert(atom.fullName());
    });
}

void WorkflowLowering::noteLedgerReads(ExprId expr) {
    estate.conditions.forEachAtom(expr, [&](ir::AtomId id) {
        Atom const& atom = estate.conditions[id];
        if (!atom.instance.empty())
            assume("instance-reports:" + atom.instance.str());
        else if (atom.kind == Atom::Kind::variable)
            assume("ledger-holds-variables");
        else if (!atom.job)
            assume("undefined-job:" + atom.name.str());
        if (atom.kind == Atom::Kind::exitCode)
            assume("exit-code-of-this-cycle");
    });
}

llvm::StringRef WorkflowLowering::formOf(Start const& start, bool hasGate) const {
    if (hasGate)
        return "gate";
    if (llvm::any_of(start.upstream, [&](Node node) {
            return node.task && dag.tasks[node.task].operatorClass == "EmptyOperator";
        }))
        return "edges through a junction";
    switch (start.rule) {
    case TriggerRule::allSuccess: return "edge all_success";
    case TriggerRule::allDone: return "edge all_done";
    case TriggerRule::oneSuccess: return "edge one_success";
    case TriggerRule::noneFailed: break; // of no condition
    }
    return "edge";
}

Start WorkflowLowering::lowerStart(JobId id, BoxId box) {
    ir::Job const& job = estate.jobs[id];
    ir::Conditions& pool = estate.conditions;
    bool const isRoot = id == workflow.root;
    ExprId const expr = job.condition ? withoutIced(job.condition.expr) : pool.constant(true);
    bool const isTrue = pool[expr].kind == Expr::Kind::constant && pool[expr].value;

    size_t const controlsBefore = controlsOf[id.value].size();
    Start start;
    start.when = pool.constant(true);
    if (!isTrue)
        start = lowerCondition(id, expr, box);
    unique(start.upstream);
    if (!start.upstream.empty())
        assume("no-ice-at-run-time"); // an edge cannot read JIL-074 while the box runs

    // JIL-085, JIL-094: in front of the gate, so that what is unstable is read after the release
    // (JIL-086).
    bool const onHold = job.begins(ir::InitialStatus::onHold);
    bool const autoHold = job.autoHold && *job.autoHold && (job.box || isRoot);
    if (onHold || autoHold) {
        Py::Keywords arguments;
        if (autoHold)
            arguments.emplace_back("auto", Py(true));
        TaskId const hold = addControl(id, "hold", "Hold", std::move(arguments), box);
        if (dag.tasks[hold].id != (job.name + ".hold").str())
            dag.tasks[hold].arguments.insert(dag.tasks[hold].arguments.begin(),
                                             {"for_job", Py(job.name)});
        dag.tasks[hold].upstream = start.upstream;
        dag.tasks[hold].rule = start.rule;
        if (start.rule != TriggerRule::allSuccess)
            leavesTell = false;
        start.upstream = {hold};
        start.rule = TriggerRule::allSuccess;
        if (onHold)
            exact(job.initialStatus.from, "hold");
        if (onHold && !isRoot) // before its box has run the ledger knows neither (JIL-118)
            assume("released-after-first-start:" + job.name.str());
        exact(job.autoHold.from, "hold");
        exact(job.initialStatusText.from, "hold");
    }

    Py::Keywords more;
    if (job.schedule) {
        ir::Schedule const& schedule = estate.schedules[job.schedule];
        bool const isMember = !isRoot;
        if (isMember) { // without days it waits for a tick that never comes (JIL-142)
            more.emplace_back("ticks", scheduleExpression(schedule));
            settleSchedule(schedule, "gate on ticks");
            assume("member-tick-kept");
        }
        if (schedule.window) {
            addWindow(schedule, more);
            exact(schedule.window.from, "gate window");
            if (!estate.settings.missedWindowClearsArm)
                assume("missed-window-clears-arm:" + job.name.str()); // as gates do
            leavesTell = false;
        }
    }
    bool const reads = pool[start.when].kind != Expr::Kind::constant || !pool[start.when].value;
    bool const isClocked = job.schedule && hasTicks(estate.schedules[job.schedule]);
    if (isRoot && !isClocked) {
        if (reads ||
            !more.empty()) // each relevant event starts a run, which decides at once (JIL-005)
            more.emplace_back("mode", Py("now"));
        // All that the condition names, also what cannot change its value: a change of any of it
        // has AutoSys look at the condition. With times it waits for a tick (JIL-142, JIL-144).
        if (job.condition && !job.schedule)
            subscribe(job.condition.expr);
    }
    bool const hasGate = reads || !more.empty();
    if (hasGate) {
        Node const node =
            gate(id, start.when, std::move(start.upstream), start.rule, box, std::move(more));
        start.upstream = {node};
        start.rule = TriggerRule::allSuccess;
        if (isRoot)
            rootGate = node.task;
    } else if (isRoot && !start.upstream.empty()) {
        rootGate = start.upstream.front().task; // a hold
    }
    if (job.condition)
        settleCondition(
            job.condition,
            isTrue ? "constant"
                   : formOf(start, controlsOf[id.value].size() > controlsBefore && hasGate));
    return start;
}

void WorkflowLowering::settleCondition(ir::ConditionRef const& condition, llvm::StringRef form) {
    exact(condition.from, form);
    for (ir::AtomUse const& use : condition.uses)
        exact(use.construct, form);
}

} // namespace hoist::airflow
