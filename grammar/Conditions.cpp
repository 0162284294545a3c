// The one translation unit of the condition grammar: its lexer and parser, and the reader of the
// tree.
#include "grammar/Conditions.h"

#include "grammar/ByteStream.h"
#include "grammar/FirstError.h"
#include "grammar/LexerSimulator.h"

#include <charconv>

// Generated from Condition.g4.
#include <ConditionLexer.cpp>
#include <ConditionParser.cpp>

namespace hoist::grammar {

static Condition chainOf(ConditionParser::ExpressionContext& context);

template <class Context>
static Text optionalText(Context* context) {
    return context ? textOf(*context) : Text();
}

static Condition atomOf(ConditionParser::AtomContext& context) {
    Condition atom;
    atom.text = textOf(context);
    atom.kind = context.status()     ? Condition::Kind::status
                : context.exitCode() ? Condition::Kind::exitCode
                                     : Condition::Kind::variable;
    atom.function = textOf(*context.getStart());
    auto* const reference = context.reference(); // a variable has a name alone
    atom.name = textOf(reference ? *reference->name() : *context.name());
    atom.instance = reference ? optionalText(reference->instance()) : Text();
    atom.lookback = optionalText(context.lookback());
    atom.relation = optionalText(context.relation());
    atom.operand = context.number() ? textOf(*context.number()) : optionalText(context.text());
    return atom;
}

static Condition termOf(ConditionParser::TermContext& context) {
    return context.atom() ? atomOf(*context.atom()) : chainOf(*context.expression());
}

static Condition chainOf(ConditionParser::ExpressionContext& context) {
    Condition chain;
    chain.text = textOf(context);
    for (ConditionParser::TermContext* term : context.term())
        chain.terms.push_back(termOf(*term));
    for (ConditionParser::OperationContext* operation : context.operation())
        chain.operators.push_back(
            {textOf(*operation), operation->OR() != nullptr || operation->OR_SIGN() != nullptr});
    return chain;
}

std::variant<Condition, SyntaxError> parseCondition(std::string_view bytes) {
    ByteStream input(bytes);
    ConditionLexer lexer(&input);
    LexerSimulator::installIn(lexer);
    antlr4::CommonTokenStream tokens(&lexer);
    ConditionParser parser(&tokens);
    FirstError errors;
    for (antlr4::Recognizer* reader :
         {static_cast<antlr4::Recognizer*>(&lexer), static_cast<antlr4::Recognizer*>(&parser)}) {
        reader->removeErrorListeners();
        reader->addErrorListener(&errors);
    }
    ConditionParser::ConditionContext& tree = *parser.condition();
    if (errors.error)
        return *errors.error;
    return chainOf(*tree.expression());
}

} // namespace hoist::grammar
