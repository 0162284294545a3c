// What a DAG tells of the completion of its boxes, against the definition.
#include "analysis/equivalence/Folds.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace hoist::equivalence {

using target::Role;
using target::TaskId;

namespace {

class FoldsOfDag {
public:
    FoldsOfDag(ir::Estate const& definitions, Pair const& given, target::Dag const& loaded,
               Expressions const& parsed, int conflicts, std::optional<RunModel>& lazy,
               Findings& into)
        : estate(definitions), pair(given), dag(loaded), expressions(parsed), budget(conflicts),
          model(lazy), out(into), workflow(definitions.workflows[given.workflow]) {}

    void run() {
        for (target::Group const& group : dag.groups)
            if (group.isBox)
                if (auto it = estate.jobByName.find(group.legacyJob); it != estate.jobByName.end())
                    compareFold(it->second, "", group.success, group.failure, group.terminators,
                                group.kill);
        bool isTold = false, hasShims = false;
        for (TaskId id : dag.tasks.ids()) {
            target::Task const& task = dag.tasks[id];
            hasShims = hasShims || !task.legacyJob.empty();
            auto const guarded = pair.guardedBy.find(id.value);
            if (task.role != Role::verdict || guarded == pair.guardedBy.end() ||
                guarded->second != workflow.root || !estate.isGroup(workflow.root))
                continue;
            isTold = true;
            auto const text = [&](char const* name) -> std::optional<std::string> {
                nlohmann::json const& value = task.argument(name);
                return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
            };
            auto const list = [&](char const* name) {
                std::vector<std::string> names;
                if (task.argument(name).is_array())
                    for (auto const& one : task.argument(name))
                        if (one.is_string())
                            names.push_back(one);
                return names;
            };
            compareFold(workflow.root, task.id, text("success"), text("failure"),
                        list("terminators"), list("kill"));
        }
        // Without a verdict the ledger folds by the default rules.
        if (!isTold && hasShims && estate.isGroup(workflow.root))
            compareFold(workflow.root, "", std::nullopt, std::nullopt, {}, {});
    }

private:
    void compareFold(JobId box, std::string const& task, std::optional<std::string> const& success,
                     std::optional<std::string> const& failure,
                     std::vector<std::string> terminators, std::vector<std::string> kill) {
        ir::Group const& group = estate.groups[job(box).group];
        std::string const name = job(box).name.str();
        for (auto const& [word, mine, theirs] :
             {std::tuple{"box_success", &group.success, &success},
              {"box_failure", &group.failure, &failure}}) {
            std::optional<ir::ExprId> const said =
                *theirs ? expressions.of(**theirs) : std::nullopt;
            if (!*mine && !*theirs)
                continue;
            bool alike = *mine && said;
            if (alike && said != mine->expr) {
                if (!model)
                    model.emplace(estate, pair, dag, expressions);
                alike = model->areAlike(mine->expr, *said, box, budget);
            }
            if (!alike)
                differ({Difference::Aspect::verdict,
                        box,
                        *mine ? mine->span : job(box).nameSpan,
                        task,
                        *mine ? std::string(word) + ": " + estate.conditions.print(mine->expr)
                              : fmt::format("no {}", word),
                        *theirs ? **theirs : "no such test",
                        fmt::format("`{}` would complete in other situations (JIL-115)", name),
                        {}});
        }
        std::vector<std::string> wanted, wantedKill;
        for (JobId member : group.members) {
            if (job(member).boxTerminator && *job(member).boxTerminator)
                wanted.push_back(job(member).name.str());
            if (job(member).jobTerminator && *job(member).jobTerminator)
                wantedKill.push_back(job(member).name.str());
        }
        for (auto* list : {&wanted, &wantedKill, &terminators, &kill})
            std::sort(list->begin(), list->end());
        auto const joined = [](std::vector<std::string> const& names) {
            std::string text;
            for (std::string const& one : names)
                text += (text.empty() ? "" : ", ") + one;
            return text.empty() ? std::string("none") : text;
        };
        if (wanted != terminators)
            differ({Difference::Aspect::verdict,
                    box,
                    job(box).nameSpan,
                    task,
                    "box_terminator: " + joined(wanted),
                    "terminators: " + joined(terminators),
                    fmt::format("`{}` would be terminated by other members (JIL-116)", name),
                    {}});
        if (wantedKill != kill)
            differ({Difference::Aspect::verdict,
                    box,
                    job(box).nameSpan,
                    task,
                    "job_terminator: " + joined(wantedKill),
                    "kill: " + joined(kill),
                    fmt::format("other members of `{}` would be killed with it (JIL-117)", name),
                    {}});
    }

    ir::Job const& job(JobId id) const { return estate.jobs[id]; }
    void differ(Difference difference) { out.differences.push_back(std::move(difference)); }

    ir::Estate const& estate;
    Pair const& pair;
    target::Dag const& dag;
    Expressions const& expressions;
    int budget;
    std::optional<RunModel>& model;
    Findings& out;
    ir::Workflow const& workflow;
};

} // namespace

void compareFolds(ir::Estate const& estate, Pair const& pair, target::Dag const& dag,
                  Expressions const& expressions, int budget, std::optional<RunModel>& model,
                  Findings& out) {
    FoldsOfDag(estate, pair, dag, expressions, budget, model, out).run();
}

} // namespace hoist::equivalence
