// `hoist diff`: what changed in behaviour between two versions of an estate.
#include "analysis/equivalence/Diff.h"

#include "analysis/equivalence/DiffDefinitions.h"
#include "analysis/equivalence/DiffSide.h"
#include "analysis/equivalence/IrHash.h"
#include "analysis/equivalence/Playing.h"
#include "analysis/equivalence/Scenarios.h"

#include "analysis/equivalence/orders/FolderComparison.h"
#include "analysis/equivalence/orders/OrderPlaying.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringSet.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoist::equivalence {

using Aspect = Difference::Aspect;

namespace {

std::string clock(int64_t instant) {
    return fmt::format("{:%Y-%m-%d %H:%M}Z", fmt::gmtime(static_cast<std::time_t>(instant)));
}

/// What decides its start, and when, is compared by meaning instead.
bool isComparedByMeaning(llvm::StringRef key) {
    static llvm::StringSet<> const keys = [] {
        llvm::StringSet<> set;
        for (char const* name : {"box", "condition", "box_success", "box_failure", "schedule",
                                 "weekdays", "run_calendar", "exclude_calendar", "time", "minute",
                                 "cron", "flavour", "zone", "rule", "box_terminator"})
            set.insert(name);
        return set;
    }();
    return keys.contains(key) || key.starts_with("ctm_");
}

Aspect aspectOf(llvm::StringRef key) {
    if (key == "retries")
        return Aspect::retry;
    if (key == "term_run_time" || key.starts_with("exit_"))
        return key == "term_run_time" ? Aspect::limit : Aspect::action;
    if (key == "resource" || key == "quantity" || key == "free" || key == "priority" ||
        key == "load")
        return Aspect::resource;
    if (key == "max_run" || key == "min_run" || key.starts_with("if_") ||
        key.starts_with("notify") || key == "message" || key == "address" ||
        key.starts_with("must_") || key == "offset" || key == "shout" || key == "side_effect" ||
        key == "attaches_output")
        return Aspect::alarm;
    if (key == "adds" || key == "deletes" || key == "business_day")
        return Aspect::verdict;
    if (key.starts_with("window") || key == "auto_hold" || key.starts_with("status"))
        return Aspect::start;
    return Aspect::action;
}

class Comparer {
public:
    Comparer(ir::Estate const& older, ir::Estate const& newer, DiffOptions const& chosen,
             DiffResult& into)
        : before(older), after(newer), options(chosen), result(into), beforeTicks(older),
          afterTicks(newer), beforeValues(valuesOf(older)), afterValues(valuesOf(newer)) {
        comparisons.add(before.conditions, options.renamed);
        comparisons.add(after.conditions);
        for (auto const& [oldName, newName] : options.renamed)
            oldNames[newName] = oldName;
    }

    void run() {
        for (ir::WorkflowId id : after.workflows.ids())
            compareWorkflow(id);
        for (ir::JobId id : before.jobs.ids()) {
            ir::Job const& job = before.jobs[id];
            bool const isInnerBox = job.group && job.box;
            std::string const name = newName(job.name);
            if (isInnerBox || after.jobByName.contains(name) ||
                before.jobByName.lookup(job.name) != id)
                continue;
            add(Change::Kind::removed, Aspect::shape, name, job.nameSpan, {}, "is defined",
                "is not", fmt::format("`{}` never runs any more", name));
        }
    }

private:
    std::string newName(llvm::StringRef old) const {
        auto it = options.renamed.find(old.str());
        return it == options.renamed.end() ? old.str() : it->second;
    }
    std::string oldName(llvm::StringRef now) const {
        auto it = oldNames.find(now.str());
        return it == oldNames.end() ? now.str() : it->second;
    }

    Change& add(Change::Kind kind, Aspect aspect, std::string job, Span oldPlace, Span newPlace,
                std::string was, std::string is, std::string consequence) {
        Change change;
        change.kind = kind;
        change.aspect = aspect;
        change.job = std::move(job);
        change.oldPlace = oldPlace;
        change.newPlace = newPlace;
        change.before = std::move(was);
        change.after = std::move(is);
        change.consequence = std::move(consequence);
        result.changes.push_back(std::move(change));
        return result.changes.back();
    }

    struct Both {
        ir::JobId before, after;
    };

    void compareWorkflow(ir::WorkflowId id) {
        ir::Workflow const& workflow = after.workflows[id];
        std::vector<Both> both;
        for (ir::JobId job : workflow.jobs) {
            ir::Job const& now = after.jobs[job];
            auto const found = before.jobByName.find(oldName(now.name));
            if (found == before.jobByName.end()) {
                if (!now.group || !now.box)
                    add(Change::Kind::added, Aspect::shape, now.name.str(), {}, now.nameSpan,
                        "is not defined", "is defined",
                        fmt::format("`{}` runs from now on", std::string_view(now.name)));
                continue;
            }
            both.push_back({found->second, job});
            ++result.jobs;
            compareValues({found->second, job});
        }
        if (both.empty())
            return;
        ir::JobId const oldRoot = rootOf(before, both.front().before);
        if (workflow.dialect == ir::Dialect::controlm)
            return compareFolder(before.jobs[oldRoot].workflow, id);
        compareTicks({oldRoot, workflow.root}, after.jobs[workflow.root].name.str(), true);
        for (Both const& pair : both) {
            if (rootOf(before, pair.before) != oldRoot) {
                add(Change::Kind::changed, Aspect::shape, after.jobs[pair.after].name.str(),
                    before.jobs[pair.before].nameSpan, after.jobs[pair.after].nameSpan,
                    fmt::format("belongs to `{}`",
                                std::string_view(before.jobs[rootOf(before, pair.before)].name)),
                    fmt::format("belongs to `{}`",
                                std::string_view(after.jobs[workflow.root].name)),
                    "it runs as part of another workflow");
                return;
            }
            if (pair.after != workflow.root)
                compareTicks(pair, after.jobs[pair.after].name.str(), false);
        }
        compareStarts(before.jobs[oldRoot].workflow, id, both);
    }

    static ir::JobId rootOf(ir::Estate const& estate, ir::JobId job) {
        return estate.workflows[estate.jobs[job].workflow].root;
    }

    void compareValues(Both pair) {
        ir::Job const& was = before.jobs[pair.before];
        ir::Job const& is = after.jobs[pair.after];
        Values const none;
        auto const oldIt = beforeValues.find(was.name), newIt = afterValues.find(is.name);
        Values const& oldValues = oldIt == beforeValues.end() ? none : oldIt->second;
        Values const& newValues = newIt == afterValues.end() ? none : newIt->second;
        std::set<std::string> keys;
        for (auto const* values : {&oldValues, &newValues})
            for (auto const& [key, list] : *values)
                keys.insert(key);
        auto const text = [](Values const& values, std::string const& key) {
            auto it = values.find(key);
            std::string joined;
            if (it != values.end())
                for (std::string const& value : it->second)
                    joined += (joined.empty() ? "" : ", ") + value;
            return joined;
        };
        for (std::string const& key : keys) {
            bool const isFact =
                key == "adds" || key == "deletes" || key == "by_rule" || key == "condition";
            if (isComparedByMeaning(key) || (isFact && is.dialect == ir::Dialect::controlm))
                continue;
            std::string const a = text(oldValues, key), b = text(newValues, key);
            if (a == b)
                continue;
            add(Change::Kind::changed, aspectOf(key), is.name.str(), was.nameSpan, is.nameSpan,
                fmt::format("{}: {}", key, a.empty() ? "none" : a),
                fmt::format("{}: {}", key, b.empty() ? "none" : b),
                fmt::format("`{}` of `{}` is another one", key, std::string_view(is.name)));
        }
    }

    /// Folders of Control-M: order dates, waits, times, what follows from ends (orders/).
    void compareFolder(ir::WorkflowId oldId, ir::WorkflowId newId) {
        if (!oldOrders)
            oldOrders.emplace(before, options.horizon);
        if (!newOrders)
            newOrders.emplace(after, options.horizon);
        ComparisonOptions how;
        how.budget = options.budget;
        how.countsAllConditions = true;
        FolderDifferences const found =
            compareFolders(*oldOrders, oldId, *newOrders, newId, options.renamed, how);
        result.rewritten += found.bySolver;
        OrderSide const was{*oldOrders, beforeTicks, oldId, "before"};
        OrderSide const is{*newOrders, afterTicks, newId, "after"};
        for (Mismatch const& mismatch : found.mismatches) {
            if (mismatch.aspect == Aspect::shape)
                continue; // told as added or removed
            ir::JobId const job = mismatch.second ? mismatch.second : after.workflows[newId].root;
            std::optional<PlayedOrders> played;
            if (!mismatch.isCertain)
                played = playOrders(was, is, options.renamed, options.horizon, mismatch);
            bool const isShown = mismatch.isCertain || played;
            Change& change =
                add(isShown ? Change::Kind::changed : Change::Kind::undecided, mismatch.aspect,
                    after.jobs[job].name.str(), mismatch.firstPlace, mismatch.secondPlace,
                    mismatch.firstSide, mismatch.secondSide,
                    isShown ? mismatch.consequence
                            : "the versions say it differently, but no day was found that shows "
                              "whether that matters");
            if (played)
                change.story = std::move(played->story);
        }
        for (std::string const& reason : found.undecided) {
            ir::Job const& root = after.jobs[after.workflows[newId].root];
            add(Change::Kind::undecided, Aspect::start, root.name.str(), {}, root.nameSpan, "", "",
                reason);
        }
    }

    /// The instants of two schedules; a schedule that is there on one side only is told as such.
    void compareTicks(Both pair, std::string const& name, bool isRoot) {
        ir::Job const& was = before.jobs[pair.before];
        ir::Job const& is = after.jobs[pair.after];
        if (!was.schedule && !is.schedule)
            return;
        Horizon const h = options.horizon;
        std::vector<int64_t> const a =
            was.schedule ? beforeTicks.between(before.schedules[was.schedule], h.from, h.to)
                         : std::vector<int64_t>();
        std::vector<int64_t> const b =
            is.schedule ? afterTicks.between(after.schedules[is.schedule], h.from, h.to)
                        : std::vector<int64_t>();
        if (a == b && was.schedule.isValid() == is.schedule.isValid())
            return;
        std::vector<int64_t> gone, come;
        std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(gone));
        std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(come));
        auto const first = [](std::vector<int64_t> const& list) {
            return list.empty()
                       ? std::string("never")
                       : fmt::format("{} times, first at {}", list.size(), clock(list.front()));
        };
        add(Change::Kind::changed, Aspect::schedule, name, was.nameSpan, is.nameSpan,
            gone.empty() ? "no instant more" : "only before: " + first(gone),
            come.empty() ? "no instant more" : "only after: " + first(come),
            isRoot ? fmt::format("`{}` starts at other times", name)
                   : fmt::format("`{}` waits for other times", name));
    }

    void compareStarts(ir::WorkflowId oldId, ir::WorkflowId newId, std::vector<Both> const& both) {
        Solver solver;
        Facts facts(solver, comparisons);
        std::map<std::string, std::string> const same;
        DiffSide older(before, oldId, options.renamed, facts, solver);
        DiffSide newer(after, newId, same, facts, solver);
        for (Both const& pair : both) {
            ir::Job const& now = after.jobs[pair.after];
            if (now.group)
                continue;
            StatusLits const& status = newer.factsOf(pair.after);
            facts.addCodes(now.name, status, now.exitRule);
        }
        llvm::SmallVector<Lit, 16> unbound;
        for (Both const& pair : both) {
            if (after.jobs[pair.after].group && pair.after != after.workflows[newId].root)
                continue; // a box shows in the starts of its members
            Lit const a = older.start(pair.before), b = newer.start(pair.after);
            bool const isRoot = pair.after == after.workflows[newId].root;
            StatusLits const& status = newer.factsOf(pair.after);
            Lit const waits = solver.all(
                {!status.running, !status.succeeded, !status.failed, !status.terminated});
            ask(solver.all({!solver.equal(a, b), isRoot ? Lit::yes() : waits}), solver, facts,
                newer, oldId, newId, pair, Aspect::start);
            newer.bind(pair.after); // later questions are about what can be reached
        }
        // A job more or less in a box always takes part in its verdict: its own change says so.
        auto const old = llvm::count_if(before.workflows[oldId].jobs,
                                        [&](ir::JobId job) { return !before.jobs[job].group; });
        auto const now = llvm::count_if(after.workflows[newId].jobs,
                                        [&](ir::JobId job) { return !after.jobs[job].group; });
        auto const shared =
            llvm::count_if(both, [&](Both const& pair) { return !after.jobs[pair.after].group; });
        if (after.jobs[after.workflows[newId].root].group && old == shared && now == shared)
            ask(!solver.equal(older.succeeds(), newer.succeeds()), solver, facts, newer, oldId,
                newId, {before.workflows[oldId].root, after.workflows[newId].root},
                Aspect::verdict);
        countRewritten(both);
    }

    void countRewritten(std::vector<Both> const& both) {
        for (Both const& pair : both) {
            ir::ConditionRef const& a = before.jobs[pair.before].condition;
            ir::ConditionRef const& b = after.jobs[pair.after].condition;
            std::string const was = a ? before.conditions.print(a.expr) : "";
            std::string const is = b ? after.conditions.print(b.expr) : "";
            std::string const name = after.jobs[pair.after].name.str();
            if (was != is && llvm::none_of(result.changes, [&](Change const& change) {
                    return change.job == name && change.aspect == Aspect::start;
                }))
                ++result.rewritten;
        }
    }

    void ask(Lit differ, Solver& solver, Facts const& facts, DiffSide& newer, ir::WorkflowId oldId,
             ir::WorkflowId newId, Both pair, Aspect aspect) {
        if (differ.isNo())
            return;
        ir::Job const& was = before.jobs[pair.before];
        ir::Job const& is = after.jobs[pair.after];
        Solver::Answer const answer = solver.solve(differ, options.budget);
        if (answer == Solver::Answer::unsatisfiable)
            return;
        Span const oldPlace = was.condition ? was.condition.span : was.nameSpan;
        Span const newPlace = is.condition ? is.condition.span : is.nameSpan;
        if (answer == Solver::Answer::outOfBudget) {
            add(Change::Kind::undecided, aspect, is.name.str(), oldPlace, newPlace, "", "",
                "not decided within the budget");
            return;
        }
        Suspicion suspicion;
        for (ir::JobId job : after.workflows[newId].jobs) {
            if (after.jobs[job].group)
                continue;
            suspicion.states[job.value] = stateIn(solver, newer.factsOf(job));
            if (auto code = facts.codeOf(after.jobs[job].name))
                suspicion.exitCodes[job.value] = *code;
        }
        suspicion.take(facts, 0, [&](llvm::StringRef name) {
            auto const known = after.jobByName.find(name);
            return known != after.jobByName.end() && after.jobs[known->second].workflow == newId;
        });
        auto const differs = [&](semantics::Scenario const& candidate) {
            std::string name, sideA, sideB;
            return playBoth(candidate, oldId, newId, name, sideA, sideB, nullptr);
        };
        std::vector<semantics::Scenario> days =
            scenariosOf(after, afterTicks, newId, options.horizon, suspicion);
        for (semantics::Scenario& day : days)
            startByOperator(day, after.jobs[after.workflows[newId].root].name);
        auto const found = llvm::find_if(days, differs);
        std::string const oldText =
            was.condition ? before.conditions.print(was.condition.expr) : "none";
        std::string const newText =
            is.condition ? after.conditions.print(is.condition.expr) : "none";
        if (found == days.end()) {
            add(Change::Kind::undecided, aspect, is.name.str(), oldPlace, newPlace,
                "condition: " + oldText, "condition: " + newText,
                "a combination of states may tell the versions apart, but no scenario was found "
                "that "
                "reaches it");
            return;
        }
        semantics::Scenario scenario = std::move(*found);
        shrink(scenario, after, differs);
        std::vector<std::string> story;
        std::string name, sideA, sideB;
        playBoth(scenario, oldId, newId, name, sideA, sideB, &story);
        if (!told.insert(fmt::format("{} {}", name, static_cast<int>(aspect))).second)
            return; // the same job shows again in the question about another one
        add(Change::Kind::changed, aspect, name, oldPlace, newPlace, sideA, sideB,
            fmt::format("`{}` {} before, and {} now", name, sideA, sideB))
            .story = std::move(story);
    }

    /// Both versions are started at one instant: their ticks are compared by themselves.
    static void startByOperator(semantics::Scenario& day, llvm::StringRef root) {
        day.isWithoutClock = true;
        std::erase_if(day.events, [](semantics::Event const& event) {
            return event.kind == semantics::Event::Kind::startJob;
        });
        semantics::Event start;
        start.at = day.start + 60;
        start.object = root.str();
        day.events.push_back(start);
    }

    /// Plays a scenario of the new version on both; true when some job lives differently, or the
    /// root ends so. The first of them in time is named.
    bool playBoth(semantics::Scenario const& scenario, ir::WorkflowId oldId, ir::WorkflowId newId,
                  std::string& name, std::string& sideA, std::string& sideB,
                  std::vector<std::string>* story) {
        semantics::Trace const a = semantics::run(before, beforeTicks, forOld(scenario), oldId);
        semantics::Trace const b = semantics::run(after, afterTicks, scenario, newId);
        std::set<std::string> oldSet, newSet;
        for (ir::JobId job : after.workflows[newId].jobs)
            if (!after.jobs[job].group) {
                newSet.insert(after.jobs[job].name.str());
                oldSet.insert(oldName(after.jobs[job].name));
            }
        auto const livesA = livesOf(a, oldSet), livesB = livesOf(b, newSet);
        Life const none;
        auto const lifeIn = [&](auto const& lives, std::string const& job) -> Life const& {
            auto it = lives.find(job);
            return it == lives.end() ? none : it->second;
        };
        int64_t earliest = std::numeric_limits<int64_t>::max();
        bool found = false;
        for (ir::JobId id : after.workflows[newId].jobs) {
            if (after.jobs[id].group || !before.jobByName.contains(oldName(after.jobs[id].name)))
                continue;
            std::string const job = after.jobs[id].name.str();
            Life const& x = lifeIn(livesA, oldName(job));
            Life const& y = lifeIn(livesB, job);
            if (x.startsLike(y))
                continue;
            int64_t const at = std::min(x.starts.empty() ? earliest : x.starts.front(),
                                        y.starts.empty() ? earliest : y.starts.front());
            if (found && at >= earliest)
                continue;
            found = true;
            earliest = at;
            name = job;
            sideA = x.text();
            sideB = y.text();
        }
        if (!found) {
            std::string const root = after.jobs[after.workflows[newId].root].name.str();
            auto const x = a.finals.find(oldName(root)), y = b.finals.find(root);
            if (x != a.finals.end() && y != b.finals.end() &&
                x->second.status != y->second.status) {
                found = true;
                name = root;
                sideA = fmt::format("is {} in the end",
                                    std::string_view(semantics::toString(x->second.status)));
                sideB = fmt::format("is {} in the end",
                                    std::string_view(semantics::toString(y->second.status)));
            }
        }
        if (found && story) {
            tellGiven(scenario, newSet, *story);
            auto const known = after.jobByName.find(name);
            std::set<std::string> const cast =
                castOf(after, newId, known == after.jobByName.end() ? ir::JobId() : known->second,
                       scenario);
            std::set<std::string> oldCast;
            for (std::string const& one : cast)
                oldCast.insert(oldName(one));
            tell("before", a, oldCast, *story);
            tell("after", b, cast, *story);
        }
        return found;
    }

    /// The same day in the old version's names.
    semantics::Scenario forOld(semantics::Scenario const& scenario) const {
        if (oldNames.empty())
            return scenario;
        semantics::Scenario renamed = scenario;
        renamed.runs.clear();
        for (auto const& [name, plans] : scenario.runs)
            renamed.runs[oldName(name)] = plans;
        renamed.statuses.clear();
        for (auto const& [name, status] : scenario.statuses)
            renamed.statuses[oldName(name)] = status;
        for (semantics::Event& event : renamed.events)
            event.object = oldName(event.object);
        return renamed;
    }

    ir::Estate const& before;
    ir::Estate const& after;
    DiffOptions const& options;
    DiffResult& result;
    schedule::Ticks beforeTicks, afterTicks;
    llvm::StringMap<Values> beforeValues, afterValues;
    Comparisons comparisons;
    std::map<std::string, std::string> oldNames;
    std::set<std::string> told;
    std::optional<OrderedEstate> oldOrders, newOrders;
};

} // namespace

DiffResult diff(ir::Estate const& before, ir::Estate const& after, DiffOptions const& options) {
    DiffResult result;
    Comparer(before, after, options, result).run();
    compareDefinitions(before, after, result);
    return result;
}

} // namespace hoist::equivalence
