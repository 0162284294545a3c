// Time zones: names as people write them resolved to names both sides know, and local time to
// instants.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <string>
#include <vector>

namespace hoist::ir {

/// What a local time means. All times are seconds since 1970-01-01, local ones as the wall clock
/// shows them. `skipped`: the zone leaves it out; both members are then the first instant after the
/// gap. Otherwise they are the two passes of a repeated time, or equal.
struct Moment {
    int64_t first = 0;
    int64_t second = 0;
    bool skipped = false;
    bool isRepeated() const { return first != second; }
};

class TimeZone {
public:
    /// Seconds east of UTC at an instant.
    int32_t offsetAt(int64_t instant) const;
    Moment at(int64_t local) const;
    /// The instants in [from, to) from which the offset is another one, in order.
    std::vector<int64_t> changes(int64_t from, int64_t to) const;
    llvm::StringRef name() const { return zoneName; }

    /// Reads a row of the embedded table, or a POSIX TZ string as a rule without history.
    static bool parseRow(llvm::StringRef name, llvm::StringRef row, TimeZone& zone);
    static bool parsePosix(llvm::StringRef text, TimeZone& zone);
    static TimeZone fixed(llvm::StringRef name, int32_t offset);

private:
    struct Change {
        int64_t instant;
        int32_t before, after;
    };
    void add(int64_t instant, int32_t offset);
    bool extend(llvm::StringRef posix, int64_t from);
    /// The last change whose wall-clock bound (the later one if `late`) is not after `local`; -1:
    /// none.
    int64_t changeBefore(int64_t local, bool late) const;

    std::string zoneName;
    int32_t firstOffset = 0;
    std::vector<Change> table; ///< up to 400 years after the last recorded change
    bool repeats = false;      ///< the table's last 400 years go on for ever
};

/// The zone of a resolved name: an IANA name, a fixed offset `+05:30`, or a POSIX string with
/// explicit rules (`CET-1CEST,M3.5.0,M10.5.0/3`). Null when there is none. The result lives for
/// ever; thread-safe.
TimeZone const* findZone(llvm::StringRef resolved);

/// JIL-148: what a scheduler's `timezone` means.
struct ResolvedZone {
    enum class How : uint8_t {
        unknown,
        iana,    ///< the operating system's name, in any case
        alias,   ///< a city or one of the scheduler's aliases
        posix,   ///< a POSIX string; offsets are west-positive
        assumed, ///< a POSIX string with daylight saving but no dates for it: the zone that is
                 ///< meant by custom
    };
    How how = How::unknown;
    std::string zone; ///< for findZone and for the shims; empty when unknown
};
ResolvedZone resolveZone(llvm::StringRef written);

/// All names that resolveZone knows as such, sorted: for "did you mean".
std::vector<llvm::StringRef> zoneNames();

/// The release of the IANA database inside, such as "2026f".
llvm::StringRef zoneDataVersion();

} // namespace hoist::ir
