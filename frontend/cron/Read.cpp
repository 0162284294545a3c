// Reads crontabs into the estate: one entry is one job with a clock of its own (CRON-012).
//
// Invariant: every line that is no comment lies inside a construct, and every construct belongs to
// a job or is settled here. Settings apply to the entries below them (CRON-005), so the reader
// walks the lines once and carries the environment.
#include "frontend/base/Suggest.h"
#include "frontend/cron/Cron.h"
#include "frontend/cron/EntryName.h"
#include "frontend/cron/Fields.h"
#include "frontend/cron/Line.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace hoist::cron {
namespace {

using diag::Code;
using diag::Fidelity;

// MAX_COMMAND of the Vixie family is 1000 bytes with the terminator; crontab(1) checks 998
// (CRON-011).
constexpr size_t longestCommand = 998;

struct SettingInForce {
    llvm::StringRef name, value;
    ir::ConstructId construct;
    Span span;
    bool isUsed = false;
};

class FileReader {
public:
    FileReader(FileId fileId, bool withUsers, ir::Estate& model, diag::Diagnostics& diagnostics,
               llvm::StringMap<unsigned>& namesSeen, std::vector<Span>& firstUses)
        : file(fileId), hasUserColumn(withUsers), estate(model), diags(diagnostics),
          names(namesSeen), firstSpans(firstUses), bytes(model.sources.bytes(fileId)),
          path(model.sources.path(fileId)) {}

    void read() {
        size_t at = 0;
        if (bytes.starts_with("\xEF\xBB\xBF")) {
            at = 3;
            diags.report<Code::ByteOrderMark>(at0(0, 3), path).object(path);
        }
        checkFinalNewline();
        while (at < bytes.size()) {
            size_t const newline = std::min(bytes.find('\n', at), bytes.size());
            size_t end = newline;
            if (end > at && bytes[end - 1] == '\r') {
                --end;
                if (!std::exchange(reportedCarriageReturn, true))
                    diags.report<Code::CarriageReturns>(at0(end, end + 1), path).object(path);
            }
            readLine(at, end);
            at = newline + 1;
        }
        for (SettingInForce const& setting : environment)
            settleSetting(setting);
    }

private:
    Span at0(size_t begin, size_t end) const { return estate.sources.span(file, begin, end); }

    void checkFinalNewline() {
        if (bytes.empty() || bytes.ends_with("\n"))
            return;
        size_t const lastLine = bytes.rfind('\n') + 1; // npos + 1 == 0
        // `crontab` takes a last comment line without a newline.
        if (isBlankOrComment(bytes.substr(lastLine)))
            return;
        diags.report<Code::NoFinalNewline>(at0(bytes.size(), bytes.size()), path)
            .object(path)
            .primary("the newline is missing here")
            .note("rule CRON-011; hoist reads the line as if it were complete");
    }

    Span span(Piece piece) const { return at0(lineBegin + piece.begin, lineBegin + piece.end); }

    void readLine(size_t begin, size_t end) {
        lineBegin = begin;
        line = bytes.slice(begin, end);
        if (isBlankOrComment(line))
            return;
        Piece const whole{line.size() - line.ltrim(" \t").size(), line.rtrim(" \t").size()};
        if (size_t const nul = line.find('\0'); nul != llvm::StringRef::npos) {
            diags.report<Code::NulInCrontab>(span({nul, nul + 1}));
            refuseEntry(whole);
            return;
        }
        if (auto const setting = parseSetting(line))
            return readSetting(*setting, whole);
        readEntry(whole);
    }

    // Settings
    // -------------------------------------------------------------------------------------

    void readSetting(Setting const& setting, Piece whole) {
        llvm::StringRef const name = setting.name.in(line);
        ir::ConstructId const construct =
            estate.constructs.add(span(whole), ("crontab setting " + kindOfSetting(name)).str());
        if (!setting.problem.empty()) {
            // Which entries below it still mean what they meant nobody can say, so the file is
            // refused.
            diags.report<Code::BadEnvironmentLine>(span(setting.problemAt), setting.problem)
                .evidence(line);
            estate.constructs.settle(construct, Fidelity::refused, "refused");
            estate.refusals.push_back({span(whole), {}});
            return;
        }
        // The daemon sets both from the account (CRON-005).
        if (name == "LOGNAME" || name == "USER") {
            diags
                .report<Code::EnvironmentNoEffect>(span(whole), name,
                                                   llvm::StringRef("cron sets it from the account"))
                .note("rule CRON-005");
            estate.constructs.settle(construct, Fidelity::dropped, "no effect in cron");
            return;
        }
        SettingInForce next{name, setting.value.in(line), construct, span(whole), false};
        if (name == "CRON_TZ")
            reportZone(next);
        for (SettingInForce& old : environment)
            if (old.name == name) {
                settleSetting(old);
                old = next;
                return;
            }
        environment.push_back(next);
    }

    static llvm::Twine kindOfSetting(llvm::StringRef name) {
        static constexpr llvm::StringLiteral own[] = {"SHELL",    "PATH",        "HOME", "MAILTO",
                                                      "MAILFROM", "CRON_TZ",     "TZ",   "LOGNAME",
                                                      "USER",     "RANDOM_DELAY"};
        return llvm::is_contained(own, name) ? llvm::Twine(name) : llvm::Twine("NAME=VALUE");
    }

    bool isCronie() const { return estate.settings.cronFlavour == "cronie"; }

    void reportZone(SettingInForce const& setting) {
        if (!isCronie())
            diags.report<Code::CronTzIgnored>(setting.span)
                .evidence(setting.value)
                .note("rule CRON-007")
                .help("`--cron-flavour cronie` if this crontab was written for cronie");
    }

    /// Called when a setting goes out of force: what no job carries is settled here.
    void settleSetting(SettingInForce const& setting) {
        if (!setting.isUsed) {
            diags
                .report<Code::EnvironmentNoEffect>(setting.span, setting.name,
                                                   llvm::StringRef("no entry stands below it"))
                .note("rule CRON-005");
            estate.constructs.settle(setting.construct, Fidelity::dropped, "no entry below");
            return;
        }
        if (setting.name == "MAILTO") {
            if (setting.value.empty()) {
                estate.constructs.settle(setting.construct, Fidelity::exact, "no mail");
                return;
            }
            diags.report<Code::OutputNotMailed>(setting.span, setting.value)
                .note("rule CRON-010: cron mails what a command prints; Airflow keeps it as the "
                      "log of the task")
                .help("an Airflow callback or notifier can mail on failure");
            estate.constructs.settle(setting.construct, Fidelity::dropped, "task log");
        }
    }

    // Entries
    // --------------------------------------------------------------------------------------

    void readEntry(Piece whole) {
        size_t at = whole.begin;
        bool ok = true;
        if (line[at] == '-' && isCronie()) {
            // CRON-011: no line in the system log for this entry; Airflow has no system log to
            // spare.
            estate.constructs.settle(
                estate.constructs.add(span({at, at + 1}), "crontab no-log mark"), Fidelity::exact,
                "no effect");
            ++at;
        }
        ir::Schedule schedule;
        Piece scheduleAt;
        if (line.substr(at).starts_with("@"))
            ok = readTimeName(at, schedule, scheduleAt);
        else
            ok = readFields(whole, at, schedule, scheduleAt);
        if (scheduleAt.empty()) // incomplete: reported
            return refuseEntry(whole);
        llvm::StringRef user = userOfPath();
        Piece userAt;
        if (hasUserColumn) {
            userAt = nextColumn(line, at);
            user = userAt.in(line);
            if (!isUserName(user)) {
                diags.report<Code::BadCronUser>(span(userAt), user)
                    .help(
                        "`--dialect cron` reads the file as a user crontab, without a user column");
                ok = false;
            }
        }
        Piece command;
        command.end = line.size(); // trailing blanks belong to the command
        command.begin = at;
        while (command.begin < command.end && isBlank(line[command.begin]))
            ++command.begin;
        if (command.empty()) {
            diags
                .report<Code::IncompleteEntry>(span({whole.end, whole.end}),
                                               "the entry has no command")
                .evidence(line);
            return refuseEntry(whole);
        }
        if (command.end - command.begin > longestCommand) {
            diags
                .report<Code::CommandTooLong>(span({command.begin + longestCommand, command.end}),
                                              command.end - command.begin, longestCommand)
                .note("rule CRON-011")
                .help("put the command in a script");
            ok = false;
        }
        if (!ok)
            return refuseEntry(whole);
        addJob(whole, schedule, scheduleAt, user, userAt, command);
    }

    bool readTimeName(size_t& at, ir::Schedule& schedule, Piece& scheduleAt) {
        scheduleAt = nextColumn(line, at);
        llvm::StringRef const name = scheduleAt.in(line).drop_front();
        if (name == "reboot") {
            schedule.kind = ir::Schedule::Kind::atBoot;
            schedule.cronText = "@reboot";
            return true;
        }
        llvm::StringRef const text = fieldsOfTimeName(name);
        if (text.empty()) {
            auto builder = diags.report<Code::UnknownTimeName>(span(scheduleAt), name);
            if (llvm::StringRef const nearest = nearestOfNames(name); !nearest.empty())
                builder.help(fmt::format("did you mean `@{}`?", diag::shown(nearest)));
            return false;
        }
        std::array<FieldText, 5> columns;
        size_t from = 0;
        for (FieldText& column : columns)
            column = {nextColumn(text, from).in(text), span(scheduleAt)};
        return setFields(parseFields(columns, diags), schedule);
    }

    static llvm::StringRef nearestOfNames(llvm::StringRef name) {
        std::vector<llvm::StringRef> candidates(std::begin(timeNames), std::end(timeNames));
        return nearestOf(name, candidates);
    }

    bool readFields(Piece whole, size_t& at, ir::Schedule& schedule, Piece& scheduleAt) {
        std::array<FieldText, 5> columns;
        for (size_t i = 0; i < columns.size(); ++i) {
            Piece const piece = nextColumn(line, at);
            if (piece.empty()) {
                diags
                    .report<Code::IncompleteEntry>(
                        span({whole.end, whole.end}),
                        fmt::format("the entry ends after {} of five time fields", i))
                    .evidence(line);
                scheduleAt = {};
                return false;
            }
            if (i == 0)
                scheduleAt = piece;
            scheduleAt.end = piece.end;
            columns[i] = {piece.in(line), span(piece)};
        }
        FieldsResult const result = parseFields(columns, diags);
        if (result.ok)
            warnIfNoDate(result.fields, columns[2].span);
        return setFields(result, schedule);
    }

    bool setFields(FieldsResult const& result, ir::Schedule& schedule) {
        schedule.kind = ir::Schedule::Kind::cron;
        schedule.cron = result.fields;
        schedule.cronText = estate.save(result.text);
        // CRON-008: a wildcard entry follows the wall clock; a fixed one runs once, right after a
        // gap.
        bool const isWildcard = result.fields.minuteStar || result.fields.hourStar;
        schedule.timesGap = isWildcard ? ir::GapRule::none : ir::GapRule::afterGap;
        schedule.timesOverlap = isWildcard ? ir::OverlapRule::both : ir::OverlapRule::first;
        schedule.minutesGap = schedule.timesGap;
        schedule.minutesOverlap = schedule.timesOverlap;
        return result.ok;
    }

    /// `0 0 31 2 *` is taken by cron and never runs.
    void warnIfNoDate(ir::CronFields const& fields, Span daySpan) {
        if (!fields.monthDayStar && !fields.weekdayStar)
            return; // either day field is enough (CRON-002)
        static constexpr unsigned days[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        unsigned first = 32;
        for (unsigned day = 31; day >= 1; --day)
            if (fields.monthDays.test(day))
                first = day;
        for (unsigned month = 1; month <= 12; ++month)
            if (fields.months.test(month) && first <= days[month])
                return;
        diags.report<Code::NeverMatchingDate>(daySpan, first);
    }

    /// The owner of a crontab in the spool is the name of its file.
    llvm::StringRef userOfPath() const {
        for (llvm::StringRef folder :
             {"var/spool/cron/crontabs/", "var/spool/cron/", "var/cron/tabs/"})
            if (size_t const at = path.rfind(folder); at != llvm::StringRef::npos) {
                llvm::StringRef const name = path.substr(at + folder.size());
                return isUserName(name) ? name : llvm::StringRef();
            }
        return {};
    }

    /// The unique name of an entry; a repeated one is told and numbered.
    llvm::StringRef claimName(std::string const& name, Span where) {
        auto const [it, isNew] = names.try_emplace(name, static_cast<unsigned>(firstSpans.size()));
        if (isNew) {
            firstSpans.push_back(where);
            return estate.save(name);
        }
        if (Span& first = firstSpans[it->second]; first.isValid())
            diags.report<Code::DuplicateEntry>(where)
                .object(name)
                .label(first, "the same user, schedule and command")
                .note("rule CRON-012: both are kept, each as a DAG");
        else
            first = where; // the name belongs to a job of another dialect
        while (true) {
            std::string const numbered = name + "." + std::to_string(2 + repeats[name]++);
            auto const [again, isFree] =
                names.try_emplace(numbered, static_cast<unsigned>(firstSpans.size()));
            if (isFree) {
                firstSpans.push_back(where);
                return estate.save(numbered);
            }
        }
    }

    void refuseEntry(Piece whole) {
        Span const where = span(whole);
        ir::ConstructId const statement = estate.constructs.add(where, "statement crontab entry");
        estate.constructs.settle(statement, Fidelity::refused, "refused");
        ir::JobId const id = estate.jobs.add();
        ir::Job& job = estate.jobs[id];
        // No user, schedule and command could be told apart: the whole line stands for them.
        std::string name = entryName({}, whole.in(line), {});
        std::string unique = name;
        while (!names.try_emplace(unique, static_cast<unsigned>(firstSpans.size())).second)
            unique = name + "." + std::to_string(2 + repeats[name]++);
        firstSpans.push_back(where);
        job.name = estate.save(unique);
        job.nameSpan = job.origin = where;
        job.statement = statement;
        estate.constructs[statement].owner = id;
        job.dialect = ir::Dialect::cron;
        job.refused = true;
        job.action = ir::OpaqueAction{"crontab entry", statement};
        job.exitRule.kind = ir::ExitRule::Kind::any;
        estate.refusals.push_back({where, job.name});
    }

    void addJob(Piece whole, ir::Schedule& schedule, Piece scheduleAt, llvm::StringRef user,
                Piece userAt, Piece command) {
        llvm::StringRef const commandText = command.in(line);
        llvm::StringRef const name =
            claimName(entryName(user, schedule.cronText, commandText), span(whole));
        ir::JobId const id = estate.jobs.add();
        auto const construct = [&](Piece piece, llvm::StringRef kind) {
            return estate.constructs.add(span(piece), kind, id);
        };
        ir::Job& job = estate.jobs[id];
        job.name = name;
        job.nameSpan = span(command);
        job.origin = span(whole);
        job.statement = construct(whole, "statement crontab entry");
        job.dialect = ir::Dialect::cron;
        job.exitRule.kind = ir::ExitRule::Kind::any; // CRON-010

        bool const isBoot = schedule.kind == ir::Schedule::Kind::atBoot;
        schedule.origin = span(scheduleAt);
        schedule.master =
            construct(scheduleAt, isBoot                                 ? "crontab @reboot"
                                  : scheduleAt.in(line).starts_with("@") ? "crontab time name"
                                                                         : "crontab fields");
        if (isBoot)
            diags.report<Code::RebootEntry>(schedule.origin).object(name).note("rule CRON-004");
        schedule.flavour = estate.save(estate.settings.cronFlavour);
        schedule.whileRunning = ir::TickWhileRunning::overlap; // CRON-009
        schedule.whileFalse = ir::TickWhileFalse::lose;

        if (!userAt.empty())
            job.owner.set(user, construct(userAt, "crontab user"));
        else if (!user.empty())
            job.owner.set(user, job.statement);
        ir::CommandAction action;
        setCommand(command, id, action);
        setEnvironment(schedule, action);
        job.action = std::move(action);
        job.schedule = estate.schedules.add(std::move(schedule));
    }

    /// CRON-006: the first bare `%` ends the command; what follows is standard input, `%` being
    /// newlines.
    void setCommand(Piece whole, ir::JobId id, ir::CommandAction& action) {
        llvm::StringRef const text = whole.in(line);
        std::string parts[2];
        size_t stdinBegin = llvm::StringRef::npos;
        for (size_t i = 0; i < text.size(); ++i) {
            bool const isInput = stdinBegin != llvm::StringRef::npos;
            if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '%') {
                parts[isInput] += '%';
                ++i;
            } else if (text[i] == '%' && !isInput) {
                stdinBegin = i;
            } else {
                parts[isInput] += text[i] == '%' ? '\n' : text[i];
            }
        }
        bool const hasInput = stdinBegin != llvm::StringRef::npos;
        size_t const commandEnd = hasInput ? whole.begin + stdinBegin : whole.end;
        action.command.set(
            estate.save(parts[0]),
            estate.constructs.add(span({whole.begin, commandEnd}), "crontab command", id));
        if (hasInput) {
            if (!llvm::StringRef(parts[1]).ends_with("\n"))
                parts[1] += '\n'; // the daemon ends the input with a newline
            action.stdinText.set(
                estate.save(parts[1]),
                estate.constructs.add(span({commandEnd, whole.end}), "crontab stdin", id));
        }
    }

    void setEnvironment(ir::Schedule& schedule, ir::CommandAction& action) {
        // CRON-005: without SHELL and PATH lines cron's own values hold, not those of a login.
        action.shell.set("/bin/sh", action.command.from);
        bool hasPath = false;
        for (SettingInForce& setting : environment) {
            setting.isUsed = true;
            if (setting.name == "SHELL") {
                action.shell.set(setting.value, setting.construct);
            } else if (setting.name == "CRON_TZ" && isCronie()) {
                schedule.timezone.set(setting.value, setting.construct);
                continue;
            }
            hasPath |= setting.name == "PATH";
            action.environment.emplace_back();
            action.environment.back().set({setting.name, setting.value}, setting.construct);
        }
        if (!hasPath) {
            action.environment.emplace_back();
            action.environment.back().set({"PATH", "/usr/bin:/bin"}, action.command.from);
        }
    }

    FileId file;
    bool hasUserColumn;
    ir::Estate& estate;
    diag::Diagnostics& diags;
    llvm::StringMap<unsigned>& names; ///< name → index in firstSpans, over all crontabs
    std::vector<Span>& firstSpans;
    llvm::StringRef bytes, path;
    llvm::StringRef line;
    size_t lineBegin = 0;
    bool reportedCarriageReturn = false;
    llvm::StringMap<unsigned> repeats; ///< numbers given to equal entries: no search among many
    std::vector<SettingInForce> environment;
};

bool reportAnacrontab(FileId file, ir::Estate& estate, diag::Diagnostics& diags) {
    llvm::StringRef const bytes = estate.sources.bytes(file);
    for (size_t at = 0; at < bytes.size();) {
        size_t const end = std::min(bytes.find('\n', at), bytes.size());
        llvm::StringRef const line = bytes.slice(at, end).rtrim('\r');
        if (!isBlankOrComment(line) && !parseSetting(line)) {
            if (!isAnacrontabEntry(line))
                return false;
            Span const span = estate.sources.span(file, at, at + line.size());
            diags.report<Code::Anacrontab>(span, estate.sources.path(file))
                .help("give each job a time of day in a crontab, and hoist translates that");
            ir::ConstructId const construct =
                estate.constructs.add(estate.sources.wholeFile(file), "statement anacrontab");
            estate.constructs.settle(construct, Fidelity::refused, "refused");
            estate.refusals.push_back({estate.sources.wholeFile(file), {}});
            return true;
        }
        at = end + 1;
    }
    return false;
}

void readAll(llvm::ArrayRef<FileId> files, bool withUsers, ir::Estate& estate,
             diag::Diagnostics& diags) {
    llvm::StringMap<unsigned> names;
    std::vector<Span> firstSpans;
    for (ir::Job const& job : estate.jobs)
        if (names.try_emplace(job.name, static_cast<unsigned>(firstSpans.size())).second)
            firstSpans.push_back(job.dialect == ir::Dialect::cron ? job.origin : Span{});
    for (FileId file : files)
        if (!reportAnacrontab(file, estate, diags))
            FileReader(file, withUsers, estate, diags, names, firstSpans).read();
}

} // namespace

void user::read(llvm::ArrayRef<FileId> files, ir::Estate& estate, diag::Diagnostics& diags) {
    readAll(files, false, estate, diags);
}
void system::read(llvm::ArrayRef<FileId> files, ir::Estate& estate, diag::Diagnostics& diags) {
    readAll(files, true, estate, diags);
}

} // namespace hoist::cron
