// Hash-consing and printing of conditions.
#include "frontend/ir/Condition.h"

#include <llvm/ADT/Hashing.h>
#include <llvm/ADT/SmallVector.h>

#include <fmt/core.h>

namespace hoist::ir {

llvm::StringRef toString(Compare op) {
    switch (op) {
    case Compare::equal: return "=";
    case Compare::notEqual: return "!=";
    case Compare::less: return "<";
    case Compare::greater: return ">";
    case Compare::lessEqual: return "<=";
    case Compare::greaterEqual: return ">=";
    }
    return "=";
}

Conditions::Conditions() {
    trueExpr = exprs.add(Expr{Expr::Kind::constant, true, {}, 0, 0});
    falseExpr = exprs.add(Expr{Expr::Kind::constant, false, {}, 0, 0});
}

static bool sameAtom(Atom const& a, Atom const& b) {
    return a.kind == b.kind && a.outcomes == b.outcomes && a.op == b.op && a.scope == b.scope &&
           a.name == b.name && a.instance == b.instance && a.number == b.number && a.text == b.text;
}

ExprId Conditions::atom(Atom const& atom) {
    uint64_t const hash =
        llvm::hash_combine(static_cast<int>(atom.kind), atom.outcomes, static_cast<int>(atom.op),
                           static_cast<int>(atom.scope.kind), atom.scope.minutes, atom.scope.offset,
                           atom.name, atom.instance, atom.number, atom.text);
    AtomId id;
    auto& bucket = atomsByHash[hash >> 2]; // keeps clear of DenseMap's two reserved keys
    for (uint32_t candidate : bucket)
        if (sameAtom(atoms[AtomId(candidate)], atom))
            id = AtomId(candidate);
    if (!id) {
        id = atoms.add(atom);
        bucket.push_back(id.value);
    }
    return intern(Expr{Expr::Kind::atom, true, id, 0, 0}, {});
}

ExprId Conditions::negate(ExprId operand) {
    return intern(Expr{Expr::Kind::negation, true, {}, 0, 0}, operand);
}

ExprId Conditions::nary(Expr::Kind kind, llvm::ArrayRef<ExprId> given) {
    llvm::SmallVector<ExprId, 8> flat;
    for (ExprId id : given) {
        if (exprs[id].kind == kind) {
            auto const inner = operands(id);
            flat.append(inner.begin(), inner.end());
        } else {
            flat.push_back(id);
        }
    }
    if (flat.empty())
        return constant(kind == Expr::Kind::all);
    if (flat.size() == 1)
        return flat.front();
    return intern(Expr{kind, true, {}, 0, 0}, flat);
}

ExprId Conditions::intern(Expr expr, llvm::ArrayRef<ExprId> ops) {
    llvm::SmallVector<uint32_t, 8> values;
    for (ExprId id : ops)
        values.push_back(id.value);
    uint64_t const hash =
        llvm::hash_combine(static_cast<int>(expr.kind), expr.atom.value,
                           llvm::hash_combine_range(values.begin(), values.end()));
    auto& bucket = exprsByHash[hash >> 2];
    for (uint32_t candidate : bucket) {
        Expr const& other = exprs[ExprId(candidate)];
        if (other.kind == expr.kind && other.atom == expr.atom &&
            operands(ExprId(candidate)) == ops)
            return ExprId(candidate);
    }
    // `ops` may point into the pool itself: copy before it grows.
    llvm::SmallVector<ExprId, 8> const copy(ops.begin(), ops.end());
    expr.begin = static_cast<uint32_t>(operandPool.size());
    expr.count = static_cast<uint32_t>(copy.size());
    operandPool.insert(operandPool.end(), copy.begin(), copy.end());
    ExprId const id = exprs.add(expr);
    bucket.push_back(id.value);
    return id;
}

static bool isPlainNameByte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '#' || c == '-';
}

static void appendName(std::string& out, llvm::StringRef name) {
    for (char c : name) {
        if (!isPlainNameByte(c) && !(static_cast<unsigned char>(c) & 0x80))
            out += '\\';
        out += c;
    }
}

static llvm::StringRef functionOf(Outcomes outcomes) {
    switch (outcomes) {
    case succeeded: return "s";
    case failed: return "f";
    case terminated: return "t";
    case done: return "d";
    case notRunning: return "n";
    default: return "?";
    }
}

/// The date part of a fact; nothing for the order date of the job that asks.
static std::string dateOf(Scope const& scope) {
    switch (scope.kind) {
    case Scope::Kind::previousOrderDate: return ", previous order date";
    case Scope::Kind::nextOrderDate: return ", next order date";
    case Scope::Kind::anyOrderDate: return ", any date";
    case Scope::Kind::noDate: return ", no date";
    case Scope::Kind::literalDate: return fmt::format(", date {:04}", scope.offset);
    case Scope::Kind::shiftedOrderDate: return fmt::format(", order date {:+}", scope.offset);
    default: return {};
    }
}

std::string Conditions::print(Atom const& atom) const {
    std::string out;
    switch (atom.kind) {
    case Atom::Kind::status: out = functionOf(atom.outcomes).str(); break;
    case Atom::Kind::exitCode: out = "e"; break;
    case Atom::Kind::variable: out = "v"; break;
    case Atom::Kind::fact: out = "fact"; break;
    case Atom::Kind::time: out = "time"; break;
    case Atom::Kind::file: out = "file"; break;
    case Atom::Kind::resource: out = "resource"; break;
    }
    out += '(';
    appendName(out, atom.name);
    if (!atom.instance.empty()) {
        out += '^';
        appendName(out, atom.instance);
    }
    if (atom.kind == Atom::Kind::fact)
        out += dateOf(atom.scope);
    else if (atom.scope.kind == Scope::Kind::sinceOwnLastRun)
        out += ", 0";
    else if (atom.scope.kind == Scope::Kind::window)
        out += fmt::format(", {:02}.{:02}", atom.scope.minutes / 60, atom.scope.minutes % 60);
    else if (atom.scope.hasLookBack())
        out += ", 9999";
    out += ')';
    if (atom.kind == Atom::Kind::exitCode) {
        out += fmt::format(" {} {}", std::string_view(toString(atom.op)), atom.number);
    } else if (atom.kind == Atom::Kind::variable) {
        out += fmt::format(" {} \"", std::string_view(toString(atom.op)));
        for (char c : atom.text) {
            if (c == '"' || c == '\\')
                out += '\\';
            out += c;
        }
        out += '"';
    }
    return out;
}

std::string Conditions::print(ExprId root) const {
    // Iterative, as conditions may nest a thousand deep: a stack of text and of expressions to
    // print.
    struct Piece {
        ExprId expr;
        llvm::StringRef text;
        bool inside = false; ///< below another operator: an operator needs parentheses
    };
    std::string out;
    llvm::SmallVector<Piece, 16> stack{{root, {}, false}};
    while (!stack.empty()) {
        Piece const piece = stack.pop_back_val();
        if (!piece.expr) {
            out += piece.text;
            continue;
        }
        Expr const& e = exprs[piece.expr];
        switch (e.kind) {
        case Expr::Kind::constant: out += e.value ? "true" : "false"; break;
        case Expr::Kind::atom: out += print(atoms[e.atom]); break;
        case Expr::Kind::negation:
            out += '!';
            stack.push_back({operands(piece.expr)[0], {}, true});
            break;
        case Expr::Kind::all:
        case Expr::Kind::any: {
            auto const ops = operands(piece.expr);
            if (piece.inside) {
                out += '(';
                stack.push_back({{}, ")", false});
            }
            for (size_t i = ops.size(); i-- > 0;) {
                stack.push_back({ops[i], {}, true});
                if (i > 0)
                    stack.push_back({{}, e.kind == Expr::Kind::all ? " & " : " | ", false});
            }
            break;
        }
        }
    }
    return out;
}

} // namespace hoist::ir
