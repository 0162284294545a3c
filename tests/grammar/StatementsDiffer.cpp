// JIL statements: frontend/jil/Scanner against grammar/JilLexer.g4 and JilParser.g4.
#include "frontend/jil/Scanner.h"
#include "grammar/Statements.h"
#include "tests/grammar/Differential.h"

#include <fmt/format.h>

#include <vector>

namespace hoist::test {

using grammar::Text;
using grammar::Words;

namespace {

/// The tables of frontend/jil as the grammar's vocabulary.
class Tables final : public Words {
public:
    bool isStatement(std::string_view keyword) const override {
        return jil::findSubcommand(keyword) != nullptr;
    }
    bool isAttribute(std::string_view statement, std::string_view keyword) const override {
        return rowOf(statement, keyword) != nullptr;
    }
    Shape shapeOf(std::string_view statement, std::string_view keyword) const override {
        jil::Attribute const* const row = rowOf(statement, keyword);
        if (!row)
            return Shape::text;
        using jil::ValueKind;
        switch (row->kind) {
        case ValueKind::verbatim:
        case ValueKind::text:
        case ValueKind::path:
        case ValueKind::assignments: return Shape::text;
        case ValueKind::blob: return Shape::blob;
        case ValueKind::names:
        case ValueKind::weekdays: return Shape::list;
        case ValueKind::codes:
        case ValueKind::times:
        case ValueKind::minutes:
        case ValueKind::timesOrOffsets: return Shape::numbers;
        case ValueKind::condition:
        case ValueKind::calendarRule:
        case ValueKind::resources: return Shape::expression;
        default: return Shape::word;
        }
    }

private:
    static jil::Attribute const* rowOf(std::string_view statement, std::string_view keyword) {
        jil::Subcommand const* const command = jil::findSubcommand(statement);
        return command ? jil::findAttribute(command->subject, keyword) : nullptr;
    }
};

/// What both readings are brought to: one line per fact.
using Facts = std::vector<std::string>;

std::string fact(std::string_view what, Text where, std::string_view text) {
    return where.empty() ? fmt::format("{}: nothing", what)
                         : fmt::format("{}: {}-{} `{}`", what, where.begin, where.end, text);
}

/// Lines astray that follow each other are one construct for the scanner, and one each for the
/// grammar.
void addLines(Facts& facts, Text text, bool isHarmless, std::string_view bytes) {
    while (text.begin < text.end) {
        size_t const lineEnd = std::min(bytes.find('\n', text.begin), text.end);
        Text line{text.begin, lineEnd};
        auto const isBlank = [&](size_t at) {
            return std::string_view(" \t\r\f\v").find(bytes[at]) != std::string_view::npos;
        };
        while (!line.empty() && isBlank(line.begin))
            ++line.begin;
        while (!line.empty() && isBlank(line.end - 1))
            --line.end;
        if (!line.empty())
            facts.push_back(fact(isHarmless ? "harmless line" : "stray", line, line.in(bytes)));
        text.begin = std::min(lineEnd + 1, text.end);
    }
}

Facts readByGrammar(std::string_view bytes) {
    Facts facts;
    Tables const tables;
    grammar::StatementReader reader(bytes, tables);
    grammar::Statement statement;
    auto const addValue = [&](std::string_view what, grammar::Value const& value) {
        facts.push_back(fact(what, value.text, value.text.in(bytes)));
        for (Text const comment : value.comments)
            facts.push_back(fact("  comment", comment, comment.in(bytes)));
    };
    while (reader.next(statement)) {
        facts.push_back(fact("statement", statement.key, statement.key.in(bytes)));
        facts.push_back(
            fmt::format("unknown {}, broken {}", statement.isUnknown, statement.isBroken));
        addValue("name", statement.name);
        for (grammar::Attribute const& attribute : statement.attributes) {
            facts.push_back(fact("attribute", attribute.key, attribute.key.in(bytes)));
            addValue(attribute.value.isBroken || statement.key.empty() ? "broken value" : "value",
                     attribute.value);
        }
        for (grammar::Line const& line : statement.lines)
            addLines(facts, line.text, line.isHarmless, bytes);
    }
    return facts;
}

Facts readByScanner(std::string_view bytes) {
    Facts facts;
    SourceMap sources;
    diag::Diagnostics diags;
    FileId const file = *sources.add("a.jil", std::string(bytes));
    llvm::StringRef const text = sources.bytes(file);
    jil::Scanner scanner(file, sources, diags);
    jil::RawStatement statement;
    auto const place = [&](llvm::StringRef part) {
        if (part.empty())
            return Text();
        auto const begin = static_cast<size_t>(part.begin() - text.begin());
        return Text{begin, begin + part.size()};
    };
    auto const add = [&](std::string_view what, llvm::StringRef part) {
        facts.push_back(fact(what, place(part), part));
    };
    auto const addValue = [&](std::string_view what, jil::RawAttribute const& attribute) {
        add(what, attribute.value);
        for (llvm::StringRef const comment : attribute.comments)
            add("  comment", comment);
    };
    while (scanner.next(statement)) {
        add("statement", statement.key);
        facts.push_back(
            fmt::format("unknown {}, broken {}", statement.isUnknown(), statement.isBroken));
        addValue("name", statement.name);
        for (jil::RawAttribute const& attribute : statement.attributes) {
            add("attribute", attribute.key);
            addValue(attribute.isBroken ? "broken value" : "value", attribute);
        }
        for (jil::Stray const& stray : statement.strays)
            addLines(facts, place(stray.text), stray.isHarmless, text);
    }
    return facts;
}

} // namespace

std::string statementsDiffer(std::string_view text) {
    Facts const wanted = readByGrammar(text), got = readByScanner(text);
    for (size_t i = 0; i < std::max(wanted.size(), got.size()); ++i) {
        std::string const one = i < wanted.size() ? wanted[i] : "(end)";
        std::string const other = i < got.size() ? got[i] : "(end)";
        if (one != other)
            return fmt::format("the grammar reads {}\nthe scanner reads {}", one, other);
    }
    return {};
}

} // namespace hoist::test
