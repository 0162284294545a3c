// Look-up in the tables of statements and attributes.
#include "frontend/jil/Vocabulary.h"

#include "frontend/base/Suggest.h"

#include <llvm/ADT/StringMap.h>

#include <algorithm>

namespace hoist::jil {

static constexpr Subcommand subcommandTable[] = {
#define JIL_SUBCOMMAND(keyword, verb, subject)                                                     \
    {#keyword, "statement " #keyword, Verb::verb, Subject::subject},
#include "frontend/jil/Subcommands.def"
#undef JIL_SUBCOMMAND
};

static constexpr Attribute attributeTable[] = {
#define JIL_ATTRIBUTE(subject, keyword, kind, fate, family)                                        \
    {Attr::subject##_##keyword, #keyword,   "attribute " #keyword, Subject::subject,               \
     ValueKind::kind,           Fate::fate, Family::family},
#define JIL_ATTRIBUTE_PREFIX(prefix, family)
#include "frontend/jil/Attributes.def"
#undef JIL_ATTRIBUTE
#undef JIL_ATTRIBUTE_PREFIX
};

static constexpr Attribute prefixTable[] = {
#define JIL_ATTRIBUTE(subject, keyword, kind, fate, family)
#define JIL_ATTRIBUTE_PREFIX(prefix, family)                                                       \
    {Attr::prefixed,  prefix,     "attribute " prefix "*", Subject::job,                           \
     ValueKind::text, Fate::kept, Family::family},
#include "frontend/jil/Attributes.def"
#undef JIL_ATTRIBUTE
#undef JIL_ATTRIBUTE_PREFIX
};

static constexpr size_t longestKeyword = 48;

namespace {
struct Index {
    llvm::StringMap<Keyword> keywords;
    Index() {
        for (Subcommand const& row : subcommandTable)
            keywords[row.keyword].subcommand = &row;
        for (Attribute const& row : attributeTable)
            keywords[row.keyword].attributes[static_cast<size_t>(row.subject)] = &row;
    }
};
} // namespace

static Index const& index() {
    static Index const built;
    return built;
}

llvm::StringRef toString(Subject subject) {
    switch (subject) {
    case Subject::job: return "job";
    case Subject::machine: return "machine";
    case Subject::variable: return "global variable";
    case Subject::resource: return "resource";
    case Subject::instance: return "external instance";
    case Subject::monitor: return "monitor";
    case Subject::jobType: return "job type";
    case Subject::connectionProfile: return "connection profile";
    case Subject::blob: return "blob";
    case Subject::calendar: return "calendar";
    case Subject::extendedCalendar: return "extended calendar";
    case Subject::cycle: return "cycle";
    }
    return "object";
}

Keyword const* findKeyword(llvm::StringRef keyword) {
    char lowered[longestKeyword];
    if (keyword.size() > longestKeyword)
        return nullptr;
    std::transform(keyword.begin(), keyword.end(), lowered, llvm::toLower);
    auto const& keywords = index().keywords;
    auto const it = keywords.find({lowered, keyword.size()});
    return it == keywords.end() ? nullptr : &it->second;
}

Subcommand const* findSubcommand(llvm::StringRef keyword) {
    Keyword const* const found = findKeyword(keyword);
    return found ? found->subcommand : nullptr;
}

Attribute const* findAttribute(Subject subject, llvm::StringRef keyword) {
    if (Keyword const* const found = findKeyword(keyword))
        if (Attribute const* row = found->attributes[static_cast<size_t>(subject)])
            return row;
    if (subject == Subject::job)
        for (Attribute const& row : prefixTable)
            if (keyword.starts_with_insensitive(row.keyword) && keyword.size() > row.keyword.size())
                return &row;
    return nullptr;
}

Attribute const& calendarRowAttribute() {
    static constexpr Attribute row{Attr::row,      "",          "calendar row", Subject::calendar,
                                   ValueKind::row, Fate::model, Family::any};
    return row;
}

Attribute const& unknownAttribute() {
    static constexpr Attribute row{
        Attr::unknown, "",         "unknown attribute", Subject::job, ValueKind::text,
        Fate::unknown, Family::any};
    return row;
}

bool isSubcommandShaped(llvm::StringRef keyword) {
    for (llvm::StringRef verb : {"insert_", "update_", "delete_", "override_", "rename_"})
        if (keyword.starts_with_insensitive(verb))
            return true;
    return false;
}

std::vector<llvm::StringRef> keywords() {
    std::vector<llvm::StringRef> words;
    for (Subcommand const& row : subcommandTable)
        words.push_back(row.keyword);
    for (Attribute const& row : attributeTable)
        words.push_back(row.keyword);
    for (Attribute const& row : prefixTable)
        words.push_back(row.keyword);
    return words;
}

llvm::StringRef nearestSubcommand(llvm::StringRef keyword) {
    std::vector<llvm::StringRef> names;
    for (Subcommand const& row : subcommandTable)
        names.push_back(row.keyword);
    return keyword.size() > longestKeyword ? llvm::StringRef() : nearestOf(keyword, names);
}

llvm::StringRef nearestAttribute(Subject subject, llvm::StringRef keyword) {
    std::vector<llvm::StringRef> names;
    for (Attribute const& row : attributeTable)
        if (row.subject == subject)
            names.push_back(row.keyword);
    return keyword.size() > longestKeyword ? llvm::StringRef() : nearestOf(keyword, names);
}

} // namespace hoist::jil
