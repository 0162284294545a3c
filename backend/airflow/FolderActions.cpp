// What a job of Control-M executes: a command line, a script, the site's own operator, or a task
// that says what is missing.
#include "backend/airflow/LowerFolder.h"

#include "backend/airflow/Emit.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

namespace hoist::airflow {

using ir::JobId;

std::string shellOf(llvm::StringRef script) {
    if (!script.consume_front("#!"))
        return {};
    llvm::StringRef const path = script.take_until([](char c) { return c == '\n'; }).trim();
    static constexpr llvm::StringLiteral shells[] = {"sh", "bash", "ksh", "dash", "zsh"};
    return path.starts_with("/") && llvm::is_contained(shells, path.rsplit('/').second) ? path.str()
                                                                                        : "";
}

bool hasNoForm(ir::Job const& job) {
    return std::holds_alternative<ir::OpaqueAction>(job.action) ||
           std::holds_alternative<ir::TransferAction>(job.action);
}

/// What names the adapter of a job; invalid: it has none.
static ir::ConstructId fromOf(ir::Action const& action) {
    if (auto const* opaque = std::get_if<ir::OpaqueAction>(&action))
        return opaque->from;
    if (auto const* query = std::get_if<ir::QueryAction>(&action))
        return query->from;
    if (auto const* transfer = std::get_if<ir::TransferAction>(&action))
        return transfer->from;
    return {};
}

void FolderLowering::lowerAction(JobId id, Task& task) {
    ir::Job const& job = estate.jobs[id];
    Placement const placement = context.site.placementOf(estate, id);
    if (!placement.operatorClass.empty())
        return lowerSiteOperator(id, task, placement);
    if (failing.contains(id.value) || hasNoForm(job))
        return lowerFailing(id, task);
    if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action))
        return lowerWatcher(id, task, *watch);
    if (auto const* query = std::get_if<ir::QueryAction>(&job.action))
        return lowerQuery(id, task, *query);
    if (auto const* nothing = std::get_if<ir::NoAction>(&job.action)) {
        task.operatorClass = "OrderedDummy";
        return exact(nothing->from, "dummy");
    }
    task.operatorClass = "OrderedCommand";
    lowerCommand(id, task);
}

void FolderLowering::lowerCommand(JobId id, Task& task) {
    ir::Job const& job = estate.jobs[id];
    std::vector<UsedText> texts = textsOfEnd(id);
    auto const use = [&](ir::Sourced<llvm::StringRef> const& text, llvm::StringRef form) {
        texts.push_back({*text, false});
        exact(text.from, form);
    };
    if (auto const* command = std::get_if<ir::CommandAction>(&job.action)) {
        task.arguments.emplace_back("command", Py(*command->command));
        if (command->command->empty())
            assume("empty-command-ends-ok");
        use(command->command, command->command->empty() ? "empty script" : "command line");
    } else if (auto const& script = std::get<ir::ScriptAction>(job.action); script.text) {
        task.arguments.emplace_back("command", Py(*script.text));
        if (std::string const shell = shellOf(*script.text); !shell.empty())
            task.arguments.emplace_back("shell", Py(shell));
        use(script.text, "script in the definition");
        exact(script.folder.from, "none: the script stands in the definition");
        exact(script.file.from, "none: the script stands in the definition");
    } else {
        std::string path = script.folder->rtrim('/').str();
        path += '/';
        path += *script.file;
        task.arguments.emplace_back("script", Py(path));
        use(script.folder, "script");
        use(script.file, "script");
        Py::List parameters;
        for (auto const& argument : script.arguments) {
            parameters.emplace_back(*argument);
            use(argument, "script");
        }
        if (!parameters.empty())
            task.arguments.emplace_back("parameters", Py(std::move(parameters)));
    }
    lowerSubmittedSettings(id, task.arguments, texts);
    lowerVariables(id, task.arguments, std::move(texts));
    lowerMachine(id, task);
    if (job.owner && !job.owner->empty())
        task.arguments.emplace_back("owner_user", Py(*job.owner));
}

void FolderLowering::lowerMachine(JobId id, Task& task) {
    ir::Job const& job = estate.jobs[id];
    if (job.machines && !job.machines->empty() && !job.machines->front().empty()) {
        task.arguments.emplace_back("machine", Py(job.machines->front()));
        context.machines.insert(job.machines->front().str());
    } else {
        assume("runs-on-the-server:" + estate.jobs[workflow.root].name.str());
    }
    exact(job.machines.from, "machine");
}

/// It waits as the job does, and then fails for good (F0002): what it would execute, or how
/// often, has no form, and nothing may run on work that was not done.
void FolderLowering::lowerFailing(JobId id, Task& task) {
    ir::Job const& job = estate.jobs[id];
    Py::Dict definition;
    auto const keep = [&](llvm::StringRef key, llvm::StringRef value, ir::ConstructId construct) {
        definition.emplace_back(key.str(), Py(value));
        estate.constructs.settle(construct, diag::Fidelity::refused, "opaque");
    };
    llvm::StringRef const kind = hasNoForm(job) ? pluginOf(job) : llvm::StringRef();
    task.operatorClass = kind.empty() ? "OrderedUnsupported" : "OrderedOpaque";
    std::string reason;
    if (auto const it = failing.find(id.value); it != failing.end())
        for (Failing const& one : it->second) {
            auto finding = context.diags.report<diag::Code::ActionUnsupported>(
                one.where.isValid() ? one.where : job.nameSpan, job.name, plainLine(one.what));
            finding.object(job.name).evidence(one.what).note(one.why);
            if (!one.help.empty())
                finding.help(one.help);
            estate.constructs.settle(one.construct, diag::Fidelity::refused, "no exact form");
            reason += fmt::format("{}{}: {}", reason.empty() ? "" : "; ", one.what, one.why);
        }
    for (ir::KeptAttribute const& kept : job.kept)
        keep(kept.key, kept.value, kept.construct);
    if (!kind.empty()) {
        task.arguments.emplace_back("kind", Py(kind));
        for (ir::OrderVariable const& variable : policyOf(id).variables)
            keep(variable.name, variable.value, variable.construct);
        auto finding =
            context.diags.report<diag::Code::ActionUnsupported>(job.nameSpan, job.name, kind);
        finding.object(job.name).evidence(kind).help("map it in hoist.toml: [[rule]] job = \"" +
                                                     plainLine(job.name) +
                                                     "\" operator = \"dotted.path.Operator\"");
        if (std::holds_alternative<ir::TransferAction>(job.action))
            finding.note("what its connection profiles say, and how often it tries again, stands "
                         "in no export (CTM-126)");
        estate.constructs.settle(fromOf(job.action), diag::Fidelity::refused, "opaque");
    }
    if (!reason.empty())
        task.arguments.emplace_back("reason", Py(reason));
    if (auto const* command = std::get_if<ir::CommandAction>(&job.action)) {
        keep("CMDLINE", *command->command, command->command.from);
    } else if (auto const* script = std::get_if<ir::ScriptAction>(&job.action)) {
        for (auto const& [key, text] :
             {std::pair("MEMLIB", &script->folder), std::pair("MEMNAME", &script->file),
              std::pair("INSTREAM_JCL", &script->text)})
            if (*text)
                keep(key, **text, text->from);
        for (size_t i = 0; i < script->arguments.size(); ++i)
            keep(fmt::format("PARM{}", i + 1), *script->arguments[i], script->arguments[i].from);
    }
    task.arguments.emplace_back("definition", Py(std::move(definition)));
    lowerMachine(id, task);
}

std::vector<ir::KeptAttribute> FolderLowering::unreadOf(JobId id) const {
    std::vector<ir::KeptAttribute> unread;
    if (!isMapped(id))
        return unread;
    for (ir::OrderVariable const& variable : policyOf(id).variables)
        unread.push_back({variable.name, variable.value, variable.construct});
    if (auto const* script = std::get_if<ir::ScriptAction>(&estate.jobs[id].action))
        for (auto const& argument : script->arguments)
            if (llvm::none_of(unread, [&](ir::KeptAttribute const& one) {
                    return one.construct == argument.from; // `%%PARM1`
                }))
                unread.push_back({"parameter", *argument, argument.from});
    return unread;
}

/// The site's own operator, submitted as the job is.
void FolderLowering::lowerSiteOperator(JobId id, Task& task, Placement const& placement) {
    ir::Job const& job = estate.jobs[id];
    llvm::StringRef const name = llvm::StringRef(placement.operatorClass).rsplit('.').second;
    task.operatorClass = "ordered(" + name.str() + ")";
    if (!llvm::is_contained(dag.operatorImports, placement.operatorClass))
        dag.operatorImports.push_back(placement.operatorClass);
    llvm::StringRef command;
    auto const given = [&](ir::Sourced<llvm::StringRef> const& text) {
        exact(text.from, "site operator");
    };
    if (auto const* action = std::get_if<ir::CommandAction>(&job.action)) {
        command = *action->command;
        given(action->command);
    } else if (auto const* script = std::get_if<ir::ScriptAction>(&job.action)) {
        command = script->text ? *script->text : *script->file;
        given(script->folder);
        given(script->file);
        given(script->text);
    } else if (ir::ConstructId const from = fromOf(job.action)) {
        exact(from, "site operator");
    }
    for (auto const& some : {job.kept, unreadOf(id)})
        for (ir::KeptAttribute const& kept : some)
            keepOnly(id, estate.constructs.span(kept.construct), kept.construct, kept.key);
    bool const isGiven = llvm::any_of(placement.arguments, [](auto const& argument) {
        return llvm::StringRef(argument.second).contains("{command}");
    });
    ir::VariablesUsed used = isGiven ? ir::variablesIn(command) : ir::VariablesUsed();
    if (!used.unclear.empty())
        used.names.push_back(used.unclear.ltrim('%'));
    for (llvm::StringRef variable : used.names)
        context.diags
            .report<diag::Code::SiteTextUnresolved>(job.nameSpan, job.name,
                                                    "%%" + plainLine(variable))
            .object(job.name)
            .evidence("%%" + variable.str());
    for (auto& [key, value] : siteArguments(job, placement, command))
        task.arguments.emplace_back(key, Py(value));
    exact(job.machines.from, "machine");
}

} // namespace hoist::airflow
