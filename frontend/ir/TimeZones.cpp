// Reads the embedded zone table and POSIX rules; resolves the names of JIL-148.
#include "frontend/ir/TimeZones.h"

#include "frontend/ir/Calendar.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace hoist::ir {

namespace {

constexpr int64_t day = 86400;
constexpr int64_t gregorianCycle = 146097 * day; // 400 years: weekdays and leap years repeat

struct Row {
    llvm::StringRef name, data;
};
constexpr std::array zoneRows = std::to_array<Row>({
#include "frontend/ir/TzData.inc"
});

/// When daylight saving begins or ends in a year (POSIX `Mm.w.d`, `Jn`, `n`, each with `/time`).
struct PosixDate {
    enum class Kind : uint8_t { monthWeekDay, julian, zeroBased } kind = Kind::monthWeekDay;
    int month = 1, week = 1, weekday = 0, number = 0;
    int time = 7200;

    int64_t localIn(int32_t year) const {
        int32_t const january = toDayNumber({year, 1, 1});
        if (kind == Kind::zeroBased)
            return (january + number) * day + time;
        if (kind == Kind::julian) {
            bool const leap = toDayNumber({year, 3, 1}) - january == 60;
            return (january + number - 1 + (leap && number >= 60 ? 1 : 0)) * day + time;
        }
        int32_t const first = toDayNumber({year, static_cast<uint8_t>(month), 1});
        int32_t const next = month == 12 ? toDayNumber({year + 1, 1, 1})
                                         : toDayNumber({year, static_cast<uint8_t>(month + 1), 1});
        int32_t found = first + (weekday - weekdayOf(first) + 7) % 7 + (week - 1) * 7;
        if (found >= next)
            found -= 7;
        return found * day + time;
    }
};

struct PosixRule {
    int32_t standard = 0; ///< seconds east
    std::optional<int32_t> daylight;
    std::optional<PosixDate> begin, end;
};

class PosixReader {
public:
    explicit PosixReader(llvm::StringRef source) : rest(source) {}

    std::optional<PosixRule> read() {
        PosixRule rule;
        int west = 0;
        if (!name() || !clock(west, 24))
            return std::nullopt;
        rule.standard = -west;
        if (rest.empty())
            return rule;
        if (!name())
            return std::nullopt;
        rule.daylight = rule.standard + 3600;
        if (!rest.empty() && rest[0] != ',') {
            if (!clock(west, 24))
                return std::nullopt;
            rule.daylight = -west;
        }
        if (rest.empty())
            return rule;
        rule.begin = date();
        rule.end = rule.begin ? date() : std::nullopt;
        if (!rule.end || !rest.empty())
            return std::nullopt;
        return rule;
    }

private:
    bool name() {
        if (rest.consume_front("<")) {
            auto const [inside, behind] = rest.split('>');
            if (inside.size() < 3 || inside.size() == rest.size())
                return false;
            rest = behind;
            return true;
        }
        size_t const length = rest.find_if_not(llvm::isAlpha);
        size_t const letters = std::min(length, rest.size());
        rest = rest.drop_front(letters);
        return letters >= 3;
    }

    bool number(int& value, int most) {
        size_t const digits = std::min(rest.find_if_not(llvm::isDigit), rest.size());
        if (digits == 0 || digits > 3 || rest.take_front(digits).getAsInteger(10, value) ||
            value > most)
            return false;
        rest = rest.drop_front(digits);
        return true;
    }

    /// [+-]hh[:mm[:ss]] in seconds.
    bool clock(int& seconds, int mostHours) {
        bool const negative = rest.consume_front("-");
        if (!negative)
            rest.consume_front("+");
        int hours = 0, minutes = 0, extra = 0;
        if (!number(hours, mostHours))
            return false;
        if (rest.consume_front(":") && !number(minutes, 59))
            return false;
        if (rest.consume_front(":") && !number(extra, 59))
            return false;
        seconds = hours * 3600 + minutes * 60 + extra;
        if (negative)
            seconds = -seconds;
        return true;
    }

    std::optional<PosixDate> date() {
        PosixDate found;
        if (!rest.consume_front(","))
            return std::nullopt;
        if (rest.consume_front("M")) {
            bool const good = number(found.month, 12) && found.month >= 1 &&
                              rest.consume_front(".") && number(found.week, 5) && found.week >= 1 &&
                              rest.consume_front(".") && number(found.weekday, 6);
            if (!good)
                return std::nullopt;
        } else if (rest.consume_front("J")) {
            found.kind = PosixDate::Kind::julian;
            if (!number(found.number, 365) || found.number < 1)
                return std::nullopt;
        } else {
            found.kind = PosixDate::Kind::zeroBased;
            if (!number(found.number, 365))
                return std::nullopt;
        }
        if (rest.consume_front("/") && !clock(found.time, 167))
            return std::nullopt;
        return found;
    }

    llvm::StringRef rest;
};

std::string offsetName(int32_t seconds) {
    int const minutes = (seconds < 0 ? -seconds : seconds) / 60;
    std::string text = seconds < 0 ? "-" : "+";
    for (int const part : {minutes / 60, minutes % 60}) {
        text += static_cast<char>('0' + part / 10);
        text += static_cast<char>('0' + part % 10);
        text += ':';
    }
    text.pop_back();
    return text;
}

std::optional<int32_t> readFixed(llvm::StringRef text) {
    unsigned hours = 0, minutes = 0;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
        return std::nullopt;
    if (!llvm::all_of(text.substr(1, 2), llvm::isDigit) ||
        !llvm::all_of(text.substr(4, 2), llvm::isDigit))
        return std::nullopt;
    text.substr(1, 2).getAsInteger(10, hours);
    text.substr(4, 2).getAsInteger(10, minutes);
    if (hours > 23 || minutes > 59)
        return std::nullopt;
    auto const seconds = static_cast<int32_t>(hours * 3600 + minutes * 60);
    return text[0] == '-' ? -seconds : seconds;
}

Row const* findRow(llvm::StringRef name) {
    auto const* row = llvm::lower_bound(zoneRows, name,
                                        [](Row const& a, llvm::StringRef b) { return a.name < b; });
    return row != zoneRows.end() && row->name == name ? row : nullptr;
}

} // namespace

void TimeZone::add(int64_t instant, int32_t offset) {
    int32_t const before = table.empty() ? firstOffset : table.back().after;
    if (before != offset)
        table.push_back({instant, before, offset});
}

/// Continues the table by a POSIX rule from the instant `from` on.
bool TimeZone::extend(llvm::StringRef posix, int64_t from) {
    std::optional<PosixRule> const rule = PosixReader(posix).read();
    if (!rule)
        return false;
    if (!rule->daylight)
        return true; // constant from the last change on
    if (!rule->begin)
        return false; // daylight saving at unknown dates
    int32_t const firstYear = fromDayNumber(static_cast<int32_t>(from / day) - 1).year;
    for (int32_t year = firstYear; year <= firstYear + 401; ++year) {
        std::pair<int64_t, int32_t> const begin = {rule->begin->localIn(year) - rule->standard,
                                                   *rule->daylight};
        std::pair<int64_t, int32_t> const end = {rule->end->localIn(year) - *rule->daylight,
                                                 rule->standard};
        for (auto const& [instant, offset] : {std::min(begin, end), std::max(begin, end)})
            if (instant > from)
                add(instant, offset);
    }
    repeats = true;
    return true;
}

bool TimeZone::parseRow(llvm::StringRef name, llvm::StringRef row, TimeZone& zone) {
    zone.zoneName = name.str();
    auto [posix, changes] = row.split(';');
    llvm::SmallVector<llvm::StringRef, 64> parts;
    changes.split(parts, ' ');
    if (parts[0].getAsInteger(10, zone.firstOffset))
        return false;
    int64_t instant = 0;
    for (llvm::StringRef part : llvm::drop_begin(parts)) {
        auto const [delta, text] = part.split(',');
        int64_t step = 0;
        int32_t offset = 0;
        if (delta.getAsInteger(10, step) || text.getAsInteger(10, offset))
            return false;
        instant += step;
        zone.add(instant, offset);
    }
    return zone.extend(posix, instant);
}

bool TimeZone::parsePosix(llvm::StringRef text, TimeZone& zone) {
    std::optional<PosixRule> const rule = PosixReader(text).read();
    if (!rule || !rule->begin)
        return false;
    zone.zoneName = text.str();
    // What holds at the start of 1970 is the daylight offset where its season spans New Year (the
    // south).
    bool const south = rule->begin->localIn(1970) > rule->end->localIn(1970);
    zone.firstOffset = south ? *rule->daylight : rule->standard;
    return zone.extend(text, 0);
}

TimeZone TimeZone::fixed(llvm::StringRef name, int32_t offset) {
    TimeZone zone;
    zone.zoneName = name.str();
    zone.firstOffset = offset;
    return zone;
}

int32_t TimeZone::offsetAt(int64_t instant) const {
    if (repeats && !table.empty() && instant >= table.back().instant)
        instant -= ((instant - table.back().instant) / gregorianCycle + 1) * gregorianCycle;
    auto const after =
        llvm::upper_bound(table, instant, [](int64_t t, Change const& c) { return t < c.instant; });
    return after == table.begin() ? firstOffset : std::prev(after)->after;
}

int64_t TimeZone::changeBefore(int64_t local, bool late) const {
    auto const bound = [late](Change const& c) {
        return c.instant + (late ? std::max(c.before, c.after) : std::min(c.before, c.after));
    };
    auto const after =
        llvm::upper_bound(table, local, [&](int64_t t, Change const& c) { return t < bound(c); });
    return after - table.begin() - 1;
}

Moment TimeZone::at(int64_t local) const {
    int64_t shift = 0;
    if (repeats && !table.empty() && local >= table.back().instant) {
        shift = ((local - table.back().instant) / gregorianCycle + 1) * gregorianCycle;
        local -= shift;
    }
    auto const offset = [this](int64_t change) {
        return change < 0 ? firstOffset : table[static_cast<size_t>(change)].after;
    };
    int64_t const earlyChange = changeBefore(local, false);
    int32_t const before = offset(changeBefore(local, true));
    int32_t const after = offset(earlyChange);
    if (before >= after)
        return {local - before + shift, local - after + shift, false};
    int64_t const end = table[static_cast<size_t>(earlyChange)].instant + shift;
    return {end, end, true};
}

std::vector<int64_t> TimeZone::changes(int64_t from, int64_t to) const {
    std::vector<int64_t> found;
    int64_t shift = 0;
    if (repeats && !table.empty() && from >= table.back().instant)
        shift = ((from - table.back().instant) / gregorianCycle + 1) * gregorianCycle;
    for (;; shift += gregorianCycle) {
        auto change = llvm::lower_bound(table, from - shift,
                                        [](Change const& c, int64_t t) { return c.instant < t; });
        for (; change != table.end() && change->instant + shift < to; ++change)
            if (found.empty() || change->instant + shift > found.back())
                found.push_back(change->instant + shift);
        if (!repeats || table.empty() || table.back().instant + shift >= to)
            return found;
        from = table.back().instant + shift + 1;
    }
}

TimeZone const* findZone(llvm::StringRef resolved) {
    static std::mutex guard;
    static std::map<std::string, std::unique_ptr<TimeZone>, std::less<>> zones;
    std::lock_guard const lock(guard);
    auto [known, isNew] = zones.try_emplace(resolved.str());
    if (!isNew)
        return known->second.get();
    TimeZone zone;
    bool good = false;
    if (std::optional<int32_t> const offset = readFixed(resolved)) {
        zone = TimeZone::fixed(resolved, *offset);
        good = true;
    } else if (resolved.contains(',')) {
        good = TimeZone::parsePosix(resolved, zone);
    } else if (Row const* row = findRow(resolved)) {
        if (llvm::StringRef link = row->data; link.consume_front("="))
            row = findRow(link);
        good = row && TimeZone::parseRow(resolved, row->data, zone);
    }
    if (good)
        known->second = std::make_unique<TimeZone>(std::move(zone));
    return known->second.get();
}

namespace {

/// Aliases that schedulers ship beside cities, and POSIX names whose dates go without saying by
/// custom.
struct Alias {
    llvm::StringRef name, zone;
};
constexpr std::array aliases = std::to_array<Alias>({
    {"alaska", "America/Anchorage"},
    {"atlantic", "America/Halifax"},
    {"central", "America/Chicago"},
    {"eastern", "America/New_York"},
    {"hawaii", "Pacific/Honolulu"},
    {"mountain", "America/Denver"},
    {"pacific", "America/Los_Angeles"},
});
constexpr std::array customs = std::to_array<Alias>({
    {"aest-10aedt", "Australia/Sydney"},
    {"akst9akdt", "America/Anchorage"},
    {"ast4adt", "America/Halifax"},
    {"cet-1cest", "Europe/Berlin"},
    {"cst6cdt", "America/Chicago"},
    {"eet-2eest", "Europe/Athens"},
    {"est5edt", "America/New_York"},
    {"gmt0bst", "Europe/London"},
    {"met-1mest", "Europe/Berlin"},
    {"mez-1mesz", "Europe/Berlin"},
    {"mst7mdt", "America/Denver"},
    {"nst3:30ndt", "America/St_Johns"},
    {"nzst-12nzdt", "Pacific/Auckland"},
    {"pst8pdt", "America/Los_Angeles"},
    {"wet0west", "Europe/Lisbon"},
});

std::string folded(llvm::StringRef text) {
    std::string lower = text.trim().lower();
    std::replace(lower.begin(), lower.end(), ' ', '_');
    return lower;
}

struct Names {
    llvm::StringMap<llvm::StringRef> byName;
    llvm::StringMap<llvm::StringRef> byCity; ///< empty where several zones share the city's name

    Names() {
        for (Row const& row : zoneRows)
            byName[row.name.lower()] = row.name;
        for (Row const& row : zoneRows) {
            if (!row.name.contains('/') || row.name.starts_with("Etc/"))
                continue;
            auto const [entry, isNew] =
                byCity.try_emplace(row.name.rsplit('/').second.lower(), row.name);
            if (!isNew && target(entry->second) != target(row.name))
                entry->second = "";
        }
    }

    static llvm::StringRef target(llvm::StringRef name) {
        Row const* row = name.empty() ? nullptr : findRow(name);
        return row && row->data.starts_with("=") ? row->data.drop_front() : name;
    }
};

Names const& knownNames() {
    static Names const names;
    return names;
}

} // namespace

ResolvedZone resolveZone(llvm::StringRef written) {
    using How = ResolvedZone::How;
    std::string const name = folded(written);
    Names const& names = knownNames();
    if (auto const found = names.byName.find(name); found != names.byName.end())
        return {How::iana, found->second.str()};
    for (Alias const& alias : aliases)
        if (alias.name == name)
            return {How::alias, alias.zone.str()};
    if (auto const found = names.byCity.find(name);
        found != names.byCity.end() && !found->second.empty())
        return {How::alias, found->second.str()};
    std::optional<PosixRule> const rule = PosixReader(written.trim()).read();
    if (!rule)
        return {};
    if (rule->begin)
        return {How::posix, written.trim().str()};
    if (!rule->daylight)
        return rule->standard % 60 == 0 ? ResolvedZone{How::posix, offsetName(rule->standard)}
                                        : ResolvedZone{};
    for (Alias const& custom : customs)
        if (custom.name == name)
            return {How::assumed, custom.zone.str()};
    return {};
}

std::vector<llvm::StringRef> zoneNames() {
    std::vector<llvm::StringRef> names;
    names.reserve(std::size(zoneRows));
    for (Row const& row : zoneRows)
        names.push_back(row.name);
    return names;
}

llvm::StringRef zoneDataVersion() {
#define HOIST_TZDATA_VERSION(version) return version;
#include "frontend/ir/TzData.inc"
#undef HOIST_TZDATA_VERSION
}

} // namespace hoist::ir
