// `[[bridge]]` of hoist.toml: what couples AutoSys and Control-M at this site.
#pragma once

#include "backend/driver/TomlReader.h"

namespace hoist {

void readBridges(toml::node const& node, FileId file, ir::Estate& estate, RunSettings& settings,
                 diag::Diagnostics& diags);

} // namespace hoist
