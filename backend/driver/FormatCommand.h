// `hoist fmt`.
#pragma once

#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "backend/driver/Driver.h"
#include "frontend/base/FileSystem.h"
#include "frontend/diag/Diagnostics.h"

namespace hoist {

/// Lays out the files of the command line, and writes, lists (`--check`) or shows (`--diff`) what
/// changes. Before anything is written both versions are read and compared as `hoist diff` does.
/// What could not be read or written is reported.
Exit formatFiles(Invocation const& invocation, FileSystem& files, Console& console,
                 diag::Diagnostics& diags);

} // namespace hoist
