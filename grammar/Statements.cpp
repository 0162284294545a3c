// The one translation unit of the JIL grammar: its lexer and parser, what they ask, and the reader
// of the tree.
#include "grammar/Statements.h"

#include "grammar/FirstError.h"
#include "grammar/LexerSimulator.h"

// Generated from JilLexer.g4 and JilParser.g4.
#include <JilLexer.cpp>
#include <JilParser.cpp>

#include <stdexcept>

namespace hoist::grammar {

static std::string lowered(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// ---- what the lexer asks

void JilLexerBase::emit(std::unique_ptr<antlr4::Token> made) {
    size_t const kind = made->getType();
    last.text = textOf(*made);
    while (last.text.end > last.text.begin && isBlank(bytes[last.text.end - 1]))
        --last.text.end;
    last.isKey =
        kind == JilLexer::STATEMENT || kind == JilLexer::UNKNOWN_STATEMENT || kind == JilLexer::KEY;
    last.isComment = kind == JilLexer::COMMENT;
    if (kind == JilLexer::PIECE || kind == JilLexer::OPEN_QUOTE)
        lastPiece = last.text;
    else if (!last.isComment)
        lastPiece = {};
    Lexer::emit(std::move(made));
}

bool JilLexerBase::inCalendar() const { return lowered(statement) == "calendar"; }

std::string_view JilLexerBase::name() const {
    std::string_view text = Text{start(), here()}.in(bytes);
    while (!text.empty() && !isKeyByte(text.back()))
        text.remove_suffix(1);
    return text;
}

std::string_view JilLexerBase::nameAhead() const {
    size_t from = here();
    while (from < bytes.size() && isBlank(bytes[from]))
        ++from;
    size_t to = from;
    while (to < bytes.size() && isKeyByte(bytes[to]))
        ++to;
    bool const isName = to > from && to < bytes.size() && bytes[to] == ':' &&
                        !(bytes[from] >= '0' && bytes[from] <= '9');
    return isName ? bytes.substr(from, to - from) : std::string_view();
}

bool JilLexerBase::isShapedLikeStatement(std::string_view key) { // JIL-021
    std::string const word = lowered(key);
    for (char const* verb : {"insert_", "update_", "delete_", "override_", "rename_"})
        if (word.starts_with(verb))
            return true;
    return false;
}

bool JilLexerBase::isKnownKey(std::string_view key) const {
    // `calendar` and `cycle` are ordinary words inside a line.
    if (words->isStatement(key))
        return key.find('_') != std::string_view::npos;
    return words->isAttribute(statement, key) || isShapedLikeStatement(key);
}

bool JilLexerBase::endsValue() const {
    if (isKnownKey(name()))
        return true;
    return isWords() && (here() == bytes.size() || isBlank(bytes[here()]) || bytes[here()] == '\n');
}

bool JilLexerBase::valueEndsHere() const {
    std::string_view rest = bytes.substr(here());
    rest = rest.substr(0, rest.find('\n'));
    size_t const blanks =
        static_cast<size_t>(std::find_if_not(rest.begin(), rest.end(), isBlank) - rest.begin());
    if (blanks == rest.size() || rest.substr(blanks).starts_with("/*"))
        return true;
    return blanks > 0 && isKnownKey(nameAhead()); // JIL-011: behind a blank
}

bool JilLexerBase::opensAnotherInLaterLine() const {
    std::string_view const comment = Text{start(), here()}.in(bytes);
    return comment.find("/*", comment.find('\n')) != std::string_view::npos;
}

bool JilLexerBase::mayGoOnHere() const {
    char const c = bytes[start()];
    switch (shape) {
    case Words::Shape::expression: return true;
    case Words::Shape::numbers:
        return (c >= '0' && c <= '9') || c == ',' || c == '"' || c == '+' || c == '-';
    case Words::Shape::list:
        return c == ',' || (!lastPiece.empty() && bytes[lastPiece.end - 1] == ',');
    default: return false;
    }
}

bool JilLexerBase::lineBeginsWithKnownKey() const {
    std::string_view const key = nameAhead();
    return !key.empty() && (isKnownKey(key) || words->isStatement(key));
}

bool JilLexerBase::lineBeginsStatement() const {
    std::string_view const key = nameAhead();
    return !key.empty() && (words->isStatement(key) || isShapedLikeStatement(key));
}

void JilLexerBase::beginStatement() {
    statement = isStatement() ? name() : std::string_view();
    shape = Words::Shape::word;
}

// ---- the reader of the tree

static Value valueOf(JilParser::ValueContext& context) {
    Value value;
    bool hasText = false;
    std::vector<Text> comments;
    for (antlr4::tree::ParseTree* child : context.children) {
        auto* node = dynamic_cast<antlr4::tree::TerminalNode*>(child);
        if (auto* const unclosed = dynamic_cast<JilParser::UnclosedContext*>(child)) {
            value.isBroken = true;
            node = dynamic_cast<antlr4::tree::TerminalNode*>(unclosed->children.front());
        }
        antlr4::Token const& token = *node->getSymbol();
        Text const text = textOf(token);
        if (child == context.children.front())
            value.text = {text.begin, text.begin};
        if (token.getType() == JilParser::COMMENT) {
            comments.push_back(text);
            continue;
        }
        hasText = true;
        value.text.end = text.end;
    }
    if (!hasText)
        return value;
    for (Text const comment : comments)
        if (comment.begin < value.text.end)
            value.comments.push_back(comment);
    return value;
}

template <class Context>
static void takeParts(Context& context, Statement& statement) {
    for (antlr4::tree::ParseTree* child : context.children) {
        if (auto* const attribute = dynamic_cast<JilParser::AttributeContext*>(child)) {
            Text key = textOf(*attribute->KEY()->getSymbol());
            statement.attributes.push_back({key, valueOf(*attribute->value())});
        } else if (auto* const row = dynamic_cast<JilParser::RowContext*>(child)) {
            Attribute made{{}, valueOf(*row->value())};
            Text const first = textOf(*row->ROW()->getSymbol());
            if (made.value.text.empty())
                made.value.text.end = first.end;
            made.value.text.begin = first.begin;
            statement.attributes.push_back(std::move(made));
        } else if (auto* const line = dynamic_cast<JilParser::LineContext*>(child)) {
            statement.lines.push_back({textOf(*line), !line->refused()});
            statement.isBroken |= line->refused() != nullptr;
        }
    }
    for (Attribute const& attribute : statement.attributes)
        statement.isBroken |= attribute.value.isBroken;
}

/// Without the colon and blanks before it.
static void trimKey(Text& key, std::string_view bytes) {
    while (key.end > key.begin &&
           std::string_view(": \t\r\f\v").find(bytes[key.end - 1]) != std::string_view::npos)
        --key.end;
}

static void trimBlanks(Text& text, std::string_view bytes) {
    while (text.end > text.begin &&
           std::string_view(" \t\r\f\v\n").find(bytes[text.end - 1]) != std::string_view::npos)
        --text.end;
}

struct StatementReader::Parts {
    Parts(std::string_view text, Words const& words) : stream(text), lexer(&stream), bytes(text) {
        LexerSimulator::installIn(lexer);
        lexer.removeErrorListeners();
        lexer.addErrorListener(&errors);
        lexer.begin(text, words);
        ahead = lexer.nextToken();
    }

    bool isStatement(antlr4::Token const& token) const {
        return token.getType() == JilLexer::STATEMENT ||
               token.getType() == JilLexer::UNKNOWN_STATEMENT;
    }

    ByteStream stream;
    JilLexer lexer;
    FirstError errors;
    std::string_view bytes;
    std::unique_ptr<antlr4::Token> ahead;
};

StatementReader::StatementReader(std::string_view bytes, Words const& words)
    : parts(std::make_unique<Parts>(bytes, words)) {}
StatementReader::~StatementReader() = default;

bool StatementReader::next(Statement& statement) {
    statement = {};
    if (parts->ahead->getType() == antlr4::Token::EOF)
        return false;
    bool const hasKey = parts->isStatement(*parts->ahead);
    std::vector<std::unique_ptr<antlr4::Token>> tokens;
    do {
        tokens.push_back(std::move(parts->ahead));
        parts->ahead = parts->lexer.nextToken();
    } while (parts->ahead->getType() != antlr4::Token::EOF && !parts->isStatement(*parts->ahead));

    antlr4::ListTokenSource source(std::move(tokens));
    antlr4::CommonTokenStream stream(&source);
    JilParser parser(&stream);
    parser.removeErrorListeners();
    parser.addErrorListener(&parts->errors);
    if (hasKey) {
        JilParser::StatementContext& context = *parser.statement();
        antlr4::tree::TerminalNode* const known = context.STATEMENT();
        statement.isUnknown = !known;
        statement.key = textOf(*(known ? known : context.UNKNOWN_STATEMENT())->getSymbol());
        statement.name = valueOf(*context.value());
        statement.isBroken = statement.name.isBroken || statement.isUnknown;
        takeParts(context, statement);
    } else {
        takeParts(*parser.prologue(), statement);
        statement.isBroken |= !statement.attributes.empty();
    }
    // What the grammar promises: every sequence of words parses.
    if (parts->errors.error || stream.LA(1) != antlr4::Token::EOF)
        throw std::logic_error("the JIL grammar does not take these words");

    trimKey(statement.key, parts->bytes);
    trimBlanks(statement.name.text, parts->bytes);
    for (Attribute& attribute : statement.attributes) {
        trimKey(attribute.key, parts->bytes);
        trimBlanks(attribute.value.text, parts->bytes);
        // White space before the opening marker of a blob.
        std::string_view const text = attribute.value.text.in(parts->bytes);
        attribute.value.text.begin += std::min(text.find_first_not_of(" \t\r\f\v\n"), text.size());
    }
    return true;
}

} // namespace hoist::grammar
