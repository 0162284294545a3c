// The values of JIL attributes: booleans, numbers, times, lists. Each reader takes plain text (no
// enclosing quotes, no comments) and says nothing if it is no such value.
#pragma once

#include "frontend/ir/Job.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringRef.h>

#include <optional>
#include <utility>
#include <vector>

namespace hoist::jil {

/// JIL-019; `t` and `f` occur too.
std::optional<bool> readBoolean(llvm::StringRef text);
std::optional<int64_t> readInteger(llvm::StringRef text);
/// "hh:mm" in minutes of the day; 00:00 to 23:59.
std::optional<int16_t> readTime(llvm::StringRef text);
/// "hh:mm-hh:mm" (JIL-150).
std::optional<ir::Window> readWindow(llvm::StringRef text);
/// "mm/dd/yyyy", a real date of years 1900 to 9999.
std::optional<ir::Date> readDate(llvm::StringRef text);
/// `3` or `20-30`
std::optional<ir::CodeRange> readCodes(llvm::StringRef text);
/// One day, `mo` or a longer English form, as a bit (0 = Sunday); `all` is every day.
std::optional<uint8_t> readWeekday(llvm::StringRef text);

/// The items of a list: separated by commas or blanks, quotes around items or around all taken off.
/// (JIL-020)
llvm::SmallVector<llvm::StringRef, 8> listItems(llvm::StringRef text);
/// Separated by commas only; quotes and blanks around items taken off.
llvm::SmallVector<llvm::StringRef, 4> commaItems(llvm::StringRef text);
/// `NAME=value,NAME="a,b"`: a comma separates only where another `NAME=` follows.
std::optional<std::vector<std::pair<llvm::StringRef, llvm::StringRef>>>
readAssignments(llvm::StringRef text);
/// `(NAME, QUANTITY=n[, FREE=Y|N|A]) AND (…)` (JIL-160). Spans are set relative to the text: begin
/// = offset + 1.
std::optional<std::vector<ir::ResourceUse>> readResources(llvm::StringRef text);

} // namespace hoist::jil
