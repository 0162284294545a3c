// From the PATHs of the command line to source files with a dialect each.
#pragma once

#include "frontend/Frontend.h"
#include "frontend/base/FileSystem.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/STLFunctionalExtras.h>

#include <string>
#include <vector>

namespace hoist {

struct InputOptions {
    std::vector<std::string> paths;
    std::string dialect; ///< of `--dialect`; empty: by sniffing
    unsigned jobs = 1;   ///< files read at a time
};

struct Input {
    FileId file;
    Frontend const* frontend;
};

/// Reads all files into the estate's sources: arguments as given, inside a folder in byte order of
/// the relative path. What is no definition, ambiguous or unreadable is reported and left out.
std::vector<Input> readInputs(InputOptions const& options, FileSystem& files, ir::Estate& estate,
                              diag::Diagnostics& diags);

/// What each dialect makes of its files, in the order of Dialects.def; `stage` hears of each first.
void readDefinitions(
    llvm::ArrayRef<Input> inputs, ir::Estate& estate, diag::Diagnostics& diags,
    llvm::function_ref<void(Frontend const&)> stage = [](Frontend const&) {});

} // namespace hoist
