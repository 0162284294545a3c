// Conditions: hash-consed boolean expressions over atoms on statuses, exit codes, variables and
// facts.
#pragma once

#include "frontend/ir/Constructs.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>

#include <string>
#include <vector>

namespace hoist::ir {

using ExprId = Id<struct ExprTag>;
using AtomId = Id<struct AtomTag>;

/// Set of outcomes a status atom accepts.
enum Outcome : uint8_t {
    succeeded = 1,
    failed = 2,
    terminated = 4,
    /// Not active now (JIL `n`): anything but STARTING, RUNNING, WAIT_REPLY, RESTART, SUSPENDED.
    notRunning = 8,
};
using Outcomes = uint8_t;
inline constexpr Outcomes done = succeeded | failed | terminated;

/// Which run of the other job counts: what other tools lose.
struct Scope {
    enum class Kind : uint8_t {
        latched,           ///< the status recorded now, however old (JIL-064)
        window,            ///< latched, and the last transition lies within `minutes` (JIL-070)
        sinceOwnLastRun,   ///< ended at or after the dependent's own last end (JIL-071)
        sameCycle,         ///< the run of the same cycle (order date, workflow run)
        previousOrderDate, ///< the job's own, not yesterday (CTM-012)
        nextOrderDate,
        anyOrderDate,
        shiftedOrderDate, ///< `offset` days after the order date
        literalDate,      ///< `offset` is mmdd or ddmm as a number, as the site has it (CTM-011)
        noDate,           ///< a fact without a date (CTM-011)
        datasetInstance,  ///< `offset` counts instances
    };
    Kind kind = Kind::latched;
    uint32_t minutes = 0; ///< window; `unlimited` where a look-back says latched (JIL-072)
    int32_t offset = 0;
    static constexpr uint32_t unlimited = UINT32_MAX;
    /// Only on a job ON_ICE does a look-back without limit differ from none (JIL-074).
    bool hasLookBack() const { return kind != Kind::latched || minutes == unlimited; }
    friend bool operator==(Scope const&, Scope const&) = default;
};

enum class Compare : uint8_t { equal, notEqual, less, greater, lessEqual, greaterEqual };
llvm::StringRef toString(Compare op);

template <class T>
constexpr bool holds(T const& left, Compare op, T const& right) {
    switch (op) {
    case Compare::equal: return left == right;
    case Compare::notEqual: return left != right;
    case Compare::less: return left < right;
    case Compare::greater: return left > right;
    case Compare::lessEqual: return left <= right;
    case Compare::greaterEqual: return left >= right;
    }
    return false;
}

struct Atom {
    enum class Kind : uint8_t { status, exitCode, variable, fact, time, file, resource };
    Kind kind = Kind::status;
    Outcomes outcomes = 0;       ///< status
    Compare op = Compare::equal; ///< exitCode, variable
    Scope scope;
    llvm::StringRef name; ///< job, variable or fact, verbatim
    /// Job of another scheduler instance: `job^INS`; empty = this one. Of a fact: whose table it
    /// stands in; empty = not said.
    llvm::StringRef instance;
    JobId job;            ///< set by link; invalid: external or undefined
    int64_t number = 0;   ///< exitCode: the literal
    llvm::StringRef text; ///< variable: the literal

    /// The name that the whole site knows it by: `job^INS` of another instance.
    std::string fullName() const {
        return instance.empty() ? name.str() : name.str() + "^" + instance.str();
    }
};

struct Expr {
    enum class Kind : uint8_t { constant, atom, all, any, negation };
    Kind kind = Kind::constant;
    bool value = true;  ///< constant
    AtomId atom;        ///< atom
    uint32_t begin = 0; ///< operands of all / any / negation
    uint32_t count = 0;
};

/// Expressions and atoms of an estate. Equal expressions have equal ids. Operand order is the
/// source's.
class Conditions {
public:
    Conditions();
    ExprId constant(bool value) const { return value ? trueExpr : falseExpr; }
    ExprId atom(Atom const& atom);
    /// n-ary; operands of the same kind are flattened; one operand is itself; none is `true` /
    /// `false`.
    ExprId all(llvm::ArrayRef<ExprId> operands) { return nary(Expr::Kind::all, operands); }
    ExprId any(llvm::ArrayRef<ExprId> operands) { return nary(Expr::Kind::any, operands); }
    ExprId negate(ExprId operand);

    Expr const& operator[](ExprId id) const { return exprs[id]; }
    Atom const& atomOf(ExprId id) const { return atoms[exprs[id].atom]; }
    Atom const& operator[](AtomId id) const { return atoms[id]; }
    Atom& operator[](AtomId id) { return atoms[id]; }
    llvm::ArrayRef<ExprId> operands(ExprId id) const {
        Expr const& e = exprs[id];
        return llvm::ArrayRef(operandPool).slice(e.begin, e.count);
    }
    auto atomIds() const { return atoms.ids(); }
    size_t size() const { return exprs.size(); }

    /// Visits every distinct atom below an expression once, in source order. Iterative: depth is
    /// the input's.
    template <class Visit>
    void forEachAtom(ExprId root, Visit visit) const {
        llvm::SmallVector<ExprId, 16> stack{root};
        llvm::SmallDenseSet<uint32_t, 16> seen; // most conditions have a few atoms: no allocation
        while (!stack.empty()) {
            ExprId const id = stack.pop_back_val();
            if (!seen.insert(id.value).second)
                continue;
            if (exprs[id].kind == Expr::Kind::atom)
                visit(exprs[id].atom);
            auto const ops = operands(id);
            for (size_t i = ops.size(); i-- > 0;)
                stack.push_back(ops[i]);
        }
    }

    /// The language of docs/runtime.md: canonical, `&` and `|` never mixed without parentheses.
    /// Shared by messages, gates and the manifest.
    std::string print(ExprId id) const;
    std::string print(Atom const& atom) const;

private:
    ExprId nary(Expr::Kind kind, llvm::ArrayRef<ExprId> operands);
    ExprId intern(Expr expr, llvm::ArrayRef<ExprId> operands);

    IdVector<ExprId, Expr> exprs;
    IdVector<AtomId, Atom> atoms;
    std::vector<ExprId> operandPool;
    llvm::DenseMap<uint64_t, llvm::SmallVector<uint32_t, 1>> exprsByHash;
    llvm::DenseMap<uint64_t, llvm::SmallVector<uint32_t, 1>> atomsByHash;
    ExprId trueExpr, falseExpr;
};

/// One atom where it stands in the text.
struct AtomUse {
    AtomId atom;
    Span span;
    Span nameSpan;
    ConstructId construct;
};

/// A condition as written: the expression and where its parts stand.
struct ConditionRef {
    ExprId expr;
    ConstructId from;          ///< the attribute
    Span span;                 ///< its value
    std::vector<AtomUse> uses; ///< in source order, repeated atoms repeated
    Span mixed; ///< first operator at which AND and OR mix without parentheses; else nowhere

    bool isSet() const { return expr.isValid(); }
    explicit operator bool() const { return isSet(); }
};

} // namespace hoist::ir
