// Conditions as literals.
#include "analysis/equivalence/Truth.h"

#include "analysis/semantics/Store.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

namespace hoist::equivalence {

using ir::Atom;
using ir::Expr;

namespace {

bool compareCodes(int64_t left, ir::Compare op, int64_t right) {
    switch (op) {
    case ir::Compare::equal: return left == right;
    case ir::Compare::notEqual: return left != right;
    case ir::Compare::less: return left < right;
    case ir::Compare::greater: return left > right;
    case ir::Compare::lessEqual: return left <= right;
    case ir::Compare::greaterEqual: return left >= right;
    }
    return false;
}

bool succeedsWith(ir::ExitRule const& rule, int64_t code) { // JIL-057
    bool const listed = llvm::any_of(
        rule.codes, [&](ir::CodeRange range) { return code >= range.from && code <= range.to; });
    switch (rule.kind) {
    case ir::ExitRule::Kind::max: return code <= rule.max;
    case ir::ExitRule::Kind::success: return listed;
    case ir::ExitRule::Kind::fail: return !listed;
    case ir::ExitRule::Kind::any: return true;
    }
    return false;
}

} // namespace

void Comparisons::add(ir::Conditions const& conditions,
                      std::map<std::string, std::string> const& renamed) {
    for (ir::AtomId id : conditions.atomIds()) {
        Atom const& atom = conditions[id];
        auto const it = renamed.find(atom.name.str());
        if (atom.kind == Atom::Kind::exitCode)
            codes[it == renamed.end() ? atom.name : llvm::StringRef(it->second)].insert(
                atom.number);
        else if (atom.kind == Atom::Kind::variable)
            literals[atom.name].insert(atom.text.str());
    }
}

Lit Facts::named(std::string const& key) {
    auto [it, isNew] = names.try_emplace(key);
    if (isNew)
        it->second = solver.fresh();
    return it->second;
}

StatusLits const& Facts::job(std::string const& name, uint32_t past) {
    auto [it, isNew] = jobs.try_emplace(fmt::format("{}#{}", name, past));
    if (isNew) {
        StatusLits& status = it->second;
        status = {solver.fresh(), solver.fresh(), solver.fresh(), solver.fresh()};
        Lit const other = solver.fresh();
        solver.requireExactlyOne(
            {other, status.running, status.succeeded, status.failed, status.terminated});
    }
    return it->second;
}

Lit Facts::variable(llvm::StringRef name, ir::Compare op, llvm::StringRef literal, uint32_t past) {
    auto [it, isNew] = values.try_emplace(fmt::format("{}#{}", std::string_view(name), past));
    if (isNew) {
        // What any condition compares this variable with, the neighbours of numbers, and a word
        // that nothing names: every way in which the comparisons can turn out together.
        std::set<std::string> candidates{"~"};
        if (auto found = comparisons.literals.find(name); found != comparisons.literals.end())
            for (std::string const& compared : found->second) {
                candidates.insert(compared);
                int64_t number = 0;
                if (!llvm::StringRef(compared).getAsInteger(10, number)) {
                    candidates.insert(std::to_string(number - 1));
                    candidates.insert(std::to_string(number + 1));
                }
            }
        llvm::SmallVector<Lit, 8> choice;
        for (std::string const& candidate : candidates) {
            it->second.emplace_back(candidate, solver.fresh());
            choice.push_back(it->second.back().second);
        }
        choice.push_back(solver.fresh()); // the variable does not exist
        solver.requireExactlyOne(choice);
    }
    llvm::SmallVector<Lit, 8> fitting;
    for (auto const& [value, chosen] : it->second)
        if (semantics::compareTexts(value, op, literal))
            fitting.push_back(chosen);
    return solver.any(fitting);
}

void Facts::addCodes(llvm::StringRef job, StatusLits const& status, ir::ExitRule const& rule) {
    auto const compared = comparisons.codes.find(job);
    if (compared == comparisons.codes.end())
        return;
    // The neighbours of every bound that somebody compares with.
    std::set<int64_t> bounds = compared->second;
    bounds.insert({0, 1, rule.max});
    for (ir::CodeRange const& range : rule.codes)
        bounds.insert({range.from, range.to});
    std::set<int64_t> candidates;
    for (int64_t bound : bounds)
        for (int64_t code : {bound - 1, bound, bound + 1})
            if (code >= 0 && code <= 255)
                candidates.insert(code);
    llvm::SmallVector<Lit, 8> choice;
    auto& known = codes[job.str()];
    for (int64_t code : candidates) {
        Lit const chosen = solver.fresh();
        known.emplace_back(code, chosen);
        choice.push_back(chosen);
        solver.require({!chosen, succeedsWith(rule, code) ? status.succeeded : status.failed});
    }
    choice.push_back(solver.all({!status.succeeded, !status.failed})); // no code (JIL-067)
    solver.requireExactlyOne(choice);
}

Lit Facts::exitCode(llvm::StringRef job, ir::Compare op, int64_t number) const {
    auto it = codes.find(std::string_view(job));
    if (it == codes.end())
        return Lit::no();
    llvm::SmallVector<Lit, 8> fitting;
    for (auto const& [code, chosen] : it->second)
        if (compareCodes(code, op, number))
            fitting.push_back(chosen);
    return solver.any(fitting);
}

std::optional<int64_t> Facts::codeOf(llvm::StringRef job) const {
    if (auto it = codes.find(std::string_view(job)); it != codes.end())
        for (auto const& [code, chosen] : it->second)
            if (solver.isTrue(chosen))
                return code;
    return std::nullopt;
}

std::map<std::string, std::string> Facts::variables() const {
    std::map<std::string, std::string> found;
    for (auto const& [key, candidates] : values) {
        auto const [name, past] = llvm::StringRef(key).rsplit('#');
        if (past != "0")
            continue;
        for (auto const& [value, chosen] : candidates)
            if (solver.isTrue(chosen))
                found[name.str()] = value;
    }
    return found;
}

bool Truth::isIced(ir::JobId job) const {
    ir::Job const& definition = estate.jobs[job];
    return definition.initialStatus && *definition.initialStatus == ir::InitialStatus::onIce;
}

bool Truth::isLocal(Atom const& atom, ir::JobId dependent) const {
    return atom.job && atom.instance.empty() && dependent != root && members.isLocal(atom.job);
}

bool Truth::isUnstable(ir::ExprId expr, ir::JobId dependent) const {
    bool unstable = false;
    estate.conditions.forEachAtom(expr, [&](ir::AtomId id) {
        Atom const& atom = estate.conditions[id];
        bool const isOutcome =
            atom.kind == Atom::Kind::exitCode ||
            (atom.kind == Atom::Kind::status && (atom.outcomes & ir::notRunning) == 0);
        unstable = unstable || !isLocal(atom, dependent) || !isOutcome ||
                   atom.scope.kind == ir::Scope::Kind::window;
    });
    return unstable;
}

Lit Truth::ofAtom(Atom const& atom, Reading const& reading) {
    if (atom.kind == Atom::Kind::variable)
        return reading.upper ? Lit::yes()
                             : facts.variable(atom.name, atom.op, atom.text, reading.past);
    bool const isWindow = atom.scope.kind == ir::Scope::Kind::window;
    std::string name = members.sharedName(atom.name);
    if (!atom.instance.empty())
        name += "^" + atom.instance.str();
    std::string const key =
        fmt::format("{} {} {} {} {} {} {}#{}", static_cast<int>(atom.kind), atom.outcomes,
                    static_cast<int>(atom.op), static_cast<int>(atom.scope.kind),
                    isWindow ? atom.scope.minutes : 0, atom.number, name, reading.past);
    if (atom.kind != Atom::Kind::status && atom.kind != Atom::Kind::exitCode)
        return reading.upper ? Lit::yes() : facts.named("fact " + key);
    if (!atom.job && atom.instance.empty()) { // JIL-066; a gate is told by name (docs/runtime.md)
        bool const told = !reading.inGate || llvm::is_contained(reading.undefined, atom.name.str());
        bool const reads =
            !told && atom.kind == Atom::Kind::status && (atom.outcomes & ir::notRunning) != 0;
        return reads ? Lit::yes() : Lit::no();
    }
    bool const isSince = atom.scope.kind == ir::Scope::Kind::sinceOwnLastRun;
    if (atom.job && atom.instance.empty() && isIced(atom.job)) { // JIL-074
        bool const reads =
            atom.scope.hasLookBack() || (atom.kind == Atom::Kind::status &&
                                         (atom.outcomes & (ir::succeeded | ir::notRunning)) != 0);
        return reads ? Lit::yes() : Lit::no();
    }
    bool const local = isLocal(atom, reading.dependent);
    StatusLits status;
    if (local) {
        std::optional<StatusLits> const known = members.statusOf(atom.job);
        if (!known)
            return Lit::no(); // inside a box that is ON_ICE: it never runs
        status = *known;
    } else {
        if (reading.upper)
            return Lit::yes();
        status = facts.job(name, reading.past);
    }
    Lit base;
    if (atom.kind == Atom::Kind::exitCode) {
        base = local ? facts.exitCode(name, atom.op, atom.number) : facts.named("code " + key);
    } else {
        llvm::SmallVector<Lit, 4> fitting;
        if (atom.outcomes & ir::succeeded)
            fitting.push_back(status.succeeded);
        if (atom.outcomes & ir::failed)
            fitting.push_back(status.failed);
        if (atom.outcomes & ir::terminated)
            fitting.push_back(status.terminated);
        if (atom.outcomes & ir::notRunning)
            fitting.push_back(!status.running);
        base = solver.any(fitting);
        // Of atoms on members only `n()` can have been true and be false now.
        if (local && reading.past != 0 && (atom.outcomes & ir::notRunning) != 0)
            base = facts.named("was " + key);
    }
    if (local && reading.upper) {
        // It may still come true while the job has not ended and is not known never to run.
        Lit const ended = solver.any({status.succeeded, status.failed, status.terminated});
        base = solver.any({base, solver.all({!ended, !members.isNever(atom.job)})});
    }
    if (reading.upper)
        return base;
    if (isWindow)
        return solver.all({base, facts.named("window " + key)});
    // Since the dependent's own last end: a member that ended in this run ended after it (JIL-071).
    if (isSince && !local)
        return solver.all(
            {base,
             facts.named(fmt::format(
                 "since {} {}", members.sharedName(estate.jobs[reading.dependent].name), key))});
    return base;
}

Lit Truth::of(ir::ExprId expr, Reading const& reading) {
    Expr const& e = estate.conditions[expr];
    switch (e.kind) {
    case Expr::Kind::constant: return e.value ? Lit::yes() : Lit::no();
    case Expr::Kind::atom: return ofAtom(estate.conditions[e.atom], reading);
    case Expr::Kind::negation: return !of(estate.conditions.operands(expr)[0], reading);
    case Expr::Kind::all:
    case Expr::Kind::any: break;
    }
    llvm::SmallVector<Lit, 8> parts;
    for (ir::ExprId operand : estate.conditions.operands(expr)) // depth is limited to 1,000
        parts.push_back(of(operand, reading));
    return e.kind == Expr::Kind::all ? solver.all(parts) : solver.any(parts);
}

} // namespace hoist::equivalence
