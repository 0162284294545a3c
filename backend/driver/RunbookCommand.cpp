// Before anything is written the estate is read again with every wave's changes and then every undo
// behind it, the last wave first, and compared as `hoist diff` compares: it must be the estate.
#include "backend/driver/RunbookCommand.h"

#include "analysis/link/Link.h"
#include "backend/airflow/Build.h"
#include "backend/driver/Inputs.h"
#include "backend/driver/OutputFolder.h"
#include "backend/driver/Outputs.h"
#include "backend/driver/VerifyCommand.h"
#include "backend/report/PlanFile.h"
#include "backend/report/Runbook.h"
#include "frontend/base/Counted.h"
#include "frontend/base/Paths.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <set>

namespace hoist {
namespace {

using diag::Code;
using migration::WaveBridges;
using Files = std::vector<std::pair<std::string, std::string>>;

/// All files that a run wrote, so that the next one finds those that have become stale.
constexpr char const* listName = "runbook.files";

/// The next run would read as definitions what this one writes.
bool liesOutside(std::string const& folder, Invocation const& invocation, Console const& console,
                 diag::Diagnostics& diags) {
    std::string const here = console.currentFolder();
    std::string const target = absolutePath(folder, here);
    for (std::string const& operand : invocation.operands) {
        std::string const source = absolutePath(operand, here);
        bool const isInside =
            target == source || source.empty() || llvm::StringRef(target).starts_with(source + "/");
        if (operand == "-" || isInside) {
            diags
                .report<Code::BadUsage>(
                    {}, operand == "-"
                            ? std::string("the pages cannot name standard input")
                            : fmt::format("`{}` lies in `{}`, which is read", folder, operand))
                .help(operand == "-" ? "name the files"
                                     : "name a folder elsewhere: the next run would read what this "
                                       "one wrote");
            return false;
        }
    }
    return true;
}

/// What differs after all changes and all undos; empty: nothing.
std::string remainder(ir::Estate const& estate, std::vector<WaveBridges> const& waves,
                      Invocation const& invocation, FileSystem& files) {
    ir::Estate after;
    after.settings = estate.settings;
    diag::Diagnostics ofAfter;
    InputOptions const options{invocation.operands, invocation.dialect, invocation.threads()};
    std::vector<Input> inputs = readInputs(options, files, after, ofAfter);
    std::string text;
    for (WaveBridges const& wave : waves)
        text += wave.apply;
    for (auto wave = waves.rbegin(); wave != waves.rend(); ++wave)
        text += wave->undo;
    if (text.empty())
        return {};
    auto const file = after.sources.add("bridges.jil", std::move(text));
    if (!file)
        return "the estate is too large to be read twice";
    for (Frontend const& frontend : frontends())
        if (frontend.name == "jil")
            inputs.push_back({*file, &frontend});
    readDefinitions(inputs, after, ofAfter);
    analysis::link(after, ofAfter);
    auto const how = diffOptions(invocation, files, ofAfter);
    if (!how)
        return "the comparison has no options";
    auto const result = equivalence::diff(estate, after, *how);
    if (result.changes.empty())
        return {};
    equivalence::Change const& first = result.changes.front();
    return fmt::format("`{}`: {}", first.job, first.consequence);
}

std::optional<std::vector<WaveBridges>>
provenBridges(ir::Estate const& estate, migration::Plan const& plan,
              std::vector<migration::Dependency> const& list, Invocation const& invocation,
              FileSystem& files, Console& console) {
    auto waves = migration::bridges(estate, plan, list);
    if (std::string const rest = remainder(estate, waves, invocation, files); !rest.empty()) {
        console.err(forPeople("hoist: internal error: the undo of the bridges does not give the "
                              "estate back: " +
                                  rest + "\nThis is a bug in hoist; nothing is written.\n",
                              console));
        return std::nullopt;
    }
    return waves;
}

class Runbook {
public:
    Runbook(Invocation const& invoked, FileSystem& fileSystem, Console& theConsole,
            diag::Diagnostics& diagnostics, std::string& sentence)
        : invocation(invoked), files(fileSystem), console(theConsole), diags(diagnostics),
          said(sentence) {}

    Exit write(Files pages) {
        std::string names;
        for (auto const& [path, bytes] : pages)
            names += path + "\n";
        pages.emplace_back(listName, names);
        std::set<std::string> wanted;
        Files changed;
        for (auto& [path, bytes] : pages) {
            wanted.insert(path);
            std::string error;
            std::string const whole = invocation.outputFolder + "/" + path;
            if (!files.exists(whole) || files.read(whole, error) != bytes)
                changed.emplace_back(path, std::move(bytes));
        }
        std::vector<std::string> stale;
        for (std::string const& path : writtenBefore())
            if (!wanted.contains(path) && files.exists(invocation.outputFolder + "/" + path))
                stale.push_back(path);
        if (invocation.checkOnly) {
            std::string out;
            for (auto const& [path, bytes] : changed)
                out += "would change: " + path + "\n";
            for (std::string const& path : stale)
                out += "would go: " + path + "\n";
            console.out(forPeople(out, console));
            said = fmt::format("hoist: the runbook in `{}` is {}\n", invocation.outputFolder,
                               out.empty() ? "true" : "out of date");
            return out.empty() ? Exit::clean : Exit::findings;
        }
        if (!writeBelow(invocation.outputFolder, changed, files, diags))
            return Exit::notWritten;
        ConfinedFileSystem confined(files, invocation.outputFolder);
        for (std::string const& path : stale) {
            std::string error;
            if (!confined.remove(invocation.outputFolder + "/" + path, error)) {
                diags.report<Code::OutputNotWritten>({}, path, error);
                return Exit::notWritten;
            }
        }
        said = fmt::format("hoist: {} in `{}`: {} written, {} removed\n",
                           counted(wanted.size(), "file"), invocation.outputFolder, changed.size(),
                           stale.size());
        return Exit::clean;
    }

private:
    std::vector<std::string> writtenBefore() {
        std::string error;
        std::string const whole = invocation.outputFolder + "/" + listName;
        auto const bytes = files.exists(whole) ? files.read(whole, error) : std::nullopt;
        if (!bytes)
            return {};
        llvm::SmallVector<llvm::StringRef, 16> lines;
        llvm::StringRef(*bytes).split(lines, '\n', -1, false);
        std::vector<std::string> found;
        for (llvm::StringRef const line : lines)
            if (!line.starts_with("/") && !line.contains(".."))
                found.push_back(line.str());
        return found;
    }

    Invocation const& invocation;
    FileSystem& files;
    Console& console;
    diag::Diagnostics& diags;
    std::string& said;
};

} // namespace

Exit runbookEstate(ir::Estate& estate, Invocation const& invocation, RunSettings const& settings,
                   FileSystem& files, Console& console, diag::Diagnostics& diags,
                   std::string& said) {
    if (!liesOutside(invocation.outputFolder, invocation, console, diags))
        return Exit::usage;
    std::string const lock = !invocation.lock.empty() ? invocation.lock
                             : settings.configFolder.empty()
                                 ? "plan.lock.toml"
                                 : settings.configFolder + "/plan.lock.toml";
    diag::Diagnostics ofLowering; // its findings are for `check` to tell; the pages count fates
    airflow::lowerOnly(estate, ofLowering);
    std::string error = "there is no such file";
    auto bytes = files.exists(lock) ? files.read(lock, error) : std::nullopt;
    auto const file = bytes ? estate.sources.add(lock, std::move(*bytes)) : std::nullopt;
    if (!file) {
        diags.report<Code::PlanOutdated>({}, lock, error)
            .object(lock)
            .help("`hoist plan` makes it");
        return Exit::findings;
    }
    auto const before = report::readPlanLock(*file, estate.sources, diags);
    if (!before)
        return Exit::notWritten;
    auto const list = migration::dependencies(estate);
    migration::PlanOptions options;
    options.before = &*before;
    options.nameOf = report::lockName;
    auto const plan = migration::planAsBefore(estate, list, settings.plan, options, lock, diags);
    if (diags.hasErrors())
        return Exit::findings;
    auto const waves = provenBridges(estate, plan, list, invocation, files, console);
    if (!waves)
        return Exit::internalError;
    reportNotBridged(plan, *waves, diags);
    report::RunbookInput input;
    input.estate = &estate;
    input.plan = &plan;
    input.dependencies = &list;
    input.bridges = &*waves;
    input.operands = invocation.operands;
    auto const repeat = [&](char const* flag, std::vector<std::string> const& values) {
        for (std::string const& value : values)
            if (!value.empty())
                input.options.emplace_back(flag, value);
    };
    repeat("--dialect", {invocation.dialect});
    repeat("--config", {invocation.config});
    repeat("--properties", invocation.properties);
    repeat("-D", invocation.defines);
    input.planFile = lock;
    input.folder = invocation.outputFolder;
    return Runbook(invocation, files, console, diags, said).write(report::runbook(input));
}

void reportNotBridged(migration::Plan const& plan, std::vector<WaveBridges> const& waves,
                      diag::Diagnostics& diags) {
    for (size_t i = 0; i < waves.size(); ++i)
        for (migration::NotBridged const& each : waves[i].notBridged)
            migration::report(each, plan.waves[i].name, diags);
}

Exit writeBridges(ir::Estate const& estate, migration::Plan const& plan,
                  std::vector<migration::Dependency> const& list, Invocation const& invocation,
                  FileSystem& files, Console& console, diag::Diagnostics& diags) {
    if (!liesOutside(invocation.bridges, invocation, console, diags))
        return Exit::usage;
    auto const waves = provenBridges(estate, plan, list, invocation, files, console);
    if (!waves)
        return Exit::internalError;
    Files all;
    for (size_t i = 0; i < waves->size(); ++i)
        for (auto& [name, bytes] : filesOf((*waves)[i], plan.waves[i].name))
            all.emplace_back(folderOf(plan, i) + "/" + name, std::move(bytes));
    return writeBelow(invocation.bridges, all, files, diags) ? Exit::clean : Exit::notWritten;
}

} // namespace hoist
