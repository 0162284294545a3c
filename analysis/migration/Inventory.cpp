// Counting: one round over the jobs, one over the dependencies, one over the constructs.
#include "analysis/migration/Inventory.h"

#include <llvm/ADT/StringSet.h>

#include <algorithm>

namespace hoist::migration {
namespace {

using diag::Code;

/// Findings that say of their object that it does not run, or not any more.
bool saysNeverRuns(Code code) {
    return code == Code::NeverStarts || code == Code::CalendarEnded || code == Code::NoTicks ||
           code == Code::DependencyCycle || code == Code::ResourceShort;
}

std::vector<Idle> findIdle(ir::Estate const& estate, analysis::Known const& known,
                           diag::Diagnostics const& findings) {
    std::vector<std::string> why(estate.jobs.size());
    for (diag::Diagnostic const& finding : findings.all())
        if (saysNeverRuns(finding.code))
            if (auto const it = estate.jobByName.find(finding.object);
                it != estate.jobByName.end() && why[it->second.value].empty())
                why[it->second.value] = std::string(diag::info(finding.code).id);
    std::vector<Idle> idle;
    for (ir::JobId id : estate.jobs.ids()) {
        bool const falls = id.value < known.neverStarts.size() && known.neverStarts[id.value];
        if (falls && why[id.value].empty()) // behind one that is reported
            why[id.value] = std::string(diag::info(Code::NeverStarts).id);
        if (!why[id.value].empty())
            idle.push_back({id, std::move(why[id.value])});
    }
    return idle;
}

void countConditions(ir::Estate const& estate, ir::JobId id, WorkflowSurvey& facts) {
    analysis::forEachCondition(estate, id, [&](ir::ConditionRef const& condition, auto) {
        estate.conditions.forEachAtom(condition.expr, [&](ir::AtomId at) {
            ir::Atom const& atom = estate.conditions[at];
            ++facts.atoms;
            facts.unusualAtoms +=
                atom.kind != ir::Atom::Kind::status || atom.scope.hasLookBack() ? 1 : 0;
        });
    });
}

std::vector<WorkflowSurvey> factsOf(ir::Estate const& estate, std::vector<Dependency> const& found,
                                    std::vector<std::vector<std::string>> const& assumptions) {
    std::vector<WorkflowSurvey> result(estate.workflows.size());
    std::vector<size_t> depth(estate.jobs.size());
    for (ir::WorkflowId id : estate.workflows.ids()) {
        WorkflowSurvey& facts = result[id.value];
        for (ir::JobId jobId : estate.workflows[id].jobs) { // boxes before their members
            ir::Job const& job = estate.jobs[jobId];
            ++facts.jobs;
            facts.boxes += job.group ? 1 : 0;
            depth[jobId.value] = (job.box ? depth[job.box.value] : 0) + (job.group ? 1 : 0);
            facts.depth = std::max(facts.depth, depth[jobId.value]);
            facts.schedules += job.schedule ? 1 : 0;
            countConditions(estate, jobId, facts);
        }
        if (id.value < assumptions.size())
            facts.assumptions = assumptions[id.value];
    }
    for (Dependency const& each : found)
        if (each.from && each.crosses() && each.strength == Strength::hard) {
            ++result[each.to.value].dependenciesIn;
            ++result[each.from.value].dependenciesOut;
        }
    for (ir::ConstructId id : estate.constructs.ids()) {
        ir::Construct const& construct = estate.constructs[id];
        if (!construct.owner || !estate.jobs[construct.owner].workflow)
            continue;
        WorkflowSurvey& facts = result[estate.jobs[construct.owner].workflow.value];
        switch (construct.fate) {
        case diag::Fidelity::none: break;
        case diag::Fidelity::exact: ++facts.exact; break;
        case diag::Fidelity::approximated: ++facts.approximated; break;
        case diag::Fidelity::dropped: ++facts.dropped; break;
        case diag::Fidelity::refused: ++facts.refused; break;
        }
    }
    for (ir::WorkflowId id : estate.workflows.ids()) {
        WorkflowSurvey& facts = result[id.value];
        facts.fidelity = estate.workflows[id].refused             ? WorkflowFidelity::refused
                         : facts.refused > 0                      ? WorkflowFidelity::unmapped
                         : facts.approximated + facts.dropped > 0 ? WorkflowFidelity::approximated
                         : !facts.assumptions.empty()             ? WorkflowFidelity::assumed
                                                                  : WorkflowFidelity::exact;
    }
    return result;
}

std::vector<ir::JobId> findUnawaited(ir::Estate const& estate,
                                     std::vector<Dependency> const& found) {
    std::vector<bool> awaited(estate.jobs.size());
    for (Dependency const& each : found)
        if (each.producer && each.producer != each.consumer && each.strength == Strength::hard &&
            each.kind != DependencyKind::termination)
            awaited[each.producer.value] = true;
    std::vector<ir::JobId> unawaited;
    for (ir::Workflow const& workflow : estate.workflows)
        for (ir::JobId id : workflow.jobs) { // boxes before their members
            ir::JobId const box = estate.jobs[id].box;
            if (box && awaited[box.value])
                awaited[id.value] = true;
        }
    for (ir::JobId id : estate.jobs.ids())
        if (!awaited[id.value])
            unawaited.push_back(id);
    return unawaited;
}

} // namespace

llvm::StringRef toString(WorkflowFidelity fidelity) {
    switch (fidelity) {
    case WorkflowFidelity::exact: return "exact";
    case WorkflowFidelity::assumed: return "assumed";
    case WorkflowFidelity::approximated: return "approximated";
    case WorkflowFidelity::unmapped: return "unmapped";
    case WorkflowFidelity::refused: return "refused";
    }
    return {};
}

std::string kindOf(ir::Job const& job) {
    if (job.group)
        return "box";
    if (auto const* opaque = std::get_if<ir::OpaqueAction>(&job.action))
        return opaque->kind.str();
    if (std::holds_alternative<ir::QueryAction>(job.action))
        return "database query";
    if (std::holds_alternative<ir::TransferAction>(job.action))
        return "file transfer";
    if (std::holds_alternative<ir::ScriptAction>(job.action))
        return "script";
    if (std::holds_alternative<ir::NoAction>(job.action))
        return "dummy";
    return std::holds_alternative<ir::FileWatchAction>(job.action) ? "file watcher" : "command";
}

llvm::StringRef groupOf(ir::Job const& job) {
    for (ir::KeptAttribute const& each : job.inert)
        if (each.key.equals_insensitive("group"))
            return each.value;
    return {};
}

Inventory takeInventory(ir::Estate const& estate, analysis::Known const& known,
                        diag::Diagnostics const& findings,
                        std::vector<std::vector<std::string>> const& assumptions,
                        History const* history) {
    Inventory inventory;
    for (ir::Job const& job : estate.jobs) {
        ++inventory.byDialect[ir::toString(job.dialect).str()];
        ++inventory.byKind[kindOf(job)];
        ++inventory.byApplication[job.application->str()];
        ++inventory.byGroup[groupOf(job).str()];
        if (job.group)
            continue; // runs nowhere, as nobody
        ++inventory.byOwner[job.owner->str()];
        if (job.machines->empty())
            ++inventory.byMachine[""];
        for (llvm::StringRef machine : *job.machines)
            ++inventory.byMachine[machine.str()];
    }
    std::vector<Dependency> const found = dependencies(estate);
    inventory.neverRun = findIdle(estate, known, findings);
    inventory.unawaited = findUnawaited(estate, found);
    inventory.alike = findAlike(estate);
    inventory.workflows = factsOf(estate, found, assumptions);
    if (history)
        inventory.statistics = history->statistics(estate);
    return inventory;
}

} // namespace hoist::migration
