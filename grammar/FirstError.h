// Takes ANTLR's errors: the first one counts, and its words are ours.
#pragma once

#include "grammar/Text.h"

#include <antlr4-runtime.h>

#include <optional>

namespace hoist::grammar {

inline Text textOf(antlr4::Token const& token) {
    if (token.getType() == antlr4::Token::EOF)
        return {token.getStartIndex(), token.getStartIndex()};
    return {token.getStartIndex(), token.getStopIndex() + 1};
}
inline Text textOf(antlr4::ParserRuleContext& context) {
    return {textOf(*context.getStart()).begin, textOf(*context.getStop()).end};
}

class FirstError final : public antlr4::BaseErrorListener {
public:
    std::optional<SyntaxError> error;

    void syntaxError(antlr4::Recognizer* recognizer, antlr4::Token* offending, size_t, size_t,
                     std::string const&, std::exception_ptr) override {
        if (error)
            return;
        error.emplace();
        if (offending)
            error->where = textOf(*offending);
        if (auto* const parser = dynamic_cast<antlr4::Parser*>(recognizer))
            error->expected = parser->getExpectedTokens().toString(parser->getVocabulary());
    }
};

} // namespace hoist::grammar
