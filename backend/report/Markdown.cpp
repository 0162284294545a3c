// A table for a comment on a pull request, in the Markdown that GitHub and GitLab read.
#include "backend/report/Parts.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

namespace hoist::report {
namespace {

/// Text that Markdown and HTML cannot take for markup: each ASCII character but letters, digits and
/// blanks as a reference, which CommonMark never reads as structure. `isCode`: inside `<code>`,
/// where nobody is mentioned and nothing is linked; outside of it a mark without width follows `@`
/// and `#`, as mentions are found in the text after the references are resolved.
std::string inert(llvm::StringRef text, bool isCode) {
    std::string out;
    for (char const c : text) {
        if (llvm::isAlnum(c) || c == ' ' || static_cast<unsigned char>(c) >= 0x80) {
            out += c;
            continue;
        }
        out += fmt::format("&#{};", static_cast<int>(c));
        if (!isCode && (c == '@' || c == '#'))
            out += "&#8203;";
    }
    return out;
}

// What GitHub takes in a comment, in characters; bytes are never fewer.
constexpr size_t commentLimit = 65'536;

} // namespace

std::string markdownCode(llvm::StringRef text) { return "<code>" + inert(text, true) + "</code>"; }

std::string markdownProse(llvm::StringRef message) {
    std::string const text = printable(message);
    llvm::StringRef rest = text;
    std::string out;
    for (bool isCode = false; !rest.empty(); isCode = !isCode) {
        auto const [part, after] = rest.split('`');
        if (!part.empty())
            out += isCode ? markdownCode(part) : inert(part, false);
        rest = after;
    }
    return out;
}

std::string markdown(Findings const& input, Notices& notices) {
    // The comment by which a bot finds its last comment again.
    std::string out = fmt::format("<!-- hoist findings -->\n**hoist: {}**\n", summaryOf(input));
    if (input.findings.empty())
        return out;
    out += "\n| | code | where | what |\n|---|---|---|---|\n";
    size_t shown = 0;
    for (size_t const i : bySeverity(input)) {
        diag::Diagnostic const& finding = input.findings[i];
        Place const place = placeOf(input, finding);
        std::string const where =
            place.isKnown ? fmt::format("{}:{}", printable(place.file), place.start.line) : "";
        std::string row =
            fmt::format("| {} | {} | {} | {}", diag::shown(diag::toString(finding.severity)),
                        diag::info(finding.code).id, where.empty() ? "" : markdownCode(where),
                        markdownProse(finding.message));
        for (std::string const& help : finding.helps)
            row += "<br>help: " + markdownProse(help);
        row += " |\n";
        if (out.size() + row.size() > commentLimit - 200)
            break;
        out += row;
        ++shown;
    }
    if (shown < input.findings.size()) {
        std::string const cut =
            fmt::format("{} of {} findings are shown: a comment holds {} characters", shown,
                        input.findings.size(), commentLimit);
        out += "\n" + cut + ".\n";
        notices.push_back(cut);
    }
    return out;
}

} // namespace hoist::report
