// Gathers what the map and the inventory show.
#include "backend/driver/MapCommand.h"

#include "analysis/equivalence/IrHash.h"
#include "analysis/migration/Custom.h"
#include "backend/airflow/Build.h"
#include "backend/driver/VerifyCommand.h"
#include "backend/report/Graph.h"
#include "backend/report/Inventory.h"
#include "backend/report/PlanFile.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringSet.h>

#include <fmt/format.h>

#include <algorithm>

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

/// A file that an option names, as a source.
std::optional<FileId> addFile(ir::Estate& estate, std::string const& path, FileSystem& files,
                              diag::Diagnostics& diags) {
    std::string error = "the inputs together exceed 4 GiB";
    auto bytes = files.read(path, error);
    auto const file = bytes ? estate.sources.add(path, std::move(*bytes)) : std::optional<FileId>();
    if (!file)
        diags.report<Code::CannotReadSettings>({}, path, error);
    return file;
}

/// The wave of each workflow from plan.lock.toml; false if it cannot be read.
bool readWaves(report::MapInput& input, ir::Estate& estate, std::string const& path,
               FileSystem& files, diag::Diagnostics& diags) {
    auto const file = addFile(estate, path, files, diags);
    if (!file)
        return false;
    auto const before = report::readPlanLock(*file, estate.sources, diags);
    if (!before)
        return false;
    uint32_t count = 0;
    for (auto const& [name, waves] : *before)
        for (uint32_t const wave : waves)
            count = std::max(count, wave + 1);
    for (uint32_t wave = 0; wave < count; ++wave)
        input.waveOrder.push_back(fmt::format("W{}", wave + 1));
    llvm::StringMap<size_t> seen; // of workflows with one name, in the estate's order
    for (ir::Workflow const& workflow : estate.workflows) {
        std::string const name = report::lockName(estate.jobs[workflow.root].name);
        auto const it = before->find(name);
        size_t const place = seen[name]++;
        bool const isPlanned = it != before->end() && place < it->second.size();
        input.waves.push_back(isPlanned ? input.waveOrder[it->second[place]] : "");
    }
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

std::optional<migration::History> readHistory(ir::Estate& estate, std::string const& path,
                                              FileSystem& files, diag::Diagnostics& diags) {
    auto const file = addFile(estate, path, files, diags);
    return file ? migration::History::read(*file, estate, diags) : std::nullopt;
}

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
    if (!invocation.plan.empty() && !readWaves(input, estate, invocation.plan, files, diags))
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
