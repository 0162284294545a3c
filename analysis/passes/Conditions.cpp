// Conditions that do not say what they seem to say.
#include "analysis/Pass.h"
#include "analysis/Truth.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>

#include <algorithm>
#include <optional>

namespace hoist::analysis {
namespace {

llvm::StringRef attributeOf(ConditionRole role) {
    switch (role) {
    case ConditionRole::start: return "condition";
    case ConditionRole::success: return "box_success";
    case ConditionRole::failure: return "box_failure";
    }
    return "condition";
}

/// Reads the operators between the atoms with AND binding tighter than OR, as C, SQL and Python do.
/// The atoms are known already, so what is left is `&`, `|`, words and parentheses: a shunting
/// yard.
class CReading {
public:
    CReading(ir::Estate& theEstate, ir::ConditionRef const& theCondition)
        : estate(theEstate), condition(theCondition) {}

    /// Invalid when the text is not what it should be.
    ir::ExprId read() {
        if (!condition.span.isValid())
            return {};
        uint32_t at = condition.span.begin;
        for (ir::AtomUse const& use : condition.uses) {
            if (use.span.begin < at || use.span.end > condition.span.end ||
                !readGap(at, use.span.begin))
                return {};
            values.push_back(atom(use.atom));
            at = use.span.end;
        }
        if (!readGap(at, condition.span.end))
            return {};
        while (!operators.empty())
            if (operators.back() == '(' || !apply())
                return {};
        return values.size() == 1 ? values.front() : ir::ExprId();
    }

private:
    ir::ExprId atom(ir::AtomId id) {
        ir::Atom const copy = estate.conditions[id];
        return estate.conditions.atom(copy);
    }

    bool readGap(uint32_t begin, uint32_t end) {
        llvm::StringRef text = estate.sources.text({begin, end});
        while (!(text = text.ltrim(" \t\r\n\"")).empty()) {
            size_t length = 1;
            char op = text.front();
            if (text.starts_with_insensitive("and")) {
                op = '&';
                length = 3;
            } else if (text.starts_with_insensitive("or")) {
                op = '|';
                length = 2;
            }
            text = text.drop_front(length);
            if (op == '(') {
                operators.push_back(op);
            } else if (op == ')') {
                while (!operators.empty() && operators.back() != '(')
                    if (!apply())
                        return false;
                if (operators.empty())
                    return false;
                operators.pop_back();
            } else if (op == '&' || op == '|') {
                while (!operators.empty() && operators.back() != '(' &&
                       (op == '|' || operators.back() == '&'))
                    if (!apply())
                        return false;
                operators.push_back(op);
            } else {
                return false;
            }
        }
        return true;
    }

    bool apply() {
        if (values.size() < 2)
            return false;
        ir::ExprId const right = values.back();
        values.pop_back();
        ir::ExprId const pair[] = {values.back(), right};
        values.back() =
            operators.back() == '&' ? estate.conditions.all(pair) : estate.conditions.any(pair);
        operators.pop_back();
        return true;
    }

    ir::Estate& estate;
    ir::ConditionRef const& condition;
    std::vector<ir::ExprId> values;
    std::vector<char> operators;
};

/// JIL-062: only where the two readings differ.
void checkPrecedence(PassContext& context, ir::Job const& job, ir::ConditionRef const& condition,
                     ConditionRole role) {
    if (!condition.mixed.isValid())
        return;
    ir::ExprId const other = CReading(context.estate, condition).read();
    if (!other || areEqual(context.estate.conditions, condition.expr, other))
        return;
    std::string const meant = context.estate.conditions.print(condition.expr);
    auto finding = context.diags.report<Code::MixedOperators>(condition.span);
    finding.object(job.name)
        .evidence(meant)
        .primary("parentheses would say which is meant")
        .label(condition.mixed, "applies to everything left of it")
        .help(fmt::format("AutoSys runs `{}`", meant))
        .help(fmt::format("if `{}` is meant, {} today", context.estate.conditions.print(other),
                          role == ConditionRole::start ? "the job starts at the wrong time"
                                                       : "the box ends at the wrong time"))
        .note("rule JIL-062");
    // `meant` is made of names and values. A placeholder would lose its name or be escaped, and a
    // comment would be lost: no fix is offered there.
    llvm::StringRef const written = context.estate.sources.text(condition.span);
    if (!written.contains("/*") && written.find_first_of("$%{~`") == llvm::StringRef::npos)
        finding.fix(
            {condition.span, meant, "write down what AutoSys runs", diag::Applicability::safe});
}

void checkTruth(PassContext& context, ir::JobId id, ir::ConditionRef const& condition,
                ConditionRole role) {
    ir::Estate& estate = context.estate;
    ir::Job const& job = estate.jobs[id];
    if (isAlwaysTrue(estate.conditions, condition.expr)) {
        context.diags.report<Code::AlwaysTrue>(condition.span, attributeOf(role), job.name)
            .object(job.name)
            .evidence(estate.conditions.print(condition.expr))
            .primary("true as soon as what it names has a value");
        return;
    }
    if (role == ConditionRole::start)
        return; // A0003
    auto const isKnown = [&](ir::AtomId atomId) {
        ir::Atom const& atom = estate.conditions[atomId];
        bool const namesJob =
            atom.kind == ir::Atom::Kind::status || atom.kind == ir::Atom::Kind::exitCode;
        return !namesJob || atom.job || !atom.instance.empty() ||
               atom.name.find_first_of("$`%~{") != llvm::StringRef::npos;
    };
    auto const contradiction = findContradiction(estate.conditions, condition.expr);
    if (!contradiction && evaluate(estate.conditions, condition.expr, isKnown))
        return;
    context.diags.report<Code::AlwaysFalse>(condition.span, attributeOf(role), job.name)
        .object(job.name)
        .evidence(estate.conditions.print(condition.expr))
        .primary(contradiction ? "its parts exclude each other"
                               : "it needs a job that is not defined")
        .note(role == ConditionRole::success ? "the box never becomes SUCCESS by it (JIL-115)"
                                             : "the box never becomes FAILURE by it (JIL-115)");
}

/// Which members of a workflow cannot start before which others have ended.
class Order {
public:
    explicit Order(ir::Estate const& theEstate) : estate(theEstate), known(theEstate.jobs.size()) {}

    /// Whether `job` cannot start before a run of `other` in the same run of their workflow has
    /// ended. Looks at a bounded number of jobs, and says no beyond.
    bool waitsFor(ir::JobId job, ir::JobId other) {
        llvm::SmallVector<ir::JobId, 16> open{job};
        llvm::SmallDenseSet<uint32_t, 16> seen;
        while (!open.empty() && seen.size() < mostJobs)
            for (ir::JobId needed : neededBy(open.pop_back_val())) {
                if (needed == other)
                    return true;
                if (seen.insert(needed.value).second)
                    open.push_back(needed);
            }
        return false;
    }

    /// Whether `job` starts only when some other member of its box has ended in this run of it.
    bool startsLater(ir::JobId job) {
        ir::JobId const box = estate.jobs[job].box;
        return llvm::any_of(neededBy(job), [&](ir::JobId needed) {
            for (ir::JobId at = estate.jobs[needed].box; at; at = estate.jobs[at].box)
                if (at == box)
                    return true;
            return false;
        });
    }

private:
    static constexpr size_t mostJobs = 1024;

    /// Members of the workflow whose end the job's condition, or that of its box, cannot do
    /// without.
    std::vector<ir::JobId> const& neededBy(ir::JobId job) {
        std::optional<std::vector<ir::JobId>>& needed = known[job.value];
        if (needed)
            return *needed;
        needed.emplace();
        for (ir::JobId at = job; at; at = estate.jobs[at].box) {
            if (!estate.jobs[at].condition)
                continue;
            for (ir::AtomId id :
                 necessaryAtoms(estate.conditions, estate.jobs[at].condition.expr)) {
                ir::Atom const& atom = estate.conditions[id];
                bool const isEnd =
                    atom.kind == ir::Atom::Kind::exitCode ||
                    (atom.kind == ir::Atom::Kind::status && !(atom.outcomes & ir::notRunning));
                if (isEnd && atom.job &&
                    estate.jobs[atom.job].box && // the start of a root clears none
                    estate.jobs[atom.job].workflow == estate.jobs[job].workflow &&
                    !estate.jobs[atom.job].begins(ir::InitialStatus::onIce))
                    needed->push_back(atom.job);
            }
        }
        return *needed;
    }

    ir::Estate const& estate;
    std::vector<std::optional<std::vector<ir::JobId>>> known;
};

/// STARTING as soon as its box is: nothing that it could wait for (a queue is not RUNNING).
bool startsWithItsBox(ir::Job const& job) {
    return !job.condition && !job.schedule && !job.load && job.resources.empty() &&
           !(job.autoHold && *job.autoHold) && !job.begins(ir::InitialStatus::onHold);
}

/// JIL-076: mutual exclusion has two sides. One side only, between jobs of one box, looks like an
/// order. It is none that matters where the two cannot meet, as one of them waits for the other by
/// another way; and it is one where the other job starts with the box and this one later.
void checkNotRunning(PassContext& context, Order& order, ir::JobId id) {
    ir::Estate& estate = context.estate;
    ir::Job const& job = estate.jobs[id];
    for (ir::AtomUse const& use : job.condition.uses) {
        ir::Atom const& atom = estate.conditions[use.atom];
        if (atom.kind != ir::Atom::Kind::status || !(atom.outcomes & ir::notRunning) || !atom.job ||
            atom.job == id)
            continue;
        ir::Job const& other = estate.jobs[atom.job];
        if (other.workflow != job.workflow || other.group ||
            other.begins(ir::InitialStatus::onIce) || context.neverStarts[atom.job.value])
            continue;
        auto const names = [&](ir::ConditionRef const& condition, ir::JobId wanted, bool onlyRuns) {
            return std::any_of(
                condition.uses.begin(), condition.uses.end(), [&](ir::AtomUse const& one) {
                    ir::Atom const& a = estate.conditions[one.atom];
                    return a.job == wanted && !(onlyRuns && (a.outcomes & ir::notRunning));
                });
        };
        if (names(other.condition, id, false) || names(job.condition, atom.job, true))
            continue; // the other side exists, or the order is stated as well
        if (order.waitsFor(id, atom.job) || order.waitsFor(atom.job, id) ||
            (other.box == job.box && startsWithItsBox(other) && order.startsLater(id)))
            continue;
        context.diags.report<Code::NotRunningAsOrder>(use.span, atom.name, job.name, atom.name)
            .object(job.name)
            .evidence(atom.name)
            .primary(fmt::format("also true before `{}` has started", shown(atom.name)))
            .label(other.nameSpan,
                   fmt::format("does not look at `{}`, so it may start beside it", shown(job.name)))
            .help(fmt::format("`d({})` waits for it; `n({})` there as well keeps them apart",
                              shown(atom.name), shown(job.name)))
            .note("rule JIL-076");
    }
}

void checkSelf(PassContext& context, ir::JobId id) {
    ir::Estate& estate = context.estate;
    ir::Job const& job = estate.jobs[id];
    for (ir::AtomUse const& use : job.condition.uses) {
        ir::Atom const& atom = estate.conditions[use.atom];
        if (atom.job != id)
            continue;
        bool const isNotRunning =
            atom.kind == ir::Atom::Kind::status && (atom.outcomes & ir::notRunning);
        if (!isNotRunning && context.neverStarts[id.value])
            continue; // said already
        context.diags.report<Code::SelfReference>(use.span, job.name, job.name)
            .object(job.name)
            .evidence(estate.conditions.print(atom))
            .primary(isNotRunning
                         ? "always true when it could start: a job never runs twice at once"
                         : "false until it has been started by hand once")
            .note("rule JIL-077");
        return;
    }
}

} // namespace

void checkConditions(PassContext& context) {
    Order order(context.estate);
    for (ir::JobId id : context.estate.jobs.ids()) {
        forEachCondition(context.estate, id,
                         [&](ir::ConditionRef const& condition, ConditionRole role) {
                             checkPrecedence(context, context.estate.jobs[id], condition, role);
                             checkTruth(context, id, condition, role);
                         });
        if (context.estate.jobs[id].condition) {
            checkNotRunning(context, order, id);
            checkSelf(context, id);
        }
    }
}

} // namespace hoist::analysis
