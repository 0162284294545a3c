// Edges and trigger rules as conditions; sensors; the tasks in front of folders and behind them.
#include "analysis/equivalence/orders/Lifting.h"

#include <fmt/format.h>

namespace hoist::equivalence {

namespace {
constexpr int64_t secondsADay = 86'400;
} // namespace

ir::ExprId Lifting::fact(std::string const& name, ir::Scope::Kind date, int32_t offset) {
    ir::Atom atom;
    atom.kind = ir::Atom::Kind::fact;
    atom.name = into.save(name);
    atom.scope.kind = date;
    atom.scope.offset = offset;
    return into.conditions.atom(atom);
}

/// The task ended OK, or it failed for good.
ir::ExprId Lifting::endedOk(TaskId up) {
    std::string const name = edgeName(*dag, up, "ok") + copyText;
    addFact(here[up.value], name);
    return fact(name);
}

ir::ExprId Lifting::failed(TaskId up) {
    std::string const name = edgeName(*dag, up, "failed") + copyText;
    ir::JobId const job = here[up.value];
    uint32_t const index = addFact(job, name, true);
    ir::OrderPolicy& policy = policyOf(job);
    bool isKnown = false;
    for (ir::EndRule const& rule : policy.rules)
        for (ir::EndAction const& one : rule.actions) {
            isKnown |= one.kind == ir::EndAction::Kind::changeFact && one.fact == index;
            if (one.kind == ir::EndAction::Kind::rerun)
                unknown(fmt::format("`{}` is retried, and a task waits for its failure",
                                    dag->tasks[up].id));
        }
    if (!isKnown) {
        ir::EndRule rule;
        rule.test.kind = ir::EndTest::Kind::notOk;
        rule.actions.push_back(action(ir::EndAction::Kind::changeFact, index));
        policy.rules.push_back(std::move(rule));
    }
    return fact(name);
}

/// Failed itself, or upstream_failed because of one before it (AF-012).
void Lifting::addFailures(TaskId up, std::set<uint32_t>& seen,
                          llvm::SmallVector<ir::ExprId, 4>& found) {
    if (!seen.insert(up.value).second)
        return;
    target::Task const& task = dag->tasks[up];
    if (here[up.value] && runsSomething(task))
        found.push_back(failed(up));
    if (task.rule != TriggerRule::allSuccess && !task.upstream.empty())
        unknown(fmt::format("whether `{}` counts as failed hangs on its trigger rule", task.id));
    for (TaskId const before : task.upstream)
        addFailures(before, seen, found);
}

void Lifting::addWaits(TaskId id) {
    target::Task const& task = dag->tasks[id];
    ir::JobId const job = here[id.value];
    if (!job)
        return;
    copyText = llvm::StringRef(into.jobs[job].name).contains(copyMark)
                   ? llvm::StringRef(into.jobs[job].name)
                         .substr(llvm::StringRef(into.jobs[job].name).find(copyMark))
                         .str()
                   : std::string();
    if (isSensor(task))
        waitElsewhere(job, task);
    llvm::SmallVector<TaskId, 4> before;
    for (TaskId const up : task.upstream) {
        target::Task const& other = dag->tasks[up];
        if (isStart(other))
            continue; // the folder's criteria hold back all its members: checkFolderTasks
        if (isEnd(other))
            unknown(fmt::format("`{}` waits for the end of a folder", task.id));
        else if (here[up.value])
            before.push_back(up);
        if (here[up.value] && policyOf(here[up.value]).isCyclic)
            unknown(fmt::format("`{}` waits until `{}` will not run again", task.id, other.id));
        ir::JobId const root = folderOf(definitions.workflows[folder].root);
        if (here[up.value] && root && policyOf(root).isCyclic)
            unknown(fmt::format("`{}` waits for `{}` in each run of their folder anew, where a "
                                "fact would stay (CTM-093)",
                                task.id, other.id));
    }
    if (before.empty()) {
        if (!task.upstream.empty() && task.rule != TriggerRule::allSuccess)
            unknown(fmt::format("the trigger rule {} of `{}` is not read in orders", task.ruleText,
                                task.id));
        return;
    }
    llvm::SmallVector<ir::ExprId, 4> operands;
    switch (task.rule) {
    case TriggerRule::allSuccess:
        for (TaskId const up : before)
            operands.push_back(endedOk(up));
        return wait(job, into.conditions.all(operands));
    case TriggerRule::oneSuccess:
        for (TaskId const up : before)
            operands.push_back(endedOk(up));
        return wait(job, into.conditions.any(operands));
    case TriggerRule::oneFailed: {
        std::set<uint32_t> seen;
        for (TaskId const up : before)
            addFailures(up, seen, operands);
        return wait(job, into.conditions.any(operands));
    }
    case TriggerRule::allFailed:
        for (TaskId const up : before) {
            std::set<uint32_t> seen;
            llvm::SmallVector<ir::ExprId, 4> some;
            addFailures(up, seen, some);
            operands.push_back(into.conditions.any(some));
        }
        return wait(job, into.conditions.all(operands));
    case TriggerRule::always: return;
    default:
        unknown(fmt::format("the trigger rule {} of `{}` is not read in orders", task.ruleText,
                            task.id));
    }
}

/// ExternalTaskSensor: the run of the other DAG with the same logical date, or with one that
/// lies `execution_delta` before.
void Lifting::waitElsewhere(ir::JobId job, target::Task const& task) {
    std::string const dagId = textOf(task.argument("external_dag_id"));
    auto const found = bag.dagById.find(dagId);
    std::vector<std::string> names;
    if (std::string const one = textOf(task.argument("external_task_id")); !one.empty())
        names.push_back(one);
    if (json const& list = task.argument("external_task_ids"); list.is_array())
        for (json const& one : list)
            if (!llvm::is_contained(names, textOf(one)))
                names.push_back(textOf(one));
    json const& delta = task.argument("execution_delta");
    double const seconds = delta.is_number() ? delta.get<double>() : 0;
    auto const days = static_cast<int64_t>(seconds) / secondsADay;
    json const& limit = task.argument("timeout");
    bool const isKnown =
        found != bag.dagById.end() && !names.empty() &&
        task.argument("execution_date_fn").is_null() && seconds >= 0 &&
        seconds == static_cast<double>(days * secondsADay) &&
        !(limit.is_number() && limit.get<double>() < static_cast<double>(secondsADay)) &&
        clockOfRuns(bag.dags[found->second]) == clockOfRuns(*dag);
    if (!isKnown)
        return unknown(fmt::format("what the sensor `{}` waits for is not read", task.id));
    for (std::string const& name : names) {
        target::Dag const& other = bag.dags[found->second];
        auto const up = other.taskById.find(name);
        if (up == other.taskById.end())
            return unknown(
                fmt::format("the sensor `{}` waits for `{}`, which there is not", task.id, name));
        awaited.push_back({found->second, up->second});
        wait(job, fact(edgeName(other, up->second, "ok"),
                       days == 0 ? ir::Scope::Kind::sameCycle : ir::Scope::Kind::shiftedOrderDate,
                       -static_cast<int32_t>(days)));
    }
}

/// The time of the day of its logical dates, of a tick of each day; -1: of none.
int64_t Lifting::clockOfRuns(target::Dag const& other) const {
    if (other.timetable.kind != target::Timetable::Kind::ticks ||
        bag.tickSets[other.timetable.ticks].ticks.empty())
        return -1;
    return bag.tickSets[other.timetable.ticks].ticks.front() % secondsADay;
}

llvm::BitVector Lifting::behind(TaskId start) const {
    return walked({start}, [&](TaskId at) -> auto const& { return dag->tasks[at].downstream; });
}

/// All that is in a folder must stand between its two tasks (CTM-090, CTM-091).
void Lifting::checkFolderTasks() {
    for (TaskId const id : dag->tasks.ids()) {
        target::Task const& task = dag->tasks[id];
        if (!isStart(task) && !isEnd(task))
            continue;
        auto const known = definitions.jobByName.find(task.legacyJob);
        if (known == definitions.jobByName.end())
            continue; // told already
        llvm::BitVector const between = isStart(task) ? behind(id) : endedBefore(id);
        for (auto const& [other, job] : pair->jobOf)
            if (definitions.isInside(job, known->second) && !between.test(other))
                out->certain.push_back(
                    isStart(task)
                        ? fmt::format("`{}` does not wait for `{}`, with which its folder waits",
                                      dag->tasks[TaskId(other)].id, task.id)
                        : fmt::format("`{}` is not waited for by `{}`, with which its folder ends",
                                      dag->tasks[TaskId(other)].id, task.id));
        if (isStart(task)) // of an inner folder with nothing in it that is all
            for (TaskId const other : dag->tasks.ids()) {
                target::Task const& end = dag->tasks[other];
                auto const of = definitions.jobByName.find(end.legacyJob);
                if (isEnd(end) && of != definitions.jobByName.end() && !between.test(other.value) &&
                    definitions.isInside(of->second, known->second))
                    out->certain.push_back(
                        fmt::format("`{}` does not wait for `{}`, with which the folder around it "
                                    "begins",
                                    end.id, task.id));
            }
        bool const isFine = isStart(task) ? task.rule == TriggerRule::allSuccess
                                          : task.rule == TriggerRule::allDone;
        if (!isFine)
            unknown(fmt::format("the trigger rule {} of `{}` is not that of its class",
                                task.ruleText, task.id));
    }
}

} // namespace hoist::equivalence
