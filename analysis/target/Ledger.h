// The ledger of the shims (docs/runtime.md, "One ledger, one meaning") in a simulation: what the
// DAGs say of jobs and boxes, the statuses, and how they move. Statuses, truth and folds are those
// of analysis/semantics on an estate made of the *loaded* DAGs, so a fold that the DAG states
// wrongly shows.
#pragma once

#include "analysis/semantics/Fold.h"
#include "analysis/semantics/Trace.h"
#include "analysis/target/Bag.h"

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/ADT/StringSet.h>

#include <map>
#include <memory>

namespace hoist::target {

using semantics::Reason;
using semantics::Status;

/// The texts of an array; none of anything else.
std::vector<std::string> textsOf(nlohmann::json const& value);

/// A job or box of a DAG as its shims describe it.
struct Member {
    std::string job;
    std::string box; ///< empty: in none
    bool isBox = false;
    std::optional<std::string> success, failure;
    bool boxTerminator = false, jobTerminator = false, autoHold = false, noexec = false;
    bool isEager = false; ///< an inner box that starts with the box around it
};
struct Topology {
    std::string top; ///< the box, or the stand-alone job, that a run of the DAG runs
    std::vector<Member> members;
};
/// The default rules of `box=`: docs/runtime.md, "Job identity".
Topology topologyOf(Dag const& dag);
/// The legacy box that a shim's job lies in; empty: none.
std::string boxOf(Dag const& dag, Task const& task, llvm::StringRef outer);

class Ledger {
public:
    enum class Answer : uint8_t { started, held, iced, noexec, closed, isFalse };
    enum class Boxes : uint8_t { open, held, iced, closed };

    /// `trace` gets every change of a status and every alarm.
    Ledger(Bag const& bag, llvm::ArrayRef<DagId> dags, semantics::Scenario const& scenario,
           semantics::Trace& trace);

    int64_t now = 0;
    uint64_t version = 0; ///< counts changes: nobody need ask again while it stays
    /// Jobs whose status changed and variables that were set since somebody emptied it, in order.
    struct News {
        std::string name;
        bool isVariable = false;
        Status status = Status::inactive;
    };
    std::vector<News> news;
    /// Jobs under way that were asked to die, since somebody emptied it (JIL-083, JIL-117).
    std::vector<ir::JobId> kills;
    /// Conditions that could not be read, with their text.
    std::vector<std::string> problems;

    ir::JobId jobOf(llvm::StringRef name) const { return estate.jobByName.lookup(name); }
    semantics::StoredStatus const& operator[](ir::JobId job) const { return (*store)[job]; }
    /// When the direct box of a job has started in this run; nothing outside boxes, or before.
    std::optional<int64_t> boxStart(ir::JobId job, int run) const;
    std::string nameOf(ir::JobId job) const { return estate.jobs[job].name.str(); }
    bool isBox(ir::JobId job) const { return estate.jobs[job].group.isValid(); }
    bool isMine(ir::JobId job, int run) const { return rows[job].run == run; }

    // --- runs: false = dropped (JIL-144) ---
    /// `byClock`: its tick comes before what ends at that instant; an event comes after it.
    bool openRun(DagId dag, int run, int64_t tick, bool overlap, llvm::StringRef top, bool byClock);
    void closeRun(int run, bool failed);
    Boxes startBoxes(ir::JobId job, int run);
    /// Starts a box that no member's task starts, unless it started with the box around it.
    void startLate(ir::JobId box, int run);
    /// Has a box around the job not started in this run, though it holds one of `above`?
    bool keepsOut(ir::JobId job, int run, llvm::ArrayRef<ir::JobId> above) const;
    bool isBoxOver(ir::JobId job, int run) const;
    /// `when`: of a gate with an `n()` atom, found true and recorded as started at once (JIL-076).
    Answer tryStart(ir::JobId job, int run, unsigned attempt,
                    llvm::function_ref<bool()> when = nullptr, bool byGate = false);
    bool mayStart(ir::JobId job) const;
    bool startedByGate(ir::JobId job) const { return rows[job].byGate; }
    /// The Verdict: nothing when the run never started the box.
    std::optional<Status> closeBox(ir::JobId box, int run);
    void record(ir::JobId job, Status status, int run, Reason reason,
                std::optional<int64_t> exitCode = {}, unsigned attempt = 0);
    void hold(ir::JobId job, int run, bool isAuto);
    void lift(ir::JobId job);

    // --- conditions ---
    /// Invalid when it cannot be read (`problems` says so).
    ir::ExprId condition(llvm::StringRef text);
    bool excludes(ir::ExprId condition) const; ///< holds an `n()` atom
    bool evaluate(ir::ExprId condition, llvm::StringRef dependent,
                  llvm::StringSet<> const& undefined) const;
    /// Atoms of jobs that are not settled, and of variables, may still become true.
    bool canBecomeTrue(ir::ExprId condition, llvm::StringRef dependent,
                       llvm::StringSet<> const& undefined,
                       llvm::function_ref<bool(llvm::StringRef)> isSettled) const;
    std::vector<std::string> jobsOf(ir::ExprId condition) const;
    /// The next instant at which a look-back window of the condition passes; -1: none.
    int64_t nextExpiry(ir::ExprId condition) const;

    // --- from outside; false: it has no effect ---
    bool send(semantics::Event const& event);

private:
    struct Row {
        int run = -1;
        std::optional<int> holdRun, icedRun; ///< holdRun -1: seen, of no run
        bool noexec = false, autoHold = false, byGate = false, isEager = false;
        DagId dag;
    };
    struct RunRow {
        DagId dag;
        ir::JobId top;
        int64_t tick = 0, closedAt = -1;
        bool isDropped = false, overlaps = false;
    };
    struct Put {
        int run = -1;
        std::optional<int64_t> exitCode = {};
        unsigned attempt = 0;
    };

    void define(Dag const& dag, DagId id, Topology const& topology);
    ir::JobId know(llvm::StringRef name);
    void put(ir::JobId job, Status status, Reason reason, Put const& more);
    void put(ir::JobId job, Status status, Reason reason);
    void spread(ir::JobId changed);
    void complete(ir::JobId box, semantics::Derived const& derived);
    void settleUnstarted(ir::JobId box);
    void killMembers(ir::JobId box);
    bool kill(ir::JobId job);
    void startBox(ir::JobId first, int run);
    void startOneBox(ir::JobId box, int run);
    void closeBoxRow(ir::JobId box);
    void settle(int run, ir::JobId inside);
    void holdForRun(ir::JobId job, int run);
    std::vector<ir::JobId> chainOf(ir::JobId job) const;
    bool isInside(ir::JobId job, ir::JobId box) const;
    llvm::ArrayRef<ir::JobId> membersOf(ir::JobId box) const;
    bool overlaps(DagId dag) const;
    Status resetStatus(ir::JobId job) const;

    ir::Estate estate;
    std::unique_ptr<semantics::Store> store;
    std::unique_ptr<semantics::Fold> fold;
    IdVector<ir::JobId, Row> rows;
    std::map<int, RunRow> runs;
    llvm::StringMap<ir::ExprId> conditions;
    semantics::Trace& trace;
};

} // namespace hoist::target
