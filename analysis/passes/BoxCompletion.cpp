// Boxes that stay RUNNING although all went well (JIL-114).
//
// A box without box_success completes when *all* members have completed. A handler `condition:
// f(X)` in the box never starts when X succeeds, so in the night in which nothing fails the box
// never ends, its dependents never start, and its next start is lost (TR-12). This pass plays the
// good night: members succeed, `f` and `t` of jobs of the same workflow are false, whatever lies
// outside may hold. Who cannot start then, and who cannot start without those, hangs the box.
//
// The box_success that mends it names the ends of the good night: members that run then, and that
// no other such member waits for.
#include "analysis/Blocked.h"
#include "analysis/Pass.h"
#include "analysis/Truth.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>

namespace hoist::analysis {
namespace {

bool isSuccess(ir::ExitRule const& rule, int64_t code) { // JIL-057
    bool const isListed =
        std::any_of(rule.codes.begin(), rule.codes.end(),
                    [&](ir::CodeRange range) { return range.from <= code && code <= range.to; });
    switch (rule.kind) {
    case ir::ExitRule::Kind::max: return code <= rule.max;
    case ir::ExitRule::Kind::success: return isListed;
    case ir::ExitRule::Kind::fail: return !isListed;
    case ir::ExitRule::Kind::any: break;
    }
    return true;
}

/// The success codes that could matter to a comparison with `number`, the good run's own first: 0
/// if it is one, else the least that the rule names.
llvm::SmallVector<int64_t, 8> successCodes(ir::ExitRule const& rule, int64_t number) {
    llvm::SmallVector<int64_t, 8> codes{0};
    for (int64_t code : {rule.max, number - 1, number, number + 1, int64_t(1), int64_t(255)})
        codes.push_back(code);
    for (ir::CodeRange const range : rule.codes)
        for (int64_t code : {range.from - 1, range.from, range.to, range.to + 1})
            codes.push_back(code);
    llvm::erase_if(codes, [&](int64_t code) {
        // Processes end with 0 to 255; other codes count only where the rule names them.
        bool const isNamed = code == rule.max || llvm::any_of(rule.codes, [&](ir::CodeRange range) {
                                 return code == range.from || code == range.to;
                             });
        return !isSuccess(rule, code) || (!isNamed && (code < 0 || code > 255));
    });
    if (!codes.empty() && codes.front() != 0)
        llvm::sort(codes);
    return codes;
}

struct InGoodNight {
    bool holds = true;
    bool isCertain = false; ///< holds, or does not, with every success code
};

/// A comparison with the exit code of a job that succeeds.
InGoodNight inGoodNight(ir::Estate const& estate, ir::Atom const& atom) {
    ir::Job const& job = estate.jobs[atom.job];
    auto const codes = successCodes(job.exitRule, atom.number);
    if (job.group || codes.empty()) // what a box exits with is its members' affair
        return {};
    auto const isTrue = [&](int64_t code) { return ir::holds(code, atom.op, atom.number); };
    return {isTrue(codes.front()), llvm::all_of(codes, isTrue) || llvm::none_of(codes, isTrue)};
}

/// `s(Y) & s(Z)`; empty when no member runs in the good night.
std::string successOf(ir::Estate& estate, ir::Group const& group, Blocked const& blocked) {
    auto const runs = [&](ir::JobId id) {
        return !blocked[id.value] && !estate.jobs[id].begins(ir::InitialStatus::onIce);
    };
    llvm::DenseSet<uint32_t> awaited;
    for (ir::JobId id : group.members)
        if (runs(id) && estate.jobs[id].condition)
            for (ir::AtomId atomId :
                 necessaryAtoms(estate.conditions, estate.jobs[id].condition.expr)) {
                ir::Atom const& atom = estate.conditions[atomId];
                if (atom.job && atom.kind == ir::Atom::Kind::status &&
                    atom.outcomes == ir::succeeded)
                    awaited.insert(atom.job.value);
            }
    std::vector<ir::ExprId> ends;
    for (ir::JobId id : group.members) {
        if (!runs(id) || awaited.contains(id.value))
            continue;
        ir::Atom atom;
        atom.outcomes = ir::succeeded;
        atom.name = estate.jobs[id].name;
        ends.push_back(estate.conditions.atom(atom));
    }
    return ends.empty() ? std::string() : estate.conditions.print(estate.conditions.all(ends));
}

void report(PassContext& context, ir::Group const& group, std::vector<ir::JobId> const& hanging,
            std::string const& mend) {
    ir::Estate& estate = context.estate;
    ir::Job const& box = estate.jobs[group.self];
    auto builder = context.diags.report<Code::BoxNeverCompletes>(box.nameSpan, box.name);
    builder.object(box.name).evidence(mend).primary(
        "waits for every member, also for those that have nothing to do");
    size_t labels = 0;
    for (ir::JobId member : hanging)
        if (++labels <= 8)
            builder.label(estate.jobs[member].condition ? estate.jobs[member].condition.span
                                                        : estate.jobs[member].nameSpan,
                          fmt::format("`{}` does not start when nothing fails",
                                      shown(estate.jobs[member].name)));
    builder.note(
        "rule JIL-114; jobs that wait for the box never start, and its next start is lost");
    if (mend.empty()) {
        builder.help("a `box_success` that is true whichever way the work ends would end it");
        return;
    }
    builder.help(fmt::format("`box_success: {}` ends it when the work is done", mend));
    if (!box.origin.isValid())
        return;
    // After the statement, on a line of its own.
    llvm::StringRef const text = estate.sources.text(box.origin);
    bool const endsLine = text.ends_with("\n");
    builder.fix(
        {{box.origin.end, box.origin.end},
         endsLine ? fmt::format("box_success: {}\n", mend) : fmt::format("\nbox_success: {}", mend),
         "add the box_success of the good night",
         diag::Applicability::unsafe});
}

} // namespace

void checkBoxCompletion(PassContext& context) {
    ir::Estate& estate = context.estate;
    auto const inSame = [&](ir::JobId a, ir::JobId b) {
        return estate.jobs[a].workflow == estate.jobs[b].workflow;
    };
    auto const isInside = [&](ir::JobId id, ir::Atom const& atom) {
        bool const namesJob =
            atom.kind == ir::Atom::Kind::status || atom.kind == ir::Atom::Kind::exitCode;
        return namesJob && atom.job && inSame(id, atom.job) &&
               atom.job != estate.workflows[estate.jobs[id].workflow].root;
    };
    llvm::DenseSet<uint32_t> severalNights; // workflows in which success codes choose
    Blocked const blocked = findBlocked(
        estate,
        [&](ir::JobId id, ir::AtomId atomId) {
            ir::Atom const& atom = estate.conditions[atomId];
            if (!isInside(id, atom))
                return true;
            ir::Outcomes const good = ir::succeeded | ir::notRunning;
            if (estate.jobs[atom.job].begins(ir::InitialStatus::onIce)) // JIL-074
                return atom.scope.hasLookBack() ||
                       (atom.kind == ir::Atom::Kind::status && (atom.outcomes & good) != 0);
            if (atom.kind == ir::Atom::Kind::exitCode) {
                InGoodNight const reading = inGoodNight(estate, atom);
                if (!reading.isCertain)
                    severalNights.insert(estate.jobs[id].workflow.value);
                return reading.holds;
            }
            return (atom.outcomes & good) != 0;
        },
        [](ir::JobId) { return false; }, inSame);

    // JIL-115: a `box_failure` that holds in the good night ends the box, if not well. What lies
    // outside is no help then: nobody knows whether it holds.
    auto const failsAnyway = [&](ir::Group const& group) {
        return group.failure &&
               evaluate(estate.conditions, group.failure.expr, [&](ir::AtomId atomId) {
                   ir::Atom const& atom = estate.conditions[atomId];
                   return atom.kind == ir::Atom::Kind::status && atom.job &&
                          inSame(group.self, atom.job) && !blocked[atom.job.value] &&
                          (atom.outcomes & ir::succeeded) != 0;
               });
    };
    for (ir::Group const& group : estate.groups) {
        if (group.success || blocked[group.self.value] || context.neverStarts[group.self.value] ||
            failsAnyway(group))
            continue;
        std::vector<ir::JobId> hanging;
        for (ir::JobId member : group.members)
            if (blocked[member.value] && !context.neverStarts[member.value] &&
                !estate.jobs[member].begins(ir::InitialStatus::onIce))
                hanging.push_back(member);
        if (hanging.empty())
            continue;
        bool const hasOneNight = !severalNights.contains(estate.jobs[group.self].workflow.value);
        report(context, group, hanging,
               hasOneNight ? successOf(estate, group, blocked) : std::string());
    }
}

} // namespace hoist::analysis
