// `hoist verify` and `hoist diff`: what to compare, brought here; the judgement; the exit code.
#pragma once

#include "analysis/equivalence/Verify.h"
#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "backend/driver/Driver.h"
#include "frontend/base/FileSystem.h"

namespace hoist {

/// Judges a linked estate by what the invocation names (`--dags` or `--serialized`). Findings go to
/// `diags`, the table or the JSON object to standard output. What is wrong with the export is an
/// error of the configuration (exit 2).
Exit verifyEstate(ir::Estate& estate, Invocation const& invocation, llvm::StringRef version,
                  FileSystem& files, Console& console, diag::Diagnostics& diags);

/// Compares two linked estates (`hoist diff`, and `hoist drift`, which also judges certificates).
Exit diffEstates(ir::Estate const& before, ir::Estate const& after, Invocation const& invocation,
                 FileSystem& files, Console& console, diag::Diagnostics& diags);

} // namespace hoist
