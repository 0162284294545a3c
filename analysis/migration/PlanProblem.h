// The plan as an abstract problem: nodes (workflows) get waves, nets that are cut cost bridges, and
// rules say which waves are possible.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace hoist::migration {

inline constexpr uint32_t noWave = std::numeric_limits<uint32_t>::max();

/// What costs `weight` bridges when its nodes lie in more than one wave.
struct Net {
    std::vector<uint32_t> nodes; ///< distinct, at least two
    int64_t weight = 1;
};

/// One constraint; what a conflict is named by.
struct Rule {
    enum class Kind : uint8_t {
        together, ///< `nodes` have one wave
        window,   ///< `nodes` lie in first … last, except in `closed`
        capacity, ///< of each wave: the sum of `amounts` of its `nodes` is at most `limit`
        variety,  ///< of each wave: its `nodes` have at most `limit` different `labels`
        order,    ///< no wave of `nodes` comes after one of `later` (isStrict: all before)
        waves     ///< there are `limit` waves
    } kind = Kind::window;
    std::vector<uint32_t> nodes, later;
    std::vector<int64_t> amounts; ///< by position in `nodes`
    std::vector<uint32_t> labels; ///< by position in `nodes`
    int64_t limit = 0;
    uint32_t first = 0, last = noWave;
    std::vector<uint32_t> closed;
    bool isStrict = false;
};

struct Problem {
    uint32_t nodes = 0;
    std::vector<Net> nets;
    std::vector<Rule> rules;
    /// By node: where it lies now, and what is saved at least when it leaves; empty: all are new.
    std::vector<uint32_t> previous;
    int64_t keepCost = 0;
    /// Waves to use if no rule says how many; 0: as few as the capacities allow, and a tenth more.
    uint32_t wavesAsked = 0;
};

struct SearchOptions {
    uint64_t moves = 0; ///< that the search tries; 0: by the size of the problem
    uint64_t seed = 1;
};

/// Rules that no plan meets together: each can be met without the others, as far as that is
/// decided.
struct Conflict {
    std::vector<uint32_t> rules; ///< indices
    bool isSmallest = false;     ///< proved: there is none of fewer rules
};

struct Solution {
    enum class Outcome : uint8_t { planned, infeasible, undecided } outcome = Outcome::undecided;
    std::vector<uint32_t> wave; ///< by node
    uint32_t waves = 0;
    Conflict conflict; ///< of an infeasible problem
};

/// Waves that cut few nets. Deterministic: the budget is counted in moves, not in time.
Solution solve(Problem const& problem, SearchOptions const& options = {});

/// The sum of the weights of the nets that are cut.
int64_t cutOf(Problem const& problem, std::vector<uint32_t> const& wave);

/// The first rule that the waves break.
std::optional<uint32_t> brokenRule(Problem const& problem, std::vector<uint32_t> const& wave);

/// The smallest set of rules that cannot be met together, if it can be proved that there is one; a
/// minimal one where the budget ends before it is known to be the smallest.
Conflict conflictOf(Problem const& problem);

} // namespace hoist::migration
