// Asking for findings by code, for tests.
#pragma once

#include "frontend/diag/Diagnostics.h"

#include <algorithm>

namespace hoist::test {

inline size_t count(diag::Diagnostics const& diags, diag::Code code) {
    return static_cast<size_t>(
        std::count_if(diags.all().begin(), diags.all().end(),
                      [&](diag::Diagnostic const& d) { return d.code == code; }));
}
/// The first finding with a code, or null.
inline diag::Diagnostic const* find(diag::Diagnostics const& diags, diag::Code code) {
    for (diag::Diagnostic const& finding : diags.all())
        if (finding.code == code)
            return &finding;
    return nullptr;
}

} // namespace hoist::test
