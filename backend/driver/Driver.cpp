// The table of contents of the program: arguments, inputs, front ends, link and analysis, back end,
// reports.
#include "backend/driver/Driver.h"

#include "analysis/Analysis.h"
#include "analysis/schedule/BusinessDay.h"
#include "analysis/semantics/Interpreter.h"
#include "analysis/semantics/ReadScenario.h"
#include "backend/airflow/Build.h"
#include "backend/driver/Baseline.h"
#include "backend/driver/Changed.h"
#include "backend/driver/CommandLine.h"
#include "backend/driver/Completions.h"
#include "backend/driver/Config.h"
#include "backend/driver/Explain.h"
#include "backend/driver/Fixes.h"
#include "backend/driver/FormatCommand.h"
#include "backend/driver/Init.h"
#include "backend/driver/Inputs.h"
#include "backend/driver/MapCommand.h"
#include "backend/driver/Outputs.h"
#include "backend/driver/PlanCommand.h"
#include "backend/driver/PlannedFiles.h"
#include "backend/driver/Policy.h"
#include "backend/driver/Progress.h"
#include "backend/driver/RedactCommand.h"
#include "backend/driver/ReduceCommand.h"
#include "backend/driver/RunbookCommand.h"
#include "backend/driver/ShowConfig.h"
#include "backend/driver/Suppressions.h"
#include "backend/driver/VerifyCommand.h"
#include "backend/report/Coverage.h"
#include "backend/report/Graph.h"
#include "backend/report/Report.h"
#include "backend/report/Trace.h"
#include "frontend/base/Counted.h"
#include "frontend/base/Paths.h"
#include "frontend/base/Suggest.h"
#include "frontend/ir/TimeZones.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <initializer_list>
#include <memory>
#include <new>

namespace hoist {
namespace {

constexpr llvm::StringLiteral version = HOIST_VERSION;

/// The stronger of two exits: 70, 5, 2, 3, 4, 1, 0.
Exit stronger(Exit a, Exit b) {
    for (Exit const exit : {Exit::internalError, Exit::notWritten, Exit::usage, Exit::notEquivalent,
                            Exit::undecided, Exit::findings})
        if (a == exit || b == exit)
            return exit;
    return Exit::clean;
}

bool wantsColor(Invocation const& invocation, Console const& console) {
    if (invocation.color != "auto")
        return invocation.color == "always";
    // https://no-color.org: set and not empty.
    auto const noColor = console.variable("NO_COLOR");
    auto const terminal = console.variable("TERM");
    return console.isErrTerminal() && !(noColor && !noColor->empty()) &&
           !(terminal && *terminal == "dumb");
}

/// Problems with the command line: no estate, so text without places.
Exit reportUsage(diag::Diagnostics& diags, bool color, Console& console) {
    SourceMap const none;
    diags.sort();
    std::string const text = report::text({none, diags.all(), 0, 0, version, {}}, {color, 0});
    console.err(text.substr(0, text.rfind("hoist: ")));
    return Exit::usage;
}

/// `hoist check`, `build`, `graph`, `coverage`: everything that reads definitions.
class Run {
public:
    Run(CommandRow const& commandRow, Invocation const& invoked, FileSystem& fileSystem,
        Console& theConsole, ChangedEstate const* changedEstate = nullptr)
        : row(commandRow), invocation(invoked), files(fileSystem), console(theConsole),
          changed(changedEstate) {}

    Exit run() {
        auto const refused = examine();
        return refused ? *refused : report();
    }

    /// Everything up to the findings that are told; an exit when the run ends before them.
    std::optional<Exit> examine() {
        outputs = parseOutputs(invocation, row.command, diags);
        if (row.command != Command::init)
            readSettings(invocation, files, console, estate, settings, diags);
        readBaseline();
        if (diags.hasErrors() || !outputs) {
            // Findings in settings have places: the estate's sources hold the files.
            diags.sort();
            report::Findings const findings{estate.sources, diags.all(), 0, 0, version, {}};
            std::string const text = report::text(findings, {wantsColor(invocation, console), 0});
            console.err(text.substr(0, text.rfind("hoist: ")));
            return Exit::usage;
        }
        if (row.command == Command::config) {
            console.out(invocation.format == "json" ? configJson(estate.settings, settings)
                                                    : configText(estate.settings, settings));
            return Exit::clean;
        }
        if (row.command == Command::diff && invocation.operands.size() != 2) {
            diags.report<diag::Code::BadUsage>(
                {}, "`hoist diff` compares two versions: a file or folder each");
            return reportUsage(diags, wantsColor(invocation, console), console);
        }
        if (row.command == Command::gate && !openRevision())
            return reportUsage(diags, wantsColor(invocation, console), console);
        if (row.command == Command::verify && !invocation.serialized.empty() &&
            invocation.threads() > 1)
            exportBeingRead = std::async(
                std::launch::async, [this] { return readExport(invocation.serialized, files); });
        read();
        progress.stage("analyzing");
        known = analysis::run(estate, diags);
        progress.stage("lowering");
        exit = produce();
        progress.clear();
        filter();
        return std::nullopt;
    }

    Exit report() {
        std::string const folder = console.currentFolder();
        std::string const root = repositoryRoot(folder);
        report::Findings findings = findingsNow();
        findings.currentFolder = folder;
        findings.root = root;
        findings.about = row.command == Command::diff    ? invocation.operands[1]
                         : row.command == Command::drift ? invocation.against
                                                         : invocation.operands[0];
        findings.pageOf = pageOf;
        exit =
            stronger(exit, writeOutputs(*outputs, findings,
                                        {wantsColor(invocation, console), invocation.maxFindings},
                                        files, console));
        if (row.command == Command::check && !isFixing)
            product += fixableSummary(diags.all());
        if (!product.empty())
            console.err(forPeople(product, console));
        bool const fails = llvm::any_of(diags.all(), [&](diag::Diagnostic const& finding) {
            return findings.failOn && finding.severity >= *findings.failOn;
        });
        if (row.command == Command::gate)
            exit = stronger(exit, gateExit(diags));
        return stronger(exit, fails ? Exit::findings : Exit::clean);
    }

    /// `check --fix`, `--diff`: mends in memory and examines again until nothing applies.
    static Exit runFixing(CommandRow const& row, Invocation const& invocation, FileSystem& files,
                          Console& console, ChangedEstate const* changed = nullptr) {
        Fixes fixes(invocation, files);
        std::unique_ptr<Run> original, run; // the first estate is what the last is compared with
        do {
            if (run && !original)
                original = std::move(run);
            run = std::make_unique<Run>(row, invocation, fixes.files(), console, changed);
            if (auto const refused = run->examine())
                return *refused;
        } while (fixes.apply(run->estate, run->inputs, run->diags.all()));
        run->exit = stronger(run->exit, fixes.finish(run->diags, console));
        run->product += fixes.summary();
        run->isFixing = true;
        if (invocation.showDiff && run->diags.all().empty()) {
            console.err(forPeople(run->product, console));
            return run->exit;
        }
        return run->report();
    }

private:
    /// What is known of the estate, for commands that say all there is to say.
    void readBaseline() {
        bool const isAsked = row.command == Command::baseline;
        if (isAsked && settings.baseline.empty())
            settings.baseline = (settings.configFolder.empty() ? "" : settings.configFolder + "/") +
                                "hoist-baseline.json";
        if (checks() && !settings.baseline.empty() && invocation.verb != "write")
            baseline = Baseline::read(settings.baseline, files, estate.sources, diags);
    }

    /// Whether all is said that there is to say about the estate.
    bool checks() const {
        return row.command == Command::check || row.command == Command::build ||
               row.command == Command::baseline || row.command == Command::coverage;
    }

    /// What `gate` compares with.
    bool openRevision() {
        revisionName = invocation.against.empty() ? settings.gate.against : invocation.against;
        if (revisionName.empty()) {
            diags.report<diag::Code::BadUsage>({}, "say what to compare with: `--against REF`")
                .help("or once for all in hoist.toml: `[gate]`, `against = \"origin/main\"`");
            return false;
        }
        progress.stage("reading " + revisionName);
        std::string error;
        revision = readGitRevision(revisionName, invocation.operands, console, error);
        if (!revision)
            diags.report<diag::Code::CannotReadRevision>({}, revisionName, error);
        return revision.has_value();
    }

    void read() {
        if (row.command == Command::gate) {
            before.settings = estate.settings;
            read(invocation.operands, before, ofBefore, revision->files);
            inputs.clear();
            analysis::run(before, ofBefore);
            airflow::lowerOnly(before, ofBefore);
        }
        if (row.command == Command::drift) {
            before.settings = estate.settings;
            read(invocation.operands, before, ofBefore, files);
            analysis::run(before, ofBefore);
            return read({invocation.against}, estate, diags, files);
        }
        if (row.command != Command::diff)
            return read(invocation.operands, estate, diags, files);
        read({invocation.operands.begin() + 1, invocation.operands.end()}, estate, diags, files);
        // The older version has findings of its own; they are not what is asked.
        before.settings = estate.settings;
        read({invocation.operands.front()}, before, ofBefore, files);
        analysis::run(before, ofBefore);
    }

    void read(std::vector<std::string> const& operands, ir::Estate& into,
              diag::Diagnostics& findings, FileSystem& from) {
        InputOptions const options{operands, invocation.dialect, invocation.threads()};
        std::vector<Input> const read = readInputs(options, from, into, findings);
        for (Input const& input : read)
            inputs.push_back(input.file);
        readDefinitions(read, into, findings, [&](Frontend const& frontend) {
            progress.stage("reading " + frontend.name.str());
        });
    }

    /// What the command is for, beside findings.
    Exit produce() {
        switch (row.command) {
        case Command::build: {
            airflow::BuildOptions options;
            options.outDir = invocation.outputFolder;
            options.overwriteEdited = invocation.overwriteEdited;
            PlannedFiles planned(files);
            ConfinedFileSystem confined(invocation.showDiff ? static_cast<FileSystem&>(planned)
                                                            : files,
                                        invocation.outputFolder);
            airflow::BuildResult const result = airflow::build(estate, options, confined, diags);
            product = fmt::format("hoist: {} in {}: {}{} written, {} removed, {} refused\n",
                                  counted(result.dags, "DAG"), invocation.outputFolder,
                                  invocation.showDiff ? "would be: " : "", result.written,
                                  result.removed, result.refused);
            std::string const patch = planned.patch();
            if (!patch.empty()) {
                progress.clear();
                console.out(patch);
            }
            return result.isIncomplete ? Exit::notWritten
                   : patch.empty()     ? Exit::clean
                                       : Exit::findings;
        }
        case Command::coverage: {
            airflow::lowerOnly(estate, diags);
            report::Coverage const coverage = report::coverageOf(estate);
            progress.clear();
            console.out(invocation.format == "json"
                            ? report::coverageJson(coverage)
                            : forPeople(report::coverageText(coverage), console));
            if (coverage.total.unaccounted == 0)
                return Exit::clean;
            console.err(fmt::format("hoist: {} constructs are not accounted for: this is a bug in "
                                    "hoist; please report it\n",
                                    coverage.total.unaccounted));
            return Exit::internalError;
        }
        case Command::verify:
        case Command::diff:
        case Command::drift:
            progress.clear();
            // What `check` has to say beside errors is not what is asked here.
            std::erase_if(diags.all(), [](diag::Diagnostic const& finding) {
                return finding.severity != diag::Severity::error;
            });
            if (row.command != Command::verify)
                return diffEstates(before, estate, invocation, files, console, diags);
            return verifyEstate(estate, invocation, version, files, console, diags,
                                std::move(exportBeingRead));
        case Command::plan:
            progress.clear();
            keepErrors();
            return planEstate(estate, invocation, settings, files, console, diags, product);
        case Command::runbook:
            progress.clear();
            keepErrors();
            return runbookEstate(estate, invocation, settings, files, console, diags, product);
        case Command::gate: return gate();
        case Command::graph:
            progress.clear();
            console.out(
                report::graph(estate, invocation.format == "mermaid" ? report::GraphFormat::mermaid
                                      : invocation.format == "json"  ? report::GraphFormat::json
                                                                     : report::GraphFormat::dot));
            return Exit::clean;
        case Command::inventory:
        case Command::map: return showEstate();
        case Command::simulate: return simulate();
        case Command::init: return propose();
        default:
            // The lowering says what will not be exact; a check that kept that back would be no
            // check.
            airflow::lowerOnly(estate, diags);
            return Exit::clean;
        }
    }

    /// `hoist gate`: what is new, what behaves differently, and, where DAGs are named, what they
    /// mean.
    Exit gate() {
        airflow::lowerOnly(estate, diags);
        auto options = diffOptions(invocation, files, diags);
        if (!options)
            return Exit::usage;
        Gate judged(before, estate, std::move(*options), diags);
        judged.hideKnown(ofBefore);
        progress.stage("comparing");
        judged.compare(settings.gate);
        std::string tally;
        Exit verified = Exit::clean;
        if (!invocation.dags.empty() || !invocation.serialized.empty()) {
            progress.stage("verifying");
            AssumptionPolicy policy{invocation.require, true};
            policy.accepted.insert(policy.accepted.end(), settings.gate.assumptions.begin(),
                                   settings.gate.assumptions.end());
            verified = verifyQuietly(estate, invocation, version, std::move(policy), files, console,
                                     diags, tally);
        }
        product = judged.summary(*revision, revisionName, tally);
        // What changed and what differs counts after approvals: `report` looks at what is left.
        return verified == Exit::usage ? verified : Exit::clean;
    }

    /// What `check` has to say beside errors is not what `plan`, `map` and their like are asked.
    void keepErrors() {
        std::erase_if(diags.all(), [](diag::Diagnostic const& finding) {
            return finding.severity != diag::Severity::error &&
                   finding.code != diag::Code::HistoryNamesNoJob;
        });
    }

    /// `hoist inventory`, `hoist map`
    Exit showEstate() {
        auto const surveyed = survey(estate, known, invocation, files, diags);
        keepErrors();
        if (!surveyed)
            return Exit::usage;
        progress.stage("drawing");
        std::string const text = row.command == Command::map
                                     ? mapProduct(*surveyed, invocation)
                                     : inventoryProduct(*surveyed, invocation);
        progress.clear();
        bool const isForPeople = row.command == Command::inventory &&
                                 (invocation.format.empty() || invocation.format == "text");
        console.out(isForPeople ? forPeople(text, console) : text);
        return Exit::clean;
    }

    /// `hoist init`
    Exit propose() {
        std::string const& first = invocation.operands.front();
        std::string const path = proposedPlace(first, files.isDirectory(first));
        // What is wrong with the estate is for `check` to say, with these settings.
        std::erase_if(diags.all(), [](diag::Diagnostic const& finding) {
            return !Policy::isLocked(finding.code, false);
        });
        std::string error = "it is there already, and `hoist init` changes nothing";
        if (files.exists(path) ||
            !files.write(path, proposedSettings(estate, inputs.size()), error)) {
            diags.report<diag::Code::OutputNotWritten>({}, path, error);
            return Exit::notWritten;
        }
        product = fmt::format("hoist: wrote `{}`\n", path);
        return Exit::clean;
    }

    Exit simulate() {
        ir::JobId job;
        if (!invocation.explainedJob.empty()) {
            auto const it = estate.jobByName.find(invocation.explainedJob);
            if (it == estate.jobByName.end()) {
                auto finding = diags.report<diag::Code::BadOptionValue>(
                    {}, invocation.explainedJob, llvm::StringRef("--explain"),
                    "there is no such job");
                Suggestions names;
                for (ir::Job const& each : estate.jobs)
                    names.add(each.name);
                if (auto const nearest = names.nearest(invocation.explainedJob); !nearest.empty())
                    finding.help(fmt::format("did you mean `{}`?", diag::shown(nearest)));
                return Exit::usage;
            }
            job = it->second;
        }
        std::optional<semantics::Scenario> scenario;
        if (invocation.scenario.empty()) {
            scenario = semantics::ordinaryDay(estate, std::time(nullptr));
        } else {
            std::string error;
            auto bytes = files.read(invocation.scenario, error);
            auto const file = bytes ? estate.sources.add(invocation.scenario, std::move(*bytes))
                                    : std::optional<FileId>();
            if (!file) {
                diags.report<diag::Code::CannotReadSettings>({}, invocation.scenario, error);
                return Exit::usage;
            }
            if (llvm::StringRef(invocation.scenario).ends_with(".jsonl"))
                return simulateEach(*file);
            scenario = semantics::readScenario(*file, estate, diags);
            if (!scenario)
                return Exit::usage;
        }
        progress.stage("simulating");
        schedule::Ticks ticks(estate);
        semantics::Trace const trace = semantics::run(estate, ticks, *scenario);
        progress.clear();
        ir::TimeZone const* const zone = schedule::siteZone(estate.settings);
        console.out(job ? forPeople(report::explainJob(estate, trace, job, zone), console)
                    : invocation.format == "json"
                        ? report::traceJson(trace)
                        : forPeople(report::traceText(estate, trace, zone), console));
        return Exit::clean;
    }

    /// One scenario a line, one trace a line: for tests that play thousands of them.
    Exit simulateEach(FileId file) {
        llvm::SmallVector<llvm::StringRef, 0> lines;
        estate.sources.bytes(file).split(lines, '\n', -1, /*KeepEmpty=*/false);
        schedule::Ticks ticks(estate);
        for (size_t i = 0; i < lines.size(); ++i) {
            auto const line = estate.sources.add(fmt::format("{}:{}", invocation.scenario, i + 1),
                                                 lines[i].str());
            auto const scenario = line ? semantics::readScenario(*line, estate, diags)
                                       : std::optional<semantics::Scenario>();
            if (!scenario)
                return Exit::usage;
            console.out(report::traceJson(semantics::run(estate, ticks, *scenario),
                                          report::JsonLayout::line));
        }
        return Exit::clean;
    }

    /// The findings as they stand, without what only reports need.
    report::Findings findingsNow() const {
        report::Findings findings{estate.sources,    diags.all(), inputs.size(),
                                  counts.suppressed, version,     {}};
        findings.ignored = counts.ignored;
        findings.baselined = counts.baselined;
        findings.failOn = settings.policy.failOn;
        return findings;
    }

    /// Takes out what is allowed, ignored, known, or not asked for.
    void filter() {
        auto const now = std::chrono::system_clock::now();
        std::chrono::year_month_day const day(std::chrono::floor<std::chrono::days>(now));
        Suppressions suppressions(estate, settings.allowed,
                                  fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                                              static_cast<unsigned>(day.month()),
                                              static_cast<unsigned>(day.day())));
        bool const writes = row.command == Command::build;
        size_t const found = diags.all().size();
        diags.isSuppressed = [&](diag::Diagnostic const& finding) {
            return suppressions.covers(finding) && !Policy::isLocked(finding.code, writes);
        };
        diags.sort();
        diags.isSuppressed = nullptr;
        counts.suppressed = found - diags.all().size();
        suppressions.reportUnused(diags, checks());
        counts.ignored = settings.policy.apply(diags, writes);
        diags.sort();
        exit = stronger(exit, row.command == Command::baseline && invocation.verb != "check"
                                  ? updateBaseline()
                                  : compareWithBaseline());
        if (changed) // last: the baseline and `[[allow]]` are about the whole estate
            product =
                elsewhereText(keepInvolved(*changed, estate.sources, console, diags), *changed);
    }

    /// `--baseline`: takes what is known away, and says what is known and gone.
    Exit compareWithBaseline() {
        if (!baseline)
            return Exit::clean;
        bool const writes = row.command == Command::build;
        counts.baselined = baseline->hide(diags.all(), report::fingerprints(findingsNow()), writes);
        baseline->reportStale(diags);
        counts.ignored += settings.policy.apply(diags, writes);
        diags.sort();
        return row.command == Command::baseline && !diags.all().empty() ? Exit::findings
                                                                        : Exit::clean;
    }

    /// `hoist baseline write` and `prune`: of an estate that was read whole.
    Exit updateBaseline() {
        auto const prints = report::fingerprints(findingsNow());
        bool const isNew = invocation.verb == "write";
        Baseline next = isNew ? Baseline::of(diags.all(), prints) : std::move(*baseline);
        counts.baselined = next.hide(diags.all(), prints, false);
        bool const isWhole = llvm::none_of(diags.all(), [](diag::Diagnostic const& finding) {
            return Policy::isLocked(finding.code, false);
        });
        size_t const pruned = isNew ? 0 : next.prune();
        std::string error = "what could not be read may hold what it lists";
        if (!isWhole || !files.write(settings.baseline, next.json(), error)) {
            diags.report<diag::Code::OutputNotWritten>({}, settings.baseline, error);
            diags.sort();
            return Exit::notWritten;
        }
        diags.all().clear(); // what is new is for `check` to say
        product = isNew
                      ? fmt::format("hoist: {} findings in `{}`\n", next.size(), settings.baseline)
                      : fmt::format("hoist: {} gone findings removed from `{}`, {} left\n", pruned,
                                    settings.baseline, next.size());
        return Exit::clean;
    }

    /// The nearest folder with `.git`, from here upwards; here, where there is none.
    std::string repositoryRoot(std::string const& folder) {
        for (std::string at = folder; !at.empty(); at = parentOf(at))
            if (files.exists(at + "/.git"))
                return at;
        return folder;
    }

    CommandRow const& row;
    Invocation const& invocation;
    FileSystem& files;
    Console& console;
    ChangedEstate const* changed; ///< check: what bounds the findings
    Progress progress{console};
    ir::Estate estate;
    analysis::Known known;
    RunSettings settings;
    std::optional<Baseline> baseline;
    std::future<LoadedExport> exportBeingRead; ///< verify: beside the definitions
    ir::Estate before;                         ///< diff, drift, gate: the older version
    diag::Diagnostics ofBefore;
    std::optional<GitRevision> revision; ///< of gate
    std::string revisionName;
    diag::Diagnostics diags;
    std::vector<FileId> inputs;
    std::optional<std::vector<OutputRequest>> outputs;
    struct {
        size_t suppressed = 0, ignored = 0, baselined = 0;
    } counts; ///< of what `filter` took out
    Exit exit = Exit::clean;
    bool isFixing = false;
    std::string product; ///< said after the findings
};

bool wantsFixes(Invocation const& invocation) { return invocation.fix || invocation.showDiff; }

/// `hoist check --changed`: each estate that holds a changed file, as a whole.
Exit checkChanged(CommandRow const& row, Invocation const& invocation, FileSystem& files,
                  Console& console) {
    diag::Diagnostics diags;
    auto const estates = changedEstates(invocation, files, console, diags);
    if (estates.size() > 1 && !invocation.outputs.empty())
        diags.report<diag::Code::BadUsage>(
            {}, fmt::format("`--output` has one place for the findings of one estate, and the "
                            "files lie in `{}` and `{}`; choose with `--estate`",
                            estates[0].root, estates[1].root));
    if (diags.hasErrors())
        return reportUsage(diags, wantsColor(invocation, console), console);
    Exit exit = Exit::clean;
    for (ChangedEstate const& changed : estates) {
        Invocation whole = invocation;
        whole.operands = {changed.root};
        exit =
            stronger(exit, wantsFixes(whole) ? Run::runFixing(row, whole, files, console, &changed)
                                             : Run(row, whole, files, console, &changed).run());
    }
    return exit;
}

Exit runCommand(ParsedCommand const& parsed, FileSystem& files, Console& console) {
    Invocation const& invocation = parsed.invocation;
    if (invocation.help) {
        console.out(helpText(parsed.row));
        return Exit::clean;
    }
    switch (parsed.row->command) {
    case Command::version:
        console.out(fmt::format("hoist {} (time zones {})\n", diag::shown(llvm::StringRef(version)),
                                diag::shown(ir::zoneDataVersion())));
        return Exit::clean;
    case Command::explain: {
        diag::Diagnostics diags;
        std::string const text =
            explain(invocation.operands.empty() ? "" : invocation.operands.front(), diags);
        if (diags.hasErrors())
            return reportUsage(diags, wantsColor(invocation, console), console);
        console.out(text);
        return Exit::clean;
    }
    case Command::completions:
        console.out(completionScript(invocation.operands.front()));
        return Exit::clean;
    case Command::fmt:
    case Command::redact:
    case Command::reduce: {
        diag::Diagnostics diags;
        auto* const work = parsed.row->command == Command::fmt      ? formatFiles
                           : parsed.row->command == Command::redact ? redactFiles
                                                                    : reduceEstate;
        Exit const exit = work(invocation, files, console, diags);
        if (diags.all().empty())
            return exit;
        bool const hasErrors = diags.hasErrors() && exit != Exit::usage;
        reportUsage(diags, wantsColor(invocation, console), console);
        return stronger(exit, hasErrors ? Exit::findings : Exit::clean);
    }
    default: {
        if (invocation.changed)
            return checkChanged(*parsed.row, invocation, files, console);
        if (parsed.row->command == Command::check && wantsFixes(invocation))
            return Run::runFixing(*parsed.row, invocation, files, console);
        auto run = std::make_unique<Run>(*parsed.row, invocation, files, console);
        Exit const exit = run->run();
        [[maybe_unused]] static Run* volatile last = nullptr; // still reachable, so no leak
        if (console.endsWithRun())
            last = run.release();
        return exit;
    }
    }
}

Exit runGuarded(llvm::ArrayRef<llvm::StringRef> args, FileSystem& files, Console& console) {
    diag::Diagnostics diags;
    auto const parsed = parseCommandLine(args, diags);
    if (!parsed)
        return reportUsage(diags, wantsColor({}, console), console);
    return runCommand(*parsed, files, console);
}

} // namespace

int runHoist(llvm::ArrayRef<llvm::StringRef> args, FileSystem& files, Console& console) {
    std::string problem;
    try {
        return static_cast<int>(runGuarded(args, files, console));
    } catch (std::bad_alloc const&) {
        problem = "out of memory";
    } catch (std::exception const& error) {
        problem = error.what();
    } catch (...) {
        problem = "an unknown exception";
    }
    console.err(
        "hoist: internal error: " + problem +
        "\nThis is a bug in hoist, not in your definitions; please report it with the input.\n");
    return static_cast<int>(Exit::internalError);
}

} // namespace hoist
