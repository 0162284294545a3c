// Files that a command line writes to, as far as its text is certain of it.
#pragma once

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/ADT/StringRef.h>

namespace hoist::migration {

/// Visits each path that a POSIX shell opens for writing by a redirection (`>`, `>>`, `>|`, `&>`,
/// `<>`), and the operands of `tee` and `touch`, if it is absolute or begins with `$$`, which in
/// JIL begins a global. What a shell would still fill in (variables, patterns, substitutions), a
/// path that hangs on the current folder, and what stands inside quotes for another shell, is not
/// visited; of a command with a here-document nothing behind it is. Linear.
void forEachWrittenFile(llvm::StringRef command, llvm::function_ref<void(llvm::StringRef)> visit);

} // namespace hoist::migration
