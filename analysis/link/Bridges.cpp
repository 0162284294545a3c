// `[[bridge]]` of hoist.toml: AutoSys and Control-M as one estate. What an end of a job tells
// Control-M becomes a change of a fact of that job; an external name that stands for a job of
// Control-M becomes that job. Behind this step nothing knows of bridges.
#include "analysis/link/Steps.h"

#include "frontend/base/Suggest.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringSet.h>

#include <fmt/format.h>

namespace hoist::analysis {

using diag::Code;

namespace {

bool isControlm(ir::Job const& job) { return job.dialect == ir::Dialect::controlm; }

class Bridges {
public:
    Bridges(ir::Estate& model, diag::Diagnostics& diagnostics)
        : estate(model), diags(diagnostics) {}

    void run() {
        for (ir::JobId id : estate.jobs.ids())
            if (isControlm(estate.jobs[id]))
                for (ir::AtomUse const& use : estate.jobs[id].condition.uses)
                    if (ir::Atom const& atom = estate.conditions[use.atom];
                        atom.kind == ir::Atom::Kind::fact)
                        waits[atom.name].insert(atom.instance);
        for (ir::BridgeRule const& row : estate.settings.bridges)
            row.changesFact() ? changeFact(row) : watch(row);
        for (ir::AtomId id : estate.conditions.atomIds())
            rename(estate.conditions[id]);
        for (ir::BridgeRule const* row : watched)
            if (!used.contains(row->as))
                diags
                    .report<Code::BridgeUnused>(
                        row->otherSpan,
                        fmt::format("no condition names `{}`", diag::shown(row->as)))
                    .object(row->controlm)
                    .evidence(row->as);
    }

private:
    /// The job that a row names; nothing: it has been reported.
    ir::JobId find(ir::BridgeRule const& row, llvm::StringRef name, bool ofControlm) {
        llvm::StringRef const kind = ofControlm ? "job of Control-M" : "job";
        auto const it = estate.jobByName.find(name);
        if (it != estate.jobByName.end() && isControlm(estate.jobs[it->second]) == ofControlm)
            return it->second;
        if (it != estate.jobByName.end()) {
            diags
                .report<Code::UnknownBridgeEnd>(row.endSpan, kind, name,
                                                ofControlm ? "which is none of Control-M"
                                                           : "which is one of Control-M")
                .object(name)
                .label(estate.jobs[it->second].nameSpan, "defined here");
            return {};
        }
        auto report = diags.report<Code::UnknownBridgeEnd>(row.endSpan, kind, name,
                                                           "which this estate does not define");
        report.object(name);
        Suggestions near;
        for (ir::Job const& job : estate.jobs)
            if (isControlm(job) == ofControlm)
                near.add(job.name);
        if (llvm::StringRef const meant = near.nearest(name); !meant.empty())
            report.help(fmt::format("did you mean `{}`?", diag::shown(meant)));
        return {};
    }

    void changeFact(ir::BridgeRule const& row) {
        ir::JobId const id = find(row, row.job, false);
        if (!id)
            return;
        auto const found = waits.find(row.condition);
        bool const isRead =
            found != waits.end() && (row.server.empty() || found->second.contains("") ||
                                     found->second.contains(row.server));
        if (!isRead)
            diags
                .report<Code::BridgeUnused>(
                    row.otherSpan,
                    fmt::format("nothing of this estate waits for the condition `{}`",
                                diag::shown(row.condition)))
                .object(row.job)
                .evidence(row.condition);
        ir::FactChange change;
        change.name = estate.save(row.condition);
        change.server = estate.save(row.server);
        change.date = row.date;
        change.adds = row.adds;
        change.on = row.on;
        change.span = row.span;
        change.nameSpan = row.otherSpan;
        estate.jobs[id].factChanges.push_back(change);
    }

    void watch(ir::BridgeRule const& row) {
        ir::JobId const id = find(row, row.controlm, true);
        if (auto const it = estate.jobByName.find(row.as); it != estate.jobByName.end()) {
            diags
                .report<Code::UnknownBridgeEnd>(row.otherSpan, "the external job", row.as,
                                                "which is a job of this estate")
                .object(row.as)
                .label(estate.jobs[it->second].nameSpan, "defined here");
            return;
        }
        if (!knowsInstance(row) || !id)
            return;
        if (estate.isContainer(id)) {
            diags
                .report<Code::UnknownBridgeEnd>(row.endSpan, "the folder", row.controlm,
                                                "which has no status: it is no SMART folder")
                .object(row.controlm);
            return;
        }
        auto const [at, isNew] = byName.try_emplace(row.as, id);
        if (!isNew && at->second != id) {
            diags
                .report<Code::UnknownBridgeEnd>(row.otherSpan, "the external job", row.as,
                                                "which another row gives to another job")
                .object(row.as);
            return;
        }
        estate.jobs[id].isWatched = true;
        watched.push_back(&row);
    }

    /// As for conditions: where the estate declares instances, an unknown one is a slip.
    bool knowsInstance(ir::BridgeRule const& row) {
        llvm::StringRef const instance = llvm::StringRef(row.as).split('^').second;
        if (instance.empty() || estate.instances.empty())
            return true;
        Suggestions near;
        for (ir::Instance const& known : estate.instances) {
            if (known.name == instance)
                return true;
            near.add(known.name);
        }
        auto report = diags.report<Code::UnknownBridgeEnd>(row.otherSpan, "the instance", instance,
                                                           "which no `insert_xinst` declares");
        report.object(instance).evidence(row.as);
        if (llvm::StringRef const meant = near.nearest(instance); !meant.empty())
            report.help(fmt::format("did you mean `{}`?", diag::shown(meant)));
        return false;
    }

    /// From here on the atom is about the job of Control-M, and its ledger's row (docs/runtime.md).
    void rename(ir::Atom& atom) {
        if (atom.kind != ir::Atom::Kind::status && atom.kind != ir::Atom::Kind::exitCode)
            return;
        std::string const name = atom.fullName();
        auto const it = byName.find(name);
        if (it == byName.end())
            return;
        used.insert(name);
        atom.name = estate.jobs[it->second].name;
        atom.instance = {};
        atom.job = it->second;
    }

    ir::Estate& estate;
    diag::Diagnostics& diags;
    llvm::StringMap<llvm::StringSet<>> waits; ///< a condition's name → servers that are named
    llvm::StringMap<ir::JobId> byName;        ///< `NAME^INS`
    std::vector<ir::BridgeRule const*> watched;
    llvm::StringSet<> used;
};

} // namespace

void linkBridges(ir::Estate& estate, diag::Diagnostics& diags) {
    if (!estate.settings.bridges.empty())
        Bridges(estate, diags).run();
}

} // namespace hoist::analysis
