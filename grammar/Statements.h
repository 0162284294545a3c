// JIL read by the grammar: JilLexer.g4 and JilParser.g4. For tests and fuzz targets; hoist itself
// reads JIL with frontend/jil/Scanner.h.
#pragma once

#include "grammar/Text.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace hoist::grammar {

/// The vocabulary, which is data and no grammar. Keywords come as written (JIL-013).
class Words {
public:
    /// How a value is written: what ends it, and whether it goes on over lines.
    enum class Shape : uint8_t {
        text,       ///< free text: only a known keyword ends it
        blob,       ///< free text, or over lines between markers (JIL-018)
        word,       ///< no free text, on one line
        list,       ///< wraps at commas (JIL-016)
        numbers,    ///< wraps onto lines that begin like a number, a quote or a comma
        expression, ///< wraps onto any line that is nothing else
    };
    virtual ~Words() = default;
    virtual bool isStatement(std::string_view keyword) const = 0;
    virtual bool isAttribute(std::string_view statement, std::string_view keyword) const = 0;
    virtual Shape shapeOf(std::string_view statement, std::string_view keyword) const = 0;
};

struct Value {
    Text text;                  ///< from the first piece to the last that is no comment
    std::vector<Text> comments; ///< inside `text`
    bool isBroken = false;
};

struct Attribute {
    Text key; ///< empty for a calendar row
    Value value;
};

/// A line that is no `key: value`.
struct Line {
    Text text;
    bool isHarmless = false;
};

struct Statement {
    Text key; ///< empty: what stands before the first statement
    bool isUnknown = false;
    Value name;
    std::vector<Attribute> attributes;
    std::vector<Line> lines;
    bool isBroken = false; ///< something in it is refused
};

/// Reads statement by statement; memory is bounded by the longest one.
class StatementReader {
public:
    /// Both must outlive the reader.
    StatementReader(std::string_view bytes, Words const& words);
    ~StatementReader();
    bool next(Statement& statement);

private:
    struct Parts;
    std::unique_ptr<Parts> parts;
};

} // namespace hoist::grammar
