// What each wave changes in the legacy scheduler, so that both sides see each other's jobs while
// half of an estate has moved, and the undo of it.
//
// A job that moved must not run twice, and those who still wait for it in AutoSys must read the
// status that it has in Airflow. So its definition stays, under its name, and loses what starts it:
// the conditions that name it need no change. What tells it the statuses is `hoistctl mirror`:
//
// - A plain command becomes a *stand-in*: its command is `hoistctl wait`, which the mirror starts
//   when the job starts in Airflow and which ends as the job ends, with its exit code.
// - A box, a watcher or an adapter's job cannot become a command by `update_job`, and deleting it
//   would lose its status. It stays what it is, *mirrored* by CHANGE_STATUS (JIL-082). A box is
//   emptied: what is still in it could start.
// - Everything else is *retired*: only the root of a workflow can start by itself (JIL-003), so
//   only the root is changed.
//
// ON_ICE and ON_HOLD would be shorter, and wrong: dependents of an iced job go (JIL-074), those of
// a held one read no end (JIL-085). The undo repeats each attribute as it stands in the source.
// Cost: linear in the constructs and dependencies of the estate, for each wave once.
#pragma once

#include "analysis/migration/Dependencies.h"
#include "analysis/migration/Plan.h"
#include "frontend/diag/Diagnostics.h"

#include <llvm/ADT/ArrayRef.h>

#include <string>
#include <utility>
#include <vector>

namespace hoist::migration {

/// One definition that a wave changes.
struct JobChange {
    enum class Role : uint8_t { standIn, mirrored, retired };
    Role role = Role::retired;
    ir::JobId job;
    ir::WorkflowId workflow;
};
llvm::StringRef toString(JobChange::Role role); ///< "stand-in", "mirrored", "retired"

/// Something that crosses, and that nothing carries across: told at the first wave that parts it.
struct NotBridged {
    diag::Code code;        ///< M02…
    std::string object, to; ///< what crosses; the job that needs it
    std::string from;       ///< the job on the other side: it makes the object, or shares it
    Span where;             ///< what says that it needs it
    Span other;             ///< the other side
    std::string why() const;
    std::string sentence() const;
};
/// As a finding, with both sides and what to do. `wave`: its name.
void report(NotBridged const& each, std::string const& wave, diag::Diagnostics& diags);

struct WaveBridges {
    std::vector<JobChange> changes;      ///< in the order of workflows, then of definitions
    std::string apply, undo;             ///< JIL; empty: no definition changes
    std::string crontabs;                ///< a patch (`patch -R` undoes it); empty: none changes
    std::vector<ir::WorkflowId> entries; ///< crontab entries that the patch takes out
    // What goes across from this wave on until the next one: `bridges.json`.
    std::vector<std::string> standIns, mirrored, variablesOut, jobsIn, variablesIn;
    std::vector<NotBridged> notBridged;
};

/// What every wave of the plan changes and carries, wave by wave. `all`: the dependencies of the
/// estate. Needs the waves' names and the placements of the plan.
std::vector<WaveBridges> bridges(ir::Estate const& estate, Plan const& plan,
                                 llvm::ArrayRef<Dependency> all);

/// The files of a wave by name: `apply.jil`, `undo.jil`, `crontab.patch` where there is something
/// to do, and always `bridges.json`, which `hoistctl mirror` and `feed` read.
std::vector<std::pair<std::string, std::string>> filesOf(WaveBridges const& bridges,
                                                         std::string const& wave);
/// The name of a wave's folder: "01-W1". Safe whatever a wave is called.
std::string folderOf(Plan const& plan, size_t wave);

} // namespace hoist::migration
