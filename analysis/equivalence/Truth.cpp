// Conditions as literals.
#include "analysis/equivalence/Truth.h"

#include "analysis/semantics/Store.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

namespace hoist::equivalence {

using ir::Atom;
using ir::Expr;

namespace {

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

JobState stateIn(Solver const& solver, StatusLits const& status) {
    return solver.isTrue(status.running)      ? JobState::running
           : solver.isTrue(status.succeeded)  ? JobState::succeeded
           : solver.isTrue(status.failed)     ? JobState::failed
           : solver.isTrue(status.terminated) ? JobState::terminated
                                              : JobState::waiting;
}

StatusLits const& Facts::job(std::string const& name, uint32_t past) {
    auto [it, isNew] = jobs.try_emplace({name, past});
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
    auto [it, isNew] = values.try_emplace({name.str(), past});
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
        if (!comparisons.variables.contains(name.str()))
            choice.push_back(solver.fresh()); // the variable does not exist
        solver.requireExactlyOne(choice);
    }
    llvm::SmallVector<Lit, 8> fitting;
    for (auto const& [value, chosen] : it->second)
        if (semantics::compareTexts(value, op, literal))
            fitting.push_back(chosen);
    return solver.any(fitting);
}

void Facts::addCodes(llvm::StringRef job, uint32_t past, StatusLits const& status,
                     ir::ExitRule const* rule) {
    auto const compared = comparisons.codes.find(job.split('^').first);
    if (compared == comparisons.codes.end())
        return;
    // The neighbours of every bound that somebody compares with.
    std::set<int64_t> bounds = compared->second;
    bounds.insert({0, 1});
    if (rule) {
        bounds.insert(rule->max);
        for (ir::CodeRange const& range : rule->codes)
            bounds.insert({range.from, range.to});
    }
    std::set<int64_t> candidates;
    for (int64_t bound : bounds)
        for (int64_t code : {bound - 1, bound, bound + 1})
            if (code >= 0 && code <= 255)
                candidates.insert(code);
    llvm::SmallVector<Lit, 8> choice;
    auto& known = codes[{job.str(), past}];
    for (int64_t code : candidates) {
        Lit const chosen = solver.fresh();
        known.emplace_back(code, chosen);
        choice.push_back(chosen);
        if (rule)
            solver.require({!chosen, succeedsWith(*rule, code) ? status.succeeded : status.failed});
        else
            solver.require({!chosen, status.succeeded, status.failed, status.terminated});
    }
    // No code (JIL-067): it has not ended, or was killed.
    choice.push_back(rule ? solver.all({!status.succeeded, !status.failed}) : solver.fresh());
    solver.requireExactlyOne(choice);
}

Lit Facts::exitCode(llvm::StringRef job, ir::Compare op, int64_t number, uint32_t past) const {
    auto it = codes.find({job.str(), past});
    if (it == codes.end())
        return Lit::no();
    llvm::SmallVector<Lit, 8> fitting;
    for (auto const& [code, chosen] : it->second)
        if (ir::holds(code, op, number))
            fitting.push_back(chosen);
    return solver.any(fitting);
}

Lit Facts::otherCode(std::string const& name, ir::ExitRule const* rule, ir::Compare op,
                     int64_t number, uint32_t past) {
    if (!codes.contains({name, past}))
        addCodes(name, past, job(name, past), rule);
    return exitCode(name, op, number, past);
}

Lit Facts::window(std::string const& job, uint32_t minutes, uint32_t past) {
    std::map<uint32_t, Lit>& ofJob = windows[{job, past}];
    auto [it, isNew] = ofJob.try_emplace(minutes);
    if (isNew) {
        it->second = solver.fresh();
        if (it != ofJob.begin())
            solver.require({!std::prev(it)->second, it->second});
        if (auto const longer = std::next(it); longer != ofJob.end())
            solver.require({!it->second, longer->second});
    }
    return it->second;
}

Lit Facts::since(std::string const& dependent, std::string const& job, uint32_t past) {
    auto [it, isNew] = newer.try_emplace({dependent, job, past});
    if (isNew)
        it->second = solver.fresh();
    return it->second;
}

std::optional<int64_t> Facts::codeOf(llvm::StringRef job, uint32_t past) const {
    if (auto it = codes.find({job.str(), past}); it != codes.end())
        for (auto const& [code, chosen] : it->second)
            if (solver.isTrue(chosen))
                return code;
    return std::nullopt;
}

std::map<std::string, std::string> Facts::variables(uint32_t past) const {
    std::map<std::string, std::string> found;
    for (auto const& [key, candidates] : values)
        if (key.second == past)
            for (auto const& [value, chosen] : candidates)
                if (solver.isTrue(chosen))
                    found[key.first] = value;
    return found;
}

std::map<std::string, JobState> Facts::otherJobs(uint32_t past) const {
    std::map<std::string, JobState> found;
    for (auto const& [key, status] : jobs)
        if (key.second == past)
            found[key.first] = stateIn(solver, status);
    return found;
}

std::vector<Lit> Facts::statesOfOthers() const {
    std::vector<Lit> found;
    for (auto const& [key, status] : jobs)
        for (Lit one : {status.running, status.succeeded, status.failed, status.terminated})
            found.insert(found.end(), {one, !one});
    for (auto const& [key, one] : names)
        found.insert(found.end(), {one, !one});
    return found;
}

std::vector<Facts::Age> Facts::ages() const {
    std::vector<Age> found;
    for (auto const& [key, ofJob] : windows)
        for (auto const& [minutes, within] : ofJob)
            if (key.second == 0)
                found.push_back({key.first, "", minutes, solver.isTrue(within)});
    for (auto const& [key, isNewer] : newer)
        if (std::get<2>(key) == 0)
            found.push_back({std::get<1>(key), std::get<0>(key), 0, solver.isTrue(isNewer)});
    return found;
}

bool Truth::isIced(ir::JobId job) const {
    ir::Job const& definition = estate.jobs[job];
    return definition.begins(ir::InitialStatus::onIce);
}

bool Truth::isLocal(Atom const& atom, ir::JobId dependent, bool isFold) const {
    return atom.job && atom.instance.empty() && (dependent != root || isFold) &&
           members.isLocal(atom.job);
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
    bool const local = isLocal(atom, reading.dependent, reading.isFold);
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
        // A box has no code of its own, so what an operator gave it is anybody's guess.
        ir::ExitRule const* const rule =
            atom.job && atom.instance.empty() && !estate.jobs[atom.job].group
                ? &estate.jobs[atom.job].exitRule
                : nullptr;
        base = local ? facts.exitCode(name, atom.op, atom.number)
                     : facts.otherCode(name, rule, atom.op, atom.number, reading.past);
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
        return solver.all({base, facts.window(name, atom.scope.minutes, reading.past)});
    // Since the dependent's own last end: a member that ended in this run ended after it (JIL-071).
    if (isSince && !local)
        return solver.all(
            {base, facts.since(members.sharedName(estate.jobs[reading.dependent].name), name,
                               reading.past)});
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
