// A job's attributes become fields of ir::Job. One switch over the rows of Attributes.def that have
// a model.
#include "frontend/jil/Lower.h"
#include "frontend/jil/Values.h"

#include "frontend/base/Suggest.h"

#include <fmt/format.h>

namespace hoist::jil {

using namespace ir;
using diag::Code;
using diag::Fidelity;

namespace {
enum class JobKind : uint8_t { command, watch, box, adapter };
} // namespace

class JobLowering {
public:
    JobLowering(Lowering& lowering, Definition const& input, JobId id)
        : base(lowering), estate(lowering.estate), diags(lowering.diags), definition(input),
          self(id) {}

    void run();

private:
    Job& job() { return estate.jobs[self]; }
    void chooseType();
    void attribute(Entry const& entry);
    void timeAttribute(Entry const& entry);
    void conditionAttribute(Entry const& entry, ConditionRef& target);
    void exitRule();
    void schedule();
    void required();

    llvm::StringRef text(Entry const& entry) { return base.text(entry, definition.name); }
    void bad(Entry const& entry, llvm::StringRef value, llvm::StringRef wanted) {
        base.badValue(entry, value, wanted, definition.name);
        job().refused = true;
    }
    /// Reads each item of a list; each that is none is told at its own place, and then the list is
    /// not used.
    template <class Take>
    bool readItems(Entry const& entry, llvm::StringRef value, llvm::StringRef wanted, Take take);
    void setText(Entry const& entry, Sourced<llvm::StringRef>& target) {
        target.set(text(entry), entry.construct);
    }
    void setInteger(Entry const& entry, Sourced<int64_t>& target, int64_t least, int64_t most,
                    llvm::StringRef wanted);
    bool setBoolean(Entry const& entry, Sourced<bool>& target);
    CommandAction* command() { return std::get_if<CommandAction>(&job().action); }
    bool fits(Family family) const;

    Lowering& base;
    Estate& estate;
    diag::Diagnostics& diags;
    Definition const& definition;
    JobId self;
    JobKind kind = JobKind::command;
    llvm::StringRef typeText = "CMD";
    Schedule times; ///< becomes the job's schedule if date_conditions is on
    bool hasTimes = false;
    Entry const* master = nullptr;
    std::vector<Entry const*> timeEntries;
    Entry const* maxExit = nullptr;
    Entry const* successCodes = nullptr;
    Entry const* failCodes = nullptr;
};

static bool isTimeAttribute(Attr id) {
    switch (id) {
    case Attr::job_days_of_week:
    case Attr::job_run_calendar:
    case Attr::job_exclude_calendar:
    case Attr::job_start_times:
    case Attr::job_start_mins:
    case Attr::job_run_window:
    case Attr::job_timezone:
    case Attr::job_must_start_times:
    case Attr::job_must_complete_times: return true;
    default: return false;
    }
}

/// Why a kept attribute of a command job matters; shown to the user.
static llvm::StringRef effectOf(Attr id) {
    switch (id) {
    case Attr::job_chk_files:
        return "AutoSys does not start the job while the file system is short of space";
    case Attr::job_heartbeat_interval:
        return "AutoSys raises an alarm when the job sends no heartbeat";
    case Attr::job_ulimit: return "AutoSys sets these limits before the command";
    case Attr::job_elevated: return "AutoSys runs the command with administrator rights";
    case Attr::job_interactive: return "AutoSys shows the command on the desktop of the host";
    case Attr::job_auto_delete: return "AutoSys deletes the definition after the job has run";
    case Attr::job_service_desk:
    case Attr::job_svcdesk_attr:
    case Attr::job_svcdesk_desc:
    case Attr::job_svcdesk_imp:
    case Attr::job_svcdesk_pri:
    case Attr::job_svcdesk_sev: return "AutoSys opens a service desk ticket when the job fails";
    default: return "it is a notification that AutoSys sends itself";
    }
}

bool JobLowering::fits(Family family) const {
    switch (family) {
    case Family::any: return true;
    case Family::command: return kind == JobKind::command || kind == JobKind::adapter;
    case Family::watch: return kind == JobKind::watch || kind == JobKind::adapter;
    case Family::box: return kind == JobKind::box;
    case Family::adapter: return kind == JobKind::adapter;
    }
    return true;
}

void JobLowering::chooseType() {
    Entry const* given = nullptr;
    for (Entry const& entry : definition.entries)
        if (entry.row->id == Attr::job_job_type && !entry.isBroken)
            given = &entry;
    if (!given) { // JIL-030: CMD
        job().action = CommandAction{};
        return;
    }
    typeText = text(*given);
    auto const is = [&](std::initializer_list<llvm::StringRef> words) {
        return llvm::any_of(
            words, [&](llvm::StringRef word) { return typeText.equals_insensitive(word); });
    };
    if (is({"c", "cmd", "command"})) {
        job().action = CommandAction{};
        base.settle(*given, Fidelity::exact, "job type");
    } else if (is({"b", "box"})) {
        kind = JobKind::box;
        job().action = GroupAction{};
        job().group = estate.groups.add(Group{self, {}, {}, {}});
        base.settle(*given, Fidelity::exact, "job type");
    } else if (is({"f", "fw"})) {
        kind = JobKind::watch;
        job().action = FileWatchAction{};
        base.settle(*given, Fidelity::exact, "job type");
    } else if (typeText.size() == 1 && llvm::isDigit(typeText.front()) &&
               base.jobType(typeText)) { // JIL-041
        CommandAction action;
        for (Entry const& entry : base.jobType(typeText)->entries)
            if (entry.row->id == Attr::jobType_command)
                action.shell.set(base.text(entry, definition.name), given->construct);
        job().action = action;
        base.settle(*given, Fidelity::exact, "job type");
    } else {
        static constexpr llvm::StringLiteral adapters[] = {
#define JIL_ADAPTER(name) name,
#include "frontend/jil/JobTypes.def"
#undef JIL_ADAPTER
        };
        kind = JobKind::adapter;
        job().action = OpaqueAction{typeText, given->construct};
        bool const isKnown = llvm::any_of(
            adapters, [&](llvm::StringRef name) { return typeText.equals_insensitive(name); });
        if (isKnown) {
            diags.report<Code::AdapterType>(given->where, typeText)
                .object(definition.name)
                .evidence(typeText)
                .help("a `[[rule]]` with `job_type` in hoist.toml can map it to an operator; "
                      "without one its task fails and says so");
        } else if (typeText.size() == 1 && llvm::isDigit(typeText.front())) {
            diags.report<Code::UndefinedJobType>(given->where, typeText, typeText)
                .object(definition.name);
        } else {
            std::vector<llvm::StringRef> names(std::begin(adapters), std::end(adapters));
            for (llvm::StringRef name : {"CMD", "BOX", "FW"})
                names.push_back(name);
            auto finding = diags.report<Code::UnknownJobType>(given->where, typeText);
            finding.object(definition.name).note("`jil` rejects the statement");
            if (llvm::StringRef const near = nearestOf(typeText, names); !near.empty())
                finding.help(fmt::format("did you mean `{}`?", near.str()));
        }
    }
}

void JobLowering::setInteger(Entry const& entry, Sourced<int64_t>& target, int64_t least,
                             int64_t most, llvm::StringRef wanted) {
    llvm::StringRef const value = text(entry);
    auto const number = readInteger(value);
    if (!number || *number < least || *number > most)
        return bad(entry, value, wanted);
    target.set(*number, entry.construct);
}

bool JobLowering::setBoolean(Entry const& entry, Sourced<bool>& target) {
    llvm::StringRef const value = text(entry);
    auto const flag = readBoolean(value);
    if (!flag) {
        bad(entry, value, "`y` or `n` (or `1`, `0`)");
        return false;
    }
    target.set(*flag, entry.construct);
    return true;
}

template <class Take>
bool JobLowering::readItems(Entry const& entry, llvm::StringRef value, llvm::StringRef wanted,
                            Take take) {
    auto const items = listItems(value);
    // Escapes make the text differ from the file's, but not where one item ends.
    auto const written = listItems(entry.value);
    bool areAllGood = true;
    for (size_t i = 0; i < items.size(); ++i) {
        Span const where =
            base.partSpan(entry, written.size() == items.size() ? written[i] : items[i]);
        if (take(items[i], where))
            continue;
        base.badValue(entry, where, items[i], wanted, definition.name);
        job().refused = true;
        areAllGood = false;
    }
    return areAllGood;
}

void JobLowering::conditionAttribute(Entry const& entry, ConditionRef& target) {
    llvm::StringRef const value =
        base.placeholders.resolve(entry.value, entry.where, entry.row->kind, definition.name);
    target.from = entry.construct;
    target.span = entry.where;
    llvm::StringRef inner = value;
    size_t offset = 0;
    // Some exports quote the whole condition.
    if (inner.size() >= 2 && inner.front() == '"' && inner.back() == '"' &&
        !inner.drop_front().drop_back().contains('"')) {
        inner = inner.drop_front().drop_back();
        offset = 1;
    }
    bool const isVerbatim = value.data() == entry.value.data();
    auto const spanOf = [&](size_t begin, size_t end) {
        if (!isVerbatim) // the text differs from the source: the whole value is as near as it gets
            return entry.where;
        return Span{entry.where.begin + static_cast<uint32_t>(offset + begin),
                    entry.where.begin + static_cast<uint32_t>(offset + end)};
    };
    if (!parseCondition(inner, spanOf, estate, diags, self, definition.name, target)) {
        estate.constructs.settle(entry.construct, Fidelity::refused, "syntax error");
        for (AtomUse const& use : target.uses)
            estate.constructs.settle(use.construct, Fidelity::refused, "syntax error");
        target = ConditionRef();
        job().refused = true;
    }
}

void JobLowering::attribute(Entry const& entry) {
    Job& j = job();
    switch (entry.row->id) {
    case Attr::job_job_type: return;
    case Attr::job_new_name: return bad(entry, entry.value, "`new_name` with `rename_job` only");
    case Attr::job_box_name: return setText(entry, j.boxName);
    case Attr::job_machine: {
        llvm::SmallVector<llvm::StringRef, 1> machines;
        for (llvm::StringRef const item : commaItems(text(entry)))
            machines.push_back(item);
        return j.machines.set(std::move(machines), entry.construct);
    }
    case Attr::job_owner: return setText(entry, j.owner);
    case Attr::job_description:
        base.settle(entry, Fidelity::exact, "documentation");
        return setText(entry, j.description);
    case Attr::job_application:
        base.settle(entry, Fidelity::exact, "tag");
        return setText(entry, j.application);
    case Attr::job_group:
        base.settle(entry, Fidelity::exact, "tag");
        return setText(entry, j.label);
    case Attr::job_profile:
        return command() ? setText(entry, command()->profile)
                         : base.keep(entry, definition.name, j.kept);
    case Attr::job_shell:
        return command() ? setText(entry, command()->shell)
                         : base.keep(entry, definition.name, j.kept);
    case Attr::job_command:
        return command() ? setText(entry, command()->command)
                         : base.keep(entry, definition.name, j.kept);
    case Attr::job_std_in_file:
        return command() ? setText(entry, command()->stdinFile)
                         : base.keep(entry, definition.name, j.kept);
    case Attr::job_std_out_file:
        return command() ? setText(entry, command()->stdoutFile)
                         : base.keep(entry, definition.name, j.kept);
    case Attr::job_std_err_file:
        return command() ? setText(entry, command()->stderrFile)
                         : base.keep(entry, definition.name, j.kept);
    case Attr::job_envvars: {
        if (!command())
            return base.keep(entry, definition.name, j.kept);
        llvm::StringRef const value = text(entry);
        auto const pairs = readAssignments(value);
        if (!pairs)
            return bad(entry, value, "`NAME=value`, several separated by commas");
        for (auto const& pair : *pairs)
            command()->environment.push_back({pair, entry.construct});
        return;
    }
    case Attr::job_watch_file: {
        auto* watch = std::get_if<FileWatchAction>(&j.action);
        return watch ? setText(entry, watch->path) : base.keep(entry, definition.name, j.kept);
    }
    case Attr::job_watch_file_min_size: {
        auto* watch = std::get_if<FileWatchAction>(&j.action);
        return watch ? setInteger(entry, watch->minSize, 0, INT64_MAX, "a number of bytes")
                     : base.keep(entry, definition.name, j.kept);
    }
    case Attr::job_watch_interval: {
        auto* watch = std::get_if<FileWatchAction>(&j.action);
        return watch
                   ? setInteger(entry, watch->interval, 1, INT32_MAX, "a number of seconds above 0")
                   : base.keep(entry, definition.name, j.kept);
    }
    case Attr::job_priority: return setInteger(entry, j.priority, 0, INT32_MAX, "a number from 0");
    case Attr::job_job_load:
        return setInteger(entry, j.load, 0, INT64_MAX, "a number of load units from 0");
    case Attr::job_n_retrys: return setInteger(entry, j.retries, 0, 20, "a number from 0 to 20");
    case Attr::job_term_run_time:
        return setInteger(entry, j.termRunTime, 0, 527040, "minutes from 0 to 527040");
    case Attr::job_max_run_alarm:
        return setInteger(entry, j.alarms.maxRun, 0, INT32_MAX, "minutes from 0");
    case Attr::job_min_run_alarm:
        return setInteger(entry, j.alarms.minRun, 0, INT32_MAX, "minutes from 0");
    case Attr::job_max_exit_success: maxExit = &entry; return;
    case Attr::job_success_codes: successCodes = &entry; return;
    case Attr::job_fail_codes: failCodes = &entry; return;
    case Attr::job_auto_hold: setBoolean(entry, j.autoHold); return;
    case Attr::job_alarm_if_fail: setBoolean(entry, j.alarms.ifFail); return;
    case Attr::job_alarm_if_terminated: setBoolean(entry, j.alarms.ifTerminated); return;
    case Attr::job_box_terminator: setBoolean(entry, j.boxTerminator); return;
    case Attr::job_job_terminator: setBoolean(entry, j.jobTerminator); return;
    case Attr::job_send_notification: {
        llvm::StringRef const value = text(entry);
        j.alarms.notifyFailureOnly = value.equals_insensitive("f");
        if (j.alarms.notifyFailureOnly)
            return j.alarms.notify.set(true, entry.construct);
        auto const flag = readBoolean(value);
        return flag ? j.alarms.notify.set(*flag, entry.construct)
                    : bad(entry, value, "`y`, `n` or `f` (failures only)");
    }
    case Attr::job_notification_msg: return setText(entry, j.alarms.message);
    case Attr::job_notification_emailaddress: {
        Sourced<llvm::StringRef> address;
        setText(entry, address);
        j.alarms.addresses.push_back(address);
        return;
    }
    case Attr::job_auto_delete: {
        llvm::StringRef const value = text(entry);
        auto const hours = readInteger(value);
        if (!hours || *hours < -1 || *hours > 17520)
            return bad(entry, value, "-1 (never) or hours from 0 to 17520");
        if (*hours != -1)
            return base.keep(entry, definition.name, j.kept);
        base.settle(entry, Fidelity::exact, "no effect");
        j.inert.push_back({entry.row->keyword, value, entry.construct});
        return;
    }
    case Attr::job_status: {
        llvm::StringRef const value = text(entry);
        InitialStatus const status = value.equals_insensitive("inactive")  ? InitialStatus::inactive
                                     : value.equals_insensitive("on_ice")  ? InitialStatus::onIce
                                     : value.equals_insensitive("on_hold") ? InitialStatus::onHold
                                     : value.equals_insensitive("on_noexec")
                                         ? InitialStatus::onNoExec
                                         : InitialStatus::other;
        j.initialStatus.set(status, entry.construct);
        return j.initialStatusText.set(value, entry.construct);
    }
    case Attr::job_resources: {
        llvm::StringRef const value = text(entry);
        auto uses = readResources(value);
        if (!uses)
            return bad(entry, value, "`(NAME, QUANTITY=n, FREE=Y|N|A)`, several joined by `AND`");
        bool const isVerbatim =
            value.data() >= entry.value.begin() && value.data() <= entry.value.end();
        auto const shift =
            entry.where.begin +
            static_cast<uint32_t>(isVerbatim ? value.data() - entry.value.data() : 0);
        for (ResourceUse& use : *uses) {
            use.span = isVerbatim ? Span{use.span.begin - 1 + shift, use.span.end - 1 + shift}
                                  : entry.where;
            use.construct = estate.constructs.add(use.span, "resource use", self);
            j.resources.push_back(use);
        }
        j.resourcesFrom = entry.construct;
        return;
    }
    case Attr::job_condition: return conditionAttribute(entry, j.condition);
    case Attr::job_box_success: return conditionAttribute(entry, estate.groups[j.group].success);
    case Attr::job_box_failure: return conditionAttribute(entry, estate.groups[j.group].failure);
    case Attr::job_date_conditions: master = &entry; return;
    default: break;
    }
    if (isTimeAttribute(entry.row->id)) {
        timeEntries.push_back(&entry);
        return;
    }
    switch (entry.row->fate) {
    case Fate::inert:
        base.settle(entry, Fidelity::exact, "documentation");
        j.inert.push_back({entry.row->keyword, text(entry), entry.construct});
        return;
    case Fate::unknown: {
        auto finding =
            diags.report<Code::UnknownAttribute>({estate.constructs.span(entry.construct).begin,
                                                  estate.constructs.span(entry.construct).begin +
                                                      static_cast<uint32_t>(entry.key.size())},
                                                 "a job", entry.key);
        finding.object(definition.name)
            .evidence(entry.key)
            .note("`jil` rejects the statement: this definition is not what runs in production");
        if (llvm::StringRef const near = nearestAttribute(Subject::job, entry.key); !near.empty())
            finding.help(fmt::format("did you mean `{}`?", near.str()))
                .fix({{estate.constructs.span(entry.construct).begin,
                       estate.constructs.span(entry.construct).begin +
                           static_cast<uint32_t>(entry.key.size())},
                      near.str(),
                      "use the attribute's right name",
                      diag::Applicability::unsafe});
        base.settle(entry, Fidelity::dropped, "unknown attribute");
        j.kept.push_back({entry.key, text(entry), entry.construct});
        return;
    }
    default: return base.keep(entry, definition.name, j.kept);
    }
}

void JobLowering::timeAttribute(Entry const& entry) {
    llvm::StringRef const value = text(entry);
    hasTimes = true;
    switch (entry.row->id) {
    case Attr::job_days_of_week: {
        uint8_t days = 0;
        bool const isGood =
            readItems(entry, value, "days such as `mo,tu,we,th,fr` or `all`",
                      [&](llvm::StringRef item, Span where) {
                          auto const day = readWeekday(item);
                          if (day && item.size() > 2 && !item.equals_insensitive("all"))
                              diags.report<Code::LenientValue>(where, item, item.take_front(2))
                                  .object(definition.name)
                                  .evidence(item);
                          days |= day.value_or(0);
                          return day.has_value();
                      });
        return isGood ? times.weekdays.set(days, entry.construct) : void();
    }
    case Attr::job_run_calendar: return times.runCalendar.set(value, entry.construct);
    case Attr::job_exclude_calendar: return times.excludeCalendar.set(value, entry.construct);
    case Attr::job_start_times: {
        llvm::SmallVector<int16_t, 2> list;
        bool const isGood = readItems(entry, value, "times of day `hh:mm` from 00:00 to 23:59",
                                      [&](llvm::StringRef item, Span) {
                                          auto const time = readTime(item);
                                          if (time && !llvm::is_contained(list, *time))
                                              list.push_back(*time);
                                          return time.has_value();
                                      });
        return isGood ? times.times.set(std::move(list), entry.construct) : void();
    }
    case Attr::job_start_mins: {
        llvm::SmallVector<uint8_t, 2> list;
        bool const isGood = readItems(
            entry, value, "minutes past the hour from 0 to 59", [&](llvm::StringRef item, Span) {
                auto const minute = readInteger(item);
                if (!minute || *minute < 0 || *minute > 59)
                    return false;
                if (!llvm::is_contained(list, static_cast<uint8_t>(*minute)))
                    list.push_back(static_cast<uint8_t>(*minute));
                return true;
            });
        return isGood ? times.minutes.set(std::move(list), entry.construct) : void();
    }
    case Attr::job_run_window: {
        auto const window = readWindow(value);
        return window ? times.window.set(*window, entry.construct)
                      : bad(entry, value, "a span of time `hh:mm-hh:mm`");
    }
    case Attr::job_timezone: return times.timezone.set(value, entry.construct);
    case Attr::job_must_start_times:
    case Attr::job_must_complete_times: {
        std::vector<ClockOrOffset> list;
        bool const isGood = readItems(entry, value, "times `hh:mm` or `+minutes` after the start",
                                      [&](llvm::StringRef item, Span) {
                                          auto const time = readTime(item);
                                          auto const offset = item.starts_with("+")
                                                                  ? readInteger(item.drop_front())
                                                                  : std::nullopt;
                                          if (offset && *offset >= 0 && *offset <= 527040)
                                              list.push_back({true, static_cast<int32_t>(*offset)});
                                          else if (time)
                                              list.push_back({false, *time});
                                          else
                                              return false;
                                          return true;
                                      });
        if (!isGood)
            return;
        auto& target =
            entry.row->id == Attr::job_must_start_times ? times.mustStart : times.mustComplete;
        return target.set(std::move(list), entry.construct);
    }
    default: return;
    }
}

/// JIL-140: date_conditions is the switch. Off, the times have no effect, but they must still be
/// readable.
void JobLowering::schedule() {
    Sourced<bool> isOn;
    if (master && !setBoolean(*master, isOn))
        return;
    for (Entry const* entry : timeEntries)
        timeAttribute(*entry);
    if (!isOn || !*isOn) {
        if (master)
            base.settle(*master, Fidelity::exact, "no effect");
        for (Entry const* entry : timeEntries) {
            base.settle(*entry, Fidelity::exact, "no effect");
            job().deadSchedule.push_back(entry->construct);
        }
        return;
    }
    times.master = master->construct;
    times.origin = estate.constructs.span(master->construct);
    job().schedule = estate.schedules.add(std::move(times));
}

/// JIL-057: fail_codes decides alone, else success_codes alone, else max_exit_success.
void JobLowering::exitRule() {
    ExitRule& rule = job().exitRule;
    bool isDecided = false;
    auto const shadow = [&](Entry const* entry) {
        base.settle(*entry, Fidelity::exact, "overruled");
        rule.shadowed.push_back(entry->construct);
    };
    auto const codes = [&](Entry const* entry, ExitRule::Kind which) {
        if (!entry)
            return;
        if (isDecided)
            return shadow(entry);
        static constexpr llvm::StringLiteral wanted = "exit codes such as `0,3,20-30`";
        llvm::StringRef const value = text(*entry);
        std::vector<CodeRange> list;
        bool const isGood = readItems(*entry, value, wanted, [&](llvm::StringRef item, Span) {
            auto const range = readCodes(item);
            list.push_back(range.value_or(CodeRange()));
            return range.has_value();
        });
        if (!isGood)
            return;
        if (list.empty())
            return bad(*entry, value, wanted);
        rule.kind = which;
        rule.codes = std::move(list);
        rule.from.push_back(entry->construct);
        isDecided = true;
    };
    codes(failCodes, ExitRule::Kind::fail);
    codes(successCodes, ExitRule::Kind::success);
    if (maxExit && isDecided) {
        shadow(maxExit);
    } else if (maxExit) {
        Sourced<int64_t> most;
        setInteger(*maxExit, most, INT32_MIN, INT32_MAX, "an exit code");
        if (most) {
            rule.max = *most;
            rule.from.push_back(maxExit->construct);
        }
    }
}

void JobLowering::required() {
    if (job().refused) // what is missing may be what could not be read
        return;
    auto const missing = [&](llvm::StringRef attribute) {
        diags
            .report<Code::MissingAttribute>(
                definition.nameSpan, fmt::format("a job of type `{}`", typeText.str()), attribute)
            .object(definition.name)
            .note("`jil` rejects the statement");
        job().refused = true;
    };
    if (CommandAction const* action = command(); action && !action->command && !action->shell)
        missing("command");
    if (auto const* watch = std::get_if<FileWatchAction>(&job().action); watch && !watch->path)
        missing("watch_file");
    if ((kind == JobKind::command || kind == JobKind::watch) && !job().machines)
        diags.report<Code::MissingMachine>(definition.nameSpan, definition.name)
            .object(definition.name)
            .note("AutoSys needs a machine for commands and file watchers");
}

void JobLowering::run() {
    Job& j = job();
    j.name = definition.name;
    j.nameSpan = definition.nameSpan;
    j.statement = definition.statement;
    j.origin = estate.constructs.span(definition.statement);
    j.refused = definition.isRefused;
    j.dialect = Dialect::jil;
    estate.constructs[definition.statement].owner = self;
    for (ConstructId const id : definition.statements)
        estate.constructs[id].owner = self;
    chooseType();
    for (Entry const& entry : definition.entries) {
        estate.constructs[entry.construct].owner = self;
        if (entry.isBroken) {
            base.settle(entry, Fidelity::refused, "syntax error");
            continue;
        }
        if (!fits(entry.row->family)) {
            diags
                .report<Code::NotForType>(
                    estate.constructs.span(entry.construct),
                    entry.row->id == Attr::prefixed ? entry.key : entry.row->keyword, typeText)
                .object(definition.name)
                .evidence(entry.key);
            base.settle(entry, Fidelity::exact, "no effect");
            job().inert.push_back({entry.key, text(entry), entry.construct});
            continue;
        }
        attribute(entry);
    }
    for (Entry const& entry : definition.overrides) {
        estate.constructs[entry.construct].owner = self;
        job().kept.push_back(
            {estate.save("override_job " + entry.key.str()), entry.value, entry.construct});
    }
    exitRule();
    schedule();
    required();
}

void Lowering::job(Definition const& definition) {
    JobLowering(*this, definition, estate.jobs.add()).run();
}

void Lowering::keep(Entry const& entry, llvm::StringRef object, std::vector<KeptAttribute>& kept) {
    llvm::StringRef const key = entry.row->id == Attr::prefixed ? entry.key : entry.row->keyword;
    kept.push_back({key, text(entry, object), entry.construct});
    ir::JobId const owner = estate.constructs[entry.construct].owner;
    if (owner && std::holds_alternative<OpaqueAction>(estate.jobs[owner].action) &&
        entry.row->family != Family::any)
        return; // the adapter's own: settled by the lowering, which knows the site's mapping
    diags
        .report<Code::KeptWithoutModel>(estate.constructs.span(entry.construct), key,
                                        effectOf(entry.row->id))
        .object(object)
        .evidence(key);
    settle(entry, Fidelity::dropped, "kept without a model");
}

} // namespace hoist::jil
