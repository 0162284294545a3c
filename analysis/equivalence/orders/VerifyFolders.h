// `hoist verify` of Control-M folders: each DAG read as a folder, compared with its definition,
// what differs played on both.
#pragma once

#include "analysis/equivalence/Fields.h"
#include "analysis/equivalence/Verify.h"

namespace hoist::equivalence {

/// Judges the folders of Control-M that have a DAG; `results` by workflow, `fields` takes what only
/// shows between tasks of all DAGs.
void verifyFolders(ir::Estate const& estate, target::Bag const& bag, llvm::ArrayRef<Pair> pairs,
                   Options const& options, FieldComparison& fields,
                   std::vector<WorkflowResult>& results);

} // namespace hoist::equivalence
