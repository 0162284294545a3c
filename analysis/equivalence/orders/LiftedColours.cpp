// Does a run fail with each of its jobs? Airflow asks its last tasks alone (AF-015), and what waits
// for several tasks may have been skipped with one of them before another one fails.
#include "analysis/equivalence/orders/Lifting.h"

#include <fmt/format.h>

namespace hoist::equivalence {

namespace {

constexpr llvm::StringLiteral waits[] = {"days",    "when",      "time_from", "time_to", "timezone",
                                         "confirm", "resources", "adjust",    "retro"};

} // namespace

/// Tasks that may be skipped: New Day, or their last time, may find them waiting; and what is
/// skipped with them.
llvm::BitVector Lifting::skippable() const {
    llvm::SmallVector<TaskId, 16> open;
    bool const hasEnders = llvm::any_of(dag->tasks, [](target::Task const& task) {
        return isOfOrder(task) && !task.argument("ends_folder").is_null();
    });
    for (TaskId const id : dag->tasks.ids()) {
        target::Task const& task = dag->tasks[id];
        json const &retries = field(task, "retries"), &pool = field(task, "pool");
        bool const isOrder = isOfOrder(task);
        bool const waitsItself =
            isOrder &&
            (hasEnders || isStart(task) ||
             llvm::any_of(waits,
                          [&](llvm::StringRef one) { return !task.argument(one).is_null(); }) ||
             (retries.is_number_integer() && retries.get<int64_t>() > 0) ||
             (pool.is_string() && pool != "default_pool"));
        if (waitsItself || task.argument("soft_fail") == true)
            open.push_back(id);
    }
    return walked(std::move(open), [&](TaskId at) {
        return llvm::make_filter_range(dag->tasks[at].downstream, [&](TaskId next) {
            return dag->tasks[next].rule == TriggerRule::allSuccess;
        });
    });
}

/// Is it skipped, or failed, at once where the other one is, which stands before it?
bool Lifting::endsWith(TaskId id, TaskId other) const {
    llvm::BitVector seen(static_cast<unsigned>(dag->tasks.size()));
    llvm::SmallVector<TaskId, 16> open{id};
    while (!open.empty()) {
        TaskId const at = open.pop_back_val();
        if (at == other)
            return true;
        if (seen.test(at.value))
            continue;
        seen.set(at.value);
        if (dag->tasks[at].rule == TriggerRule::allSuccess)
            llvm::append_range(open, dag->tasks[at].upstream);
    }
    return false;
}

void Lifting::checkColours() {
    llvm::BitVector const maySkip = skippable();
    auto const failsWith = [&](TaskId id, TaskId up) {
        target::Task const& task = dag->tasks[id];
        if (isEnd(task))
            return true; // it reads how all in its folder ended
        switch (task.rule) {
        case TriggerRule::noneFailed:
        case TriggerRule::noneFailedMinOneSuccess: return true;
        case TriggerRule::allSuccess:
            return llvm::all_of(task.upstream, [&](TaskId other) {
                return !maySkip.test(other.value) || endsWith(up, other);
            });
        default: return false;
        }
    };
    for (TaskId const id : dag->tasks.ids()) {
        target::Task const& task = dag->tasks[id];
        bool const mayFail =
            runsSomething(task) && !(isOrderTask(task, "OrderedDummy") && task.upstream.empty());
        if (mayFail && !isStart(task) && !task.downstream.empty() &&
            llvm::none_of(task.downstream, [&](TaskId next) { return failsWith(next, id); }))
            out->hidden.push_back(id);
    }
}

/// The tasks that have surely ended when `end` runs: what is skipped, or fails, with one of several
/// tasks says nothing of the others.
llvm::BitVector Lifting::endedBefore(TaskId end) const {
    return walked({end}, [&](TaskId at) {
        target::Task const& task = dag->tasks[at];
        return llvm::make_filter_range(task.upstream, [this, &task](TaskId up) {
            return task.rule == TriggerRule::allDone ||
                   llvm::all_of(task.upstream, [&](TaskId other) { return endsWith(up, other); });
        });
    });
}

} // namespace hoist::equivalence
