// Box completion as counts and two expressions.
#include "analysis/semantics/Fold.h"

#include <algorithm>

namespace hoist::semantics {

Fold::Fold(ir::Estate const& model, Store const& statuses) : estate(model), store(statuses) {
    for (size_t i = 0; i < estate.jobs.size(); ++i) {
        tallies.add();
        mentions.add();
    }
    for (ir::Group const& group : estate.groups) {
        Tally& tally = tallies[group.self];
        for (ir::JobId const member : group.members) {
            ++tally.members;
            count(tally, store[member].status, 1);
        }
        for (ir::ConditionRef const* condition : {&group.success, &group.failure})
            if (condition->isSet())
                estate.conditions.forEachAtom(condition->expr, [&](ir::AtomId id) {
                    ir::JobId const job = estate.conditions[id].job;
                    if (job && (mentions[job].empty() || mentions[job].back() != group.self))
                        mentions[job].push_back(group.self);
                });
    }
}

void Fold::count(Tally& tally, Status status, int step) const {
    auto const add = [&](unsigned& counter) { counter += static_cast<unsigned>(step); };
    if (!isComplete(status))
        add(tally.incomplete);
    if (status == Status::failure || status == Status::terminated)
        add(tally.bad);
    if (status == Status::inactive || status == Status::onNoExec)
        add(tally.inactive); // JIL-092: ON_NOEXEC as sent by an operator is an INACTIVE
    if (status == Status::onIce)
        add(tally.onIce);
}

void Fold::moved(ir::JobId member, Status before, Status after) {
    ir::JobId const box = estate.jobs[member].box;
    if (!box)
        return;
    count(tallies[box], before, -1);
    count(tallies[box], after, 1);
}

std::optional<Derived> Fold::byExpressions(ir::Group const& group, llvm::StringRef box, int64_t now,
                                           ir::JobId naming) const {
    auto const isAsked = [&](ir::ConditionRef const& condition) {
        bool isNamed = !naming;
        if (!isNamed)
            estate.conditions.forEachAtom(condition.expr, [&](ir::AtomId id) {
                isNamed = isNamed || estate.conditions[id].job == naming;
            });
        return isNamed;
    };
    // JIL-071: the box is the anchor of look-back zero.
    auto const isMet = [&](ir::ConditionRef const& condition) {
        return condition.isSet() && isAsked(condition) && store.evaluate(condition.expr, now, box);
    };
    if (isMet(group.success))
        return Derived{Status::success, "JIL-115",
                       "box_success " + estate.conditions.print(group.success.expr) + " holds"};
    if (isMet(group.failure))
        return Derived{Status::failure, "JIL-115",
                       "box_failure " + estate.conditions.print(group.failure.expr) + " holds"};
    return std::nullopt;
}

std::optional<Derived> Fold::byDefault(ir::JobId box) const {
    ir::Group const& group = estate.groups[estate.jobs[box].group];
    Tally const& tally = tallies[box];
    if (tally.incomplete != 0)
        return std::nullopt;
    // JIL-115(c): an expression replaces its default test only.
    if (tally.bad != 0) {
        if (group.failure.isSet())
            return std::nullopt;
        return Derived{Status::failure, "JIL-114", "all members have completed, one of them badly"};
    }
    if (group.success.isSet())
        return std::nullopt;
    return Derived{Status::success, "JIL-114", "all members have completed well"};
}

std::optional<Derived> Fold::derive(ir::JobId box, ir::JobId member, bool direct,
                                    int64_t now) const {
    ir::Job const& self = estate.jobs[box];
    ir::Group const& group = estate.groups[self.group];
    Status const status = store[box].status;
    Status const memberStatus = store[member].status;
    bool const completed = direct && isComplete(memberStatus);
    bool const isBad = memberStatus == Status::failure || memberStatus == Status::terminated;
    if (isUnderWay(status)) {
        ir::Job const& job = estate.jobs[member];
        if (direct && isBad && job.boxTerminator && *job.boxTerminator)
            return Derived{
                Status::terminated, "JIL-116",
                (job.name + " has box_terminator and ended " + toString(memberStatus)).str()};
        // JIL-115(a): an expression names a job inside the box that has changed; (b): a member has
        // completed.
        bool const isNamed = llvm::is_contained(mentions[member], box);
        if (completed || isNamed)
            if (auto named = byExpressions(group, self.name, now, completed ? ir::JobId() : member))
                return named;
        return completed ? byDefault(box) : std::nullopt;
    }
    // JIL-118: the box is not running; JIL-119: a TERMINATED box never changes.
    if (!completed ||
        (status != Status::success && status != Status::failure && status != Status::inactive))
        return std::nullopt;
    auto derived = byExpressions(group, self.name, now);
    if (!derived)
        derived = byDefault(box);
    if (!derived || derived->status == status)
        return std::nullopt;
    derived->rule = "JIL-118";
    derived->text = "derived again while the box is not running: " + derived->text;
    return derived;
}

std::optional<Derived> Fold::deriveAtStart(ir::JobId box, int64_t now) const {
    ir::Job const& self = estate.jobs[box];
    Tally const& tally = tallies[box];
    if (tally.incomplete != 0)
        return std::nullopt;
    auto derived = byExpressions(estate.groups[self.group], self.name, now);
    if (!derived)
        derived = byDefault(box);
    if (!derived)
        return std::nullopt;
    bool const isEmpty = tally.members == 0;
    derived->rule = isEmpty ? "JIL-122" : "JIL-091";
    derived->text = isEmpty ? "the box has no members" : "every member is on ice";
    return derived;
}

} // namespace hoist::semantics
