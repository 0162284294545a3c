// Finds the comments by their words, in any dialect: `/* … */` and `<!-- … -->` anywhere, `#` at
// the start of a line. `until DAY` behind the codes ends them.
#include "backend/driver/Suppressions.h"

#include "frontend/base/Glob.h"

#include <llvm/ADT/SmallVector.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <tuple>
#include <utility>

namespace hoist {
namespace {

/// Does a construct begin what a comment above it covers? A statement of JIL or crontab; of
/// Control-M a folder, job or calendar, as far as the next one.
bool isDefinition(llvm::StringRef kind) {
    if (kind.starts_with("statement "))
        return true;
    if (!kind.consume_front("element ") && !kind.consume_front("object "))
        return false;
    return kind.ends_with_insensitive("folder") || kind.equals_insensitive("job") ||
           kind == "CALENDAR";
}

/// The statements of all files, in order of place.
std::vector<Span> statementsOf(ir::Estate const& estate) {
    std::vector<Span> spans;
    for (ir::ConstructId id : estate.constructs.ids()) {
        ir::Construct const& construct = estate.constructs[id];
        if (construct.span.isValid() && isDefinition(estate.constructs.text(construct.kind)))
            spans.push_back(construct.span);
    }
    std::sort(spans.begin(), spans.end());
    return spans;
}

bool isComment(llvm::StringRef lineBefore) {
    for (auto const& [opens, closes] : {std::pair("/*", "*/"), std::pair("<!--", "-->")}) {
        size_t const open = lineBefore.rfind(opens);
        if (open != llvm::StringRef::npos && lineBefore.find(closes, open) == llvm::StringRef::npos)
            return true;
    }
    return lineBefore.ltrim(" \t").starts_with("#");
}

} // namespace

bool isDay(llvm::StringRef text) {
    int year = 0;
    unsigned month = 0, day = 0;
    if (text.size() != 10 || text[4] != '-' || text[7] != '-' ||
        text.substr(0, 4).getAsInteger(10, year) || text.substr(5, 2).getAsInteger(10, month) ||
        text.substr(8, 2).getAsInteger(10, day) || year < 0)
        return false;
    return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month),
                                       std::chrono::day(day))
        .ok();
}

Suppressions::Suppressions(ir::Estate const& estate, std::vector<AllowRow> const& rows,
                           std::string day)
    : sources(estate.sources), today(std::move(day)) {
    for (AllowRow const& row : rows) {
        if (hasEnded(row.until))
            ended.push_back({row.span, row.until});
        else
            rowsByCode[row.code].push_back({&row});
    }
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
            problems.push_back({where, "needs a code, as in `hoist: allow(A0016) reason`"});
            continue;
        }
        // The next line that holds something; further comments above a statement cover it as well.
        size_t next = std::min(lineEnd + 1, bytes.size());
        size_t nextEnd = std::min(bytes.find('\n', next), bytes.size());
        while (nextEnd < bytes.size()) {
            llvm::StringRef const line = bytes.slice(next, nextEnd).trim();
            if (!line.empty() && !line.starts_with("#") && !line.starts_with("/*") &&
                !line.starts_with("<!--"))
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
        llvm::StringRef const reason =
            bytes.slice(close + 1, lineEnd).split("*/").first.split("-->").first.trim(" \t\r:-");
        if (reason.empty())
            problems.push_back({where, "gives no reason, as in `hoist: allow(A0016) reason`"});
        llvm::SmallVector<llvm::StringRef, 4> codes;
        bytes.slice(open + 1, close).split(codes, ',');
        llvm::StringRef until;
        if (codes.back().trim().consume_front("until ")) {
            until = codes.pop_back_val().trim().drop_front(6).trim();
            if (!isDay(until)) {
                problems.push_back(
                    {where, fmt::format("ends on `{}`, which is no day; write `until "
                                        "2027-01-31`",
                                        diag::shown(until))});
                continue;
            }
        }
        if (hasEnded(until)) {
            ended.push_back({where, until.str()});
            continue;
        }
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
    bool const byRow = coversByRow(finding); // both count as used
    return coversByComment(finding) || byRow;
}

bool Suppressions::coversByRow(diag::Diagnostic const& finding) {
    if (rowsByCode.empty())
        return false;
    auto const id = diag::info(finding.code).id;
    auto const rows = rowsByCode.find(llvm::StringRef(id.data(), id.size()));
    if (rows == rowsByCode.end())
        return false;
    bool found = false;
    for (Row& one : rows->second)
        if (matchesGlob(one.row->object, finding.object) &&
            (one.row->evidence.empty() || matchesGlob(one.row->evidence, finding.evidence)))
            one.isUsed = found = true;
    return found;
}

bool Suppressions::coversByComment(diag::Diagnostic const& finding) {
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
    return found;
}

void Suppressions::reportUnused(diag::Diagnostics& diags, bool isComplete) const {
    for (Problem const& problem : problems)
        diags.report<diag::Code::BadSuppression>(problem.at, problem.why);
    for (Ended const& one : ended)
        diags.report<diag::Code::ExpiredSuppression>(one.at, one.until);
    if (!isComplete)
        return;
    for (auto const& rows : rowsByCode) // findings are sorted by place
        for (Row const& one : rows.second)
            if (!one.isUsed)
                diags.report<diag::Code::UnusedSiteSuppression>(one.row->span)
                    .object(one.row->object)
                    .evidence(one.row->code);
    for (Comment const& comment : comments)
        if (!comment.isUsed)
            diags.report<diag::Code::UnusedSuppression>(comment.at, comment.code);
}

} // namespace hoist
