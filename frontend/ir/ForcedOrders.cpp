// The names of folders and jobs of Control-M as DOFORCEJOB says them.
#include "frontend/ir/ForcedOrders.h"

namespace hoist::ir {

std::string forcedPath(EndAction const& action) {
    return action.name.empty() ? action.folder.str() : (action.folder + "/" + action.name).str();
}

ForcedOrders::ForcedOrders(Estate const& estate) {
    std::vector<std::string> named;
    for (Job const& job : estate.jobs)
        forEachForced(estate, job,
                      [&](EndAction const& action) { named.push_back(forcedPath(action)); });
    if (named.empty())
        return;
    for (JobId const id : estate.jobs.ids()) {
        Job const& job = estate.jobs[id];
        if (job.dialect != Dialect::controlm)
            continue;
        llvm::StringRef const path = job.name;
        llvm::StringRef folder = path.split('/').first;
        folder.consume_front("controlm:");
        llvm::StringRef const name = path.substr(path.rfind('/') + 1).split('#').first;
        byPath[job.box ? (folder + "/" + name).str() : folder.str()].push_back(id);
    }
    forced.resize(static_cast<unsigned>(estate.jobs.size()));
    for (std::string const& path : named)
        for (JobId const target : targetsOf(path)) {
            forced.set(target.value);
            if (!estate.jobs[target].box)
                for (JobId const member : estate.workflows[estate.jobs[target].workflow].jobs)
                    forced.set(member.value);
        }
}

llvm::ArrayRef<JobId> ForcedOrders::targetsOf(llvm::StringRef path) const {
    auto const it = byPath.find(path);
    return it == byPath.end() ? llvm::ArrayRef<JobId>() : llvm::ArrayRef<JobId>(it->second);
}

} // namespace hoist::ir
