// From XML to definitions, by the tables.
#pragma once

#include "frontend/controlm/Lower.h"

namespace hoist::controlm {

/// Hands each folder and calendar of the file to the lowering as soon as it has been read.
void readXmlFile(FileId file, ir::Estate& estate, diag::Diagnostics& diags, Lowering& lowering);

} // namespace hoist::controlm
