// The coverage ledger: every source construct, and what became of it. "Nothing is dropped in
// silence" is checked here: a construct without a fate at the end is a bug in hoist (exit 70).
#pragma once

#include "frontend/base/Source.h"
#include "frontend/diag/Catalog.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>

#include <string>
#include <vector>

namespace hoist::ir {

using ConstructId = Id<struct ConstructTag>;
using KindId = Id<struct KindTag>;
using JobId = Id<struct JobTag>;

/// One thing in the source that a person wrote: a statement, an attribute, a condition atom, a
/// calendar row, a crontab entry, a crontab environment line. `kind` is what `hoist coverage`
/// groups by, such as "attribute start_times", "condition s(job, look-back)", "statement
/// insert_job".
struct Construct {
    Span span;
    KindId kind;
    JobId owner;                                ///< the job it belongs to, if any
    diag::Fidelity fate = diag::Fidelity::none; ///< none = not accounted for yet
    KindId form; ///< the lowering form, such as "edge", "gate", "pool"
};

class Constructs {
public:
    ConstructId add(Span span, llvm::StringRef kind, JobId owner = {}) {
        return add(span, intern(kind), owner);
    }
    /// For readers that register millions: intern the kind once.
    ConstructId add(Span span, KindId kind, JobId owner = {});
    KindId intern(llvm::StringRef text);
    /// Settles a construct. The worst fate wins when several parts settle the same one.
    void settle(ConstructId id, diag::Fidelity fate, llvm::StringRef form);

    Construct& operator[](ConstructId id) { return items[id]; }
    Construct const& operator[](ConstructId id) const { return items[id]; }
    /// The text of a kind or form; empty for none.
    llvm::StringRef text(KindId kind) const;
    size_t size() const { return items.size(); }
    auto ids() const { return items.ids(); }
    /// Span of a construct; "nowhere" for an invalid id.
    Span span(ConstructId id) const { return id ? items[id].span : Span{}; }

private:
    IdVector<ConstructId, Construct> items;
    IdVector<KindId, std::string> kinds;
    llvm::StringMap<KindId> kindByText;
};

/// A value and the construct that says it; `isSet()` is false when the source does not say it.
template <class T>
struct Sourced {
    T value{};
    ConstructId from;

    bool isSet() const { return from.isValid(); }
    explicit operator bool() const { return isSet(); }
    T const& operator*() const { return value; }
    T const* operator->() const { return &value; }
    void set(T newValue, ConstructId origin) {
        value = std::move(newValue);
        from = origin;
    }
};

} // namespace hoist::ir
