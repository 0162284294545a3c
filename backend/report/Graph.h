// `hoist graph`: jobs, boxes and dependencies as DOT, Mermaid or JSON.
#pragma once

#include "frontend/ir/Estate.h"

#include <string>

namespace hoist::report {

enum class GraphFormat : uint8_t { dot, mermaid, json };

/// Nodes in definition order, an edge per (producer, consumer) with the atoms that make it.
std::string graph(ir::Estate const& estate, GraphFormat format);

/// A string of DOT: in quotes, with quotes, backslashes and control characters escaped.
std::string quoteDot(llvm::StringRef bytes);
/// A label of Mermaid: in quotes, every character that Mermaid or HTML could read as markup as an
/// entity.
std::string quoteMermaid(llvm::StringRef bytes);

} // namespace hoist::report
