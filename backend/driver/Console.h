// What the tool sees of the terminal and the environment, behind an interface, so that tests run it
// in memory.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <optional>
#include <string>

namespace hoist {

class Console {
public:
    virtual ~Console() = default;
    virtual void out(llvm::StringRef text) = 0;
    virtual void err(llvm::StringRef text) = 0;
    virtual bool isOutTerminal() const = 0;
    virtual bool isErrTerminal() const = 0;
    /// An environment variable; nothing when it is not set.
    virtual std::optional<std::string> variable(llvm::StringRef name) const = 0;
    /// Absolute, without a final slash; empty when unknown.
    virtual std::string currentFolder() const = 0;
    /// True where the process ends after the run: then nobody takes a million jobs apart piece by
    /// piece.
    virtual bool endsWithRun() const { return false; }
};

/// The process's own.
Console& realConsole();

} // namespace hoist
