// From Automation API JSON to definitions, in the words of the XML.
#pragma once

#include "frontend/controlm/Lower.h"

namespace hoist::controlm {

void readJsonFile(FileId file, ir::Estate& estate, diag::Diagnostics& diags, Lowering& lowering);

} // namespace hoist::controlm
