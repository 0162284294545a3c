// Reads the condition language of §6.1 of the rule book (JIL-062…075).
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/ADT/STLFunctionalExtras.h>

namespace hoist::jil {

/// How deep parentheses and changes between AND and OR may nest.
inline constexpr size_t conditionDepthLimit = 1000;

/// Where the parser's text stands in the source: offsets into the text to a span.
using SpanOf = llvm::function_ref<Span(size_t begin, size_t end)>;

/// Parses `text` (line ends and comments count as blanks) into `out.expr`, `out.uses` and
/// `out.mixed`; registers each atom as a construct of `owner`. `object` is named in findings. False
/// when the text is no condition: that was reported and `out` is left without an expression. `text`
/// must live as long as the estate.
bool parseCondition(llvm::StringRef text, SpanOf spanOf, ir::Estate& estate,
                    diag::Diagnostics& diags, ir::JobId owner, llvm::StringRef object,
                    ir::ConditionRef& out);

} // namespace hoist::jil
