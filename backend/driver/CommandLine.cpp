// The tables of commands and options, and the reading of arguments with CLI11.
#include "backend/driver/CommandLine.h"

#include "frontend/Frontend.h"
#include "frontend/base/Suggest.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace hoist {
namespace {

using diag::Code;

constexpr CommandRow commands[] = {
    {Command::check, "check", "PATH...", true,
     "read, link and analyze definitions; print the findings"},
    {Command::fmt, "fmt", "PATH...", true,
     "lay out JIL files as autorep prints them; their meaning is proved to stay the same"},
    {Command::build, "build", "PATH...", true, "compile definitions to Airflow DAGs"},
    {Command::baseline, "baseline", "write|check|prune PATH...", true,
     "list what an estate is found with, so that only what is new is reported"},
    {Command::graph, "graph", "PATH...", true, "print the jobs and their conditions as a graph"},
    {Command::inventory, "inventory", "PATH...", true,
     "count what there is: kinds, owners, machines, what never runs, duplicates, how complex and "
     "how faithful each workflow is"},
    {Command::map, "map", "PATH...", true,
     "show every dependency, within and across workflows: a page to explore, a graph or JSON"},
    {Command::coverage, "coverage", "PATH...", true,
     "count every source construct and what becomes of it"},
    {Command::verify, "verify", "PATH...", true,
     "judge whether the DAGs that Airflow loads mean what the definitions mean"},
    {Command::diff, "diff", "OLD NEW", true,
     "tell what changed in behaviour between two versions of an estate"},
    {Command::gate, "gate", "PATH...", true,
     "reject what is new since a git revision: findings, changed behaviour, DAGs that mean "
     "something else"},
    {Command::drift, "drift", "ESTATE", true,
     "tell what changed in the live scheduler since an estate was migrated, and which certificates "
     "are void"},
    {Command::simulate, "simulate", "PATH...", true,
     "play a day as the legacy scheduler would, and say why each job ran or did not"},
    {Command::plan, "plan", "PATH...", true,
     "say in which waves an estate moves with few bridges, and keep that in plan.lock.toml"},
    {Command::runbook, "runbook", "PATH...", true,
     "write a page for each wave and workflow of a plan: before, forward, back, what to watch, and "
     "what each wave changes in the legacy schedulers"},
    {Command::redact, "redact", "PATH...", true,
     "write an estate for a bug report: names, commands and texts replaced, structure and findings "
     "kept"},
    {Command::reduce, "reduce", "PATH...", true,
     "write the smallest estate that still shows a finding of `hoist check`"},
    {Command::init, "init", "PATH...", true,
     "write a first hoist.toml that suggests settings for an estate; one that exists stays"},
    {Command::config, "config", "[PATH]", false,
     "print each setting that holds for a file or folder, and where it comes from"},
    {Command::explain, "explain", "[CODE]", false,
     "explain a code such as A0016; without one, list all codes"},
    {Command::completions, "completions", "SHELL", false, "print the completion script of a shell",
     "bash zsh fish"},
    {Command::version, "version", "", false,
     "print the version of hoist and of its time-zone data"},
};

constexpr unsigned on(Command command) { return 1u << static_cast<unsigned>(command); }
constexpr unsigned readers = on(Command::check) | on(Command::build) | on(Command::baseline) |
                             on(Command::graph) | on(Command::coverage) | on(Command::verify) |
                             on(Command::diff) | on(Command::drift) | on(Command::gate) |
                             on(Command::simulate) | on(Command::inventory) | on(Command::map) |
                             on(Command::plan) | on(Command::runbook);
/// Those that compare two versions.
constexpr unsigned comparers = on(Command::diff) | on(Command::drift);
/// Those that say all there is to say about an estate.
constexpr unsigned checkers =
    on(Command::check) | on(Command::build) | on(Command::baseline) | on(Command::coverage);
/// Those that read the settings.
constexpr unsigned settled = readers | on(Command::config);
/// Those that the settings of the estate itself reach, not those of its findings.
constexpr unsigned configured = settled | on(Command::reduce);
/// Those that read definitions; `init` has no settings yet.
constexpr unsigned definitions =
    readers | on(Command::init) | on(Command::fmt) | on(Command::redact) | on(Command::reduce);
constexpr unsigned everywhere = configured | definitions | on(Command::explain) |
                                on(Command::completions) | on(Command::version);

constexpr OptionRow options[] = {
    {"--changed", "", &Invocation::changed, on(Command::check), "",
     "PATHs are files that changed: read the estate around them (the folder of the nearest "
     "hoist.toml), and report only what involves them"},
    {"--estate", "DIR", &Invocation::estate, on(Command::check), "",
     "with --changed: the folder of the estate; PATHs outside it are passed over"},
    {"--fix", "", &Invocation::fix, on(Command::check), "",
     "apply the fixes that cannot change meaning, and write the files"},
    {"--unsafe-fixes", "", &Invocation::unsafeFixes, on(Command::check), "",
     "with --fix or --diff: the other fixes too; read what they changed"},
    {"--diff", "", &Invocation::showDiff, on(Command::check), "",
     "write nothing; show what --fix would change as a patch, and exit with 1 if there is one"},
    {"--check", "", &Invocation::checkOnly, on(Command::fmt), "",
     "write nothing; list the files that would change, and exit with 1 if there are any"},
    {"--diff", "", &Invocation::showDiff, on(Command::fmt), "",
     "write nothing; show what would change as a patch, and exit with 1 if there is one"},
    {"-o,--out", "DIR", &Invocation::outputFolder, on(Command::build), "",
     "the folder for the DAGs, the manifest and the site's files; nothing is written outside it"},
    {"--diff", "", &Invocation::showDiff, on(Command::build), "",
     "write nothing; show what would change in the output folder as a patch, and exit with 1 if "
     "something would"},
    {"-o,--out", "DIR", &Invocation::outputFolder, on(Command::redact) | on(Command::reduce), "",
     "the folder for the result: new or empty, and not inside a PATH"},
    {"--map", "FILE", &Invocation::map, on(Command::redact), "",
     "write there, as JSON, which word, job and file became which: keep it to yourself; `hoist "
     "diff` takes it as its `--map`"},
    {"--code", "CODE", &Invocation::code, on(Command::reduce), "", "the finding to keep"},
    {"--object", "NAME", &Invocation::object, on(Command::reduce), "",
     "the job, calendar … that it is about (default: that of the first such finding)"},
    {"--budget", "N", &Invocation::budget, on(Command::reduce), "",
     "how many smaller estates are tried (default: 5000)"},
    {"--overwrite-edited", "", &Invocation::overwriteEdited, on(Command::build), "",
     "write over DAG files that somebody changed since the last build"},
    {"--format", "FORMAT", &Invocation::format, on(Command::graph), "dot mermaid json",
     "how the graph is written (default: dot)"},
    {"--format", "FORMAT", &Invocation::format, on(Command::inventory), "text csv json html",
     "how the inventory is written (default: text)"},
    {"--format", "FORMAT", &Invocation::format, on(Command::map), "html dot mermaid json",
     "how the map is written (default: html, one page that needs no network)"},
    {"--history", "FILE", &Invocation::history, on(Command::inventory) | on(Command::map), "",
     "what really ran, one JSON object a line: durations, failures, and orders that only the clock "
     "keeps"},
    {"--history", "FILE", &Invocation::history, on(Command::plan), "",
     "what really ran, one JSON object a line: the load of each wave is counted from it, not from "
     "schedules"},
    {"--plan", "FILE", &Invocation::plan, on(Command::map), "",
     "the plan.lock.toml of `hoist plan`: the page shows the waves"},
    {"--certificates", "DIR", &Invocation::certificates, on(Command::map), "",
     "the certificates that `hoist verify` wrote there: the page shows the verdicts"},
    {"--format", "FORMAT", &Invocation::format, on(Command::coverage), "text json",
     "how the table is written (default: text)"},
    {"--against", "REF", &Invocation::against, on(Command::gate), "",
     "the revision to compare with, at the place where this branch left it (default: "
     "`gate.against` of hoist.toml)"},
    {"--dags", "DIR", &Invocation::dags, on(Command::verify) | on(Command::gate), "",
     "the DAGs: Airflow loads them, which executes them with your rights"},
    {"--python", "PATH", &Invocation::python, on(Command::verify) | on(Command::gate), "",
     "the interpreter with Airflow and hoist-airflow (default: $HOIST_PYTHON, else python3)"},
    {"--serialized", "FILE", &Invocation::serialized, on(Command::verify) | on(Command::gate), "",
     "instead of --dags: what `hoistctl export-dags` wrote"},
    {"--manifest", "FILE", &Invocation::manifest, on(Command::verify) | on(Command::gate), "",
     "which DAG stands for which workflow (default: hoist.manifest.json in the folder of --dags)"},
    {"--map", "FILE", &Invocation::map, on(Command::verify) | on(Command::gate) | comparers, "",
     "JSON: for verify `dags` (workflow to dag_id) and `tasks` (job to task_id) of DAGs that hoist "
     "did not name; for diff and drift `jobs` (old name to new name); for gate all three"},
    {"--against", "EXPORT", &Invocation::against, on(Command::drift), "",
     "the file or folder with what the live scheduler holds now, as `autorep -q` or `crontab -l` "
     "prints it"},
    {"--horizon", "DAYS", &Invocation::horizon, on(Command::verify) | on(Command::gate) | comparers,
     "",
     "compare schedules over so many days (default: all that the export holds, 400 for diff, drift "
     "and gate)"},
    {"--budget", "N", &Invocation::budget, on(Command::verify) | on(Command::gate) | comparers, "",
     "conflicts that the solver may meet in one question before the answer is `unknown` (default: "
     "20000)"},
    {"--require", "NAMES", &Invocation::require, on(Command::verify) | on(Command::gate), "",
     "the assumptions that are accepted, as names or globs with commas between (default: all; "
     "`none` accepts none; for gate: those, and `gate.assumptions` of hoist.toml)"},
    {"--certificates", "DIR", &Invocation::certificates, on(Command::verify), "",
     "write one certificate per workflow there"},
    {"--certificates", "DIR", &Invocation::certificates, on(Command::drift), "",
     "also judge the certificates that `hoist verify` wrote there: which are void now, and why"},
    {"--format", "FORMAT", &Invocation::format, on(Command::verify) | comparers, "text json",
     "how the verdicts or changes are written (default: text)"},
    {"--format", "FORMAT", &Invocation::format, on(Command::plan), "text json markdown",
     "how the plan is written (default: text)"},
    {"--lock", "FILE", &Invocation::lock, on(Command::plan), "",
     "where the plan is kept (default: plan.lock.toml beside hoist.toml)"},
    {"--bridges", "DIR", &Invocation::bridges, on(Command::plan), "",
     "also write there what each wave changes in the legacy schedulers, its undo, and the list of "
     "what crosses; proved to give the estate back"},
    {"--plan", "FILE", &Invocation::lock, on(Command::runbook), "",
     "the plan that `hoist plan` made (default: plan.lock.toml beside hoist.toml)"},
    {"-o,--out", "DIR", &Invocation::outputFolder, on(Command::runbook), "",
     "the folder for the pages and the files of each wave; not inside a PATH"},
    {"--check", "", &Invocation::checkOnly, on(Command::runbook), "",
     "write nothing; list the files that would change, and exit with 1 if there are any"},
    {"--replan", "", &Invocation::replan, on(Command::plan), "",
     "start over; without it every workflow keeps its place unless leaving it saves bridges"},
    {"--check", "", &Invocation::checkOnly, on(Command::plan), "",
     "write nothing; say where the kept plan no longer fits, and exit with 1 if it does not"},
    {"--diff", "", &Invocation::showDiff, on(Command::plan), "",
     "write nothing; show what would change in the kept plan as a patch, and exit with 1 if "
     "something would"},
    {"--budget", "N", &Invocation::budget, on(Command::plan), "",
     "how many moves the search tries (default: 10000 for each workflow, at most 16 million)"},
    {"--scenario", "FILE", &Invocation::scenario, on(Command::simulate), "",
     "what happens: times, exit codes, files, operators' events (default: today from 00:00 on, "
     "everything succeeds); of a .jsonl file each line is one, and its trace one line of JSON"},
    {"--format", "FORMAT", &Invocation::format, on(Command::simulate), "text json",
     "how the trace is written (default: text)"},
    {"--explain", "JOB", &Invocation::explainedJob, on(Command::simulate), "",
     "print the opportunities of one job, and why it ran or did not"},
    {"--format", "FORMAT", &Invocation::format, on(Command::config), "text json",
     "how the settings are written (default: text, which is TOML)"},
    {"--dialect", "NAME", &Invocation::dialect, definitions, "@dialects",
     "what the files named on the command line are, and files in folders that could be several"},
    {"-D", "NAME=VALUE", &Invocation::defines, configured, "",
     "the value of a placeholder; may be repeated"},
    {"--properties", "FILE", &Invocation::properties, configured, "",
     "values of placeholders, one NAME=VALUE a line; may be repeated"},
    {"--output", "FORMAT[=FILE]", &Invocation::outputs, readers, "",
     "how findings are written: text (to standard error, the default), concise, json, sarif, "
     "github, "
     "gitlab, junit, markdown (to standard output); may be repeated"},
    {"--select", "CODES", &Invocation::selects, settled, "",
     "report these only: codes or their beginnings with commas between (`A00,P`, `ALL`); may be "
     "repeated"},
    {"--ignore", "CODES", &Invocation::ignores, settled, "",
     "do not report these; the longer beginning decides between --select and --ignore"},
    {"--severity", "CODES=LEVEL", &Invocation::severities, settled, "",
     "report these as `error`, `warning` or `note`; may be repeated"},
    {"--fail-on", "LEVEL", &Invocation::failOn, settled, "error warning note never",
     "the severity from which on findings end the run with 1 (default: error)"},
    {"--baseline", "FILE", &Invocation::baseline, checkers | on(Command::config), "",
     "report what this file does not list, and what it lists and is gone (default: "
     "`findings.baseline` of hoist.toml)"},
    {"--max-findings", "N", &Invocation::maxFindings, readers, "",
     "print the first N findings as text and count the rest (default: all)"},
    {"--cron-flavour", "NAME", &Invocation::cronFlavour, configured, "debian cronie",
     "whose crontab rules hold (default: debian)"},
    {"--timezone", "ZONE", &Invocation::timezone, configured, "",
     "the zone of schedules that name none (default: UTC)"},
    {"--config", "FILE", &Invocation::config, configured, "",
     "the settings (default: the nearest hoist.toml, from the first PATH up to the root of its "
     "repository)"},
    {"--jobs", "N", &Invocation::jobs, definitions, "",
     "how many files are read, and workflows verified, at a time (default: one per processor)"},
    {"--color", "WHEN", &Invocation::color, everywhere, "auto always never",
     "colours (default: auto; NO_COLOR is honoured)"},
    {"-h,--help", "", &Invocation::help, everywhere, "", "print this help"},
};

llvm::StringRef longFlag(OptionRow const& option) {
    llvm::StringRef const flags = option.flags;
    return flags.substr(flags.rfind(',') + 1);
}

std::string spellingOf(OptionRow const& option) {
    std::string text = option.flags.str();
    if (size_t const comma = text.find(','); comma != std::string::npos)
        text.replace(comma, 1, ", ");
    return option.value.empty() ? text : text + " " + option.value.str();
}

void reportUnknownOption(llvm::StringRef argument, CommandRow const& command,
                         diag::Diagnostics& diags) {
    llvm::StringRef const name = argument.split('=').first;
    auto builder = diags.report<Code::UnknownOption>({}, name, llvm::StringRef(command.name));
    std::vector<llvm::StringRef> known;
    for (OptionRow const& option : options)
        if (belongsTo(option, command))
            known.push_back(longFlag(option));
    if (llvm::StringRef const nearest = nearestOf(name, known); !nearest.empty())
        builder.help(fmt::format("did you mean `{}`?", diag::shown(nearest)));
}

/// Fits one option into CLI11; the value lands in the invocation.
void bind(CLI::App& app, OptionRow const& option, Invocation& invocation) {
    std::string const flags = option.flags.str();
    std::visit(
        [&](auto member) {
            auto& value = invocation.*member;
            using Value = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<Value, bool>)
                app.add_flag(flags, value);
            else if constexpr (std::is_same_v<Value, std::vector<std::string>>)
                app.add_option(flags, value)->allow_extra_args(false)->take_all();
            else
                app.add_option(flags, value);
        },
        option.target);
}

void checkOperandChoice(CommandRow const& command, Invocation const& invocation,
                        diag::Diagnostics& diags) {
    llvm::SmallVector<llvm::StringRef, 4> choices;
    llvm::StringRef(command.operandChoices).split(choices, ' ', -1, false);
    if (choices.empty())
        return;
    if (invocation.operands.empty())
        diags.report<Code::BadUsage>({}, fmt::format("`hoist {}` needs one of {}",
                                                     diag::shown(llvm::StringRef(command.name)),
                                                     llvm::join(choices, ", ")));
    else if (!llvm::is_contained(choices, invocation.operands.front()))
        diags.report<Code::BadOptionValue>({}, invocation.operands.front(),
                                           llvm::StringRef(command.operands),
                                           "choose " + llvm::join(choices, ", "));
}

void checkChoices(CommandRow const& command, Invocation const& invocation,
                  diag::Diagnostics& diags) {
    for (OptionRow const& option : options) {
        auto const* const member = std::get_if<std::string Invocation::*>(&option.target);
        auto const choices = choicesOf(option);
        if (!member || choices.empty() || !belongsTo(option, command))
            continue;
        llvm::StringRef const value = invocation.**member;
        if (value.empty() || llvm::is_contained(choices, value))
            continue;
        auto builder = diags.report<Code::BadOptionValue>({}, value, longFlag(option),
                                                          "choose " + llvm::join(choices, ", "));
        if (llvm::StringRef const nearest = nearestOf(value, choices); !nearest.empty())
            builder.help(fmt::format("did you mean `{}`?", diag::shown(nearest)));
    }
}

/// `hoist baseline VERB PATH...`
void takeVerb(Invocation& invocation, diag::Diagnostics& diags) {
    static constexpr llvm::StringRef verbs[] = {"write", "check", "prune"};
    if (invocation.operands.empty())
        return; // is told with what the command needs
    invocation.verb = invocation.operands.front();
    invocation.operands.erase(invocation.operands.begin());
    if (llvm::is_contained(verbs, invocation.verb))
        return;
    auto builder = diags.report<Code::BadUsage>(
        {}, fmt::format("`hoist baseline` does not know `{}`: say write, check or prune",
                        invocation.verb));
    if (llvm::StringRef const nearest = nearestOf(invocation.verb, verbs); !nearest.empty())
        builder.help(fmt::format("did you mean `{}`?", diag::shown(nearest)));
}

void checkFixing(CommandRow const& command, Invocation const& invocation,
                 diag::Diagnostics& diags) {
    if (command.command != Command::check)
        return;
    if (invocation.unsafeFixes && !invocation.fix && !invocation.showDiff)
        diags
            .report<Code::BadUsage>(
                {}, std::string("`--unsafe-fixes` says which fixes, not what to do with them"))
            .help("add `--fix` to write the files, or `--diff` to see the patch");
    if (invocation.fix && !invocation.showDiff && llvm::is_contained(invocation.operands, "-"))
        diags.report<Code::BadUsage>({}, std::string("`--fix` cannot write to standard input"))
            .help("`--diff` prints the patch");
}

} // namespace

unsigned Invocation::threads() const {
    return jobs ? jobs : std::max(1u, std::thread::hardware_concurrency());
}

llvm::ArrayRef<CommandRow> commandRows() { return commands; }
llvm::ArrayRef<OptionRow> optionRows() { return options; }

llvm::SmallVector<llvm::StringRef, 6> choicesOf(OptionRow const& option) {
    llvm::SmallVector<llvm::StringRef, 6> choices;
    if (option.choices == "@dialects") {
        for (Frontend const& frontend : frontends())
            choices.push_back(frontend.name);
    } else {
        llvm::StringRef(option.choices).split(choices, ' ', -1, false);
    }
    return choices;
}

bool belongsTo(OptionRow const& option, CommandRow const& command) {
    return (option.commands & on(command.command)) != 0;
}

std::optional<ParsedCommand> parseCommandLine(llvm::ArrayRef<llvm::StringRef> args,
                                              diag::Diagnostics& diags) {
    ParsedCommand parsed;
    if (args.empty() || args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
        parsed.invocation.help = true;
        if (args.size() > 1)
            for (CommandRow const& row : commands)
                if (args[1] == row.name)
                    parsed.row = &row;
        return parsed;
    }
    llvm::StringRef const name = args[0] == "--version" ? llvm::StringRef("version") : args[0];
    std::vector<llvm::StringRef> names;
    for (CommandRow const& row : commands) {
        names.push_back(row.name);
        if (name == row.name)
            parsed.row = &row;
    }
    if (!parsed.row) {
        auto builder = diags.report<Code::UnknownCommand>({}, name);
        if (llvm::StringRef const nearest = nearestOf(name, names); !nearest.empty())
            builder.help(fmt::format("did you mean `hoist {}`?", diag::shown(nearest)));
        else
            builder.help("`hoist --help` lists the commands");
        return std::nullopt;
    }

    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    for (OptionRow const& option : options)
        if (belongsTo(option, *parsed.row))
            bind(app, option, parsed.invocation);
    std::vector<std::string> reversed;
    for (llvm::StringRef argument : llvm::reverse(args.drop_front()))
        reversed.push_back(argument.str());
    try {
        app.parse(std::move(reversed));
    } catch (CLI::ParseError const& error) {
        diags.report<Code::BadUsage>({}, std::string(error.what()))
            .help(fmt::format("`hoist {} --help` shows the options",
                              diag::shown(llvm::StringRef(parsed.row->name))));
        return std::nullopt;
    }
    bool isLiteral = false; // after `--` everything is a path
    for (std::string const& extra : app.remaining()) {
        if (extra == "--" && !isLiteral)
            isLiteral = true;
        else if (!isLiteral && extra.size() > 1 && extra[0] == '-')
            reportUnknownOption(extra, *parsed.row, diags);
        else
            parsed.invocation.operands.push_back(extra);
    }
    checkChoices(*parsed.row, parsed.invocation, diags);
    if (parsed.row->command == Command::baseline && !parsed.invocation.help)
        takeVerb(parsed.invocation, diags);
    if (parsed.invocation.help)
        return diags.hasErrors() ? std::nullopt : std::optional(parsed);
    if (parsed.row->needsOperand && parsed.invocation.operands.empty())
        diags
            .report<Code::BadUsage>({}, fmt::format("`hoist {}` needs a file or folder",
                                                    diag::shown(llvm::StringRef(parsed.row->name))))
            .help("`-` reads standard input");
    if (parsed.row->command == Command::build && parsed.invocation.outputFolder.empty())
        diags.report<Code::BadUsage>(
            {}, std::string("`hoist build` needs `-o DIR`: where the DAGs go"));
    if (parsed.row->command == Command::runbook && parsed.invocation.outputFolder.empty())
        diags.report<Code::BadUsage>(
            {}, std::string("`hoist runbook` needs `-o DIR`: where the pages go"));
    bool const writesEstate =
        parsed.row->command == Command::redact || parsed.row->command == Command::reduce;
    if (writesEstate && parsed.invocation.outputFolder.empty())
        diags.report<Code::BadUsage>({},
                                     fmt::format("`hoist {}` needs `-o DIR`: where the result goes",
                                                 diag::shown(llvm::StringRef(parsed.row->name))));
    if (parsed.row->command == Command::reduce && parsed.invocation.code.empty())
        diags.report<Code::BadUsage>(
            {}, std::string("`hoist reduce` needs `--code CODE`: the finding to keep"));
    if (parsed.row->command == Command::drift && parsed.invocation.against.empty())
        diags.report<Code::BadUsage>({}, std::string("`hoist drift` needs `--against EXPORT`: what "
                                                     "the live scheduler holds now"));
    checkOperandChoice(*parsed.row, parsed.invocation, diags);
    if (!parsed.invocation.estate.empty() && !parsed.invocation.changed)
        diags.report<Code::BadUsage>({},
                                     std::string("`--estate` belongs to `--changed`; without it "
                                                 "every PATH is read"));
    checkFixing(*parsed.row, parsed.invocation, diags);
    size_t const limit = parsed.row->operands.empty() ? 0 : parsed.row->needsOperand ? SIZE_MAX : 1;
    if (parsed.invocation.operands.size() > limit)
        diags.report<Code::BadUsage>({}, fmt::format("`hoist {}` does not take `{}`",
                                                     diag::shown(llvm::StringRef(parsed.row->name)),
                                                     parsed.invocation.operands[limit]));
    return diags.hasErrors() ? std::nullopt : std::optional(std::move(parsed));
}

std::string helpText(CommandRow const* command) {
    std::string text;
    auto const row = [&](std::string const& left, llvm::StringRef right) {
        text += fmt::format("  {:<24}  {}\n", left, diag::shown(right));
    };
    if (!command) {
        text = "hoist compiles batch workflows of legacy schedulers to Apache Airflow DAGs.\n\n"
               "usage: hoist COMMAND [OPTIONS] [PATH...]\n\ncommands:\n";
        for (CommandRow const& each : commands)
            row(each.name.str() + " " + each.operands.str(), each.summary);
        text += "\n`hoist COMMAND --help` shows the options of a command.\n"
                "Exit codes: 0 clean, 1 findings at error level, 2 usage or configuration, 3 not "
                "equivalent,\n"
                "4 undecided, 5 output refused or not written, 70 a bug in hoist.\n";
        return text;
    }
    text = fmt::format("{}\n\nusage: hoist {} [OPTIONS] {}\n\noptions:\n",
                       diag::shown(llvm::StringRef(command->summary)),
                       diag::shown(llvm::StringRef(command->name)),
                       diag::shown(llvm::StringRef(command->operands)));
    for (OptionRow const& option : options) {
        if (!belongsTo(option, *command))
            continue;
        std::string help = option.help.str();
        if (auto const choices = choicesOf(option); !choices.empty())
            help += "; one of " + llvm::join(choices, ", ");
        row(spellingOf(option), help);
    }
    return text;
}

std::string cliPage() {
    std::string page =
        "# The command line\n\n"
        "<!-- Made from the tables in backend/driver/CommandLine.cpp; a test compares it. -->\n\n"
        "`hoist COMMAND [OPTIONS] [PATH...]`. PATH is a file, a folder, or `-` for standard input. "
        "Arguments are read in the\n"
        "order given; inside a folder files are read in byte order of their path, hidden ones are "
        "skipped, and a file that is\n"
        "no definition gets a note.\n\n"
        "Findings as text go to standard error, in all other formats to standard output unless "
        "`=FILE` says otherwise.\n"
        "`github` writes workflow commands, `gitlab` a code quality report, `markdown` a comment "
        "for "
        "a pull request; paths in them\n"
        "start at the root of the repository.\n\n"
        "`--ignore` and a severity reach neither what hoist could not read nor, in `hoist build`, "
        "the errors that refuse a workflow.\n\n"
        "## Exit codes\n\n| code | meaning |\n|---|---|\n| 0 | clean |\n| 1 | findings at error "
        "level (`--fail-on` names another); with `--check` or `--diff`, something would change |\n"
        "| 2 | wrong usage or configuration |\n| 3 | not equivalent |\n| 4 | undecided |\n"
        "| 5 | output refused or not written |\n| 70 | a bug in hoist |\n\n"
        "When several apply: 70, 5, 2, 3, 4, 1.\n";
    for (CommandRow const& command : commands) {
        page += fmt::format(
            "\n## hoist {}\n\n`hoist {} [OPTIONS] {}`: {}.\n\n| option | meaning |\n|---|---|\n",
            diag::shown(llvm::StringRef(command.name)), diag::shown(llvm::StringRef(command.name)),
            diag::shown(llvm::StringRef(command.operands)),
            diag::shown(llvm::StringRef(command.summary)));
        for (OptionRow const& option : options) {
            if (!belongsTo(option, command))
                continue;
            std::string help = option.help.str();
            if (auto const choices = choicesOf(option); !choices.empty())
                help += "; one of `" + llvm::join(choices, "`, `") + "`";
            page += fmt::format("| `{}` | {} |\n", spellingOf(option), help);
        }
    }
    return page;
}

} // namespace hoist
