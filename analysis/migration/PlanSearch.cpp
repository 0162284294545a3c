// The search for waves with few bridges.
//
// Finding the fewest is graph partitioning with limits, which nobody does exactly for hundreds of
// workflows. What is done here is what partitioners of graphs do (Kernighan–Lin, Fiduccia–
// Mattheyses, and the multilevel schemes after them):
//
//   coarsen    units that are tied strongly become one, again and again, until a few dozen are left
//   start      the coarsest units are placed one by one where most of their neighbours are
//   refine     on every level, from coarse to fine: units move, or swap where a wave is full, and a
//              move that costs something is taken with a chance that falls to nothing (annealing)
//
// A move that breaks a rule is never taken, so a plan is one at every moment. Only the start may
// break rules (a tight packing can need it); then the excess is worked off first. When no start
// succeeds, PlanConflict.cpp looks for a proof that none can.
//
// Every choice comes from one generator with a fixed seed and the budget is counted in moves, so a
// plan is the same on every machine. Costs: the budget times the neighbours of a unit.
#include "analysis/migration/PlanConflict.h"
#include "analysis/migration/PlanModel.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hoist::migration {
namespace {

/// Splitmix64: small, and the same everywhere.
class Random {
public:
    explicit Random(uint64_t seed) : state(seed) {}
    uint64_t next() {
        uint64_t z = (state += 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
    uint32_t below(size_t count) {
        return static_cast<uint32_t>((next() >> 32) * static_cast<uint64_t>(count) >> 32);
    }
    double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

private:
    uint64_t state;
};

constexpr uint32_t widestRated = 12; ///< wider nets say nothing about who belongs together
constexpr uint32_t coarsest = 60;

/// Pairs of units that become one: for each, in random order, the neighbour with the heaviest tie
/// for its size, if one wave can hold both with room to spare, and if they lie in one wave of those
/// that are given.
std::optional<std::vector<uint32_t>> matching(Model const& model, Random& random,
                                              std::vector<uint32_t> const* waves, uint32_t& count) {
    std::vector<uint32_t> order(model.units), mate(model.units, noWave);
    std::iota(order.begin(), order.end(), 0);
    for (size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[random.below(i)]);
    auto const amountOf = [&](uint32_t unit, uint32_t capacity) {
        for (Model::Use const& use : model.uses[unit])
            if (use.capacity == capacity)
                return use.amount;
        return int64_t{0};
    };
    auto const canJoin = [&](uint32_t a, uint32_t b) {
        if (waves && (*waves)[a] != (*waves)[b])
            return false;
        for (Model::Use const& use : model.uses[a])
            if ((use.amount + amountOf(b, use.capacity)) * 4 > model.capacities[use.capacity].limit)
                return false;
        for (Model::Label const& one : model.labels[a])
            for (Model::Label const& other : model.labels[b])
                if (one.variety == other.variety && one.label != other.label)
                    return false;
        for (Model::Side const& one : model.sides[a])
            for (Model::Side const& other : model.sides[b])
                if (one.order == other.order && (one.before > 0) != (other.before > 0))
                    return false;
        WaveSet both = model.allowed[a];
        both.meet(model.allowed[b]);
        return both == model.allowed[a] || both == model.allowed[b] ? !both.empty() : false;
    };
    auto const sizeOf = [&](uint32_t unit) {
        double size = 1;
        for (Model::Use const& use : model.uses[unit])
            size = std::max(size, static_cast<double>(use.amount));
        return size;
    };
    std::vector<double> rating(model.units, 0);
    std::vector<uint32_t> touched;
    uint32_t pairs = 0;
    for (uint32_t const unit : order) {
        if (mate[unit] != noWave)
            continue;
        touched.clear();
        auto const rate = [&](uint32_t other, double weight) {
            if (other == unit || mate[other] != noWave)
                return;
            if (rating[other] == 0)
                touched.push_back(other);
            rating[other] += weight;
        };
        for (Model::Edge const& edge : model.edges[unit])
            rate(edge.to, static_cast<double>(edge.weight));
        for (uint32_t const net : model.wideOf[unit])
            if (Model::Wide const& wide = model.wide[net]; wide.units.size() <= widestRated)
                for (uint32_t const other : wide.units)
                    rate(other, static_cast<double>(wide.weight) /
                                    static_cast<double>(wide.units.size() - 1));
        uint32_t best = noWave;
        double bestRating = 0;
        for (uint32_t const other : touched) {
            double const rated = rating[other] / sizeOf(other);
            if ((rated > bestRating || (rated == bestRating && other < best)) &&
                canJoin(unit, other)) {
                best = other;
                bestRating = rated;
            }
            rating[other] = 0;
        }
        if (best != noWave) {
            mate[unit] = best;
            mate[best] = unit;
            ++pairs;
        }
    }
    if (pairs * 20 < model.units)
        return std::nullopt;
    std::vector<uint32_t> map(model.units, noWave);
    count = 0;
    for (uint32_t unit = 0; unit < model.units; ++unit)
        if (map[unit] == noWave) {
            map[unit] = count;
            if (mate[unit] != noWave)
                map[mate[unit]] = count;
            ++count;
        }
    return map;
}

/// One level: a model with a state that is worked on.
class Level {
public:
    Level(Model const& theModel, Random& generator)
        : model(theModel), random(generator), state(model) {}

    State& now() { return state; }

    /// Places what is not placed: few choices first, then big ones; to the cheapest wave that
    /// fits, else to where it breaks least.
    void start() {
        std::vector<uint32_t> order;
        for (uint32_t unit = 0; unit < model.units; ++unit)
            if (state.wave[unit] == noWave)
                order.push_back(unit);
        std::vector<double> share(model.units, 0);
        std::vector<uint32_t> choices(model.units);
        for (uint32_t const unit : order) {
            choices[unit] = model.allowed[unit].count();
            for (Model::Use const& use : model.uses[unit])
                share[unit] =
                    std::max(share[unit], static_cast<double>(use.amount) /
                                              static_cast<double>(std::max<int64_t>(
                                                  1, model.capacities[use.capacity].limit)));
        }
        std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
            if (choices[a] != choices[b])
                return choices[a] < choices[b];
            return share[a] > share[b];
        });
        for (uint32_t const unit : order) {
            uint32_t best = noWave;
            int64_t bestCost = 0;
            for (uint32_t w = 0; w < model.waves; ++w) {
                if (!model.allowed[unit].has(w))
                    continue;
                // What is tied to units that are placed pulls; breaking a rule repels.
                int64_t const price =
                    state.costOf(unit, w) + (state.fits(unit, w) ? 0 : int64_t{1} << 40);
                if (best == noWave || price < bestCost) {
                    best = w;
                    bestCost = price;
                }
            }
            state.place(unit, best);
        }
    }

    /// Works the excess off: units that break a rule move or swap to where less is broken. A unit
    /// that just moved rests, so that the same two do not change places for ever.
    bool repair(uint64_t tries) {
        std::vector<uint64_t> restsUntil(model.units, 0);
        for (uint64_t step = 1; state.excess > 0 && step <= tries; ++step) {
            uint32_t const unit = offender(step, restsUntil);
            uint32_t const from = state.wave[unit];
            uint32_t best = noWave, bestMate = noWave;
            int64_t bestExcess = 0, bestCost = 0;
            int64_t const costBefore = state.cost;
            auto const consider = [&](uint32_t to, uint32_t mate) {
                if (best == noWave || std::pair(state.excess, state.cost - costBefore) <
                                          std::pair(bestExcess, bestCost)) {
                    best = to;
                    bestMate = mate;
                    bestExcess = state.excess;
                    bestCost = state.cost - costBefore;
                }
            };
            for (uint32_t const to : someWaves(unit)) {
                if (to == from)
                    continue;
                state.move(unit, to);
                consider(to, noWave);
                for (int i = 0; i < 4 && state.members[to].size() > 1; ++i) {
                    uint32_t const mate = state.members[to][random.below(state.members[to].size())];
                    if (mate == unit || !model.allowed[mate].has(from))
                        continue;
                    state.move(mate, from);
                    consider(to, mate);
                    state.move(mate, to);
                }
                state.move(unit, from);
            }
            if (best == noWave)
                continue;
            state.move(unit, best);
            if (bestMate != noWave)
                state.move(bestMate, from);
            restsUntil[unit] = step + 5 + random.below(10);
        }
        return state.excess == 0;
    }

    /// From hot to cold in so many moves; ends with the best that was met.
    void anneal(uint64_t tries, double hot, double cold) {
        if (model.units < 2 || model.waves < 2)
            return;
        std::vector<uint32_t> best = state.wave;
        int64_t bestCost = state.cost;
        bool isSaved = true; // else the best is what the state holds now
        uint64_t const period = std::max<uint64_t>(1, tries / 200);
        double temperature = hot;
        double const factor = std::pow(cold / hot, 1.0 / 200);
        for (uint64_t step = 0; step < tries; ++step) {
            if (step % period == period - 1)
                temperature *= factor;
            auto const [unit, to] = proposal();
            uint32_t const from = state.wave[unit];
            if (to == from || !model.allowed[unit].has(to))
                continue;
            double const room = -temperature * std::log(random.unit() + 0x1.0p-60);
            int64_t const delta = state.costOf(unit, to);
            if (state.fits(unit, to)) {
                if (static_cast<double>(delta) > room)
                    continue;
                if (!isSaved && delta > 0) {
                    best = state.wave;
                    isSaved = true;
                }
                state.move(unit, to);
            } else if (!swap(unit, from, to, delta, room, best, isSaved)) {
                continue;
            }
            if (state.cost < bestCost) {
                bestCost = state.cost;
                isSaved = false;
            }
        }
        if (state.cost > bestCost)
            restore(best);
    }

    /// Moves that save something, until there is none.
    void descend() {
        for (bool isChanged = true; isChanged;) {
            isChanged = false;
            for (uint32_t unit = 0; unit < model.units; ++unit) {
                uint32_t best = state.wave[unit];
                int64_t bestDelta = 0;
                auto const consider = [&](uint32_t to) {
                    if (to == state.wave[unit] || !model.allowed[unit].has(to))
                        return;
                    if (int64_t const delta = state.costOf(unit, to);
                        (delta < bestDelta || (delta == bestDelta && delta < 0 && to < best)) &&
                        state.fits(unit, to)) {
                        best = to;
                        bestDelta = delta;
                    }
                };
                for (Model::Edge const& edge : model.edges[unit])
                    consider(state.wave[edge.to]);
                for (uint32_t const net : model.wideOf[unit])
                    if (model.wide[net].units.size() <= widestRated)
                        for (uint32_t const other : model.wide[net].units)
                            consider(state.wave[other]);
                for (Model::Kept const& kept : model.kept[unit])
                    consider(kept.wave);
                if (bestDelta < 0) {
                    state.move(unit, best);
                    isChanged = true;
                }
            }
        }
    }

private:
    void restore(std::vector<uint32_t> const& waves) {
        for (uint32_t unit = 0; unit < model.units; ++unit)
            if (state.wave[unit] != waves[unit])
                state.move(unit, waves[unit]);
    }

    /// A unit that breaks a rule; by rota among those that do not rest.
    uint32_t offender(uint64_t step, std::vector<uint64_t> const& restsUntil) {
        for (uint32_t i = 0, at = random.below(model.units); i < model.units; ++i) {
            uint32_t const unit = (at + i) % model.units;
            if (restsUntil[unit] <= step && state.excessOf(unit) > 0)
                return unit;
        }
        return random.below(model.units);
    }

    std::vector<uint32_t> someWaves(uint32_t unit) {
        std::vector<uint32_t> waves;
        for (uint32_t w = 0; w < model.waves; ++w)
            if (model.allowed[unit].has(w))
                waves.push_back(w);
        constexpr size_t most = 24;
        if (waves.size() > most) {
            for (size_t i = 0; i < most; ++i)
                std::swap(waves[i], waves[i + random.below(waves.size() - i)]);
            waves.resize(most);
        }
        return waves;
    }

    /// A unit and a wave: one end of a tie that is cut follows the other, as nothing else can save
    /// anything; now and then any to anywhere.
    std::pair<uint32_t, uint32_t> proposal() {
        size_t const narrow = state.cut.size(), wide = model.wide.size();
        if (narrow + wide > 0 && random.below(16) != 0) {
            uint32_t const pick = random.below(narrow + wide);
            if (pick < narrow) {
                auto [a, b] = model.ties[state.cut[pick]];
                if (random.below(2) != 0)
                    std::swap(a, b);
                return {a, state.wave[b]};
            }
            auto const& units = model.wide[pick - narrow].units;
            return {units[random.below(units.size())],
                    state.wave[units[random.below(units.size())]]};
        }
        return {random.below(model.units), random.below(model.waves)};
    }

    /// Changes places with a unit of a wave that is full.
    bool swap(uint32_t unit, uint32_t from, uint32_t to, int64_t delta, double room,
              std::vector<uint32_t>& best, bool& isSaved) {
        if (state.members[to].empty())
            return false;
        for (int i = 0; i < 3; ++i) {
            uint32_t const mate = state.members[to][random.below(state.members[to].size())];
            // The tie between the two is counted as saved twice: never less than the truth.
            if (!model.allowed[mate].has(from) ||
                static_cast<double>(delta + state.costOf(mate, from)) > room)
                continue;
            int64_t const costBefore = state.cost;
            if (!isSaved) {
                best = state.wave;
                isSaved = true;
            }
            state.lift(mate);
            state.move(unit, to);
            state.place(mate, from);
            if (state.excess == 0 && static_cast<double>(state.cost - costBefore) <= room)
                return true;
            state.lift(mate);
            state.move(unit, from);
            state.place(mate, to);
        }
        return false;
    }

    Model const& model;
    Random& random;
    State state;
};

/// The whole search on one model. Its finest level starts from `given`, where that has waves.
class Search {
public:
    Search(Model const& theModel, uint64_t theMoves, uint64_t seed)
        : model(theModel), moves(theMoves), random(seed) {}

    /// From nothing, by levels; then the same again over what was found, where units that became
    /// one before need not.
    std::optional<std::vector<uint32_t>> fromScratch() {
        auto best = byLevels(nullptr, moves / 3);
        for (uint64_t cycle = 0; best && cycle < cycles; ++cycle) {
            auto next = byLevels(&*best, moves * 2 / 3 / cycles);
            if (next && costOf(*next) <= costOf(*best))
                best = std::move(next);
        }
        return best;
    }

    /// Near what is given: broken rules are mended, new units placed, then only what pays moves.
    std::optional<std::vector<uint32_t>> fromGiven(std::vector<uint32_t> const& given) {
        Level level(model, random);
        for (uint32_t unit = 0; unit < model.units; ++unit)
            if (given[unit] < model.waves && model.allowed[unit].has(given[unit]))
                level.now().place(unit, given[unit]);
        level.start();
        if (!level.repair(2000 + 20 * uint64_t{model.units}))
            return std::nullopt;
        level.descend();
        double const heat = heatOf(model);
        level.anneal(moves / 2, heat * 0.1, heat * 0.05);
        level.descend();
        return level.now().wave;
    }

private:
    static constexpr uint64_t cycles = 4;

    int64_t costOf(std::vector<uint32_t> const& waves) const {
        State state(model);
        for (uint32_t unit = 0; unit < model.units; ++unit)
            state.place(unit, waves[unit]);
        return state.cost;
    }

    std::optional<std::vector<uint32_t>> byLevels(std::vector<uint32_t> const* given,
                                                  uint64_t budget) {
        std::vector<Model> levels;
        levels.reserve(40);
        std::vector<uint32_t> waves; // by unit of the coarsest level
        if (given)
            waves = *given;
        Model const* top = &model;
        while (top->units > std::max(coarsest, 3 * model.waves) && levels.size() < 39) {
            uint32_t count = 0;
            auto const map = matching(*top, random, given ? &waves : nullptr, count);
            if (!map)
                break;
            levels.push_back(Model::contract(*top, *map, count));
            if (given) {
                std::vector<uint32_t> coarser(count);
                for (uint32_t unit = 0; unit < map->size(); ++unit)
                    coarser[(*map)[unit]] = waves[unit];
                waves = std::move(coarser);
            }
            top = &levels.back();
        }
        uint64_t const share = budget / (levels.size() + 2);
        std::vector<uint32_t> placed;
        for (size_t i = levels.size() + 1; i-- > 0;) {
            Model const& here = i == 0 ? model : levels[i - 1];
            bool const isFinest = i == 0;
            Level level(here, random);
            if (!placed.empty())
                for (uint32_t unit = 0; unit < here.units; ++unit)
                    level.now().place(unit, placed[levels[i].unitOf[unit]]);
            else if (given && i == levels.size())
                for (uint32_t unit = 0; unit < here.units; ++unit)
                    level.now().place(unit, waves[unit]);
            level.start();
            if (!level.repair(isFinest ? 2000 + 20 * uint64_t{here.units} : 500)) {
                placed.clear(); // start again one level finer
                if (isFinest)
                    return std::nullopt;
                continue;
            }
            double const heat = heatOf(here);
            double const hot = (isFinest ? 0.6 : 1.2) * (given ? 0.4 : 1);
            level.anneal(isFinest ? 2 * share : share, heat * hot, heat * 0.05);
            level.descend();
            placed = level.now().wave;
        }
        return placed;
    }

    /// What a tie costs on the average.
    static double heatOf(Model const& model) {
        double sum = 0;
        size_t count = 0;
        for (auto const& edges : model.edges)
            for (Model::Edge const& edge : edges) {
                sum += static_cast<double>(edge.weight);
                ++count;
            }
        for (Model::Wide const& wide : model.wide) {
            sum += static_cast<double>(wide.weight);
            ++count;
        }
        return count ? sum / static_cast<double>(count) : 1;
    }

    Model const& model;
    uint64_t moves;
    Random random;
};

/// The fewest waves that the capacities and windows allow.
uint32_t fewestWaves(Problem const& problem) {
    int64_t fewest = 1;
    for (Rule const& rule : problem.rules) {
        if (rule.kind == Rule::Kind::capacity && rule.limit > 0) {
            int64_t const sum =
                std::accumulate(rule.amounts.begin(), rule.amounts.end(), int64_t{0});
            fewest = std::max(fewest, (sum + rule.limit - 1) / rule.limit);
        }
        if (rule.kind == Rule::Kind::window)
            fewest = std::max(fewest, int64_t{rule.first} + 1);
    }
    return static_cast<uint32_t>(std::min<int64_t>(fewest, int64_t{problem.nodes} + 1'000'000));
}

std::optional<Solution> tryWaves(Problem const& problem, SearchOptions const& options,
                                 uint32_t waves) {
    Model model = Model::of(problem, {}, waves);
    if (!model.propagate())
        return std::nullopt;
    uint64_t const moves =
        options.moves ? options.moves
                      : std::clamp<uint64_t>(10'000 * uint64_t{model.units}, 400'000, 16'000'000);
    std::optional<std::vector<uint32_t>> best;
    int64_t bestCost = 0;
    auto const take = [&](std::optional<std::vector<uint32_t>> found) {
        if (!found)
            return;
        State state(model);
        for (uint32_t unit = 0; unit < model.units; ++unit)
            state.place(unit, (*found)[unit]);
        if (!best || state.cost < bestCost) {
            best = std::move(found);
            bestCost = state.cost;
        }
    };
    if (!problem.previous.empty()) {
        std::vector<uint32_t> given(model.units, noWave);
        for (uint32_t node = 0; node < problem.nodes; ++node)
            if (problem.previous[node] < waves && given[model.unitOf[node]] == noWave)
                given[model.unitOf[node]] = problem.previous[node];
        take(Search(model, moves, options.seed).fromGiven(given));
    } else {
        // Several small searches meet more than one long one, until they get too short.
        uint32_t const runs = model.units < 1500 ? 4 : 1;
        for (uint32_t run = 0; run < runs; ++run)
            take(Search(model, moves / runs, options.seed + run).fromScratch());
    }
    if (!best)
        return std::nullopt;
    Solution solution;
    solution.outcome = Solution::Outcome::planned;
    solution.waves = model.waves;
    for (uint32_t node = 0; node < problem.nodes; ++node)
        solution.wave.push_back((*best)[model.unitOf[node]]);
    return solution;
}

} // namespace

Solution solve(Problem const& problem, SearchOptions const& options) {
    Solution none;
    if (problem.nodes == 0) {
        none.outcome = Solution::Outcome::planned;
        return none;
    }
    std::optional<uint32_t> const said = wavesOf(problem, {});
    uint32_t const fewest = fewestWaves(problem);
    // As few as will do: that bridges stand shorter is worth more than the last of them saved.
    uint32_t waves = problem.wavesAsked ? std::max(problem.wavesAsked, fewest)
                     : fewest == 1      ? 1
                                        : fewest + std::max(1u, fewest / 10);
    int const attempts = isRefutedAtOnce(problem) ? 0 : 12;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (said)
            waves = attempt == 11 ? *said : std::min(waves, *said);
        if (auto found = tryWaves(problem, options, waves))
            return std::move(*found);
        if (said && waves == *said)
            break;
        waves += 1 + waves / 4;
    }
    none.conflict = conflictOf(problem);
    none.outcome =
        none.conflict.rules.empty() ? Solution::Outcome::undecided : Solution::Outcome::infeasible;
    return none;
}

int64_t cutOf(Problem const& problem, std::vector<uint32_t> const& wave) {
    int64_t cut = 0;
    for (Net const& net : problem.nets)
        if (std::any_of(net.nodes.begin(), net.nodes.end(),
                        [&](uint32_t node) { return wave[node] != wave[net.nodes.front()]; }))
            cut += net.weight;
    return cut;
}

} // namespace hoist::migration
