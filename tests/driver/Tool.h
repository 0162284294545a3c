// Runs the whole tool in memory.
#pragma once

#include "backend/driver/Driver.h"

#include <map>
#include <string>
#include <vector>

namespace hoist::test {

class MemoryConsole final : public Console {
public:
    std::string output, errors;
    std::map<std::string, std::string> variables;
    bool isTerminal = false;

    void out(llvm::StringRef text) override { output += text; }
    void err(llvm::StringRef text) override { errors += text; }
    bool isOutTerminal() const override { return isTerminal; }
    bool isErrTerminal() const override { return isTerminal; }
    std::optional<std::string> variable(llvm::StringRef name) const override {
        auto const it = variables.find(name.str());
        return it == variables.end() ? std::nullopt : std::optional(it->second);
    }
    std::string currentFolder() const override { return {}; }
};

/// The tool with its files and its terminal; `run` returns the exit code.
struct Tool {
    MemoryFileSystem files;
    MemoryConsole console;

    int run(std::vector<llvm::StringRef> const& args) {
        console.output.clear();
        console.errors.clear();
        return runHoist(args, files, console);
    }
};

} // namespace hoist::test
