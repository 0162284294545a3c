// `hoist redact`: an estate for a bug report, with every name replaced.
#pragma once

#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "backend/driver/Driver.h"
#include "frontend/base/FileSystem.h"

namespace hoist {

/// Writes the files of the invocation below `-o` with other words of the same shape, and says what
/// the result does not show any more. Findings go to `diags`.
Exit redactFiles(Invocation const& invocation, FileSystem& files, Console& console,
                 diag::Diagnostics& diags);

} // namespace hoist
