// Dated facts (Control-M's conditions): who adds one, who waits for it, who deletes it.
//
// A fact without a job that adds it waits for an operator (CTM-017). The idiom of a consumer that
// deletes what it waited for is a plain edge as long as it is the only consumer; with several, the
// first takes it away from the rest (CTM-019). Tables belong to servers, but many exports do not
// say whose a folder is: what names no server fits all of them.
#include "analysis/Pass.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringMap.h>

#include <vector>

namespace hoist::analysis {
namespace {

struct Wait {
    ir::JobId job;
    Span span;
    llvm::StringRef server;
    ir::Scope date;
};
struct Change {
    ir::JobId job;
    ir::FactChange const* change;
};
struct Fact {
    llvm::SmallVector<Wait, 1> waits;
    llvm::SmallVector<Change, 1> adds, deletes;
    /// The servers of which it was told already: one finding a name.
    std::vector<llvm::StringRef> neverAddedOn, neverReadOn;
};

bool isOneTable(llvm::StringRef a, llvm::StringRef b) { return a.empty() || b.empty() || a == b; }

/// May `change` be about what `wait` waits for? Dates of other jobs are not compared: only that
/// both have one, or none (CTM-011).
bool concerns(ir::FactChange const& change, ir::Scope const& wait, llvm::StringRef server) {
    using Kind = ir::Scope::Kind;
    if (!isOneTable(change.server, server))
        return false;
    if (change.date.kind == Kind::anyOrderDate || wait.kind == Kind::anyOrderDate)
        return true;
    return (change.date.kind == Kind::noDate) == (wait.kind == Kind::noDate);
}

class FactChecks {
public:
    explicit FactChecks(PassContext& givenContext)
        : context(givenContext), estate(givenContext.estate) {
        for (ir::JobId id : estate.jobs.ids()) {
            ir::Job const& job = estate.jobs[id];
            for (ir::AtomUse const& use : job.condition.uses) {
                ir::Atom const& atom = estate.conditions[use.atom];
                if (atom.kind == ir::Atom::Kind::fact)
                    facts[atom.name].waits.push_back({id, use.nameSpan, atom.instance, atom.scope});
            }
            for (ir::FactChange const& change : job.factChanges) {
                Fact& fact = facts[change.name];
                (change.adds ? fact.adds : fact.deletes).push_back({id, &change});
            }
        }
    }

    void run() {
        for (ir::JobId id : estate.jobs.ids()) { // in the order of the definitions
            ir::Job const& job = estate.jobs[id];
            for (ir::AtomUse const& use : job.condition.uses)
                neverAdded(job, use);
            if (job.dialect != ir::Dialect::controlm)
                continue; // of a bridge, which was looked at when it was linked (C0018)
            for (ir::FactChange const& change : job.factChanges)
                if (change.adds)
                    neverRead(job, change);
                else
                    takenAway(id, change);
        }
    }

private:
    void neverAdded(ir::Job const& job, ir::AtomUse const& use) {
        ir::Atom const& atom = estate.conditions[use.atom];
        if (atom.kind != ir::Atom::Kind::fact)
            return;
        Fact& fact = facts[atom.name];
        if (llvm::is_contained(fact.neverAddedOn, atom.instance))
            return;
        for (Change const& add : fact.adds)
            if (concerns(*add.change, atom.scope, atom.instance))
                return;
        fact.neverAddedOn.push_back(atom.instance);
        auto finding =
            context.diags.report<Code::FactNeverAdded>(use.nameSpan, atom.name, job.name);
        finding.object(job.name).evidence(atom.name).note("rule CTM-017");
        if (!fact.adds.empty())
            finding.label(fact.adds.front().change->nameSpan,
                          "added here, but in another table, or only with (or without) a date");
    }

    void neverRead(ir::Job const& job, ir::FactChange const& change) {
        Fact& fact = facts[change.name];
        if (llvm::is_contained(fact.neverReadOn, change.server))
            return;
        for (Wait const& wait : fact.waits)
            if (isOneTable(wait.server, change.server))
                return;
        fact.neverReadOn.push_back(change.server);
        context.diags.report<Code::FactNeverRead>(change.nameSpan, job.name, change.name)
            .object(job.name)
            .evidence(change.name);
    }

    void takenAway(ir::JobId id, ir::FactChange const& change) {
        if (change.isAction)
            return; // what a rule does when something went wrong is meant
        ir::Job const& job = estate.jobs[id];
        ir::JobId other;
        Span where;
        for (Wait const& wait : facts[change.name].waits)
            if (wait.job != id && concerns(change, wait.date, wait.server) &&
                (wait.date.kind == change.date.kind ||
                 change.date.kind == ir::Scope::Kind::anyOrderDate)) {
                other = wait.job;
                where = wait.span;
                break;
            }
        if (!other)
            return;
        context.diags.report<Code::FactTakenAway>(change.nameSpan, job.name, change.name)
            .object(job.name)
            .evidence(change.name)
            .label(where, fmt::format("`{}` waits for it", shown(estate.jobs[other].name)))
            .note("rule CTM-019");
    }

    PassContext& context;
    ir::Estate& estate;
    llvm::StringMap<Fact> facts;
};

} // namespace

void checkFacts(PassContext& context) { FactChecks(context).run(); }

} // namespace hoist::analysis
