// `hoist reduce`: the smallest estate that still shows a finding.
#pragma once

#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "backend/driver/Driver.h"
#include "frontend/base/FileSystem.h"

namespace hoist {

/// Writes what is left of the estate below `-o`. Findings go to `diags`.
Exit reduceEstate(Invocation const& invocation, FileSystem& files, Console& console,
                  diag::Diagnostics& diags);

} // namespace hoist
