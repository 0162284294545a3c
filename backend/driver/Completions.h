// The completion scripts of bash, zsh and fish, made from the tables of commands and options.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist {

/// The script of a shell: "bash", "zsh" or "fish".
std::string completionScript(llvm::StringRef shell);

} // namespace hoist
