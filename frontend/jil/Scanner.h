// From the bytes of a JIL file to statements: where each statement, attribute and value begins and
// ends.
#pragma once

#include "frontend/base/Source.h"
#include "frontend/diag/Diagnostics.h"
#include "frontend/jil/Vocabulary.h"

#include <llvm/ADT/SmallVector.h>

namespace hoist::jil {

/// `key: value` as it stands in the file. All text points into the file's bytes.
struct RawAttribute {
    Attribute const* row = nullptr;
    llvm::StringRef key;                            ///< as written; empty for a calendar row
    llvm::StringRef value;                          ///< trimmed; may be empty
    llvm::SmallVector<llvm::StringRef, 0> comments; ///< inside the value: count as blanks (JIL-014)
    bool spansLines = false;                        ///< wrapped or quoted over line ends
    bool isBroken = false;                          ///< a syntax error was reported about it
    bool hasUnclosedComment = false;                ///< `/*` that is text, which was reported
    bool beginsLine = false;                        ///< nothing stands before its key
};

/// Lines that are neither statement nor attribute.
struct Stray {
    llvm::StringRef text;
    bool isHarmless = false; ///< a shell command or a report's line: says nothing about definitions
};

struct RawStatement {
    Subcommand const* command =
        nullptr; ///< nothing: an unknown statement, or lines before the first one
    llvm::StringRef key;
    RawAttribute name;
    llvm::SmallVector<RawAttribute, 16> attributes;
    llvm::SmallVector<Stray, 0> strays;
    bool isBroken = false; ///< holds a syntax error, which was reported

    bool isUnknown() const { return !command && !key.empty(); }
};

/// The length of what makes a line (trimmed) a shell command or a line of a report, which says
/// nothing about definitions; 0: it is neither.
size_t harmlessStart(llvm::StringRef line);
/// The rule under a heading of a report: nothing but `-`, `=` and the like.
bool isRuledLine(llvm::StringRef line);

/// Finds the next occurrence of a text from places that mostly grow, without reading any byte
/// twice: a file of unclosed comments would otherwise cost its size for each of them.
class NextFinder {
public:
    explicit NextFinder(llvm::StringLiteral what) : needle(what) {}
    /// Offset of the first occurrence at or behind `offset`; the size of the text if there is none.
    size_t from(llvm::StringRef text, size_t offset);

private:
    llvm::StringLiteral needle;
    size_t asked = 1, found = 0; ///< nothing is known while asked > found
};

/// Reads one file statement by statement in one pass; memory is bounded by the longest statement.
/// The language of §2 of the rule book (JIL-010…022).
class Scanner {
public:
    Scanner(FileId file, SourceMap const& sources, diag::Diagnostics& diags);

    /// The next statement; false at the end of the file. Lines before the first statement come as a
    /// statement without a key, if there are any.
    bool next(RawStatement& statement);

    Span span(llvm::StringRef text) const;

private:
    struct Item;
    bool readItem(Item& item);
    bool readKey(Item& item);
    void readStray(Item& item);
    void readValue(RawAttribute& attribute);
    void readBlob(RawAttribute& attribute);
    void setValue(RawAttribute& attribute, char const* begin, char const* valueEnd);
    /// Scans one line's part of a value; true when it ended at a keyword inside the line.
    bool scanLine(RawAttribute& attribute, char const*& valueEnd);
    bool closeQuote(RawAttribute& attribute);
    bool closeComment(RawAttribute& attribute, char const* valueEnd);
    bool boundaryBefore(char const* colon, RawAttribute const& attribute, char const*& keyBegin);
    bool continuesOn(char const* line, RawAttribute const& attribute, bool afterComma);
    bool skipBlockComment();
    bool isKnownKey(llvm::StringRef key) const;
    /// A line, from its first character that is no blank, that begins with a keyword that hoist
    /// knows.
    bool beginsWithKnownKey(char const* at) const;
    void skipToStatement();

    char const* lineEnd(char const* at);
    char const* nextLine(char const* at);
    char const* next(NextFinder& finder, char const* p) {
        return bytes.begin() + finder.from(bytes, static_cast<size_t>(p - bytes.begin()));
    }

    FileId file;
    diag::Diagnostics& diags;
    llvm::StringRef bytes;
    uint32_t base;
    char const* at;
    char const* end;
    NextFinder commentOpen{"/*"}, commentClose{"*/"}, lineFeed{"\n"}, blobClose{"</auto_blobt>"};
    bool atLineStart = true;
    Subcommand const* current = nullptr; ///< whose attributes are being read
    bool inUnknown = false;
    RawStatement
        pending; ///< only key, command and name: the statement that the previous call ran into
    bool hasPending = false;
};

} // namespace hoist::jil
