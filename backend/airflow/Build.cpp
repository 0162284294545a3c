// The order of a build: lower, emit, settle what no DAG holds, write.
#include "backend/airflow/Build.h"

#include "backend/airflow/Emit.h"
#include "backend/airflow/Lower.h"
#include "backend/airflow/LowerFolder.h"
#include "backend/airflow/Manifest.h"

#include <fmt/core.h>

namespace hoist::airflow {
namespace {

class Builder {
public:
    Builder(ir::Estate& givenEstate, diag::Diagnostics& givenDiags)
        : estate(givenEstate), diags(givenDiags), names(estate), site(estate.settings),
          context{estate, names, site, diags, {}, {}, {}, {}, {}, {}, {}, {}, {}, 0},
          orderFacts(estate), orderUnits(estate, site) {}

    /// Calls `take(Dag&&)` for each workflow that is written, in the order of definition.
    template <class Take>
    void lowerAll(Take take) {
        for (ir::JobId id : estate.jobs.ids()) {
            ir::Job const& job = estate.jobs[id];
            if (job.dialect == ir::Dialect::controlm)
                continue; // counts its units elsewhere
            // Units are counted in one place: one claim that needs the ledger takes the resource
            // there for all. A task has one pool, and load has no other place.
            for (ir::ResourceUse const& use : job.resources)
                if (job.resources.size() > 1 || use.free != 'A' || use.quantity <= 0 ||
                    waitsForLoad(estate, job) || mayFall(id))
                    context.ledgerResources.insert(use.name);
            if (!job.group && job.priority && *job.priority > 0 && job.load && *job.load > 0 &&
                job.machines && job.machines->size() == 1)
                context.limitedMachines[job.machines->front()] = true;
        }
        for (ir::WorkflowId id : estate.workflows.ids()) {
            ir::Workflow const& workflow = estate.workflows[id];
            if (workflow.refused) {
                ir::Job const& root = estate.jobs[workflow.root];
                ++refused;
                diags
                    .report<diag::Code::WorkflowRefused>(
                        root.nameSpan, root.name,
                        std::string(
                            "a statement about it, or something it needs, could not be read"))
                    .object(root.name);
                continue;
            }
            if (workflow.dialect != ir::Dialect::controlm) {
                take(lower(id, context));
                continue;
            }
            FolderLowering folder(id, context, orderFacts, orderUnits);
            if (folder.check()) {
                take(folder.run());
            } else {
                ++refused;
                estate.workflows[id].refused = true;
            }
        }
        settleRest();
        report();
    }

    LowerContext& state() { return context; }
    size_t refusedCount() const { return refused; }
    ir::TargetNames const& targetNames() const { return names; }

private:
    /// May the condition of a job fall again while it waits for units (JIL-095)? Then it waits for
    /// it without units, which a task that defers in a pool would keep. Asked before any workflow
    /// is lowered, so more careful than the lowering: all but outcomes of plain members defined
    /// earlier.
    bool mayFall(ir::JobId id) const {
        ir::Job const& job = estate.jobs[id];
        bool falls = job.schedule && estate.schedules[job.schedule].window;
        if (job.condition)
            estate.conditions.forEachAtom(job.condition.expr, [&](ir::AtomId atomId) {
                ir::Atom const& atom = estate.conditions[atomId];
                if (atom.job && atom.instance.empty() && estate.jobs[atom.job].initialStatus &&
                    *estate.jobs[atom.job].initialStatus == ir::InitialStatus::onIce)
                    return; // a constant (JIL-074)
                falls |= !atom.job || !atom.instance.empty() || !(atom.job < id) ||
                         estate.isGroup(atom.job) ||
                         estate.jobs[atom.job].workflow != job.workflow ||
                         atom.scope.kind == ir::Scope::Kind::window ||
                         (atom.outcomes & ir::notRunning) != 0;
            });
        return falls;
    }

    /// What no job holds. Objects and attributes without a counterpart are reported and settled by
    /// their front end; one that it forgot stays without a fate, which the driver treats as a bug
    /// of hoist.
    void settleRest() {
        auto const exact = [&](ir::ConstructId id, llvm::StringRef form) {
            estate.constructs.settle(id, diag::Fidelity::exact, form);
        };
        for (ir::Machine const& machine : estate.machines) {
            exact(machine.statement, "connections.json");
            exact(machine.node.from, "connections.json");
            exact(machine.port.from, "connections.json");
            exact(machine.maxLoad.from, "pool");
            for (auto const& part : machine.parts)
                exact(part.construct, "machine choice");
        }
        for (ir::Resource const& resource : estate.resources) {
            exact(resource.statement, "ledger resource");
            exact(resource.amount.from, "ledger resource");
            exact(resource.machine.from, "ledger resource");
        }
        for (ir::Variable const& variable : estate.variables) {
            exact(variable.statement, "ledger variable");
            exact(variable.valueFrom, "ledger variable");
        }
        for (ir::Instance const& instance : estate.instances)
            exact(instance.statement, "ledger instance");
        for (ir::Calendar const& calendar : estate.calendars) {
            auto const fate = calendar.refused ? diag::Fidelity::refused : diag::Fidelity::exact;
            estate.constructs.settle(calendar.statement, fate, "calendars.json");
            for (ir::ConstructId construct : calendar.constructs)
                if (estate.constructs[construct].fate == diag::Fidelity::none)
                    estate.constructs.settle(construct, fate, "calendars.json");
        }
        // What belongs to a job without a task: refused with its workflow, or out with its ice.
        llvm::DenseSet<uint32_t> absent;
        for (ir::JobId id : context.absentJobs)
            absent.insert(id.value);
        for (ir::ConstructId id : estate.constructs.ids()) {
            ir::Construct const& construct = estate.constructs[id];
            if (construct.fate != diag::Fidelity::none || !construct.owner)
                continue;
            ir::Job const& owner = estate.jobs[construct.owner];
            if (absent.contains(construct.owner.value))
                estate.constructs.settle(id, diag::Fidelity::exact, "none: ON_ICE");
            else if (isRefused(owner))
                estate.constructs.settle(id, diag::Fidelity::refused, "refused");
            else if (owner.dialect == ir::Dialect::controlm)
                // Attributes of what is accounted for, and of the order dates. What has no model is
                // refused before (F0016), and what has no form (F0015).
                estate.constructs.settle(id, diag::Fidelity::exact, "order");
        }
        // A crontab's setting belongs to no entry; it falls when every entry that used it does.
        auto const fall = [&](ir::ConstructId id) {
            if (id && estate.constructs[id].fate == diag::Fidelity::none)
                estate.constructs.settle(id, diag::Fidelity::refused, "refused");
        };
        for (ir::Job const& job : estate.jobs) {
            if (!isRefused(job))
                continue;
            if (job.schedule)
                fall(estate.schedules[job.schedule].timezone.from);
            if (auto const* command = std::get_if<ir::CommandAction>(&job.action)) {
                fall(command->shell.from);
                for (auto const& setting : command->environment)
                    fall(setting.from);
            }
        }
    }

    bool isRefused(ir::Job const& job) const {
        return job.refused || (job.workflow && estate.workflows[job.workflow].refused);
    }

    /// What waits over a `[[bridge]]` for what stays with its old scheduler (F0017).
    void reportOtherEnds() {
        auto const tell = [&](ir::AtomUse const& use, ir::Job const& waiting, ir::JobId other) {
            diags
                .report<diag::Code::OtherEndRefused>(use.span, waiting.name,
                                                     estate.jobs[other].name)
                .object(waiting.name)
                .evidence(estate.jobs[other].name);
        };
        llvm::StringMap<ir::JobId> refusedAdders; // that a bridge makes one
        for (ir::JobId id : estate.jobs.ids())
            if (ir::Job const& job = estate.jobs[id];
                isRefused(job) && job.dialect != ir::Dialect::controlm)
                for (ir::FactChange const& change : job.factChanges)
                    refusedAdders.try_emplace(change.name, id);
        for (ir::Job const& job : estate.jobs)
            for (ir::AtomUse const& use : job.condition.uses) {
                ir::Atom const& atom = estate.conditions[use.atom];
                bool const isOrder =
                    atom.job && estate.jobs[atom.job].dialect == ir::Dialect::controlm;
                if (isRefused(job))
                    continue;
                if (isOrder && isRefused(estate.jobs[atom.job]))
                    tell(use, job, atom.job);
                else if (auto const it = refusedAdders.find(atom.name);
                         atom.kind == ir::Atom::Kind::fact && it != refusedAdders.end())
                    tell(use, job, it->second);
            }
    }

    void report() {
        if (!estate.settings.bridges.empty())
            reportOtherEnds();
        if (context.schedulesWithoutZone > 0 && estate.settings.timezone.empty())
            diags.report<diag::Code::TimeZoneAssumed>(Span{}, std::string("UTC"),
                                                      context.schedulesWithoutZone);
        for (size_t rule : site.unusedRules())
            diags.report<diag::Code::SiteRuleUnused>(estate.settings.rules[rule].span)
                .evidence(std::to_string(rule));
    }

    ir::Estate& estate;
    diag::Diagnostics& diags;
    ir::TargetNames names;
    Site site;
    LowerContext context;
    OrderFacts orderFacts;
    OrderUnits orderUnits;
    size_t refused = 0;
};

DagRecord recordOf(Dag const& dag, ir::TargetNames const& names, ir::Estate const& estate) {
    DagRecord record;
    record.dagId = dag.id;
    record.file = dag.id + ".py";
    record.workflow = dag.workflow;
    record.assumptions = dag.assumptions;
    record.subscribedJobs = dag.subscribedJobs;
    record.subscribedVariables = dag.subscribedVariables;
    ir::JobId const root = estate.workflows[dag.workflow].root;
    if (estate.isGroup(root))
        record.tasks.emplace_back(root, dag.id);
    for (BoxGroup const& box : dag.boxes)
        record.tasks.emplace_back(box.job, box.id);
    for (Task const& task : dag.tasks)
        if (task.id == names.taskId(task.job))
            record.tasks.emplace_back(task.job, task.id);
    return record;
}

/// Writes a folder's files with respect for what people changed since the last build.
class Output {
public:
    Output(BuildOptions const& givenOptions, FileSystem& givenFiles, diag::Diagnostics& givenDiags,
           BuildResult& givenResult)
        : options(givenOptions), files(givenFiles), diags(givenDiags), result(givenResult) {
        std::string error;
        if (auto bytes = files.exists(path("hoist.manifest.json"))
                             ? files.read(path("hoist.manifest.json"), error)
                             : std::nullopt)
            if (auto known = filesOfManifest(*bytes))
                earlier = std::move(*known);
    }

    void write(std::string const& name, std::string const& bytes) {
        kept.insert(name);
        std::string error;
        if (files.exists(path(name))) {
            auto const old = files.read(path(name), error);
            if (old && *old == bytes)
                return;
            auto it = earlier.find(name);
            bool const isOurs = old && (name == "hoist.manifest.json" ||
                                        (it != earlier.end() && it->second == sha256(*old)));
            if (!isOurs && !options.overwriteEdited) {
                diags.report<diag::Code::EditedDagKept>(Span{}, path(name))
                    .object(name)
                    .help("change the definition instead; or move the file away, or pass "
                          "`--overwrite-edited`");
                result.isIncomplete = true;
                return;
            }
        }
        if (!files.write(path(name), bytes, error)) {
            diags.report<diag::Code::OutputNotWritten>(Span{}, path(name), error).object(name);
            result.isIncomplete = true;
            return;
        }
        ++result.written;
    }

    void removeOld() {
        for (auto const& [name, hash] : earlier) {
            // A manifest that somebody edited must not make hoist delete elsewhere.
            if (kept.contains(name) || llvm::StringRef(name).contains('/') ||
                !files.exists(path(name)))
                continue;
            std::string error;
            auto const old = files.read(path(name), error);
            if (!old || sha256(*old) != hash)
                continue;
            if (files.remove(path(name), error))
                ++result.removed;
        }
    }

private:
    std::string path(std::string const& name) const { return options.outDir + "/" + name; }

    BuildOptions const& options;
    FileSystem& files;
    diag::Diagnostics& diags;
    BuildResult& result;
    std::map<std::string, std::string> earlier;
    std::set<std::string> kept;
};

} // namespace

size_t lowerOnly(ir::Estate& estate, diag::Diagnostics& diags,
                 std::vector<std::vector<std::string>>* assumptions) {
    Builder builder(estate, diags);
    if (assumptions)
        assumptions->assign(estate.workflows.size(), {});
    builder.lowerAll([&](Dag&& dag) {
        if (assumptions)
            (*assumptions)[dag.workflow.value] = std::move(dag.assumptions);
    });
    return builder.refusedCount();
}

BuildResult build(ir::Estate& estate, BuildOptions const& options, FileSystem& files,
                  diag::Diagnostics& diags) {
    BuildResult result;
    Builder builder(estate, diags);
    Output output(options, files, diags, result);
    std::vector<DagRecord> records;
    builder.lowerAll([&](Dag&& dag) {
        DagRecord record = recordOf(dag, builder.targetNames(), estate);
        std::string const text = emit(std::move(dag));
        record.sha256 = sha256(text);
        output.write(record.file, text);
        records.push_back(std::move(record));
    });
    std::vector<SiteFile> const site = siteFiles(builder.state());
    for (SiteFile const& file : site)
        output.write(file.name, file.bytes);
    output.removeOld();
    output.write("hoist.manifest.json",
                 manifest(estate, records, site, builder.state().orderResources));
    result.dags = records.size();
    result.refused = builder.refusedCount();
    result.isIncomplete |= result.refused > 0;
    return result;
}

} // namespace hoist::airflow
