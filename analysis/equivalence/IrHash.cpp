// The canonical form of a workflow.
#include "analysis/equivalence/IrHash.h"
#include "analysis/schedule/BusinessDay.h"
#include "frontend/ir/Messages.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/SHA256.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoist::equivalence {
namespace {

std::string sha256(llvm::StringRef bytes) {
    return llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes)), true);
}

class Canonical {
public:
    explicit Canonical(ir::Estate const& givenEstate) : estate(givenEstate) {}

    std::string run(ir::WorkflowId id) {
        ir::Workflow const& workflow = estate.workflows[id];
        begin("workflow", estate.jobs[workflow.root].name);
        text("dialect", ir::toString(workflow.dialect));
        flag("std_files_append", estate.settings.stdFilesAppend);
        flag("member_tick_kept", estate.settings.memberTickWhileBoxIdleKept);
        std::vector<ir::JobId> jobs = workflow.jobs;
        std::sort(jobs.begin(), jobs.end(), [&](ir::JobId a, ir::JobId b) {
            return estate.jobs[a].name < estate.jobs[b].name;
        });
        for (ir::JobId job : jobs)
            addJob(job);
        // A calendar may name others; the set grows while they are written.
        std::set<std::string> written;
        while (written.size() < calendars.size())
            for (std::string const& name : std::set<std::string>(calendars))
                if (written.insert(name).second)
                    addCalendar(name);
        for (std::string const& name : std::set<std::string>(machines))
            addMachine(name);
        for (std::string const& name : resources)
            addResource(name);
        return std::move(out);
    }

private:
    void begin(llvm::StringRef kind, llvm::StringRef name) {
        out += fmt::format("[{} {}:{}]\n", kind.str(), name.size(), name.str());
    }
    void text(char const* key, llvm::StringRef value) {
        out += fmt::format("{}={}:{}\n", key, value.size(), value.str());
    }
    void number(char const* key, int64_t value) { text(key, std::to_string(value)); }
    void flag(char const* key, bool value) { text(key, value ? "1" : "0"); }
    void given(char const* key, ir::Sourced<llvm::StringRef> const& value) {
        if (value)
            text(key, *value);
    }
    void given(char const* key, ir::Sourced<int64_t> const& value) {
        if (value)
            number(key, *value);
    }
    void given(char const* key, ir::Sourced<bool> const& value) {
        if (value)
            flag(key, *value);
    }
    void condition(char const* key, ir::ConditionRef const& condition) {
        if (condition)
            text(key, estate.conditions.print(condition.expr));
    }

    void addJob(ir::JobId id) {
        ir::Job const& job = estate.jobs[id];
        begin("job", job.name);
        text("dialect", ir::toString(job.dialect));
        flag("refused", job.refused);
        if (job.box)
            text("box", estate.jobs[job.box].name);
        addAction(job);
        for (llvm::StringRef machine : job.machines.value) {
            text("machine", machine);
            machines.insert(machine.str());
        }
        given("owner", job.owner);
        condition("condition", job.condition);
        if (job.group) {
            ir::Group const& group = estate.groups[job.group];
            condition("box_success", group.success);
            condition("box_failure", group.failure);
            if (group.isContainer)
                flag("container", true);
        }
        for (ir::FactChange const& change : job.factChanges) {
            ir::Atom fact;
            fact.kind = ir::Atom::Kind::fact;
            fact.name = change.name;
            fact.instance = change.server;
            fact.scope = change.date;
            std::string said = estate.conditions.print(fact);
            if (change.on != ir::succeeded)
                said += fmt::format(" after {}", static_cast<int>(change.on));
            text(change.adds ? "adds" : "deletes", said);
            if (job.dialect == ir::Dialect::controlm)
                flag("by_rule", change.isAction);
            else if (change.date.kind == ir::Scope::Kind::sameCycle)
                text("business_day",
                     fmt::format("{} {}", estate.settings.newDay, estate.settings.timezone));
        }
        if (job.schedule)
            addSchedule(estate.schedules[job.schedule]);
        if (job.ordering)
            addOrdering(estate.orderings[job.ordering]);
        if (job.orders)
            addOrders(id, estate.orderPolicies[job.orders]);
        addPolicies(job);
        for (ir::KeptAttribute const& kept : job.kept) {
            text("kept", kept.key);
            text("value", kept.value);
        }
    }

    /// Keys with `ctm_` are those that `hoist diff` compares by their meaning.
    void addRule(char const* key, ir::OrderRule const& rule) {
        text(key, rule.name);
        number("ctm_months", rule.months);
        auto const items = [&](char const* list, std::vector<ir::DayItem> const& days) {
            for (ir::DayItem const& item : days)
                text(list, fmt::format("{} {} {} {} {}", static_cast<int>(item.kind),
                                       static_cast<int>(item.sign), item.number, item.week,
                                       static_cast<int>(item.period)));
        };
        items("ctm_day", rule.days);
        items("ctm_weekday", rule.weekdays);
        flag("ctm_either", rule.isEither);
        for (ir::MonthDay const& date : rule.dates)
            number("ctm_date", date.month * 100 + date.day);
        for (ir::CalendarId const calendar : {rule.dayDays, rule.weekDays, rule.confirmedDays}) {
            number("ctm_calendar", calendar ? 1 : 0);
            if (calendar)
                for (ir::CalendarRow const& row : estate.calendars[calendar].rows)
                    number("ctm_row", ir::toDayNumber(row.date));
        }
        number("ctm_shift", static_cast<int64_t>(rule.shift));
        number("ctm_shift_by", rule.shiftBy);
        number("ctm_from", ir::toDayNumber(rule.from));
        number("ctm_till", ir::toDayNumber(rule.till));
    }

    void addOrdering(ir::Ordering const& ordering) {
        addRule("ctm_own", ordering.own);
        for (ir::OrderRule const& rule : ordering.included)
            addRule("ctm_included", rule);
        for (ir::OrderRule const& rule : ordering.excluded)
            addRule("ctm_excluded", rule);
        flag("ctm_needs_both", ordering.needsBoth);
        flag("ctm_by_parent", ordering.isByParent);
        text("ctm_unknown_days", ordering.unknownDays);
        number("ctm_new_day", estate.settings.newDay);
    }

    /// What an order does; messages too, as a certificate speaks of all that was translated.
    void addOrders(ir::JobId id, ir::OrderPolicy const& policy) {
        number("ctm_method", static_cast<int64_t>(policy.method));
        given("ctm_user_daily", policy.userDaily);
        if (auto const at = schedule::orderedAt(estate.settings, policy))
            number("ctm_ordered_at", *at);
        flag("mainframe", policy.isMainframe);
        auto const whole = [&](char const* key, auto const& value) {
            if (value)
                number(key, *value);
        };
        whole("ctm_from", policy.fromTime);
        whole("ctm_to", policy.toTime);
        whole("ctm_from_days", policy.fromDays);
        whole("ctm_to_days", policy.toDays);
        given("ctm_open_ended", policy.isOpenEnded);
        given("ctm_timezone", policy.timezone);
        whole("ctm_max_wait", policy.maxWait);
        whole("keep_not_ok", policy.keepNotOk);
        given("ctm_confirm", policy.confirm);
        given("retro", policy.retro);
        given("critical", policy.critical);
        given("priority", policy.priority);
        flag("ctm_cyclic", policy.isCyclic);
        text("ctm_cycle", fmt::format("{} {} {}", static_cast<int>(policy.cycle.kind),
                                      static_cast<int>(policy.cycle.from), policy.cycle.tolerance));
        for (int32_t const minutes : policy.cycle.minutes)
            number("ctm_minutes", minutes);
        whole("ctm_interval", policy.interval);
        given("ctm_max_rerun", policy.maxRerun);
        for (ir::LockUse const& lock : policy.locks) {
            text("lock", lock.name);
            text("how", fmt::format("{} {}", lock.isExclusive, lock.keepsOnFailure));
        }
        given("ctm_ends_folder", policy.endsFolder);
        number("ctm_adjust", static_cast<int64_t>(policy.adjust));
        for (ir::EndRule const& rule : policy.rules) {
            text("ctm_on", fmt::format("{} {} {} {}", static_cast<int>(rule.test.kind),
                                       static_cast<int>(rule.test.relation),
                                       static_cast<int>(rule.test.op), rule.test.number));
            text("ctm_pattern", rule.test.text);
            for (ir::EndAction const& action : rule.actions) {
                text("ctm_do",
                     fmt::format("{} {} {} {}", static_cast<int>(action.kind), action.fact,
                                 static_cast<int>(action.date.kind), action.date.offset));
                // What a folder's comparison by meaning leaves out.
                bool const isSideEffect = action.kind == ir::EndAction::Kind::ticket ||
                                          action.kind == ir::EndAction::Kind::output;
                for (llvm::StringRef const part :
                     {action.folder, action.name, action.text, action.subject, action.destination,
                      action.urgency})
                    text(isSideEffect ? "side_effect" : "ctm_part", part);
                if (action.attachesOutput)
                    flag("attaches_output", true);
            }
        }
        for (ir::Shout const& shout : policy.shouts)
            text(ir::endOf(shout.when).empty() && !ir::lateTest(estate, id, shout) ? "shout"
                                                                                   : "ctm_shout",
                 fmt::format("{} {} {} {}", static_cast<int>(shout.when),
                             std::string_view(shout.time), std::string_view(shout.days),
                             ir::toText(ir::messageOf(shout))));
        for (ir::OrderVariable const& variable : policy.variables) {
            text("variable", variable.name);
            text("value", variable.value);
        }
    }

    void addAction(ir::Job const& job) {
        if (auto const* command = std::get_if<ir::CommandAction>(&job.action)) {
            text("action", "command");
            given("command", command->command);
            given("stdin", command->stdinText);
            given("shell", command->shell);
            given("profile", command->profile);
            given("std_in_file", command->stdinFile);
            given("std_out_file", command->stdoutFile);
            given("std_err_file", command->stderrFile);
            for (auto const& variable : command->environment) {
                text("variable", variable->first);
                text("value", variable->second);
            }
        } else if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action)) {
            text("action", "watch");
            given("path", watch->path);
            given("min_size", watch->minSize);
            given("interval", watch->interval);
            if (watch->waitsForDeletion.value)
                text("mode", "delete");
            given("weighs_patterns", watch->weighsPatterns);
            given("size_interval", watch->sizeInterval);
            given("size_looks", watch->sizeLooks);
            given("time_limit", watch->timeLimit);
        } else if (auto const* query = std::get_if<ir::QueryAction>(&job.action)) {
            text("action", "query");
            text("kind", query->kind);
            given("connection", query->connection);
            given("query", query->query);
            given("commits_each", query->commitsEach);
        } else if (auto const* transfer = std::get_if<ir::TransferAction>(&job.action)) {
            text("action", "transfer"); // all that it says is kept
            text("kind", transfer->kind);
        } else if (auto const* opaque = std::get_if<ir::OpaqueAction>(&job.action)) {
            text("action", "opaque");
            text("kind", opaque->kind);
        } else if (auto const* script = std::get_if<ir::ScriptAction>(&job.action)) {
            text("action", "script");
            given("folder", script->folder);
            given("file", script->file);
            given("text", script->text);
            for (auto const& argument : script->arguments)
                given("argument", argument);
        } else if (std::holds_alternative<ir::NoAction>(job.action)) {
            text("action", "none");
        } else {
            text("action", "group");
        }
    }

    void addPolicies(ir::Job const& job) {
        number("exit_kind", static_cast<int64_t>(job.exitRule.kind));
        number("exit_max", job.exitRule.max);
        for (ir::CodeRange const& range : job.exitRule.codes) {
            number("exit_from", range.from);
            number("exit_to", range.to);
        }
        given("retries", job.retries);
        given("term_run_time", job.termRunTime);
        given("max_run", job.alarms.maxRun);
        given("min_run", job.alarms.minRun);
        given("if_fail", job.alarms.ifFail);
        given("if_terminated", job.alarms.ifTerminated);
        given("notify", job.alarms.notify);
        flag("notify_failure_only", job.alarms.notifyFailureOnly);
        given("message", job.alarms.message);
        for (auto const& address : job.alarms.addresses)
            text("address", *address);
        for (ir::ResourceUse const& use : job.resources) {
            text("resource", use.name);
            number("quantity", use.quantity);
            text("free", llvm::StringRef(&use.free, 1));
            resources.insert(use.name.str());
        }
        given("priority", job.priority);
        given("load", job.load);
        given("auto_hold", job.autoHold);
        given("box_terminator", job.boxTerminator);
        given("job_terminator", job.jobTerminator);
        if (job.initialStatus)
            number("status", static_cast<int64_t>(*job.initialStatus));
        given("status_text", job.initialStatusText);
    }

    void addSchedule(ir::Schedule const& schedule) {
        number("schedule", static_cast<int64_t>(schedule.kind));
        if (schedule.weekdays)
            number("weekdays", *schedule.weekdays);
        for (auto const* name : {&schedule.runCalendar, &schedule.excludeCalendar})
            if (*name) {
                text(name == &schedule.runCalendar ? "run_calendar" : "exclude_calendar", **name);
                calendars.insert(name->value.str());
            }
        llvm::SmallVector<int16_t, 4> times(schedule.times->begin(), schedule.times->end());
        std::sort(times.begin(), times.end());
        for (int16_t time : times)
            number("time", time);
        llvm::SmallVector<uint8_t, 4> minutes(schedule.minutes->begin(), schedule.minutes->end());
        std::sort(minutes.begin(), minutes.end());
        for (uint8_t minute : minutes)
            number("minute", minute);
        text("cron", schedule.cronText);
        text("flavour", schedule.flavour);
        text("zone", !schedule.zone.empty() ? schedule.zone
                     : estate.settings.timezone.empty()
                         ? llvm::StringRef("UTC")
                         : llvm::StringRef(estate.settings.timezone));
        if (schedule.window) {
            number("window_from", schedule.window->from);
            number("window_to", schedule.window->to);
        }
        for (auto const& [key, list] : {std::pair{"must_start", &schedule.mustStart},
                                        {"must_complete", &schedule.mustComplete}})
            for (ir::ClockOrOffset const& time : list->value) {
                flag("offset", time.isOffset);
                number(key, time.minutes);
            }
        for (int64_t rule :
             {static_cast<int64_t>(schedule.timesGap), static_cast<int64_t>(schedule.timesOverlap),
              static_cast<int64_t>(schedule.minutesGap),
              static_cast<int64_t>(schedule.minutesOverlap),
              static_cast<int64_t>(schedule.whileRunning),
              static_cast<int64_t>(schedule.whileFalse)})
            number("rule", rule);
    }

    void addCalendar(std::string const& name) {
        begin("calendar", name);
        auto const it = estate.calendarByName.find(name);
        if (it == estate.calendarByName.end()) {
            text("undefined", "");
            return;
        }
        ir::Calendar const& calendar = estate.calendars[it->second];
        number("kind", static_cast<int64_t>(calendar.kind));
        flag("refused", calendar.refused);
        for (ir::CalendarRow const& row : calendar.rows) {
            number("day", ir::toDayNumber(row.date));
            number("minute", row.minute);
        }
        for (ir::DateRange const& period : calendar.periods) {
            number("from", ir::toDayNumber(period.from));
            number("to", ir::toDayNumber(period.to));
        }
        number("workdays", calendar.workdays);
        number("non_workday", static_cast<int64_t>(calendar.nonWorkday));
        number("holiday", static_cast<int64_t>(calendar.holiday));
        number("adjust", calendar.adjust);
        text("rule", calendar.rule);
        for (auto const* other : {&calendar.holidayCalendar, &calendar.cycleName})
            if (*other) {
                text("uses", **other);
                calendars.insert(other->value.str());
            }
    }

    void addMachine(std::string const& name) {
        auto const it = estate.machineByName.find(name);
        if (it == estate.machineByName.end())
            return;
        ir::Machine const& machine = estate.machines[it->second];
        begin("machine", name);
        number("kind", static_cast<int64_t>(machine.kind));
        text("type", machine.type);
        given("node", machine.node);
        given("port", machine.port);
        given("max_load", machine.maxLoad);
        for (auto const& part : machine.parts)
            text("part", part.name);
    }

    void addResource(std::string const& name) {
        auto const it = estate.resourceByName.find(name);
        if (it == estate.resourceByName.end())
            return;
        ir::Resource const& resource = estate.resources[it->second];
        begin("resource", name);
        number("kind", static_cast<int64_t>(resource.kind));
        given("amount", resource.amount);
        given("machine", resource.machine);
    }

    ir::Estate const& estate;
    std::string out;
    std::set<std::string> calendars, machines, resources; ///< that the jobs name
};

/// Reads the canonical form back: its lines are `key=length:value`, its sections `[kind
/// length:name]`.
void readValues(llvm::StringRef form, llvm::StringMap<Values>& jobs) {
    Values* current = nullptr;
    while (!form.empty()) {
        bool const isSection = form.consume_front("[");
        size_t const split = form.find(isSection ? ' ' : '=');
        if (split == llvm::StringRef::npos)
            return;
        llvm::StringRef const key = form.take_front(split);
        form = form.drop_front(split + 1);
        size_t length = 0;
        if (form.consumeInteger(10, length) || !form.consume_front(":"))
            return;
        llvm::StringRef const value = form.take_front(length);
        form = form.drop_front(length);
        form.consume_front("]");
        form.consume_front("\n");
        if (isSection)
            current = key == "job" ? &jobs[value] : nullptr;
        else if (current)
            (*current)[key.str()].push_back(value.str());
    }
}

} // namespace

std::string canonicalForm(ir::Estate const& estate, ir::WorkflowId workflow) {
    return Canonical(estate).run(workflow);
}

std::string irHash(ir::Estate const& estate, ir::WorkflowId workflow) {
    return sha256(canonicalForm(estate, workflow));
}

llvm::StringMap<Values> valuesOf(ir::Estate const& estate) {
    llvm::StringMap<Values> jobs;
    for (ir::WorkflowId id : estate.workflows.ids())
        readValues(canonicalForm(estate, id), jobs);
    return jobs;
}

std::string siteHash(ir::Settings const& settings) {
    std::string text;
    auto const add = [&](llvm::StringRef value) {
        text += fmt::format("{}:{}\n", value.size(), value.str());
    };
    for (ir::SiteRule const& rule : settings.rules) {
        for (std::string const* part :
             {&rule.machine, &rule.owner, &rule.jobType, &rule.job, &rule.command, &rule.executor,
              &rule.connection, &rule.pool, &rule.queue, &rule.operatorClass})
            add(*part);
        for (auto const& [key, value] : rule.arguments) {
            add(key);
            add(value);
        }
        add(std::to_string(rule.retries));
    }
    return sha256(text);
}

} // namespace hoist::equivalence
