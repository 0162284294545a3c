// Tasks as jobs: their submission criteria, and what follows from their ends.
#include "analysis/equivalence/ExitCodes.h"
#include "analysis/equivalence/orders/Lifting.h"
#include "analysis/target/When.h"

#include <llvm/ADT/StringSwitch.h>

#include <fmt/format.h>

#include <tuple>

namespace hoist::equivalence {

std::optional<int32_t> clockOf(llvm::StringRef text) {
    int32_t hour = 0, minute = 0;
    auto const [h, m] = text.split(':');
    if (h.getAsInteger(10, hour) || m.getAsInteger(10, minute) || hour > 23 || minute > 59)
        return std::nullopt;
    return hour * 60 + minute;
}

void Lifting::addTasks(int copy, int32_t from) {
    here.assign(dag->tasks.size(), {});
    for (TaskId const id : dag->tasks.ids())
        addTask(id, copy, from);
    for (TaskId const id : dag->tasks.ids())
        addWaits(id);
}

void Lifting::addTask(TaskId id, int copy, int32_t from) {
    target::Task const& task = dag->tasks[id];
    if (isStart(task)) {
        auto const known = definitions.jobByName.find(task.legacyJob);
        if (known != definitions.jobByName.end() && boxOf.contains(known->second.value))
            here[id.value] = folderOf(known->second);
        else
            unknown(fmt::format("`{}` stands in front of no folder of the definition", task.id));
        if (here[id.value]) {
            readSubmission(here[id.value], task, -1);
            readCycle(here[id.value], task);
        }
        return;
    }
    if (isEnd(task))
        return readEnd(task);
    auto const known = pair->jobOf.find(id.value);
    bool const isMatched = known != pair->jobOf.end();
    if (!isMatched && task.role == target::Role::junction && task.downstream.empty())
        return; // nothing follows from it but how the run ends: checkColours
    if (!isMatched && !isSensor(task) && task.role != target::Role::junction) {
        if (runsSomething(task))
            out->certain.push_back(fmt::format(
                "`{}`, a {}, runs something that no job of the folder runs", task.id, task.type));
        else
            unknown(
                fmt::format("what `{}`, a {}, does to the run is not known", task.id, task.type));
        return;
    }
    if (isOrderTask(task, "OrderedOpaque") || isOrderTask(task, "OrderedUnsupported"))
        unknown(fmt::format("`{}` always fails: its job is not translated", task.id));
    if (isMatched && !runsSomething(task) && task.role != target::Role::junction)
        unknown(fmt::format("how `{}`, a {}, ends is not known", task.id, task.type));
    std::string name =
        isMatched ? definitions.jobs[known->second].name.str() : edgeName(*dag, id, "task");
    if (copy >= 0)
        name += fmt::format("{}{}", std::string_view(copyMark), copy);
    ir::JobId const box = isMatched ? folderOf(definitions.jobs[known->second].box)
                                    : folderOf(definitions.workflows[folder].root);
    ir::JobId const job = addEntity(name, box);
    here[id.value] = job;
    jobsOf[{pair->dag.value, id.value}].push_back(job);
    if (!box)
        setMethod(job);
    bool const isDummy = isOrderTask(task, "OrderedDummy") || !runsSomething(task);
    if (isDummy)
        into.jobs[job].action = ir::NoAction{};
    else
        readTexts(job, task);
    Days days = daysAround(task.group);
    if (json const& own = task.argument("days"); own.is_object()) {
        auto const set = own.find("order_days");
        if (set != own.end() && set->is_string() &&
            bag.daySets.contains(set->get_ref<std::string const&>()))
            days.meet(bag.daySets.lookup(set->get_ref<std::string const&>()).days);
        else
            unknown(fmt::format("the export does not tell the days of `{}`", task.id));
    } else if (!own.is_null()) {
        unknown(fmt::format("the export does not tell the days of `{}`", task.id));
    }
    setDays(job, days);
    readSubmission(job, task, from);
    readEnds(job, task);
    readCycle(job, task);
    if (isTrue(task.fields, "mapped"))
        unknown(fmt::format("`{}` is mapped: it runs as many copies as its input has", task.id));
    if (isTrue(task.fields, "depends_on_past") || isTrue(task.fields, "wait_for_downstream"))
        unknown(fmt::format("`{}` depends on its own past", task.id));
}

/// `when`, `time_from`, `time_to`, `max_wait`; `from`: of a DAG whose runs begin at a time.
void Lifting::readSubmission(ir::JobId job, target::Task const& task, int32_t from) {
    ir::OrderPolicy& policy = policyOf(job);
    bool const isOrder = isOfOrder(task);
    if (from >= 0)
        set(policy.fromTime, static_cast<int16_t>(from));
    if (!isOrder)
        return;
    auto const clock = [&](char const* name, ir::Sourced<int16_t>& into_) {
        std::string const text = textOf(task.argument(name));
        if (text.empty() || text == ">")
            return;
        if (auto const minute = clockOf(text))
            set(into_, static_cast<int16_t>(*minute));
        else
            unknown(fmt::format("`{}` of `{}` is no time", name, task.id));
    };
    clock("time_from", policy.fromTime);
    clock("time_to", policy.toTime);
    if (textOf(task.argument("time_to")) == ">")
        set(policy.isOpenEnded, true);
    if (json const& confirm = task.argument("confirm"); confirm.is_boolean() && confirm.get<bool>())
        set(policy.confirm, true);
    auto const days = [&](char const* name, ir::Sourced<int32_t>& into_) {
        if (json const& number = task.argument(name); number.is_number_integer())
            set(into_, number.get<int32_t>());
    };
    days("from_days", policy.fromDays);
    days("to_days", policy.toDays);
    days("max_wait", policy.maxWait);
    readZone(job, task);
    readLate(job, task);
    if (json const& ends = task.argument("ends_folder"); ends.is_boolean() && ends.get<bool>())
        set(policy.endsFolder, true);
    if (std::string const adjust = textOf(task.argument("adjust")); !adjust.empty())
        readAdjust(job, task, adjust);
    std::string const when = textOf(task.argument("when"));
    if (when.empty())
        return;
    std::string error;
    auto const found = target::parseWhen(when, into, error);
    if (!found)
        return unknown(fmt::format("what `{}` waits for: {}", task.id, error));
    into.conditions.forEachAtom(*found, [&](ir::AtomId id) {
        if (into.conditions[id].kind != ir::Atom::Kind::fact)
            unknown(fmt::format("`{}` waits for more than facts", task.id));
    });
    wait(job, *found);
}

/// What members say is of the folder around them (CTM-092).
void Lifting::readAdjust(ir::JobId job, target::Task const& task, llvm::StringRef text) {
    using Adjust = ir::OrderPolicy::Adjust;
    Adjust const said = llvm::StringSwitch<Adjust>(text)
                            .Case("drop", Adjust::drop)
                            .Case("dummy", Adjust::dummy)
                            .Case("bridge", Adjust::bridge)
                            .Default(Adjust::none);
    ir::JobId const box = into.jobs[job].box;
    if (said == Adjust::none || !box || into.isContainer(box))
        return unknown(fmt::format("`adjust` of `{}` is not known", task.id));
    Adjust& known = policyOf(box).adjust;
    if (known != Adjust::none && known != said)
        return unknown(fmt::format("the members of `{}` adjust their waits in two ways",
                                   std::string_view(into.jobs[box].name)));
    known = said;
}

void Lifting::wait(ir::JobId job, ir::ExprId expr) {
    ir::ConditionRef& condition = into.jobs[job].condition;
    condition.expr = condition ? into.conditions.all({condition.expr, expr}) : expr;
}

/// `+fact(NAME)`, `-fact(NAME, any date)`.
bool Lifting::readChange(llvm::StringRef text, ir::FactChange& change) {
    change.adds = text.consume_front("+");
    if (!change.adds && !text.consume_front("-"))
        return false;
    std::string error;
    auto const found = target::parseWhen(text, into, error);
    if (!found || into.conditions[*found].kind != ir::Expr::Kind::atom)
        return false;
    ir::Atom const& atom = into.conditions.atomOf(*found);
    change.name = atom.name;
    change.server = atom.instance;
    change.date = atom.scope;
    return atom.kind == ir::Atom::Kind::fact;
}

/// `force(FOLDER/JOB, previous order date)`
bool Lifting::readForce(llvm::StringRef text, ir::EndAction& made) {
    std::string error;
    std::string fact = "fact";
    for (char const c : text)
        fact += c == '/' ? "\\/" : std::string(1, c);
    auto const found = target::parseWhen(fact, into, error);
    if (!found || into.conditions[*found].kind != ir::Expr::Kind::atom)
        return false;
    ir::Atom const& atom = into.conditions.atomOf(*found);
    made = action(ir::EndAction::Kind::forceJob);
    std::tie(made.folder, made.name) = atom.name.split('/');
    made.date = atom.scope;
    return atom.kind == ir::Atom::Kind::fact;
}

std::vector<ir::EndAction> Lifting::readChanges(ir::JobId job, target::Task const& task,
                                                char const* name, bool isAction) {
    std::vector<ir::EndAction> added;
    json const& list = task.argument(name);
    if (!list.is_array())
        return added;
    for (json const& one : list) {
        ir::EndAction made;
        if (readEffect(job, textOf(one), isAction, made))
            added.push_back(made);
        else
            unknown(fmt::format("`{}` of `{}` cannot be read", name, task.id));
    }
    return added;
}

/// One of them: a change of a fact, which the job then has, an order, a variable or a message.
bool Lifting::readEffect(ir::JobId job, llvm::StringRef text, bool isAction, ir::EndAction& made) {
    if (text.consume_front("force"))
        return readForce(text, made);
    if (text.starts_with("%%"))
        return readSetting(text, made);
    if (text.starts_with("tell"))
        return readMessage(text, made);
    ir::FactChange change;
    change.isAction = isAction;
    if (!readChange(text, change))
        return false;
    auto& changes = into.jobs[job].factChanges;
    made = action(ir::EndAction::Kind::changeFact, static_cast<uint32_t>(changes.size()));
    changes.push_back(change);
    return true;
}

/// `on_ok`, `on_notok`: what an end changes, orders, sets and tells.
void Lifting::readEffects(ir::JobId job, target::Task const& task) {
    ir::EndRule onOk, onNotOk;
    onOk.test.kind = ir::EndTest::Kind::ok;
    onNotOk.test.kind = ir::EndTest::Kind::notOk;
    for (ir::EndAction const& one : readChanges(job, task, "on_ok", false))
        if (one.kind != ir::EndAction::Kind::changeFact) // they are its OUTCONDs
            onOk.actions.push_back(one);
    onNotOk.actions = readChanges(job, task, "on_notok", true);
    for (ir::EndRule* rule : {&onOk, &onNotOk})
        if (!rule->actions.empty())
            policyOf(job).rules.push_back(std::move(*rule));
}

uint32_t Lifting::addFact(ir::JobId job, std::string const& name, bool isAction) {
    ir::FactChange change;
    change.name = into.save(name);
    change.date.kind = ir::Scope::Kind::sameCycle;
    change.isAction = isAction;
    auto& changes = into.jobs[job].factChanges;
    for (uint32_t i = 0; i < changes.size(); ++i)
        if (changes[i].name == name)
            return i;
    changes.push_back(change);
    return static_cast<uint32_t>(changes.size() - 1);
}

static bool asksForReruns(ir::OrderPolicy const& policy) {
    return llvm::any_of(policy.rules, [](ir::EndRule const& rule) {
        return rule.does(ir::EndAction::Kind::rerun);
    });
}

void Lifting::readEnds(ir::JobId job, target::Task const& task) {
    ir::OrderPolicy& policy = policyOf(job);
    ir::EndRule onNotOk;
    onNotOk.test.kind = ir::EndTest::Kind::notOk;
    if (isOfOrder(task))
        readEffects(job, task);
    if (task.module.starts_with("hoist_airflow."))
        if (std::string const rule = textOf(task.argument("exit_rule")); !rule.empty())
            readExitRule(policy, rule, task);
    bool const isListed = readRules(job, task);
    json const& retries = field(task, "retries");
    if (retries.is_number_integer() && retries.get<int64_t>() > 0) {
        if (!isListed || !asksForReruns(policy))
            onNotOk.actions.push_back(action(ir::EndAction::Kind::rerun));
        set(policy.maxRerun, retries.get<int64_t>());
        json const& delay = field(task, "retry_delay");
        double const seconds = delay.is_number() ? delay.get<double>() : 0;
        bool const isMinutes = seconds >= 0 && seconds < 1e8;
        if (isMinutes && static_cast<int64_t>(seconds) % 60 != 0)
            out->inSeconds.push_back(task.id);
        if (isMinutes) // a minute more or less is no difference to who is played
            set(policy.interval, static_cast<int32_t>((seconds + 59) / 60));
        else
            unknown(fmt::format("`{}` waits {} s between its attempts", task.id, seconds));
        if (isBackoff(field(task, "retry_exponential_backoff")))
            unknown(fmt::format("`{}` waits longer before each attempt", task.id));
    }
    if (!onNotOk.actions.empty())
        policy.rules.push_back(std::move(onNotOk));
}

/// As rules on COMPSTAT: OK from 0 on, NOTOK in the gaps, which wins (CTM-074).
void Lifting::readExitRule(ir::OrderPolicy& policy, std::string const& text,
                           target::Task const& task) {
    if (text == "any") {
        ir::EndRule rule;
        rule.actions.push_back(action(ir::EndAction::Kind::setOk));
        policy.rules.push_back(std::move(rule));
        return;
    }
    auto const codes = ExitCodes::parse(text);
    if (!codes)
        return unknown(fmt::format("the exit rule of `{}` cannot be read", task.id));
    auto const add = [&](ir::Compare op, int64_t number, ir::EndAction::Kind verdict) {
        ir::EndRule rule;
        rule.test.kind = ir::EndTest::Kind::exitCode;
        rule.test.op = op;
        rule.test.number = number;
        rule.actions.push_back(action(verdict));
        policy.rules.push_back(std::move(rule));
    };
    using Kind = ir::EndAction::Kind;
    constexpr int64_t longestGap = 2000, highest = UINT32_MAX; // of Windows
    add(ir::Compare::greaterEqual, 0, Kind::setOk);
    int64_t next = 0; // the first code that is not yet decided
    for (ir::CodeRange const& range : codes->all()) {
        if (range.to < 0 || range.from > highest)
            continue;
        if (range.from - next > longestGap)
            return unknown(fmt::format("the exit rule of `{}` has a long gap", task.id));
        for (int64_t code = next; code < range.from; ++code)
            add(ir::Compare::equal, code, Kind::setNotOk);
        next = range.to + 1;
    }
    add(ir::Compare::greaterEqual, next, Kind::setNotOk);
}

/// FolderEnd: what the folder leaves behind (CTM-091).
void Lifting::readEnd(target::Task const& task) {
    auto const known = definitions.jobByName.find(task.legacyJob);
    if (known == definitions.jobByName.end() || !boxOf.contains(known->second.value))
        return unknown(fmt::format("`{}` stands behind no folder of the definition", task.id));
    ir::JobId const job = folderOf(known->second);
    readEffects(job, task);
    readRules(job, task);
    readLate(job, task);
    auto const& around = policyOf(job).timezone; // of its start, which does not count here
    if (!task.argument("late").is_null() && around && *around != textOf(task.argument("timezone")))
        unknown(
            fmt::format("the tasks of a folder have two zones: `{}` is late in its own", task.id));
    readZone(job, task);
}

} // namespace hoist::equivalence
