// Gathers what the map and the inventory show.
#include "backend/driver/MapCommand.h"

#include "analysis/equivalence/IrHash.h"
#include "analysis/migration/Custom.h"
#include "backend/airflow/Build.h"
#include "backend/driver/VerifyCommand.h"
#include "backend/report/Graph.h"
#include "backend/report/Inventory.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringSet.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

namespace hoist {
namespace {

using diag::Code;

/// Jobs whose command holds a secret (A0022): the map shows definitions, and is passed around.
std::vector<bool> jobsWithSecrets(ir::Estate const& estate, diag::Diagnostics const& findings) {
    llvm::StringSet<> names;
    for (diag::Diagnostic const& finding : findings.all())
        if (finding.code == Code::SecretInCommand)
            names.insert(finding.object);
    std::vector<bool> secrets(estate.jobs.size());
    for (ir::JobId id : estate.jobs.ids())
        secrets[id.value] = names.contains(estate.jobs[id].name);
    return secrets;
}

std::optional<migration::History> readHistory(ir::Estate& estate, std::string const& path,
                                              FileSystem& files, diag::Diagnostics& diags) {
    std::string error = "the inputs together exceed 4 GiB";
    auto bytes = files.read(path, error);
    auto const file = bytes ? estate.sources.add(path, std::move(*bytes)) : std::optional<FileId>();
    if (!file) {
        diags.report<Code::CannotReadSettings>({}, path, error);
        return std::nullopt;
    }
    return migration::History::read(*file, estate, diags);
}

/// The wave of each workflow from plan.lock.toml; false if it cannot be read.
bool readWaves(report::MapInput& input, std::string const& path, FileSystem& files,
               diag::Diagnostics& diags) {
    std::string error = "it is no plan of `hoist plan`";
    auto const bytes = files.read(path, error);
    toml::parse_result const result = toml::parse(bytes ? *bytes : std::string(), path);
    toml::array const* const waves = result ? result.table()["wave"].as_array() : nullptr;
    if (!bytes || !waves) {
        diags.report<Code::CannotReadSettings>({}, path, error);
        return false;
    }
    llvm::StringMap<std::string> byName;
    for (toml::node const& each : *waves) {
        toml::table const* const wave = each.as_table();
        toml::array const* const names = wave ? (*wave)["workflows"].as_array() : nullptr;
        std::string const title = wave ? (*wave)["name"].value_or(std::string()) : std::string();
        if (!names || title.empty()) {
            diags.report<Code::CannotReadSettings>({}, path, error);
            return false;
        }
        input.waveOrder.push_back(title);
        for (toml::node const& name : *names)
            byName[name.value_or(std::string())] = title;
    }
    for (ir::Workflow const& workflow : input.estate.workflows)
        input.waves.push_back(byName.lookup(report::toUtf8(input.estate.jobs[workflow.root].name)));
    return true;
}

/// The verdict of each workflow from the certificates in a folder; "void" where it was given to
/// another meaning. False if one cannot be read.
bool readVerdicts(report::MapInput& input, std::string const& folder, FileSystem& files,
                  diag::Diagnostics& diags) {
    auto certificates = readCertificates(folder, files, diags);
    if (!certificates)
        return false;
    llvm::StringMap<equivalence::ReadCertificate> byName;
    for (auto& [path, certificate] : *certificates) {
        std::string const workflow = certificate.workflow;
        byName[workflow] = std::move(certificate);
    }
    std::string const siteHash = equivalence::siteHash(input.estate.settings);
    for (ir::WorkflowId id : input.estate.workflows.ids()) {
        ir::Job const& root = input.estate.jobs[input.estate.workflows[id].root];
        auto const it = byName.find(report::toUtf8(root.name));
        bool const holds = it != byName.end() &&
                           it->second.irHash == equivalence::irHash(input.estate, id) &&
                           it->second.siteHash == siteHash;
        input.verdicts.push_back(it == byName.end() ? "" : holds ? it->second.verdict : "void");
    }
    return true;
}

} // namespace

std::optional<report::MapInput> survey(ir::Estate& estate, analysis::Known const& known,
                                       Invocation const& invocation, FileSystem& files,
                                       diag::Diagnostics& diags) {
    std::vector<bool> secrets = jobsWithSecrets(estate, diags);
    diag::Diagnostics findings; // the lowering's own are for `check` to say
    std::vector<std::vector<std::string>> assumptions;
    airflow::lowerOnly(estate, findings, &assumptions);
    std::optional<migration::History> history;
    diag::Diagnostics ofHistory;
    if (!invocation.history.empty()) {
        history = readHistory(estate, invocation.history, files, ofHistory);
        if (!history) {
            diags.absorb(std::move(ofHistory));
            return std::nullopt;
        }
    }
    report::MapInput input{
        estate,
        migration::dependencies(estate),
        migration::takeInventory(estate, known, diags, assumptions, history ? &*history : nullptr),
        {},
        {},
        {},
        std::move(secrets),
        invocation.operands.front()};
    diags.absorb(std::move(ofHistory));
    if (history)
        for (migration::Dependency& each :
             migration::ordersByCustom(estate, input.dependencies, *history))
            input.dependencies.push_back(std::move(each));
    if (!invocation.plan.empty() && !readWaves(input, invocation.plan, files, diags))
        return std::nullopt;
    if (!invocation.certificates.empty() &&
        !readVerdicts(input, invocation.certificates, files, diags))
        return std::nullopt;
    return input;
}

std::string mapProduct(report::MapInput const& input, Invocation const& invocation) {
    if (invocation.format == "json")
        return report::mapJson(input);
    if (invocation.format == "dot")
        return report::graph(input.estate, input.dependencies, report::GraphFormat::dot);
    if (invocation.format == "mermaid")
        return report::graph(input.estate, input.dependencies, report::GraphFormat::mermaid);
    return report::mapPage(input);
}

std::string inventoryProduct(report::MapInput const& input, Invocation const& invocation) {
    if (invocation.format == "json")
        return report::inventoryJson(input.estate, input.inventory);
    if (invocation.format == "csv")
        return report::inventoryCsv(input.estate, input.inventory);
    if (invocation.format == "html")
        return report::inventoryHtml(input.estate, input.inventory, input.title);
    return report::inventoryText(input.estate, input.inventory);
}

} // namespace hoist
