// The words of Control-M as data: elements and attributes, from Elements.def and Attributes.def.
// Definitions in JSON are read into the same words.
#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>

namespace hoist::controlm {

/// Rows of Elements.def.
enum class E : uint8_t {
#define CTM_ELEMENT(id, keyword, parents) id,
#define CTM_SPELLING(keyword, id)
#include "frontend/controlm/Elements.def"
#undef CTM_ELEMENT
#undef CTM_SPELLING
};

/// A set of elements.
using Elements = uint64_t;
constexpr Elements in(E element) { return Elements(1) << static_cast<unsigned>(element); }

/// Groups of elements that have attributes, or may stand somewhere, together.
namespace groups {
inline constexpr Elements root = 0; ///< nowhere else than at the top
inline constexpr Elements topFolders = in(E::folder) | in(E::smartFolder);
inline constexpr Elements folders = topFolders | in(E::subFolder);
/// What is ordered and has criteria of its own.
inline constexpr Elements entities = in(E::job) | in(E::smartFolder) | in(E::subFolder);
inline constexpr Elements anyFolder = in(E::smartFolder) | in(E::subFolder);
inline constexpr Elements scheduling = entities | in(E::rule) | in(E::calendar);
inline constexpr Elements addsCondition = in(E::outcond) | in(E::doCond);
inline constexpr Elements setsVariable = in(E::variable) | in(E::doVariable);
inline constexpr Elements message = in(E::shout) | in(E::doShout) | in(E::doMail);
inline constexpr Elements usesRule = in(E::ruleUse) | in(E::ruleExclude);
inline constexpr Elements notebook = in(E::details) | in(E::notes) | in(E::note);
#define CTM_ELEMENT(id, keyword, parents) inline constexpr Elements id = in(E::id);
#define CTM_SPELLING(keyword, id)
#include "frontend/controlm/Elements.def"
#undef CTM_ELEMENT
#undef CTM_SPELLING
} // namespace groups

struct Element {
    E id;
    llvm::StringRef keyword;
    Elements parents; ///< none: it stands at the top
};

/// How a value is read; what is none is reported.
enum class ValueKind : uint8_t {
    text,
    flag,       ///< 0 1 Y N yes no true false
    number,     ///< within `from..to`
    words,      ///< one of a list, in any case
    time,       ///< hhmm or hh:mm
    timeOrOpen, ///< or `>` (CTM-051)
    times,      ///< hhmm,hhmm
    date,       ///< yyyymmdd
    dates,      ///< mmdd,mmdd
    days,       ///< CTM-041
    weekdays,   ///< CTM-044
    interval,   ///< 00005M (CTM-061)
    intervals,  ///< +30M,+4H (CTM-063)
    orderDate,  ///< CTM-012
    brackets,   ///< CTM-016
};

enum class Fate : uint8_t { meaning, inert };

/// Rows of Attributes.def: `Attr::scheduling_DAYS`.
enum class Attr : uint16_t {
#define CTM_ATTRIBUTE(elements, keyword, kind, fate, detail) elements##_##keyword,
#define CTM_ATTRIBUTE_SPELLING(keyword, today)
#include "frontend/controlm/Attributes.def"
#undef CTM_ATTRIBUTE
#undef CTM_ATTRIBUTE_SPELLING
};

struct Attribute {
    Attr id;
    Elements elements;
    llvm::StringRef keyword;
    ValueKind kind;
    Fate fate;
    llvm::StringRef detail;
};

/// Names are matched as written: XML knows no other. Null for unknown ones.
Element const* findElement(llvm::StringRef keyword);
Element const& elementOf(E id);
Attribute const* findAttribute(E element, llvm::StringRef keyword);
Attribute const& attributeOf(Attr id);

/// The nearest name to a misspelt one, in any case; empty if none is near.
llvm::StringRef nearestElement(llvm::StringRef keyword);
llvm::StringRef nearestAttribute(E element, llvm::StringRef keyword);

} // namespace hoist::controlm
