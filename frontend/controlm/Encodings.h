// Encodings of one byte a character that XML files declare and expat does not know.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <array>

namespace hoist::controlm {

/// Byte → code point, -1 for none: windows-1252 and ISO-8859-15. Null for any other name.
std::array<int, 256> const* codePage(llvm::StringRef name);

} // namespace hoist::controlm
