// Escaping for HTML.
#include "backend/report/Html.h"

#include "backend/report/Utf8.h"

namespace hoist::report {

std::string escapeHtml(llvm::StringRef bytes) {
    std::string out;
    for (char const c : printable(bytes))
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
        }
    return out;
}

} // namespace hoist::report
