// The one translation unit of the calendar rules' grammar: its lexer and parser, and the reader of
// the tree.
#include "grammar/CalendarRules.h"

#include "grammar/ByteStream.h"
#include "grammar/FirstError.h"
#include "grammar/LexerSimulator.h"

// Generated from CalendarRule.g4.
#include <CalendarRuleLexer.cpp>
#include <CalendarRuleParser.cpp>

namespace hoist::grammar {

using Parser = CalendarRuleParser;

static CalendarRule rulesOf(Parser::RulesContext& context, Parser const& parser);

static CalendarRule termOf(Parser::TermContext& context, Parser const& parser) {
    Parser::PositiveContext& positive = *context.positive();
    CalendarRule rule;
    if (Parser::KeywordContext* const keyword = positive.keyword()) {
        rule.kind = parser.getVocabulary().getSymbolicName(keyword->getStart()->getType());
        rule.keyword = textOf(*keyword);
    } else {
        rule = rulesOf(*positive.rules(), parser);
    }
    // NOT NOT cannot be written without parentheses, and those keep their own NOT.
    rule.isNegated ^= context.NOT() != nullptr;
    return rule;
}

static CalendarRule chainOf(Parser::ChainContext& context, Parser const& parser) {
    if (context.operation().empty())
        return termOf(*context.term(0), parser);
    CalendarRule chain;
    chain.parts.push_back({' ', termOf(*context.term(0), parser)});
    for (size_t i = 0; i < context.operation().size(); ++i)
        chain.parts.push_back(
            {context.operation(i)->AND() ? '&' : '|', termOf(*context.term(i + 1), parser)});
    return chain;
}

static CalendarRule rulesOf(Parser::RulesContext& context, Parser const& parser) {
    if (context.chain().size() == 1)
        return chainOf(*context.chain(0), parser);
    CalendarRule rules;
    for (Parser::ChainContext* chain : context.chain())
        rules.parts.push_back({rules.parts.empty() ? ' ' : ',', chainOf(*chain, parser)});
    return rules;
}

std::variant<CalendarRule, SyntaxError> parseCalendarRule(std::string_view bytes) {
    ByteStream input(bytes);
    CalendarRuleLexer lexer(&input);
    LexerSimulator::installIn(lexer);
    antlr4::CommonTokenStream tokens(&lexer);
    Parser parser(&tokens);
    FirstError errors;
    for (antlr4::Recognizer* reader :
         {static_cast<antlr4::Recognizer*>(&lexer), static_cast<antlr4::Recognizer*>(&parser)}) {
        reader->removeErrorListeners();
        reader->addErrorListener(&errors);
    }
    Parser::CalendarRuleContext& tree = *parser.calendarRule();
    if (errors.error)
        return *errors.error;
    return tree.rules() ? rulesOf(*tree.rules(), parser) : CalendarRule();
}

} // namespace hoist::grammar
