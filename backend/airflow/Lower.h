// Instruction selection: one workflow of the IR as one DAG, each construct in its cheapest exact
// form.
#pragma once

#include "backend/airflow/Site.h"
#include "backend/airflow/Target.h"
#include "frontend/ir/TargetName.h"

#include <llvm/ADT/StringSet.h>

#include <map>
#include <set>

namespace hoist::airflow {

/// What lowering one workflow needs of the estate, and what it adds to the site's files.
struct LowerContext {
    ir::Estate& estate;
    ir::TargetNames const& names;
    Site& site;
    diag::Diagnostics& diags;
    std::set<std::string> machines;       ///< that a task runs on: connections.json
    std::set<std::string> databases;      ///< that a task asks: connections.json
    std::map<std::string, int64_t> pools; ///< pools.json: name → slots
    /// The same, of which a task that waits takes no slot: of units that Control-M gives out when
    /// all criteria hold.
    std::map<std::string, int64_t> orderPools;
    /// Units of Control-M that the ledger counts: name → how many there are.
    std::map<std::string, int64_t> orderResources;
    std::set<uint32_t> calendars; ///< that a schedule names: calendars.json
    llvm::StringSet<>
        ledgerResources; ///< resources that some job claims in a way a pool cannot express
    llvm::StringMap<bool> limitedMachines; ///< machine → has competitors with priority (JIL-161)
    std::vector<ir::JobId> absentJobs; ///< defined ON_ICE or inside such a box: no task (JIL-088)
    size_t schedulesWithoutZone = 0;
};

Dag lower(ir::WorkflowId workflow, LowerContext& context);

/// The machine with a limit on which a job runs; null if it has none, or one of several (JIL-161).
ir::Machine const* limitedMachine(ir::Estate const& estate, ir::Job const& job);
/// Does a job wait for load units of one machine?
bool waitsForLoad(ir::Estate const& estate, ir::Job const& job);

/// The task's page in Airflow: where it comes from and what the definition says, fenced so that it
/// stays text.
Py documentation(ir::Estate const& estate, ir::Job const& job,
                 std::vector<ir::KeptAttribute> const& also = {});
/// By job: what of its definition no argument says.
using KeptMessages = std::map<uint32_t, std::vector<ir::KeptAttribute>>;
/// The DAG's page in Airflow: what of its boxes or folders, which have no page, Airflow does not
/// act on; none if there is nothing.
void documentGroups(Dag& dag, ir::Estate const& estate, ir::Workflow const& workflow,
                    KeptMessages const& messages);
/// The DAG's docstring and description.
void describe(Dag& dag, ir::Estate const& estate, ir::Job const& root);
/// Those of the dialect, of the labels, and `more`.
void addTags(Dag& dag, ir::Job const& root, std::vector<std::string> more);

/// "file:line" of a span, as comments and documentation show it.
std::string place(ir::Estate const& estate, Span span);

} // namespace hoist::airflow
