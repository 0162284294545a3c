// What a gate asks the ledger about its condition: truth, and whether it may still become true.
#include "analysis/target/Ledger.h"
#include "analysis/target/When.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

#include <algorithm>

namespace hoist::target {

using ir::Atom;
using ir::Expr;
using ir::ExprId;

namespace {

std::string keyOf(Atom const& atom) {
    return atom.instance.empty() ? atom.name.str()
                                 : fmt::format("{}^{}", atom.name.str(), atom.instance.str());
}

/// The value of a monotone expression when `truth` tells its atoms. Recursive: parseWhen limits
/// the depth.
bool valueOf(ir::Conditions const& conditions, ExprId id,
             llvm::function_ref<bool(Atom const&)> truth) {
    Expr const& expr = conditions[id];
    auto const holds = [&](ExprId operand) { return valueOf(conditions, operand, truth); };
    switch (expr.kind) {
    case Expr::Kind::constant: return expr.value;
    case Expr::Kind::atom: return truth(conditions[expr.atom]);
    case Expr::Kind::all: return llvm::all_of(conditions.operands(id), holds);
    case Expr::Kind::any: return llvm::any_of(conditions.operands(id), holds);
    case Expr::Kind::negation: return !holds(conditions.operands(id)[0]);
    }
    return false;
}

} // namespace

ExprId Ledger::condition(llvm::StringRef text) {
    if (auto const known = conditions.find(text); known != conditions.end())
        return known->second;
    std::string error;
    auto found = parseWhen(text, estate, error);
    if (found)
        estate.conditions.forEachAtom(*found, [&](ir::AtomId id) {
            if (estate.conditions[id].kind == Atom::Kind::fact)
                error = "facts of Control-M are not simulated here";
        });
    if (!error.empty())
        found.reset();
    if (!found)
        problems.push_back(fmt::format("condition `{}`: {}", text.str(), error));
    else // docs/runtime.md, `undefined`: a job of which the ledger has heard nothing is INACTIVE
        estate.conditions.forEachAtom(*found, [&](ir::AtomId id) {
            Atom const& atom = estate.conditions[id];
            if (atom.kind != Atom::Kind::variable && !atom.job)
                store->entry(keyOf(atom));
        });
    return conditions[text] = found.value_or(ExprId());
}

bool Ledger::excludes(ExprId condition) const {
    bool found = false;
    estate.conditions.forEachAtom(condition, [&](ir::AtomId id) {
        Atom const& atom = estate.conditions[id];
        found = found || (atom.kind == Atom::Kind::status && atom.outcomes == ir::notRunning);
    });
    return found;
}

std::vector<std::string> Ledger::jobsOf(ExprId condition) const {
    std::vector<std::string> found;
    estate.conditions.forEachAtom(condition, [&](ir::AtomId id) {
        Atom const& atom = estate.conditions[id];
        if (atom.kind != Atom::Kind::variable && !llvm::is_contained(found, keyOf(atom)))
            found.push_back(keyOf(atom));
    });
    return found;
}

bool Ledger::evaluate(ExprId condition, llvm::StringRef dependent,
                      llvm::StringSet<> const& undefined) const {
    return valueOf(estate.conditions, condition, [&](Atom const& atom) {
        if (atom.kind != Atom::Kind::variable && undefined.contains(keyOf(atom)))
            return false; // JIL-066
        return store->truth(atom, now, dependent);
    });
}

bool Ledger::canBecomeTrue(ExprId condition, llvm::StringRef dependent,
                           llvm::StringSet<> const& undefined,
                           llvm::function_ref<bool(llvm::StringRef)> isSettled) const {
    return valueOf(estate.conditions, condition, [&](Atom const& atom) {
        if (atom.kind == Atom::Kind::variable)
            return true;
        std::string const job = keyOf(atom);
        if (undefined.contains(job))
            return false;
        return !isSettled(job) || store->truth(atom, now, dependent);
    });
}

int64_t Ledger::nextExpiry(ExprId condition) const {
    int64_t next = -1;
    estate.conditions.forEachAtom(condition, [&](ir::AtomId id) {
        Atom const& atom = estate.conditions[id];
        if (atom.scope.kind != ir::Scope::Kind::window)
            return;
        semantics::StoredStatus const* const row = store->find(keyOf(atom));
        if (row == nullptr)
            return;
        for (int64_t const from : {row->statusAt, row->lastEnd}) {
            int64_t const at = from + int64_t(atom.scope.minutes) * 60 + 1;
            if (from >= 0 && at > now && (next < 0 || at < next))
                next = at;
        }
    });
    return next;
}

} // namespace hoist::target
