// Text as HTML.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist::report {

/// Any bytes as text of an element or of a quoted attribute: one printable line, nothing in it is
/// markup.
std::string escapeHtml(llvm::StringRef bytes);

} // namespace hoist::report
