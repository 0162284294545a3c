// The words of JIL as data: statements and attributes, from Subcommands.def and Attributes.def.
#pragma once

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <vector>

namespace hoist::jil {

/// What kind of object a statement is about.
enum class Subject : uint8_t {
    job,
    machine,
    variable,
    resource,
    instance,
    monitor,
    jobType,
    connectionProfile,
    blob,
    calendar,
    extendedCalendar,
    cycle,
};
inline constexpr size_t subjectCount = 12;
llvm::StringRef toString(Subject subject);

enum class Verb : uint8_t { insert, update, remove, removeBox, overrideOnce, rename };

struct Subcommand {
    llvm::StringRef keyword;
    llvm::StringRef kindText; ///< "statement insert_job", for the coverage ledger
    Verb verb;
    Subject subject;
};

/// How a value is read. The first group is free text: inside a line such a value ends only where a
/// *known* keyword follows, because its text may hold anything (`--type: full`, a URL, a drive
/// letter).
enum class ValueKind : uint8_t {
    verbatim, ///< passed on byte for byte, quotes included (JIL-017)
    text,
    path,
    assignments, ///< NAME=value,…
    blob,        ///< between <auto_blobt> markers (JIL-018)
    // words and lists: any `identifier:` after a blank ends them
    word,
    name,
    names,
    boolean,
    integer,
    codes,
    resources,
    condition,
    weekdays,
    times,
    minutes,
    window,
    timesOrOffsets,
    workdays,
    calendarRule,
    row, ///< a bare row of a calendar: no keyword
};
constexpr bool isFreeText(ValueKind kind) { return kind <= ValueKind::blob; }
/// Values that exports wrap onto the following lines without a mark (JIL-016).
constexpr bool mayWrap(ValueKind kind) {
    switch (kind) {
    case ValueKind::names:
    case ValueKind::codes:
    case ValueKind::resources:
    case ValueKind::condition:
    case ValueKind::weekdays:
    case ValueKind::times:
    case ValueKind::minutes:
    case ValueKind::timesOrOffsets:
    case ValueKind::calendarRule: return true;
    default: return false;
    }
}
/// Where `${X}` or `%X%` may be meant for the shell at run time, so that an unresolved one is no
/// finding.
constexpr bool isExpandedAtRunTime(ValueKind kind) { return kind <= ValueKind::blob; }

enum class Fate : uint8_t { model, inert, kept, unknown };
enum class Family : uint8_t { any, command, watch, box, adapter };

/// Rows of Attributes.def as an enumeration: `Attr::job_command`.
enum class Attr : uint16_t {
#define JIL_ATTRIBUTE(subject, keyword, kind, fate, family) subject##_##keyword,
#define JIL_ATTRIBUTE_PREFIX(prefix, family)
#include "frontend/jil/Attributes.def"
#undef JIL_ATTRIBUTE
#undef JIL_ATTRIBUTE_PREFIX
    prefixed, ///< known by its prefix
    row,      ///< a calendar row
    unknown,
};

struct Attribute {
    Attr id;
    llvm::StringRef keyword;
    llvm::StringRef kindText; ///< "attribute start_times"
    Subject subject;
    ValueKind kind;
    Fate fate;
    Family family;
};

/// All that a keyword can be, in one look-up.
struct Keyword {
    Subcommand const* subcommand = nullptr;
    Attribute const* attributes[subjectCount] = {};
};
Keyword const* findKeyword(llvm::StringRef keyword);

/// Keywords in any case (JIL-013); nothing for unknown ones.
Subcommand const* findSubcommand(llvm::StringRef keyword);
Attribute const* findAttribute(Subject subject, llvm::StringRef keyword);
Attribute const& calendarRowAttribute();
Attribute const& unknownAttribute();

/// `insert_…`, `update_…`, `delete_…`, `override_…`, `rename_…`: never an attribute (JIL-021).
bool isSubcommandShaped(llvm::StringRef keyword);

/// Every keyword of a statement or attribute, and the beginnings of adapters' attributes.
std::vector<llvm::StringRef> keywords();

/// The nearest keyword to a misspelt one; empty if none is near.
llvm::StringRef nearestSubcommand(llvm::StringRef keyword);
llvm::StringRef nearestAttribute(Subject subject, llvm::StringRef keyword);

} // namespace hoist::jil
