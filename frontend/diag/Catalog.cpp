// Look-ups in the catalog.
#include "frontend/diag/Catalog.h"

#include <llvm/ADT/StringMap.h>

namespace hoist::diag {

std::optional<Code> codeById(llvm::StringRef id) {
    static llvm::StringMap<Code> const byId = [] {
        llvm::StringMap<Code> map;
        for (size_t i = 0; i < codeCount; ++i)
            map[catalog[i].id] = static_cast<Code>(i);
        return map;
    }();
    auto it = byId.find(id.upper());
    return it == byId.end() ? std::nullopt : std::optional(it->second);
}

llvm::StringRef toString(Severity severity) {
    switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
    }
    return "error";
}

llvm::StringRef toString(Fidelity fidelity) {
    switch (fidelity) {
    case Fidelity::none: return "none";
    case Fidelity::exact: return "exact";
    case Fidelity::approximated: return "approximated";
    case Fidelity::dropped: return "dropped";
    case Fidelity::refused: return "refused";
    }
    return "none";
}

} // namespace hoist::diag
