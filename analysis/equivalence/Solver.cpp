// Propositional formulas over CaDiCaL.
#include "analysis/equivalence/Solver.h"

#include <llvm/ADT/Hashing.h>
#include <llvm/ADT/STLExtras.h>

#include <cadical.hpp>

#include <algorithm>

namespace hoist::equivalence {

Solver::Solver() : engine(std::make_unique<CaDiCaL::Solver>()) {
    engine->set("quiet", 1);
    require({Lit::yes()});
}

Solver::~Solver() = default;

Lit Solver::all(llvm::ArrayRef<Lit> operands) {
    llvm::SmallVector<int, 4> inputs;
    for (Lit operand : operands) {
        if (operand.isNo())
            return Lit::no();
        if (!operand.isYes())
            inputs.push_back(operand.value);
    }
    llvm::sort(inputs);
    inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
    for (int input : inputs)
        if (std::binary_search(inputs.begin(), inputs.end(), -input))
            return Lit::no();
    if (inputs.empty())
        return Lit::yes();
    if (inputs.size() == 1)
        return {inputs.front()};
    auto& bucket =
        known[static_cast<uint64_t>(llvm::hash_combine_range(inputs.begin(), inputs.end())) >> 2];
    for (auto const& [same, output] : bucket)
        if (same == inputs)
            return {output};
    Lit const output = fresh();
    bucket.emplace_back(inputs, output.value);
    llvm::SmallVector<Lit, 8> everyInput{output};
    for (int input : inputs) {
        require({!output, Lit{input}});
        everyInput.push_back(Lit{-input});
    }
    require(everyInput);
    return output;
}

Lit Solver::any(llvm::ArrayRef<Lit> operands) {
    llvm::SmallVector<Lit, 8> negated;
    for (Lit operand : operands)
        negated.push_back(!operand);
    return !all(negated);
}

Lit Solver::equal(Lit a, Lit b) { return all({implies(a, b), implies(b, a)}); }

void Solver::require(llvm::ArrayRef<Lit> clause) {
    for (Lit literal : clause)
        engine->add(literal.value);
    engine->add(0);
}

void Solver::requireExactlyOne(llvm::ArrayRef<Lit> literals) {
    require(literals);
    for (size_t i = 0; i < literals.size(); ++i)
        for (size_t k = i + 1; k < literals.size(); ++k)
            require({!literals[i], !literals[k]});
}

Solver::Answer Solver::solve(llvm::ArrayRef<Lit> assumptions, int conflicts) {
    for (Lit literal : assumptions)
        engine->assume(literal.value);
    if (conflicts > 0)
        engine->limit("conflicts", conflicts);
    switch (engine->solve()) {
    case 10: return Answer::satisfiable;
    case 20: return Answer::unsatisfiable;
    default: return Answer::outOfBudget;
    }
}

bool Solver::isTrue(Lit literal) const {
    // CaDiCaL answers with the literal itself when it is true. A variable it has not seen is free.
    return literal.value > 0 ? engine->val(literal.value) > 0 : engine->val(-literal.value) < 0;
}

} // namespace hoist::equivalence
