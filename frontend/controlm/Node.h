// A definition as the tables name it, whether it was written in XML or in JSON.
#pragma once

#include "frontend/controlm/Vocabulary.h"
#include "frontend/ir/Constructs.h"

#include <vector>

namespace hoist::controlm {

struct Field {
    Attribute const* row = nullptr;
    llvm::StringRef value; ///< UTF-8; a part of the file where nothing in it was written otherwise
    Span span;             ///< of the value
    Span whole;            ///< key and value
    ir::KindId kind;       ///< for the coverage ledger
    ir::ConstructId construct;
    bool isImplied = false; ///< said elsewhere (defaults, flows), and counted there
    bool isBad = false;     ///< the value cannot be read, which has been reported
    llvm::StringRef key{};  ///< as JSON names it; empty in XML
    llvm::StringRef shownAs() const { return key.empty() ? row->keyword : key; }
};

/// What belongs to a definition and has no place in the tables.
struct Extra {
    Span span;
    ir::KindId kind;
    enum class Part : uint8_t {
        structure, ///< says what kind of thing stands here, or nothing that decides
        parameter, ///< of a plug-in: kept with the job
        unknown,   ///< may decide something
        bad,       ///< decides something, and cannot be read as what is wanted
    } part = Part::structure;
    llvm::StringRef key, value; ///< of what is no structure
    llvm::StringRef wanted{};   ///< of what is bad
};

struct Node {
    Element const* row = nullptr;
    Span nameSpan; ///< of the element's name
    Span span;     ///< of the start tag; in JSON of what names it
    ir::KindId kind;
    ir::ConstructId construct;
    bool isImplied = false;    ///< said elsewhere, and counted there
    bool hasOtherDays = false; ///< criteria stand in its extras
    std::vector<Field> fields;
    std::vector<Node> children;
    std::vector<Extra> extras;

    bool is(E id) const { return row->id == id; }
    /// The field with a value; null where it is missing or empty.
    Field const* find(Attr id) const {
        for (Field const& field : fields)
            if (field.row->id == id && !field.value.empty())
                return &field;
        return nullptr;
    }
    /// The field, be its value empty or not.
    Field const* given(Attr id) const {
        for (Field const& field : fields)
            if (field.row->id == id)
                return &field;
        return nullptr;
    }
    llvm::StringRef value(Attr id) const {
        Field const* const field = find(id);
        return field ? field->value : llvm::StringRef();
    }
};

} // namespace hoist::controlm
