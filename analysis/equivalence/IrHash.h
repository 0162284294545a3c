// What a workflow says, as a hash: the same for the same meaning, however it is laid out over lines
// and files, and in whatever order its jobs are defined.
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/ADT/StringMap.h>

#include <map>
#include <string>
#include <vector>

namespace hoist::equivalence {

/// SHA-256 in hex of `canonicalForm`.
std::string irHash(ir::Estate const& estate, ir::WorkflowId workflow);

/// Every field with an effect, of its jobs and of the calendars, machines and resources they name:
/// one `key=length:value` a line, objects sorted by name. Descriptions, labels and inert attributes
/// are left out.
std::string canonicalForm(ir::Estate const& estate, ir::WorkflowId workflow);

/// A job's values of the canonical form, what has an effect on how it runs: key → values in order.
using Values = std::map<std::string, std::vector<std::string>>;
/// Of every job of the estate, by its name.
llvm::StringMap<Values> valuesOf(ir::Estate const& estate);

/// The same for the rules of the site.
std::string siteHash(ir::Settings const& settings);

} // namespace hoist::equivalence
