// Variables of Control-M's server, `%%\NAME` and `%%\\POOL\NAME` (CTM-100): which statements set
// them, and which texts of a job read them.
#pragma once

#include "frontend/ir/Estate.h"
#include "frontend/ir/SharedVariables.h"

#include <string>
#include <vector>

namespace hoist::analysis {

struct ServerVariableUse {
    std::string key;           ///< `%%\NAME`
    ir::ConstructId construct; ///< the statement, or what holds the text
    std::string written{};     ///< as the text has it: `%%\NAME`, or `%%NAME`
};

/// In the order of the definition, each once.
std::vector<ServerVariableUse> serverVariablesSet(ir::Estate const& estate, ir::JobId job);

/// The same of those that it reads. `%%NAME` is one where no definition around the job gives that
/// name a value, and some statement of the estate sets `%%\NAME` (CTM-093).
std::vector<ServerVariableUse> serverVariablesRead(ir::Estate const& estate, ir::JobId job,
                                                   ir::SharedVariables const& shared);

} // namespace hoist::analysis
