// The status store (JIL-001): what the scheduler remembers of every job and variable, and what a
// condition reads from it. A job that the estate defines is known by its id, any other (`job^INS`,
// a job of a missing file) by its name once somebody has reported it.
#pragma once

#include "analysis/semantics/Scenario.h"
#include "frontend/ir/Estate.h"

#include <llvm/ADT/StringMap.h>

namespace hoist::semantics {

/// A terminal status: SUCCESS, FAILURE or TERMINATED.
constexpr bool isEnded(Status status) {
    return status == Status::success || status == Status::failure || status == Status::terminated;
}
/// An attempt is on its way: what a tick, a hold or an ice cannot change (JIL-090, JIL-144). These
/// are the statuses for which `n()` is false (JIL-063).
constexpr bool isUnderWay(Status status) {
    return status == Status::starting || status == Status::running || status == Status::waitReply ||
           status == Status::restart || status == Status::suspended;
}
/// Ready, but the machine, its load units or a resource are missing (JIL-003, 7.).
constexpr bool isQueued(Status status) {
    return status == Status::queWait || status == Status::resWait || status == Status::pendMach;
}

class Store {
public:
    /// Every job INACTIVE and never run; the globals as the estate defines them.
    explicit Store(ir::Estate const& estate);

    StoredStatus const& operator[](ir::JobId job) const { return jobs[job]; }
    StoredStatus& operator[](ir::JobId job) { return jobs[job]; }
    /// By legacy name, `job^INSTANCE` for external ones; null: neither defined nor heard of.
    StoredStatus const* find(llvm::StringRef name) const;
    /// As `find`, but a name not heard of begins as INACTIVE.
    StoredStatus& entry(llvm::StringRef name);

    /// A transition at `at`: STARTING and ACTIVATED begin a cycle and clear the exit code (JIL-065;
    /// switch Settings::exitCodeSurvivesStart), a terminal status sets `lastEnd`.
    void record(ir::JobId job, Status status, int64_t at, std::optional<int64_t> exitCode = {});
    void record(llvm::StringRef name, Status status, int64_t at,
                std::optional<int64_t> exitCode = {});

    /// A box has started whose member does not become ACTIVATED because it is on hold: its code
    /// belongs to an earlier cycle all the same (Settings::exitCodeSurvivesStart).
    void forgetCode(ir::JobId job);

    /// Jobs that the estate does not define and that have been heard of, by name.
    std::map<std::string, StoredStatus> external() const;

    void setGlobal(llvm::StringRef name, llvm::StringRef value) { globals[name] = value.str(); }
    std::optional<llvm::StringRef> global(llvm::StringRef name) const;
    llvm::StringMap<std::string> const& allGlobals() const { return globals; }

    /// JIL-063…JIL-077. `dependent` is the job (or box) whose condition it is: the anchor of
    /// look-back zero. Facts, times, files and resources are not of this language and are false.
    bool truth(ir::Atom const& atom, int64_t now, llvm::StringRef dependent) const;
    bool evaluate(ir::ExprId condition, int64_t now, llvm::StringRef dependent) const;

private:
    void transition(StoredStatus& row, Status status, int64_t at, std::optional<int64_t> exitCode);
    bool statusTruth(ir::Atom const& atom, StoredStatus const& row, bool isLocal, int64_t now,
                     llvm::StringRef dependent) const;
    bool isWithin(ir::Atom const& atom, StoredStatus const& row, int64_t now,
                  llvm::StringRef dependent) const;

    ir::Estate const& estate;
    IdVector<ir::JobId, StoredStatus> jobs;
    llvm::StringMap<StoredStatus> others;
    llvm::StringMap<std::string> globals;
};

/// `left op right` as JIL-068 compares: as numbers if both are integers, else byte by byte.
bool compareTexts(llvm::StringRef left, ir::Compare op, llvm::StringRef right);

} // namespace hoist::semantics
