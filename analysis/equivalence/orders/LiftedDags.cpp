// Tasks as jobs, edges as conditions, timetables as order dates.
#include "analysis/equivalence/orders/LiftedDags.h"

#include "analysis/equivalence/ExitCodes.h"
#include "analysis/target/When.h"
#include "frontend/ir/TimeZones.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoist::equivalence {

using nlohmann::json;
using target::TaskId;
using target::TriggerRule;

namespace {

constexpr int64_t secondsADay = 86'400;
constexpr size_t mostRunsADay = 300, mostCopies = 5000;
constexpr llvm::StringLiteral orderModule = "hoist_airflow.order";

/// Order dates; `isAny`: nothing chooses them.
struct Days {
    bool isAny = true;
    std::vector<int32_t> days;

    void meet(std::vector<int32_t> const& other) {
        if (isAny) {
            days = other;
        } else {
            std::vector<int32_t> both;
            std::set_intersection(days.begin(), days.end(), other.begin(), other.end(),
                                  std::back_inserter(both));
            days = std::move(both);
        }
        isAny = false;
    }
};

std::string textOf(json const& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<int32_t> clockOf(llvm::StringRef text) {
    int32_t hour = 0, minute = 0;
    auto const [h, m] = text.split(':');
    if (h.getAsInteger(10, hour) || m.getAsInteger(10, minute) || hour > 23 || minute > 59)
        return std::nullopt;
    return hour * 60 + minute;
}

std::string edgeName(target::Dag const& dag, TaskId task, llvm::StringRef end) {
    return (helperPrefix + end + ":" + dag.id + "/" + dag.tasks[task].id).str();
}

/// A wait of a sensor for a task of another DAG.
struct OtherTask {
    target::DagId dag;
    TaskId task;
};

class Lifting {
public:
    Lifting(ir::Estate const& from, target::Bag const& loaded, llvm::ArrayRef<Pair> all,
            LiftedDags& result)
        : definitions(from), bag(loaded), pairs(all), lifted(result), into(*result.estate) {}

    void run() {
        into.settings = definitions.settings;
        into.constructs.add(Span(), "of Airflow");
        for (Pair const& one : pairs)
            if (one.dag && definitions.workflows[one.workflow].dialect == ir::Dialect::controlm) {
                folder = one.workflow;
                liftDag(one);
            }
        for (OtherTask const& other : awaited) // of sensors
            for (ir::JobId const job : jobsOf[{other.dag.value, other.task.value}])
                addFact(job, edgeName(bag.dags[other.dag], other.task, "ok"));
    }

private:
    // --- one DAG ---------------------------------------------------------------------------------

    void liftDag(Pair const& given) {
        pair = &given;
        dag = &bag.dags[given.dag];
        out = &lifted.of[given.workflow.value];
        out->folder = into.workflows.add();
        into.workflows[out->folder].dialect = ir::Dialect::controlm;
        boxOf.clear();
        matchTasks();
        readSchedule();
        addGroups();
        std::vector<int32_t> times = out->startTimes;
        if (times.empty())
            times.push_back(-1);
        for (size_t copy = 0; copy < times.size(); ++copy)
            addTasks(times.size() > 1 ? static_cast<int>(copy) : -1,
                     times.size() > 1 ? times[copy] : startTime);
        checkFolderTasks();
    }

    void unknown(std::string what) {
        if (!llvm::is_contained(out->unknowns, what))
            out->unknowns.push_back(std::move(what));
    }

    bool isOrderTask(target::Task const& task, llvm::StringRef type) const {
        return task.module == orderModule && task.type == type;
    }
    bool isStart(target::Task const& task) const { return isOrderTask(task, "FolderStart"); }
    bool isEnd(target::Task const& task) const { return isOrderTask(task, "FolderEnd"); }

    /// By the matching of all dialects; else by the last part of a job's path.
    void matchTasks() {
        original.clear();
        for (auto const& [task, job] : pair->jobOf)
            original[task] = job;
    }

    // --- when runs are made ----------------------------------------------------------------------

    ir::TimeZone const& zone() {
        auto const* const site = into.settings.timezone.empty()
                                     ? nullptr
                                     : ir::findZone(ir::resolveZone(into.settings.timezone).zone);
        return site ? *site : *ir::findZone("UTC");
    }

    void readSchedule() {
        base = Days();
        startTime = -1;
        method = ir::OrderPolicy::Method::manual;
        target::Timetable const& timetable = dag->timetable;
        using Kind = target::Timetable::Kind;
        if (timetable.type == "OrderDatesTimetable" &&
            timetable.module == "hoist_airflow.schedule.timetables")
            return readOrderDates();
        if (timetable.kind == Kind::ticks)
            return readTicks();
        if (timetable.kind != Kind::none)
            unknown(fmt::format("when a `{}` makes runs is not known", timetable.type));
    }

    void readOrderDates() {
        json const& said = dag->fields["timetable"]["arguments"];
        json const& criteria =
            said.is_object() && said.contains("any_of") ? said["any_of"] : json();
        bool const isByHand = said.is_object() && said.value("by_hand", false);
        bool const hasCriteria = criteria.is_array() && !criteria.empty();
        if (dag->timetable.orderDays.empty())
            return unknown("the export does not tell the order dates: it was made by older shims");
        if (hasCriteria)
            base.meet(bag.daySets.lookup(dag->timetable.orderDays).days);
        if (!isByHand && hasCriteria)
            method = ir::OrderPolicy::Method::newDay;
    }

    /// Ticks at times of the day that are the same each day: order dates and the time from which on
    /// the tasks may start.
    void readTicks() {
        method = ir::OrderPolicy::Method::newDay;
        out->hasTicks = true;
        ir::TimeZone const& local = zone();
        std::map<int32_t, std::vector<int32_t>> timesOf; // by order date
        int64_t const newDay = into.settings.newDay;
        for (int64_t const tick : bag.tickSets[dag->timetable.ticks].ticks) {
            int64_t const wall = tick + local.offsetAt(tick);
            auto day = static_cast<int32_t>(wall / secondsADay);
            auto const minute = static_cast<int32_t>(wall % secondsADay / 60);
            if (minute < newDay)
                --day; // CTM-002
            timesOf[day].push_back(minute);
        }
        std::set<std::vector<int32_t>> patterns;
        std::vector<int32_t> days;
        for (auto const& [day, times] : timesOf) {
            days.push_back(day);
            patterns.insert(times);
        }
        // The first and the last day of the horizon may be cut.
        if (timesOf.size() > 4) {
            patterns.clear();
            for (auto it = std::next(timesOf.begin()); it != std::prev(timesOf.end()); ++it)
                patterns.insert(it->second);
        }
        base.meet(days);
        if (patterns.size() > 1)
            return unknown("its runs begin at other times on other days");
        if (patterns.empty())
            return;
        std::vector<int32_t> const& times = *patterns.begin();
        if (times.size() > mostRunsADay || times.size() * dag->tasks.size() > mostCopies)
            return unknown(fmt::format("it has {} runs a day", times.size()));
        if (times.size() > 1)
            out->startTimes = times;
        else
            startTime = times.front() == newDay ? -1 : times.front();
    }

    // --- folders ---------------------------------------------------------------------------------

    /// Of a folder of the definitions; invalid for none.
    ir::JobId folderOf(ir::JobId from) const {
        auto const it = boxOf.find(from.value);
        return it == boxOf.end() ? ir::JobId() : it->second;
    }

    ir::JobId addEntity(llvm::StringRef name, ir::JobId box) {
        ir::JobId const id = into.jobs.add();
        ir::Job& job = into.jobs[id];
        job.name = into.save(name);
        job.dialect = ir::Dialect::controlm;
        job.workflow = out->folder;
        job.box = box;
        job.ordering = into.orderings.add();
        job.orders = into.orderPolicies.add();
        into.jobByName.try_emplace(job.name, id);
        ir::Workflow& workflow = into.workflows[out->folder];
        if (!workflow.root)
            workflow.root = id;
        workflow.jobs.push_back(id);
        if (box)
            into.groups[into.jobs[box].group].members.push_back(id);
        return id;
    }

    ir::OrderPolicy& policyOf(ir::JobId job) { return into.orderPolicies[into.jobs[job].orders]; }

    void setDays(ir::JobId job, Days const& days) {
        if (days.isAny)
            return;
        auto [it, isNew] = calendarOf.try_emplace(days.days);
        if (isNew) {
            ir::CalendarId const id = it->second = into.calendars.add();
            ir::Calendar& calendar = into.calendars[id];
            calendar.name =
                into.save(fmt::format("{}days{}", std::string_view(helperPrefix), id.value));
            for (int32_t const day : days.days)
                calendar.rows.push_back({ir::fromDayNumber(day), -1});
        }
        ir::OrderRule& rule = into.orderings[into.jobs[job].ordering].own;
        rule.days.push_back({}); // ALL: each working day of the calendar (CTM-041)
        rule.dayDays = it->second;
        rule.dayCalendar = into.calendars[it->second].name;
    }

    Days daysAround(target::GroupId group) const {
        Days days = base;
        for (; group; group = dag->groups[group].parent)
            if (!dag->groups[group].orderDays.empty())
                days.meet(bag.daySets.lookup(dag->groups[group].orderDays).days);
        return days;
    }

    void addGroups() {
        for (ir::JobId const from : definitions.workflows[folder].jobs) {
            if (!definitions.isGroup(from))
                continue;
            ir::Job const& was = definitions.jobs[from];
            ir::JobId const id = addEntity(was.name, folderOf(was.box));
            boxOf[from.value] = id;
            ir::GroupId const group = into.groups.add();
            into.groups[group].self = id;
            into.groups[group].isContainer = definitions.isContainer(from);
            into.jobs[id].group = group;
            into.jobs[id].action = ir::GroupAction{};
            if (from == definitions.workflows[folder].root)
                policyOf(id).method = method;
            if (into.groups[group].isContainer)
                continue;
            auto const matched = pair->groupOf.find(from.value);
            setDays(id,
                    matched == pair->groupOf.end() ? daysAround({}) : daysAround(matched->second));
        }
    }

    // --- tasks -----------------------------------------------------------------------------------

    void addTasks(int copy, int32_t from) {
        here.assign(dag->tasks.size(), {});
        for (TaskId const id : dag->tasks.ids())
            addTask(id, copy, from);
        for (TaskId const id : dag->tasks.ids())
            addWaits(id);
    }

    static bool runsSomething(target::Task const& task) { return task.role == target::Role::job; }
    static bool isSensor(target::Task const& task) {
        return llvm::is_contained(task.bases, "ExternalTaskSensor");
    }

    void addTask(TaskId id, int copy, int32_t from) {
        target::Task const& task = dag->tasks[id];
        if (isStart(task)) {
            auto const known = definitions.jobByName.find(task.legacyJob);
            if (known != definitions.jobByName.end() && boxOf.contains(known->second.value))
                here[id.value] = folderOf(known->second);
            else
                unknown(
                    fmt::format("`{}` stands in front of no folder of the definition", task.id));
            if (here[id.value])
                readSubmission(here[id.value], task, -1);
            return;
        }
        if (isEnd(task))
            return readEnd(task);
        auto const known = original.find(id.value);
        bool const isMatched = known != original.end();
        if (!isMatched && !isSensor(task) && task.role != target::Role::junction) {
            if (runsSomething(task))
                out->certain.push_back(
                    fmt::format("`{}`, a {}, runs something that no job of the folder runs",
                                task.id, task.type));
            else
                unknown(fmt::format("what `{}`, a {}, does to the run is not known", task.id,
                                    task.type));
            return;
        }
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
            policyOf(job).method = method;
        bool const isDummy = isOrderTask(task, "OrderedDummy") || !runsSomething(task);
        if (isDummy)
            into.jobs[job].action = ir::NoAction{};
        else
            into.jobs[job].action = ir::CommandAction{};
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
        if (isTrue(task.fields, "mapped"))
            unknown(
                fmt::format("`{}` is mapped: it runs as many copies as its input has", task.id));
        if (isTrue(task.fields, "depends_on_past") || isTrue(task.fields, "wait_for_downstream"))
            unknown(fmt::format("`{}` depends on its own past", task.id));
    }

    static bool isTrue(json const& fields, char const* name) {
        auto const it = fields.find(name);
        return it != fields.end() && it->is_boolean() && it->get<bool>();
    }

    /// `when`, `time_from`, `time_to`, `max_wait`; `from`: of a DAG whose runs begin at a time.
    void readSubmission(ir::JobId job, target::Task const& task, int32_t from) {
        ir::OrderPolicy& policy = policyOf(job);
        bool const isOrder = task.module == orderModule;
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
        if (json const& wait = task.argument("max_wait"); wait.is_number_integer())
            set(policy.maxWait, wait.get<int32_t>());
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

    template <class T>
    static void set(ir::Sourced<T>& field, std::type_identity_t<T> value) {
        field.set(value, ir::ConstructId(0)); // said by Airflow: of no source
    }

    void wait(ir::JobId job, ir::ExprId expr) {
        ir::ConditionRef& condition = into.jobs[job].condition;
        condition.expr = condition ? into.conditions.all({condition.expr, expr}) : expr;
    }

    // --- ends ------------------------------------------------------------------------------------

    /// `+fact(NAME)`, `-fact(NAME, any date)`.
    bool readChange(llvm::StringRef text, ir::FactChange& change) {
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

    std::vector<uint32_t> readChanges(ir::JobId job, target::Task const& task, char const* name,
                                      bool isAction) {
        std::vector<uint32_t> added;
        json const& list = task.argument(name);
        if (!list.is_array())
            return added;
        for (json const& text : list) {
            ir::FactChange change;
            change.isAction = isAction;
            if (!text.is_string() || !readChange(text.get_ref<std::string const&>(), change)) {
                unknown(fmt::format("`{}` of `{}` cannot be read", name, task.id));
                continue;
            }
            added.push_back(static_cast<uint32_t>(into.jobs[job].factChanges.size()));
            into.jobs[job].factChanges.push_back(change);
        }
        return added;
    }

    uint32_t addFact(ir::JobId job, std::string const& name, bool isAction = false) {
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

    static ir::EndAction action(ir::EndAction::Kind kind, uint32_t fact = 0) {
        ir::EndAction made;
        made.kind = kind;
        made.fact = fact;
        return made;
    }

    void readEnds(ir::JobId job, target::Task const& task) {
        ir::OrderPolicy& policy = policyOf(job);
        ir::EndRule onNotOk;
        onNotOk.test.kind = ir::EndTest::Kind::notOk;
        if (task.module == orderModule) {
            readChanges(job, task, "on_ok", false);
            for (uint32_t const fact : readChanges(job, task, "on_notok", true))
                onNotOk.actions.push_back(action(ir::EndAction::Kind::changeFact, fact));
        }
        if (task.module.starts_with("hoist_airflow."))
            if (std::string const rule = textOf(task.argument("exit_rule")); !rule.empty())
                readExitRule(policy, rule, task);
        json const& retries = field(task, "retries");
        if (retries.is_number_integer() && retries.get<int64_t>() > 0) {
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

    static bool isBackoff(json const& value) {
        return (value.is_boolean() && value.get<bool>()) ||
               (value.is_number() && value.get<double>() > 0);
    }

    static json const& field(target::Task const& task, char const* name) {
        static json const nothing;
        auto const it = task.fields.find(name);
        return it == task.fields.end() ? nothing : *it;
    }

    /// As rules on COMPSTAT: OK from 0 on, NOTOK in the gaps, which wins (CTM-074).
    void readExitRule(ir::OrderPolicy& policy, std::string const& text, target::Task const& task) {
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
    void readEnd(target::Task const& task) {
        auto const known = definitions.jobByName.find(task.legacyJob);
        if (known == definitions.jobByName.end() || !boxOf.contains(known->second.value))
            return unknown(fmt::format("`{}` stands behind no folder of the definition", task.id));
        readChanges(folderOf(known->second), task, "on_ok", false);
    }

    // --- edges -----------------------------------------------------------------------------------

    ir::ExprId fact(std::string const& name, ir::Scope::Kind date = ir::Scope::Kind::sameCycle,
                    int32_t offset = 0) {
        ir::Atom atom;
        atom.kind = ir::Atom::Kind::fact;
        atom.name = into.save(name);
        atom.scope.kind = date;
        atom.scope.offset = offset;
        return into.conditions.atom(atom);
    }

    /// The task ended OK, or it failed for good.
    ir::ExprId endedOk(TaskId up) {
        std::string const name = edgeName(*dag, up, "ok") + copyText;
        addFact(here[up.value], name);
        return fact(name);
    }

    ir::ExprId failed(TaskId up) {
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
    void addFailures(TaskId up, std::set<uint32_t>& seen, llvm::SmallVector<ir::ExprId, 4>& found) {
        if (!seen.insert(up.value).second)
            return;
        target::Task const& task = dag->tasks[up];
        if (here[up.value] && runsSomething(task))
            found.push_back(failed(up));
        if (task.rule != TriggerRule::allSuccess && !task.upstream.empty())
            unknown(
                fmt::format("whether `{}` counts as failed hangs on its trigger rule", task.id));
        for (TaskId const before : task.upstream)
            addFailures(before, seen, found);
    }

    void addWaits(TaskId id) {
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
        }
        if (before.empty()) {
            if (!task.upstream.empty() && task.rule != TriggerRule::allSuccess)
                unknown(fmt::format("the trigger rule {} of `{}` is not read in orders",
                                    task.ruleText, task.id));
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
    void waitElsewhere(ir::JobId job, target::Task const& task) {
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
                return unknown(fmt::format("the sensor `{}` waits for `{}`, which there is not",
                                           task.id, name));
            awaited.push_back({found->second, up->second});
            wait(job,
                 fact(edgeName(other, up->second, "ok"),
                      days == 0 ? ir::Scope::Kind::sameCycle : ir::Scope::Kind::shiftedOrderDate,
                      -static_cast<int32_t>(days)));
        }
    }

    /// The time of the day of its logical dates, of a tick of each day; -1: of none.
    int64_t clockOfRuns(target::Dag const& other) const {
        if (other.timetable.kind != target::Timetable::Kind::ticks ||
            bag.tickSets[other.timetable.ticks].ticks.empty())
            return -1;
        return bag.tickSets[other.timetable.ticks].ticks.front() % secondsADay;
    }

    // --- folder tasks ----------------------------------------------------------------------------

    llvm::BitVector reachable(TaskId from, bool isDownstream) const {
        llvm::BitVector seen(static_cast<unsigned>(dag->tasks.size()));
        llvm::SmallVector<TaskId, 16> open{from};
        while (!open.empty()) {
            TaskId const at = open.pop_back_val();
            if (seen.test(at.value))
                continue;
            seen.set(at.value);
            for (TaskId const next :
                 isDownstream ? dag->tasks[at].downstream : dag->tasks[at].upstream)
                open.push_back(next);
        }
        return seen;
    }

    /// All that is in a folder must stand between its two tasks (CTM-090, CTM-091).
    void checkFolderTasks() {
        for (TaskId const id : dag->tasks.ids()) {
            target::Task const& task = dag->tasks[id];
            if (!isStart(task) && !isEnd(task))
                continue;
            auto const known = definitions.jobByName.find(task.legacyJob);
            if (known == definitions.jobByName.end())
                continue; // told already
            llvm::BitVector const between = reachable(id, isStart(task));
            for (auto const& [other, job] : original)
                if (definitions.isInside(job, known->second) && !between.test(other))
                    out->certain.push_back(
                        isStart(task)
                            ? fmt::format(
                                  "`{}` does not wait for `{}`, with which its folder waits",
                                  dag->tasks[TaskId(other)].id, task.id)
                            : fmt::format(
                                  "`{}` is not waited for by `{}`, with which its folder ends",
                                  dag->tasks[TaskId(other)].id, task.id));
            bool const isFine = isStart(task) ? task.rule == TriggerRule::allSuccess
                                              : task.rule == TriggerRule::allDone;
            if (!isFine)
                unknown(fmt::format("the trigger rule {} of `{}` is not that of its class",
                                    task.ruleText, task.id));
        }
    }

    ir::Estate const& definitions;
    target::Bag const& bag;
    llvm::ArrayRef<Pair> pairs;
    LiftedDags& lifted;
    ir::Estate& into;

    ir::WorkflowId folder;
    Pair const* pair = nullptr;
    target::Dag const* dag = nullptr;
    LiftedDag* out = nullptr;
    Days base;
    int32_t startTime = -1;
    ir::OrderPolicy::Method method = ir::OrderPolicy::Method::newDay;
    std::string copyText;
    llvm::DenseMap<uint32_t, ir::JobId> original; ///< task → job of the definitions
    std::map<uint32_t, ir::JobId> boxOf;          ///< folder of the definitions → lifted
    std::vector<ir::JobId> here;                  ///< task → lifted job, of the copy at hand
    std::map<std::pair<uint32_t, uint32_t>, std::vector<ir::JobId>> jobsOf; ///< DAG, task
    std::vector<OtherTask> awaited;
    std::map<std::vector<int32_t>, ir::CalendarId> calendarOf;
};

} // namespace

LiftedDags liftDags(ir::Estate const& definitions, target::Bag const& bag,
                    llvm::ArrayRef<Pair> pairs) {
    LiftedDags lifted;
    lifted.estate = std::make_unique<ir::Estate>();
    Lifting(definitions, bag, pairs, lifted).run();
    return lifted;
}

} // namespace hoist::equivalence
