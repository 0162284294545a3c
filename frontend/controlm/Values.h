// The values of Control-M's attributes: what they may be, and how the lowering reads them.
#pragma once

#include "frontend/controlm/Vocabulary.h"
#include "frontend/ir/Calendar.h"
#include "frontend/ir/Condition.h"

#include <optional>
#include <string>

namespace hoist::controlm {

/// What is wrong with a value.
struct BadValue {
    llvm::StringRef part; ///< of the value
    std::string wanted;
    std::string help; ///< may be empty
};

/// Nothing: the value is one of its kind. Empty values are not asked about.
std::optional<BadValue> checkValue(Attribute const& row, llvm::StringRef value);

std::optional<bool> readFlag(llvm::StringRef text);
std::optional<int64_t> readNumber(llvm::StringRef text);
/// `hhmm` or `hh:mm` in minutes of the day.
std::optional<int16_t> readTime(llvm::StringRef text);
std::optional<ir::Date> readDate(llvm::StringRef text);
/// CTM-012: the date part of a condition.
std::optional<ir::Scope> readOrderDate(llvm::StringRef text);
/// DAYS or WEEKDAYS without a calendar that hold `ALL`, and nothing that takes days away.
bool isEveryDay(llvm::StringRef days);

} // namespace hoist::controlm
