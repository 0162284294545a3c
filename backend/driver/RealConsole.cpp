// The process's own streams and environment.
#include "backend/driver/Console.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <unistd.h>

namespace hoist {
namespace {

class RealConsole final : public Console {
public:
    void out(llvm::StringRef text) override { std::fwrite(text.data(), 1, text.size(), stdout); }
    void err(llvm::StringRef text) override {
        std::fflush(stdout); // in the order of events when both go to one place
        std::fwrite(text.data(), 1, text.size(), stderr);
    }
    bool endsWithRun() const override { return true; }
    bool isOutTerminal() const override { return ::isatty(STDOUT_FILENO) == 1; }
    bool isErrTerminal() const override { return ::isatty(STDERR_FILENO) == 1; }
    std::optional<std::string> variable(llvm::StringRef name) const override {
        char const* const value = std::getenv(name.str().c_str());
        return value ? std::optional<std::string>(value) : std::nullopt;
    }
    std::string currentFolder() const override {
        std::error_code ignored;
        return std::filesystem::current_path(ignored).string();
    }
};

} // namespace

Console& realConsole() {
    static RealConsole console;
    return console;
}

} // namespace hoist
