// `hoist config`: each setting, its value, and where that was said.
#pragma once

#include "backend/driver/Config.h"

#include <string>

namespace hoist {

/// TOML that says what is in force, with the origin of each value behind it.
std::string configText(ir::Settings const& settings, RunSettings const& run);
/// docs/schemas/config.schema.json.
std::string configJson(ir::Settings const& settings, RunSettings const& run);

/// A TOML string of any bytes.
std::string tomlString(llvm::StringRef text);

} // namespace hoist
