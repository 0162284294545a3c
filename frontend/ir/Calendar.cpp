// Dates and times of the day as people and Airflow read them.
#include "frontend/ir/Calendar.h"

#include <fmt/core.h>

namespace hoist::ir {

std::string dateText(Date date) {
    return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string clockText(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

} // namespace hoist::ir
