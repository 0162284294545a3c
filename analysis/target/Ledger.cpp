// The transactions of the ledger: run start, box start, a job's start, its end and the fold
// upwards, the end of a run; what operators send. Each function does what the one of its name in
// hoist_airflow/ledger does.
#include "analysis/target/Ledger.h"

#include <llvm/ADT/STLExtras.h>

#include <algorithm>

namespace hoist::target {

using ir::JobId;
using semantics::isEnded;
using semantics::isQueued;
using semantics::isUnderWay;

namespace {

bool isNotStarted(Status status) {
    return status == Status::activated || status == Status::onHold || isQueued(status);
}

/// Sourced wants to know where a value stands; here everything is the DAG's.
ir::ConstructId const somewhere{0};

} // namespace

Ledger::Ledger(Bag const& bag, llvm::ArrayRef<DagId> dags, semantics::Scenario const& scenario,
               semantics::Trace& into)
    : trace(into) {
    for (DagId const id : dags)
        define(bag.dags[id], id, topologyOf(bag.dags[id]));
    for (auto const& [name, value] : scenario.globals)
        estate.variables.push_back({estate.save(name), estate.save(value), {}, {}, {}});
    store = std::make_unique<semantics::Store>(estate);
    for (auto const& [name, status] : scenario.statuses)
        store->entry(name) = status;
    // Conditions after every job of every DAG is known, so that atoms find them.
    for (DagId const id : dags)
        for (Member const& member : topologyOf(bag.dags[id]).members) {
            JobId const job = jobOf(member.job);
            if (!member.isBox || rows[job].dag != id)
                continue;
            ir::Group& group = estate.groups[estate.jobs[job].group];
            if (member.success)
                group.success.expr = condition(*member.success);
            if (member.failure)
                group.failure.expr = condition(*member.failure);
        }
    fold = std::make_unique<semantics::Fold>(estate, *store);
}

JobId Ledger::know(llvm::StringRef name) {
    if (auto const found = estate.jobByName.find(name); found != estate.jobByName.end())
        return found->second;
    JobId const job = estate.jobs.add();
    estate.jobs[job].name = estate.save(name);
    estate.jobByName[name] = job;
    rows.add();
    return job;
}

void Ledger::define(Dag const& dag, DagId id, Topology const& topology) {
    auto const yes = [](ir::Sourced<bool>& flag, bool value) {
        if (value)
            flag.set(true, somewhere);
    };
    std::vector<Member const*> fresh;
    for (Member const& member : topology.members) {
        JobId const job = know(member.job);
        if (rows[job].dag)
            continue; // of an earlier DAG
        fresh.push_back(&member);
        rows[job].dag = id;
        rows[job].noexec = member.noexec;
        rows[job].autoHold = member.autoHold;
        rows[job].isEager = member.isEager;
        yes(estate.jobs[job].boxTerminator, member.boxTerminator);
        yes(estate.jobs[job].jobTerminator, member.jobTerminator);
        if (member.isBox) {
            ir::GroupId const group = estate.groups.add();
            estate.groups[group].self = job;
            estate.jobs[job].group = group;
        }
    }
    for (Member const* const member : fresh) {
        JobId const box = member->box.empty() ? JobId() : jobOf(member->box);
        if (!box.isValid() || !isBox(box) || member->box == member->job)
            continue;
        JobId const job = jobOf(member->job);
        estate.jobs[job].box = box;
        estate.groups[estate.jobs[box].group].members.push_back(job);
    }
    for (Task const& task : dag.tasks)
        if (!task.legacyJob.empty())
            know(task.legacyJob);
}

// --- statuses
// -------------------------------------------------------------------------------------

void Ledger::put(JobId job, Status status, Reason reason, Put const& more) {
    Status const before = (*store)[job].status;
    store->record(job, status, now, more.exitCode);
    fold->moved(job, before, status);
    Row& row = rows[job];
    if (more.run >= 0)
        row.run = more.run;
    if (status != Status::starting)
        row.byGate = false;
    ++version;
    news.push_back({nameOf(job), false, status});
    trace.events.push_back(
        {now, nameOf(job), status, more.exitCode, more.attempt, std::move(reason)});
}

void Ledger::put(JobId job, Status status, Reason reason) {
    put(job, status, std::move(reason), Put());
}

void Ledger::record(JobId job, Status status, int run, Reason reason,
                    std::optional<int64_t> exitCode, unsigned attempt) {
    put(job, status, std::move(reason), {run, exitCode, attempt});
    spread(job);
}

void Ledger::spread(JobId changed) {
    llvm::SmallVector<JobId, 4> changes{changed};
    while (!changes.empty()) {
        JobId const member = changes.pop_back_val();
        if (isEnded((*store)[member].status) && !estate.jobs[member].box)
            if (auto const run = runs.find(rows[member].run);
                run != runs.end() && run->second.closedAt < 0)
                run->second.closedAt = now; // the run ends when its top does
        bool isDirect = true;
        size_t depth = 0;
        for (JobId box = estate.jobs[member].box; box && depth++ < estate.jobs.size();
             box = estate.jobs[box].box) {
            if (auto const derived = fold->derive(box, member, isDirect, now)) {
                complete(box, *derived);
                changes.push_back(box);
            }
            isDirect = false;
        }
    }
}

void Ledger::complete(JobId box, semantics::Derived const& derived) {
    put(box, derived.status, {derived.rule, derived.text, {}});
    settleUnstarted(box);
    if (derived.status == Status::failure || derived.status == Status::terminated)
        killMembers(box);
}

llvm::ArrayRef<JobId> Ledger::membersOf(JobId box) const {
    return isBox(box) ? llvm::ArrayRef(estate.groups[estate.jobs[box].group].members)
                      : llvm::ArrayRef<JobId>();
}

void Ledger::settleUnstarted(JobId top) {
    llvm::SmallVector<JobId, 4> boxes{top};
    while (!boxes.empty()) {
        JobId const box = boxes.pop_back_val();
        for (JobId const member : membersOf(box)) {
            Status const status = (*store)[member].status;
            if (isBox(member) && isNotStarted(status))
                boxes.push_back(member);
            if (isNotStarted(status) && status != Status::onHold)
                put(member, Status::inactive,
                    {"JIL-114", nameOf(box) + " completed before it started", nameOf(box)});
        }
    }
}

void Ledger::killMembers(JobId box) {
    for (JobId const member : membersOf(box))
        if (estate.jobs[member].jobTerminator)
            kill(member);
}

bool Ledger::kill(JobId job) {
    if (!isUnderWay((*store)[job].status))
        return false;
    if (isBox(job)) {
        complete(job, {Status::terminated, "JIL-083", "KILLJOB"});
        spread(job);
    } else {
        kills.push_back(job);
    }
    return true;
}

// --- runs
// -----------------------------------------------------------------------------------------

bool Ledger::openRun(DagId dag, int run, int64_t tick, bool overlap, llvm::StringRef top,
                     bool byClock) {
    // A run is active from its own tick or event on, however late it was opened.
    RunRow row{dag, jobOf(top), tick, -1, false, overlap};
    if (!overlap)
        for (auto const& [_, other] : runs)
            row.isDropped =
                row.isDropped || (other.dag == dag && !other.isDropped && other.tick <= tick &&
                                  (other.closedAt < 0 || other.closedAt > tick - int64_t{byClock}));
    if (row.isDropped)
        row.closedAt = now;
    runs[run] = row;
    ++version;
    return !row.isDropped;
}

std::vector<JobId> Ledger::chainOf(JobId job) const {
    std::vector<JobId> chain;
    for (JobId box = estate.jobs[job].box; box && chain.size() < estate.jobs.size();
         box = estate.jobs[box].box)
        chain.push_back(box);
    std::reverse(chain.begin(), chain.end());
    return chain;
}

bool Ledger::overlaps(DagId dag) const {
    return llvm::any_of(runs, [&](auto const& item) {
        return item.second.dag == dag && item.second.overlaps && item.second.closedAt < 0;
    });
}

Ledger::Boxes Ledger::startBoxes(JobId job, int run) {
    std::vector<JobId> const chain = chainOf(job);
    // What is around a RUNNING box does not matter to its members (JIL-083, JIL-115).
    auto const going = std::find_if(chain.rbegin(), chain.rend(), [&](JobId box) {
        return isMine(box, run) && isUnderWay((*store)[box].status);
    });
    for (JobId const box : llvm::make_range(going.base(), chain.end())) {
        Status const status = (*store)[box].status;
        bool const isOthers = rows[box].run != run;
        if (status == Status::onHold)
            return Boxes::held;
        if (status == Status::onIce)
            return Boxes::iced;
        bool const isFresh = isOthers || isNotStarted(status);
        if (isFresh && !(isOthers && isUnderWay(status) && overlaps(rows[box].dag)))
            startBox(box, run);
        if (!isUnderWay((*store)[box].status))
            return Boxes::closed;
    }
    return Boxes::open;
}

void Ledger::startLate(JobId box, int run) {
    if (isBox(box) && (!isMine(box, run) || isNotStarted((*store)[box].status)))
        tryStart(box, run, 1);
}

bool Ledger::keepsOut(JobId job, int run, llvm::ArrayRef<JobId> above) const {
    for (JobId const box : chainOf(job)) {
        Status const status = (*store)[box].status;
        bool const isIdle = !isMine(box, run) || isNotStarted(status) || status == Status::inactive;
        if (isIdle && llvm::any_of(above, [&](JobId other) { return isInside(other, box); }))
            return true;
    }
    return false;
}

void Ledger::startBox(JobId first, int run) {
    llvm::SmallVector<JobId, 4> boxes{first};
    while (!boxes.empty()) { // with the boxes in it that wait for nothing, and so on
        JobId const box = boxes.pop_back_val();
        startOneBox(box, run);
        if (isUnderWay((*store)[box].status))
            for (JobId const member : membersOf(box))
                if (rows[member].isEager && (*store)[member].status == Status::activated)
                    boxes.push_back(member);
    }
}

void Ledger::startOneBox(JobId top, int run) {
    put(top, Status::starting, {"JIL-110", "the run starts", {}}, {run});
    put(top, Status::running, {"JIL-110", "the run starts", {}}, {run});
    llvm::SmallVector<JobId, 4> boxes{top};
    while (!boxes.empty()) {
        JobId const box = boxes.pop_back_val();
        for (JobId const member : membersOf(box))
            if (rows[member].autoHold && (*store)[member].status != Status::onIce &&
                rows[member].holdRun != run)
                holdForRun(member, run); // JIL-094
        for (JobId const member : membersOf(box)) {
            Status const status = (*store)[member].status;
            if (status != Status::onHold && status != Status::onIce && !isUnderWay(status))
                put(member, Status::activated, {"JIL-110", nameOf(box) + " starts", nameOf(box)},
                    {run});
            if (isBox(member))
                boxes.push_back(member);
        }
    }
    if (auto const derived = fold->deriveAtStart(top, now)) { // JIL-091, JIL-122
        complete(top, *derived);
        spread(top);
    }
}

void Ledger::holdForRun(JobId job, int run) {
    Row& row = rows[job];
    if (row.holdRun == run || isUnderWay((*store)[job].status))
        return;
    put(job, Status::onHold, {"JIL-094", "auto_hold", {}}, {estate.jobs[job].box ? run : -1});
    row.holdRun = run;
}

void Ledger::hold(JobId job, int run, bool isAuto) {
    Row& row = rows[job];
    if (isAuto) {
        holdForRun(job, run);
    } else if (!row.holdRun && !isUnderWay((*store)[job].status)) {
        put(job, Status::onHold, {"JIL-085", "defined on hold", {}});
        news.pop_back(); // as defined: nothing has happened
        row.holdRun = -1;
    }
}

void Ledger::lift(JobId job) {
    Status const status = (*store)[job].status;
    if (status == Status::onHold || status == Status::onIce)
        put(job, Status::inactive, {"JIL-081", "FORCE_STARTJOB", {}});
}

bool Ledger::isBoxOver(JobId job, int run) const {
    std::vector<JobId> const chain = chainOf(job);
    auto const decides = std::find_if(chain.rbegin(), chain.rend(), [&](JobId box) {
        Status const status = (*store)[box].status;
        return isMine(box, run) &&
               (isEnded(status) || status == Status::inactive || isUnderWay(status));
    });
    return decides != chain.rend() && !isUnderWay((*store)[*decides].status);
}

std::optional<int64_t> Ledger::boxStart(JobId job, int run) const {
    JobId const box = estate.jobs[job].box;
    if (!box || rows[box].run != run || (*store)[box].lastStart < 0)
        return std::nullopt;
    return (*store)[box].lastStart;
}

bool Ledger::mayStart(JobId job) const {
    if ((*store)[job].status == Status::onHold)
        return false;
    return llvm::none_of(chainOf(job),
                         [&](JobId box) { return (*store)[box].status == Status::onHold; });
}

Ledger::Answer Ledger::tryStart(JobId job, int run, unsigned attempt,
                                llvm::function_ref<bool()> when, bool byGate) {
    Boxes const boxes = startBoxes(job, run);
    Status const status = (*store)[job].status;
    bool const isMineUnderWay = isMine(job, run) && isUnderWay(status);
    if (boxes == Boxes::closed && !isMineUnderWay)
        return Answer::closed;
    if (boxes == Boxes::held)
        return Answer::held;
    if (boxes == Boxes::iced)
        return Answer::iced;
    if (status == Status::onIce || rows[job].icedRun == run)
        return Answer::iced; // JIL-088, JIL-089
    if (status == Status::onHold)
        return Answer::held; // JIL-085
    if (when && !when())
        return Answer::isFalse;
    if (isBox(job)) {
        if (!isMineUnderWay)
            startBox(job, run);
        return Answer::started;
    }
    if (!(status == Status::starting && isMine(job, run)))
        put(job, Status::starting, {"JIL-003", "its task starts", {}}, {run, {}, attempt});
    rows[job].byGate = byGate;
    return rows[job].noexec ? Answer::noexec : Answer::started;
}

bool Ledger::isInside(JobId job, JobId box) const { return llvm::is_contained(chainOf(job), box); }

void Ledger::settle(int run, JobId inside) {
    auto const run_ = runs.find(run);
    for (JobId const job : estate.jobs.ids()) {
        Status const status = (*store)[job].status;
        if (rows[job].run != run || isBox(job) || !isUnderWay(status) || run_ == runs.end() ||
            rows[job].dag != run_->second.dag || (inside && !isInside(job, inside)))
            continue;
        record(job, status == Status::starting ? Status::inactive : Status::terminated, -1,
               {"AF-064", "its task never reported an end", {}});
    }
}

std::optional<Status> Ledger::closeBox(JobId box, int run) {
    if (!isMine(box, run))
        return std::nullopt;
    settle(run, box);
    closeBoxRow(box);
    return (*store)[box].status;
}

void Ledger::closeBoxRow(JobId box) {
    auto const statusOf = [&](JobId job) { return (*store)[job].status; };
    if (!isUnderWay(statusOf(box))) {
        settleUnstarted(box);
        if (isNotStarted(statusOf(box)) && statusOf(box) != Status::onHold)
            put(box, Status::inactive, {"JIL-114", "it did not start in this run", {}});
        return;
    }
    for (JobId const member : membersOf(box))
        if (isBox(member) && (isUnderWay(statusOf(member)) || isNotStarted(statusOf(member))))
            closeBoxRow(member);
    if (!isUnderWay(statusOf(box)))
        return; // the fold of an inner box completed it
    settleUnstarted(box);
    auto derived = fold->deriveAtStart(box, now);
    if (derived) {
        derived->rule = "JIL-114";
        derived->text = "nothing more of it will run";
    } else {
        trace.alarms.push_back({now, nameOf(box), "BOX_NEVER_COMPLETES"});
        derived = semantics::Derived{Status::failure, "JIL-114",
                                     "neither its own tests nor the default ones are met"};
    }
    complete(box, *derived);
    spread(box);
}

void Ledger::closeRun(int run, bool failed) {
    auto const found = runs.find(run);
    if (found == runs.end())
        return;
    settle(run, {});
    JobId const top = found->second.top;
    if (top.isValid() && top.value < rows.size() && isBox(top) && isMine(top, run) &&
        isUnderWay((*store)[top].status)) {
        closeBoxRow(top);
        if (failed && (*store)[top].status == Status::success)
            put(top, Status::failure, {"AF-015", "Airflow's run failed", {}});
    }
    if (found->second.closedAt < 0)
        found->second.closedAt = now;
}

// --- from outside
// ---------------------------------------------------------------------------------

Status Ledger::resetStatus(JobId job) const {
    JobId const box = estate.jobs[job].box;
    return box && isUnderWay((*store)[box].status) ? Status::activated : Status::inactive;
}

bool Ledger::send(semantics::Event const& event) {
    using Kind = semantics::Event::Kind;
    if (event.kind == Kind::setGlobal) {
        store->setGlobal(event.object, event.value);
        ++version;
        news.push_back({event.object, true, {}});
        return true;
    }
    JobId const job = estate.jobByName.contains(event.object) ? jobOf(event.object) : JobId();
    if (event.kind == Kind::externalStatus || (event.kind == Kind::changeStatus && !job)) {
        std::optional<int64_t> const code =
            isEnded(event.status) ? std::optional(event.exitCode) : std::nullopt;
        if (job) {
            record(job, event.status, -1, {"JIL-075", "reported from outside", {}}, code);
            return true;
        }
        store->record(llvm::StringRef(event.object), event.status, now, code);
        ++version;
        news.push_back({event.object, false, event.status});
        trace.events.push_back(
            {now, event.object, event.status, code, 0, {"JIL-075", "reported from outside", {}}});
        return true;
    }
    if (!job)
        return false;
    Status const status = (*store)[job].status;
    Row& row = rows[job];
    switch (event.kind) {
    case Kind::changeStatus:
        if (row.noexec)
            return false; // JIL-082
        if (isBox(job) && isEnded(event.status))
            complete(job, {event.status, "JIL-082", "CHANGE_STATUS"});
        else
            put(job, event.status, {"JIL-082", "CHANGE_STATUS", {}});
        spread(job);
        return true;
    case Kind::jobOnHold:
        if (isUnderWay(status))
            return false; // JIL-090
        put(job, Status::onHold, {"JIL-085", "JOB_ON_HOLD", {}});
        row.holdRun = row.holdRun.value_or(-1);
        return true;
    case Kind::jobOffHold:
        if (status == Status::onHold)
            put(job, resetStatus(job), {"JIL-086", "JOB_OFF_HOLD", {}});
        row.holdRun = row.holdRun.value_or(-1);
        ++version;
        return true;
    case Kind::jobOnIce:
        if (isUnderWay(status))
            return false;
        put(job, Status::onIce, {"JIL-088", "JOB_ON_ICE", {}});
        spread(job);
        return true;
    case Kind::jobOffIce: {
        if (status != Status::onIce)
            return false;
        JobId const box = estate.jobs[job].box;
        put(job, Status::inactive, {"JIL-089", "JOB_OFF_ICE", {}});
        if (box && isUnderWay((*store)[box].status))
            row.icedRun = rows[box].run;
        else
            row.icedRun.reset();
        return true;
    }
    case Kind::jobOnNoExec:
        if (isUnderWay(status))
            return false;
        put(job, Status::inactive, {"JIL-092", "JOB_ON_NOEXEC", {}});
        row.noexec = true;
        spread(job);
        return true;
    case Kind::jobOffNoExec:
        if (row.noexec)
            put(job, Status::inactive, {"JIL-092", "JOB_OFF_NOEXEC", {}});
        row.noexec = false;
        return true;
    case Kind::killJob: return kill(job);
    default: return false;
    }
}

} // namespace hoist::target
