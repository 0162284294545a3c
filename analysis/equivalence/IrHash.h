// What a workflow says, as a hash: the same for the same meaning, however it is laid out over lines
// and files, and in whatever order its jobs are defined.
#pragma once

#include "frontend/ir/Estate.h"

#include <string>

namespace hoist::equivalence {

/// SHA-256 in hex of `canonicalForm`.
std::string irHash(ir::Estate const& estate, ir::WorkflowId workflow);

/// Every field with an effect, of its jobs and of the calendars, machines and resources they name:
/// one `key=length:value` a line, objects sorted by name. Descriptions, labels and inert attributes
/// are left out.
std::string canonicalForm(ir::Estate const& estate, ir::WorkflowId workflow);

/// The same for the rules of the site.
std::string siteHash(ir::Settings const& settings);

} // namespace hoist::equivalence
