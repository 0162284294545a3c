// Starts and verdicts that are equal by their shape alone: no solver, linear in the edges.
//
// Most jobs of an estate start when all of some members of their box have succeeded. Let such a
// job's condition be the conjunction of `s(x)` over a set X of members, and let its task have
// exactly their tasks as upstreams, under `all_success`. If the members end alike on both sides
// (induction), then the condition comes true at the instant at which the rule lets the task run;
// and if one of them does not succeed, neither ever happens, as a member runs at most once in a box
// run (JIL-111). A job without a condition starts with its box; its task must have no upstream but
// the node at which the run of the box begins.
#pragma once

#include "analysis/equivalence/Matching.h"

namespace hoist::equivalence {

class LocalProof {
public:
    LocalProof(ir::Estate const& estate, Pair const& pair, target::Dag const& dag);

    /// The job starts at the same points on both sides.
    bool startsAlike(ir::JobId job) const;
    /// A finished run is red exactly if the definition says so. Holds only if every job starts
    /// alike.
    bool endsAlike() const;

private:
    bool isPlainBox(ir::JobId box) const;
    bool isOnlyLeaf(target::TaskId leaf) const;

    ir::Estate const& estate;
    Pair const& pair;
    target::Dag const& dag;
    ir::Workflow const& workflow;
    /// The last control of the root: the run of the box begins when it succeeds.
    target::TaskId entry;
    bool hasEntry = false;
};

} // namespace hoist::equivalence
