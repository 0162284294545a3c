// Look-up in the tables of statements and attributes.
#include "frontend/jil/Vocabulary.h"

#include "frontend/base/Suggest.h"

#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/StringMap.h>

namespace hoist::jil {

static constexpr Subcommand subcommandTable[] = {
#define JIL_SUBCOMMAND(keyword, verb, subject)                                                      \
    {#keyword, "statement " #keyword, Verb::verb, Subject::subject},
#include "frontend/jil/Subcommands.def"
#undef JIL_SUBCOMMAND
};

static constexpr Attribute attributeTable[] = {
#define JIL_ATTRIBUTE(subject, keyword, kind, fate, family)                                         \
    {Attr::subject##_##keyword, #keyword, "attribute " #keyword, Subject::subject, ValueKind::kind,   \
     Fate::fate, Family::family},
#define JIL_ATTRIBUTE_PREFIX(prefix, family)
#include "frontend/jil/Attributes.def"
#undef JIL_ATTRIBUTE
#undef JIL_ATTRIBUTE_PREFIX
};

static constexpr Attribute prefixTable[] = {
#define JIL_ATTRIBUTE(subject, keyword, kind, fate, family)
#define JIL_ATTRIBUTE_PREFIX(prefix, family)                                                        \
    {Attr::prefixed, prefix, "attribute " prefix "*", Subject::job, ValueKind::text, Fate::kept,      \
     Family::family},
#include "frontend/jil/Attributes.def"
#undef JIL_ATTRIBUTE
#undef JIL_ATTRIBUTE_PREFIX
};

static constexpr size_t longestKeyword = 48;

namespace {
struct Index {
    llvm::StringMap<Subcommand const*> subcommands;
    llvm::StringMap<Attribute const*> attributes[subjectCount];
    Index() {
        for (Subcommand const& row : subcommandTable)
            subcommands[row.keyword] = &row;
        for (Attribute const& row : attributeTable)
            attributes[static_cast<size_t>(row.subject)][row.keyword] = &row;
    }
};
} // namespace

static Index const& index() {
    static Index const built;
    return built;
}

static llvm::SmallString<longestKeyword> lowered(llvm::StringRef keyword) {
    llvm::SmallString<longestKeyword> text;
    for (char c : keyword)
        text.push_back(llvm::toLower(c));
    return text;
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

Subcommand const* findSubcommand(llvm::StringRef keyword) {
    if (keyword.size() > longestKeyword)
        return nullptr;
    return index().subcommands.lookup(lowered(keyword));
}

Attribute const* findAttribute(Subject subject, llvm::StringRef keyword) {
    if (keyword.size() > longestKeyword)
        return nullptr;
    auto const text = lowered(keyword);
    if (Attribute const* row = index().attributes[static_cast<size_t>(subject)].lookup(text))
        return row;
    if (subject == Subject::job)
        for (Attribute const& row : prefixTable)
            if (text.starts_with(row.keyword) && text.size() > row.keyword.size())
                return &row;
    return nullptr;
}

Attribute const& calendarRowAttribute() {
    static constexpr Attribute row{Attr::row, "", "calendar row", Subject::calendar, ValueKind::row,
                                   Fate::model, Family::any};
    return row;
}

Attribute const& unknownAttribute() {
    static constexpr Attribute row{Attr::unknown, "", "unknown attribute", Subject::job, ValueKind::text,
                                   Fate::unknown, Family::any};
    return row;
}

bool isSubcommandShaped(llvm::StringRef keyword) {
    for (llvm::StringRef verb : {"insert_", "update_", "delete_", "override_", "rename_"})
        if (keyword.starts_with_insensitive(verb))
            return true;
    return false;
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
