// Look-up in the tables of elements and attributes.
#include "frontend/controlm/Vocabulary.h"

#include "frontend/base/Suggest.h"

#include <llvm/ADT/StringMap.h>

#include <vector>

namespace hoist::controlm {

namespace {

using namespace groups;

constexpr Element elementTable[] = {
#define CTM_ELEMENT(id, keyword, parents) {E::id, #keyword, parents},
#define CTM_SPELLING(keyword, id)
#include "frontend/controlm/Elements.def"
#undef CTM_ELEMENT
#undef CTM_SPELLING
};

constexpr Attribute attributeTable[] = {
#define CTM_ATTRIBUTE(elements, keyword, kind, fate, detail)                                       \
    {Attr::elements##_##keyword, elements, #keyword, ValueKind::kind, Fate::fate, detail},
#define CTM_ATTRIBUTE_SPELLING(keyword, today)
#include "frontend/controlm/Attributes.def"
#undef CTM_ATTRIBUTE
#undef CTM_ATTRIBUTE_SPELLING
};

struct Index {
    llvm::StringMap<Element const*> elements;
    llvm::StringMap<llvm::SmallVector<Attribute const*, 2>> attributes;

    Index() {
        for (Element const& row : elementTable)
            elements[row.keyword] = &row;
#define CTM_ELEMENT(id, keyword, parents)
#define CTM_SPELLING(keyword, id) elements[#keyword] = &elementTable[static_cast<size_t>(E::id)];
#include "frontend/controlm/Elements.def"
#undef CTM_ELEMENT
#undef CTM_SPELLING
        for (Attribute const& row : attributeTable)
            attributes[row.keyword].push_back(&row);
        // A keyword may be an older spelling on one element and a name of its own on another.
        llvm::StringMap<llvm::SmallVector<Attribute const*, 2>> older;
        auto const spell = [&](llvm::StringRef keyword, llvm::StringRef today) {
            for (Attribute const* row : attributes[today])
                older[keyword].push_back(row);
        };
#define CTM_ATTRIBUTE(elements, keyword, kind, fate, detail)
#define CTM_ATTRIBUTE_SPELLING(keyword, today) spell(#keyword, #today);
#include "frontend/controlm/Attributes.def"
#undef CTM_ATTRIBUTE
#undef CTM_ATTRIBUTE_SPELLING
        for (auto const& entry : older)
            attributes[entry.first()].append(entry.second.begin(), entry.second.end());
    }
};

Index const& index() {
    static Index const built;
    return built;
}

} // namespace

Element const* findElement(llvm::StringRef keyword) {
    auto const it = index().elements.find(keyword);
    return it == index().elements.end() ? nullptr : it->second;
}

Element const& elementOf(E id) { return elementTable[static_cast<size_t>(id)]; }
Attribute const& attributeOf(Attr id) { return attributeTable[static_cast<size_t>(id)]; }

Attribute const* findAttribute(E element, llvm::StringRef keyword) {
    auto const it = index().attributes.find(keyword);
    if (it != index().attributes.end())
        for (Attribute const* row : it->second)
            if (row->elements & in(element))
                return row;
    return nullptr;
}

llvm::StringRef nearestElement(llvm::StringRef keyword) {
    std::vector<llvm::StringRef> names;
    for (Element const& row : elementTable)
        names.push_back(row.keyword);
    return keyword.size() > 48 ? llvm::StringRef() : nearestOf(keyword, names);
}

llvm::StringRef nearestAttribute(E element, llvm::StringRef keyword) {
    std::vector<llvm::StringRef> names;
    for (Attribute const& row : attributeTable)
        if (row.elements & in(element))
            names.push_back(row.keyword);
    return keyword.size() > 48 ? llvm::StringRef() : nearestOf(keyword, names);
}

} // namespace hoist::controlm
