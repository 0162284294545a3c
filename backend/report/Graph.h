// Jobs, boxes and dependencies as DOT, Mermaid or JSON: all of them for `hoist map`, the conditions
// for `hoist graph`.
#pragma once

#include "analysis/migration/Dependencies.h"
#include "frontend/ir/Estate.h"

#include <string>

namespace hoist::report {

enum class GraphFormat : uint8_t { dot, mermaid, json };

/// Nodes in definition order, an edge per (producer, consumer, kind) with the atoms, paths … that
/// make it.
std::string graph(ir::Estate const& estate, std::vector<migration::Dependency> const& found,
                  GraphFormat format);
/// Of the conditions only.
std::string graph(ir::Estate const& estate, GraphFormat format);

/// A string of DOT: in quotes, with quotes, backslashes and control characters escaped.
std::string quoteDot(llvm::StringRef bytes);
/// A label of Mermaid: in quotes, every character that Mermaid or HTML could read as markup as an
/// entity.
std::string quoteMermaid(llvm::StringRef bytes);

} // namespace hoist::report
