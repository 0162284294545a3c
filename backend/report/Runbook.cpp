// What an operator has to know, in the order in which it is needed: before, forward, back, what to
// watch, how to read what is odd, and which command took the place of which.
//
// Only commands that exist are printed: tests/house/test_runbook.py gives every line to the parsers
// of hoist, hoistctl and airflow.
#include "backend/report/Runbook.h"

#include "backend/report/RunbookControlm.h"
#include "backend/report/RunbookPage.h"
#include "frontend/base/Counted.h"
#include "frontend/base/Shell.h"
#include "frontend/ir/TargetName.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace hoist::report {
namespace {

using migration::Dependency;
using migration::JobChange;
using migration::WaveBridges;

/// A text of SQL.
std::string sqlText(llvm::StringRef text) {
    std::string out = "'";
    for (char const c : text)
        out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
}

class Writer {
public:
    explicit Writer(RunbookInput const& given)
        : input(given), estate(*given.estate), plan(*given.plan), names(estate) {
        for (std::string const& operand : input.operands)
            paths += " " + (operand.starts_with("-") && operand != "-" ? "./" : std::string()) +
                     shellWord(operand);
        for (auto const& [flag, value] : input.options)
            paths += " " + flag + (flag == "-D" ? " " : "=") + shellWord(value);
        for (ir::ConstructId const id : estate.constructs.ids()) {
            ir::Construct const& construct = estate.constructs[id];
            if (construct.owner && (construct.fate == diag::Fidelity::approximated ||
                                    construct.fate == diag::Fidelity::dropped ||
                                    construct.fate == diag::Fidelity::refused))
                ++inexact[estate.jobs[construct.owner].workflow.value]
                         [{diag::toString(construct.fate).str(),
                           estate.constructs.text(construct.kind).str()}];
        }
        for (Dependency const& each : *input.dependencies)
            if (each.crosses() && each.from && each.to &&
                each.strength == migration::Strength::hard) {
                producers[each.to.value].insert(each.from.value);
                consumers[each.from.value].insert(each.to.value);
            }
    }

    std::vector<std::pair<std::string, std::string>> run() {
        add("index", index());
        for (size_t wave = 0; wave < plan.waves.size(); ++wave) {
            std::string const folder = folderOf(plan, wave);
            for (auto& [name, bytes] : filesOf((*input.bridges)[wave], plan.waves[wave].name))
                files.emplace(folder + "/" + name, std::move(bytes));
            add(folder + "/wave", wavePage(wave));
            for (ir::WorkflowId const workflow : plan.waves[wave].workflows)
                add(pageOf(workflow), workflowPage(workflow, wave));
        }
        return {files.begin(), files.end()};
    }

private:
    void add(std::string const& path, Page const& page) {
        files.emplace(path + ".md", page.markdown());
        files.emplace(path + ".html", page.html());
    }
    bool isRefused(ir::WorkflowId id) const { return estate.workflows[id].refused; }
    llvm::StringRef nameOf(ir::WorkflowId id) const {
        return estate.jobs[estate.workflows[id].root].name;
    }
    std::string pageOf(ir::WorkflowId id) const { return "workflows/" + names.dagId(id).str(); }
    std::string dag(ir::WorkflowId id) const { return shellWord(names.dagId(id)); }
    std::string ownerOf(ir::WorkflowId id) const {
        ir::Job const& root = estate.jobs[estate.workflows[id].root];
        if (root.owner)
            return root.owner->str();
        std::set<std::string> owners;
        for (ir::JobId const job : estate.workflows[id].jobs)
            if (estate.jobs[job].owner)
                owners.insert(estate.jobs[job].owner->str());
        return owners.size() == 1 ? *owners.begin() : "";
    }
    Prose ownerCell(ir::WorkflowId id) const {
        std::string const owner = ownerOf(id);
        return owner.empty() ? Prose{"the definitions name none"} : Prose{code(owner)};
    }

    /// Who goes back first: consumers before their producers, else the later definition.
    std::vector<ir::WorkflowId> rollbackOf(size_t wave) const {
        std::vector<ir::WorkflowId> left;
        for (ir::WorkflowId const id : llvm::reverse(plan.waves[wave].workflows))
            if (!isRefused(id))
                left.push_back(id);
        std::set<uint32_t> waiting;
        for (ir::WorkflowId const id : left)
            waiting.insert(id.value);
        std::vector<ir::WorkflowId> order;
        while (!left.empty()) {
            auto it = llvm::find_if(left, [&](ir::WorkflowId id) {
                auto const found = consumers.find(id.value);
                return found == consumers.end() ||
                       llvm::none_of(found->second, [&](uint32_t consumer) {
                           return consumer != id.value && waiting.contains(consumer);
                       });
            });
            if (it == left.end()) // they wait for each other: any order, as they stop together
                it = left.begin();
            order.push_back(*it);
            waiting.erase(it->value);
            left.erase(it);
        }
        return order;
    }

    Page index() const {
        Page page({"Runbook of the migration"});
        page.paragraph({"Made by ", code("hoist runbook"),
                        " from the definitions and the plan; do not edit it. CI says whether it is "
                        "still true:"});
        page.commands({fmt::format("hoist runbook{} --plan {} -o {} --check", paths,
                                   shellWord(input.planFile), shellWord(input.folder))});
        page.paragraph({"Commands are typed where ", code("hoist runbook"),
                        " was: their paths are seen from there."});
        bool const isBridged = has(ir::Dialect::jil);
        std::vector<std::vector<Prose>> rows;
        for (size_t wave = 0; wave < plan.waves.size(); ++wave) {
            WaveBridges const& across = (*input.bridges)[wave];
            std::vector<Prose> row{
                {link(plan.waves[wave].name, folderOf(plan, wave) + "/wave")},
                plan.waves[wave].date.empty() ? Prose{"-"} : Prose{code(plan.waves[wave].date)},
                {number(plan.waves[wave].workflows.size())},
                {number(across.notBridged.size())}};
            if (isBridged) {
                row.push_back({number(across.standIns.size() + across.mirrored.size() +
                                      across.variablesOut.size())});
                row.push_back({number(across.jobsIn.size() + across.variablesIn.size())});
            }
            rows.push_back(std::move(row));
        }
        page.heading("Waves");
        std::vector<char const*> heads{"wave", "date", "workflows", "crosses without a bridge"};
        if (isBridged)
            heads.insert(heads.end(), {"told to AutoSys", "heard from AutoSys"});
        page.table(heads, std::move(rows));
        if (!isBridged)
            return page;
        page.heading("The bridge");
        char const* const where =
            "Two programs run from the first wave to the last, on a host with "
            "AutoSys's client and the ledger: ";
        char const* const lists = " tells the ledger what the others do. Each wave has its own "
                                  "list, and both are started again with it.";
        page.paragraph({where, code("hoistctl mirror"), " tells AutoSys what moved jobs do, ",
                        code("hoistctl feed"), lists});
        page.paragraph({"AutoSys's operators see a moved job that others still wait for under its "
                        "name. A plain command there is a stand-in: it runs while the job runs in "
                        "Airflow. Boxes, watchers and adapters are told their status only."});
        return page;
    }

    /// Those of a wave that come from one scheduler.
    std::vector<ir::WorkflowId> of(ir::Dialect dialect,
                                   std::vector<ir::WorkflowId> const& workflows) const {
        std::vector<ir::WorkflowId> found;
        llvm::copy_if(workflows, std::back_inserter(found),
                      [&](ir::WorkflowId id) { return estate.workflows[id].dialect == dialect; });
        return found;
    }
    bool has(ir::Dialect dialect) const {
        return llvm::any_of(estate.workflows, [&](ir::Workflow const& workflow) {
            return workflow.dialect == dialect;
        });
    }

    /// The folder of a wave as a shell's word.
    std::string pathOf(size_t wave) const {
        return shellWord(input.folder + "/" + folderOf(plan, wave));
    }

    std::vector<std::string> bridgeCommands(size_t wave) const {
        WaveBridges const& across = (*input.bridges)[wave];
        std::string const list = pathOf(wave) + "/bridges.json";
        std::vector<std::string> lines;
        if (!across.standIns.empty() || !across.mirrored.empty() || !across.variablesOut.empty())
            lines.push_back("hoistctl mirror --bridges " + list);
        if (!across.jobsIn.empty() || !across.variablesIn.empty())
            lines.push_back("hoistctl feed --bridges " + list +
                            " --log \"$AUTOUSER/out/event_demon.$AUTOSERV\"");
        return lines;
    }

    Page wavePage(size_t wave) const {
        WaveBridges const& across = (*input.bridges)[wave];
        auto const& everyWorkflow = plan.waves[wave].workflows;
        std::vector<ir::WorkflowId> workflows, refused;
        for (ir::WorkflowId const id : everyWorkflow)
            (isRefused(id) ? refused : workflows).push_back(id);
        std::string const folder = pathOf(wave);
        Page page({"Wave ", code(plan.waves[wave].name)});
        if (!plan.waves[wave].date.empty())
            page.paragraph({"Planned for ", code(plan.waves[wave].date), "."});
        std::vector<std::vector<Prose>> rows;
        for (ir::WorkflowId const id : everyWorkflow)
            rows.push_back({{link(nameOf(id), "../" + pageOf(id))},
                            ownerCell(id),
                            {number(estate.workflows[id].jobs.size())},
                            isRefused(id)                ? Prose{"refused: mend it first"}
                            : inexact.contains(id.value) ? Prose{"see its page"}
                                                         : Prose{"yes"}});
        page.table({"workflow", "owner", "jobs", "exact"}, std::move(rows));

        page.heading("Before");
        if (!refused.empty()) {
            std::vector<std::string> found;
            for (ir::WorkflowId const id : refused)
                found.push_back(nameOf(id).str());
            page.item(Prose{"hoist refuses these, so they have no DAG: "} + namesOf(found) +
                      Prose{". They stay in the legacy scheduler, and nothing below is about them, "
                            "until what it says of them is mended and the runbook is made again:"});
            page.commands({fmt::format("hoist check{}", paths)});
        }
        if (workflows.empty())
            return page;
        page.item({"The DAGs mean what the definitions mean. The verdict of each workflow is ",
                   code("equivalent"), ", or ", code("equivalent-if"),
                   " with assumptions that its owner accepts:"});
        page.commands(
            {fmt::format("hoist build{} -o dags", paths),
             fmt::format("hoist verify{} --dags dags --certificates certificates", paths)});
        auto const autosys = of(ir::Dialect::jil, workflows);
        auto const controlm = of(ir::Dialect::controlm, workflows);
        page.item({"The scheduler still holds what was verified:"});
        std::string const drift =
            fmt::format("hoist drift{} --certificates certificates --against ", paths);
        std::vector<std::string> lines;
        if (!autosys.empty())
            lines.push_back(drift + "export.jil");
        if (!controlm.empty())
            lines.push_back(drift + "export.xml");
        if (lines.empty())
            lines.push_back(drift + "crontab");
        page.commands(std::move(lines));
        if (!autosys.empty())
            page.paragraph(
                {code("export.jil"), " is what ", code("autorep -J ALL -q"), " prints today."});
        if (!controlm.empty())
            page.paragraph({code("export.xml"), " holds the folders as Control-M exports them "
                                                "today."});
        page.item({"The ledger knows the variables and resources of the estate:"});
        page.commands({"hoistctl ledger version",
                       "hoistctl ledger load --manifest dags/hoist.manifest.json"});
        standInPreconditions(page, across);
        for (migration::NotBridged const& each : across.notBridged)
            page.item({"Not bridged (",
                       code(std::string(diag::info(each.code).id)),
                       "): ",
                       code(each.object),
                       " crosses to ",
                       code(each.to),
                       ": ",
                       {Piece::Kind::text, each.why()},
                       "."});

        page.heading("Forward");
        page.paragraph({"Between two runs of what moves."});
        if (!autosys.empty())
            page.paragraph({"An update of a definition clears a tick that waits for its condition "
                            "(JIL-144), and a job that runs in AutoSys ends there."});
        auto const bridge = bridgeCommands(wave);
        if (!bridge.empty()) {
            page.item({"Start the bridge with the list of this wave, in place of that of the wave "
                       "before, and leave it running:"});
            page.commands(bridge);
        } else if (!across.notBridged.empty()) {
            page.item({"No bridge runs: what crosses while this wave stands, none carries. It is "
                       "listed above."});
        } else {
            page.item({"Nothing crosses while this wave stands: no bridge runs."});
        }
        if (!across.apply.empty() || !across.crontabs.empty()) {
            page.item({"Take the starts out of the legacy schedulers:"});
            lines.clear();
            if (!across.apply.empty())
                lines.push_back("jil < " + folder + "/apply.jil");
            if (!across.crontabs.empty())
                lines.push_back("patch -p0 --dry-run < " + folder + "/crontab.patch");
            page.commands(std::move(lines));
            if (!across.crontabs.empty())
                page.paragraph(
                    {"The patch is for the files that hoist read; install the patched "
                     "crontab where it runs. A crontab has no conditions: only files and "
                     "locks tie an entry to others, and they need no bridge while both "
                     "sides see the same disk."});
        }
        if (!controlm.empty())
            pagesOfControlm().forward(page, controlm);
        page.item({"Let Airflow start them, and the dispatcher what no clock starts:"});
        lines.clear();
        for (ir::WorkflowId const id : workflows)
            lines.push_back("airflow dags unpause --yes " + dag(id));
        lines.emplace_back("hoistctl dispatch --manifest dags/hoist.manifest.json");
        page.commands(std::move(lines));

        page.heading("Back");
        page.paragraph({"Later waves first. Within the wave in this order: who waits goes before "
                        "whom it waits for. Runs that are under way end in Airflow before the "
                        "legacy scheduler has its definitions back, or they would run twice."});
        lines.clear();
        for (ir::WorkflowId const id : rollbackOf(wave))
            lines.push_back("airflow dags pause --yes " + dag(id));
        for (ir::WorkflowId const id : rollbackOf(wave))
            lines.push_back("airflow dags list-runs --state running " + dag(id));
        if (!across.undo.empty())
            lines.push_back("jil < " + folder + "/undo.jil");
        if (!across.crontabs.empty())
            lines.push_back("patch -p0 -R --dry-run < " + folder + "/crontab.patch");
        if (!lines.empty())
            page.commands(std::move(lines));
        if (!controlm.empty())
            pagesOfControlm().back(page, controlm);
        if (!has(ir::Dialect::jil)) {
            watch(page, workflows);
            mismatch(page);
            return page;
        }
        if (wave == 0) {
            page.paragraph({"Then stop the bridge: nothing is left that crosses."});
        } else {
            page.paragraph({"Then start the bridge again with the list of the wave before:"});
            auto const before = bridgeCommands(wave - 1);
            if (before.empty())
                page.paragraph({"That wave needs none: stop it."});
            else
                page.commands(before);
        }
        page.paragraph(
            {"The undo gives definitions back, not statuses. AutoSys has the statuses of "
             "stand-ins and mirrored jobs; those of the others are from before the wave. "
             "Where a condition reads one of them, set it with ",
             code("sendevent -E CHANGE_STATUS"), " to what the ledger says:"});
        lines.clear();
        for (ir::WorkflowId const id : autosys)
            lines.push_back("hoistctl status" + jobWords(id));
        if (!lines.empty())
            page.commands(std::move(lines));
        watch(page, workflows);
        mismatch(page);
        return page;
    }

    void standInPreconditions(Page& page, WaveBridges const& across) const {
        std::set<std::string> machines, owners;
        for (JobChange const& change : across.changes) {
            if (change.role != JobChange::Role::standIn)
                continue;
            ir::Job const& job = estate.jobs[change.job];
            if (job.machines)
                for (llvm::StringRef const machine : *job.machines)
                    machines.insert(machine.str());
            if (job.owner)
                owners.insert(job.owner->str());
        }
        if (machines.empty())
            return;
        page.item(Prose{code("hoistctl"), " is in the PATH, and ", code("HOIST_LEDGER"),
                        " in the environment, of the stand-ins' jobs. Machines: "} +
                  namesOf({machines.begin(), machines.end()}) +
                  (owners.empty() ? Prose{"."}
                                  : Prose{"; users: "} + namesOf({owners.begin(), owners.end()}) +
                                        Prose{"."}));
    }

    std::string jobWords(ir::WorkflowId id) const {
        std::string words;
        bool const hasDash = llvm::any_of(estate.workflows[id].jobs, [&](ir::JobId job) {
            return estate.jobs[job].name.starts_with("-");
        });
        if (hasDash)
            words = " --";
        for (ir::JobId const job : llvm::ArrayRef(estate.workflows[id].jobs).take_front(20))
            words += " " + shellWord(estate.jobs[job].name);
        return words;
    }

    void watch(Page& page, std::vector<ir::WorkflowId> const& workflows) const {
        page.heading("What to watch");
        page.item({"Alarms, the log, and the statuses by their legacy names:"});
        page.commands({"hoistctl alarms", "hoistctl events --limit 50", "hoistctl globals"});
        if (workflows.empty())
            return;
        page.item({"The grid of each DAG in Airflow, with its runs and tasks:"});
        Prose pages;
        for (ir::WorkflowId const id : llvm::ArrayRef(workflows).take_front(40)) {
            if (!pages.empty())
                pages.push_back(", ");
            pages.push_back(code("/dags/" + names.dagId(id).str()));
        }
        page.paragraph(std::move(pages));
        page.item(
            {"For a dashboard, on the ledger's database (times are microseconds since 1970):"});
        std::string in;
        for (ir::WorkflowId const id : llvm::ArrayRef(workflows).take_front(40))
            in += (in.empty() ? "" : ", ") + sqlText(names.dagId(id));
        page.commands(
            {fmt::format("SELECT job, status, exit_code, (last_end - last_start) / 1000000 AS "
                         "seconds FROM hoist_jobs WHERE dag_id IN ({}) ORDER BY job;",
                         in),
             fmt::format("SELECT at, job, kind, text FROM hoist_alarms WHERE job IN (SELECT job "
                         "FROM hoist_jobs WHERE dag_id IN ({})) ORDER BY id DESC LIMIT 50;",
                         in)});
    }

    void mismatch(Page& page) const {
        page.heading("How to read what is odd");
        std::vector<std::vector<Prose>> rows{
            {{code("different"), " of ", code("hoist verify")},
             {"the DAG starts, ends or does something else than the definition; the note plays it"},
             {"do not promote it; build again, or report it if hoist wrote the DAG"}},
            {{code("unknown")},
             {"not decided: something is not modelled, or the budget ended"},
             {"read what it names; promote only if its owner accepts that"}},
            {{"a void certificate of ", code("hoist drift")},
             {"the definition changed in the legacy scheduler after it was verified"},
             {"bring the change into the definitions, build and verify again"}}};
        if (has(ir::Dialect::jil)) {
            rows.push_back({{"alarm ", code("BRIDGE_SILENT")},
                            {"a stand-in has not told an end for ten minutes: its agent or the "
                             "ledger is not reached"},
                            {"look at its log in AutoSys; its status there is not true until it "
                             "ran"}});
            rows.push_back({{"alarm ", code("BRIDGE_ICE")},
                            {"a moved job is on ice in Airflow; AutoSys was not told"},
                            {"ice the stand-in, too, if its dependents in AutoSys shall go on"}});
            rows.push_back(
                {{"a job ran on both sides"},
                 {"its definition was not taken out, or somebody started it in AutoSys"},
                 {"apply the wave's changes again; members that no bridge needs keep their "
                  "command"}});
            rows.push_back({{"a job waits in Airflow for one that ended in AutoSys"},
                            {"the feed does not run, or its list is that of another wave"},
                            {"start it again; what it missed it reads from the log"}});
        }
        if (has(ir::Dialect::controlm)) {
            rows.push_back({{"a folder ran on both sides for one order date"},
                            {"Control-M ordered it, too: its order method is there still, or "
                             "somebody ordered it"},
                            {"take the order method away; delete the order that has not begun"}});
            rows.push_back({{"a task waits for a condition that Control-M has"},
                            {"who adds it has not moved, or it is of a day before the move"},
                            {code("hoistctl fact add NAME DATE"),
                             "; what crosses for good is a reason to move both in one wave"}});
        }
        rows.push_back({{"a run ", code("hoist__"), " and a number"},
                        {"the dispatcher started it, for that event of the log"},
                        {"find the event by its number in ", code("hoistctl events")}});
        page.table({"what you see", "what it means", "what to do"}, std::move(rows));
    }

    Page workflowPage(ir::WorkflowId id, size_t wave) const {
        ir::Workflow const& workflow = estate.workflows[id];
        Page page({"Workflow ", code(nameOf(id))});
        Span const where = estate.jobs[workflow.root].origin;
        page.table(
            {"what", ""},
            {{{"wave"}, {link(plan.waves[wave].name, "../" + folderOf(plan, wave) + "/wave")}},
             {{"owner"}, ownerCell(id)},
             {{"DAG"},
              isRefused(id) ? Prose{"none: hoist refuses it"} : Prose{code(names.dagId(id))}},
             {{"comes from"}, {code(ir::toString(workflow.dialect))}},
             {{"defined in"},
              {code(where.isValid() ? estate.sources.path(estate.sources.fileOf(where)).str()
                                    : std::string("-"))}},
             {{"jobs"}, {number(workflow.jobs.size())}}});
        if (auto const it = inexact.find(id.value); it != inexact.end()) {
            page.heading("What is not exact");
            std::vector<std::vector<Prose>> rows;
            for (auto const& [what, times] : it->second)
                rows.push_back({{code(what.second)}, {code(what.first)}, {number(times)}});
            page.table({"construct", "became", "times"}, std::move(rows));
            page.commands({fmt::format("hoist check{}", paths)});
        }
        neighbours(page, id, wave);
        if (isRefused(id)) {
            page.heading("It stays where it is");
            page.paragraph({"hoist refuses it, so there is no DAG to start, and ",
                            workflow.dialect == ir::Dialect::controlm ? "Control-M"
                            : workflow.dialect == ir::Dialect::cron   ? "cron"
                                                                      : "AutoSys",
                            " goes on with it. Mend what hoist says of it, then make the plan and "
                            "the runbook again:"});
            page.commands({fmt::format("hoist check{}", paths)});
            return page;
        }
        page.heading("Forward and back");
        page.paragraph(
            {"With its wave: ", link(plan.waves[wave].name, "../" + folderOf(plan, wave) + "/wave"),
             ". To move it alone, give it a wave of its own in the plan and make the "
             "runbook again: what crosses is then another list. To stop it where it is, "
             "and let it go on:"});
        page.commands({"airflow dags pause --yes " + dag(id),
                       "airflow dags list-runs --state running " + dag(id),
                       "airflow dags unpause --yes " + dag(id)});
        verbs(page, id);
        watch(page, {id});
        return page;
    }

    void neighbours(Page& page, ir::WorkflowId id, size_t wave) const {
        WaveBridges const& across = (*input.bridges)[wave];
        std::vector<std::vector<Prose>> rows;
        for (JobChange const& change : across.changes)
            if (change.workflow == id)
                rows.push_back({{code(estate.jobs[change.job].name)},
                                {code(migration::toString(change.role))},
                                change.role == JobChange::Role::standIn
                                    ? Prose{"runs in AutoSys while the job runs in Airflow"}
                                : change.role == JobChange::Role::mirrored
                                    ? Prose{"has in AutoSys the status that it has in Airflow"}
                                    : Prose{"no longer starts in AutoSys"}});
        bool const isControlm = estate.workflows[id].dialect == ir::Dialect::controlm;
        page.heading(isControlm ? "Around it" : "In AutoSys from its wave on");
        if (isControlm && rows.empty() && isRefused(id))
            page.paragraph({"Control-M goes on ordering it."});
        else if (isControlm && rows.empty())
            page.paragraph({"From its wave on Control-M orders it no more: see there."});
        else if (rows.empty())
            page.paragraph({"Nothing of it is left to change there."});
        else
            page.table({"definition", "role", "what that means"}, std::move(rows));
        auto const list = [&](char const* words, std::map<uint32_t, std::set<uint32_t>> const& of) {
            std::vector<std::string> found;
            if (auto const it = of.find(id.value); it != of.end())
                for (uint32_t const other : it->second)
                    if (other != id.value)
                        found.push_back(nameOf(ir::WorkflowId(other)).str());
            if (!found.empty())
                page.item(Prose{words} + namesOf(found) + Prose{"."});
        };
        list("It waits for: ", producers);
        list("These wait for it: ", consumers);
    }

    /// What this workflow uses decides which rows there are.
    struct Uses {
        std::vector<std::string> held, iced, noexec, variables, resources, watchers;
        bool hasMembers = false, hasRetries = false, isByCondition = false;
    };
    Uses usesOf(ir::WorkflowId id) const {
        Uses uses;
        std::set<std::string> variables, resources;
        for (ir::JobId const each : estate.workflows[id].jobs) {
            ir::Job const& job = estate.jobs[each];
            if (job.isHeld())
                uses.held.push_back(job.name.str());
            if (job.begins(ir::InitialStatus::onIce))
                uses.iced.push_back(job.name.str());
            if (job.begins(ir::InitialStatus::onNoExec))
                uses.noexec.push_back(job.name.str());
            if (std::holds_alternative<ir::FileWatchAction>(job.action))
                uses.watchers.push_back(job.name.str());
            for (ir::ResourceUse const& use : job.resources)
                resources.insert(use.name.str());
            uses.hasRetries |= job.retries && *job.retries > 0;
        }
        for (Dependency const& each : *input.dependencies)
            if (each.kind == migration::DependencyKind::variable &&
                (each.to == id || (each.from && each.from == id)))
                variables.insert(each.object);
        uses.variables.assign(variables.begin(), variables.end());
        uses.resources.assign(resources.begin(), resources.end());
        uses.hasMembers = estate.workflows[id].jobs.size() > 1;
        ir::Job const& root = estate.jobs[estate.workflows[id].root];
        uses.isByCondition = root.condition.isSet() && !root.schedule;
        return uses;
    }

    ControlmPages pagesOfControlm() const { return {estate, names, *input.dependencies, paths}; }

    void verbs(Page& page, ir::WorkflowId id) const {
        if (estate.workflows[id].dialect == ir::Dialect::controlm)
            return pagesOfControlm().verbs(page, id);
        page.heading("In AutoSys you did, in Airflow do");
        if (estate.workflows[id].dialect == ir::Dialect::cron) {
            page.item({"You ran the command by hand. Now start its DAG, which logs it:"});
            page.commands({"airflow dags trigger " + dag(id)});
            page.item({"You put a ", code("#"), " before the line. Now pause the DAG:"});
            page.commands({"airflow dags pause --yes " + dag(id)});
            page.item({"You read the mail of cron. Now read the task's log in Airflow."});
            return;
        }
        ir::Workflow const& workflow = estate.workflows[id];
        Uses const uses = usesOf(id);
        llvm::StringRef const root = nameOf(id);
        ir::JobId const last = exampleOf(estate, id);
        ir::JobId const example = last ? last : workflow.root;
        llvm::StringRef const any = estate.jobs[example].name;
        std::string const task = names.taskId(example).str();
        auto const event = [](char const* verb, llvm::StringRef job) {
            return fmt::format("hoistctl sendevent -E {} {}", verb, shellOption("-J", job));
        };
        auto const verb = [&](char const* legacy, Prose const& rest,
                              std::vector<std::string> lines) {
            page.item(Prose{code(legacy)} + Prose{": "} + rest);
            page.commands(std::move(lines));
        };
        verb("autorep -J", {"the ledger has the statuses under the legacy names:"},
             {"hoistctl status" + jobWords(id)});
        verb("sendevent -E STARTJOB",
             {"starts a run of the DAG at once; its other conditions must hold:"},
             {event("STARTJOB", root)});
        verb("sendevent -E FORCE_STARTJOB", {"starts it whatever its conditions and times say:"},
             {event("FORCE_STARTJOB", root)});
        if (uses.hasMembers)
            verb("FORCE_STARTJOB of one member",
                 {"clear its task in the run, or all that failed; the box goes on from there:"},
                 {fmt::format("airflow tasks clear --task-regex {} --yes {}",
                              shellWord("^" + regexText(task) + "$"), dag(id)),
                  fmt::format("airflow tasks clear --only-failed --yes {}", dag(id))});
        else
            verb("FORCE_STARTJOB after a failure", {"clear the task that failed:"},
                 {fmt::format("airflow tasks clear --only-failed --yes {}", dag(id))});
        verb("sendevent -E KILLJOB", {"the job ends TERMINATED, and is not tried again:"},
             {event("KILLJOB", any)});
        verb("sendevent -E JOB_ON_HOLD, JOB_OFF_HOLD",
             {"a hold is in the ledger: the task waits without a slot, its box stays RUNNING. "
              "Pausing the DAG would hold back everything in it."},
             {event("JOB_ON_HOLD", any), event("JOB_OFF_HOLD", any)});
        if (!uses.held.empty()) {
            page.item(
                Prose{"Defined to wait for you: "} + namesOf(uses.held) +
                Prose{". The task whose name ends in ", code(".hold"), " waits; release it:"});
            page.commands({event("JOB_OFF_HOLD", uses.held.front())});
        }
        verb("sendevent -E JOB_ON_ICE, JOB_OFF_ICE",
             {"in a run that is under way mark its task as success in Airflow, too: edges of the "
              "DAG do not know ice."},
             {event("JOB_ON_ICE", any), event("JOB_OFF_ICE", any)});
        if (!uses.iced.empty())
            page.item(Prose{"Defined on ice, and so without a task: "} + namesOf(uses.iced) +
                      Prose{". To run them, change the definition and build again."});
        if (!uses.noexec.empty()) {
            page.item(Prose{"Bypassed by their definition: "} + namesOf(uses.noexec) +
                      Prose{". To let one run:"});
            page.commands({event("JOB_OFF_NOEXEC", uses.noexec.front())});
        }
        verb("sendevent -E CHANGE_STATUS",
             {"dependents react as if it had happened; the task in Airflow keeps its colour:"},
             {event("CHANGE_STATUS", any) + " -s SUCCESS"});
        if (!uses.variables.empty()) {
            page.item(Prose{code("sendevent -E SET_GLOBAL"), ": it reads or sets "} +
                      namesOf(uses.variables) + Prose{":"});
            page.commands({"hoistctl sendevent -E SET_GLOBAL " +
                               shellOption("-G", uses.variables.front() + "=VALUE"),
                           "hoistctl globals"});
        }
        if (!uses.resources.empty()) {
            page.item(Prose{code("sendevent -E RELEASE_RESOURCE"), ": it claims "} +
                      namesOf(uses.resources) +
                      Prose{". A pool gives its slots back by itself; units in the ledger:"});
            page.commands(
                {event("RELEASE_RESOURCE", any) + " " + shellOption("-R", uses.resources.front()),
                 "airflow pools list"});
        }
        if (uses.hasRetries)
            page.item({code("n_retrys"), ": the attempts are those of the task; between them the "
                                         "ledger says RESTART, and dependents see no FAILURE."});
        if (!uses.watchers.empty())
            page.item(Prose{"File watchers wait in the triggerer, without a slot: "} +
                      namesOf(uses.watchers) + Prose{"."});
        if (uses.isByCondition)
            page.item({"No clock starts it: ", code("hoistctl dispatch"),
                       " does, when what its condition names changes."});
        verb("job_depends, forecast",
             {"what it waits for, and why it did or did not start on a day that you describe:"},
             {fmt::format("hoist simulate{} --explain={}", paths, shellWord(any))});
    }

    RunbookInput const& input;
    ir::Estate const& estate;
    migration::Plan const& plan;
    ir::TargetNames names;
    std::string paths;
    std::map<uint32_t, std::map<std::pair<std::string, std::string>, size_t>> inexact;
    std::map<uint32_t, std::set<uint32_t>> producers, consumers; ///< by workflow, hard ones
    std::map<std::string, std::string> files;
};

} // namespace

std::vector<std::pair<std::string, std::string>> runbook(RunbookInput const& input) {
    return Writer(input).run();
}

} // namespace hoist::report
