// The JIL front end as a row of Dialects.def.
#pragma once

#include "frontend/Frontend.h"

namespace hoist::jil {

Likelihood sniff(llvm::StringRef path, llvm::StringRef head);
/// Scans each file statement by statement, folds all statements in order, then lowers what is left.
void read(llvm::ArrayRef<FileId> files, ir::Estate& estate, diag::Diagnostics& diags);

} // namespace hoist::jil
