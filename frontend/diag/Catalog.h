// The catalog of everything hoist can say: one row per code in codes/*.def.
#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hoist::diag {

enum class Severity : uint8_t { note, warning, error };

/// What a finding says about the translation. `none`: the finding is not about fidelity.
enum class Fidelity : uint8_t { none, exact, approximated, dropped, refused };

/// A code's name in the source: `Code::NeverStarts`, in the order of the tables.
enum class Code : uint16_t {
#define DIAG(id, name, severity, fidelity, group, message) name,
#include "frontend/diag/Codes.inc"
#undef DIAG
};

struct CodeInfo {
    std::string_view id;   ///< "A0301": stable, never reused
    std::string_view name; ///< "NeverStarts"
    Severity severity;     ///< the default one
    Fidelity fidelity;
    std::string_view group;   ///< "conditions", "schedule", … in `hoist explain`
    std::string_view message; ///< an fmt format string, lower case, no full stop
};

inline constexpr CodeInfo catalog[] = {
#define DIAG(id, name, severity, fidelity, group, message)                                         \
    {#id, #name, Severity::severity, Fidelity::fidelity, group, message},
#include "frontend/diag/Codes.inc"
#undef DIAG
};
inline constexpr size_t codeCount = std::size(catalog);

constexpr CodeInfo const& info(Code code) { return catalog[static_cast<size_t>(code)]; }
std::optional<Code> codeById(llvm::StringRef id);
llvm::StringRef toString(Severity severity);
llvm::StringRef toString(Fidelity fidelity);

} // namespace hoist::diag
