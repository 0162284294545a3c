// Reads a text twice, with the parsers of production and with the grammars, and says where the two
// disagree. Shared by the tests and the fuzz targets.
#pragma once

#include <string>
#include <string_view>

namespace hoist::test {

/// JIL statements: keywords, names, attributes, values, comments inside them, lines astray, what is
/// broken; each with its bytes. Empty when both agree, else the first difference.
std::string statementsDiffer(std::string_view text);

/// A condition: accepted or not, the expression, the bytes of every atom and name, where AND and OR
/// mix; of a rejected one, where the first thing stands that is wrong.
std::string conditionsDiffer(std::string_view text);

/// A date-condition rule: accepted or not, its tree; of a rejected one, where.
std::string calendarRulesDiffer(std::string_view text);

} // namespace hoist::test
