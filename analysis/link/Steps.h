// The steps of linking, in the order in which `link` takes them.
#pragma once

#include "analysis/link/Link.h"

namespace hoist::analysis {

/// Names → ids; a second definition is reported at its name, with a label at the first one.
void indexDefinitions(ir::Estate& estate, diag::Diagnostics& diags);
/// Job::box and Group::members; breaks and reports cycles of boxes. Jobs that cannot be placed are
/// marked refused.
void linkBoxes(ir::Estate& estate, diag::Diagnostics& diags);
/// Estate::workflows: root first, members depth first in definition order. Reports nesting beyond
/// the limit.
void buildWorkflows(ir::Estate& estate, diag::Diagnostics& diags);
/// What `[[bridge]]` couples: changes of facts by jobs of AutoSys, external names that are jobs of
/// Control-M.
void linkBridges(ir::Estate& estate, diag::Diagnostics& diags);
/// Atoms, calendars, zones, machines, resources, instances, globals.
void linkReferences(ir::Estate& estate, diag::Diagnostics& diags);
/// Workflow::refused from refused jobs and unreadable statements (design.md, "Refusal").
void spreadRefusals(ir::Estate& estate);

/// How deep boxes may nest: a stated limit (design.md, "Limits").
inline constexpr unsigned deepestNesting = 1000;

} // namespace hoist::analysis
