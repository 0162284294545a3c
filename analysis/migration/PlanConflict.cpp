// Proves that there is no plan, and finds the smallest set of rules to blame.
//
// Three proofs, from cheap to dear: a unit has no wave left (windows, orders, what must be
// together); the waves from a to b cannot hold all that must lie there (counting, for each capacity
// and for the owners); a complete search finds nothing, within a budget of steps. Deciding it in
// general is bin packing, so the last one may give up; then nothing is claimed. That there is a
// plan is shown by one: first fit, else the same complete search.
//
// The set is found in two steps.
//
// 1. Deletion: a rule is left out for good if the rest is still proved infeasible. Big pieces are
//    tried first, as an estate has hundreds of rules (each cycle of workflows is one) and a
//    conflict needs three. What remains is minimal: no rule of it can be spared. A conflict of
//    other rules may still be smaller.
// 2. Implicit hitting sets (Ignatiev, Previti, Liffiton, Marques-Silva: Smallest MUS extraction,
//    2015): every conflict holds a rule of each *correction set*, whose absence leaves a set that
//    can be met. So the smallest set of rules that hits all correction sets found so far is no
//    larger than the smallest conflict. Is it a conflict, it is the smallest; can it be met, it is
//    grown until nothing can be added, and what was left out is another correction set.
//
// The second step has a budget, counted in work and not in time. Where it ends, or a set was
// neither met nor refuted, the answer is the best conflict known, and no claim that it is the
// smallest.
#include "analysis/migration/PlanConflict.h"

#include "analysis/migration/PlanModel.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace hoist::migration {
namespace {

constexpr uint64_t searchSteps = 20'000;
constexpr size_t mostBounds = 48;
/// Of the search for the smallest set, in looks at one unit, wave or rule: about a second each.
constexpr uint64_t smallestWork = 8'000'000, hittingWork = 100'000'000;

enum class Verdict : uint8_t { infeasible, feasible, unknown };

/// Waves enough for anything that has no rule about their number.
uint32_t wavesEnough(Problem const& problem) {
    uint32_t enough = problem.nodes + 1;
    uint32_t shift = 0;
    for (Rule const& rule : problem.rules) {
        if (rule.kind == Rule::Kind::window) {
            shift = std::max(shift, rule.first);
            for (uint32_t const wave : rule.closed)
                shift = std::max(shift, wave + 1);
        }
    }
    return enough + std::min(shift, 1'000'000u);
}

std::vector<uint32_t> bounds(Model const& model, uint32_t (WaveSet::*bound)() const) {
    std::vector<uint32_t> found;
    for (WaveSet const& set : model.allowed)
        found.push_back((set.*bound)());
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    if (found.size() > mostBounds) { // keep the outermost and some between
        std::vector<uint32_t> some;
        for (size_t i = 0; i < mostBounds; ++i)
            some.push_back(found[i * (found.size() - 1) / (mostBounds - 1)]);
        found = std::move(some);
    }
    return found;
}

/// Some stretch of waves must hold more than it can.
bool isOverfull(Model const& model) {
    for (uint32_t unit = 0; unit < model.units; ++unit) {
        for (Model::Use const& use : model.uses[unit])
            if (use.amount > model.capacities[use.capacity].limit)
                return true;
        std::map<uint32_t, int64_t> kinds;
        for (Model::Label const& label : model.labels[unit])
            if (++kinds[label.variety] > model.varieties[label.variety].limit)
                return true;
    }
    for (uint32_t const from : bounds(model, &WaveSet::lowest))
        for (uint32_t const to : bounds(model, &WaveSet::highest)) {
            if (to < from)
                continue;
            std::vector<int64_t> sums(model.capacities.size(), 0);
            std::vector<WaveSet> open(model.capacities.size());
            std::vector<WaveSet> openFor(model.varieties.size());
            std::vector<std::vector<bool>> kinds(model.varieties.size());
            for (size_t i = 0; i < kinds.size(); ++i)
                kinds[i].resize(model.labelCounts[i]);
            auto const join = [](WaveSet& all, WaveSet const& more) {
                if (all == WaveSet())
                    all = more;
                else
                    all.join(more);
            };
            for (uint32_t unit = 0; unit < model.units; ++unit) {
                if (model.allowed[unit].lowest() < from || model.allowed[unit].highest() > to)
                    continue;
                for (Model::Use const& use : model.uses[unit]) {
                    sums[use.capacity] += use.amount;
                    join(open[use.capacity], model.allowed[unit]);
                }
                for (Model::Label const& label : model.labels[unit]) {
                    kinds[label.variety][label.label] = true;
                    join(openFor[label.variety], model.allowed[unit]);
                }
            }
            for (size_t i = 0; i < sums.size(); ++i)
                if (sums[i] > 0 && sums[i] > model.capacities[i].limit * open[i].count())
                    return true;
            for (size_t i = 0; i < kinds.size(); ++i)
                if (int64_t const count = std::count(kinds[i].begin(), kinds[i].end(), true);
                    count > 0 && count > model.varieties[i].limit * openFor[i].count())
                    return true;
        }
    return false;
}

/// Depth first over waves, the unit with the fewest waves left first.
class CompleteSearch {
public:
    explicit CompleteSearch(Model const& theModel) : model(theModel), state(theModel) {}

    /// Infeasible: every way was tried and none works.
    Verdict run() {
        bool const isFound = goOn();
        return steps >= searchSteps ? Verdict::unknown
               : isFound            ? Verdict::feasible
                                    : Verdict::infeasible;
    }
    uint64_t work() const { return steps; }

private:
    bool goOn() {
        uint32_t best = noWave;
        std::vector<uint32_t> ways, tried;
        for (uint32_t unit = 0; unit < model.units; ++unit) {
            if (state.wave[unit] != noWave)
                continue;
            tried.clear();
            bool sawEmpty = false;
            for (uint32_t w = 0; w < model.waves; ++w) {
                // Empty waves are all alike if no rule tells waves apart.
                bool const isEmpty = state.members[w].empty();
                if (areAlike && isEmpty && sawEmpty)
                    continue;
                if (!model.allowed[unit].has(w) || !state.fits(unit, w))
                    continue;
                sawEmpty |= isEmpty;
                tried.push_back(w);
                if (best != noWave && tried.size() >= ways.size())
                    break;
            }
            steps += 1 + tried.size() / 8;
            if (best == noWave || tried.size() < ways.size()) {
                best = unit;
                ways = tried;
            }
            if (ways.empty())
                return false;
            if (ways.size() == 1)
                break;
        }
        if (best == noWave)
            return true;
        for (uint32_t const w : ways) {
            if (++steps >= searchSteps)
                return true; // given up: nothing is claimed
            state.place(best, w);
            if (goOn())
                return true;
            state.lift(best);
        }
        return false;
    }

    Model const& model;
    State state;
    uint64_t steps = 0;
    bool areAlike = model.orders.empty() &&
                    std::all_of(model.allowed.begin(), model.allowed.end(),
                                [&](auto const& set) { return set.count() == model.waves; });
};

/// Each unit into the first wave that takes it, those with the fewest ways first.
bool fitsAtOnce(Model const& model) {
    State state(model);
    std::vector<uint32_t> order(model.units);
    std::iota(order.begin(), order.end(), 0);
    std::vector<std::pair<uint32_t, uint32_t>> keys;
    for (WaveSet const& set : model.allowed)
        keys.emplace_back(set.highest(), set.count());
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return keys[a] < keys[b]; });
    for (uint32_t const unit : order) {
        uint32_t wave = model.allowed[unit].lowest();
        uint32_t const last = model.allowed[unit].highest();
        while (wave <= last && (!model.allowed[unit].has(wave) || !state.fits(unit, wave)))
            ++wave;
        if (wave > last)
            return false;
        state.place(unit, wave);
    }
    return true;
}

Verdict judge(Problem const& problem, std::vector<bool> const& active, uint64_t& work) {
    Model model = Model::of(problem, active, wavesEnough(problem), /*withNets=*/false);
    work += model.units + model.waves * (1 + model.capacities.size() + model.orders.size());
    for (uint32_t const labels : model.labelCounts)
        work += size_t{labels} * model.waves;
    if (!model.propagate())
        return Verdict::infeasible;
    if (fitsAtOnce(model))
        return Verdict::feasible;
    if (isOverfull(model))
        return Verdict::infeasible;
    // A search among thousands ends in nothing but its budget.
    if (model.units > 400 || model.waves > 400)
        return Verdict::unknown;
    CompleteSearch search(model);
    Verdict const found = search.run();
    work += search.work();
    return found;
}

/// The smallest set that holds an element of each of some sets, level by level.
class HittingSets {
public:
    explicit HittingSets(size_t elements) : chosen(elements, false), excluded(elements, 0) {}

    void add(std::vector<uint32_t> set) { sets.push_back(std::move(set)); }
    std::vector<std::vector<uint32_t>> const& all() const { return sets; }
    bool hasGivenUp() const { return work >= hittingWork; }

    /// Of so many elements at most; nothing: there is none, unless it has given up.
    std::optional<std::vector<uint32_t>> ofSize(size_t most) {
        std::fill(chosen.begin(), chosen.end(), false);
        std::fill(excluded.begin(), excluded.end(), 0);
        taken.clear();
        return hit(most) ? std::optional(taken) : std::nullopt;
    }

private:
    bool hit(size_t left) {
        work += chosen.size();
        if (hasGivenUp())
            return false;
        // Sets that share nothing need an element each. The one with the fewest ways is branched
        // on.
        std::vector<bool> isSeen(chosen.size(), false);
        std::vector<uint32_t> const* best = nullptr;
        size_t fewest = 0, apart = 0;
        for (std::vector<uint32_t> const& set : sets) {
            size_t ways = 0;
            bool isHit = false, isApart = true;
            work += set.size();
            for (uint32_t const each : set) {
                isHit |= chosen[each];
                isApart &= !isSeen[each] || excluded[each];
                ways += !excluded[each];
            }
            if (isHit)
                continue;
            if (!best || ways < fewest) {
                best = &set;
                fewest = ways;
            }
            if (isApart) {
                ++apart;
                for (uint32_t const each : set)
                    isSeen[each] = true;
            }
        }
        if (!best)
            return true;
        if (apart > left)
            return false;
        std::vector<uint32_t> tried;
        bool isDone = false;
        for (uint32_t const each : *best) {
            if (excluded[each])
                continue;
            chosen[each] = true;
            taken.push_back(each);
            if (hit(left - 1)) {
                isDone = true;
                break;
            }
            taken.pop_back();
            chosen[each] = false;
            ++excluded[each]; // whatever holds it was tried
            tried.push_back(each);
        }
        for (uint32_t const each : tried)
            --excluded[each];
        return isDone;
    }

    std::vector<std::vector<uint32_t>> sets;
    std::vector<bool> chosen;
    std::vector<uint32_t> excluded, taken;
    uint64_t work = 0;
};

/// The second step.
class SmallestConflict {
public:
    SmallestConflict(Problem const& theProblem, std::vector<uint32_t> minimal)
        : problem(theProblem), best(std::move(minimal)), hitting(theProblem.rules.size()) {}

    Conflict run() {
        bool isProved = true;
        for (size_t size = 0; size < best.size();) {
            auto const found = hitting.ofSize(size);
            if (hitting.hasGivenUp())
                return {best, false};
            if (!found) {
                ++size;
                continue;
            }
            std::vector<bool> active(problem.rules.size(), false);
            for (uint32_t const rule : *found)
                active[rule] = true;
            Verdict const verdict = judge(problem, active, work);
            if (verdict == Verdict::infeasible) {
                best = *found;
                std::sort(best.begin(), best.end());
                break;
            }
            isProved &= verdict == Verdict::feasible;
            hitting.add(grow(std::move(active)));
            if (work > smallestWork)
                return {best, false};
        }
        return {best, isProved};
    }

private:
    /// Adds whatever can be added, and returns what cannot. Rules of other correction sets come
    /// first: sets that share nothing bound the size best.
    std::vector<uint32_t> grow(std::vector<bool> active) {
        std::vector<uint32_t> order;
        std::vector<bool> isListed = active;
        for (std::vector<uint32_t> const& set : hitting.all())
            for (uint32_t const rule : set)
                if (!isListed[rule]) {
                    isListed[rule] = true;
                    order.push_back(rule);
                }
        for (uint32_t rule = 0; rule < active.size(); ++rule)
            if (!isListed[rule])
                order.push_back(rule);
        std::vector<uint32_t> left;
        grow(active, order, 0, order.size(), left);
        return left;
    }

    void grow(std::vector<bool>& active, std::vector<uint32_t> const& order, size_t first,
              size_t last, std::vector<uint32_t>& left) {
        if (first == last)
            return;
        for (size_t i = first; i < last; ++i)
            active[order[i]] = true;
        if (judge(problem, active, work) != Verdict::infeasible)
            return;
        for (size_t i = first; i < last; ++i)
            active[order[i]] = false;
        if (last - first == 1) {
            left.push_back(order[first]);
            return;
        }
        size_t const middle = first + (last - first) / 2;
        grow(active, order, first, middle, left);
        grow(active, order, middle, last, left);
    }

    Problem const& problem;
    std::vector<uint32_t> best;
    HittingSets hitting;
    uint64_t work = 0;
};

/// What is left of `core` when rules that are not needed are taken out, big pieces first.
std::vector<uint32_t> shrink(Problem const& problem, std::vector<uint32_t> core) {
    auto const isEnough = [&](std::vector<uint32_t> const& rules) {
        std::vector<bool> active(problem.rules.size(), false);
        for (uint32_t const rule : rules)
            active[rule] = true;
        return isProvedInfeasible(problem, active);
    };
    for (size_t piece = std::max<size_t>(1, core.size() / 2); piece > 0; piece /= 2) {
        for (size_t at = 0; at < core.size();) {
            std::vector<uint32_t> rest(core.begin(), core.begin() + static_cast<ptrdiff_t>(at));
            rest.insert(rest.end(),
                        core.begin() + static_cast<ptrdiff_t>(std::min(core.size(), at + piece)),
                        core.end());
            if (isEnough(rest))
                core = std::move(rest);
            else
                at += piece;
        }
    }
    return core;
}

} // namespace

bool isProvedInfeasible(Problem const& problem, std::vector<bool> const& active) {
    uint64_t work = 0;
    return judge(problem, active, work) == Verdict::infeasible;
}

bool isRefutedAtOnce(Problem const& problem) {
    Model model = Model::of(problem, {}, wavesEnough(problem), /*withNets=*/false);
    return !model.propagate() || (!fitsAtOnce(model) && isOverfull(model));
}

Conflict conflictOf(Problem const& problem) {
    std::vector<uint32_t> all(problem.rules.size());
    std::iota(all.begin(), all.end(), 0);
    if (!isProvedInfeasible(problem, {}))
        return {};
    // Deletion in another order may end in a smaller set.
    std::vector<uint32_t> best = shrink(problem, all);
    std::reverse(all.begin(), all.end());
    if (std::vector<uint32_t> other = shrink(problem, all); other.size() < best.size())
        best = std::move(other);
    std::sort(best.begin(), best.end());
    return SmallestConflict(problem, std::move(best)).run();
}

std::optional<uint32_t> brokenRule(Problem const& problem, std::vector<uint32_t> const& wave) {
    for (uint32_t i = 0; i < problem.rules.size(); ++i) {
        Rule const& rule = problem.rules[i];
        bool isBroken = false;
        std::map<uint32_t, int64_t> sums;
        switch (rule.kind) {
        case Rule::Kind::together:
            for (uint32_t const node : rule.nodes)
                isBroken |= wave[node] != wave[rule.nodes.front()];
            break;
        case Rule::Kind::window:
            for (uint32_t const node : rule.nodes)
                isBroken |= wave[node] < rule.first || wave[node] > rule.last ||
                            std::find(rule.closed.begin(), rule.closed.end(), wave[node]) !=
                                rule.closed.end();
            break;
        case Rule::Kind::capacity:
            for (size_t j = 0; j < rule.nodes.size(); ++j)
                if (rule.amounts[j] > 0)
                    isBroken |= (sums[wave[rule.nodes[j]]] += rule.amounts[j]) > rule.limit;
            break;
        case Rule::Kind::variety: {
            std::map<std::pair<uint32_t, uint32_t>, bool> seen;
            for (size_t j = 0; j < rule.nodes.size(); ++j)
                if (!std::exchange(seen[{wave[rule.nodes[j]], rule.labels[j]}], true))
                    isBroken |= ++sums[wave[rule.nodes[j]]] > rule.limit;
            break;
        }
        case Rule::Kind::order: {
            uint32_t last = 0;
            for (uint32_t const node : rule.nodes)
                last = std::max(last, wave[node]);
            for (uint32_t const node : rule.later)
                if (!rule.nodes.empty())
                    isBroken |= rule.isStrict ? wave[node] <= last : wave[node] < last;
            break;
        }
        case Rule::Kind::waves:
            for (uint32_t const each : wave)
                isBroken |= each >= rule.limit;
            break;
        }
        if (isBroken)
            return i;
    }
    return std::nullopt;
}

} // namespace hoist::migration
