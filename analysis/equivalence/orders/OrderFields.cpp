// What a job of Control-M executes, where, and who is told, against its task. When it starts and
// what follows from its end is FolderComparison's.
#include "analysis/equivalence/JobComparison.h"
#include "analysis/equivalence/orders/Effects.h"
#include "analysis/schedule/BusinessDay.h"
#include "frontend/ir/Messages.h"
#include "frontend/ir/SharedVariables.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <map>
#include <set>

namespace hoist::equivalence {

namespace {

constexpr size_t ticksTried = 60;

/// `%%NAME`s of a text, as far as the letters of a name go (CTM-100).
std::vector<std::string> namesIn(llvm::StringRef text) {
    std::vector<std::string> names;
    for (size_t at = text.find("%%"); at != llvm::StringRef::npos; at = text.find("%%", at)) {
        size_t end = at + 2;
        while (end < text.size() && (text[end] == '$' || text[end] == '\\'))
            ++end;
        while (end < text.size() && (llvm::isAlnum(text[end]) || text[end] == '_'))
            ++end;
        names.push_back(text.slice(at + 2, end).str());
        at = end;
    }
    return names;
}

/// A text with the order date filled in; nothing where it needs more than that (CTM-101, CTM-102).
std::optional<std::string> onOrderDate(llvm::StringRef text, ir::Date date) {
    std::string result;
    while (!text.empty()) {
        size_t const at = text.find("%%");
        result += text.take_front(at);
        text = at == llvm::StringRef::npos ? llvm::StringRef() : text.substr(at + 2);
        if (at == llvm::StringRef::npos)
            break;
        if (text.consume_front("$ODATE"))
            result += fmt::format("{:04}{:02}{:02}", date.year, date.month, date.day);
        else if (text.consume_front("ODATE"))
            result += fmt::format("{:02}{:02}{:02}", date.year % 100, date.month, date.day);
        else
            return std::nullopt;
        if (!text.empty() && (llvm::isAlnum(text.front()) || text.front() == '_'))
            return std::nullopt; // another name
        if (text.starts_with(".."))
            text = text.drop_front();
        else if (text.starts_with(".%%"))
            text = text.drop_front();
        if (result.size() > 1'000'000)
            return std::nullopt;
    }
    return result;
}

/// A Jinja template with the logical date of a run filled in; nothing where it holds more.
std::optional<std::string> onLogicalDate(llvm::StringRef text, int64_t instant) {
    std::string result;
    while (!text.empty()) {
        size_t const at = text.find('{');
        result += text.take_front(at);
        text = at == llvm::StringRef::npos ? llvm::StringRef() : text.substr(at);
        if (text.starts_with("{%") || text.starts_with("{#"))
            return std::nullopt;
        if (!text.consume_front("{{")) {
            result += text.take_front(1);
            text = text.drop_front(std::min<size_t>(1, text.size()));
            continue;
        }
        auto const [name, rest] = text.split("}}");
        auto const day = fmt::gmtime(static_cast<std::time_t>(instant));
        if (name.trim() == "ds")
            result += fmt::format("{:%Y-%m-%d}", day);
        else if (name.trim() == "ds_nodash")
            result += fmt::format("{:%Y%m%d}", day);
        else
            return std::nullopt;
        text = rest;
    }
    return result;
}

/// The shell that the first line of a script inside the definition names; empty: its user's.
std::string shellOf(ir::Job const& job) {
    auto const* script = std::get_if<ir::ScriptAction>(&job.action);
    llvm::StringRef line = script && script->text ? script->text->split('\n').first : "";
    if (!line.consume_front("#!"))
        return {};
    llvm::StringRef const path = line.trim();
    static constexpr llvm::StringLiteral shells[] = {"sh", "bash", "ksh", "dash", "zsh"};
    bool const isShell =
        path.starts_with("/") && llvm::is_contained(shells, path.rsplit('/').second);
    return isShell ? path.str() : std::string();
}

} // namespace

void JobComparison::compareOrder(llvm::ArrayRef<int64_t> ticks) {
    std::string const name = job.name.str();
    if (isRefusal())
        return;
    ir::OrderPolicy const& policy = estate.orderPolicies[job.orders];
    bool const hasTexts = !ir::textsOfMessages(estate, id).empty() ||
                          llvm::any_of(policy.rules, [](ir::EndRule const& rule) {
                              return rule.does(ir::EndAction::Kind::setVariable);
                          });
    if (job.group) {
        if (hasTexts && !estate.isContainer(id))
            compareVariables({});
        return compareMessages();
    }
    auto const doesOther = [&](char const* what, char const* consequence) {
        differ(Aspect::shape, job.nameSpan, what, fmt::format("a {}", task.type),
               fmt::format("{} would {}", name, consequence));
    };
    bool const doesNothing = kind == Operator::orderedDummy || kind == Operator::empty;
    if (hasTexts && (isBySiteOperator() || kind == Operator::orderedDummy))
        compareVariables({});
    if (isBySiteOperator()) {
        // Its action is the site's.
    } else if (std::holds_alternative<ir::NoAction>(job.action)) {
        if (!doesNothing)
            differ(Aspect::action, job.nameSpan, "executes nothing", fmt::format("a {}", task.type),
                   fmt::format("{} would do something, and does nothing today (CTM-021)", name));
    } else if (doesNothing) {
        differ(Aspect::action, job.nameSpan, "executes its action", fmt::format("a {}", task.type),
               fmt::format("{} would succeed without having done anything", name));
    } else if (auto const* command = std::get_if<ir::CommandAction>(&job.action)) {
        if (kind == Operator::orderedCommand || kind == Operator::command)
            compareOrderedText("command", command->command);
        else if (kind == Operator::bash || kind == Operator::ssh)
            return compareStockOrder(*command, ticks);
        else if (isShim())
            doesOther("runs a command", "never execute its command");
        else
            unknown(fmt::format("what a `{}` does cannot be read off its fields", task.type));
    } else if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action);
               watch && (kind == Operator::orderedWatcher || isShim())) {
        if (kind == Operator::orderedWatcher)
            compareOrderedWatcher(*watch);
        else
            doesOther("waits for a file", "not wait for its file (TR-48)");
    } else if (auto const* query = std::get_if<ir::QueryAction>(&job.action);
               query && (kind == Operator::orderedQuery || isShim())) {
        if (kind == Operator::orderedQuery)
            compareOrderedQuery(*query);
        else
            doesOther("asks a database", "not execute its query");
    } else if (auto const* script = std::get_if<ir::ScriptAction>(&job.action)) {
        if (kind == Operator::orderedCommand)
            compareScript(*script);
        else
            unknown(fmt::format("whether a `{}` runs the script cannot be read off its fields",
                                task.type));
    } else {
        unknown(fmt::format("hoist has no model of what {} does", name));
    }
    if (kind == Operator::orderedWatcher)
        compareOrderedPlace(false);
    if (kind == Operator::orderedCommand || kind == Operator::command) {
        std::string const shell = text(argument("shell")), wanted = shellOf(job);
        if (shell != wanted)
            differ(Aspect::action, job.nameSpan,
                   wanted.empty() ? "the shell of its user" : inTicks(wanted),
                   shell.empty() ? "the shell of its user" : inTicks(shell),
                   fmt::format("{} would be read by another shell", name));
        auto const* said = std::get_if<ir::CommandAction>(&job.action);
        if (said && said->command->empty())
            assume("empty-command-ends-ok",
                   "a job whose command line is empty does nothing and ends OK");
        compareOrderedPlace(true);
    }
    comparePlace();
}

void JobComparison::compareOrderedPlace(bool hasUser) {
    compareMachine(hasUser);
    compareVia();
    if (job.machines->empty())
        assume("runs-on-the-server:" + rootName(), "what names no host runs where the worker runs");
}

void JobComparison::comparePlace() {
    compareQueue();
    comparePools();
    nlohmann::json const& limit = field("execution_timeout");
    if (limit.is_number())
        differ(
            Aspect::limit, job.nameSpan, "may run as long as it needs",
            fmt::format("is stopped after {}", seconds(static_cast<int64_t>(limit.get<double>()))),
            fmt::format("{} would be killed; MAXWAIT limits the wait, not the run (CTM-005, "
                        "TR-33)",
                        job.name.str()));
    compareMessages();
}

std::string JobComparison::rootName() const {
    return estate.jobs[estate.workflows[job.workflow].root].name.str();
}

void JobComparison::compareOrderedText(char const* name,
                                       ir::Sourced<llvm::StringRef> const& legacy) {
    std::string const theirs = text(argument(name));
    if (!isSameText(*legacy, theirs))
        differ(Aspect::action, at(legacy.from), excerpt(*legacy, theirs),
               theirs.empty() ? "none" : excerpt(theirs, *legacy),
               fmt::format("{} would execute another command", job.name.str()));
    compareVariables({*legacy});
}

void JobComparison::compareScript(ir::ScriptAction const& script) {
    std::string const name = job.name.str();
    std::vector<llvm::StringRef> texts;
    if (script.text) { // a script inside the definition is a command line of several lines
        compareOrderedText("command", script.text);
        texts.push_back(*script.text);
    } else {
        std::string path = script.folder->rtrim('/').str() + "/" + script.file->str();
        std::string const theirs = text(argument("script"));
        if (!isSameText(path, theirs))
            differ(Aspect::action, at(script.file.from), excerpt(path, theirs),
                   theirs.empty() ? "no script" : excerpt(theirs, path),
                   fmt::format("{} would execute another script", name));
        texts.push_back(*script.folder);
        texts.push_back(*script.file);
    }
    std::vector<std::string> theirs;
    if (nlohmann::json const& list = argument("parameters"); list.is_array())
        for (nlohmann::json const& one : list)
            theirs.push_back(text(one));
    bool same = theirs.size() == script.arguments.size();
    for (size_t i = 0; same && i < theirs.size(); ++i)
        same = isSameText(*script.arguments[i], theirs[i]);
    if (!same)
        differ(Aspect::action, at(script.file.from),
               fmt::format("{} parameters", script.arguments.size()),
               fmt::format("{} parameters, or others", theirs.size()),
               fmt::format("{} would run with other parameters (CTM-105)", name));
    for (auto const& argument : script.arguments)
        texts.push_back(*argument);
    compareVariables(std::move(texts));
}

/// Of the variables that the texts reach each must have its value (CTM-093, CTM-100).
void JobComparison::compareVariables(std::vector<llvm::StringRef> texts) {
    std::map<std::string, llvm::StringRef> known; // the inner one counts
    for (JobId at = id; at; at = estate.jobs[at].box) {
        if (estate.isContainer(at))
            continue;
        for (ir::OrderVariable const& variable :
             estate.orderPolicies[estate.jobs[at].orders].variables) {
            llvm::StringRef const plain = ir::plainName(variable);
            if (!ir::isSetAtSubmission(variable))
                known.try_emplace(plain.str(), variable.value);
        }
    }
    llvm::StringRef const full = job.name;
    std::string const ownName = full.substr(full.rfind('/') + 1).split('#').first.str();
    known.try_emplace("JOBNAME", ownName);
    known.try_emplace("APPLIC", job.application.value);
    known.try_emplace("GROUP", job.label.value);
    for (llvm::StringRef const text : compareSettings())
        texts.push_back(text);
    foldersOwn(known);
    nlohmann::json const& theirs = argument("variables");
    std::set<std::string> seen;
    while (!texts.empty()) {
        llvm::StringRef const one = texts.back();
        texts.pop_back();
        for (std::string name : namesIn(one)) {
            if (name == "ORDERID")
                assume("order-ids-are-names:" + job.name.str(),
                       "the text of %%ORDERID is another one, as unique");
            if (!known.contains(name) && known.contains("\\\\" + name))
                name = "\\\\" + name; // of the folder, whose jobs may set it
            auto const it = known.find(name);
            if (it == known.end() || !seen.insert(name).second)
                continue;
            texts.push_back(it->second);
            auto const found = theirs.is_object() ? theirs.find(name) : theirs.end();
            bool const isThere = theirs.is_object() && found != theirs.end();
            std::string const value = isThere ? text(*found) : std::string();
            bool const isOwnName = name == "JOBNAME" && full.ends_with(value) && isThere;
            if (!isOwnName && (!isThere || !isSameText(it->second, value)))
                differ(Aspect::action, job.nameSpan,
                       fmt::format("%%{} = {}", name, excerpt(it->second, value)),
                       isThere ? excerpt(value, it->second) : "no such variable",
                       fmt::format("{} would run with another text for %%{} (CTM-104)",
                                   job.name.str(), name));
        }
    }
    if (theirs.is_object())
        for (auto const& [name, value] : theirs.items())
            if (!seen.contains(name) && !known.contains(name))
                differ(Aspect::action, job.nameSpan, fmt::format("no variable %%{}", name),
                       excerpt(text(value), ""),
                       fmt::format("{} would run with a value for %%{} that it has not today",
                                   job.name.str(), name));
}

/// What it sets for others before its command; all that it sets and tells (CTM-100, CTM-073).
std::vector<llvm::StringRef> JobComparison::compareSettings() {
    ir::OrderPolicy const& policy = estate.orderPolicies[job.orders];
    std::vector<llvm::StringRef> values;
    std::vector<std::string> wanted, theirs;
    for (ir::OrderVariable const& variable : policy.variables)
        if (ir::isSetAtSubmission(variable)) {
            wanted.push_back(settingOf(variable.name, variable.value));
            values.push_back(variable.value);
        }
    if (nlohmann::json const& list = argument("sets"); list.is_array())
        for (nlohmann::json const& one : list)
            theirs.push_back(text(one));
    if (wanted != theirs)
        differ(Aspect::action, job.nameSpan,
               wanted.empty() ? "sets nothing for others" : "sets " + inTicks(wanted.front()),
               theirs.empty() ? "sets nothing for others" : "sets " + inTicks(theirs.front()),
               fmt::format("who reads a variable that {} sets would see another value (CTM-100)",
                           job.name.str()));
    ir::forEachSetting(policy, [&](ir::EndAction const& action) { values.push_back(action.text); });
    for (llvm::StringRef const text : ir::textsOfMessages(estate, id))
        values.push_back(text);
    return values;
}

/// What the outermost folder gives a variable that its jobs may set, or that texts name as its own,
/// is `\\\\NAME`.
void JobComparison::foldersOwn(std::map<std::string, llvm::StringRef>& known) const {
    JobId const root = estate.workflows[job.workflow].root;
    if (estate.isContainer(root))
        return;
    for (ir::OrderVariable const& variable :
         estate.orderPolicies[estate.jobs[root].orders].variables) {
        llvm::StringRef const plain = ir::plainName(variable);
        known.try_emplace("\\\\" + plain.str(), variable.value);
        auto const it = known.find(plain.str());
        if (it != known.end() && it->second.data() == variable.value.data() &&
            all.shared.isOfFolder(job.workflow, plain))
            known.erase(it);
    }
}

/// A BashOperator or SSHOperator: variables of Control-M against Jinja.
void JobComparison::compareStockOrder(ir::CommandAction const& action,
                                      llvm::ArrayRef<int64_t> ticks) {
    llvm::StringRef const legacy = *action.command;
    std::string const raw = text(argument(kind == Operator::bash ? "bash_command" : "command"));
    bool const isDated = legacy.contains("%%");
    bool const isTemplate = llvm::StringRef(raw).contains("{{");
    if (!isDated && !isTemplate) {
        compareStockCommand(action);
    } else if (!isDated || isSameText(legacy, raw)) {
        differ(Aspect::action, at(action.command.from), excerpt(legacy, raw), excerpt(raw, legacy),
               fmt::format("{} would execute another command: Airflow knows no %% and hoist no "
                           "braces (CTM-101)",
                           job.name.str()));
    } else {
        compareDatedCommand(action, raw, ticks);
    }
    comparePlace();
}

void JobComparison::compareDatedCommand(ir::CommandAction const& action, std::string const& raw,
                                        llvm::ArrayRef<int64_t> ticks) {
    ir::TimeZone const& zone = schedule::siteZoneOrUtc(estate.settings);
    for (int64_t const tick : ticks.take_front(ticksTried)) {
        int32_t const day = schedule::orderDateOf(estate.settings, zone, tick);
        auto const was = onOrderDate(*action.command, ir::fromDayNumber(day));
        auto const is = onLogicalDate(raw, tick);
        if (!was || !is)
            break;
        if (*was == *is)
            continue;
        differ(Aspect::action, at(action.command.from), excerpt(*was, *is), excerpt(*is, *was),
               fmt::format("{} would run for {} with another date in its command: the order date "
                           "lasts from New Day to New Day (CTM-002, TR-30)",
                           job.name.str(), ir::dateText(ir::fromDayNumber(day))));
        return;
    }
    unknown(
        "whether Airflow renders the command that Control-M makes of its variables is not known");
}

bool FieldComparison::isTold(JobId id, ir::EndTest const& test) const {
    ir::Action const& action = estate.jobs[id].action;
    bool const isPlugIn = std::holds_alternative<ir::FileWatchAction>(action) ||
                          std::holds_alternative<ir::QueryAction>(action);
    return !estate.isContainer(id) &&
           ir::canTell(test,
                       !isPlugIn && !estate.isGroup(id) && !site.of(estate.jobs[id]).operatorClass);
}

/// Those that follow an end are compared with it (FolderComparison.cpp).
void JobComparison::compareMessages() {
    ir::OrderPolicy const& policy = estate.orderPolicies[job.orders];
    bool isKept = false, isSwept = false;
    for (ir::EndRule const& rule : policy.rules)
        for (ir::EndAction const& action : rule.actions)
            isKept |= action.kind == ir::EndAction::Kind::ticket ||
                      (ir::isMessage(action.kind) && !all.isTold(id, rule.test));
    for (ir::Shout const& shout : policy.shouts) {
        bool const isLate = ir::lateTest(estate, id, shout).has_value();
        isSwept |= isLate;
        isKept |= !isLate && (ir::endOf(shout.when).empty() || estate.isContainer(id));
    }
    if (isSwept)
        assume("late-messages-swept:" + rootName(),
               "`hoistctl dispatch` runs: it tells what is late");
    if (isKept)
        assume(
            "messages-not-sent:" + rootName(),
            "nobody relies on the messages that Airflow does not send: those at reruns, those at "
            "times that it cannot know, and of rules that ask what no task knows");
    nlohmann::json const& alarms = argument("alarms");
    if (alarms.is_object() && alarms.contains("notify"))
        differ(Aspect::alarm, job.nameSpan, "tells nobody",
               "tells " + inTicks(alarms["notify"].dump()),
               fmt::format("people would be told about {} who are not told today", job.name.str()));
}

} // namespace hoist::equivalence
