// Two folders of Control-M, or a folder and a DAG read as one (LiftedDags.h): what of them differs
// in meaning. Shared by verify and diff.
#pragma once

#include "analysis/equivalence/Finding.h"
#include "analysis/equivalence/orders/OrderedEstate.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace hoist::equivalence {

/// Something that is said differently. What is not `isCertain` counts only if a day was played that
/// shows it.
struct Mismatch {
    Difference::Aspect aspect = Difference::Aspect::start;
    JobId first, second; ///< the entity in each estate
    Span firstPlace, secondPlace;
    std::string firstSide, secondSide;
    std::string consequence;
    bool isCertain = false;
    std::optional<int32_t> day; ///< an order date that shows it
};

struct FolderDifferences {
    std::vector<Mismatch> mismatches;
    std::vector<Assumption> assumptions;
    std::vector<std::string> undecided; ///< the budget ran out
    unsigned entities = 0, bySolver = 0;
    bool usesEdges = false; ///< a wait for a fact was taken for the wait for its job (TR-31)
};

/// Names of entities of the first estate as the second one has them; others stay.
using NewNames = std::map<std::string, std::string>;

struct ComparisonOptions {
    /// Order dates are compared in [from, to]; of a DAG with ticks no others are known.
    int32_t from = INT32_MIN, to = INT32_MAX;
    /// Conditions that no job of the estate waits for as such count, too; else that nobody else
    /// reads them is an assumption.
    bool countsAllConditions = false;
    /// Of which rules of an entity of the first estate a message counts; empty: of all.
    std::function<bool(JobId, ir::EndTest const&)> isTold;
    int budget = 20000;
};

FolderDifferences compareFolders(OrderedEstate& first, ir::WorkflowId firstFolder,
                                 OrderedEstate& second, ir::WorkflowId secondFolder,
                                 NewNames const& renamed, ComparisonOptions const& options);

} // namespace hoist::equivalence
