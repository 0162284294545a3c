// `hoist coverage`: every kind of source construct, how often it occurs, and what became of it.
#pragma once

#include "frontend/ir/Estate.h"

#include <string>
#include <vector>

namespace hoist::report {

struct CoverageRow {
    std::string kind;
    size_t count = 0, exact = 0, approximated = 0, dropped = 0, refused = 0;
    size_t unaccounted = 0; ///< more than none is a bug in hoist
};

struct Coverage {
    std::vector<CoverageRow> rows; ///< by kind
    CoverageRow total;
};

Coverage coverageOf(ir::Estate const& estate);
std::string coverageText(Coverage const& coverage);
std::string coverageJson(Coverage const& coverage);

} // namespace hoist::report
