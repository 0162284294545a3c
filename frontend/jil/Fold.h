// Folds a stream of statements, in order and over files, into the final definitions (JIL-046).
#pragma once

#include "frontend/ir/Estate.h"
#include "frontend/jil/Placeholders.h"
#include "frontend/jil/Scanner.h"

#include <llvm/ADT/StringMap.h>

#include <array>
#include <vector>

namespace hoist::jil {

inline constexpr size_t attributeCount = static_cast<size_t>(Attr::unknown) + 1;

/// One attribute of a definition.
struct Entry {
    Attribute const* row = nullptr;
    llvm::StringRef key;
    llvm::StringRef value; ///< as it stands in the file, but with blanks for comments: of one size
    Span where;            ///< of the value
    ir::ConstructId construct;
    bool spansLines = false, isBroken = false;
};

/// An object as the statements read so far leave it.
struct Definition {
    Subject subject = Subject::job;
    llvm::StringRef name;
    Span nameSpan;
    ir::ConstructId statement;
    std::vector<Entry> entries;
    std::vector<Entry> overrides;            ///< of `override_job`, pending for one run
    std::vector<ir::ConstructId> statements; ///< the updates and renames
    bool isAlive = true;
    bool isRefused = false;
};

class Fold {
public:
    Fold(ir::Estate& target, diag::Diagnostics& findings)
        : estate(target), diags(findings), placeholders(target, findings) {}

    void apply(RawStatement const& statement, Scanner const& scanner);

    /// In the order in which their first statement stands.
    std::vector<Definition> definitions;

private:
    using Index = uint32_t;
    llvm::StringMap<Index>& namesOf(Subject subject);
    Definition* find(Subject subject, llvm::StringRef name);
    /// Takes one pair of quotes and the escapes off, resolves placeholders, checks the rules for
    /// names.
    llvm::StringRef withoutComments(RawAttribute const& raw);
    llvm::StringRef objectName(RawStatement const& statement, Scanner const& scanner);
    void insert(RawStatement const& statement, llvm::StringRef name, ir::ConstructId construct,
                std::vector<Entry> const& entries, Span nameSpan);
    void dropSuperseded(Definition& definition, llvm::ArrayRef<Entry> entries);
    void merge(Definition& definition, llvm::ArrayRef<Entry> entries, bool isUpdate);
    void remove(Definition& definition, ir::ConstructId construct, bool withMembers);
    void rename(llvm::StringRef name, ir::ConstructId construct, std::vector<Entry> const& entries);
    void refuse(Span span, llvm::StringRef owner);
    void settleAll(std::vector<Entry> const& entries, diag::Fidelity fate, llvm::StringRef form);
    llvm::StringRef boxOf(Definition const& definition);
    void noteMember(Index index);
    void learnMembers();

    ir::Estate& estate;
    diag::Diagnostics& diags;
    Placeholders placeholders;
    std::array<llvm::StringMap<Index>, subjectCount> names;
    /// Box name → definitions that once named it; kept only from the first deletion on, checked
    /// when used.
    llvm::StringMap<llvm::SmallVector<Index, 4>> members;
    bool knowsMembers = false;
    std::array<ir::KindId, attributeCount> kinds{};
    ir::KindId kindOf(Attribute const& row);
};

/// The value with comments and line ends as blanks, one enclosing pair of quotes off, `\:` and `\"`
/// resolved.
llvm::StringRef plainText(llvm::StringRef value, ir::Estate& estate);

} // namespace hoist::jil
