// `hoist plan`: the order in which an estate moves.
#include "backend/driver/PlanCommand.h"

#include "analysis/migration/Bridges.h"
#include "analysis/migration/Plan.h"
#include "backend/airflow/Build.h"
#include "backend/driver/MapCommand.h"
#include "backend/driver/Outputs.h"
#include "backend/driver/PlannedFiles.h"
#include "backend/driver/RunbookCommand.h"
#include "backend/report/PlanFile.h"
#include "backend/report/PlanReport.h"

#include <fmt/format.h>

namespace hoist {
namespace {

using diag::Code;

class PlanRun {
public:
    PlanRun(ir::Estate& model, Invocation const& invoked, RunSettings const& runSettings,
            FileSystem& fileSystem, Console& theConsole, diag::Diagnostics& diagnostics,
            std::string& sentence)
        : estate(model), invocation(invoked), settings(runSettings), files(fileSystem),
          console(theConsole), diags(diagnostics), said(sentence) {}

    Exit run() {
        lock = !invocation.lock.empty()        ? invocation.lock
               : settings.configFolder.empty() ? "plan.lock.toml"
                                               : settings.configFolder + "/plan.lock.toml";
        // Which workflows the build would refuse; its findings are for `check` to tell.
        diag::Diagnostics ofLowering;
        airflow::lowerOnly(estate, ofLowering);
        if (!readLock())
            return Exit::notWritten;
        list = migration::dependencies(estate);
        if (!invocation.history.empty()) {
            history = readHistory(estate, invocation.history, files, diags);
            if (!history)
                return Exit::usage;
            options.history = &*history;
        }
        options.before = before ? &*before : nullptr;
        options.moves = invocation.budget;
        options.nameOf = report::lockName;
        return invocation.checkOnly ? check() : plan();
    }

private:
    /// False: there is a file, and it is no plan.
    bool readLock() {
        if (invocation.replan || !files.exists(lock))
            return true;
        std::string error;
        auto bytes = files.read(lock, error);
        auto const file = bytes ? estate.sources.add(lock, std::move(*bytes)) : std::nullopt;
        if (!file) {
            diags.report<Code::BadPlan>({}, lock, error).object(lock);
            return false;
        }
        locked = estate.sources.bytes(*file).str();
        before = report::readPlanLock(*file, estate.sources, diags);
        return before.has_value();
    }

    Exit check() {
        if (!before) {
            diags.report<Code::PlanOutdated>({}, lock, "there is no such file").object(lock);
            return Exit::clean; // the finding decides
        }
        size_t const found = diags.all().size();
        auto const now = migration::planAsBefore(estate, list, settings.plan, options, lock, diags);
        if (diags.count(diag::Severity::error) == 0 || diags.all().size() == found)
            if (report::planLock(estate, now) != locked)
                diags
                    .report<Code::PlanOutdated>({}, lock,
                                                "the bridges or dates that it lists are others now")
                    .object(lock)
                    .help("`hoist plan --diff` shows which");
        said = fmt::format("hoist: {}\n", report::planSummary(now));
        reportNotBridged(now, migration::bridges(estate, now, list), diags);
        return Exit::clean;
    }

    Exit plan() {
        auto const made = migration::makePlan(estate, list, settings.plan, options, diags);
        if (!made)
            return diags.hasErrors() ? Exit::findings : Exit::undecided;
        reportNotBridged(*made, migration::bridges(estate, *made, list), diags);
        std::string const text = report::planLock(estate, *made);
        said = fmt::format("hoist: {}; {} `{}`\n", report::planSummary(*made),
                           text == locked        ? "unchanged:"
                           : invocation.showDiff ? "would write"
                                                 : "wrote",
                           lock);
        if (invocation.showDiff) {
            PlannedFiles planned(files);
            std::string error;
            planned.write(lock, text, error);
            std::string const patch = planned.patch();
            console.out(patch);
            return patch.empty() ? Exit::clean : Exit::findings;
        }
        console.out(invocation.format == "json" ? report::planJson(estate, list, *made)
                    : invocation.format == "markdown"
                        ? report::planMarkdown(estate, *made)
                        : forPeople(report::planText(estate, *made), console));
        if (!invocation.bridges.empty())
            if (Exit const exit =
                    writeBridges(estate, *made, list, invocation, files, console, diags);
                exit != Exit::clean)
                return exit;
        std::string error;
        if (text == locked || files.write(lock, text, error))
            return Exit::clean;
        diags.report<Code::OutputNotWritten>({}, lock, error);
        return Exit::notWritten;
    }

    ir::Estate& estate;
    Invocation const& invocation;
    RunSettings const& settings;
    FileSystem& files;
    Console& console;
    diag::Diagnostics& diags;
    std::string& said;
    std::string lock, locked;
    std::optional<migration::PlannedBefore> before;
    std::vector<migration::Dependency> list;
    std::optional<migration::History> history;
    migration::PlanOptions options;
};

} // namespace

Exit planEstate(ir::Estate& estate, Invocation const& invocation, RunSettings const& settings,
                FileSystem& files, Console& console, diag::Diagnostics& diags, std::string& said) {
    return PlanRun(estate, invocation, settings, files, console, diags, said).run();
}

} // namespace hoist
