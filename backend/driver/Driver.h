// The whole tool as one function, so that tests run it in memory.
#pragma once

#include "backend/driver/Console.h"
#include "frontend/base/FileSystem.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

namespace hoist {

/// Exit codes, stable. When several apply the order is 70, 5, 2, 3, 4, 1.
enum class Exit : int {
    clean = 0,
    findings = 1, ///< findings at error level
    usage = 2,    ///< command line or configuration
    notEquivalent = 3,
    undecided = 4,
    notWritten = 5,    ///< output refused or not written
    internalError = 70 ///< a bug in hoist
};

/// Runs `hoist args…` (without the program's name) and returns the exit code. Never throws.
int runHoist(llvm::ArrayRef<llvm::StringRef> args, FileSystem& files, Console& console);

} // namespace hoist
