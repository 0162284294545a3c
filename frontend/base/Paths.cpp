// Paths as text: nothing here asks the file system.
#include "frontend/base/Paths.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/Twine.h>

namespace hoist {

std::string normalPath(llvm::StringRef path) {
    llvm::SmallVector<llvm::StringRef, 8> parts, kept;
    path.split(parts, '/', -1, false);
    for (llvm::StringRef part : parts) {
        if (part == ".")
            continue;
        if (part == ".." && !kept.empty() && kept.back() != "..")
            kept.pop_back();
        else if (part != ".." || !path.starts_with("/")) // above the root there is nothing
            kept.push_back(part);
    }
    std::string text = path.starts_with("/") ? "/" : "";
    for (size_t i = 0; i < kept.size(); ++i)
        text += (i ? "/" : "") + kept[i].str();
    return text;
}

std::string absolutePath(llvm::StringRef path, llvm::StringRef folder) {
    bool const stands = path.starts_with("/") || folder.empty();
    return normalPath(stands ? path.str() : (folder + "/" + path).str());
}

std::string parentOf(llvm::StringRef path) {
    size_t const slash = path.rfind('/');
    return slash == llvm::StringRef::npos ? "" : path.take_front(slash).str();
}

} // namespace hoist
