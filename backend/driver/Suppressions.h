// `hoist: allow(CODE) reason` in a comment of the source: which findings it covers, and which
// covers none.
#pragma once

#include "frontend/ir/Estate.h"

#include <string>
#include <vector>

namespace hoist {

/// A comment covers the findings that begin on its own line, on the next line that holds something,
/// and, where a statement begins there, up to the next statement.
class Suppressions {
public:
    explicit Suppressions(ir::Estate const& estate);

    /// Whether a finding is suppressed; counts, and remembers the comment as used.
    bool covers(diag::Diagnostic const& finding);
    size_t count() const { return suppressed; }
    /// Reports comments that are malformed or, if `isComplete` (all checks ran), cover nothing.
    void reportUnused(diag::Diagnostics& diags, bool isComplete) const;

private:
    struct Comment {
        Span at;          ///< of the code in the comment
        std::string code; ///< upper case
        Span covered;
        bool isUsed = false;
    };
    struct Problem {
        Span at;
        std::string why;
    };
    void scan(FileId file, std::vector<Span> const& statements);

    SourceMap const& sources;
    std::vector<Comment> comments; ///< by code, then place
    std::vector<Problem> problems;
    size_t suppressed = 0;
};

} // namespace hoist
