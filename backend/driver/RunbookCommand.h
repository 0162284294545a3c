// `hoist runbook`, and `hoist plan --bridges`: what operators read, and what each wave changes.
#pragma once

#include "analysis/migration/Bridges.h"
#include "backend/driver/CommandLine.h"
#include "backend/driver/Config.h"
#include "backend/driver/Console.h"
#include "backend/driver/Driver.h"
#include "frontend/base/FileSystem.h"

namespace hoist {

/// Writes the pages of the kept plan below `-o`, or with `--check` lists those that would change.
/// `said` gets the line for the end.
Exit runbookEstate(ir::Estate& estate, Invocation const& invocation, RunSettings const& settings,
                   FileSystem& files, Console& console, diag::Diagnostics& diags,
                   std::string& said);

/// Tells what crosses and no bridge carries (M02…), at the wave that parts it.
void reportNotBridged(migration::Plan const& plan, std::vector<migration::WaveBridges> const& waves,
                      diag::Diagnostics& diags);

/// Writes what each wave of a plan changes below `--bridges`.
Exit writeBridges(ir::Estate const& estate, migration::Plan const& plan,
                  std::vector<migration::Dependency> const& list, Invocation const& invocation,
                  FileSystem& files, Console& console, diag::Diagnostics& diags);

} // namespace hoist
