// What `hoist plan` prints.
#pragma once

#include "analysis/migration/Plan.h"

#include <string>

namespace hoist::report {

/// Wave by wave: what moves and why, which bridges are built before and removed after, what must be
/// proved, who goes back first. For people: names are made printable.
std::string planText(ir::Estate const& estate, migration::Plan const& plan);
/// The same as GitHub-flavoured Markdown.
std::string planMarkdown(ir::Estate const& estate, migration::Plan const& plan);
/// docs/schemas/plan.schema.json.
std::string planJson(ir::Estate const& estate, std::vector<migration::Dependency> const& list,
                     migration::Plan const& plan);
/// One line: waves, workflows, bridges, what changed against the plan before.
std::string planSummary(migration::Plan const& plan);

} // namespace hoist::report
