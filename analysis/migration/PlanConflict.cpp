// Proves that there is no plan, and finds a minimal set of rules to blame.
//
// Three proofs, from cheap to dear: a unit has no wave left (windows, orders, what must be
// together); the waves from a to b cannot hold all that must lie there (counting, for each capacity
// and for the owners); a complete search finds nothing, within a budget of steps. Deciding it in
// general is bin packing, so the last one may give up; then nothing is claimed.
//
// The set is minimal by deletion: a rule is left out for good if the rest is still proved
// infeasible. Big pieces are tried first, as an estate has hundreds of rules (each cycle of
// workflows is one) and a conflict needs three.
#include "analysis/migration/PlanConflict.h"

#include "analysis/migration/PlanModel.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace hoist::migration {
namespace {

constexpr uint64_t searchSteps = 20'000;
constexpr size_t mostBounds = 48;

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

    /// True: every way was tried and none works.
    bool failsEverywhere() {
        bool const isFound = goOn();
        return !isFound && steps < searchSteps;
    }

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
    Model model = Model::of(problem, active, wavesEnough(problem), /*withNets=*/false);
    if (!model.propagate() || isOverfull(model))
        return true;
    // A search among thousands ends in nothing but its budget.
    return model.units <= 400 && model.waves <= 400 && CompleteSearch(model).failsEverywhere();
}

std::vector<uint32_t> conflictOf(Problem const& problem) {
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
    return best;
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
