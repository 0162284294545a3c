// What is allowed: `hoist: allow(CODE) reason` in a comment of the source, and `[[allow]]` in
// hoist.toml for exports that are made anew. Which findings each covers, and which covers none.
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/ADT/StringMap.h>

#include <string>
#include <vector>

namespace hoist {

/// A row of `[[allow]]`: the findings with this code about an object whose name fits.
struct AllowRow {
    std::string code;     ///< upper case
    std::string object;   ///< a glob
    std::string evidence; ///< a glob for what the finding rests on; empty: anything
    std::string until;    ///< the last day that it holds, "2027-01-31"; empty: for ever
    Span span;            ///< in hoist.toml
};

/// A day as text; days compare as their texts do.
bool isDay(llvm::StringRef text);

/// A comment covers the findings that begin on its own line, on the next line that holds something,
/// and, where a statement begins there, up to the next statement.
class Suppressions {
public:
    /// `today`: as `AllowRow::until`, in UTC.
    Suppressions(ir::Estate const& estate, std::vector<AllowRow> const& rows, std::string today);

    /// Whether a finding is suppressed; remembers the comment or row as used.
    bool covers(diag::Diagnostic const& finding);
    /// Reports comments that are malformed, what has ended, and, if `isComplete` (all checks ran),
    /// what covers nothing.
    void reportUnused(diag::Diagnostics& diags, bool isComplete) const;

private:
    struct Comment {
        Span at;          ///< of the code in the comment
        std::string code; ///< upper case
        Span covered;
        bool isUsed = false;
    };
    struct Row {
        AllowRow const* row;
        bool isUsed = false;
    };
    struct Ended {
        Span at;
        std::string until;
    };
    struct Problem {
        Span at;
        std::string why;
    };
    bool coversByComment(diag::Diagnostic const& finding);
    bool coversByRow(diag::Diagnostic const& finding);
    bool hasEnded(llvm::StringRef until) const { return !until.empty() && until < today; }
    void scan(FileId file, std::vector<Span> const& statements);

    SourceMap const& sources;
    std::vector<Comment> comments; ///< by code, then place
    std::string today;
    llvm::StringMap<std::vector<Row>> rowsByCode;
    std::vector<Ended> ended;
    std::vector<Problem> problems;
};

} // namespace hoist
