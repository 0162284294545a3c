// hoist.toml, --properties and -D: the site's settings.
#pragma once

#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "frontend/base/FileSystem.h"
#include "frontend/ir/Estate.h"

namespace hoist {

/// Fills the estate's settings: hoist.toml, then property files, then the command line, the later
/// winning. The files become sources of the estate, so that what is wrong in them is shown there.
void readSettings(Invocation const& invocation, FileSystem& files, Console const& console,
                  ir::Estate& estate, diag::Diagnostics& diags);

/// The nearest hoist.toml from a PATH upwards; the root of a repository is the last folder looked
/// at. Empty: there is none.
std::string findConfig(llvm::StringRef path, FileSystem& files, Console const& console);

} // namespace hoist
