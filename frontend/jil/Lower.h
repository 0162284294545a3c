// From folded definitions to the IR.
#pragma once

#include "frontend/jil/ConditionParser.h"
#include "frontend/jil/Fold.h"

namespace hoist::jil {

/// What every lowering needs: the value of an entry as text, and how to say that it is none.
class Lowering {
public:
    Lowering(ir::Estate& target, diag::Diagnostics& findings, llvm::ArrayRef<Definition> folded);

    /// Adds everything that is still defined to the estate, in definition order.
    void run();

private:
    void job(Definition const& definition);
    void machine(Definition const& definition);
    void resource(Definition const& definition);
    void variable(Definition const& definition);
    void opaque(Definition const& definition);
    void calendar(Definition const& definition);
    void extendedCalendar(Definition const& definition);
    std::optional<std::string> readRule(Entry const& entry, llvm::StringRef value,
                                        Definition const& definition);
    void cycle(Definition const& definition);

    Definition const* jobType(llvm::StringRef name) const;
    /// Reports an attribute that the object does not have, with the nearest one that it has.
    void unknown(Entry const& entry, llvm::StringRef what, Definition const& definition);

    friend class JobLowering;
    /// Placeholders resolved; comments as blanks; quotes and escapes as the value's kind wants it.
    llvm::StringRef text(Entry const& entry, llvm::StringRef object);
    /// Where a part of the value stands; the whole value if the text is not the file's own (quotes,
    /// placeholders).
    Span partSpan(Entry const& entry, llvm::StringRef part) const;
    /// Reports that the value is none; the construct is refused.
    void badValue(Entry const& entry, llvm::StringRef value, llvm::StringRef wanted,
                  llvm::StringRef object) {
        badValue(entry, partSpan(entry, value), value, wanted, object);
    }
    void badValue(Entry const& entry, Span where, llvm::StringRef value, llvm::StringRef wanted,
                  llvm::StringRef object);
    void keep(Entry const& entry, llvm::StringRef object, std::vector<ir::KeptAttribute>& kept);
    void settle(Entry const& entry, diag::Fidelity fate, llvm::StringRef form) {
        estate.constructs.settle(entry.construct, fate, form);
    }

    ir::Estate& estate;
    diag::Diagnostics& diags;
    Placeholders placeholders;
    llvm::ArrayRef<Definition> definitions;
    llvm::StringMap<Definition const*> jobTypes;
};

} // namespace hoist::jil
