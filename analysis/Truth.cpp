// Deciding conditions exactly.
//
// A condition is a boolean function of atoms, but atoms about one job are not free: a job is in one
// status, so `s(a)` and `f(a)` exclude each other, `d(a)` is either of s, f, t, and `e(a) < 4`
// excludes `e(a) > 6`. The subject of an atom is a job's status, a job's exit code, or a variable.
// A subject has few *states* that matter: the statuses, or the numbers next to the literals it is
// compared with. Each state makes a set of its atoms true.
//
// There is no NOT in the language, so a condition is monotone: more true atoms never make it false.
// Two things follow. To come true, a subject needs to try only its maximal states (a look-back
// never forbids anything: the job may have ended just now), and a subject with a single atom may
// take it as true. What remains is the product over subjects with several atoms, in practice one or
// two; above a bound the answer is "not decided", never a guess.
//
// What this does not see: that two different jobs cannot both succeed. That is for
// findNeverStarting.
#include "analysis/Truth.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/SmallBitVector.h>
#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/SmallVector.h>

#include <algorithm>
#include <map>

namespace hoist::analysis {

using ir::Atom;
using ir::Expr;

namespace {

/// Cases times atoms that one condition may cost.
constexpr size_t mostWork = 1 << 20;

/// Calls `visit` for every distinct part, operands first.
void postOrder(ir::Conditions const& conditions, ir::ExprId root,
               llvm::function_ref<void(ir::ExprId)> visit) {
    struct Frame {
        ir::ExprId expr;
        bool isOpen;
    };
    llvm::SmallVector<Frame, 16> stack{{root, false}};
    llvm::SmallDenseSet<uint32_t, 16> seen;
    while (!stack.empty()) {
        auto const [expr, isOpen] = stack.pop_back_val();
        if (isOpen) {
            visit(expr);
            continue;
        }
        if (!seen.insert(expr.value).second)
            continue;
        stack.push_back({expr, true});
        for (ir::ExprId operand : conditions.operands(expr))
            stack.push_back({operand, false});
    }
}

template <class T>
int orderOf(T const& a, T const& b) {
    return a < b ? -1 : b < a ? 1 : 0;
}

/// JIL-068: numeric if both are integers, else by bytes.
int orderOfTexts(llvm::StringRef a, llvm::StringRef b) {
    int64_t x = 0, y = 0;
    if (!a.getAsInteger(10, x) && !b.getAsInteger(10, y))
        return orderOf(x, y);
    return a.compare(b);
}

/// One thing that is in one state at a time, and the atoms about it.
struct Subject {
    llvm::StringRef name;
    std::vector<ir::AtomId> atoms;
    std::vector<llvm::SmallBitVector> states; ///< which atoms each state makes true
};

void addState(Subject& subject, llvm::function_ref<bool(unsigned)> isTrue) {
    llvm::SmallBitVector bits(static_cast<unsigned>(subject.atoms.size()));
    for (unsigned i = 0; i < subject.atoms.size(); ++i)
        bits[i] = isTrue(i);
    if (!llvm::is_contained(subject.states, bits))
        subject.states.push_back(bits);
}

void addStates(ir::Conditions const& conditions, Subject& subject) {
    Atom const& first = conditions[subject.atoms.front()];
    auto const add = [&](auto isTrue) {
        addState(subject, [&](unsigned i) { return isTrue(conditions[subject.atoms[i]]); });
    };
    if (first.kind == Atom::Kind::status) { // JIL-063
        constexpr ir::Outcomes active = 0;
        for (ir::Outcomes status :
             {ir::Outcomes(ir::succeeded | ir::notRunning),
              ir::Outcomes(ir::failed | ir::notRunning),
              ir::Outcomes(ir::terminated | ir::notRunning), ir::Outcomes(ir::notRunning), active})
            add([&](Atom const& atom) { return (atom.outcomes & status) != 0; });
    } else if (first.kind == Atom::Kind::exitCode) {
        for (ir::AtomId near : subject.atoms)
            for (int64_t step : {-1, 0, 1})
                add([&](Atom const& atom) {
                    return ir::holds(conditions[near].number + step, atom.op, atom.number);
                });
    } else {
        for (ir::AtomId near : subject.atoms) {
            llvm::StringRef const text = conditions[near].text;
            std::vector<std::string> values{text.str(), (text + " ").str(), "", "\x7f"};
            if (int64_t number = 0; !text.getAsInteger(10, number))
                for (int64_t step : {-1, 1})
                    values.push_back(std::to_string(number + step));
            for (std::string const& value : values)
                add([&](Atom const& atom) {
                    return ir::holds(orderOfTexts(value, atom.text), atom.op, 0);
                });
        }
    }
}

/// What `addStates` leaves out because no maximal state needs it: a code or a value that does not
/// exist yet, and runs that ended too long ago for some of the look-backs.
void addLesserStates(ir::Conditions const& conditions, Subject& subject) {
    if (conditions[subject.atoms.front()].kind != Atom::Kind::status)
        addState(subject, [](unsigned) { return false; });
    std::vector<ir::Scope> scopes;
    for (ir::AtomId id : subject.atoms) {
        ir::Scope const& scope = conditions[id].scope;
        if (scope.kind != ir::Scope::Kind::latched && !llvm::is_contained(scopes, scope))
            scopes.push_back(scope);
    }
    for (ir::Scope const& old : scopes)
        for (size_t i = 0, count = subject.states.size(); i < count; ++i) {
            llvm::SmallBitVector const state = subject.states[i];
            addState(subject, [&](unsigned atom) {
                return state[atom] && !(conditions[subject.atoms[atom]].scope == old);
            });
        }
}

using SubjectKey = std::tuple<int, llvm::StringRef, llvm::StringRef>;

std::vector<Subject> subjectsOf(ir::Conditions const& conditions,
                                llvm::ArrayRef<ir::ExprId> roots) {
    std::map<SubjectKey, size_t> index;
    std::vector<Subject> subjects; // in source order
    for (ir::ExprId root : roots)
        conditions.forEachAtom(root, [&](ir::AtomId id) {
            Atom const& atom = conditions[id];
            SubjectKey const key{static_cast<int>(atom.kind), atom.name, atom.instance};
            auto [it, isNew] = index.try_emplace(key, subjects.size());
            if (isNew)
                subjects.push_back({atom.name, {}, {}});
            if (auto& atoms = subjects[it->second].atoms; !llvm::is_contained(atoms, id))
                atoms.push_back(id);
        });
    return subjects;
}

bool hasStates(Atom const& atom) {
    return atom.kind == Atom::Kind::status || atom.kind == Atom::Kind::exitCode ||
           atom.kind == Atom::Kind::variable;
}

/// Tries every combination of states of `tried` (others: `fallback`); true as soon as `holds` does,
/// which is given the value of each atom. Nothing when there are too many.
std::optional<bool> tryCases(std::vector<Subject const*> const& tried, size_t atoms, bool fallback,
                             llvm::function_ref<bool(llvm::function_ref<bool(ir::AtomId)>)> holds) {
    size_t cases = 1;
    for (Subject const* subject : tried)
        if (cases *= subject->states.size(); cases > mostWork / (atoms + 1))
            return std::nullopt;
    llvm::DenseMap<uint32_t, bool> values;
    for (size_t number = 0; number < cases; ++number) {
        size_t rest = number;
        for (Subject const* subject : tried) {
            auto const& state = subject->states[rest % subject->states.size()];
            rest /= subject->states.size();
            for (unsigned i = 0; i < subject->atoms.size(); ++i)
                values[subject->atoms[i].value] = state[i];
        }
        if (holds([&](ir::AtomId atom) {
                auto it = values.find(atom.value);
                return it == values.end() ? fallback : it->second;
            }))
            return true;
    }
    return false;
}

/// Whether some combination gives the expression the value `wanted`.
std::optional<bool> tryStates(ir::Conditions const& conditions, ir::ExprId root,
                              std::vector<Subject const*> const& tried, size_t atoms, bool fallback,
                              bool wanted) {
    return tryCases(tried, atoms, fallback,
                    [&](auto valueOf) { return evaluate(conditions, root, valueOf) == wanted; });
}

} // namespace

bool evaluate(ir::Conditions const& conditions, ir::ExprId root,
              llvm::function_ref<bool(ir::AtomId)> valueOf) {
    llvm::DenseMap<uint32_t, bool> values;
    postOrder(conditions, root, [&](ir::ExprId id) {
        Expr const& expr = conditions[id];
        auto const operands = conditions.operands(id);
        auto const isTrue = [&](ir::ExprId operand) { return values.lookup(operand.value); };
        bool value = false;
        switch (expr.kind) {
        case Expr::Kind::constant: value = expr.value; break;
        case Expr::Kind::atom: value = valueOf(expr.atom); break;
        case Expr::Kind::all: value = std::all_of(operands.begin(), operands.end(), isTrue); break;
        case Expr::Kind::any: value = std::any_of(operands.begin(), operands.end(), isTrue); break;
        case Expr::Kind::negation: value = !isTrue(operands[0]); break;
        }
        values[id.value] = value;
    });
    return values.lookup(root.value);
}

std::vector<ir::AtomId> necessaryAtoms(ir::Conditions const& conditions, ir::ExprId root) {
    llvm::DenseMap<uint32_t, std::vector<ir::AtomId>> needs;
    postOrder(conditions, root, [&](ir::ExprId id) {
        Expr const& expr = conditions[id];
        std::vector<ir::AtomId> result;
        auto const operands = conditions.operands(id);
        if (expr.kind == Expr::Kind::atom) {
            result.push_back(expr.atom);
        } else if (expr.kind == Expr::Kind::all) {
            for (ir::ExprId operand : operands) {
                auto const& part = needs[operand.value];
                result.insert(result.end(), part.begin(), part.end());
            }
            std::sort(result.begin(), result.end());
            result.erase(std::unique(result.begin(), result.end()), result.end());
        } else if (expr.kind == Expr::Kind::any) {
            result = needs[operands.front().value];
            for (ir::ExprId operand : operands.drop_front()) {
                auto const& other = needs[operand.value];
                std::erase_if(result, [&](ir::AtomId atom) {
                    return !std::binary_search(other.begin(), other.end(), atom);
                });
            }
        }
        needs[id.value] = std::move(result);
    });
    return std::move(needs[root.value]);
}

std::optional<Contradiction> findContradiction(ir::Conditions const& conditions, ir::ExprId root) {
    std::vector<Subject> subjects = subjectsOf(conditions, root);
    bool hasNegation = false;
    postOrder(conditions, root,
              [&](ir::ExprId id) { hasNegation |= conditions[id].kind == Expr::Kind::negation; });
    if (hasNegation)
        return std::nullopt; // not monotone: no dialect of today writes it, so nothing is claimed
    std::vector<Subject const*> contended;
    for (Subject& subject : subjects)
        if (subject.atoms.size() > 1 && hasStates(conditions[subject.atoms.front()])) {
            addStates(conditions, subject);
            contended.push_back(&subject);
        }
    size_t atoms = 0;
    for (Subject const& subject : subjects)
        atoms += subject.atoms.size();
    // One subject alone makes the clearest finding; trying each costs subjects times atoms.
    if (contended.size() * atoms <= mostWork)
        for (Subject const* one : contended)
            if (tryStates(conditions, root, {one}, atoms, true, true) == false)
                return Contradiction{one->name, one->atoms};
    if (tryStates(conditions, root, contended, atoms, true, true) == false)
        return Contradiction{};
    return std::nullopt;
}

bool isAlwaysTrue(ir::Conditions const& conditions, ir::ExprId root) {
    std::vector<Subject> subjects = subjectsOf(conditions, root);
    std::vector<Subject const*> tried;
    size_t atoms = 0;
    for (Subject& subject : subjects) {
        atoms += subject.atoms.size();
        auto const kind = conditions[subject.atoms.front()].kind;
        if (kind == Atom::Kind::exitCode || kind == Atom::Kind::variable) {
            addStates(conditions, subject);
            tried.push_back(&subject);
        }
    }
    // Statuses: all atoms are false while their job runs.
    return tryStates(conditions, root, tried, atoms, false, false) == false;
}

bool areEqual(ir::Conditions const& conditions, ir::ExprId a, ir::ExprId b) {
    if (a == b)
        return true;
    std::vector<Subject> subjects = subjectsOf(conditions, {a, b});
    std::vector<Subject const*> tried;
    size_t atoms = 0;
    for (Subject& subject : subjects) {
        if (!hasStates(conditions[subject.atoms.front()]))
            return false;
        addStates(conditions, subject);
        addLesserStates(conditions, subject);
        tried.push_back(&subject);
        atoms += subject.atoms.size();
    }
    return tryCases(tried, atoms, false, [&](auto valueOf) {
               return evaluate(conditions, a, valueOf) != evaluate(conditions, b, valueOf);
           }) == false;
}

} // namespace hoist::analysis
