// INCOND as an expression over dated facts, OUTCOND and DOCOND as what changes them (CTM-010…019).
#include "frontend/controlm/Lower.h"

#include "frontend/controlm/Values.h"

namespace hoist::controlm {

using namespace ir;
using diag::Code;

namespace {

/// CTM-016: from left to right, AND and OR alike; brackets decide. Operands of one operator are
/// gathered, so that a long list costs its length.
class Expression {
public:
    static constexpr size_t deepest = 1000;

    explicit Expression(Conditions& pool) : conditions(pool), levels(1) {}

    void open(bool joinsByOr) {
        levels.push_back({});
        levels.back().joinsByOr = joinsByOr;
    }
    /// False: there is no bracket to close.
    bool close() {
        if (levels.size() == 1)
            return false;
        Level const inner = levels.back();
        levels.pop_back();
        if (!inner.operands.empty())
            add(inner.joinsByOr, value(inner));
        return true;
    }
    void add(bool byOr, ExprId operand) {
        Level& level = levels.back();
        if (level.operands.size() > 1 && level.isOr != byOr) {
            isMixed = true;
            ++folds;
            ExprId const left = value(level);
            level.operands = {left};
        }
        level.isOr = byOr;
        level.operands.push_back(operand);
    }
    bool isTooDeep() const { return levels.size() + folds > deepest; }
    bool isOpen() const { return levels.size() > 1; }
    ExprId result() const { return value(levels.front()); }

    bool isMixed = false; ///< another operator than before at the same level

private:
    struct Level {
        llvm::SmallVector<ExprId, 4> operands;
        bool isOr = false, joinsByOr = false;
    };
    ExprId value(Level const& level) const {
        return level.isOr ? conditions.any(level.operands) : conditions.all(level.operands);
    }

    Conditions& conditions;
    std::vector<Level> levels;
    size_t folds = 0;
};

} // namespace

ir::Scope Lowering::dateOf(Node const& node, Attr attribute) const {
    ir::Scope const today{ir::Scope::Kind::sameCycle, 0, 0};
    Field const* const field = node.find(attribute);
    return field ? readOrderDate(field->value).value_or(today) : today;
}

void Lowering::conditions(Node const& node, JobId id, llvm::StringRef server) {
    Expression expression(estate.conditions);
    ConditionRef condition;
    llvm::StringRef const object = estate.jobs[id].name;
    Field const* firstMix = nullptr;
    for (Node const& child : node.children) {
        if (!child.is(E::incond))
            continue;
        Field const* const name = child.find(Attr::incond_NAME);
        if (!name) {
            diags
                .report<Code::MissingControlmName>(child.nameSpan, child.row->keyword,
                                                   llvm::StringRef("NAME"))
                .object(object);
            continue;
        }
        Atom atom;
        atom.kind = Atom::Kind::fact;
        atom.name = name->value;
        atom.instance = server;
        atom.scope = dateOf(child, Attr::incond_ODATE);
        ExprId const expr = estate.conditions.atom(atom);
        condition.uses.push_back(
            {estate.conditions[expr].atom, child.span, name->span, child.construct});
        condition.span = condition.span.isValid() ? condition.span.to(child.span) : child.span;
        if (!condition.from)
            condition.from = child.construct;

        Field const* const joined = child.find(Attr::incond_AND_OR);
        bool const byOr = joined && joined->value.trim().starts_with_insensitive("O");
        llvm::StringRef const brackets = child.value(Attr::incond_OP);
        bool opened = false;
        for (char const bracket : brackets)
            if (bracket == '(') {
                expression.open(byOr && !opened);
                opened = true;
            }
        expression.add(opened ? false : byOr, expr);
        bool isBalanced = true;
        for (char const bracket : brackets)
            if (bracket == ')')
                isBalanced &= expression.close();
        if (expression.isMixed && !firstMix)
            firstMix = joined ? joined : name;
        if (!isBalanced)
            diags.report<Code::UnbalancedBracket>(child.span, llvm::StringRef(")"))
                .object(object)
                .note("rule CTM-016");
        if (expression.isTooDeep()) {
            diags.report<Code::NestedTooDeep>(child.span, Expression::deepest).object(object);
            return;
        }
    }
    if (condition.uses.empty())
        return;
    if (expression.isOpen()) {
        diags.report<Code::UnbalancedBracket>(condition.uses.back().span, llvm::StringRef("("))
            .object(object)
            .note("rule CTM-016");
        while (expression.isOpen())
            expression.close();
    }
    condition.expr = expression.result();
    if (firstMix)
        diags.report<Code::MixedInconds>(firstMix->whole, object)
            .object(object)
            .evidence(estate.conditions.print(condition.expr))
            .help("hoist reads `" + estate.conditions.print(condition.expr) +
                  "`; brackets (`OP`) would say which is meant")
            .note("rule CTM-016");
    estate.jobs[id].condition = std::move(condition);
}

void Lowering::changes(Node const& node, JobId id, llvm::StringRef server) {
    std::vector<FactChange> found;
    auto const collect = [&](Node const& change, bool isAction) {
        Field const* const name = change.find(Attr::addsCondition_NAME);
        if (!name) {
            diags
                .report<Code::MissingControlmName>(change.nameSpan, change.row->keyword,
                                                   llvm::StringRef("NAME"))
                .object(estate.jobs[id].name);
            return;
        }
        llvm::StringRef const sign = change.value(Attr::addsCondition_SIGN).trim();
        FactChange result;
        result.name = name->value;
        result.server = server;
        result.date = dateOf(change, Attr::addsCondition_ODATE);
        result.adds = sign != "-" && !sign.equals_insensitive("DEL");
        result.isAction = isAction;
        result.span = change.span;
        result.nameSpan = name->span;
        result.construct = change.construct;
        if (result.adds && result.date.kind == ir::Scope::Kind::anyOrderDate) { // CTM-012
            Field const* const date = change.find(Attr::addsCondition_ODATE);
            diags
                .report<Code::BadControlmValue>(date->span, date->value, date->row->keyword,
                                                "a date, as a condition is added with one")
                .object(estate.jobs[id].name)
                .note("rule CTM-012");
            return;
        }
        found.push_back(result);
    };
    for (Node const& child : node.children) {
        if (child.is(E::outcond))
            collect(child, false);
        else if (child.is(E::on))
            for (Node const& inner : child.children)
                if (inner.is(E::doCond))
                    collect(inner, true);
    }
    estate.jobs[id].factChanges = std::move(found);
}

} // namespace hoist::controlm
