// Jobs that wait for each other in a circle.
//
// Each job has two events, its start and its end; an arrow means "waits for". A start waits for the
// ends that its condition cannot do without (a branch of an OR can be done without) and for the
// start of its box; the end of a box that has no box_success waits for the ends of its members. A
// circle of arrows is a strongly connected component; of each component one shortest circle is
// shown, found by a breadth-first search.
//
// What a circle means depends on where it lies. Inside one top-level box nobody can start: the
// box's start has cleared every earlier status (JIL-110). Across workflows statuses are latched
// (JIL-064): each may run on the other's *last* run, so only the first round needs a hand. The
// first is an error, the second a warning. `n()` is no order (JIL-076).
#include "analysis/Pass.h"
#include "analysis/Truth.h"
#include "frontend/base/Components.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>

#include <algorithm>
#include <deque>

namespace hoist::analysis {
namespace {

struct Arrow {
    uint32_t to = 0;
    Span where; ///< the atom or the box_name that says so; nowhere for "an end comes after its
                ///< start"
};

uint32_t startOf(ir::JobId job) { return 2 * job.value; }
uint32_t endOf(ir::JobId job) { return 2 * job.value + 1; }
ir::JobId jobOf(uint32_t event) { return ir::JobId(size_t(event / 2)); }

class CycleFinder {
public:
    CycleFinder(PassContext& givenContext, bool acrossWorkflows)
        : context(givenContext), estate(givenContext.estate), across(acrossWorkflows),
          arrows(2 * estate.jobs.size()) {}

    void run() {
        for (ir::JobId id : estate.jobs.ids())
            addArrows(id);
        findComponents();
    }

private:
    void addArrows(ir::JobId id) {
        ir::Job const& job = estate.jobs[id];
        arrows[endOf(id)].push_back({startOf(id), {}});
        if (job.box) {
            Span const where = estate.constructs.span(job.boxName.from);
            arrows[startOf(id)].push_back({startOf(job.box), where});
            if (!estate.groups[estate.jobs[job.box].group].success &&
                !job.begins(ir::InitialStatus::onIce))
                arrows[endOf(job.box)].push_back({endOf(id), where});
        }
        if (!job.condition)
            return;
        llvm::DenseMap<uint32_t, Span> places;
        for (ir::AtomUse const& use : job.condition.uses)
            places.try_emplace(use.atom.value, use.span);
        for (ir::AtomId atomId : necessaryAtoms(estate.conditions, job.condition.expr)) {
            ir::Atom const& atom = estate.conditions[atomId];
            if (!atom.job ||
                (atom.kind == ir::Atom::Kind::status && (atom.outcomes & ir::notRunning)))
                continue;
            ir::Job const& other = estate.jobs[atom.job];
            // A job that waits for its own box, or for itself, is found elsewhere (A0003, A0008).
            if (other.begins(ir::InitialStatus::onIce) ||
                (!across && other.workflow != job.workflow) || id == atom.job ||
                estate.isInside(id, atom.job))
                continue;
            arrows[startOf(id)].push_back({endOf(atom.job), places.lookup(atomId.value)});
        }
    }

    void findComponents() {
        component.assign(arrows.size(), 0);
        uint32_t components = 0;
        auto const next = [&](uint32_t event, size_t i) {
            return i < arrows[event].size() ? std::optional(arrows[event][i].to) : std::nullopt;
        };
        auto const take = [&](std::vector<uint32_t>& members) {
            ++components;
            for (uint32_t const event : members)
                component[event] = components;
            if (members.size() > 1)
                report(members);
        };
        forEachComponent(static_cast<uint32_t>(arrows.size()), next, take);
    }

    /// Inside one workflow: the circle through the first job. Across: one through an arrow that
    /// leaves a workflow.
    void report(std::vector<uint32_t>& members) {
        std::sort(members.begin(), members.end());
        for (uint32_t from : members)
            for (Arrow const& arrow : arrows[from]) {
                bool const leaves =
                    estate.jobs[jobOf(from)].workflow != estate.jobs[jobOf(arrow.to)].workflow;
                if (component[arrow.to] == component[from] && arrow.where.isValid() &&
                    leaves == across)
                    return show(from, arrow);
            }
    }

    void show(uint32_t from, Arrow const& first) {
        // Breadth first from the arrow's head back to its tail, inside the component.
        llvm::DenseMap<uint32_t, std::pair<uint32_t, Span>> cameFrom;
        std::deque<uint32_t> queue{first.to};
        cameFrom[first.to] = {first.to, {}};
        while (!cameFrom.contains(from)) {
            uint32_t const event = queue.front();
            queue.pop_front();
            for (Arrow const& arrow : arrows[event])
                if (component[arrow.to] == component[from] &&
                    cameFrom.try_emplace(arrow.to, event, arrow.where).second)
                    queue.push_back(arrow.to);
        }
        struct Step {
            uint32_t from, to;
            Span where;
        };
        std::vector<Step> steps;
        for (uint32_t at = from; at != first.to; at = cameFrom[at].first)
            steps.push_back({cameFrom[at].first, at, cameFrom[at].second});
        steps.push_back({from, first.to, first.where});
        std::reverse(steps.begin(), steps.end()); // now in walking order, the first arrow first

        std::string names;
        size_t jobs = 0;
        llvm::DenseSet<uint32_t> named;
        for (Step const& step : steps)
            if (named.insert(jobOf(step.from).value).second && ++jobs <= 8)
                names += fmt::format("{}`{}`", names.empty() ? "" : ", ",
                                     shown(estate.jobs[jobOf(step.from)].name));
        if (jobs > 8)
            names += fmt::format(" and {} more", jobs - 8);
        llvm::StringRef const object = estate.jobs[jobOf(from)].name;
        auto builder = across ? context.diags.report<Code::CycleAcrossRuns>(first.where, names)
                              : context.diags.report<Code::DependencyCycle>(first.where, names);
        builder.object(object).evidence(names).primary(text(from, first.to));
        size_t labels = 0;
        for (size_t i = 1; i < steps.size(); ++i)
            if (steps[i].where.isValid() && ++labels <= 16)
                builder.label(steps[i].where, text(steps[i].from, steps[i].to));
        if (across)
            builder.note("a status stays until the job starts again (JIL-064): afterwards each "
                         "runs on the other's last run");
    }

    std::string text(uint32_t from, uint32_t to) const {
        llvm::StringRef const a = estate.jobs[jobOf(from)].name, b = estate.jobs[jobOf(to)].name;
        if (from % 2 == 0 && to % 2 == 0)
            return fmt::format("`{}` starts only in its box `{}`", shown(a), shown(b));
        if (from % 2 == 1)
            return fmt::format("box `{}` ends only after its member `{}`", shown(a), shown(b));
        return fmt::format("`{}` waits for `{}`", shown(a), shown(b));
    }

    PassContext& context;
    ir::Estate const& estate;
    bool across;
    std::vector<llvm::SmallVector<Arrow, 2>> arrows;
    std::vector<uint32_t> component;
};

} // namespace

void findCycles(PassContext& context) {
    CycleFinder(context, false).run();
    CycleFinder(context, true).run();
}

} // namespace hoist::analysis
