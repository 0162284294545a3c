// The command of a job, byte for byte, and what the task does with it: shell, input, environment,
// files, exit codes. Of stock operators also what Airflow does to the text before a shell sees it.
#include "analysis/equivalence/JobComparison.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

namespace hoist::equivalence {
namespace {

/// JIL-055: whether the file is emptied first, and its path; no path: nobody wants the output.
struct StdFile {
    bool truncates = false;
    llvm::StringRef path;
};
StdFile stdFileOf(llvm::StringRef text, bool appendsByDefault) {
    StdFile file;
    file.path = text.trim();
    file.truncates = !appendsByDefault;
    if (file.path.consume_front(">"))
        file.truncates = !file.path.consume_front(">");
    file.path = file.path.trim();
    if (file.path.empty() || file.path == "/dev/null")
        return {};
    return file;
}
std::string shown(StdFile const& file) {
    return file.path.empty() ? "none"
                             : fmt::format("{} {}", file.truncates ? "truncates" : "appends to",
                                           inTicks(file.path));
}

bool isJinja(llvm::StringRef text) {
    return text.contains("{{") || text.contains("{%") || text.contains("{#");
}

/// A template whose rendering is known without Airflow: `{% raw %}` parts, string constants, and
/// Airflow variables, which become the references to globals that they stand for. Nothing for any
/// other.
std::optional<std::string> renderedTemplate(llvm::StringRef text, std::vector<std::string>& names) {
    std::string result;
    while (!text.empty()) {
        size_t const open = text.find('{');
        result += text.substr(0, open);
        text = text.substr(open);
        if (text.starts_with("{#"))
            return std::nullopt;
        if (text.starts_with("{%")) {
            size_t const end = text.find("%}");
            if (end == llvm::StringRef::npos || text.slice(2, end).trim() != "raw")
                return std::nullopt;
            text = text.substr(end + 2);
            size_t const close = text.find("{%");
            size_t const closed = text.find("%}", close);
            if (closed == llvm::StringRef::npos || text.slice(close + 2, closed).trim() != "endraw")
                return std::nullopt;
            result += text.substr(0, close);
            text = text.substr(closed + 2);
        } else if (text.starts_with("{{")) {
            size_t const end = text.find("}}");
            if (end == llvm::StringRef::npos)
                return std::nullopt;
            llvm::StringRef inside = text.slice(2, end).trim();
            bool const isConstant = inside.size() >= 2 && inside.front() == inside.back() &&
                                    (inside.front() == '\'' || inside.front() == '"') &&
                                    !inside.drop_front().drop_back().contains(inside.front()) &&
                                    !inside.contains('\\');
            if (isConstant) {
                result += inside.drop_front().drop_back();
            } else if (inside.consume_front("var.value.")) {
                if (inside.consume_front("get(")) {
                    inside = inside.split(',').first.rtrim(") ").trim("'\"");
                }
                if (inside.empty() ||
                    !llvm::all_of(inside, [](char c) { return llvm::isAlnum(c) || c == '_'; }))
                    return std::nullopt;
                names.push_back(inside.str());
                result += "$${" + inside.str() + "}";
            } else {
                return std::nullopt;
            }
            text = text.substr(end + 2);
        } else {
            result += text.substr(0, 1);
            text = text.drop_front(std::min<size_t>(1, text.size()));
        }
    }
    return result;
}

} // namespace

void JobComparison::compareShimCommand(ir::CommandAction const& action) {
    auto const compareText = [&](char const* name, ir::Sourced<llvm::StringRef> const& legacy,
                                 std::string const& consequence) {
        std::string const theirs = text(argument(name));
        if (isSameText(legacy.value, theirs))
            return;
        differ(Aspect::action, at(legacy.from), legacy->empty() ? "none" : excerpt(*legacy, theirs),
               theirs.empty() ? "none" : excerpt(theirs, *legacy), consequence);
    };
    std::string const name = job.name.str();
    compareText("command", action.command, name + " would execute another command");
    bool const expands = isAbsent(argument("expand_globals")) || isTrue(argument("expand_globals"));
    bool const isJil = job.dialect == ir::Dialect::jil;
    if (expands != isJil && action.command->contains("$$"))
        differ(Aspect::action, at(action.command.from),
               isJil ? "`$$` begins a global variable (JIL-162)" : "`$$` is the shell's process id",
               expands ? "expands `$$` as global variables" : "leaves `$$` to the shell",
               fmt::format("{} would see other text where its command says `$$` (TR-47)", name));
    compareText("stdin", action.stdinText,
                name + " would read other text from its standard input (CRON-006)");
    compareText("profile", action.profile,
                name + " would run with another profile, thus another environment (JIL-056)");
    compareText("shell", action.shell, name + " would be read by another shell");
    compareEnvironment(action, false);
    {
        std::string const theirs = text(argument("std_in_file"));
        if (!isSameText(action.stdinFile->trim(), llvm::StringRef(theirs).trim()))
            differ(Aspect::action, at(action.stdinFile.from), inTicks(*action.stdinFile),
                   inTicks(theirs), name + " would read another file as its standard input");
    }
    compareStdFile("std_out_file", action.stdoutFile);
    compareStdFile("std_err_file", action.stderrFile);
    if (action.stdoutFile || action.stderrFile)
        assume(estate.settings.stdFilesAppend ? "std-files-append" : "std-files-truncate",
               estate.settings.stdFilesAppend
                   ? "std files without a prefix are appended to (JIL-055)"
                   : "std files without a prefix are emptied first (JIL-055)");
    std::string rule = text(argument("exit_rule"));
    if (rule.empty())
        rule = "max: 0";
    if (std::optional<ExitCodes> const codes = ExitCodes::parse(rule))
        compareExitCodes(*codes, fmt::format("exit_rule {}", inTicks(rule)));
    else
        differ(Aspect::verdict, job.nameSpan, "an exit rule", inTicks(rule),
               fmt::format("{} would not load: its exit rule cannot be read", name));
    compareMachine(true);
    compareVia();
}

void JobComparison::compareStdFile(char const* name, ir::Sourced<llvm::StringRef> const& file) {
    std::string const said = text(argument(name));
    StdFile const legacy = stdFileOf(*file, estate.settings.stdFilesAppend);
    StdFile const theirs = stdFileOf(said, true);
    if (legacy.truncates == theirs.truncates && isSameText(legacy.path, theirs.path))
        return;
    differ(Aspect::action, at(file.from), shown(legacy), shown(theirs),
           fmt::format("what reads the output of {} would find other content (TR-49)",
                       job.name.str()));
}

void JobComparison::compareEnvironment(ir::CommandAction const& action, bool isTemplate) {
    std::map<std::string, std::pair<std::string, Span>> legacy; // later assignments win
    for (auto const& variable : action.environment)
        legacy[variable->first.str()] = {variable->second.str(), at(variable.from)};
    nlohmann::json const& theirs = argument(kind == Operator::bash ? "env" : "environment");
    std::string const name = job.name.str();
    for (auto const& [key, valueAndSpan] : legacy) {
        auto const& [value, span] = valueAndSpan;
        auto const it = theirs.is_object() ? theirs.find(key) : theirs.end();
        bool const isGiven = theirs.is_object() && it != theirs.end();
        std::string const found = isGiven ? text(*it) : "";
        if (!isGiven || !isSameText(value, found))
            differ(Aspect::action, span, fmt::format("{}={}", key, value),
                   isGiven ? fmt::format("{}={}", key, found) : "does not set " + key,
                   fmt::format("{} would run with another value of {} (JIL-056, CRON-005)", name,
                               key));
        else if (isTemplate && isJinja(found))
            differ(Aspect::action, span, fmt::format("{}={}, verbatim", key, value),
                   "a Jinja template",
                   fmt::format("{} would run with what Airflow renders as {} (AF-031)", name, key));
        else if (isTemplate && job.dialect == ir::Dialect::jil && hasGlobals(value))
            differ(Aspect::action, span, fmt::format("{}={}, a global variable", key, value),
                   "the text itself",
                   fmt::format("{} would not see the value of the global variable in {} (TR-47)",
                               name, key));
    }
    if (theirs.is_object())
        for (auto const& [key, value] : theirs.items())
            if (!legacy.contains(key))
                differ(Aspect::action, job.nameSpan, "does not set " + key,
                       fmt::format("{}={}", key, text(value)),
                       fmt::format("{} would run with a variable that it does not know: {}", name,
                                   key));
}

void JobComparison::compareExitCodes(ExitCodes const& theirs, std::string const& said) {
    ExitCodes const legacy = ExitCodes::of(job.exitRule);
    bool wide = false; // Windows: 32 bits
    for (llvm::StringRef machine : job.machines.value)
        if (auto it = estate.machineByName.find(machine); it != estate.machineByName.end())
            wide |= estate.machines[it->second].type.equals_insensitive("n");
    auto const code = legacy.firstDifference(theirs, wide);
    if (!code)
        return;
    Span const where = job.exitRule.from.empty() ? job.nameSpan : at(job.exitRule.from.front());
    differ(Aspect::verdict, where, "success: " + legacy.text(),
           fmt::format("success: {} ({})", theirs.text(), said),
           fmt::format("when {} ends with exit code {} it is a {} in the definition and a {} in "
                       "Airflow ({})",
                       job.name.str(), *code, legacy.contains(*code) ? "success" : "failure",
                       theirs.contains(*code) ? "success" : "failure",
                       job.dialect == ir::Dialect::cron ? "CRON-010" : "JIL-057"));
}

void JobComparison::compareSkipCodes() {
    nlohmann::json const& given = argument("skip_on_exit_code");
    std::vector<int64_t> codes;
    if (isAbsent(given)) {
        if (kind == Operator::bash)
            codes.push_back(99); // the default
    } else if (given.is_number_integer()) {
        codes.push_back(given.get<int64_t>());
    } else if (given.is_array()) {
        for (nlohmann::json const& code : given)
            if (code.is_number_integer())
                codes.push_back(code.get<int64_t>());
    }
    ExitCodes const legacy = ExitCodes::of(job.exitRule);
    for (int64_t code : codes)
        differ(Aspect::verdict, job.nameSpan,
               fmt::format("exit code {} is a {}", code,
                           legacy.contains(code) ? "success" : "failure"),
               fmt::format("exit code {} skips the task", code),
               fmt::format("when {} ends with exit code {} Airflow skips it and what follows, and "
                           "the run stays green (AF-030, TR-44)",
                           job.name.str(), code));
}

void JobComparison::compareTemplate(ir::CommandAction const& action, llvm::StringRef name,
                                    llvm::ArrayRef<llvm::StringRef> fileExtensions) {
    llvm::StringRef const legacy = action.command.value;
    Span const where = at(action.command.from);
    std::string const raw = text(argument(name));
    std::string const job_ = job.name.str();
    for (llvm::StringRef extension : fileExtensions)
        if (llvm::StringRef(raw).ends_with(extension)) {
            differ(
                Aspect::action, where, excerpt(legacy, raw),
                fmt::format("{}, loaded as the template file of that name", excerpt(raw, legacy)),
                fmt::format("{} would fail with TemplateNotFound, because its command ends in {} "
                            "(AF-031)",
                            job_, extension.str()));
            return;
        }
    std::vector<std::string> variables;
    std::optional<std::string> const rendered = renderedTemplate(raw, variables);
    bool const expands = job.dialect == ir::Dialect::jil;
    auto const canonical = [&](llvm::StringRef text_) {
        return expands ? canonicalGlobals(text_) : text_.str();
    };
    // A blank at the end keeps Airflow from loading a file; no shell minds it.
    bool const same = rendered && (isSameText(canonical(legacy), canonical(*rendered)) ||
                                   isSameText(canonical(legacy),
                                              llvm::StringRef(canonical(*rendered)).rtrim(' ')));
    if (!same) {
        bool const untouched = isSameText(legacy, raw) && isJinja(raw);
        differ(Aspect::action, where, excerpt(legacy, raw),
               untouched ? "the same text as a Jinja template" : excerpt(raw, legacy),
               untouched
                   ? fmt::format("{} would execute what Airflow renders from its command (AF-031)",
                                 job_)
                   : fmt::format("{} would execute another command", job_));
        return;
    }
    if (!expands || !hasGlobals(legacy))
        return;
    if (llvm::StringRef(raw).contains("$$")) {
        differ(Aspect::action, where, "`$$` begins a global variable (JIL-162)",
               "leaves `$$` to the shell",
               fmt::format("{} would see the shell's process id where its command names a global "
                           "variable (TR-47)",
                           job_));
        return;
    }
    for (std::string const& variable : variables)
        assume("variable-is-global:" + variable,
               fmt::format("the Airflow variable {} always has the value of the global variable",
                           variable));
}

void JobComparison::compareStockCommand(ir::CommandAction const& action) {
    std::string const name = job.name.str();
    if (kind == Operator::bash)
        compareTemplate(action, "bash_command", {".sh", ".bash"});
    else
        compareTemplate(action, "command",
                        {".sh", ".bash", ".csh", ".zsh", ".dash", ".ksh", ".scr"});
    compareSkipCodes();
    compareExitCodes(ExitCodes::only(0), task.type);
    compareEnvironment(action, true);
    if (action.stdinText && !action.stdinText->empty())
        differ(Aspect::action, at(action.stdinText.from), inTicks(*action.stdinText),
               "nothing on standard input",
               fmt::format("{} would find its standard input empty (CRON-006)", name));
    for (auto const& [file, words] :
         {std::pair{&action.stdinFile, "reads no file as its standard input"},
          {&action.stdoutFile, "writes its output to Airflow's log"},
          {&action.stderrFile, "writes its errors to Airflow's log"}})
        if (StdFile const wanted = stdFileOf(file->value, true); !wanted.path.empty())
            differ(Aspect::action, at(file->from), inTicks(wanted.path), words,
                   fmt::format("whoever reads or writes {} would miss what {} does (TR-49)",
                               inTicks(wanted.path), name));
    if (action.profile && !action.profile->empty())
        differ(Aspect::action, at(action.profile.from), inTicks(*action.profile), "no profile",
               fmt::format("{} would run without its profile, thus in another environment (TR-49)",
                           name));
    for (llvm::StringRef variable : {"AUTO_JOB_NAME", "AUTORUN", "AUTOPID", "AUTOSERV", "AUTOUSER"})
        if (job.dialect == ir::Dialect::jil && action.command->contains(variable)) {
            differ(Aspect::action, at(action.command.from), "has " + variable.str(),
                   "does not set " + variable.str(),
                   fmt::format("{} would find {} empty (JIL-056)", name, variable.str()));
            break;
        }
    if (kind == Operator::bash) {
        llvm::StringRef const shell = action.shell.value;
        llvm::StringRef const program =
            shell.rsplit('/').second.empty() ? shell : shell.rsplit('/').second;
        if (!shell.empty() && program != "bash" && program != "sh")
            differ(Aspect::action, at(action.shell.from), inTicks(shell), "bash",
                   fmt::format("{} would be read by another shell", name));
        else if (program != "bash")
            assume("bash-reads-commands",
                   "bash reads the commands of BashOperators as the definition's shell would");
        assume("worker-environment",
               "commands of BashOperators do not depend on HOME, PATH and the working directory of "
               "the legacy scheduler");
    }
    compareStockPlace();
}

} // namespace hoist::equivalence
