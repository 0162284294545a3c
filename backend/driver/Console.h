// What the tool sees of the terminal and the environment, behind an interface, so that tests run it
// in memory.
#pragma once

#include <llvm/ADT/ArrayRef.h>
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
    /// Runs a program (argv, no shell) to its end, with `input` as its standard input; its standard
    /// output and error are given back. Its exit code; -1, with `error` saying why, when it could
    /// not be started.
    virtual int runProgram(llvm::ArrayRef<std::string> arguments, std::string& output,
                           std::string& error, llvm::StringRef input = {}) {
        (void)arguments;
        (void)output;
        (void)input;
        error = "programs cannot be run here";
        return -1;
    }
    /// The path of a new, empty file that nobody else can write; empty when there is none.
    virtual std::string temporaryFile() { return {}; }
    /// True where the process ends after the run: then nobody takes a million jobs apart piece by
    /// piece.
    virtual bool endsWithRun() const { return false; }
};

/// The process's own.
Console& realConsole();

} // namespace hoist
