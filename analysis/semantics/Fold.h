// How the statuses of a box's members make the box's own: completion (JIL-114), box_success and
// box_failure (JIL-115), terminators (JIL-116), re-derivation of a box that is not running
// (JIL-118, JIL-119). Counts are kept per box, so a change costs the same whatever the number of
// members.
#pragma once

#include "analysis/semantics/Store.h"

#include <llvm/ADT/SmallVector.h>

namespace hoist::semantics {

/// What a change makes of a box, and by which rule.
struct Derived {
    Status status = Status::success;
    llvm::StringRef rule; ///< "JIL-114"
    std::string text;     ///< for people
};

/// The direct members of a box, by what their statuses mean to it.
struct Tally {
    unsigned members = 0;
    unsigned incomplete = 0; ///< keep the box RUNNING: not ended, not iced, not set INACTIVE
    unsigned bad = 0;        ///< FAILURE or TERMINATED
    unsigned inactive = 0;
    unsigned onIce = 0;
};

class Fold {
public:
    /// Counts the members as the store has them now. Both must outlive the fold.
    Fold(ir::Estate const& estate, Store const& store);

    /// To be told of every change of a member's status, after the store has it.
    void moved(ir::JobId member, Status before, Status after);

    /// The status that the change of `member`, which lies in `box` at some depth, gives to the box;
    /// nothing when the box stays as it is. `direct`: the member of the box itself.
    std::optional<Derived> derive(ir::JobId box, ir::JobId member, bool direct, int64_t now) const;

    /// The same for a box that has just started: without members (JIL-122), or all of them iced
    /// (JIL-091), it has completed.
    std::optional<Derived> deriveAtStart(ir::JobId box, int64_t now) const;

    /// The boxes whose box_success or box_failure names this job, in id order.
    llvm::ArrayRef<ir::JobId> namedBy(ir::JobId job) const { return mentions[job]; }

    Tally const& tallyOf(ir::JobId box) const { return tallies[box]; }

private:
    void count(Tally& tally, Status status, int step) const;
    /// `naming`: only those that name this job; invalid: both.
    std::optional<Derived> byExpressions(ir::Group const& group, llvm::StringRef box, int64_t now,
                                         ir::JobId naming = {}) const;
    std::optional<Derived> byDefault(ir::JobId box) const;

    ir::Estate const& estate;
    Store const& store;
    IdVector<ir::JobId, Tally> tallies;
    IdVector<ir::JobId, llvm::SmallVector<ir::JobId, 0>> mentions;
};

/// A member in this status has completed as far as its box is concerned (JIL-114): ended, iced,
/// bypassed, or set INACTIVE by an operator.
constexpr bool isComplete(Status status) {
    return isEnded(status) || status == Status::onIce || status == Status::onNoExec ||
           status == Status::inactive;
}

} // namespace hoist::semantics
