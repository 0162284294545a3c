// One line per finding, for editors and grep.
#include "backend/report/Parts.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

namespace hoist::report {
namespace {

/// As the user named the file; a name that something could take for more than a name
/// (`::error::x`, `-x`) gets `./` in front.
std::string shownPath(llvm::StringRef path) {
    bool const isPlain = !path.empty() && (llvm::isAlnum(path.front()) ||
                                           llvm::StringRef("./_").contains(path.front()));
    return (isPlain ? "" : "./") + printable(path);
}

} // namespace

std::string concise(Findings const& input) {
    std::string out;
    for (diag::Diagnostic const& finding : input.findings) {
        if (finding.span.isValid()) {
            LineColumn const at = input.sources.start(finding.span);
            out += fmt::format("{}:{}:{}",
                               shownPath(input.sources.path(input.sources.fileOf(finding.span))),
                               at.line, at.column);
        } else {
            out += "hoist";
        }
        out += fmt::format(": {}[{}] {}\n", diag::shown(diag::toString(finding.severity)),
                           diag::info(finding.code).id, printable(finding.message));
    }
    return out;
}

} // namespace hoist::report
