// `hoist verify` reads an export or has one made, the manifest and the map; `hoist diff` two
// versions.
#include "backend/driver/VerifyCommand.h"

#include "analysis/equivalence/Certificate.h"
#include "analysis/equivalence/Diff.h"
#include "analysis/equivalence/Fields.h"
#include "backend/driver/Outputs.h"
#include "backend/report/Changes.h"
#include "backend/report/Verdicts.h"
#include "frontend/base/Glob.h"

#include <llvm/ADT/StringExtras.h>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <ctime>

namespace hoist {

using diag::Code;

namespace {

class Verification {
public:
    Verification(ir::Estate& model, Invocation const& invoked, llvm::StringRef versionOfHoist,
                 AssumptionPolicy assumptions, std::string* tallyOfAll, FileSystem& fileSystem,
                 Console& theConsole, diag::Diagnostics& findings,
                 std::future<LoadedExport> exportBeingRead = {})
        : estate(model), invocation(invoked), version(versionOfHoist),
          policy(std::move(assumptions)), tally(tallyOfAll), files(fileSystem), console(theConsole),
          diags(findings), reading(std::move(exportBeingRead)) {}

    Exit run() {
        if (!readManifest() || !readMap())
            return Exit::usage;
        std::optional<target::Bag> const bag = readBag();
        if (!bag)
            return Exit::usage;
        options.horizon = {bag->from, bag->to};
        if (invocation.horizon > 0)
            options.horizon.to =
                std::min(options.horizon.to, bag->from + int64_t(invocation.horizon) * 86400);
        if (invocation.budget > 0)
            options.budget = static_cast<int>(invocation.budget);
        options.threads = invocation.threads();
        equivalence::Result const result = equivalence::verify(estate, *bag, options);
        report::reportVerdicts(estate, *bag, result, diags);
        bool const accepted = checkAssumptions(result);
        std::string const table =
            invocation.format == "json"
                ? report::verdictsJson(estate, *bag, result)
                : forPeople(report::verdictsText(estate, *bag, result), console);
        if (tally)
            *tally = llvm::StringRef(table).rtrim().rsplit('\n').second.str();
        else
            console.out(table);
        Exit exit = Exit::clean;
        if (result.count(equivalence::Verdict::unknown) > 0 || !accepted ||
            !bag->importErrors.empty())
            exit = Exit::undecided;
        if (result.count(equivalence::Verdict::different) > 0)
            exit = Exit::notEquivalent;
        if (!invocation.certificates.empty() && !writeCertificates(*bag, result))
            exit = Exit::notWritten;
        return exit;
    }

private:
    bool fail(llvm::StringRef file, llvm::StringRef why) {
        diags.report<Code::BadExport>({}, file, why);
        return false;
    }

    std::optional<target::Bag> readBag() {
        if (invocation.serialized.empty() == invocation.dags.empty()) {
            diags.report<Code::BadUsage>({}, "say where the DAGs are: either `--dags DIR` or "
                                             "`--serialized FILE`");
            return std::nullopt;
        }
        if (!invocation.serialized.empty()) {
            LoadedExport loaded =
                reading.valid() ? reading.get() : readExport(invocation.serialized, files);
            if (!loaded.bag)
                fail(invocation.serialized, loaded.error);
            return std::move(loaded.bag);
        }
        return loadDags();
    }

    std::optional<target::Bag> loadDags() {
        std::string python = invocation.python;
        if (python.empty())
            python = console.variable("HOIST_PYTHON").value_or("python3");
        // Not by its standard output: importing DAGs may print anything. Loading them executes
        // them, with the user's Airflow and rights; docs/cli.md says so.
        std::string const exported = console.temporaryFile();
        std::string said, error;
        int const code = console.runProgram({python, "-m", "hoist_airflow.hoistctl", "export-dags",
                                             invocation.dags, "-o", exported},
                                            said, error);
        // 1: some files do not import; the export tells which.
        std::optional<std::string> bytes;
        if (code == 0 || code == 1) {
            std::string problem;
            bytes = files.read(exported, problem);
            if (bytes && bytes->empty())
                bytes.reset();
        }
        if (std::string ignored; !exported.empty())
            files.remove(exported, ignored);
        if (!bytes) {
            if (error.empty())
                error = fmt::format("`{}` ended with {}", python, code);
            llvm::StringRef const last = llvm::StringRef(error).rtrim().rsplit('\n').second;
            diags
                .report<Code::ExportFailed>({}, invocation.dags,
                                            last.empty() ? llvm::StringRef(error) : last)
                .help("`--python` names the interpreter in which Airflow and hoist-airflow are "
                      "installed");
            return std::nullopt;
        }
        std::optional<target::Bag> bag = target::readBag(*bytes, error);
        if (!bag)
            fail(invocation.dags, error);
        return bag;
    }

    /// `hoist.manifest.json` beside the DAGs: which DAG is meant by a workflow, who starts what,
    /// alarms.
    bool readManifest() {
        std::string path = invocation.manifest;
        if (path.empty() && !invocation.dags.empty()) {
            path = invocation.dags + "/hoist.manifest.json";
            if (!files.exists(path))
                return true;
        }
        if (path.empty())
            return true;
        std::string error;
        std::optional<std::string> const bytes = files.read(path, error);
        if (!bytes)
            return fail(path, error);
        // Most of a manifest tells how each object was lowered: not kept.
        auto const keep = [](int, nlohmann::json::parse_event_t event, nlohmann::json& key) {
            return event != nlohmann::json::parse_event_t::key ||
                   (key != "objects" && key != "files" && key != "assumptions");
        };
        nlohmann::json const manifest = nlohmann::json::parse(*bytes, keep, false);
        if (!manifest.is_object() || !manifest.contains("dags") || !manifest["dags"].is_array())
            return fail(path, "it is no manifest of hoist");
        for (auto const& dag : manifest["dags"])
            if (dag.is_object() && dag.contains("workflow") && dag["workflow"].is_string() &&
                dag.contains("dag_id") && dag["dag_id"].is_string())
                options.manifest[dag["workflow"]] = dag["dag_id"];
        if (manifest.contains("subscriptions") && manifest["subscriptions"].is_array())
            for (auto const& row : manifest["subscriptions"]) {
                if (!row.is_object() || !row.contains("dag_id") || !row["dag_id"].is_string())
                    continue;
                auto& subscription = options.subscriptions[row["dag_id"]];
                for (auto const& [kind, names] : {std::pair{"jobs", &subscription.jobs},
                                                  {"variables", &subscription.variables}})
                    if (row.contains(kind) && row[kind].is_array())
                        for (auto const& name : row[kind])
                            if (name.is_string())
                                names->push_back(name);
            }
        readForced(manifest);
        if (manifest.contains("refused") && manifest["refused"].is_array())
            for (auto const& row : manifest["refused"])
                if (row.is_object() && row.contains("name") && row["name"].is_string())
                    options.refused.insert(row["name"]);
        options.hasManifest = true;
        alarms = equivalence::readManifestAlarms(manifest, error);
        if (!alarms)
            return fail(path, error);
        options.alarms = &*alarms;
        return true;
    }

    void readForced(nlohmann::json const& manifest) {
        if (!manifest.contains("forced") || !manifest["forced"].is_array())
            return;
        for (auto const& row : manifest["forced"]) {
            if (!row.is_object() || !row.contains("name") || !row["name"].is_string() ||
                !row.contains("dag_id") || !row["dag_id"].is_string())
                continue;
            auto& jobs = options.forced[row["name"]][row["dag_id"]];
            if (row.contains("jobs") && row["jobs"].is_array())
                for (auto const& job : row["jobs"])
                    if (job.is_string())
                        jobs.push_back(job);
            std::sort(jobs.begin(), jobs.end());
        }
    }

    /// `--map`: `{"dags": {"WORKFLOW": "dag_id"}, "tasks": {"JOB": "task_id"}}`.
    bool readMap() {
        if (invocation.map.empty())
            return true;
        std::string error;
        std::optional<std::string> const bytes = files.read(invocation.map, error);
        if (!bytes)
            return fail(invocation.map, error);
        nlohmann::json const map = nlohmann::json::parse(*bytes, nullptr, false);
        if (!map.is_object())
            return fail(invocation.map, "expected a JSON object with `dags` and `tasks`");
        for (auto const& [key, rows] : map.items()) {
            if (key == "jobs") // of `gate`: for the comparison of two versions
                continue;
            if ((key != "dags" && key != "tasks") || !rows.is_object())
                return fail(invocation.map,
                            fmt::format("unknown key `{}`; there are `dags` and `tasks`", key));
            for (auto const& [legacy, target] : rows.items()) {
                if (!target.is_string())
                    return fail(invocation.map, fmt::format("`{}` is mapped to no name", legacy));
                (key == "dags" ? options.map.dags : options.map.tasks)[legacy] = target;
            }
        }
        return true;
    }

    /// `--require`, and `gate.assumptions`: which assumptions are accepted.
    bool checkAssumptions(equivalence::Result const& result) {
        if (!policy.isAsked)
            return true;
        llvm::SmallVector<llvm::StringRef, 8> patterns;
        for (std::string const& list : policy.accepted)
            llvm::StringRef(list).split(patterns, ',', -1, false);
        bool accepted = true;
        for (auto const& one : result.workflows)
            for (auto const& assumption : one.findings.assumptions) {
                if (llvm::any_of(patterns, [&](llvm::StringRef pattern) {
                        return matchesGlob(pattern, assumption.name);
                    }))
                    continue;
                ir::Job const& job = estate.jobs[assumption.job];
                diags.report<Code::AssumptionNotAccepted>(job.nameSpan, job.name, assumption.text)
                    .object(job.name)
                    .evidence(assumption.name)
                    .note(fmt::format("the assumption's name is `{}`", assumption.name));
                accepted = false;
            }
        return accepted;
    }

    bool writeCertificates(target::Bag const& bag, equivalence::Result const& result);

    ir::Estate& estate;
    Invocation const& invocation;
    llvm::StringRef version;
    AssumptionPolicy policy;
    std::string* tally; ///< null: the table is printed
    FileSystem& files;
    Console& console;
    diag::Diagnostics& diags;
    std::future<LoadedExport> reading;
    equivalence::Options options;
    std::optional<equivalence::ManifestAlarms> alarms;
};

bool Verification::writeCertificates(target::Bag const& bag, equivalence::Result const& result) {
    equivalence::DefiningFiles const defining(estate);
    for (auto const& one : result.workflows) {
        equivalence::Certificate certificate;
        certificate.hoistVersion = version.str();
        certificate.workflow = one.workflow;
        certificate.verdict = one.verdict;
        certificate.horizon = options.horizon;
        certificate.findings = one.findings;
        certificate.budget = {{"solver conflicts", options.budget}};
        using Aspect = equivalence::Difference::Aspect;
        using equivalence::Proof;
        certificate.proofs = {{Aspect::start, one.starts},
                              {Aspect::order, one.starts},
                              {Aspect::verdict, one.ending}};
        for (Aspect aspect : {Aspect::action, Aspect::limit, Aspect::retry, Aspect::resource,
                              Aspect::alarm, Aspect::shape})
            certificate.proofs[aspect] = one.dag ? Proof::compared : Proof::none;
        certificate.proofs[Aspect::schedule] = one.dag ? Proof::enumerated : Proof::none;
        target::Dag const* const dag = one.dag ? &bag.dags[one.dag] : nullptr;
        std::string error;
        llvm::StringRef const name = estate.jobs[estate.workflows[one.workflow].root].name;
        if (!equivalence::writeCertificate(
                files, invocation.certificates, name,
                equivalence::certificateJson(estate, defining, bag, dag, certificate), error)) {
            diags.report<Code::OutputNotWritten>({}, name, error);
            return false;
        }
    }
    return true;
}

} // namespace

LoadedExport readExport(std::string const& path, FileSystem& files) {
    LoadedExport loaded;
    if (std::optional<std::string> const bytes = files.read(path, loaded.error))
        loaded.bag = target::readBag(*bytes, loaded.error);
    return loaded;
}

Exit verifyEstate(ir::Estate& estate, Invocation const& invocation, llvm::StringRef version,
                  FileSystem& files, Console& console, diag::Diagnostics& diags,
                  std::future<LoadedExport> reading) {
    AssumptionPolicy policy{invocation.require, !invocation.require.empty()};
    return Verification(estate, invocation, version, std::move(policy), nullptr, files, console,
                        diags, std::move(reading))
        .run();
}

std::optional<std::vector<std::pair<std::string, equivalence::ReadCertificate>>>
readCertificates(std::string const& folder, FileSystem& files, diag::Diagnostics& diags) {
    std::string error;
    std::vector<std::string> const paths = files.list(folder, error);
    if (paths.empty() && error.empty())
        error = "there is no certificate in it";
    if (!error.empty()) {
        diags.report<Code::BadExport>({}, folder, error);
        return std::nullopt;
    }
    std::vector<std::pair<std::string, equivalence::ReadCertificate>> found;
    for (std::string const& path : paths) {
        std::optional<std::string> const bytes = files.read(path, error);
        auto certificate = bytes ? equivalence::readCertificate(*bytes, error) : std::nullopt;
        if (!certificate) {
            diags.report<Code::BadExport>({}, path, error);
            return std::nullopt;
        }
        found.emplace_back(path, std::move(*certificate));
    }
    return found;
}

/// Which certificates of a folder hold; nothing when one cannot be read, which is reported.
static std::optional<report::CertificateReport>
judgeCertificates(std::string const& folder, ir::Estate const& before, ir::Estate const& after,
                  equivalence::DiffResult const& result, equivalence::DiffOptions const& options,
                  FileSystem& files, diag::Diagnostics& diags) {
    auto certificates = readCertificates(folder, files, diags);
    if (!certificates)
        return std::nullopt;
    report::CertificateReport found;
    for (auto& [path, certificate] : *certificates)
        found.states.push_back(
            equivalence::stateOf(path, std::move(certificate), before, after, result, options));
    found.without = equivalence::withoutCertificate(before, found.states);
    return found;
}

Exit verifyQuietly(ir::Estate& estate, Invocation const& invocation, llvm::StringRef version,
                   AssumptionPolicy policy, FileSystem& files, Console& console,
                   diag::Diagnostics& diags, std::string& tally) {
    return Verification(estate, invocation, version, std::move(policy), &tally, files, console,
                        diags)
        .run();
}

std::optional<equivalence::DiffOptions> diffOptions(Invocation const& invocation, FileSystem& files,
                                                    diag::Diagnostics& diags) {
    equivalence::DiffOptions options;
    if (!invocation.map.empty()) {
        std::string error = "expected a JSON object with `jobs`";
        std::optional<std::string> const bytes = files.read(invocation.map, error);
        nlohmann::json const map =
            bytes ? nlohmann::json::parse(*bytes, nullptr, false) : nlohmann::json();
        bool const mayLackJobs = !invocation.dags.empty() || !invocation.serialized.empty();
        bool const hasJobs = map.is_object() && map.contains("jobs");
        if (!map.is_object() || (hasJobs ? !map["jobs"].is_object() : !mayLackJobs)) {
            diags.report<Code::BadExport>({}, invocation.map, error);
            return std::nullopt;
        }
        if (hasJobs)
            for (auto const& [oldName, newName] : map["jobs"].items())
                if (newName.is_string())
                    options.renamed[oldName] = newName;
    }
    // Long enough for both changes of the clock and every month end, from a day that is the same in
    // every run of the day: two runs print the same bytes.
    int64_t const day = 86400;
    int64_t const today = static_cast<int64_t>(std::time(nullptr)) / day * day;
    options.horizon = {today, today + (invocation.horizon > 0 ? invocation.horizon : 400) * day};
    if (invocation.budget > 0)
        options.budget = static_cast<int>(invocation.budget);
    return options;
}

Exit diffEstates(ir::Estate const& before, ir::Estate const& after, Invocation const& invocation,
                 FileSystem& files, Console& console, diag::Diagnostics& diags) {
    auto const options = diffOptions(invocation, files, diags);
    if (!options)
        return Exit::usage;
    equivalence::DiffResult const result = equivalence::diff(before, after, *options);
    report::reportChanges(before, after, result, diags);
    std::optional<report::CertificateReport> certificates;
    if (!invocation.certificates.empty()) { // of `drift` only
        certificates = judgeCertificates(invocation.certificates, before, after, result, *options,
                                         files, diags);
        if (!certificates)
            return Exit::usage;
        report::reportCertificates(*certificates, diags);
    }
    console.out(
        invocation.format == "json"
            ? report::changesJson(before, after, result, certificates)
            : forPeople(report::changesText(result) + report::certificatesText(certificates),
                        console));
    bool const changed = llvm::any_of(result.changes, [](equivalence::Change const& change) {
        return change.kind != equivalence::Change::Kind::undecided;
    });
    if (changed)
        return Exit::notEquivalent;
    bool const isProven = !certificates || certificates->isWhole();
    return result.changes.empty() && isProven ? Exit::clean : Exit::undecided;
}

} // namespace hoist
