// `hoist map`: the estate with all its dependencies as JSON for programs and as a page for people.
// Its DOT and Mermaid are those of Graph.h.
#pragma once

#include "analysis/migration/Inventory.h"

#include <string>
#include <vector>

namespace hoist::report {

/// What the map shows; what is given by workflow or job is by id, and empty when it is not known.
struct MapInput {
    ir::Estate const& estate;
    std::vector<migration::Dependency> dependencies;
    migration::Inventory inventory;
    std::vector<std::string> waves;     ///< by workflow, from a plan
    std::vector<std::string> waveOrder; ///< the names of the waves, the first first
    std::vector<std::string> verdicts;  ///< by workflow, from certificates
    std::vector<bool> secrets;          ///< by job: its command holds one (A0022); never shown
    std::string title;
};

/// docs/schemas/map.schema.json
std::string mapJson(MapInput const& input);

/// One HTML page that needs nothing else: data, layout, style, program and the library that draws.
std::string mapPage(MapInput const& input);

/// The text of each job's definition as its file has it, by job id; what a secret is in is blotted
/// out. Linear in the constructs.
std::vector<std::string> definitionTexts(MapInput const& input);

/// JSON that may stand in a `<script>` element: no character that could end it, or that JavaScript
/// takes for a line end.
std::string scriptJson(std::string json);

} // namespace hoist::report
