// Link: names become ids across all files and dialects of the estate; boxes get members, workflows
// get jobs.
#pragma once

#include "frontend/diag/Diagnostics.h"
#include "frontend/ir/Estate.h"

namespace hoist::analysis {

/// Resolves every name of the estate, builds boxes' members and workflows, marks what has to be
/// refused, and reports names that lead nowhere. Runs once, after every file has been read. Linear
/// in the estate.
///
/// After it: `jobByName` and its sisters are filled (the first definition wins); every job has a
/// workflow; `Job::box`, `Group::members`, `Atom::job`, `Schedule::run` and `::exclude` are set
/// where the name is known.
///
/// What counts as undefined: a job, a box and a calendar always, because a schedule or a condition
/// then cannot mean what it says. A machine, a resource, an instance or a global only when the
/// estate defines at least one of its kind: exports of jobs alone hold none of them, and a finding
/// for each would drown the real ones.
void link(ir::Estate& estate, diag::Diagnostics& diags);

} // namespace hoist::analysis
