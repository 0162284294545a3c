// `hoist map` and what `hoist inventory` shares with it: everything known of an estate, taken once.
#pragma once

#include "analysis/Analysis.h"
#include "analysis/migration/History.h"
#include "backend/driver/CommandLine.h"
#include "backend/report/Map.h"
#include "frontend/base/FileSystem.h"

#include <optional>
#include <string>

namespace hoist {

/// Of an estate that was read and analyzed: lowers it, finds dependencies, counts, and reads what
/// the command line names (`--history`, `--plan`, `--certificates`). Nothing when that cannot be
/// read, which is reported. `diags` holds the findings of the analysis.
std::optional<report::MapInput> survey(ir::Estate& estate, analysis::Known const& known,
                                       Invocation const& invocation, FileSystem& files,
                                       diag::Diagnostics& diags);

/// The runs of a file. Nothing when it cannot be read or a line is no run, which is reported.
std::optional<migration::History> readHistory(ir::Estate& estate, std::string const& path,
                                              FileSystem& files, diag::Diagnostics& diags);

/// The product of `hoist map`, in the format that the command line asks for.
std::string mapProduct(report::MapInput const& input, Invocation const& invocation);

/// That of `hoist inventory`. Text is for people and not yet safe for terminals.
std::string inventoryProduct(report::MapInput const& input, Invocation const& invocation);

} // namespace hoist
