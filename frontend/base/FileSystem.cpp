// The real file system (atomic writes) and the one in memory.
#include "frontend/base/FileSystem.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include <unistd.h>

namespace fs = std::filesystem;

namespace hoist {
namespace {

bool isHidden(llvm::StringRef relative) {
    return relative.starts_with(".") || relative.contains("/.");
}

class RealFileSystem final : public FileSystem {
public:
    std::optional<std::string> read(llvm::StringRef path, std::string& error) override {
        if (path == "-")
            return std::string(std::istreambuf_iterator<char>(std::cin), {});
        if (isDirectory(path)) {
            error = "is a folder";
            return std::nullopt;
        }
        std::ifstream in(path.str(), std::ios::binary);
        if (!in) {
            error = std::strerror(errno);
            return std::nullopt;
        }
        std::string bytes;
        if (uint64_t const size = sizeOf(path); size > 0) {
            bytes.resize(size);
            in.read(bytes.data(), static_cast<std::streamsize>(size));
            bytes.resize(static_cast<size_t>(in.gcount()));
            in.clear();
        }
        // What a pipe or a growing file holds beyond its stated size.
        bytes.append(std::istreambuf_iterator<char>(in), {});
        return bytes;
    }

    std::optional<std::string> readHead(llvm::StringRef path, size_t length,
                                        std::string& error) override {
        std::ifstream in(path.str(), std::ios::binary);
        if (!in) {
            error = std::strerror(errno);
            return std::nullopt;
        }
        std::string bytes(length, '\0');
        in.read(bytes.data(), static_cast<std::streamsize>(length));
        bytes.resize(static_cast<size_t>(in.gcount()));
        return bytes;
    }

    uint64_t sizeOf(llvm::StringRef path) override {
        std::error_code code;
        auto const size = fs::file_size(path.str(), code);
        return code ? 0 : size;
    }

    bool write(llvm::StringRef path, llvm::StringRef bytes, std::string& error) override {
        fs::path const target(path.str());
        std::error_code code;
        // The rename would replace the link; to follow it would write where nobody pointed.
        if (fs::is_symlink(target, code)) {
            error = "it is a symbolic link; name the file that it leads to";
            return false;
        }
        if (target.has_parent_path())
            fs::create_directories(target.parent_path(), code);
        fs::path temporary = target;
        temporary += ".hoist-" + std::to_string(::getpid()) + ".tmp";
        {
            std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
            out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
            out.flush();
            if (!out) {
                error = std::strerror(errno);
                out.close();
                fs::remove(temporary, code);
                return false;
            }
        }
        // A file that is there keeps its permissions.
        if (auto const old = fs::status(target, code); !code && fs::is_regular_file(old))
            fs::permissions(temporary, old.permissions(), code);
        fs::rename(temporary, target, code);
        if (code) {
            error = code.message();
            std::error_code ignored;
            fs::remove(temporary, ignored);
            return false;
        }
        return true;
    }

    bool remove(llvm::StringRef path, std::string& error) override {
        std::error_code code;
        fs::remove(path.str(), code);
        if (code)
            error = code.message();
        return !code;
    }

    bool isDirectory(llvm::StringRef path) override {
        std::error_code ignored;
        return fs::is_directory(path.str(), ignored);
    }

    bool exists(llvm::StringRef path) override {
        std::error_code ignored;
        return fs::exists(path.str(), ignored);
    }

    std::vector<std::string> list(llvm::StringRef folder, std::string& error) override {
        std::vector<std::string> found;
        std::error_code code;
        fs::recursive_directory_iterator it(folder.str(), code), end;
        if (code) {
            error = code.message();
            return found;
        }
        for (; it != end; it.increment(code)) {
            if (code) {
                error = code.message();
                break;
            }
            std::string const name = it->path().filename().string();
            std::error_code ignored;
            if (llvm::StringRef(name).starts_with(".")) {
                if (it->is_directory(ignored))
                    it.disable_recursion_pending();
                continue;
            }
            if (it->is_regular_file(ignored))
                found.push_back(it->path().string());
        }
        std::sort(found.begin(), found.end());
        return found;
    }
};

} // namespace

FileSystem& realFileSystem() {
    static RealFileSystem files;
    return files;
}

std::optional<std::string> MemoryFileSystem::read(llvm::StringRef path, std::string& error) {
    if (auto it = files.find(path.str()); it != files.end())
        return it->second;
    error = "No such file or directory";
    return std::nullopt;
}

std::optional<std::string> MemoryFileSystem::readHead(llvm::StringRef path, size_t length,
                                                      std::string& error) {
    auto bytes = read(path, error);
    if (bytes && bytes->size() > length)
        bytes->resize(length);
    return bytes;
}

uint64_t MemoryFileSystem::sizeOf(llvm::StringRef path) {
    auto it = files.find(path.str());
    return it == files.end() ? 0 : it->second.size();
}

bool MemoryFileSystem::write(llvm::StringRef path, llvm::StringRef bytes, std::string&) {
    files[path.str()] = bytes.str();
    return true;
}

bool MemoryFileSystem::remove(llvm::StringRef path, std::string&) {
    files.erase(path.str());
    return true;
}

bool MemoryFileSystem::isDirectory(llvm::StringRef path) {
    if (path == ".")
        return true;
    std::string const prefix = path.rtrim('/').str() + "/";
    auto it = files.lower_bound(prefix);
    return it != files.end() && llvm::StringRef(it->first).starts_with(prefix);
}

bool MemoryFileSystem::exists(llvm::StringRef path) {
    return files.contains(path.str()) || isDirectory(path);
}

std::vector<std::string> MemoryFileSystem::list(llvm::StringRef folder, std::string&) {
    std::string const prefix = folder == "." ? "" : folder.rtrim('/').str() + "/";
    std::vector<std::string> found;
    for (auto const& [path, bytes] : files)
        if (llvm::StringRef(path).starts_with(prefix) &&
            !isHidden(llvm::StringRef(path).substr(prefix.size())))
            found.push_back(path);
    return found;
}

} // namespace hoist
