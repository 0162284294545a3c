// The table of conditions: what is added, deleted and asked for.
#include "analysis/semantics/orders/Facts.h"

#include "frontend/ir/Calendar.h"

#include <fmt/format.h>

#include <algorithm>

namespace hoist::semantics {

FactDate factDateOf(int32_t dayNumber) {
    ir::Date const date = ir::fromDayNumber(dayNumber);
    return date.month * 100 + date.day;
}

std::string factDateText(FactDate date) {
    return date == withoutDate ? "STAT" : fmt::format("{:04}", date);
}

FactDate factDateOfLiteral(int32_t mmdd) {
    return mmdd / 100 > 12 ? mmdd % 100 * 100 + mmdd / 100 : mmdd;
}

bool Facts::remove(llvm::StringRef name, llvm::StringRef server, std::optional<FactDate> date) {
    auto const it = table.find(name);
    if (it == table.end())
        return false;
    bool isRemoved = false;
    for (auto& [where, dates] : it->second)
        if (fits(where, server)) {
            isRemoved |= date ? dates.erase(*date) > 0 : !dates.empty();
            if (!date)
                dates.clear();
        }
    return isRemoved;
}

bool Facts::has(llvm::StringRef name, llvm::StringRef server, std::optional<FactDate> date) const {
    auto const it = table.find(name);
    return it != table.end() && llvm::any_of(it->second, [&](auto const& entry) {
               return fits(entry.first, server) &&
                      (date ? entry.second.contains(*date) : !entry.second.empty());
           });
}

std::vector<std::string> Facts::all() const {
    std::vector<std::string> found;
    for (auto const& entry : table)
        for (auto const& [server, dates] : entry.second)
            for (FactDate const date : dates)
                found.push_back(entry.first().str() + " " + factDateText(date));
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

} // namespace hoist::semantics
