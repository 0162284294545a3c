// The folder that `hoist redact` and `hoist reduce` write an estate to.
#pragma once

#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "backend/driver/Inputs.h"

#include <llvm/ADT/ArrayRef.h>

#include <string>
#include <utility>
#include <vector>

namespace hoist {

/// Whether estates may be written to `-o`: given, empty or new, and neither a PATH nor inside one,
/// where the next run would read them. What is wrong is reported as usage.
bool takesOutput(Invocation const& invocation, FileSystem& files, Console const& console,
                 diag::Diagnostics& diags);

/// Writes files below `-o`, each all or nothing; what cannot be written is reported.
bool writeBelow(std::string const& folder,
                llvm::ArrayRef<std::pair<std::string, std::string>> pathsAndBytes,
                FileSystem& files, diag::Diagnostics& diags);

/// Which PATH of the command line a file was found under, and its path from there.
struct PlaceInEstate {
    size_t operand = 0;
    std::string path;
};
PlaceInEstate placeOf(llvm::StringRef file, std::vector<std::string> const& operands);

} // namespace hoist
