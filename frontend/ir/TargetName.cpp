// Safe ids, and who collides with whom.
#include "frontend/ir/TargetName.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/SHA256.h>

#include <algorithm>

namespace hoist::ir {

std::string airflowId(llvm::StringRef name) {
    std::string id;
    for (char c : name.take_front(200)) {
        bool const safe = llvm::isAlnum(c) || c == '_' || c == '.' || c == '-';
        id += safe ? c : '_';
    }
    // A leading dot or dash makes hidden files and options; Airflow's key rule allows them, file
    // systems suffer.
    if (id.empty() || id.front() == '.' || id.front() == '-')
        id.insert(id.begin(), '_');
    return id;
}

std::string hashedAirflowId(llvm::StringRef name) {
    auto const digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(name));
    return airflowId(name) + "_" +
           llvm::toHex(llvm::ArrayRef(digest).take_front(4), /*LowerCase=*/true);
}

std::string poolId(llvm::StringRef name) {
    std::string id = airflowId(name);
    return id == name ? id : hashedAirflowId(name);
}

/// Group ids are stricter: no dots.
static std::string groupId(std::string id) {
    std::replace(id.begin(), id.end(), '.', '_');
    return id;
}

static bool isNested(Estate const& estate, JobId job) {
    return estate.isGroup(job) && estate.jobs[job].box.isValid();
}

std::string plainId(Estate const& estate, JobId job) {
    llvm::StringRef name = estate.jobs[job].name;
    // Inside its folder a job of Control-M is known by its own name.
    if (estate.jobs[job].dialect == Dialect::controlm && estate.jobs[job].box)
        name = name.substr(name.rfind('/') + 1);
    std::string id = airflowId(name);
    return isNested(estate, job) ? groupId(std::move(id)) : id;
}

TargetNames::TargetNames(Estate const& estate)
    : taskIds(estate.jobs.size()), dagIds(estate.workflows.size()) {
    // Names with a hidden difference (other bytes, other case, beyond 200 characters) meet under
    // one key.
    auto const resolve = [&](llvm::ArrayRef<JobId> jobs, auto&& assign) {
        std::vector<std::string> keys(jobs.size());
        llvm::StringMap<unsigned> groupOf;
        std::vector<llvm::SmallVector<size_t, 1>> groups;
        for (size_t i = 0; i < jobs.size(); ++i) {
            keys[i] = plainId(estate, jobs[i]);
            auto [it, isNew] = groupOf.try_emplace(llvm::StringRef(keys[i]).lower(),
                                                   static_cast<unsigned>(groups.size()));
            if (isNew)
                groups.emplace_back();
            groups[it->second].push_back(i);
        }
        for (auto const& group : groups) {
            for (size_t i : group)
                assign(i, group.size() == 1 ? keys[i]
                          : isNested(estate, jobs[i])
                              ? groupId(hashedAirflowId(estate.jobs[jobs[i]].name))
                              : hashedAirflowId(estate.jobs[jobs[i]].name));
            if (group.size() > 1) {
                std::vector<JobId>& found = collisions.emplace_back();
                for (size_t i : group)
                    found.push_back(jobs[i]);
            }
        }
    };
    std::vector<JobId> roots;
    for (WorkflowId id : estate.workflows.ids())
        roots.push_back(estate.workflows[id].root);
    resolve(roots, [&](size_t i, std::string id) { dagIds[i] = std::move(id); });
    for (WorkflowId id : estate.workflows.ids()) {
        auto const& jobs = estate.workflows[id].jobs;
        if (jobs.size() == 1) { // a stand-alone job: the task is named like its DAG
            taskIds[jobs.front().value] = dagIds[id.value];
            continue;
        }
        resolve(jobs,
                [&](size_t i, std::string taskId) { taskIds[jobs[i].value] = std::move(taskId); });
    }
}

} // namespace hoist::ir
