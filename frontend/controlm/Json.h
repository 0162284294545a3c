// JSON as a tree in which every key and value says where it stands.
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/ADT/StringRef.h>

#include <vector>

namespace hoist::controlm {

/// Deeper values are refused.
inline constexpr size_t deepestJson = 1000;

struct JsonMember;

struct JsonValue {
    enum class Kind : uint8_t { object, array, string, other };
    Kind kind = Kind::other;
    llvm::StringRef text; ///< of a string: UTF-8, escapes resolved; of a number, true, false, null
                          ///< as it stands
    Span span;            ///< of a string: without its quotes
    std::vector<JsonMember> members; ///< in the order of the file; a key may come twice
    std::vector<JsonValue> items;

    bool isObject() const { return kind == Kind::object; }
    bool isArray() const { return kind == Kind::array; }
    /// The last member of a name, as the Automation API takes it (CTM-110); null without one.
    JsonMember const* find(llvm::StringRef key) const;
    /// The text of a member that is a string, number or word; empty without one.
    llvm::StringRef textOf(llvm::StringRef key) const;
};

struct JsonMember {
    llvm::StringRef key;
    Span keySpan;
    JsonValue value;
};

/// Reads a file, always an object. What is wrong is reported, and what was read before it is given;
/// `isWhole` is false then. What real files hold beside JSON is taken, and told: comments, commas
/// before a closing bracket, and no braces around all.
JsonValue readJson(FileId file, ir::Estate& estate, diag::Diagnostics& diags, bool& isWhole);

} // namespace hoist::controlm
