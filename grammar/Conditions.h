// Conditions of JIL read by the grammar Condition.g4. For tests and fuzz targets; hoist itself
// reads them with frontend/jil/ConditionParser.h.
#pragma once

#include "grammar/Text.h"

#include <cstdint>
#include <variant>
#include <vector>

namespace hoist::grammar {

/// An atom, a parenthesis or the whole condition.
struct Condition {
    enum class Kind : uint8_t { chain, status, exitCode, variable };
    struct Operator {
        Text text;
        bool isOr = false;
    };

    Kind kind = Kind::chain;
    Text text;
    /// chain: one more term than operators; strictly from left to right (JIL-062).
    std::vector<Condition> terms;
    std::vector<Operator> operators;
    /// atoms, as written
    Text function, name, instance, lookback, relation, operand;
};

/// The condition, or the first word that does not fit.
std::variant<Condition, SyntaxError> parseCondition(std::string_view bytes);

} // namespace hoist::grammar
