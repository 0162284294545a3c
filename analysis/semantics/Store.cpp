// Transitions of the status store and the truth of atoms on it.
#include "analysis/semantics/Store.h"

#include <llvm/ADT/SmallString.h>

namespace hoist::semantics {

using ir::Atom;
using ir::Compare;
using ir::Scope;

namespace {

/// An integer of any length: its sign and its digits without leading zeros.
struct BigInteger {
    bool isNegative = false;
    llvm::StringRef digits;

    static std::optional<BigInteger> parse(llvm::StringRef text) {
        BigInteger number;
        if (!text.consume_front("+"))
            number.isNegative = text.consume_front("-");
        if (text.empty() || text.find_first_not_of("0123456789") != llvm::StringRef::npos)
            return std::nullopt;
        number.digits = text.ltrim('0');
        if (number.digits.empty())
            number.isNegative = false;
        return number;
    }
    int compare(BigInteger const& other) const {
        if (isNegative != other.isNegative)
            return isNegative ? -1 : 1;
        int const magnitude = digits.size() != other.digits.size()
                                  ? (digits.size() < other.digits.size() ? -1 : 1)
                                  : digits.compare(other.digits);
        return isNegative ? -magnitude : magnitude;
    }
};

} // namespace

bool compareTexts(llvm::StringRef left, Compare op, llvm::StringRef right) {
    auto const a = BigInteger::parse(left), b = BigInteger::parse(right);
    return ir::holds(a && b ? a->compare(*b) : left.compare(right), op, 0);
}

Store::Store(ir::Estate const& model) : estate(model) {
    jobs.reserve(estate.jobs.size());
    for (size_t i = 0; i < estate.jobs.size(); ++i)
        jobs.add();
    for (ir::Variable const& variable : estate.variables)
        globals[variable.name] = variable.value.str(); // JIL-037: insert_glob is a SET_GLOBAL
}

StoredStatus const* Store::find(llvm::StringRef name) const {
    if (auto const it = estate.jobByName.find(name); it != estate.jobByName.end())
        return &jobs[it->second];
    auto const it = others.find(name);
    return it == others.end() ? nullptr : &it->second;
}

StoredStatus& Store::entry(llvm::StringRef name) {
    if (auto const it = estate.jobByName.find(name); it != estate.jobByName.end())
        return jobs[it->second];
    return others[name];
}

void Store::transition(StoredStatus& row, Status status, int64_t at,
                       std::optional<int64_t> exitCode) {
    row.status = status;
    row.statusAt = at;
    bool const begins = status == Status::starting || status == Status::activated;
    if (begins && !estate.settings.exitCodeSurvivesStart)
        row.exitCode.reset();
    if (status == Status::starting)
        row.lastStart = at;
    if (isEnded(status))
        row.lastEnd = at;
    if (exitCode)
        row.exitCode = exitCode;
}

void Store::record(ir::JobId job, Status status, int64_t at, std::optional<int64_t> exitCode) {
    transition(jobs[job], status, at, exitCode);
}

void Store::record(llvm::StringRef name, Status status, int64_t at,
                   std::optional<int64_t> exitCode) {
    transition(entry(name), status, at, exitCode);
}

void Store::forgetCode(ir::JobId job) {
    if (!estate.settings.exitCodeSurvivesStart)
        jobs[job].exitCode.reset();
}

std::map<std::string, StoredStatus> Store::external() const {
    std::map<std::string, StoredStatus> sorted;
    for (auto const& entry : others)
        sorted[entry.first().str()] = entry.second;
    return sorted;
}

std::optional<llvm::StringRef> Store::global(llvm::StringRef name) const {
    auto const it = globals.find(name);
    return it == globals.end() ? std::nullopt : std::optional<llvm::StringRef>(it->second);
}

bool Store::isWithin(Atom const& atom, StoredStatus const& row, int64_t now,
                     llvm::StringRef dependent) const {
    switch (atom.scope.kind) {
    case Scope::Kind::window: {
        // JIL-070: elapsed time since the last transition, the limit included. `status_at` is the
        // terminal transition as long as a terminal status stands (JIL §1.1).
        int64_t const at = atom.kind == Atom::Kind::exitCode ? row.lastEnd : row.statusAt;
        return at >= 0 && now - at <= int64_t(atom.scope.minutes) * 60;
    }
    case Scope::Kind::sinceOwnLastRun: {
        // JIL-071: no anchor on the dependent's first run.
        StoredStatus const* const own = find(dependent);
        return !own || own->lastEnd < 0 || row.lastEnd >= own->lastEnd;
    }
    default: return true; // JIL-064: latched, however old
    }
}

bool Store::statusTruth(Atom const& atom, StoredStatus const& row, bool isLocal, int64_t now,
                        llvm::StringRef dependent) const {
    Status status = row.status;
    if (status == Status::onIce && isLocal) { // JIL-074
        bool const isFavourable = atom.kind == Atom::Kind::status &&
                                  (atom.outcomes & (ir::succeeded | ir::notRunning)) != 0;
        if (!atom.scope.hasLookBack())
            return isFavourable;
        return isFavourable || estate.settings.iceLookbackIsTrue;
    }
    if (status == Status::onIce) // JIL-074: the remote side sees SUCCESS with its real time
        status = Status::success;
    bool holdsNow = false;
    if (atom.kind == Atom::Kind::exitCode) { // JIL-067: never ran, no code, no comparison holds
        holdsNow = row.exitCode && ir::holds(*row.exitCode, atom.op, atom.number);
    } else {
        auto const accepts = [&](ir::Outcome outcome) { return (atom.outcomes & outcome) != 0; };
        holdsNow = (accepts(ir::succeeded) && status == Status::success) ||
                   (accepts(ir::failed) && status == Status::failure) ||
                   (accepts(ir::terminated) && status == Status::terminated) ||
                   (accepts(ir::notRunning) && !isUnderWay(status));
    }
    return holdsNow && isWithin(atom, row, now, dependent);
}

bool Store::truth(Atom const& atom, int64_t now, llvm::StringRef dependent) const {
    switch (atom.kind) {
    case Atom::Kind::variable: { // JIL-068: a missing global is false
        auto const value = global(atom.name);
        return value && compareTexts(*value, atom.op, atom.text);
    }
    case Atom::Kind::status:
    case Atom::Kind::exitCode: break;
    default: return false;
    }
    if (atom.job)
        return statusTruth(atom, jobs[atom.job], true, now, dependent);
    llvm::SmallString<80> name(atom.name);
    if (!atom.instance.empty())
        (name += "^") += atom.instance;
    auto const it = others.find(name);
    if (it != others.end())
        return statusTruth(atom, it->second, atom.instance.empty(), now, dependent);
    if (atom.instance.empty())
        return false; // JIL-066: undefined, for ever false, `n` too
    // JIL-075: another instance's job of which nobody has reported yet is INACTIVE.
    static StoredStatus const neverRun;
    return statusTruth(atom, neverRun, false, now, dependent);
}

bool Store::evaluate(ir::ExprId condition, int64_t now, llvm::StringRef dependent) const {
    // Operands first, without recursion: the depth is the input's. An `all` ends at the first false
    // operand, an `any` at the first true one.
    ir::Conditions const& conditions = estate.conditions;
    struct Frame {
        ir::ExprId expr;
        size_t next = 0;
    };
    llvm::SmallVector<Frame, 16> stack{{condition}};
    bool value = true;
    bool isOpen = true; // the top frame has been pushed just now
    while (!stack.empty()) {
        Frame& frame = stack.back();
        ir::Expr const& expr = conditions[frame.expr];
        auto const finish = [&](bool result) {
            value = result;
            stack.pop_back();
            isOpen = false;
        };
        if (expr.kind == ir::Expr::Kind::constant) {
            finish(expr.value);
        } else if (expr.kind == ir::Expr::Kind::atom) {
            finish(truth(conditions[expr.atom], now, dependent));
        } else {
            bool const isNegation = expr.kind == ir::Expr::Kind::negation;
            bool const decides = expr.kind == ir::Expr::Kind::any;
            auto const operands = conditions.operands(frame.expr);
            if (!isOpen && isNegation)
                finish(!value);
            else if (!isOpen && value == decides)
                finish(decides);
            else if (frame.next == operands.size())
                finish(!decides);
            else {
                isOpen = true;
                ir::ExprId const operand = operands[frame.next++];
                stack.push_back({operand});
            }
        }
    }
    return value;
}

} // namespace hoist::semantics
