// Where findings go: `--output FORMAT[=FILE]`, and the folder that `hoist build` may write in.
#pragma once

#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "backend/driver/Driver.h"
#include "backend/report/Report.h"
#include "frontend/base/FileSystem.h"

#include <optional>
#include <string>
#include <vector>

namespace hoist {

enum class OutputFormat : uint8_t { text, concise, json, sarif, github, gitlab, junit, markdown };

struct OutputRequest {
    OutputFormat format = OutputFormat::text;
    std::string file; ///< empty: text to standard error, others to standard output
};

/// The `--output` options, text when there is none; what is wrong is reported.
std::optional<std::vector<OutputRequest>> parseOutputs(Invocation const& invocation,
                                                       Command command, diag::Diagnostics& diags);

/// Text that a command prints for people, with names of definitions in it, made safe for a terminal
/// and for the log of a CI system: control characters become their pictures, and no line is a
/// command to a runner (`::error::`, `##[error]`, `##vso[…]`). Everything but findings, colours and
/// patches goes through here.
std::string forPeople(llvm::StringRef text, Console const& console);

Exit writeOutputs(std::vector<OutputRequest> const& outputs, report::Findings const& findings,
                  report::TextOptions const& options, FileSystem& files, Console& console);

/// A file system that writes and removes below one folder only: no name in an estate leads out of
/// `-o`.
class ConfinedFileSystem final : public FileSystem {
public:
    ConfinedFileSystem(FileSystem& all, llvm::StringRef folder) : inner(all), root(folder.str()) {}

    std::optional<std::string> read(llvm::StringRef path, std::string& error) override {
        return inner.read(path, error);
    }
    std::optional<std::string> readHead(llvm::StringRef path, size_t length,
                                        std::string& error) override {
        return inner.readHead(path, length, error);
    }
    uint64_t sizeOf(llvm::StringRef path) override { return inner.sizeOf(path); }
    bool write(llvm::StringRef path, llvm::StringRef bytes, std::string& error) override {
        return isInside(path, error) && inner.write(path, bytes, error);
    }
    bool remove(llvm::StringRef path, std::string& error) override {
        return isInside(path, error) && inner.remove(path, error);
    }
    bool isDirectory(llvm::StringRef path) override { return inner.isDirectory(path); }
    bool exists(llvm::StringRef path) override { return inner.exists(path); }
    std::vector<std::string> list(llvm::StringRef folder, std::string& error) override {
        return inner.list(folder, error);
    }

private:
    bool isInside(llvm::StringRef path, std::string& error) const;
    FileSystem& inner;
    std::string root;
};

} // namespace hoist
