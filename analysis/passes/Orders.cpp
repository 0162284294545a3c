// Order dates of Control-M (CTM-040…047): who is never ordered, and who waits on a day on which
// nobody is ordered that would add the condition (CTM-012, CTM-092).
#include "analysis/Pass.h"
#include "analysis/schedule/OrderDates.h"
#include "frontend/ir/ForcedOrders.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringMap.h>

#include <bitset>
#include <map>
#include <set>
#include <vector>

namespace hoist::analysis {
namespace {

using Kind = ir::Scope::Kind;

constexpr int32_t secondsADay = 86'400;
constexpr int32_t horizon = 366;   ///< days in which dates are compared
using Days = std::bitset<horizon>; ///< from today on

class OrderChecks {
public:
    explicit OrderChecks(PassContext& givenContext)
        : context(givenContext), estate(givenContext.estate), dates(givenContext.estate),
          today(static_cast<int32_t>(givenContext.now / secondsADay)), ofJob(estate.jobs.size()) {}

    void run() {
        for (ir::JobId id : estate.jobs.ids()) {
            ir::Job const& job = estate.jobs[id];
            if (job.ordering && dates.areKnown(id) && !estate.isContainer(id))
                neverOrdered(id);
            for (ir::FactChange const& change : job.factChanges)
                if (change.adds)
                    adders[change.name].push_back({id, &change});
        }
        for (ir::JobId id : estate.jobs.ids())
            if (estate.jobs[id].ordering)
                waits(id);
        ir::ForcedOrders const forced(estate);
        for (ir::Job const& job : estate.jobs)
            forcedNowhere(job, forced);
    }

private:
    void forcedNowhere(ir::Job const& job, ir::ForcedOrders const& forced) {
        ir::forEachForced(estate, job, [&](ir::EndAction const& action) {
            std::string const path = ir::forcedPath(action);
            if (forced.targetsOf(path).empty())
                context.diags.report<Code::ForcedNowhere>(action.span, job.name, path)
                    .object(job.name)
                    .evidence(path)
                    .note("rule CTM-077");
        });
    }

    void neverOrdered(ir::JobId id) {
        if (dates.next(id, today - 1))
            return;
        ir::Job const& job = estate.jobs[id];
        if (job.box && !estate.isContainer(job.box) && never.contains(job.box)) {
            never.insert(id); // its folder has been told of
            return;
        }
        never.insert(id);
        bool const wasOrdered = dates.previous(id, today).has_value();
        context.diags
            .report<Code::NeverOrdered>(job.nameSpan, job.name,
                                        wasOrdered ? llvm::StringRef("its last day has passed")
                                                   : llvm::StringRef("no business day fits"))
            .object(job.name)
            .note("rule CTM-040");
    }

    /// Index into `sets`. Jobs with one set of criteria in folders with one set of days share it.
    uint32_t daysOf(ir::JobId id) {
        uint32_t& at = ofJob[id.value];
        if (at != 0)
            return at - 1;
        ir::Job const& job = estate.jobs[id];
        uint32_t const around = job.box ? daysOf(job.box) + 1 : 0;
        auto const [it, isNew] = known.try_emplace({job.ordering.value, around}, sets.size());
        if (isNew) {
            Days& days = sets.emplace_back();
            for (int32_t const day : dates.between(id, today, today + horizon - 1))
                days.set(static_cast<size_t>(day - today));
        }
        at = it->second + 1;
        return it->second;
    }

    bool isAdjusted(ir::JobId id) const {
        for (; id; id = estate.jobs[id].box)
            if (estate.jobs[id].ordering && estate.orderings[estate.jobs[id].ordering].adjustsWaits)
                return true;
        return false;
    }

    /// Can the condition not hold without this fact?
    bool isNeeded(ir::AtomId atom, ir::ConditionRef const& condition) const {
        ir::Expr const& expr = estate.conditions[condition.expr];
        auto const isIt = [&](ir::Expr const& one) {
            return one.kind == ir::Expr::Kind::atom && one.atom == atom;
        };
        return isIt(expr) ||
               (expr.kind == ir::Expr::Kind::all &&
                llvm::any_of(estate.conditions.operands(condition.expr),
                             [&](ir::ExprId operand) { return isIt(estate.conditions[operand]); }));
    }

    void waits(ir::JobId id) {
        ir::Job const& job = estate.jobs[id];
        if (!job.condition || !dates.areKnown(id) || isAdjusted(id))
            return;
        for (ir::AtomUse const& use : job.condition.uses) {
            ir::Atom const& atom = estate.conditions[use.atom];
            auto const producers = adders.find(atom.name);
            if (atom.kind != ir::Atom::Kind::fact || atom.scope.kind != Kind::sameCycle ||
                producers == adders.end() || !isNeeded(use.atom, job.condition))
                continue;
            waitsOn(id, atom, use, producers->second);
        }
    }

    struct Adder {
        ir::JobId job;
        ir::FactChange const* change;
    };

    void waitsOn(ir::JobId id, ir::Atom const& atom, ir::AtomUse const& use,
                 std::vector<Adder> const& producers) {
        Days added;
        ir::FactChange const* first = nullptr;
        for (Adder const& adder : producers) {
            if (!atom.instance.empty() && !adder.change->server.empty() &&
                adder.change->server != atom.instance)
                continue;
            // Any other date may be any day.
            if (adder.change->date.kind != Kind::sameCycle || !dates.areKnown(adder.job))
                return;
            first = first ? first : adder.change;
            added |= sets[daysOf(adder.job)];
        }
        if (!first)
            return; // A0026
        Days const alone = sets[daysOf(id)] & ~added;
        if (alone.none())
            return;
        int32_t day = today;
        while (!alone.test(static_cast<size_t>(day - today)))
            ++day;
        ir::Date const date = ir::fromDayNumber(day);
        context.diags
            .report<Code::FactNotThatDay>(use.nameSpan, estate.jobs[id].name, atom.name,
                                          ir::dateText(date))
            .object(estate.jobs[id].name)
            .evidence(atom.name)
            .label(first->nameSpan, "added here, on other days")
            .help("give both the same days; or `ADJUST_COND` in a SMART folder drops such waits")
            .note("rules CTM-012, CTM-092");
    }

    PassContext& context;
    ir::Estate& estate;
    schedule::OrderDates dates;
    int32_t today;
    llvm::StringMap<std::vector<Adder>> adders;
    std::vector<Days> sets;
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> known; ///< criteria, and the set around
    std::vector<uint32_t> ofJob; ///< one more than the index of its set; 0: not looked at yet
    std::set<ir::JobId> never;
};

} // namespace

void checkOrders(PassContext& context) { OrderChecks(context).run(); }

} // namespace hoist::analysis
