// The Control-M front end as a row of Dialects.def: XML exports and Automation API JSON.
#pragma once

#include "frontend/Frontend.h"

namespace hoist::controlm {

Likelihood sniff(llvm::StringRef path, llvm::StringRef head);
/// Reads each file into definitions, lowers them folder by folder, then looks up what they name.
void read(llvm::ArrayRef<FileId> files, ir::Estate& estate, diag::Diagnostics& diags);
Marks marks(FileId file, SourceMap const& sources);
Parts parts(FileId file, SourceMap const& sources);
std::vector<llvm::StringRef> keywords();

} // namespace hoist::controlm
