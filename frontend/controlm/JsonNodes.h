// Building definitions from JSON: fields by the table of properties, and what has no place in it.
#pragma once

#include "frontend/controlm/Json.h"
#include "frontend/controlm/Node.h"

#include <initializer_list>

namespace hoist::controlm {

/// Rows of Properties.def.
enum class Where : uint8_t { entity, anyFolder, top, when };

struct Property {
    Where where;
    llvm::StringRef key;
    Attr attribute;
};
inline constexpr Property properties[] = {
#define CTM_PROPERTY(where, key, attribute) {Where::where, #key, Attr::attribute},
#include "frontend/controlm/Properties.def"
#undef CTM_PROPERTY
};

inline Property const* findProperty(Where where, llvm::StringRef key) {
    for (Property const& row : properties)
        if (row.where == where && row.key == key)
            return &row;
    return nullptr;
}

class JsonNodes {
protected:
    explicit JsonNodes(ir::Estate& target) : estate(target) {}

    Node make(E id, Span where, llvm::StringRef kind) {
        Node node;
        node.row = &elementOf(id);
        node.nameSpan = node.span = where;
        node.kind = estate.constructs.intern(kind);
        return node;
    }

    void set(Node& node, Attr attribute, llvm::StringRef value, Span span, Span whole,
             llvm::StringRef kind) {
        node.fields.push_back({&attributeOf(attribute),
                               value,
                               span,
                               whole,
                               estate.constructs.intern(kind),
                               {},
                               kind.empty()});
    }
    void set(Node& node, Attr attribute, llvm::StringRef value, JsonMember const& member) {
        bool const isInert = attributeOf(attribute).fate == Fate::inert;
        // An empty list says nothing, as an empty text does.
        bool const isEmptyList = isList(attribute) && !member.value.isObject();
        bool const isNothing =
            isNull(member.value) || (value.empty() && !isScalar(member.value) && !isEmptyList);
        if (isNothing && !isInert) // no text could be taken from it
            return bad(node, member, "a text or a number");
        set(node, attribute, value, member.value.span, member.keySpan.to(member.value.span),
            ("property " + member.key).str());
        node.fields.back().key = member.key;
    }
    static bool isList(Attr attribute) {
        switch (attributeOf(attribute).kind) {
        case ValueKind::times:
        case ValueKind::dates:
        case ValueKind::days:
        case ValueKind::weekdays:
        case ValueKind::intervals: return true;
        default: return false;
        }
    }
    /// A list is written with commas in the XML.
    void set(Node& node, Property const& row, JsonMember const& member) {
        if (member.value.isArray() && attributeOf(row.attribute).fate != Fate::inert &&
            (!isList(row.attribute) || !isFlat(member.value)))
            return bad(node, member,
                       isList(row.attribute) ? "a list of texts" : "a text or a number");
        if (!member.value.isArray()) {
            set(node, row.attribute, member.value.text, member);
            if (row.attribute == Attr::topFolders_FOLDER_ORDER_METHOD && isScalar(member.value))
                node.fields.back().value = member.value.text == "Automatic" ? "SYSTEM"
                                           : member.value.text == "Manual"  ? ""
                                                                            : member.value.text;
            return;
        }
        std::string joined;
        for (JsonValue const& item : member.value.items)
            joined += (joined.empty() ? "" : ",") + item.text.str();
        set(node, row.attribute, estate.save(joined), member);
    }
    void implied(Node& node, Attr attribute, llvm::StringRef value) {
        set(node, attribute, value, node.span, node.span, "");
    }
    struct Scalar {
        llvm::StringRef key;
        Attr attribute;
    };
    void scalars(Node& node, JsonValue const& object, std::initializer_list<Scalar> known) {
        for (JsonMember const& member : object.members) {
            Scalar const* found = nullptr;
            for (Scalar const& one : known)
                if (one.key == member.key)
                    found = &one;
            if (found)
                set(node, found->attribute, member.value.text, member);
            else
                extra(node, member, "property of an object");
        }
    }

    /// Everything at and below a member is counted with the definition that it belongs to.
    void extra(Node& node, JsonMember const& member, llvm::StringRef kind,
               Extra::Part part = Extra::Part::unknown) {
        ir::KindId const id = estate.constructs.intern(kind);
        if (member.key == "Type" || member.key == "Comment" || member.key == "//Comment")
            part = Extra::Part::structure;
        llvm::StringRef const value = isScalar(member.value) || isNull(member.value)
                                          ? member.value.text
                                          : estate.sources.text(member.value.span);
        each(member, [&](Span where) {
            node.extras.push_back({where, id, part, member.key, value, {}});
            part = Extra::Part::structure; // what is inside belongs to it
        });
    }
    /// It decides something and is not what it has to be: reported and refused where its owner is
    /// known.
    void bad(Node& node, JsonMember const& member, llvm::StringRef wanted) {
        size_t const first = node.extras.size();
        extra(node, member, ("property " + member.key).str(), Extra::Part::bad);
        node.extras[first].part = Extra::Part::bad;
        node.extras[first].wanted = wanted;
    }
    void bad(Node& node, JsonValue const& item, llvm::StringRef key, llvm::StringRef wanted) {
        bad(node, JsonMember{key, item.span, item}, wanted);
    }
    static bool isNull(JsonValue const& value) {
        return value.kind == JsonValue::Kind::other && value.text == "null";
    }
    static bool isScalar(JsonValue const& value) {
        return !value.isObject() && !value.isArray() && !isNull(value);
    }
    static bool isFlat(JsonValue const& list) {
        return llvm::all_of(list.items, [](JsonValue const& item) { return isScalar(item); });
    }
    /// What is no value at all was reported by the reader of JSON, and refuses the file.
    static bool isOfTexts(JsonValue const& list) {
        return list.isArray() && llvm::all_of(list.items, [](JsonValue const& item) {
                   bool const isEmpty =
                       item.kind == JsonValue::Kind::string && item.text.trim().empty();
                   return isScalar(item) && !isEmpty;
               });
    }
    /// The key, its `Type`, and whatever else is no list of events.
    void extraKey(Node& node, JsonMember const& member, llvm::StringRef kind) {
        node.extras.push_back({member.keySpan, estate.constructs.intern(kind), {}, {}, {}});
        for (JsonMember const& inner : member.value.members)
            if (inner.key == "Events" || inner.key == "Sequence")
                node.extras.push_back({inner.keySpan, estate.constructs.intern(kind), {}, {}, {}});
            else
                extra(node, inner, kind);
    }
    void settle(JsonMember const& member, llvm::StringRef kind, diag::Fidelity fate) {
        each(member, [&](Span where) {
            estate.constructs.settle(estate.constructs.add(where, kind), fate,
                                     "not translated yet");
        });
    }
    /// Visits a member and the members below it; not deeper than the reader goes.
    template <class Visit>
    static void each(JsonMember const& member, Visit visit) {
        std::vector<JsonMember const*> members{&member};
        std::vector<JsonValue const*> values;
        while (!members.empty() || !values.empty()) {
            JsonValue const* value = nullptr;
            if (!members.empty()) {
                visit(members.back()->keySpan.to(members.back()->value.span));
                value = &members.back()->value;
                members.pop_back();
            } else {
                value = values.back();
                values.pop_back();
            }
            for (JsonMember const& inner : value->members)
                members.push_back(&inner);
            for (JsonValue const& item : value->items)
                values.push_back(&item);
        }
    }

    ir::Estate& estate;
};

} // namespace hoist::controlm
