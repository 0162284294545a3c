// Propositional formulas over CaDiCaL: literals, connectives by Tseitin's transformation, a budget.
#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SmallVector.h>

#include <cstdint>
#include <initializer_list>
#include <memory>

namespace CaDiCaL {
class Solver;
}

namespace hoist::equivalence {

/// A literal: a variable or its negation. `Lit::yes()` and `no()` are constants.
struct Lit {
    int value = 0;
    static constexpr Lit yes() { return {1}; } ///< variable 1 is fixed to true
    static constexpr Lit no() { return {-1}; }
    constexpr Lit operator!() const { return {-value}; }
    constexpr bool isYes() const { return value == 1; }
    constexpr bool isNo() const { return value == -1; }
    friend constexpr bool operator==(Lit, Lit) = default;
};

/// Grows one formula and asks it many questions. Equal conjunctions share their variable.
class Solver {
public:
    Solver();
    ~Solver();
    Solver(Solver const&) = delete;
    Solver& operator=(Solver const&) = delete;

    Lit fresh() { return {++variables}; }
    Lit all(llvm::ArrayRef<Lit> operands);
    Lit any(llvm::ArrayRef<Lit> operands);
    Lit all(std::initializer_list<Lit> operands) {
        return all(llvm::ArrayRef(operands.begin(), operands.size()));
    }
    Lit any(std::initializer_list<Lit> operands) {
        return any(llvm::ArrayRef(operands.begin(), operands.size()));
    }
    Lit implies(Lit a, Lit b) { return any({!a, b}); }
    Lit equal(Lit a, Lit b);

    /// Adds what holds in every model.
    void require(llvm::ArrayRef<Lit> clause);
    void require(std::initializer_list<Lit> clause) {
        require(llvm::ArrayRef(clause.begin(), clause.size()));
    }
    void requireExactlyOne(llvm::ArrayRef<Lit> literals);
    void requireEqual(Lit a, Lit b) {
        require({!a, b});
        require({a, !b});
    }

    enum class Answer : uint8_t { satisfiable, unsatisfiable, outOfBudget };
    /// Is there a model with these literals true? `conflicts` limits the work; 0: without limit.
    Answer solve(llvm::ArrayRef<Lit> assumptions, int conflicts);
    /// After `satisfiable`.
    bool isTrue(Lit literal) const;

    int variableCount() const { return variables; }

private:
    std::unique_ptr<CaDiCaL::Solver> engine;
    int variables = 1;
    llvm::DenseMap<uint64_t, llvm::SmallVector<std::pair<llvm::SmallVector<int, 4>, int>, 1>> known;
};

} // namespace hoist::equivalence
