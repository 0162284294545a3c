// The run window of a gate (JIL-149…151): may its job start now, at the next opening, or not any
// more?
#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <optional>

namespace hoist::target {

struct WindowAnswer {
    enum class Kind : uint8_t { runNow, waitUntil, notToday } kind = Kind::runNow;
    int64_t at = 0; ///< waitUntil: the opening; runNow: the first instant after the window
};

/// `window` is "hh:mm-hh:mm", `zone` a name that ir::findZone knows; nothing when either is not.
std::optional<WindowAnswer> askWindow(llvm::StringRef window, llvm::StringRef zone, int64_t now);

} // namespace hoist::target
