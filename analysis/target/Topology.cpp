// What the shims of a DAG say of its jobs and boxes, as `hoist_airflow.run.topology` reads it.
#include "analysis/target/Ledger.h"

#include <map>

namespace hoist::target {

namespace {

/// Legacy names of the boxes around a group and in it, the innermost first.
std::vector<GroupId> boxesFrom(Dag const& dag, GroupId group) {
    std::vector<GroupId> found;
    for (; group; group = dag.groups[group].parent)
        if (dag.groups[group].isBox)
            found.push_back(group);
    return found;
}

bool isShim(Task const& task) { return !task.legacyJob.empty(); }

bool isTrue(nlohmann::json const& value) { return value.is_boolean() && value.get<bool>(); }

std::optional<std::string> textOf(nlohmann::json const& value) {
    return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
}

struct FoldOf {
    std::optional<std::string> success, failure;
};

} // namespace

std::vector<std::string> textsOf(nlohmann::json const& value) {
    std::vector<std::string> found;
    if (value.is_array())
        for (nlohmann::json const& item : value)
            if (item.is_string())
                found.push_back(item.get<std::string>());
    return found;
}

std::string boxOf(Dag const& dag, Task const& task, llvm::StringRef outer) {
    if (task.legacyBox)
        return *task.legacyBox;
    if (auto const around = boxesFrom(dag, task.group); !around.empty())
        return dag.groups[around.front()].legacyJob;
    bool const isAlone = task.id == dag.id || task.legacyJob == dag.id || task.legacyJob == outer;
    return isAlone ? "" : outer.str();
}

Topology topologyOf(Dag const& dag) {
    std::string outer;
    for (Task const& task : dag.tasks)
        if (outer.empty() && isShim(task) && task.role == Role::verdict &&
            boxesFrom(dag, task.group).empty())
            outer = task.legacyJob;
    for (Task const& task : dag.tasks)
        if (outer.empty() && isShim(task) && task.legacyBox && !task.legacyBox->empty() &&
            boxesFrom(dag, task.group).empty())
            outer = *task.legacyBox;
    if (outer.empty())
        outer = dag.id;
    std::map<std::string, std::string> parents;
    std::map<std::string, FoldOf> boxes;
    std::map<std::string, Task const*> jobs;
    llvm::StringSet<> terminators, kills, autoHolds, eager;
    for (Task const& task : dag.tasks)
        if (isShim(task) && task.role == Role::job) {
            jobs[task.legacyJob] = &task;
            parents[task.legacyJob] = boxOf(dag, task, outer);
        }
    for (Group const& group : dag.groups) {
        if (!group.isBox)
            continue;
        auto const around = boxesFrom(dag, group.parent);
        parents[group.legacyJob] = around.empty() ? outer : dag.groups[around.front()].legacyJob;
        boxes[group.legacyJob] = {group.success, group.failure};
        terminators.insert(group.terminators.begin(), group.terminators.end());
        kills.insert(group.kill.begin(), group.kill.end());
        if (group.isEager)
            eager.insert(group.legacyJob);
    }
    std::vector<std::string> named;
    for (auto const& [job, box] : parents)
        if (!box.empty())
            named.push_back(box);
    for (std::string const& box : named) {
        boxes.try_emplace(box);
        parents.try_emplace(box);
    }
    for (Task const& task : dag.tasks) {
        if (isShim(task) && task.role == Role::verdict) {
            FoldOf& fold = boxes[task.legacyJob];
            if (auto given = textOf(task.argument("success")))
                fold.success = given;
            if (auto given = textOf(task.argument("failure")))
                fold.failure = given;
            for (std::string const& job : textsOf(task.argument("terminators")))
                terminators.insert(job);
            for (std::string const& job : textsOf(task.argument("kill")))
                kills.insert(job);
            parents.try_emplace(task.legacyJob);
        } else if (isShim(task) && task.role == Role::hold && isTrue(task.argument("auto"))) {
            autoHolds.insert(task.legacyJob);
        }
    }
    Topology made;
    for (auto const& [job, box] : parents) {
        Member member{job, box, boxes.contains(job), {}, {}};
        if (member.isBox) {
            member.success = boxes[job].success;
            member.failure = boxes[job].failure;
        }
        member.boxTerminator = terminators.contains(job);
        member.jobTerminator = kills.contains(job);
        member.autoHold = autoHolds.contains(job);
        member.isEager = eager.contains(job);
        if (auto const found = jobs.find(job); found != jobs.end())
            member.noexec = isTrue(found->second->argument("noexec"));
        made.members.push_back(std::move(member));
    }
    made.top = outer;
    if (!boxes.contains(outer))
        for (Member const& member : made.members)
            if (member.box.empty()) {
                made.top = member.job;
                break;
            }
    return made;
}

} // namespace hoist::target
