// Jobs and folders of Control-M as tasks and groups.
#include "backend/airflow/LowerFolder.h"

#include "backend/airflow/Emit.h"
#include "frontend/base/Components.h"
#include "frontend/ir/Messages.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringSet.h>

#include <fmt/core.h>

#include <algorithm>

namespace hoist::airflow {

using ir::JobId;

namespace {

std::string keyOf(llvm::StringRef server, llvm::StringRef name) {
    return server.str() + '\0' + name.str();
}

} // namespace

OrderFacts::OrderFacts(ir::Estate const& given) : estate(given), forced(given) {
    for (ir::Calendar const& calendar : estate.calendars)
        ++calendarsOfName[calendar.name];
    auto const note = [&](llvm::StringRef server) { (server.empty() ? unnamed : named) = true; };
    for (JobId id : estate.jobs.ids()) {
        ir::Job const& job = estate.jobs[id];
        for (ir::FactChange const& change : job.factChanges) {
            facts[keyOf(change.server, change.name)].changes.emplace_back(id, &change);
            note(change.server);
        }
        llvm::StringSet<> seen;
        for (ir::AtomUse const& use : job.condition.uses) {
            ir::Atom const& atom = estate.conditions[use.atom];
            if (atom.kind != ir::Atom::Kind::fact)
                continue;
            note(atom.instance);
            std::string const key = keyOf(atom.instance, atom.name);
            if (seen.insert(key).second)
                facts[key].consumers.push_back(id);
        }
    }
}

/// Its facts come after each execution, and it reads those that it waits for before each (CTM-066);
/// so do the jobs of a folder that runs again (CTM-093).
bool OrderFacts::isCyclic(JobId job) const {
    JobId const root = estate.workflows[estate.jobs[job].workflow].root;
    auto const isSaid = [&](JobId one) {
        return estate.orderPolicies[estate.jobs[one].orders].isCyclic;
    };
    return isSaid(job) || isSaid(root);
}

JobId OrderFacts::producerOf(JobId consumer, ir::Atom const& atom) const {
    using Kind = ir::Scope::Kind;
    auto const it = facts.find(keyOf(atom.instance, atom.name));
    // Where a table is not named it may be any: nobody knows who else adds or deletes.
    if (it == facts.end() || atom.scope.kind != Kind::sameCycle || hasUnnamedServer())
        return {};
    Fact const& fact = it->second;
    JobId producer;
    for (auto const& [job, change] : fact.changes) {
        if (change->isAction || change->date.kind != Kind::sameCycle)
            return {};
        if (!change->adds) {
            if (job != consumer || fact.consumers.size() > 1)
                return {};
        } else if (producer) {
            return {};
        } else {
            producer = job;
        }
    }
    bool const isHere = producer && producer != consumer && !estate.jobs[producer].group &&
                        estate.jobs[producer].workflow == estate.jobs[consumer].workflow &&
                        !isCyclic(producer) && !isCyclic(consumer) && !forced.isForced(producer) &&
                        !forced.isForced(consumer);
    return isHere ? producer : JobId();
}

FolderLowering::FolderLowering(ir::WorkflowId id, LowerContext& givenContext,
                               OrderFacts const& givenFacts, OrderUnits const& givenUnits)
    : DagLowering(id, givenContext), orderFacts(givenFacts), orderUnits(givenUnits) {
    std::vector<JobId> const ordered = orderedByNewDay();
    catchesUp = llvm::any_of(ordered, [&](JobId job) { return policyOf(job).retro.value; });
    for (JobId job : workflow.jobs)
        if (policyOf(job).endsFolder.value)
            enders.push_back(job);
}

void FolderLowering::keepOnly(JobId id, Span where, ir::ConstructId construct,
                              llvm::StringRef what) {
    if (estate.constructs[construct].fate != diag::Fidelity::none)
        return;
    ir::Job const& job = estate.jobs[id];
    context.diags.report<diag::Code::KeptOnly>(where, what, job.name).object(job.name);
    estate.constructs.settle(construct, diag::Fidelity::dropped, "documentation");
}

/// All of an object of JSON, of which `where` is the key; of XML the element is there already.
static llvm::StringRef wholeMessage(SourceMap const& sources, Span where) {
    llvm::StringRef const key = sources.text(where);
    if (key.starts_with("<"))
        return key;
    FileId const id = sources.fileOf(where);
    llvm::StringRef const file = sources.bytes(id);
    size_t const begin = sources.offsetIn(id, where);
    size_t depth = 0;
    bool isText = !key.ends_with("\""); // the key's last quote comes first
    for (size_t at = begin + key.size(); at < file.size(); ++at) {
        char const c = file[at];
        if (c == '"') {
            isText = !isText;
        } else if (isText && c == '\\') {
            ++at;
        } else if (!isText && (c == '{' || c == '[')) {
            ++depth;
        } else if (!isText && (c == '}' || c == ']')) {
            depth -= depth > 0 ? 1 : 0;
            if (depth == 0)
                return file.slice(begin - 1, at + 1); // with the key's first quote
        }
    }
    return file.drop_front(begin);
}

void FolderLowering::keepMessage(JobId id, Span where, ir::ConstructId construct,
                                 llvm::StringRef what) {
    keepOnly(id, where, construct, what);
    keptMessages[id.value].push_back({what, wholeMessage(estate.sources, where), construct});
}

/// CTM-090: it waits for something of its own; or AutoSys hears that it runs.
bool FolderLowering::hasStart(JobId id) const {
    ir::Job const& job = estate.jobs[id];
    ir::OrderPolicy const& policy = policyOf(id);
    return job.group && !estate.isContainer(id) &&
           (job.condition || policy.fromTime || policy.toTime || job.isWatched || isConfirmed(id) ||
            policy.isCyclic || !unitsOf(estate, job).empty());
}

/// What it leaves behind; and what has begun must end.
bool FolderLowering::hasEnd(JobId id) const {
    ir::Job const& job = estate.jobs[id];
    if (!job.group || estate.isContainer(id))
        return false;
    // The end of an inner folder hides from Airflow what failed before it; that of the whole does
    // not.
    auto const isInside = [&](JobId other) { return other != id && hasEnd(other); };
    EndRules const rules = endRulesOf(id);
    return !job.factChanges.empty() || hasStart(id) || shoutsAtEnd(id) || rules.areListed ||
           !rules.onOk.empty() || !rules.onNotOk.empty() ||
           (id == workflow.root && llvm::any_of(workflow.jobs, isInside));
}

bool FolderLowering::shoutsAtEnd(JobId id) const {
    return llvm::any_of(policyOf(id).shouts, [&](ir::Shout const& shout) {
        return !ir::endOf(shout.when).empty() || ir::lateTest(estate, id, shout);
    });
}

bool FolderLowering::reaches(JobId from, JobId to, Components const* within) const {
    llvm::SmallVector<JobId, 16> open{from};
    llvm::DenseSet<uint32_t> seen;
    while (!open.empty()) {
        JobId const at = open.pop_back_val();
        if (at == to)
            return true;
        if (!seen.insert(at.value).second)
            continue;
        if (auto const it = edges.find(at.value); it != edges.end())
            for (JobId const before : it->second)
                if (!within || within->lookup(before.value) == within->lookup(to.value))
                    open.push_back(before);
    }
    return false;
}

/// A wait for all of some facts, and of each the job that an edge could come from.
std::vector<FolderLowering::Wait> FolderLowering::waitsOf(JobId id) {
    ir::Conditions const& pool = estate.conditions;
    ir::Job const& job = estate.jobs[id];
    std::vector<Wait> found;
    auto const add = [&](ir::ExprId operand) {
        JobId producer;
        if (pool[operand].kind == ir::Expr::Kind::atom && !job.group)
            producer = orderFacts.producerOf(id, pool.atomOf(operand));
        // An edge may not speak of other days than the fact does; nor hide from a bridge what it
        // leads over.
        bool const isEdge = producer && haveEqualDates(producer, id) &&
                            adjustOf(id) != ir::OrderPolicy::Adjust::bridge &&
                            adjustOf(producer) != ir::OrderPolicy::Adjust::bridge;
        found.push_back({operand, isEdge ? producer : JobId()});
    };
    if (pool[job.condition.expr].kind == ir::Expr::Kind::all)
        for (ir::ExprId const operand : pool.operands(job.condition.expr))
            add(operand);
    else
        add(job.condition.expr);
    return found;
}

/// Edges where they mean the same, else the wait for a fact (TR-31). No edge may close a circle;
/// only jobs of one strongly connected component can.
void FolderLowering::findEdges() {
    ir::Conditions& pool = estate.conditions;
    std::vector<std::vector<Wait>> all(workflow.jobs.size());
    llvm::DenseMap<uint32_t, uint32_t> indexOf;
    for (uint32_t i = 0; i < all.size(); ++i) {
        indexOf[workflow.jobs[i].value] = i;
        if (estate.jobs[workflow.jobs[i]].condition)
            all[i] = waitsOf(workflow.jobs[i]);
    }
    Components component;
    uint32_t components = 0;
    auto const next = [&](uint32_t i, size_t arrow) -> std::optional<uint32_t> {
        if (arrow >= all[i].size())
            return std::nullopt;
        JobId const producer = all[i][arrow].producer;
        return producer ? indexOf.lookup(producer.value) : i;
    };
    forEachComponent(static_cast<uint32_t>(all.size()), next,
                     [&](std::vector<uint32_t> const& members) {
                         for (uint32_t const member : members)
                             component[workflow.jobs[member].value] = components;
                         ++components;
                     });
    for (uint32_t i = 0; i < all.size(); ++i) {
        JobId const id = workflow.jobs[i];
        ir::Job const& job = estate.jobs[id];
        llvm::SmallVector<ir::ExprId, 8> rest;
        llvm::DenseSet<uint32_t> joined;
        for (auto const& [operand, producer] : all[i]) {
            bool const isCircle = producer &&
                                  component.lookup(producer.value) == component.lookup(id.value) &&
                                  reaches(producer, id, &component);
            if (producer && !isCircle) {
                edges[id.value].push_back(producer);
                joined.insert(pool[operand].atom.value);
            } else {
                rest.push_back(operand);
            }
        }
        if (!rest.empty()) {
            waits[id.value] = pool.all(rest);
            assume("ledger-holds-facts"); // also those that come from outside Airflow
        }
        for (ir::AtomUse const& use : job.condition.uses)
            exact(use.construct, joined.contains(use.atom.value) ? "edge of a fact" : "fact wait");
        if (!joined.empty())
            assume("conditions-by-jobs-alone");
    }
}

/// `force(FOLDER/JOB, previous order date)`: as a fact is written, whose dates it has; a slash is
/// itself.
std::string FolderLowering::forceText(ir::EndAction const& action) const {
    ir::Atom atom;
    atom.kind = ir::Atom::Kind::fact;
    std::string const path = ir::forcedPath(action);
    atom.name = path;
    atom.scope = action.date;
    std::string text =
        "force" + estate.conditions.print(atom).substr(llvm::StringRef("fact").size());
    for (size_t at = 0; (at = text.find("\\/", at)) != std::string::npos; ++at)
        text.erase(at, 1); // it stands between a folder and a job
    return text;
}

/// CTM-014: OUTCONDs first, then what the rules say; SHOUTs behind them. Where the rules are listed
/// the SHOUTs are, too.
Py::List FolderLowering::changesOf(JobId id, EndRules const& rules, bool isOk) const {
    ir::Job const& job = estate.jobs[id];
    Py::List list;
    if (isOk)
        for (ir::FactChange const& change : job.factChanges)
            if (!change.isAction)
                list.emplace_back(changeText(change));
    if (rules.areListed)
        return list;
    for (ir::EndAction const* action : isOk ? rules.onOk : rules.onNotOk)
        list.emplace_back(actionText(job, *action));
    for (ir::Shout const& shout : policyOf(id).shouts)
        if (shout.when == (isOk ? ir::Shout::When::ok : ir::Shout::When::notOk))
            list.emplace_back(ir::toText(ir::messageOf(shout)));
    return list;
}

/// SHOUT at a time (CTM-078), by what is asked.
Py::Dict FolderLowering::lateMessages(JobId id) const {
    std::vector<std::pair<std::string, Py::List>> found;
    for (ir::Shout const& shout : policyOf(id).shouts)
        if (auto const test = ir::lateTest(estate, id, shout)) {
            std::string text = ir::toText(*test);
            auto it = llvm::find_if(found, [&](auto const& one) { return one.first == text; });
            if (it == found.end())
                it = found.emplace(it, std::move(text), Py::List());
            it->second.emplace_back(ir::toText(ir::messageOf(shout)));
        }
    Py::Dict late;
    for (auto& [test, messages] : found)
        late.emplace_back(test, Py(std::move(messages)));
    return late;
}

void FolderLowering::lowerChanges(JobId id, Py::Keywords& arguments, EndRules const& rules) {
    ir::Job const& job = estate.jobs[id];
    for (bool const isOk : {true, false})
        if (Py::List changes = changesOf(id, rules, isOk); !changes.empty())
            arguments.emplace_back(isOk ? "on_ok" : "on_notok", Py(std::move(changes)));
    if (rules.areListed)
        arguments.emplace_back("rules", listedRules(id, rules));
    if (Py::Dict late = lateMessages(id); !late.empty())
        arguments.emplace_back("late", Py(std::move(late)));
    for (ir::FactChange const& change : job.factChanges)
        exact(change.construct, "fact change");
    forEachSetByRule(id, [&](ir::EndAction const& action) {
        exact(action.construct, "variable set by a rule");
    });
    settleMessages(id, rules);
}

/// CTM-006: without criteria, in a folder that is ordered by hand.
bool FolderLowering::isSilent(JobId id) {
    return policyOf(workflow.root).method == ir::OrderPolicy::Method::manual &&
           criteriaText(id).empty();
}

Py::Keywords FolderLowering::submission(JobId id, bool isFolder) {
    ir::Job const& job = estate.jobs[id];
    ir::OrderPolicy const& policy = policyOf(id);
    Py::Keywords arguments;
    // A folder says its days itself, and what all say the DAG says. What has none comes with a
    // folder that a hand orders, and is never ordered by New Day.
    bool const isSaid =
        isFolder || isSilent(id) ||
        (estate.isContainer(job.box) ? hasOneRhythm : criteriaText(id) == criteriaText(job.box));
    if (!isSaid)
        arguments.emplace_back("days", daysOf(estate.orderings[job.ordering]));
    if (auto const it = waits.find(id.value); it != waits.end())
        arguments.emplace_back("when", estate.conditions.print(it->second));
    if (policy.fromTime)
        arguments.emplace_back("time_from", ir::clockText(*policy.fromTime));
    if (policy.toTime)
        arguments.emplace_back("time_to", ir::clockText(*policy.toTime));
    else if (policy.isOpenEnded && *policy.isOpenEnded)
        arguments.emplace_back("time_to", ">");
    if (*policy.fromDays != 0)
        arguments.emplace_back("from_days", Py(int64_t(*policy.fromDays)));
    if (*policy.toDays != 0)
        arguments.emplace_back("to_days", Py(int64_t(*policy.toDays)));
    if (std::string const zone = ownZone(id); !zone.empty())
        arguments.emplace_back("timezone", Py(zone));
    if (policy.maxWait && *policy.maxWait > 0) {
        arguments.emplace_back("max_wait", Py(int64_t(*policy.maxWait)));
        if ((policy.fromTime || policy.toTime) && !policy.isOpenEnded)
            assume("times-count-on-each-day");
    }
    if (isLost(id))
        arguments.emplace_back("retro", Py(false));
    if (isConfirmed(id))
        arguments.emplace_back("confirm", Py(true));
    using Adjust = ir::OrderPolicy::Adjust;
    if (isFilled(id))
        arguments.emplace_back("adjust", Py("dummy"));
    else if (job.condition && adjustOf(id) == Adjust::drop)
        arguments.emplace_back("adjust", Py("drop"));
    else if (job.condition && adjustOf(id) == Adjust::bridge)
        arguments.emplace_back("adjust", Py("bridge"));
    if (policy.endsFolder.value)
        arguments.emplace_back("ends_folder", Py(true));
    exact(policy.endsFolder.from, "end of a folder");
    exact(policy.confirm.from, "confirmation");
    exact(policy.fromTime.from, "submission window");
    exact(policy.toTime.from, "submission window");
    exact(policy.isOpenEnded.from, "submission window");
    exact(policy.fromDays.from, "submission window");
    exact(policy.toDays.from, "submission window");
    exact(policy.maxWait.from, "removal at New Day");
    return arguments;
}

void FolderLowering::lowerPolicies(JobId id, Py::Keywords& arguments, EndRules const& rules) {
    ir::Job const& job = estate.jobs[id];
    ir::OrderPolicy const& policy = policyOf(id);
    Placement const placement = context.site.placementOf(estate, id);
    tags.insert(tags.end(), placement.tags.begin(), placement.tags.end());
    bool const hasExitCode = placement.operatorClass.empty() && !failing.contains(id.value) &&
                             (std::holds_alternative<ir::CommandAction>(job.action) ||
                              std::holds_alternative<ir::ScriptAction>(job.action));
    if (!rules.exitRule.empty() && hasExitCode)
        arguments.emplace_back("exit_rule", Py(rules.exitRule));
    bool const runsForReal =
        (!failing.contains(id.value) && !hasNoForm(job)) || !placement.operatorClass.empty();
    int64_t retries = rules.reruns && policy.maxRerun && runsForReal ? *policy.maxRerun : 0;
    if (placement.retries >= 0)
        retries = placement.retries;
    if (policy.isCyclic)
        retries = 0; // it goes on after NOTOK, whether a rule reruns it or not (CTM-065)
    if (retries > 0) {
        arguments.emplace_back("retries", Py(retries));
        arguments.emplace_back("retry_delay", Py(int64_t(policy.interval.value) * 60));
        bool const hasTimes = (policy.fromTime || policy.toTime) && !policy.isOpenEnded.value;
        if (hasTimes || !estate.isContainer(job.box))
            assume("reruns-in-their-day:" + job.name.str());
    }
    if (policy.isCyclic)
        lowerCycle(id, arguments, rules);
    exact(policy.maxRerun.from, rules.reruns ? "retries" : "none: no rule reruns it");
    exact(policy.interval.from, rules.reruns ? "retries" : "none: no rule reruns it");
    bool const hasPool = lowerUnits(id, arguments);
    if (!hasPool && !placement.pool.empty())
        arguments.emplace_back("pool", Py(placement.pool));
    if (!placement.queue.empty())
        arguments.emplace_back("queue", Py(placement.queue));
    bool const isQuery = !failing.contains(id.value) && // the worker itself asks the database
                         std::holds_alternative<ir::QueryAction>(job.action);
    bool const runsSomewhere = !std::holds_alternative<ir::NoAction>(job.action) && !isQuery &&
                               placement.operatorClass.empty();
    if (runsSomewhere && !placement.executor.empty() && placement.executor != "connection")
        arguments.emplace_back("via", Py(placement.executor));
    if (runsSomewhere && !placement.connection.empty())
        arguments.emplace_back("connection", Py(placement.connection));
}

void FolderLowering::settleMessages(JobId id, EndRules const& rules) {
    bool const hasNoEnd = estate.isContainer(id); // CTM-094
    bool isAsWritten = false, isCounted = false;
    auto const told = [&](ir::ConstructId construct, std::initializer_list<llvm::StringRef> texts) {
        bool const counts = isCyclicFolder() && llvm::any_of(texts, [](llvm::StringRef text) {
                                return ir::countsRuns(ir::variablesIn(text));
                            });
        bool const isKnown =
            llvm::all_of(texts, [&](llvm::StringRef text) { return isResolved(id, text); });
        if (isKnown && !counts)
            return exact(construct, "message");
        estate.constructs.settle(construct, diag::Fidelity::approximated, "message");
        isAsWritten |= !isKnown;
        isCounted |= counts;
    };
    for (ir::EndRule const& rule : policyOf(id).rules)
        for (ir::EndAction const& action : rule.actions) {
            bool const isTold = ir::isMessage(action.kind);
            if (llvm::is_contained(rules.dropped, &action) || (isTold && hasNoEnd))
                keepMessage(id, action.span, action.construct, "an action of ON");
            else if (isTold && action.attachesOutput) { // it stays in the task's log
                estate.constructs.settle(action.construct, diag::Fidelity::approximated, "message");
                assume("message-without-output:" + estate.jobs[id].name.str());
            } else if (isTold)
                told(action.construct, {action.destination, action.subject, action.text});
        }
    for (ir::Shout const& shout : policyOf(id).shouts)
        if (ir::lateTest(estate, id, shout))
            exact(shout.construct, "message at a time");
        else if (ir::endOf(shout.when).empty() || hasNoEnd)
            keepMessage(id, shout.span, shout.construct, "SHOUT");
        else
            told(shout.construct, {shout.destination, shout.text});
    if (isAsWritten) // where it has no value (CTM-104)
        assume("message-as-written:" + estate.jobs[id].name.str());
    if (isCounted) // what is counted over the runs of its folder, nobody says (CTM-093)
        assume("message-counts-one-run:" + estate.jobs[id].name.str());
}

bool FolderLowering::lowerUnits(JobId id, Py::Keywords& arguments) {
    std::vector<OrderUnit> const units = unitsOf(estate, estate.jobs[id]);
    if (units.empty())
        return false;
    OrderUnit const& first = units.front();
    if (!orderUnits.inLedger(first)) {
        int64_t const total = *orderUnits.total(first);
        int64_t const slots = first.quantity < 0 ? total : first.quantity;
        std::string const pool = ir::poolId(first.name);
        context.orderPools[pool] = total;
        arguments.emplace_back("pool", Py(pool));
        if (slots != 1)
            arguments.emplace_back("pool_slots", Py(slots));
        exact(first.construct, first.isLock ? "pool of a lock" : "pool of units");
        assume("pool-waiters-in-order:" + first.name);
        return true;
    }
    std::string text;
    for (OrderUnit const& unit : units) {
        text += fmt::format("{}({}, QUANTITY={}, FREE={})", text.empty() ? "" : " AND ", unit.name,
                            unit.quantity < 0 ? "ALL" : std::to_string(unit.quantity), unit.free);
        context.orderResources[unit.name] = *orderUnits.total(unit);
        exact(unit.construct, "claim of an order");
        assume("claims-in-any-order:" + unit.name);
    }
    arguments.emplace_back("resources", Py(text));
    return false;
}

void FolderLowering::lowerJob(JobId id) {
    ir::Job const& job = estate.jobs[id];
    TaskId const taskId =
        addTask(context.names.taskId(id).str(), {}, {}, id, boxOf.lookup(job.box.value));
    taskOf[id.value] = taskId;
    Task& task = dag.tasks[taskId];
    task.comments.push_back(place(estate, job.origin));
    if (job.condition)
        task.comments.back() += "  waits for " + estate.conditions.print(job.condition.expr);
    task.arguments.emplace_back("job", Py(job.name));
    lowerAction(id, task);
    Py::Keywords criteria = submission(id, false);
    task.arguments.insert(task.arguments.end(), criteria.begin(), criteria.end());
    EndRules const rules = endRulesOf(id);
    lowerChanges(id, task.arguments, rules);
    if (!llvm::any_of(task.arguments, [](auto const& one) { return one.first == "variables"; }))
        lowerVariables(id, task.arguments, textsOfEnd(id));
    lowerPolicies(id, task.arguments, rules);
    std::vector<ir::KeptAttribute> also = unreadOf(id);
    llvm::append_range(also, keptMessages[id.value]);
    task.arguments.emplace_back("doc_md", documentation(estate, job, also));
    dag.order.push_back(taskId);
}

void FolderLowering::lowerGroup(JobId id) {
    ir::Job const& job = estate.jobs[id];
    BoxId around = job.box ? boxOf.lookup(job.box.value) : BoxId();
    if (id != workflow.root) {
        BoxGroup box;
        box.groupClass = "SubFolder";
        box.id = context.names.taskId(id).str();
        box.parent = around;
        box.depth = around ? dag.boxes[around].depth + 1 : 1;
        box.job = id;
        box.comments.push_back(place(estate, job.origin));
        if (!isSilent(id) && criteriaText(id) != criteriaText(job.box))
            box.arguments.emplace_back("days", daysOf(estate.orderings[job.ordering]));
        around = boxOf[id.value] = dag.boxes.add(std::move(box));
        dag.order.push_back(around);
    } else {
        boxOf[id.value] = BoxId();
    }
    if (!hasEnd(id)) // it tells nobody
        settleMessages(id, endRulesOf(id));
    if (!hasStart(id))
        return;
    TaskId const start =
        addTask(uniqueId(context.names.taskId(id).str() + ".when"), "FolderStart", {}, id, around);
    startOf[id.value] = start;
    Task& task = dag.tasks[start];
    task.arguments.emplace_back("of", Py(job.name));
    if (job.condition)
        task.comments.push_back("waits for " + estate.conditions.print(job.condition.expr));
    Py::Keywords criteria = submission(id, true);
    task.arguments.insert(task.arguments.end(), criteria.begin(), criteria.end());
    if (policyOf(id).isCyclic)
        lowerCycle(id, task.arguments, endRulesOf(id));
    lowerUnits(id, task.arguments); // held until it ends
    dag.order.push_back(start);
}

/// A task waits for the nearest folder around it that waits for something itself.
void FolderLowering::lowerEntity(JobId id) {
    ir::Job const& job = estate.jobs[id];
    job.group ? lowerGroup(id) : lowerJob(id);
    TaskId const own = job.group ? startOf.lookup(id.value) : taskOf.lookup(id.value);
    if (!own)
        return;
    Task& task = dag.tasks[own];
    for (JobId at = job.box; at; at = estate.jobs[at].box)
        if (TaskId const start = startOf.lookup(at.value)) {
            task.upstream.push_back(start);
            break;
        }
}

/// Tasks inside a folder whose end no other task inside surely waits for.
Nodes FolderLowering::unawaited(JobId folder) const {
    llvm::DenseSet<uint32_t> awaited;
    for (Task const& task : dag.tasks)
        if (task.upstream.size() == 1 && estate.isInside(task.job, folder))
            awaited.insert(task.upstream.front().task.value);
    Nodes found;
    for (Node const node : dag.order)
        if (node.task && estate.isInside(dag.tasks[node.task].job, folder) &&
            !awaited.contains(node.task.value))
            found.push_back(node.task);
    for (JobId at = folder; at && found.empty(); at = estate.jobs[at].box)
        if (TaskId const start = startOf.lookup(at.value)) // nothing in it ends before it begins
            found.push_back(start);
    return found;
}

/// CTM-091, the inner folders first.
void FolderLowering::closeFolders() {
    for (JobId id : llvm::reverse(workflow.jobs)) {
        if (!hasEnd(id))
            continue;
        ir::Job const& job = estate.jobs[id];
        TaskId const end = addTask(uniqueId(context.names.taskId(id).str() + ".end"), "FolderEnd",
                                   {}, id, boxOf.lookup(id.value));
        endOf[id.value] = end;
        Task& task = dag.tasks[end];
        task.arguments.emplace_back("of", Py(job.name));
        if (std::string const zone = ownZone(id); !zone.empty())
            task.arguments.emplace_back("timezone", Py(zone));
        EndRules const rules = endRulesOf(id);
        lowerChanges(id, task.arguments, rules);
        lowerVariables(id, task.arguments, textsOfEnd(id));
        task.upstream = unawaited(id);
        // Printed behind its last member.
        auto const isLast = [&](Node node) {
            JobId const of = node.task ? dag.tasks[node.task].job : dag.boxes[node.box].job;
            return of == id || estate.isInside(of, id);
        };
        auto const last = std::find_if(dag.order.rbegin(), dag.order.rend(), isLast);
        dag.order.insert(last.base(), end);
    }
}

void FolderLowering::finish() {
    ir::Job const& root = estate.jobs[workflow.root];
    describe(dag, estate, root);
    dag.arguments.emplace_back("schedule", std::move(schedule));
    dag.arguments.emplace_back("catchup", Py(false));
    int64_t kept = 0;
    for (JobId id : workflow.jobs)
        kept = std::max<int64_t>(kept, policyOf(id).maxWait.value);
    bool const isForced = llvm::any_of(
        workflow.jobs, [&](JobId id) { return orderFacts.forcedOrders().isForced(id); });
    // Orders of several days live side by side, and of each the New Day must come; of one day as
    // many as rules order.
    // Of an order that runs again the next run is there when the last one ends.
    int64_t const runs = std::max<int64_t>(16, (kept + 3) * (isCyclicFolder() ? 2 : 1));
    dag.arguments.emplace_back(
        "max_active_runs",
        Py(kept >= ir::OrderPolicy::forEver || isForced ? ir::ForcedOrders::mostAtOnce : runs));
    addTags(dag, root, tags);
    documentGroups(dag, estate, workflow, keptMessages);
    if (!estate.assumedServer.empty())
        assume("one-server:" + estate.assumedServer.str());
    if (!estate.isContainer(workflow.root) && llvm::any_of(workflow.jobs, [&](JobId id) {
            return policyOf(id).maxWait.value != policyOf(workflow.root).maxWait.value;
        }))
        assume("folders-stay-for-their-jobs"); // MAXWAIT counts for each entity by itself
    dag.assumptions.assign(assumptions.begin(), assumptions.end());
}

void FolderLowering::settlePolicies() {
    for (JobId id : workflow.jobs) {
        ir::OrderPolicy const& policy = policyOf(id);
        for (ir::OrderVariable const& variable : policy.variables)
            exact(variable.construct, "variable");
        for (ir::EndRule const& rule : policy.rules) {
            exact(rule.construct, "rule of an end");
            for (ir::EndAction const& action : rule.actions)
                exact(action.construct, "rule of an end");
        }
        bool const hasUnits = !unitsOf(estate, estate.jobs[id]).empty();
        llvm::StringRef const rank =
            hasUnits ? "an assumption about who waits for units" : "none: nobody waits for units";
        exact(policy.priority.from, rank);
        exact(policy.critical.from, rank);
        exact(policy.retro.from,
              isOrderedByNewDay(id) ? "made-up order dates" : "none: its folder's counts");
        exact(policy.timezone.from, "time zone");
        if (policy.adjustFrom)
            exact(policy.adjustFrom, "adjusted waits");
    }
}

Dag FolderLowering::run() {
    for (JobId id : workflow.jobs)
        usedIds.insert(context.names.taskId(id).str());
    lowerSchedule();
    findEdges();
    for (JobId id : workflow.jobs) // folders before what is in them
        lowerEntity(id);
    for (auto const& [consumer, producers] : edges)
        for (JobId producer : producers)
            dag.tasks[taskOf.lookup(consumer)].upstream.push_back(taskOf.lookup(producer.value));
    closeFolders();
    lowerVerdict();
    finish();
    settlePolicies();
    return std::move(dag);
}

} // namespace hoist::airflow
