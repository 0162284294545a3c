// Where everything on the map lies: computed here, so that the page draws at once and every run
// draws the same.
#pragma once

#include "analysis/migration/Dependencies.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace hoist::report {

/// Pixels at zoom 1; `x`, `y` is the upper left corner.
struct Area {
    double x = 0, y = 0, width = 0, height = 0;
};

/// Places items so that arrows point to the right, and what is not connected fills rows. Returns
/// the size of all together. Linear but for sorting; circles are cut where they are met.
std::pair<double, double> place(std::vector<Area>& items,
                                std::vector<std::pair<uint32_t, uint32_t>> const& arrows);

struct MapLayout {
    std::vector<Area> jobs;      ///< by job id; members lie inside their box
    std::vector<Area> workflows; ///< by workflow id
    std::vector<Area> outside;   ///< as many as given
};

/// `arrowsOutside`: from what stands outside (an index below `outsideCount`) to a workflow.
MapLayout layOut(ir::Estate const& estate, std::vector<migration::Dependency> const& found,
                 std::vector<double> const& outsideWidths,
                 std::vector<std::pair<uint32_t, ir::WorkflowId>> const& arrowsOutside);

/// The width of a node with a name of so many characters.
double widthOf(llvm::StringRef name);

} // namespace hoist::report
