// Entity by entity: order dates, what it waits for, when it may start, what follows from its end.
#include "analysis/equivalence/orders/FolderComparison.h"

#include "analysis/equivalence/Solver.h"
#include "analysis/equivalence/orders/Effects.h"
#include "analysis/schedule/BusinessDay.h"
#include "frontend/ir/Messages.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoist::equivalence {

using Aspect = Difference::Aspect;

namespace {

std::string dayText(int32_t day) { return ir::dateText(ir::fromDayNumber(day)); }

/// A start condition in which a fact that only means "that job ended OK" is written so.
struct Form {
    enum class Kind : uint8_t { constant, atom, all, any } kind = Kind::constant;
    bool value = true;
    std::string atom;
    std::vector<Form> operands;

    std::string text() const {
        if (kind == Kind::constant)
            return value ? "nothing" : "what never comes";
        if (kind == Kind::atom)
            return atom;
        std::string joined;
        for (Form const& operand : operands)
            joined += (joined.empty()      ? ""
                       : kind == Kind::all ? " & "
                                           : " | ") +
                      (operand.operands.empty() ? operand.text() : "(" + operand.text() + ")");
        return joined;
    }
};

/// What decides when it runs again, and nothing else.
std::string cycleText(ir::OrderPolicy const& policy) {
    using Kind = ir::Cycle::Kind;
    using From = ir::Cycle::From;
    ir::Cycle const& cycle = policy.cycle;
    bool const isTimes = cycle.kind == Kind::times;
    std::vector<int32_t> minutes = cycle.minutes;
    if (isTimes) {
        llvm::sort(minutes);
        minutes.erase(std::unique(minutes.begin(), minutes.end()), minutes.end());
    }
    std::string list;
    for (int32_t const one : minutes)
        list += (list.empty() ? "" : ", ") +
                (isTimes ? ir::clockText(one) : fmt::format("{} min", one));
    std::string text =
        isTimes ? fmt::format("runs at {}, each up to {} min late", list, cycle.tolerance)
                : fmt::format("runs again {} {} from its {}",
                              cycle.kind == Kind::interval ? "every" : "after", list,
                              cycle.from == From::end     ? "end"
                              : cycle.from == From::start ? "start"
                                                          : "target");
    if (policy.maxRerun.value > 0)
        text += fmt::format(", {} times more at most", policy.maxRerun.value);
    return text;
}

/// Sorted, flat, without constants and repetitions: equal texts are equal functions.
Form simplified(Form::Kind kind, std::vector<Form>&& operands) {
    bool const isAll = kind == Form::Kind::all;
    std::map<std::string, Form> kept;
    for (Form& operand : operands) {
        if (operand.kind == Form::Kind::constant) {
            if (operand.value != isAll)
                return operand; // decides alone
            continue;
        }
        if (operand.kind == kind) {
            for (Form& inner : operand.operands)
                kept.try_emplace(inner.text(), std::move(inner));
        } else {
            std::string key = operand.text();
            kept.try_emplace(std::move(key), std::move(operand));
        }
    }
    Form form;
    form.kind = kind;
    if (kept.empty())
        return {Form::Kind::constant, isAll, {}, {}};
    if (kept.size() == 1)
        return std::move(kept.begin()->second);
    for (auto& [key, operand] : kept)
        form.operands.push_back(std::move(operand));
    return form;
}

class Comparison {
public:
    Comparison(OrderedEstate& older, OrderedEstate& newer, NewNames const& names,
               ComparisonOptions const& chosen, FolderDifferences& into)
        : first(older), second(newer), renamed(names), options(chosen), result(into) {}

    void run(ir::WorkflowId firstFolder, ir::WorkflowId secondFolder) {
        std::set<std::string> seen;
        for (JobId one : first.estate.workflows[firstFolder].jobs) {
            std::string const name = nameIn(first, one);
            seen.insert(name);
            auto const found = second.estate.jobByName.find(name);
            JobId const other = found == second.estate.jobByName.end() ? JobId() : found->second;
            if (!other || second.estate.jobs[other].workflow != secondFolder) {
                if (!first.estate.isGroup(one)) // a folder shows in what it does to its jobs
                    missing(one, {});
                continue;
            }
            ++result.entities;
            compareEntity(one, other);
        }
        for (JobId other : second.estate.workflows[secondFolder].jobs)
            if (llvm::StringRef const name = second.estate.jobs[other].name;
                !seen.contains(name.str()) && !isHelper(name) && !second.estate.isGroup(other))
                missing({}, other);
        compareMethod(firstFolder, secondFolder);
    }

private:
    std::string nameIn(OrderedEstate const& side, JobId job) const {
        std::string name = side.estate.jobs[job].name.str();
        if (&side == &second)
            return name;
        auto const it = renamed.find(name);
        return it == renamed.end() ? name : it->second;
    }

    Mismatch& add(Aspect aspect, JobId one, JobId other, std::string was, std::string is,
                  std::string consequence) {
        Mismatch made;
        made.aspect = aspect;
        made.first = one;
        made.second = other;
        auto const place = [&](OrderedEstate const& side, JobId job) {
            if (!job)
                return Span();
            ir::Job const& it = side.estate.jobs[job];
            bool const isWait = aspect == Aspect::start && it.condition;
            return isWait ? it.condition.span : it.nameSpan;
        };
        made.firstPlace = place(first, one);
        made.secondPlace = place(second, other);
        made.firstSide = std::move(was);
        made.secondSide = std::move(is);
        made.consequence = std::move(consequence);
        result.mismatches.push_back(std::move(made));
        return result.mismatches.back();
    }

    void missing(JobId one, JobId other) {
        OrderedEstate const& side = one ? first : second;
        std::string const name = side.estate.jobs[one ? one : other].name.str();
        add(Aspect::shape, one, other, one ? "is a job of this folder" : "defines no such job",
            one ? "has none" : "runs it",
            one ? fmt::format("`{}` would never run", name)
                : fmt::format("`{}` would run, and does not today", name))
            .isCertain = true;
    }

    void compareEntity(JobId one, JobId other) {
        if (first.estate.isContainer(one) && second.estate.isContainer(other))
            return; // it has nothing of its own (CTM-094)
        compareDays(one, other);
        compareWaits(one, other);
        compareWindows(one, other);
        compareEffects(one, other);
        compareLate(one, other);
        compareRest(one, other);
    }

    // Order dates.
    void compareDays(JobId one, JobId other) {
        auto const within = [&](std::vector<int32_t> const& days) {
            auto const begin = std::lower_bound(days.begin(), days.end(), options.from);
            return llvm::ArrayRef(days).slice(
                static_cast<size_t>(begin - days.begin()),
                static_cast<size_t>(std::upper_bound(begin, days.end(), options.to) - begin));
        };
        auto const was = within(first.daysOf(one)), is = within(second.daysOf(other));
        if (first.hasCriteria(one) == second.hasCriteria(other) && was == is)
            return;
        std::string const name = nameIn(first, one);
        if (first.hasCriteria(one) != second.hasCriteria(other)) {
            add(Aspect::schedule, one, other,
                first.hasCriteria(one) ? "has scheduling criteria" : "has no scheduling criteria",
                second.hasCriteria(other) ? "has some" : "has none",
                fmt::format("`{}` would be ordered on other days (CTM-040)", name))
                .isCertain = true;
            return;
        }
        std::vector<int32_t> lost, new_;
        std::set_difference(was.begin(), was.end(), is.begin(), is.end(), std::back_inserter(lost));
        std::set_difference(is.begin(), is.end(), was.begin(), was.end(), std::back_inserter(new_));
        bool const isLost = !lost.empty() && (new_.empty() || lost.front() < new_.front());
        int32_t const day = isLost ? lost.front() : new_.front();
        Mismatch& made =
            add(Aspect::schedule, one, other,
                fmt::format("{} ordered for {}", isLost ? "is" : "is not", dayText(day)),
                fmt::format("{} ordered for {}", isLost ? "is not" : "is", dayText(day)),
                fmt::format(
                    "of the order dates of `{}` {} would be lost and {} would be new, the first "
                    "on {} (CTM-040)",
                    name, lost.size(), new_.size(), dayText(day)));
        made.isCertain = true;
        made.day = day;
    }

    // Start conditions.
    Form formOf(OrderedEstate& side, JobId consumer, unsigned depth) {
        ir::ConditionRef const& condition = side.estate.jobs[consumer].condition;
        return condition ? formOf(side, consumer, condition.expr, depth) : Form();
    }

    Form formOf(OrderedEstate& side, JobId consumer, ir::ExprId id, unsigned depth) {
        ir::Conditions const& pool = side.estate.conditions;
        ir::Expr const& expr = pool[id];
        std::vector<Form> operands;
        switch (expr.kind) {
        case ir::Expr::Kind::constant: return {Form::Kind::constant, expr.value, {}, {}};
        case ir::Expr::Kind::negation: // no dialect of orders has one
            return {Form::Kind::atom, true, pool.print(id), {}};
        case ir::Expr::Kind::atom: {
            ir::Atom const& atom = pool.atomOf(id);
            JobId const producer = side.producerOf(consumer, atom);
            if (!producer)
                return {Form::Kind::atom, true, pool.print(atom), {}};
            usesEdges = true;
            if (isHelper(side.estate.jobs[producer].name) && depth < 200)
                return formOf(side, producer, depth + 1); // it does nothing but wait
            return {Form::Kind::atom, true, "end OK of " + nameIn(side, producer), {}};
        }
        case ir::Expr::Kind::all:
        case ir::Expr::Kind::any: break;
        }
        for (ir::ExprId const operand : pool.operands(id))
            operands.push_back(formOf(side, consumer, operand, depth));
        return simplified(expr.kind == ir::Expr::Kind::all ? Form::Kind::all : Form::Kind::any,
                          std::move(operands));
    }

    Lit litOf(Solver& solver, std::map<std::string, Lit>& atoms, Form const& form) {
        if (form.kind == Form::Kind::constant)
            return form.value ? Lit::yes() : Lit::no();
        if (form.kind == Form::Kind::atom) {
            auto const [it, isNew] = atoms.try_emplace(form.atom);
            if (isNew)
                it->second = solver.fresh();
            return it->second;
        }
        llvm::SmallVector<Lit, 8> operands;
        for (Form const& operand : form.operands)
            operands.push_back(litOf(solver, atoms, operand));
        return form.kind == Form::Kind::all ? solver.all(operands) : solver.any(operands);
    }

    void compareWaits(JobId one, JobId other) {
        Form const was = formOf(first, one, 0), is = formOf(second, other, 0);
        std::string const before = was.text(), after = is.text();
        if (before == after)
            return;
        Solver solver;
        std::map<std::string, Lit> atoms;
        Lit const a = litOf(solver, atoms, was), b = litOf(solver, atoms, is);
        switch (solver.solve(!solver.equal(a, b), options.budget)) {
        case Solver::Answer::unsatisfiable: ++result.bySolver; return;
        case Solver::Answer::outOfBudget:
            result.undecided.push_back(
                fmt::format("what `{}` waits for was not compared within {} conflicts",
                            nameIn(first, one), options.budget));
            return;
        case Solver::Answer::satisfiable: break;
        }
        add(Aspect::start, one, other, "waits for " + before, "waits for " + after,
            fmt::format("`{}` would start at another time, or not at all (TR-31)",
                        nameIn(first, one)));
    }

    // Times.
    std::string windowText(OrderedEstate const& side, JobId job) const {
        ir::OrderPolicy const& policy = side.policyOf(job);
        auto const newDay = side.estate.settings.newDay;
        std::string text;
        if (policy.fromTime && (*policy.fromTime != newDay || policy.fromDays.value > 0))
            text += "from " + ir::clockText(*policy.fromTime);
        if (policy.fromDays.value > 0)
            text += fmt::format(" {} days later", policy.fromDays.value);
        if (policy.toTime)
            text += (text.empty() ? "until " : " until ") + ir::clockText(*policy.toTime);
        if (policy.toDays.value > 0)
            text += fmt::format(" {} days later", policy.toDays.value);
        if (policy.isOpenEnded && *policy.isOpenEnded)
            text += text.empty() ? "at any time" : ", or at any later time";
        if (text.empty())
            text = "at any time of its day";
        std::string const zone = zoneOf(side, job);
        return zone.empty() ? text : text + " in " + zone;
    }

    /// CTM-055: its own, or that of a folder around it, where that is not the site's.
    static std::string zoneOf(OrderedEstate const& side, JobId job) {
        std::string const& site = side.estate.settings.timezone;
        for (; job; job = side.estate.jobs[job].box)
            if (auto const& written = side.policyOf(job).timezone) {
                std::string zone = ir::resolveZone(*written).zone;
                return zone == (site.empty() ? "UTC" : site) ? std::string() : zone;
            }
        return {};
    }

    void compareWindows(JobId one, JobId other) {
        std::string const was = windowText(first, one), is = windowText(second, other);
        std::string const name = nameIn(first, one);
        if (was != is)
            add(Aspect::start, one, other, "starts " + was, "starts " + is,
                fmt::format("`{}` would start at another time, or not at all (CTM-050, TR-37)",
                            name));
        int32_t const kept = first.policyOf(one).maxWait.value,
                      keptNow = second.policyOf(other).maxWait.value;
        if (kept != keptNow)
            add(Aspect::limit, one, other, fmt::format("stays {} days more", kept),
                fmt::format("stays {} days more", keptNow),
                fmt::format("`{}` would be removed at another New Day (CTM-005, TR-33)", name));
    }

    // What follows.
    /// The changes of facts that somebody may notice, in their order, each once: the last counts.
    std::string changesText(OrderedEstate& side, Effect const& effect, bool withInternal) {
        std::vector<std::string> texts;
        for (ir::FactChange const* change : effect.changes) {
            if (isHelper(change->name) || (!withInternal && side.isInternal(*change)))
                continue;
            std::string text = textOf(*change, side.estate.conditions);
            std::erase_if(texts, [&](std::string const& other) {
                return llvm::StringRef(other).drop_front() == llvm::StringRef(text).drop_front();
            });
            texts.push_back(std::move(text));
        }
        std::string joined;
        for (std::string const& text : texts)
            joined += (joined.empty() ? "" : ", ") + text;
        return joined.empty() ? "no change of conditions" : joined;
    }

    static std::string list(std::vector<std::string> const& some) {
        return some.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(some, ", "));
    }

    void compareEffects(JobId one, JobId other) {
        size_t const known = result.mismatches.size();
        ir::Job const &was = first.estate.jobs[one], &is = second.estate.jobs[other];
        ir::OrderPolicy const &old = first.policyOf(one), &now = second.policyOf(other);
        TriedEnds const tried(old, now, bool(was.group));
        std::string const name = nameIn(first, one);
        auto const isTold = [&](ir::EndTest const& test) {
            return !options.isTold || options.isTold(one, test);
        };
        for (auto const& [end, how] : tried.all()) {
            Effect const a = effectOf(was, old, end, isTold), b = effectOf(is, now, end, isTold);
            auto const words = [](Effect const& effect) { return effect.isOk ? "OK" : "NOTOK"; };
            if (a.isOk != b.isOk) {
                add(Aspect::verdict, one, other, fmt::format("{} is {}", how, words(a)),
                    fmt::format("{} is {}", how, words(b)),
                    fmt::format("what follows `{}` would run or not run otherwise (CTM-071, TR-36)",
                                name))
                    .isCertain = bool(was.group); // no job of it shows it
                return;
            }
            compareChanges(one, other, a, b, how);
            if (a.reruns != b.reruns)
                add(Aspect::retry, one, other,
                    fmt::format("{} {}", how, a.reruns ? "runs again" : "does not run again"),
                    b.reruns ? "runs again" : "does not run again",
                    fmt::format("`{}` would run another number of times (CTM-067, TR-33)", name));
            if (a.stops != b.stops)
                add(Aspect::retry, one, other,
                    fmt::format("{} {}", how, a.stops ? "stops its cycle" : "goes on"),
                    b.stops ? "stops its cycle" : "goes on",
                    fmt::format("`{}` would run another number of times (CTM-064)", name));
            if (a.settings != b.settings) {
                add(Aspect::verdict, one, other, fmt::format("{} sets {}", how, list(a.settings)),
                    "sets " + list(b.settings),
                    fmt::format("who reads a variable that `{}` sets would see another value "
                                "(CTM-073, CTM-100)",
                                name))
                    .isCertain = true;
            } else if (a.told != b.told) {
                add(Aspect::alarm, one, other, fmt::format("{}: {}", how, list(a.told)),
                    list(b.told),
                    fmt::format("people would not hear what they hear today of `{}` (CTM-073, "
                                "CTM-078)",
                                name))
                    .isCertain = true; // it changes nothing that runs
            }
            if (a.others != b.others)
                add(Aspect::verdict, one, other,
                    fmt::format("{} {}", how, a.others.empty() ? "does nothing more" : a.others[0]),
                    b.others.empty() ? "does nothing more" : b.others[0],
                    fmt::format("what a rule of `{}` does would be lost (CTM-073)", name));
            if (result.mismatches.size() > known)
                return; // one end tells enough
        }
        if (!tried.left().empty())
            result.undecided.push_back(
                fmt::format("the rules of `{}` were not compared on {}", name, tried.left()));
        auto const rules = unplayedRules(old, was, first.estate.conditions, isTold);
        auto const rulesNow = unplayedRules(now, is, second.estate.conditions, isTold);
        if (rules != rulesNow)
            add(Aspect::verdict, one, other, rules.empty() ? "no such rule" : rules[0],
                rulesNow.empty() ? "no such rule" : rulesNow[0],
                fmt::format("a rule of `{}` would be lost (CTM-072)", name));
        bool const reruns = llvm::any_of(tried.all(), [&](TriedEnd const& each) {
            return effectOf(was, old, each.end, isTold).reruns;
        });
        if (reruns && (*old.maxRerun != *now.maxRerun || old.interval.value != now.interval.value))
            add(Aspect::retry, one, other,
                fmt::format("{} reruns, after {} minutes", *old.maxRerun, old.interval.value),
                fmt::format("{} reruns, after {} minutes", *now.maxRerun, now.interval.value),
                fmt::format("`{}` would run again at another time (CTM-067)", name));
    }

    /// SHOUT at a time (CTM-078); who is told twice is told twice. What a DAG has as `late` it
    /// tells, whether or not hoist would write it.
    void compareLate(JobId one, JobId other) {
        auto const toldBy = [](OrderedEstate& side, JobId id) {
            std::vector<std::string> found;
            std::string const zone = zoneOf(side, id);
            for (ir::Shout const& shout : side.policyOf(id).shouts) {
                bool const isOfDag = !shout.construct;
                auto const test =
                    isOfDag ? ir::readLateTest(shout) : ir::lateTest(side.estate, id, shout);
                if (!test)
                    continue;
                found.push_back(ir::toText(*test) +
                                (test->isByClock() && !zone.empty() ? " in " + zone : "") + ": " +
                                ir::toText(ir::messageOf(shout)));
            }
            llvm::sort(found);
            return found;
        };
        auto const was = toldBy(first, one), is = toldBy(second, other);
        if (was == is)
            return;
        add(Aspect::alarm, one, other, was.empty() ? "tells nobody" : list(was),
            is.empty() ? "tells nobody" : list(is),
            fmt::format("people would not hear what they hear today when `{}` is late (CTM-078)",
                        nameIn(first, one)))
            .isCertain = true; // it changes nothing that runs
    }

    void compareChanges(JobId one, JobId other, Effect const& a, Effect const& b,
                        std::string const& how) {
        std::string const was = changesText(first, a, true), is = changesText(second, b, true);
        if (was == is)
            return;
        std::string const name = nameIn(first, one);
        // Edges took their place, and nobody else of the estate reads them.
        if (!options.countsAllConditions &&
            changesText(first, a, false) == changesText(second, b, false)) {
            assume("nobody-else-reads-conditions:" + name,
                   fmt::format("nothing outside these definitions waits for the conditions that "
                               "`{}` adds",
                               name),
                   one);
            return;
        }
        bool const isOnlyInternal = changesText(first, a, false) == changesText(second, b, false);
        Mismatch& made =
            add(Aspect::order, one, other, fmt::format("{}: {}", how, was), is,
                fmt::format("who waits for a condition of `{}` would wait for ever, or not wait "
                            "(CTM-014, TR-36)",
                            name));
        made.isCertain = isOnlyInternal; // no job of the estate shows it
    }

    /// ADJUST_COND: of members that wait, or that may be ordered as dummies (CTM-092).
    static bool adjustMatters(OrderedEstate const& side, JobId folder) {
        using Adjust = ir::OrderPolicy::Adjust;
        ir::Job const& job = side.estate.jobs[folder];
        Adjust const adjust = side.policyOf(folder).adjust;
        return adjust != Adjust::none && job.group &&
               llvm::any_of(side.estate.groups[job.group].members, [&](JobId member) {
                   return adjust == Adjust::dummy ? !side.estate.isGroup(member)
                                                  : bool(side.estate.jobs[member].condition);
               });
    }

    // The rest: what the shims have no form of is there on one side only.
    void compareRest(JobId one, JobId other) {
        auto const texts = [](OrderedEstate const& side, JobId job) {
            ir::OrderPolicy const& policy = side.policyOf(job);
            std::vector<std::pair<Aspect, std::string>> list;
            if (policy.isCyclic)
                list.emplace_back(Aspect::start, cycleText(policy));
            if (policy.confirm && *policy.confirm)
                list.emplace_back(Aspect::start, "waits for a confirmation");
            if (policy.endsFolder && *policy.endsFolder)
                list.emplace_back(Aspect::verdict, "ends its folder");
            if (adjustMatters(side, job))
                list.emplace_back(Aspect::start,
                                  fmt::format("ADJUST_COND {}", static_cast<int>(policy.adjust)));
            return list;
        };
        auto const was = texts(first, one), is = texts(second, other);
        if (was == is)
            return;
        auto const& said = was.empty() ? is.front() : was.front();
        add(said.first, one, other, was.empty() ? "nothing of the kind" : was.front().second,
            is.empty() ? "nothing of the kind" : is.front().second,
            fmt::format("`{}` would run at other times, or another number of times (CTM-060, "
                        "TR-34, TR-35)",
                        nameIn(first, one)));
    }

    void compareMethod(ir::WorkflowId firstFolder, ir::WorkflowId secondFolder) {
        JobId const one = first.estate.workflows[firstFolder].root,
                    other = second.estate.workflows[secondFolder].root;
        using Method = ir::OrderPolicy::Method;
        auto const text = [](OrderedEstate& side, JobId root) -> std::string {
            ir::OrderPolicy const& policy = side.policyOf(root);
            auto const at = schedule::orderedAt(side.estate.settings, policy);
            switch (policy.method) {
            case Method::newDay: return "is ordered at New Day";
            case Method::userDaily:
                return at ? fmt::format("is ordered at {}", ir::clockText(*at))
                          : "is ordered by " + policy.userDaily->str();
            case Method::manual: return "is ordered by hand";
            }
            return {};
        };
        std::string const was = text(first, one), is = text(second, other);
        if (was != is)
            add(Aspect::schedule, one, other, was, is,
                fmt::format("`{}` would not be ordered as it is today (CTM-006)",
                            nameIn(first, one)))
                .isCertain = true;
    }

    void assume(std::string name, std::string text, JobId job) {
        if (llvm::none_of(result.assumptions,
                          [&](Assumption const& known) { return known.name == name; }))
            result.assumptions.push_back({std::move(name), std::move(text), job});
    }

    OrderedEstate &first, &second;
    NewNames const& renamed;
    ComparisonOptions const& options;
    FolderDifferences& result;

public:
    bool usesEdges = false;
};

} // namespace

FolderDifferences compareFolders(OrderedEstate& first, ir::WorkflowId firstFolder,
                                 OrderedEstate& second, ir::WorkflowId secondFolder,
                                 NewNames const& renamed, ComparisonOptions const& options) {
    FolderDifferences result;
    Comparison comparison(first, second, renamed, options, result);
    comparison.run(firstFolder, secondFolder);
    result.usesEdges = comparison.usesEdges;
    return result;
}

} // namespace hoist::equivalence
