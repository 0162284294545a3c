// The questions that JilLexer.g4 asks: where the lexer is, and what the vocabulary says.
#pragma once

#include "grammar/ByteStream.h"
#include "grammar/Statements.h"

#include <antlr4-runtime.h>

namespace hoist::grammar {

/// In predicates, "here" is behind what the rule has read so far.
class JilLexerBase : public antlr4::Lexer {
public:
    explicit JilLexerBase(antlr4::CharStream* input) : Lexer(input) {}

    void begin(std::string_view text, Words const& vocabulary) {
        bytes = text;
        words = &vocabulary;
    }

    using Lexer::emit;
    void emit(std::unique_ptr<antlr4::Token> token) override;

protected:
    // ---- where a keyword is expected
    bool atFileStart() const { return start() == 0; }
    /// Nothing but blanks and comments stands before it on its line.
    bool atLineStart() const {
        return last.text.end == 0 ||
               Text{last.text.end, start()}.in(bytes).find('\n') != std::string_view::npos;
    }
    bool isStatement() const { return words->isStatement(name()); }
    bool isShapedLikeStatement() const { return isShapedLikeStatement(name()); }
    bool isKnownKey() const { return isKnownKey(name()); }
    bool inCalendar() const;

    // ---- inside a value
    bool isWords() const { return shape != Words::Shape::text && shape != Words::Shape::blob; }
    bool mayWrap() const { return shape >= Words::Shape::list; }
    bool takesBlob() const { return shape == Words::Shape::blob && last.isKey; }
    bool afterBlank() const {
        return isBlank(before()) || (last.isComment && last.text.end == start());
    }
    bool endsValue() const;
    bool mayOpenComment() const {
        return isBlank(before()) || before() == '\n' ||
               ((last.isKey || last.isComment) && last.text.end == start());
    }
    /// Behind a comment: nothing follows on the line, or another comment, or a keyword.
    bool valueEndsHere() const;
    bool opensAnotherInLaterLine() const;
    bool mayGoOnHere() const;

    // ---- ahead
    bool neverFollowed(std::string_view text) const {
        return bytes.find(text, here()) == std::string_view::npos;
    }
    bool isWholeLine() const { return here() == bytes.size() || bytes[here()] == '\n'; }
    bool lineBeginsWithKnownKey() const;
    bool lineBeginsStatement() const;

    // ---- actions
    void rewind() { _input->seek(tokenStartCharIndex); }
    void beginStatement();
    void beginAttribute() { shape = words->shapeOf(statement, name()); }
    void beginRow() { shape = Words::Shape::word; }

private:
    struct Last {
        Text text; ///< without blanks at its end
        bool isKey = false, isComment = false;
    };

    static bool isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
    }
    static bool isKeyByte(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               (c >= '0' && c <= '9');
    }
    size_t start() const { return tokenStartCharIndex; }
    size_t here() const { return _input->index(); }
    char before() const { return start() == 0 ? '\n' : bytes[start() - 1]; }
    std::string_view name() const; ///< of the `name:` that the rule has read
    /// The `name:` that begins a line, blanks left out; empty if none does.
    std::string_view nameAhead() const;
    static bool isShapedLikeStatement(std::string_view key);
    bool isKnownKey(std::string_view key) const;

    std::string_view bytes;
    Words const* words = nullptr;
    std::string_view statement; ///< whose attributes are read; empty: none that is known
    Words::Shape shape = Words::Shape::text;
    Last last;
    Text lastPiece; ///< of the value that is read; empty: none yet
};

} // namespace hoist::grammar
