// `hoist init`: a first hoist.toml, made by looking at the estate.
#pragma once

#include "frontend/ir/Estate.h"

#include <string>

namespace hoist {

/// TOML in which every suggestion is a comment: nothing changes until somebody decides.
std::string proposedSettings(ir::Estate const& estate, size_t files);

/// Where it belongs, so that a run on `path` finds it: here, or beside a path that lies elsewhere.
std::string proposedPlace(llvm::StringRef path, bool isFolder);

} // namespace hoist
