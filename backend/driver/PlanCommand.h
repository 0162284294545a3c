// `hoist plan`: the order in which an estate moves.
#pragma once

#include "backend/driver/CommandLine.h"
#include "backend/driver/Config.h"
#include "backend/driver/Console.h"
#include "backend/driver/Driver.h"
#include "frontend/base/FileSystem.h"

namespace hoist {

/// Makes the plan and writes it to plan.lock.toml, from which the next one starts; `--check` judges
/// the file instead. Prints the plan; `said` gets the line for the end.
Exit planEstate(ir::Estate& estate, Invocation const& invocation, RunSettings const& settings,
                FileSystem& files, Console& console, diag::Diagnostics& diags, std::string& said);

} // namespace hoist
