// The coverage ledger and small names of the IR.
#include "frontend/ir/Estate.h"

namespace hoist::ir {

KindId Constructs::intern(llvm::StringRef text) {
    auto [it, isNew] = kindByText.try_emplace(text);
    if (isNew)
        it->second = kinds.add(text.str());
    return it->second;
}

ConstructId Constructs::add(Span span, KindId kind, JobId owner) {
    return items.add(Construct{span, kind, owner, diag::Fidelity::none, {}});
}

void Constructs::settle(ConstructId id, diag::Fidelity fate, llvm::StringRef form) {
    if (!id)
        return;
    Construct& construct = items[id];
    if (construct.fate != diag::Fidelity::none && construct.fate >= fate)
        return;
    construct.fate = fate;
    construct.form = intern(form);
}

llvm::StringRef Constructs::text(KindId kind) const {
    return kind ? llvm::StringRef(kinds[kind]) : llvm::StringRef();
}

llvm::StringRef toString(Dialect dialect) {
    switch (dialect) {
    case Dialect::jil: return "autosys";
    case Dialect::cron: return "cron";
    case Dialect::controlm: return "control-m";
    }
    return "unknown";
}

} // namespace hoist::ir
