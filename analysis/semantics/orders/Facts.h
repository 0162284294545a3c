// The table of conditions of Control-M (CTM-010…013): names with a day of the year, or without a
// date. Nobody owns them; what is added stays until somebody deletes it.
#pragma once

#include "frontend/ir/Condition.h"

#include <llvm/ADT/StringMap.h>

#include <map>
#include <optional>
#include <set>
#include <string>

namespace hoist::semantics {

/// A month and a day as one number, 302 for 2 March, without a year (CTM-011); 0: STAT.
using FactDate = int32_t;
inline constexpr FactDate withoutDate = 0;

FactDate factDateOf(int32_t dayNumber);
/// `0302`, `STAT`
std::string factDateText(FactDate date);
/// The literal of a definition; a first half over 12 is the day.
FactDate factDateOfLiteral(int32_t mmdd);

class Facts {
public:
    /// False: it is there already. An empty server is not said, and fits every table.
    bool add(llvm::StringRef name, llvm::StringRef server, FactDate date) {
        return !has(name, server, date) && table[name][server.str()].insert(date).second;
    }
    /// Without a date: all dates (CTM-012).
    bool remove(llvm::StringRef name, llvm::StringRef server, std::optional<FactDate> date);
    bool has(llvm::StringRef name, llvm::StringRef server, std::optional<FactDate> date) const;

    /// "name 0302", sorted.
    std::vector<std::string> all() const;

private:
    static bool fits(llvm::StringRef a, llvm::StringRef b) {
        return a.empty() || b.empty() || a == b;
    }
    llvm::StringMap<std::map<std::string, std::set<FactDate>>> table;
};

} // namespace hoist::semantics
