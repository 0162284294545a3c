// Reads `[plan]` of hoist.toml.
#pragma once

#include "backend/driver/Config.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

namespace hoist {

/// Fills RunSettings::plan from the node of `plan`.
void readPlanSettings(toml::node const& node, FileId file, ir::Estate& estate,
                      RunSettings& settings, diag::Diagnostics& diags);

} // namespace hoist
