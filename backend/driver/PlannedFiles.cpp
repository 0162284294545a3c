// A layer over the files: what was planned is read back, the rest from below.
#include "backend/driver/PlannedFiles.h"

#include "frontend/base/Patch.h"

namespace hoist {

std::optional<std::string> PlannedFiles::read(llvm::StringRef path, std::string& error) {
    auto const it = planned.find(path.str());
    if (it == planned.end())
        return inner.read(path, error);
    if (!it->second)
        error = "No such file or directory";
    return it->second;
}

std::optional<std::string> PlannedFiles::readHead(llvm::StringRef path, size_t length,
                                                  std::string& error) {
    if (!planned.contains(path.str()))
        return inner.readHead(path, length, error);
    auto bytes = read(path, error);
    if (bytes && bytes->size() > length)
        bytes->resize(length);
    return bytes;
}

uint64_t PlannedFiles::sizeOf(llvm::StringRef path) {
    auto const it = planned.find(path.str());
    if (it == planned.end())
        return inner.sizeOf(path);
    return it->second ? it->second->size() : 0;
}

bool PlannedFiles::exists(llvm::StringRef path) {
    auto const it = planned.find(path.str());
    return it == planned.end() ? inner.exists(path) : it->second.has_value();
}

bool PlannedFiles::write(llvm::StringRef path, llvm::StringRef bytes, std::string&) {
    planned[path.str()] = bytes.str();
    return true;
}

bool PlannedFiles::remove(llvm::StringRef path, std::string&) {
    planned[path.str()] = std::nullopt;
    return true;
}

std::string PlannedFiles::patch() const {
    std::string text;
    for (auto const& [path, after] : planned) {
        std::string ignored;
        std::optional<std::string> const before =
            inner.exists(path) ? inner.read(path, ignored) : std::nullopt;
        text += unifiedDiff(before ? path : "/dev/null", after ? path : "/dev/null",
                            before.value_or(""), after.value_or(""));
    }
    return text;
}

} // namespace hoist
