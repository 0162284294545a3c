// Boxes: who is a member of whom, circles among boxes, and the workflows that result.
//
// Everything here walks with a stack of its own: boxes of hostile files nest as deep as the file is
// long.
#include "analysis/link/Steps.h"

#include "frontend/base/Suggest.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

namespace hoist::analysis {

using diag::Code;

namespace {

/// Finds the box a job names, or reports why there is none and refuses the job: outside its box it
/// would start at the wrong time.
class BoxNames {
public:
    BoxNames(ir::Estate& theEstate, diag::Diagnostics& diagnostics)
        : estate(theEstate), diags(diagnostics) {}

    void resolve(ir::Job& job) {
        llvm::StringRef const name = *job.boxName;
        if (name == lastName) { // members mostly stand one behind the other
            job.box = lastBox;
            return;
        }
        Span const at = estate.constructs.span(job.boxName.from);
        auto it = estate.jobByName.find(name);
        if (it == estate.jobByName.end()) {
            job.refused = true;
            auto report = diags.report<Code::UndefinedBox>(at, name, job.name);
            report.object(job.name).primary("no box of this name is defined").evidence(name);
            if (llvm::StringRef near = boxes().nearest(name); !near.empty())
                report.help(fmt::format("did you mean `{}`?", diag::shown(near)))
                    .label(estate.jobs[estate.jobByName.lookup(near)].nameSpan,
                           "a box with a similar name");
            return;
        }
        ir::Job const& target = estate.jobs[it->second];
        if (!target.group) {
            job.refused = true;
            diags.report<Code::NotABox>(at, name, job.name)
                .object(job.name)
                .evidence(name)
                .primary("this job is no box")
                .label(target.nameSpan, "defined here, not as a box");
            return;
        }
        job.box = it->second;
        lastName = name;
        lastBox = job.box;
    }

private:
    Suggestions const& boxes() {
        if (!names) {
            names.emplace();
            for (ir::Group const& group : estate.groups)
                names->add(estate.jobs[group.self].name);
        }
        return *names;
    }

    ir::Estate& estate;
    diag::Diagnostics& diags;
    llvm::StringRef lastName; // of the last box that was found
    ir::JobId lastBox;
    std::optional<Suggestions> names; // built at the first miss: most estates have none
};

/// Reports the circle that contains `start` and cuts it there, so that everything later sees a
/// forest.
void breakCycle(ir::Estate& estate, diag::Diagnostics& diags, ir::JobId start) {
    auto report = diags.report<Code::BoxCycle>(
        estate.constructs.span(estate.jobs[start].boxName.from), estate.jobs[start].name);
    report.object(estate.jobs[start].name)
        .primary(fmt::format("`{}` is inside `{}`", diag::shown(estate.jobs[start].name),
                             diag::shown(*estate.jobs[start].boxName)));
    constexpr int mostLabels = 16;
    int labels = 0;
    for (ir::JobId at = estate.jobs[start].box; at != start; at = estate.jobs[at].box) {
        estate.jobs[at].refused = true;
        if (labels++ < mostLabels)
            report.label(estate.constructs.span(estate.jobs[at].boxName.from),
                         fmt::format("`{}` is inside `{}`", diag::shown(estate.jobs[at].name),
                                     diag::shown(*estate.jobs[at].boxName)));
    }
    estate.jobs[start].refused = true;
    estate.jobs[start].box = {};
}

} // namespace

void linkBoxes(ir::Estate& estate, diag::Diagnostics& diags) {
    BoxNames names(estate, diags);
    bool const hasDuplicates = estate.jobByName.size() < estate.jobs.size();
    for (ir::JobId id : estate.jobs.ids()) {
        ir::Job& job = estate.jobs[id];
        if (job.boxName && !job.boxName->empty() &&
            (!hasDuplicates || estate.jobByName.lookup(job.name) == id))
            names.resolve(job);
    }

    // Each box has one parent, so a circle is a path that meets itself; every job is walked once.
    enum Mark : uint8_t { unseen, onPath, finished };
    std::vector<Mark> marks(estate.jobs.size(), unseen);
    std::vector<ir::JobId> path;
    for (ir::JobId id : estate.jobs.ids()) {
        path.clear();
        ir::JobId at = id;
        for (; at && marks[at.value] == unseen; at = estate.jobs[at].box) {
            marks[at.value] = onPath;
            path.push_back(at);
        }
        if (at && marks[at.value] == onPath)
            breakCycle(estate, diags, at);
        for (ir::JobId walked : path)
            marks[walked.value] = finished;
    }

    for (ir::JobId id : estate.jobs.ids())
        if (ir::JobId const box = estate.jobs[id].box)
            estate.groups[estate.jobs[box].group].members.push_back(id);
}

void buildWorkflows(ir::Estate& estate, diag::Diagnostics& diags) {
    struct Visit {
        ir::JobId job;
        unsigned depth;
    };
    std::vector<Visit> stack;
    for (ir::JobId root : estate.jobs.ids()) {
        if (estate.jobs[root].box)
            continue;
        ir::WorkflowId const id = estate.workflows.add();
        ir::Workflow& workflow = estate.workflows[id];
        workflow.root = root;
        workflow.dialect = estate.jobs[root].dialect;
        bool tooDeep = false;
        stack.push_back({root, 0});
        while (!stack.empty()) {
            auto const [at, depth] = stack.back();
            stack.pop_back();
            ir::Job& job = estate.jobs[at];
            job.workflow = id;
            workflow.jobs.push_back(at);
            if (depth > deepestNesting && !tooDeep) {
                tooDeep = true;
                job.refused = true;
                diags.report<Code::NestingTooDeep>(job.nameSpan, job.name, deepestNesting)
                    .object(job.name)
                    .label(estate.jobs[root].nameSpan, "the outermost box, which is refused");
            }
            if (!job.group)
                continue;
            auto const& members = estate.groups[job.group].members;
            for (size_t i = members.size(); i-- > 0;)
                stack.push_back({members[i], depth + 1});
        }
    }
}

} // namespace hoist::analysis
