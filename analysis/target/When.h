// The condition language of docs/runtime.md, as a loaded DAG's gates and boxes hold it, read back
// into the estate's conditions. The inverse of ir::Conditions::print, and no code of the emitter's.
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/ADT/StringRef.h>

#include <optional>
#include <string>

namespace hoist::target {

/// The expression of `text` in the estate's pool: an atom that a definition has too gets the same
/// id. Nothing, and `error` (one line with the offset), when the text is not a condition.
std::optional<ir::ExprId> parseWhen(llvm::StringRef text, ir::Estate& estate, std::string& error);

} // namespace hoist::target
