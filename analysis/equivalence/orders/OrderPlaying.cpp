// Made-up days, both traces, the first difference in time.
#include "analysis/equivalence/orders/OrderPlaying.h"

#include "analysis/equivalence/Playing.h"
#include "analysis/equivalence/orders/Effects.h"
#include "analysis/equivalence/orders/LiftedDags.h"
#include "analysis/schedule/BusinessDay.h"
#include "frontend/ir/SharedVariables.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringSet.h>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

namespace hoist::equivalence {

using semantics::RunPlan;
using semantics::Scenario;
using Aspect = Difference::Aspect;

namespace {

constexpr int64_t secondsADay = 86'400, hour = 3600;
constexpr size_t mostCast = 8, mostPlays = 1500;
constexpr int32_t longestDays = 50;

class Playing {
public:
    Playing(OrderSide const& a, OrderSide const& b, NewNames const& names, Horizon given,
            Mismatch const& what)
        : first(a), second(b), horizon(given), about(what) {
        for (auto const& [old, now] : names)
            oldName[now] = old;
        around(first, firstPlayed);
        around(second, secondPlayed);
        std::set<std::string> there;
        for (JobId const job : model(second).workflows[second.folder].jobs)
            there.insert(nameInFirst(model(second).jobs[job].name));
        for (JobId const job :
             model(first).workflows[first.folder].jobs) // others are told as missing
            if (std::string const name = model(first).jobs[job].name.str();
                !model(first).isGroup(job) && there.contains(name))
                names_.insert(name);
        addForced();
        if (about.aspect == Aspect::order) // else what is left behind is not compared
            for (ir::Job const& job : model(first).jobs)
                for (ir::FactChange const& change : job.factChanges)
                    if (first.orders.isInternal(change))
                        internal.insert(change.name);
        findCast();
    }

    /// What becomes of the jobs that rules of the folder order shows what the rules do (CTM-077).
    void addForced() {
        ir::Estate const& estate = model(first);
        for (JobId const job : estate.workflows[first.folder].jobs)
            ir::forEachForced(estate, estate.jobs[job], [&](ir::EndAction const& action) {
                for (JobId const target : first.orders.forced.targetsOf(ir::forcedPath(action)))
                    for (JobId const one : estate.workflows[estate.jobs[target].workflow].jobs)
                        if (!estate.isGroup(one) &&
                            model(second).jobByName.contains(estate.jobs[one].name))
                            names_.insert(estate.jobs[one].name.str());
            });
    }

    std::optional<PlayedOrders> run() {
        size_t plays = 0;
        std::vector<Lives> const lives = livesTried();
        Scenario const empty = emptyDays();
        for (Given const& given : givens()) {
            Scenario days = empty;
            addFacts(days, given);
            addEarlierFacts(days);
            for (Lives const& some : lives) {
                if (++plays > mostPlays)
                    return std::nullopt;
                Scenario scenario = days;
                for (auto const& [name, plans] : some)
                    scenario.runs[name] = plans;
                if (auto const found = play(scenario, false))
                    return shrunk(std::move(scenario), *found);
            }
        }
        return std::nullopt;
    }

private:
    /// How some jobs run, by name.
    using Lives = std::vector<std::pair<std::string, std::vector<RunPlan>>>;

    std::optional<PlayedOrders> shrunk(Scenario scenario, PlayedOrders const& found) {
        auto const isSame = [&](Scenario const& candidate) {
            auto const same = play(candidate, false);
            return same && same->job == found.job && same->aspect == found.aspect;
        };
        shrink(scenario, model(first), isSame);
        for (std::string const& name : outside) {
            Scenario candidate = scenario;
            std::erase_if(candidate.facts,
                          [&](semantics::StoredFact const& fact) { return fact.name == name; });
            if (isSame(candidate))
                scenario = std::move(candidate);
        }
        return play(scenario, true);
    }

    static ir::Estate const& model(OrderSide const& side) { return side.orders.estate; }

    std::string nameInFirst(llvm::StringRef name) const {
        std::string const plain = withoutCopyMark(name).str();
        auto const it = oldName.find(plain);
        return it == oldName.end() ? plain : it->second;
    }

    /// The folder, and the folders whose conditions it waits for.
    static void around(OrderSide const& side, std::vector<ir::WorkflowId>& played) {
        ir::Estate const& estate = model(side);
        played.push_back(side.folder);
        for (JobId const job : estate.workflows[side.folder].jobs) {
            if (!estate.jobs[job].condition)
                continue;
            estate.conditions.forEachAtom(estate.jobs[job].condition.expr, [&](ir::AtomId id) {
                for (JobId const adder : side.orders.addersOf(estate.conditions[id]))
                    if (!llvm::is_contained(played, estate.jobs[adder].workflow) &&
                        played.size() < mostCast)
                        played.push_back(estate.jobs[adder].workflow);
            });
        }
    }

    /// Whose ends may matter: the entity and what it waits for, on either side.
    void findCast() {
        auto const add = [&](OrderSide const& side, JobId start) {
            std::vector<JobId> open;
            if (start)
                open.push_back(start);
            ir::Estate const& estate = model(side);
            for (size_t at = 0; at < open.size() && open.size() < 4 * mostCast; ++at) {
                ir::Job const& job = estate.jobs[open[at]];
                if (!job.group && !isHelper(job.name))
                    note(nameInFirst(job.name));
                if (job.group) {
                    auto const& members = estate.groups[job.group].members;
                    open.insert(open.end(), members.begin(), members.end());
                }
                for (JobId box = open[at]; box; box = estate.jobs[box].box) {
                    ir::ConditionRef const& condition = estate.jobs[box].condition;
                    if (!condition)
                        continue;
                    estate.conditions.forEachAtom(condition.expr, [&](ir::AtomId id) {
                        auto const adders = side.orders.addersOf(estate.conditions[id]);
                        for (JobId const adder : adders)
                            if (!llvm::is_contained(open, adder))
                                open.push_back(adder);
                        noteOutside(estate.conditions[id], adders.empty());
                        noteEarlier(side, estate.conditions[id], adders);
                    });
                }
            }
            // Who waits for it shows what it did.
            if (start && cast.size() < 2)
                for (JobId const other : estate.workflows[side.folder].jobs)
                    if (!estate.isGroup(other) && !isHelper(estate.jobs[other].name))
                        note(nameInFirst(estate.jobs[other].name));
        };
        add(first, about.first);
        add(second, about.second);
    }

    void note(std::string const& name) {
        if (cast.size() < mostCast && !llvm::is_contained(cast, name))
            cast.push_back(name);
    }

    void noteOutside(ir::Atom const& atom, bool isOutside) {
        if (isOutside && atom.kind == ir::Atom::Kind::fact && !isHelper(atom.name))
            outside.insert(atom.name.str());
    }

    /// What orders of the days before the first one would have added (CTM-012).
    void noteEarlier(OrderSide const& side, ir::Atom const& atom,
                     std::vector<JobId> const& adders) {
        if (atom.kind != ir::Atom::Kind::fact || atom.scope.kind == ir::Scope::Kind::sameCycle)
            return;
        for (JobId const adder : adders) {
            auto const& days = side.orders.daysOf(adder);
            earlier[atom.name.str()].insert(days.begin(), days.end());
        }
    }

    // --- days ------------------------------------------------------------------------------------

    int64_t newDay(int32_t day) const {
        ir::Settings const& settings = model(first).settings;
        return schedule::newDay(settings, schedule::siteZoneOrUtc(settings), day);
    }

    Scenario emptyDays() {
        // PREV of the first days may lie before all that is known of a DAG.
        constexpr int32_t settled = 8;
        auto from = static_cast<int32_t>(horizon.from / secondsADay) + 1;
        if (horizon.to - horizon.from > 4 * settled * secondsADay)
            from += settled;
        std::set<int32_t> days;
        auto const collect = [&](OrderSide const& side, JobId job) {
            if (job)
                for (int32_t const day : side.orders.daysOf(job))
                    if (day >= from)
                        days.insert(day);
        };
        collect(first, about.first);
        collect(second, about.second);
        if (days.empty())
            collect(first, model(first).workflows[first.folder].root);
        int32_t const begin = about.day ? *about.day : days.empty() ? from : *days.begin();
        auto const next = days.upper_bound(begin);
        int32_t end = std::max(begin + 7, next == days.end() ? begin : *next) + 3;
        if (about.first)
            end += std::min(first.orders.policyOf(about.first).maxWait.value, 5);
        end = std::min(end, begin + longestDays);
        Scenario scenario;
        scenario.hasEndlessCapacity = true;
        scenario.start = newDay(begin) - 60;
        scenario.end = newDay(end);
        for (auto const* side : {&first, &second}) // else who reads them would do nothing
            for (std::string const& name : side->orders.shared.global())
                scenario.globals.insert_or_assign(name, std::string(1, '1'));
        ir::Estate const& estate = model(first);
        JobId const root = estate.workflows[first.folder].root;
        semantics::Event order; // CTM-006: by hand
        order.kind = semantics::Event::Kind::forceStartJob;
        order.object = estate.jobs[root].name.str();
        order.orderDate = begin;
        if (!schedule::orderedAt(estate.settings, first.orders.policyOf(root))) {
            order.at = newDay(begin) + 60;
            if (first.orders.hasCriteria(about.first ? about.first : root))
                order.kind = semantics::Event::Kind::startJob;
            scenario.events.push_back(order);
        }
        if (isForced()) { // once more for the same day, as by a rule of another folder
            order.at = newDay(begin) + 4 * hour;
            order.kind = semantics::Event::Kind::forceStartJob;
            scenario.events.push_back(order);
        }
        return scenario;
    }

    bool isForced() const {
        return llvm::any_of(model(first).workflows[first.folder].jobs,
                            [&](JobId job) { return first.orders.forced.isForced(job); });
    }

    /// How those of the cast may run; first all as usual.
    std::vector<Lives> livesTried() const {
        std::vector<Lives> lives{{}};
        std::set<int64_t> const durations = durationsTried();
        auto const plan = [](int64_t code, int64_t duration, bool isKilled = false) {
            RunPlan made;
            made.exitCode = code;
            made.duration = duration;
            made.terminated = isKilled;
            return made;
        };
        for (std::string const& name : cast) {
            for (int64_t const code : codesOf(name))
                lives.push_back({{name, {plan(code, 60)}}});
            lives.push_back({{name, {plan(1, 60), plan(0, 60)}}});
            if (isForced())
                lives.push_back({{name, {plan(0, 60), plan(0, 3 * hour)}}});
            lives.push_back({{name, {plan(0, 60, true)}}});
            lives.push_back({{name, {plan(1, 60), plan(1, 60), plan(0, 60)}}});
            for (std::string const& output : outputsOf(name))
                for (int64_t const code : {0, 1}) {
                    RunPlan made = plan(code, 60);
                    made.output = output;
                    lives.push_back({{name, {made}}});
                }
            for (int64_t const duration : durations)
                lives.push_back({{name, {plan(0, duration)}}});
            for (int64_t const duration : latenessOfCycles(name))
                lives.push_back({{name, {plan(0, duration), plan(0, 60)}}});
        }
        for (size_t i = 0; i < std::min<size_t>(cast.size(), 4); ++i)
            for (size_t j = 0; j < std::min<size_t>(cast.size(), 4); ++j)
                if (i != j)
                    lives.push_back({{cast[i], {plan(1, 60)}}, {cast[j], {plan(0, 3 * hour)}}});
        return lives;
    }

    /// How long an execution lasts so that the next one comes late, a bit more or less than it may.
    std::set<int64_t> latenessOfCycles(std::string const& name) const {
        std::set<int64_t> found;
        ir::Settings const& settings = model(first).settings;
        for (OrderSide const* side : {&first, &second}) {
            auto const known = model(*side).jobByName.find(name);
            if (known == model(*side).jobByName.end() ||
                !side->orders.policyOf(known->second).isCyclic)
                continue;
            ir::Cycle const& cycle = side->orders.policyOf(known->second).cycle;
            if (cycle.kind != ir::Cycle::Kind::times) {
                for (int32_t const minutes : cycle.minutes)
                    found.insert(int64_t{minutes} * 60 + 5 * 60);
                continue;
            }
            std::set<int64_t> times;
            for (int32_t const minute : cycle.minutes)
                times.insert(int64_t{schedule::minutesFromNewDay(settings, minute)} * 60);
            int64_t const late = int64_t{cycle.tolerance} * 60;
            for (int64_t const time : times)
                if (time > *times.begin() && found.size() < 2 * mostCast)
                    found.insert({time - *times.begin() + late, time - *times.begin() + late + 30});
        }
        return found;
    }

    void addEarlierFacts(Scenario& days) const {
        for (auto const& [name, dates] : earlier)
            for (int32_t const day : dates)
                if (int64_t const at = newDay(day);
                    at < days.start && at > days.start - 15 * secondsADay)
                    days.facts.push_back({name, mmdd(day)});
    }

    /// Which conditions of others are there, and from when on.
    struct Given {
        std::set<std::string> names;
        bool isDated = true, isStat = true;
        int64_t lateBy = -1; ///< of each day, from New Day on; -1: there from the start
    };

    std::vector<Given> givens() const {
        std::vector<Given> list;
        std::set<std::string> const all(outside.begin(), outside.end());
        list.push_back({all});
        if (all.empty())
            return list;
        for (std::string const& name : all) {
            std::set<std::string> others = all;
            others.erase(name);
            list.push_back({others});
        }
        list.push_back({all, true, false});
        list.push_back({all, false, true});
        for (int64_t const late : latenesses())
            list.push_back({all, true, true, late});
        list.push_back({});
        return list;
    }

    /// Times of the day around which a window opens or closes, from New Day on.
    std::set<int64_t> latenesses() const {
        std::set<int64_t> found{5 * hour};
        ir::Settings const& settings = model(first).settings;
        for (auto const& [side, job] : {std::pair(&first, about.first), {&second, about.second}}) {
            if (!job)
                continue;
            ir::OrderPolicy const& policy = side->orders.policyOf(job);
            for (auto const* time : {&policy.fromTime, &policy.toTime})
                if (*time)
                    found.insert(int64_t{schedule::minutesFromNewDay(settings, **time)} * 60 +
                                 hour / 2);
        }
        return found;
    }

    std::set<int64_t> durationsTried() const {
        std::set<int64_t> found{20 * int64_t{60}, 3 * hour, 12 * hour, 30 * hour};
        ir::Settings const& settings = model(first).settings;
        std::set<int64_t> begins{0}; // from New Day on, of what may be waited for
        for (OrderSide const* side : {&first, &second})
            for (JobId const job : model(*side).workflows[side->folder].jobs)
                if (auto const& from = side->orders.policyOf(job).fromTime;
                    from && begins.size() < 4)
                    begins.insert(int64_t{schedule::minutesFromNewDay(settings, *from)} * 60);
        for (int64_t const late : latenesses())
            for (int64_t const begin : begins)
                if (late > begin)
                    found.insert(late - begin);
        for (auto const& [side, job] : {std::pair(&first, about.first), {&second, about.second}})
            if (job && side->orders.policyOf(job).maxWait.value < 10)
                found.insert((side->orders.policyOf(job).maxWait.value + 1) * secondsADay +
                             6 * hour);
        return found;
    }

    void addFacts(Scenario& scenario, Given const& given) const {
        auto const low = static_cast<int32_t>(scenario.start / secondsADay) - 8;
        auto const high = static_cast<int32_t>(scenario.end / secondsADay) + 1;
        for (std::string const& name : given.names) {
            if (given.lateBy < 0) {
                if (given.isStat)
                    scenario.facts.push_back({name, "STAT"});
                for (int32_t day = low; given.isDated && day <= high; ++day)
                    scenario.facts.push_back({name, mmdd(day)});
                continue;
            }
            for (int32_t day = low + 8; day < high; ++day)
                for (std::string const& date : {mmdd(day), std::string("STAT")}) {
                    semantics::Event event;
                    event.at = newDay(day) + given.lateBy;
                    event.kind = semantics::Event::Kind::addCondition;
                    event.object = name;
                    event.value = date;
                    if (event.at >= scenario.start && event.at < scenario.end)
                        scenario.events.push_back(event);
                }
        }
    }

    static std::string mmdd(int32_t day) {
        ir::Date const date = ir::fromDayNumber(day);
        return fmt::format("{:02}{:02}", date.month, date.day);
    }

    std::vector<int64_t> codesOf(std::string const& name) const {
        std::vector<int64_t> codes{1};
        for (OrderSide const* side : {&first, &second})
            if (auto const it = model(*side).jobByName.find(name);
                it != model(*side).jobByName.end())
                addBorders(side->orders.policyOf(it->second), codes);
        llvm::sort(codes);
        codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
        std::erase_if(codes, [](int64_t code) { return code <= 0; });
        if (codes.size() > 12)
            codes.resize(12);
        return codes;
    }

    /// Those that rules of either side may ask for.
    std::vector<std::string> outputsOf(std::string const& name) const {
        std::vector<ir::OrderPolicy const*> policies;
        for (OrderSide const* side : {&first, &second})
            if (auto const it = model(*side).jobByName.find(name);
                it != model(*side).jobByName.end())
                policies.push_back(&side->orders.policyOf(it->second));
        std::vector<std::string> outputs = outputsTried(policies);
        std::erase_if(outputs, [](std::string const& one) { return one.empty(); });
        if (outputs.size() > 12)
            outputs.resize(12);
        return outputs;
    }

    // --- both sides ------------------------------------------------------------------------------

    Scenario forSecond(Scenario const& scenario) const {
        Scenario other = scenario;
        other.runs.clear();
        for (ir::WorkflowId const folder : secondPlayed)
            for (JobId const job : model(second).workflows[folder].jobs) {
                std::string const name = model(second).jobs[job].name.str();
                if (auto const it = scenario.runs.find(nameInFirst(name));
                    it != scenario.runs.end())
                    other.runs[name] = it->second;
            }
        JobId const root = model(second).workflows[second.folder].root;
        for (semantics::Event& event : other.events)
            if (event.orderDate && root)
                event.object = model(second).jobs[root].name.str();
        return other;
    }

    semantics::Trace tracePlayed(OrderSide const& side, Scenario const& scenario,
                                 std::vector<ir::WorkflowId> const& played) const {
        semantics::Trace trace = semantics::run(model(side), side.ticks, scenario, played);
        for (semantics::TraceEvent& event : trace.events)
            event.job = &side == &second ? nameInFirst(event.job) : event.job;
        return trace;
    }

    /// Conditions at the end that somebody of elsewhere may read.
    std::set<std::string> conditionsOf(semantics::Trace const& trace) const {
        std::set<std::string> found;
        for (std::string const& text : trace.conditions) {
            llvm::StringRef const name = llvm::StringRef(text).rsplit(' ').first;
            if (!isHelper(name) && !internal.contains(name))
                found.insert(text);
        }
        return found;
    }

    std::optional<PlayedOrders> play(Scenario const& scenario, bool withStory) {
        semantics::Trace const a = tracePlayed(first, scenario, firstPlayed);
        semantics::Trace const b = tracePlayed(second, forSecond(scenario), secondPlayed);
        auto const livesA = livesOf(a, names_), livesB = livesOf(b, names_);
        Life const none;
        auto const lifeIn = [&](auto const& lives, std::string const& name) -> Life const& {
            auto const it = lives.find(name);
            return it == lives.end() ? none : it->second;
        };
        std::optional<PlayedOrders> found;
        int64_t earliest = std::numeric_limits<int64_t>::max();
        for (std::string const& name : names_) {
            Life const &x = lifeIn(livesA, name), &y = lifeIn(livesB, name);
            bool const startAlike = x.startsLike(y);
            if (startAlike && x.endsLike(y, false))
                continue;
            int64_t const at =
                startAlike
                    ? firstDifference(x.ends, y.ends, [](auto const& end) { return end.first; })
                    : firstDifference(x.starts, y.starts, [](int64_t start) { return start; });
            if (found && at >= earliest)
                continue;
            earliest = at;
            found.emplace();
            found->job = model(first).jobByName.lookup(name);
            found->aspect = startAlike ? Aspect::verdict : Aspect::start;
            found->first = lifeText(x, at);
            found->second = lifeText(y, at);
        }
        // What is left behind tells nothing about a start.
        if (!found && about.aspect != Aspect::order)
            return std::nullopt;
        if (!found) {
            auto const factsA = conditionsOf(a), factsB = conditionsOf(b);
            std::vector<std::string> onlyA, onlyB;
            std::set_difference(factsA.begin(), factsA.end(), factsB.begin(), factsB.end(),
                                std::back_inserter(onlyA));
            std::set_difference(factsB.begin(), factsB.end(), factsA.begin(), factsA.end(),
                                std::back_inserter(onlyB));
            if (onlyA.empty() && onlyB.empty())
                return std::nullopt;
            found.emplace();
            found->aspect = Aspect::order;
            std::string const& which = onlyA.empty() ? onlyB.front() : onlyA.front();
            found->first =
                onlyA.empty() ? "leaves no condition " + which : "leaves the condition " + which;
            found->second =
                onlyA.empty() ? "leaves the condition " + which : "leaves no condition " + which;
        }
        if (withStory)
            tellStory(scenario, a, b, *found, earliest);
        return found;
    }

    /// Where two lists part, in time.
    template <class List, class When>
    static int64_t firstDifference(List const& x, List const& y, When when) {
        size_t i = 0;
        while (i < x.size() && i < y.size() && std::abs(when(x[i]) - when(y[i])) < 60)
            ++i;
        if (i < x.size() && i < y.size())
            return std::min<int64_t>(when(x[i]), when(y[i]));
        if (i < x.size())
            return when(x[i]);
        return i < y.size() ? when(y[i]) : when(x.back());
    }

    static std::string lifeText(Life const& life, int64_t from) {
        Life rest;
        for (int64_t const start : life.starts)
            if (start > from - 60 * 60)
                rest.starts.push_back(start);
        for (auto const& end : life.ends)
            if (end.first >= from)
                rest.ends.push_back(end);
        return rest.text();
    }

    void tellStory(Scenario const& scenario, semantics::Trace a, semantics::Trace b,
                   PlayedOrders& found, int64_t earliest) const {
        std::set<std::string> told(cast.begin(), cast.end());
        if (found.job)
            told.insert(model(first).jobs[found.job].name.str());
        tellGiven(scenario, told, found.story);
        for (auto const& [name, plans] : scenario.runs)
            if (plans.front().duration != 60 && plans.front().exitCode == 0)
                found.story.push_back(fmt::format("given: {} runs for {} minutes", name,
                                                  plans.front().duration / 60));
        std::set<std::string> names;
        for (semantics::StoredFact const& fact : scenario.facts)
            if (!isHelper(fact.name) && names.insert(fact.name).second)
                found.story.push_back(
                    earlier.contains(fact.name)
                        ? fmt::format("given: the condition {} is there of the days before",
                                      fact.name)
                        : fmt::format("given: the condition {} is there for each day", fact.name));
        // Of weeks the days around the difference.
        if (earliest == std::numeric_limits<int64_t>::max())
            earliest = scenario.start;
        for (semantics::Trace* trace : {&a, &b})
            std::erase_if(trace->events, [&](semantics::TraceEvent const& event) {
                return event.at < earliest - secondsADay || event.at > earliest + secondsADay;
            });
        tell(first.label, a, told, found.story);
        tell(second.label, b, told, found.story);
    }

    OrderSide const &first, &second;
    Horizon horizon;
    Mismatch const& about;
    std::map<std::string, std::string> oldName;
    std::vector<ir::WorkflowId> firstPlayed, secondPlayed;
    std::set<std::string> names_; ///< whose lives are compared
    llvm::StringSet<> internal;   ///< conditions that only show in what waits for them
    std::vector<std::string> cast;
    std::set<std::string> outside;                    ///< conditions that no job adds
    std::map<std::string, std::set<int32_t>> earlier; ///< order dates of who adds a condition
};

} // namespace

std::optional<PlayedOrders> playOrders(OrderSide const& first, OrderSide const& second,
                                       NewNames const& renamed, Horizon horizon,
                                       Mismatch const& about) {
    return Playing(first, second, renamed, horizon, about).run();
}

} // namespace hoist::equivalence
