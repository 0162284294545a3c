// Control-M's own words beside what took their place. Only commands that exist are printed:
// tests/house/test_runbook.py.
#include "backend/report/RunbookControlm.h"

#include "analysis/ServerVariables.h"
#include "frontend/base/Shell.h"
#include "frontend/ir/Messages.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <set>

namespace hoist::report {

namespace {

constexpr size_t most = 20;
constexpr char const* exampleDay = "2026-03-02";
constexpr char const* exampleFact = "0302";

std::vector<std::string> firstOf(std::set<std::string> const& all) {
    std::vector<std::string> some(all.begin(), all.end());
    some.resize(std::min(some.size(), most));
    return some;
}

/// Names as the operands of a command, behind one `--` where it would take one for an option.
std::string operandsOf(llvm::ArrayRef<std::string> some) {
    auto const isDashed = [](std::string const& name) { return name.starts_with("-"); };
    std::string words = llvm::any_of(some, isDashed) ? " --" : "";
    for (std::string const& name : some)
        words += " " + shellWord(name);
    return words;
}

/// `hoistctl facts`, for some of them.
std::string factsCommand(std::set<std::string> const& facts) {
    return "hoistctl facts" + operandsOf(firstOf(facts));
}

} // namespace

ir::JobId exampleOf(ir::Estate const& estate, ir::WorkflowId workflow) {
    for (ir::JobId const id : llvm::reverse(estate.workflows[workflow].jobs))
        if (!estate.jobs[id].group)
            return id;
    return {};
}

/// What a folder uses decides which rows there are.
struct ControlmPages::Uses {
    std::set<std::string> keptFacts; ///< it waits for them from other days, or without one
    std::set<std::string> facts;     ///< all that it waits for or changes
    std::set<std::string> added;     ///< an end of its jobs adds them
    std::set<std::string> variables; ///< of the server: it sets them
    std::set<std::string> read;      ///< of the server
    std::vector<std::string> confirmed, watchers;
    bool hasUnits = false, hasReruns = false, isOrderedLater = false, isToldLater = false;
    std::string server;
};

ControlmPages::Uses ControlmPages::usesOf(ir::WorkflowId folder) const {
    Uses uses;
    for (ir::JobId const each : estate.workflows[folder].jobs) {
        ir::Job const& job = estate.jobs[each];
        ir::OrderPolicy const& policy = estate.orderPolicies[job.orders];
        auto const note = [&](llvm::StringRef name, llvm::StringRef server) {
            uses.facts.insert(name.str());
            if (uses.server.empty())
                uses.server = server.str();
        };
        if (job.condition)
            estate.conditions.forEachAtom(job.condition.expr, [&](ir::AtomId id) {
                ir::Atom const& atom = estate.conditions[id];
                if (atom.kind != ir::Atom::Kind::fact)
                    return;
                note(atom.name, atom.instance);
                if (atom.scope.kind != ir::Scope::Kind::sameCycle)
                    uses.keptFacts.insert(atom.name.str());
            });
        for (ir::FactChange const& change : job.factChanges) {
            note(change.name, change.server);
            if (change.adds && !change.isAction)
                uses.added.insert(change.name.str());
        }
        for (ir::EndRule const& rule : policy.rules)
            for (ir::EndAction const& action : rule.actions) {
                uses.hasReruns |= action.kind == ir::EndAction::Kind::rerun;
                uses.isOrderedLater |= action.kind == ir::EndAction::Kind::forceJob;
            }
        for (analysis::ServerVariableUse const& set : analysis::serverVariablesSet(estate, each))
            uses.variables.insert(set.key);
        uses.isToldLater |= llvm::any_of(policy.shouts, [&](ir::Shout const& shout) {
            return ir::lateTest(estate, each, shout).has_value();
        });
        if (policy.confirm.value)
            uses.confirmed.push_back(job.name.str());
        if (std::holds_alternative<ir::FileWatchAction>(job.action))
            uses.watchers.push_back(job.name.str());
        uses.hasUnits |= !job.resources.empty() || !policy.locks.empty();
        uses.isOrderedLater |= policy.isCyclic && job.group;
    }
    for (migration::Dependency const& each : dependencies)
        if (each.kind == migration::DependencyKind::variable && each.to == folder)
            uses.read.insert(each.object);
    return uses;
}

std::vector<std::string>
ControlmPages::namesOfFolders(llvm::ArrayRef<ir::WorkflowId> folders) const {
    std::vector<std::string> all;
    for (ir::WorkflowId const id : folders)
        all.push_back(estate.jobs[estate.workflows[id].root].name.str());
    return all;
}

std::set<std::string> ControlmPages::factsOf(llvm::ArrayRef<ir::WorkflowId> folders,
                                             std::set<std::string> Uses::* which) const {
    std::set<std::string> all;
    for (ir::WorkflowId const id : folders)
        all.merge(usesOf(id).*which);
    return all;
}

void ControlmPages::forward(Page& page, llvm::ArrayRef<ir::WorkflowId> folders) const {
    char const* const before = "Before New Day let Control-M order these folders no more: their "
                               "order method becomes ";
    char const* const after = ". What is in the active jobs file by then ends there, so each order "
                              "date runs on one side: ";
    page.item(Prose{before, code("None (Manual Order)"), ", in XML an empty ",
                    code("FOLDER_ORDER_METHOD"), after} +
              namesOf(namesOfFolders(folders)) + Prose{"."});
    std::set<std::string> const kept = factsOf(folders, &Uses::keptFacts);
    if (kept.empty())
        return;
    page.item(
        Prose{"They wait for conditions of other days, or without one. What Control-M's table "
              "has of them the ledger must have, too (",
              code("hoistctl fact add NAME DATE"), "); it has:"});
    page.commands({factsCommand(kept)});
}

void ControlmPages::back(Page& page, llvm::ArrayRef<ir::WorkflowId> folders) const {
    page.paragraph(
        Prose{"Control-M orders them again from the New Day on before which each has its "
              "order method back: "} +
        namesOf(namesOfFolders(folders)) + Prose{"."});
    std::set<std::string> const facts = factsOf(folders, &Uses::facts);
    if (facts.empty())
        return;
    page.paragraph({"Their conditions are then those of Control-M's table. What the ledger has and "
                    "the table has not is added there (",
                    code("ctmcontb -ADD NAME DATE"), "):"});
    page.commands({factsCommand(facts)});
}

void ControlmPages::verbs(Page& page, ir::WorkflowId folder) const {
    page.heading("In Control-M you did, in Airflow do");
    auto const& jobs = estate.workflows[folder].jobs;
    Uses const uses = usesOf(folder);
    ir::JobId const root = estate.workflows[folder].root;
    ir::JobId const example = exampleOf(estate, folder);
    llvm::StringRef const any = estate.jobs[example ? example : root].name;
    std::string const dag = shellWord(names.dagId(folder));
    auto const verb = [&](Prose legacy, Prose const& rest, std::vector<std::string> lines) {
        page.item(std::move(legacy) + Prose{": "} + rest);
        page.commands(std::move(lines));
    };
    auto const trigger = [&](nlohmann::ordered_json const& conf) {
        auto const text =
            conf.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
        return fmt::format("airflow dags trigger {} --conf {}", dag, shellWord(text));
    };
    auto const event = [](char const* what, llvm::StringRef job) {
        return fmt::format("hoistctl sendevent -E {} {}", what, shellOption("-J", job));
    };
    std::string const server = uses.server.empty() ? "" : " --server=" + shellWord(uses.server);
    auto const fact = [&](char const* what, std::string const& name) {
        return fmt::format("hoistctl fact {}{}{}", what, server, operandsOf({name, exampleFact}));
    };

    std::vector<std::string> first;
    for (ir::JobId const job : llvm::ArrayRef(jobs).take_front(most))
        first.push_back(estate.jobs[job].name.str());
    verb({"The Monitoring domain"},
         {"the ledger has the statuses under the legacy names, the grid in Airflow each order:"},
         {"hoistctl status" + operandsOf(first)});
    verb({"Order"}, {"a run of the DAG; what its scheduling criteria do not choose is skipped:"},
         {trigger({{"order_date", exampleDay}})});
    verb({"Force"}, {"the same, whatever the scheduling criteria say:"},
         {trigger({{"order_date", exampleDay}, {"force", true}})});
    if (estate.isContainer(root) && example)
        verb({"Force, of one job"}, {"without the others of its folder:"},
             {trigger({{"order_date", exampleDay}, {"force", true}, {"only", {any.str()}}})});
    if (example) {
        verb({"Hold, Free"}, {"the task waits without a slot until it is freed:"},
             {event("JOB_ON_HOLD", any), event("JOB_OFF_HOLD", any)});
        verb({"Rerun"},
             {"clear its task in the run, or all that failed; the folder goes on from there:"},
             {fmt::format("airflow tasks clear --task-regex {} --yes {}",
                          shellWord("^" + regexText(names.taskId(example)) + "$"), dag),
              fmt::format("airflow tasks clear --only-failed --yes {}", dag)});
        verb({"Kill"}, {"the job ends NOTOK, and what follows from that follows:"},
             {event("KILLJOB", any)});
    }
    if (uses.added.empty())
        page.item({"Set to OK: mark its task as success in Airflow."});
    else
        verb(
            {"Set to OK"},
            {"mark its task as success in Airflow; the conditions that its end adds add yourself:"},
            {fact("add", *uses.added.begin())});
    if (!uses.facts.empty())
        verb({"Add or delete a condition"},
             Prose{"it waits for or changes "} + namesOf({uses.facts.begin(), uses.facts.end()}) +
                 Prose{":"},
             {factsCommand(uses.facts), fact("add", *uses.facts.begin()),
              fact("delete", *uses.facts.begin())});
    if (!uses.confirmed.empty())
        verb({"Confirm"}, namesOf(uses.confirmed) + Prose{":"},
             {"hoistctl confirm" + operandsOf({uses.confirmed.front(), exampleDay})});
    if (!uses.variables.empty() || !uses.read.empty()) {
        Prose what;
        if (!uses.variables.empty())
            what = Prose{"it sets "} + namesOf({uses.variables.begin(), uses.variables.end()});
        if (!uses.read.empty())
            what = what + Prose{what.empty() ? "it reads " : "; it reads "} +
                   namesOf({uses.read.begin(), uses.read.end()});
        std::string const& one = uses.read.empty() ? *uses.variables.begin() : *uses.read.begin();
        verb({"Variables of the server"}, what + Prose{":"},
             {"hoistctl sendevent -E SET_GLOBAL " + shellOption("-G", one + "=VALUE"),
              "hoistctl globals"});
    }
    if (uses.hasUnits)
        verb({"Resources"}, {"slots of pools, or units that the ledger counts:"},
             {"airflow pools list"});
    if (uses.hasReruns)
        page.item({code("MAXRERUN"), ": the attempts are those of the task; its folder sees the "
                                     "last one only."});
    if (!uses.watchers.empty())
        page.item(Prose{"File watchers wait in the triggerer, without a slot: "} +
                  namesOf(uses.watchers) + Prose{"."});
    if (uses.isOrderedLater)
        page.item({"What its rules order, and the next runs of a cyclic folder, ",
                   code("hoistctl dispatch"), " starts: it must run."});
    if (uses.isToldLater)
        page.item({"Who is to be told that something is late, ", code("hoistctl dispatch"),
                   " tells, as alarms of the ledger (", code("late"),
                   "): it must run. Of a task that you mark in Airflow it tells all the same."});
    verb({"The forecast"}, {"when New Day orders it next:"},
         {"airflow dags next-execution " + dag});
    verb({"Why"},
         {"what it waits for, and why it did or did not start on a day that you describe:"},
         {fmt::format("hoist simulate{} --explain={}", paths, shellWord(any))});
}

} // namespace hoist::report
