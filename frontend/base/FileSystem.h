// The files hoist reads and writes, behind an interface, so that tests run the whole tool in
// memory.
#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hoist {

class FileSystem {
public:
    virtual ~FileSystem() = default;

    /// The bytes of a file; "-" is standard input. On failure nothing, and `error` says why in one
    /// line.
    virtual std::optional<std::string> read(llvm::StringRef path, std::string& error) = 0;
    /// The same, but at most the first `length` bytes.
    virtual std::optional<std::string> readHead(llvm::StringRef path, size_t length,
                                                std::string& error) = 0;
    /// In bytes; 0 where nobody can say it beforehand (standard input, pipes).
    virtual uint64_t sizeOf(llvm::StringRef path) = 0;
    /// Writes all or nothing: a temporary file in the same folder, then a rename. Makes missing
    /// folders.
    virtual bool write(llvm::StringRef path, llvm::StringRef bytes, std::string& error) = 0;
    virtual bool remove(llvm::StringRef path, std::string& error) = 0;
    virtual bool isDirectory(llvm::StringRef path) = 0;
    virtual bool exists(llvm::StringRef path) = 0;
    /// Files below a folder, as paths that begin with it, in byte order of the relative path;
    /// hidden files and folders are skipped; a symbolic link to a folder is not followed.
    virtual std::vector<std::string> list(llvm::StringRef folder, std::string& error) = 0;
};

/// The operating system's files.
FileSystem& realFileSystem();

/// Files in memory, for tests.
class MemoryFileSystem final : public FileSystem {
public:
    std::map<std::string, std::string> files;

    std::optional<std::string> read(llvm::StringRef path, std::string& error) override;
    std::optional<std::string> readHead(llvm::StringRef path, size_t length,
                                        std::string& error) override;
    uint64_t sizeOf(llvm::StringRef path) override;
    bool write(llvm::StringRef path, llvm::StringRef bytes, std::string& error) override;
    bool remove(llvm::StringRef path, std::string& error) override;
    bool isDirectory(llvm::StringRef path) override;
    bool exists(llvm::StringRef path) override;
    std::vector<std::string> list(llvm::StringRef folder, std::string& error) override;
};

} // namespace hoist
