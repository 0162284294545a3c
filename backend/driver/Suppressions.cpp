// Finds the comments by their words, in any dialect: `/* … */` anywhere, `#` at the start of a
// line.
#include "backend/driver/Suppressions.h"

#include <llvm/ADT/SmallVector.h>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace hoist {
namespace {

/// The statements of all files, in order of place.
std::vector<Span> statementsOf(ir::Estate const& estate) {
    std::vector<Span> spans;
    for (ir::ConstructId id : estate.constructs.ids()) {
        ir::Construct const& construct = estate.constructs[id];
        if (construct.span.isValid() &&
            estate.constructs.text(construct.kind).starts_with("statement "))
            spans.push_back(construct.span);
    }
    std::sort(spans.begin(), spans.end());
    return spans;
}

bool isComment(llvm::StringRef lineBefore) {
    size_t const open = lineBefore.rfind("/*");
    if (open != llvm::StringRef::npos && lineBefore.find("*/", open) == llvm::StringRef::npos)
        return true;
    return lineBefore.ltrim(" \t").starts_with("#");
}

} // namespace

Suppressions::Suppressions(ir::Estate const& estate) : sources(estate.sources) {
    std::vector<Span> statements; // made when the first comment is found
    bool haveStatements = false;
    for (FileId file : estate.sources.ids()) {
        if (!estate.sources.bytes(file).contains("hoist: allow"))
            continue;
        if (!std::exchange(haveStatements, true))
            statements = statementsOf(estate);
        scan(file, statements);
    }
    std::stable_sort(comments.begin(), comments.end(), [](Comment const& a, Comment const& b) {
        return std::tie(a.code, a.covered.begin) < std::tie(b.code, b.covered.begin);
    });
}

void Suppressions::scan(FileId file, std::vector<Span> const& statements) {
    static constexpr llvm::StringLiteral word = "hoist: allow";
    llvm::StringRef const bytes = sources.bytes(file);
    for (size_t at = bytes.find(word); at != llvm::StringRef::npos;
         at = bytes.find(word, at + word.size())) {
        size_t const lineBegin = bytes.rfind('\n', at) + 1;
        size_t const lineEnd = std::min(bytes.find('\n', at), bytes.size());
        if (!isComment(bytes.slice(lineBegin, at)))
            continue;
        Span const where = sources.span(file, at, at + word.size());
        size_t const open = at + word.size();
        size_t const close = bytes.slice(0, lineEnd).find(')', open);
        if (open >= lineEnd || bytes[open] != '(' || close == llvm::StringRef::npos) {
            problems.push_back({where, "needs a code, as in `hoist: allow(A0301) reason`"});
            continue;
        }
        // The next line that holds something; further comments above a statement cover it as well.
        size_t next = std::min(lineEnd + 1, bytes.size());
        size_t nextEnd = std::min(bytes.find('\n', next), bytes.size());
        while (nextEnd < bytes.size()) {
            llvm::StringRef const line = bytes.slice(next, nextEnd).trim();
            if (!line.empty() && !line.starts_with("#") && !line.starts_with("/*"))
                break;
            next = nextEnd + 1;
            nextEnd = std::min(bytes.find('\n', next), bytes.size());
        }
        Span covered = sources.span(file, lineBegin, nextEnd);
        auto const begins = std::lower_bound(statements.begin(), statements.end(),
                                             Span{sources.span(file, next, next).begin, 0});
        if (begins != statements.end() && begins->begin <= covered.end) {
            auto const after =
                std::upper_bound(begins, statements.end(), Span{covered.end, UINT32_MAX});
            uint32_t const fileEnd = sources.wholeFile(file).end;
            covered.end = after == statements.end() ? fileEnd : std::min(fileEnd, after->begin - 1);
        }
        llvm::SmallVector<llvm::StringRef, 4> codes;
        bytes.slice(open + 1, close).split(codes, ',');
        for (llvm::StringRef code : codes) {
            code = code.trim();
            auto const offset = static_cast<size_t>(code.data() - bytes.data());
            Span const codeAt = sources.span(file, offset, offset + code.size());
            if (diag::codeById(code))
                comments.push_back({codeAt, code.upper(), covered, false});
            else
                problems.push_back(
                    {codeAt, fmt::format("names `{}`, which is no code; `hoist explain` lists them",
                                         diag::shown(code))});
        }
    }
}

bool Suppressions::covers(diag::Diagnostic const& finding) {
    if (comments.empty() || !finding.span.isValid())
        return false;
    auto const id = diag::info(finding.code).id;
    auto const after = std::upper_bound(
        comments.begin(), comments.end(), std::pair(id, finding.span.begin),
        [](auto const& wanted, Comment const& comment) {
            return wanted < std::pair(std::string_view(comment.code), comment.covered.begin);
        });
    bool found = false;
    // A later comment never ends earlier, so the first one that ends too early ends the search.
    for (auto it = after; it != comments.begin();) {
        Comment& comment = *--it;
        if (comment.code != id || comment.covered.end < finding.span.begin)
            break;
        comment.isUsed = found = true;
    }
    suppressed += found;
    return found;
}

void Suppressions::reportUnused(diag::Diagnostics& diags, bool isComplete) const {
    for (Problem const& problem : problems)
        diags.report<diag::Code::BadSuppression>(problem.at, problem.why);
    if (isComplete)
        for (Comment const& comment : comments)
            if (!comment.isUsed)
                diags.report<diag::Code::UnusedSuppression>(comment.at, comment.code);
}

} // namespace hoist
