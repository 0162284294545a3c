// `hoist inventory`: what there is, as text and HTML for people, JSON and CSV for programs.
#pragma once

#include "analysis/migration/Inventory.h"

#include <string>

namespace hoist::report {

std::string inventoryText(ir::Estate const& estate, migration::Inventory const& inventory);
/// docs/schemas/inventory.schema.json
std::string inventoryJson(ir::Estate const& estate, migration::Inventory const& inventory);
/// A row for each job, RFC 4180; a cell that a spreadsheet could take for a formula begins with an
/// apostrophe.
std::string inventoryCsv(ir::Estate const& estate, migration::Inventory const& inventory);
/// One page without scripts.
std::string inventoryHtml(ir::Estate const& estate, migration::Inventory const& inventory,
                          llvm::StringRef title);

std::string quoteCsv(llvm::StringRef bytes);

} // namespace hoist::report
