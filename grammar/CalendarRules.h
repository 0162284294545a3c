// Date-condition rules read by the grammar CalendarRule.g4. For tests and fuzz targets; hoist
// itself reads them with frontend/ir/CalendarRule.h.
#pragma once

#include "grammar/Text.h"

#include <variant>
#include <vector>

namespace hoist::grammar {

struct CalendarRule {
    bool isNegated = false; ///< by `NOT`
    /// A keyword: its kind (the name of its token in the grammar) and its text. Else a chain.
    std::string kind;
    Text keyword;
    /// chain: the operator before each part, `&`, `|` or `,`; of the first part, a blank.
    struct Part;
    std::vector<Part> parts;
};
struct CalendarRule::Part {
    char operation = ' ';
    CalendarRule rule;
};

/// The rule, a chain without parts if the text is empty; or the first word that does not fit.
std::variant<CalendarRule, SyntaxError> parseCalendarRule(std::string_view bytes);

} // namespace hoist::grammar
