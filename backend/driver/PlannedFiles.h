// What a command would write and remove, kept instead of done: `hoist build --diff`.
#pragma once

#include "frontend/base/FileSystem.h"

#include <map>
#include <optional>
#include <string>

namespace hoist {

/// Reads what is there, and what was written here since; changes nothing.
class PlannedFiles final : public FileSystem {
public:
    explicit PlannedFiles(FileSystem& all) : inner(all) {}

    /// All changes as one patch, in the order of their paths; a file that is new or goes has
    /// `/dev/null` on its other side. Empty when nothing would change.
    std::string patch() const;

    std::optional<std::string> read(llvm::StringRef path, std::string& error) override;
    std::optional<std::string> readHead(llvm::StringRef path, size_t length,
                                        std::string& error) override;
    uint64_t sizeOf(llvm::StringRef path) override;
    bool write(llvm::StringRef path, llvm::StringRef bytes, std::string& error) override;
    bool remove(llvm::StringRef path, std::string& error) override;
    bool isDirectory(llvm::StringRef path) override { return inner.isDirectory(path); }
    bool exists(llvm::StringRef path) override;
    std::vector<std::string> list(llvm::StringRef folder, std::string& error) override {
        return inner.list(folder, error);
    }

private:
    FileSystem& inner;
    std::map<std::string, std::optional<std::string>> planned; ///< nothing: removed
};

} // namespace hoist
