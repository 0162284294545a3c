// ANTLR 4.9's lexer without its leak: it loses a set of states wherever a predicate ends the last
// path. An hour of fuzzing would lose some gigabytes.
#pragma once

#include <antlr4-runtime.h>

#include <memory>

namespace hoist::grammar {

class LexerSimulator final : public antlr4::atn::LexerATNSimulator {
public:
    static void installIn(antlr4::Lexer& lexer) {
        auto& old = *lexer.getInterpreter<LexerATNSimulator>();
        lexer.setInterpreter(new LexerSimulator(&lexer, lexer.getATN(), old._decisionToDFA,
                                                old.getSharedContextCache())); // takes it
    }

protected:
    using LexerATNSimulator::addDFAEdge;
    using LexerATNSimulator::LexerATNSimulator;

    antlr4::dfa::DFAState* computeTargetState(antlr4::CharStream* input,
                                              antlr4::dfa::DFAState* from, size_t symbol) override {
        auto reach = std::make_unique<antlr4::atn::OrderedATNConfigSet>();
        getReachableConfigSet(input, from->configs.get(), reach.get(), symbol);
        if (!reach->isEmpty())
            return addDFAEdge(from, symbol, reach.release()); // takes it
        if (!reach->hasSemanticContext)
            addDFAEdge(from, symbol, ERROR.get());
        return ERROR.get();
    }
};

} // namespace hoist::grammar
