// A problem with its nodes contracted to units that move as one, and the state of a search on it.
#pragma once

#include "analysis/migration/PlanProblem.h"

#include <utility>

namespace hoist::migration {

/// Bits for waves.
class WaveSet {
public:
    WaveSet() = default;
    explicit WaveSet(uint32_t count);
    bool has(uint32_t wave) const { return words[wave / 64] >> (wave % 64) & 1; }
    void add(uint32_t wave) { words[wave / 64] |= uint64_t{1} << (wave % 64); }
    void remove(uint32_t wave) { words[wave / 64] &= ~(uint64_t{1} << (wave % 64)); }
    void keepRange(uint32_t first, uint32_t last); ///< both included
    void meet(WaveSet const& other);
    void join(WaveSet const& other);
    bool empty() const;
    uint32_t count() const;
    uint32_t lowest() const;  ///< not empty
    uint32_t highest() const; ///< not empty
    bool operator==(WaveSet const&) const = default;

private:
    std::vector<uint64_t> words;
};

/// Rules and nets by unit. Units are contracted further for the coarse levels of the search.
struct Model {
    template <class Item>
    using ByUnit = std::vector<std::vector<Item>>;

    struct Edge {
        uint32_t to;
        uint32_t tie; ///< index into `ties`
        int64_t weight;
    };
    struct Use { ///< of a capacity
        uint32_t capacity;
        int64_t amount;
    };
    struct Label {
        uint32_t variety, label;
    };
    struct Side { ///< of an order: how many nodes come before, and how many after
        uint32_t order;
        int64_t before, after;
    };
    struct Kept {
        uint32_t wave;
        int64_t cost;
    };

    uint32_t units = 0, waves = 0;
    std::vector<uint32_t>
        unitOf; ///< by node of the problem; of a contraction: by unit of the finer
    std::vector<WaveSet> allowed;
    ByUnit<Edge> edges;                              ///< nets of two units; parallel ones are one
    std::vector<std::pair<uint32_t, uint32_t>> ties; ///< the ends of each edge, once
    ByUnit<uint32_t> wideOf;
    struct Wide { ///< a net of more than two units
        std::vector<uint32_t> units;
        int64_t weight;
    };
    std::vector<Wide> wide;
    ByUnit<Use> uses;
    ByUnit<Label> labels;
    ByUnit<Side> sides;
    ByUnit<Kept> kept;
    std::vector<int64_t> keptTotal; ///< by unit
    struct Limit {
        uint32_t rule;
        int64_t limit;
    };
    std::vector<Limit> capacities, varieties;
    std::vector<uint32_t> labelCounts; ///< by variety
    struct Order {
        uint32_t rule;
        bool isStrict;
    };
    std::vector<Order> orders;

    /// The rules whose place in `active` is true (empty: all). Waves: `wavesWanted`, but no more
    /// than the rules allow.
    static Model of(Problem const& problem, std::vector<bool> const& active, uint32_t wavesWanted,
                    bool withNets = true);
    /// One unit for all units with the same number in `map`.
    static Model contract(Model const& fine, std::vector<uint32_t> const& map, uint32_t units);

    /// Narrows `allowed` by the orders; false: a unit has no wave left.
    bool propagate();

private:
    void addNets(std::vector<Net> const& nets, std::vector<uint32_t> const& map);
};

/// How many waves the rules leave; nothing: as many as you like.
std::optional<uint32_t> wavesOf(Problem const& problem, std::vector<bool> const& active);

/// Units with waves, what that costs, and by how much it breaks the rules.
class State {
public:
    explicit State(Model const& theModel);

    Model const& model;
    std::vector<uint32_t> wave;                 ///< by unit; noWave: not placed
    std::vector<std::vector<uint32_t>> members; ///< by wave
    int64_t cost = 0;          ///< of nets cut between placed units, and of units not kept
    int64_t excess = 0;        ///< 0: no rule is broken
    std::vector<uint32_t> cut; ///< ties whose ends are placed in two waves

    void place(uint32_t unit, uint32_t at);
    void lift(uint32_t unit);
    void move(uint32_t unit, uint32_t to) {
        lift(unit);
        place(unit, to);
    }
    /// What the cost would rise by if a placed unit moved; of one that is not placed: if it were.
    int64_t costOf(uint32_t unit, uint32_t to) const;
    /// Whether a unit could go there and break nothing; windows are not looked at.
    bool fits(uint32_t unit, uint32_t to) const { return !blocker(unit, to); }
    /// The rule that keeps a unit out of a wave.
    std::optional<uint32_t> blocker(uint32_t unit, uint32_t to) const;
    /// How much a unit adds to the excess where it lies.
    int64_t excessOf(uint32_t unit);

private:
    size_t at(uint32_t item, uint32_t theWave) const {
        return size_t{item} * model.waves + theWave;
    }
    void change(uint32_t unit, uint32_t at, int sign);
    int64_t inverted(uint32_t order, uint32_t theWave, bool isBefore) const;

    std::vector<int64_t> use;                    ///< capacity × wave
    std::vector<std::vector<uint32_t>> labelsAt; ///< by variety: label × wave
    std::vector<uint32_t> distinct;              ///< variety × wave
    std::vector<int64_t> before, after;          ///< order × wave
    std::vector<uint32_t> wideAt;                ///< wide net × wave
    std::vector<uint32_t> wideSpan;              ///< by wide net: its waves
    std::vector<uint32_t> position;              ///< in `members`
    std::vector<uint32_t> cutPosition;           ///< by tie: in `cut`
};

} // namespace hoist::migration
