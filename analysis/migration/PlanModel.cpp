// Contracts nodes to units and keeps the books of a search.
#include "analysis/migration/PlanModel.h"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>

namespace hoist::migration {

WaveSet::WaveSet(uint32_t count) : words((count + 63) / 64, ~uint64_t{0}) {
    if (count % 64)
        words.back() = (uint64_t{1} << (count % 64)) - 1;
}

void WaveSet::keepRange(uint32_t first, uint32_t last) {
    for (uint32_t i = 0; i < words.size(); ++i) {
        uint32_t const begin = i * 64;
        uint64_t mask = ~uint64_t{0};
        if (first > begin)
            mask = first - begin >= 64 ? 0 : mask << (first - begin);
        if (last < begin)
            mask = 0;
        else if (last - begin < 63)
            mask &= (uint64_t{1} << (last - begin + 1)) - 1;
        words[i] &= mask;
    }
}

void WaveSet::meet(WaveSet const& other) {
    for (size_t i = 0; i < words.size(); ++i)
        words[i] &= other.words[i];
}

void WaveSet::join(WaveSet const& other) {
    for (size_t i = 0; i < words.size(); ++i)
        words[i] |= other.words[i];
}

bool WaveSet::empty() const {
    return std::all_of(words.begin(), words.end(), [](uint64_t word) { return word == 0; });
}

uint32_t WaveSet::count() const {
    uint32_t sum = 0;
    for (uint64_t const word : words)
        sum += static_cast<uint32_t>(std::popcount(word));
    return sum;
}

uint32_t WaveSet::lowest() const {
    uint32_t i = 0;
    while (!words[i])
        ++i;
    return i * 64 + static_cast<uint32_t>(std::countr_zero(words[i]));
}

uint32_t WaveSet::highest() const {
    size_t i = words.size() - 1;
    while (!words[i])
        --i;
    return static_cast<uint32_t>(i * 64 + 63) - static_cast<uint32_t>(std::countl_zero(words[i]));
}

namespace {

bool isActive(std::vector<bool> const& active, size_t rule) {
    return active.empty() || active[rule];
}

/// Numbers for the classes of nodes that have one wave, in the order of their first nodes.
std::vector<uint32_t> unitsOf(Problem const& problem, std::vector<bool> const& active,
                              uint32_t& count) {
    std::vector<uint32_t> parent(problem.nodes);
    std::iota(parent.begin(), parent.end(), 0);
    auto const root = [&](uint32_t node) {
        while (parent[node] != node)
            node = parent[node] = parent[parent[node]];
        return node;
    };
    for (size_t i = 0; i < problem.rules.size(); ++i)
        if (Rule const& rule = problem.rules[i];
            rule.kind == Rule::Kind::together && isActive(active, i))
            for (uint32_t const node : rule.nodes) {
                uint32_t const a = root(rule.nodes.front()), b = root(node);
                parent[std::max(a, b)] = std::min(a, b);
            }
    std::vector<uint32_t> unit(problem.nodes, noWave);
    count = 0;
    for (uint32_t node = 0; node < problem.nodes; ++node) {
        uint32_t& ofRoot = unit[root(node)];
        if (ofRoot == noWave)
            ofRoot = count++;
        unit[node] = ofRoot;
    }
    return unit;
}

/// Adds to the entry with this key, or makes one.
template <class Item, class IsSame, class Add>
void addTo(std::vector<Item>& items, Item item, IsSame const& isSame, Add const& add) {
    auto const it = std::find_if(items.begin(), items.end(),
                                 [&](Item const& each) { return isSame(each, item); });
    if (it == items.end())
        items.push_back(item);
    else
        add(*it, item);
}

void addUse(std::vector<Model::Use>& uses, Model::Use use) {
    addTo(
        uses, use, [](auto const& a, auto const& b) { return a.capacity == b.capacity; },
        [](auto& a, auto const& b) { a.amount += b.amount; });
}
void addLabel(std::vector<Model::Label>& labels, Model::Label label) {
    addTo(
        labels, label,
        [](auto const& a, auto const& b) { return a.variety == b.variety && a.label == b.label; },
        [](auto&, auto const&) {});
}
void addSide(std::vector<Model::Side>& sides, Model::Side side) {
    addTo(
        sides, side, [](auto const& a, auto const& b) { return a.order == b.order; },
        [](auto& a, auto const& b) {
            a.before += b.before;
            a.after += b.after;
        });
}
void addKept(std::vector<Model::Kept>& kept, Model::Kept one) {
    addTo(
        kept, one, [](auto const& a, auto const& b) { return a.wave == b.wave; },
        [](auto& a, auto const& b) { a.cost += b.cost; });
}

} // namespace

std::optional<uint32_t> wavesOf(Problem const& problem, std::vector<bool> const& active) {
    std::optional<uint32_t> waves;
    for (size_t i = 0; i < problem.rules.size(); ++i)
        if (Rule const& rule = problem.rules[i];
            rule.kind == Rule::Kind::waves && isActive(active, i))
            waves = std::min(waves.value_or(noWave), static_cast<uint32_t>(rule.limit));
    return waves;
}

Model Model::of(Problem const& problem, std::vector<bool> const& active, uint32_t wavesWanted,
                bool withNets) {
    Model model;
    model.waves = std::min(wavesOf(problem, active).value_or(noWave), wavesWanted);
    model.unitOf = unitsOf(problem, active, model.units);
    model.allowed.assign(model.units, WaveSet(model.waves));
    model.edges.resize(model.units);
    model.wideOf.resize(model.units);
    model.uses.resize(model.units);
    model.labels.resize(model.units);
    model.sides.resize(model.units);
    model.kept.resize(model.units);
    model.keptTotal.assign(model.units, 0);
    for (uint32_t i = 0; i < problem.rules.size(); ++i) {
        Rule const& rule = problem.rules[i];
        if (!isActive(active, i))
            continue;
        switch (rule.kind) {
        case Rule::Kind::together:
        case Rule::Kind::waves: break;
        case Rule::Kind::window:
            for (uint32_t const node : rule.nodes) {
                WaveSet& set = model.allowed[model.unitOf[node]];
                set.keepRange(rule.first, rule.last);
                for (uint32_t const wave : rule.closed)
                    if (wave < model.waves)
                        set.remove(wave);
            }
            break;
        case Rule::Kind::capacity:
            for (size_t j = 0; j < rule.nodes.size(); ++j)
                if (rule.amounts[j] > 0)
                    addUse(model.uses[model.unitOf[rule.nodes[j]]],
                           {static_cast<uint32_t>(model.capacities.size()), rule.amounts[j]});
            model.capacities.push_back({i, rule.limit});
            break;
        case Rule::Kind::variety: {
            uint32_t most = 0;
            for (size_t j = 0; j < rule.nodes.size(); ++j) {
                addLabel(model.labels[model.unitOf[rule.nodes[j]]],
                         {static_cast<uint32_t>(model.varieties.size()), rule.labels[j]});
                most = std::max(most, rule.labels[j] + 1);
            }
            model.varieties.push_back({i, rule.limit});
            model.labelCounts.push_back(most);
            break;
        }
        case Rule::Kind::order: {
            uint32_t const order = static_cast<uint32_t>(model.orders.size());
            for (uint32_t const node : rule.nodes)
                addSide(model.sides[model.unitOf[node]], {order, 1, 0});
            for (uint32_t const node : rule.later)
                addSide(model.sides[model.unitOf[node]], {order, 0, 1});
            model.orders.push_back({i, rule.isStrict});
            break;
        }
        }
    }
    if (problem.keepCost > 0)
        for (uint32_t node = 0; node < problem.previous.size(); ++node)
            if (uint32_t const wave = problem.previous[node]; wave < model.waves) {
                addKept(model.kept[model.unitOf[node]], {wave, problem.keepCost});
                model.keptTotal[model.unitOf[node]] += problem.keepCost;
            }
    if (withNets)
        model.addNets(problem.nets, model.unitOf);
    return model;
}

void Model::addNets(std::vector<Net> const& nets, std::vector<uint32_t> const& map) {
    std::vector<std::pair<std::vector<uint32_t>, int64_t>> contracted;
    std::vector<uint32_t> ends;
    for (Net const& net : nets) {
        ends.clear();
        for (uint32_t const node : net.nodes)
            ends.push_back(map[node]);
        std::sort(ends.begin(), ends.end());
        ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
        if (ends.size() > 1 && net.weight > 0)
            contracted.emplace_back(ends, net.weight);
    }
    std::sort(contracted.begin(), contracted.end());
    for (size_t i = 0; i < contracted.size();) {
        auto const& units_ = contracted[i].first;
        int64_t weight = 0;
        size_t j = i;
        for (; j < contracted.size() && contracted[j].first == units_; ++j)
            weight += contracted[j].second;
        if (units_.size() == 2) {
            uint32_t const tie = static_cast<uint32_t>(ties.size());
            ties.emplace_back(units_[0], units_[1]);
            edges[units_[0]].push_back({units_[1], tie, weight});
            edges[units_[1]].push_back({units_[0], tie, weight});
        } else {
            for (uint32_t const unit : units_)
                wideOf[unit].push_back(static_cast<uint32_t>(wide.size()));
            wide.push_back({units_, weight});
        }
        i = j;
    }
}

Model Model::contract(Model const& fine, std::vector<uint32_t> const& map, uint32_t units) {
    Model model;
    model.waves = fine.waves;
    model.units = units;
    model.unitOf = map;
    model.capacities = fine.capacities;
    model.varieties = fine.varieties;
    model.labelCounts = fine.labelCounts;
    model.orders = fine.orders;
    model.allowed.assign(units, WaveSet(fine.waves));
    model.edges.resize(units);
    model.wideOf.resize(units);
    model.uses.resize(units);
    model.labels.resize(units);
    model.sides.resize(units);
    model.kept.resize(units);
    model.keptTotal.assign(units, 0);
    std::vector<Net> nets;
    for (uint32_t unit = 0; unit < fine.units; ++unit) {
        uint32_t const to = map[unit];
        model.allowed[to].meet(fine.allowed[unit]);
        for (Use const& use : fine.uses[unit])
            addUse(model.uses[to], use);
        for (Label const& label : fine.labels[unit])
            addLabel(model.labels[to], label);
        for (Side const& side : fine.sides[unit])
            addSide(model.sides[to], side);
        for (Kept const& kept : fine.kept[unit])
            addKept(model.kept[to], kept);
        model.keptTotal[to] += fine.keptTotal[unit];
        for (Edge const& edge : fine.edges[unit])
            if (unit < edge.to)
                nets.push_back({{unit, edge.to}, edge.weight});
    }
    for (Wide const& net : fine.wide)
        nets.push_back({net.units, net.weight});
    model.addNets(nets, map);
    return model;
}

bool Model::propagate() {
    auto const anyEmpty = [&] {
        return std::any_of(allowed.begin(), allowed.end(),
                           [](WaveSet const& set) { return set.empty(); });
    };
    if ((waves == 0 && units > 0) || anyEmpty())
        return false;
    for (uint32_t unit = 0; unit < units; ++unit)
        for (Side const& side : sides[unit])
            if (side.before && side.after && orders[side.order].isStrict)
                return false;
    for (bool isChanged = true; isChanged;) {
        isChanged = false;
        std::vector<uint32_t> latestBefore(orders.size(), 0), earliestAfter(orders.size(), noWave);
        std::vector<bool> hasBefore(orders.size()), hasAfter(orders.size());
        for (uint32_t unit = 0; unit < units; ++unit)
            for (Side const& side : sides[unit]) {
                if (side.before) {
                    latestBefore[side.order] =
                        std::max(latestBefore[side.order], allowed[unit].lowest());
                    hasBefore[side.order] = true;
                }
                if (side.after) {
                    earliestAfter[side.order] =
                        std::min(earliestAfter[side.order], allowed[unit].highest());
                    hasAfter[side.order] = true;
                }
            }
        for (uint32_t unit = 0; unit < units; ++unit)
            for (Side const& side : sides[unit]) {
                uint32_t const gap = orders[side.order].isStrict ? 1 : 0;
                WaveSet const old = allowed[unit];
                if (side.before && hasAfter[side.order]) {
                    if (earliestAfter[side.order] < gap)
                        return false;
                    allowed[unit].keepRange(0, earliestAfter[side.order] - gap);
                }
                if (side.after && hasBefore[side.order])
                    allowed[unit].keepRange(latestBefore[side.order] + gap, noWave);
                if (allowed[unit].empty())
                    return false;
                isChanged |= !(allowed[unit] == old);
            }
    }
    return true;
}

State::State(Model const& theModel)
    : model(theModel), wave(theModel.units, noWave), members(theModel.waves),
      use(theModel.capacities.size() * theModel.waves),
      distinct(theModel.varieties.size() * theModel.waves),
      before(theModel.orders.size() * theModel.waves),
      after(theModel.orders.size() * theModel.waves), wideAt(theModel.wide.size() * theModel.waves),
      wideSpan(theModel.wide.size()), position(theModel.units), cutPosition(theModel.ties.size()) {
    for (uint32_t const count : model.labelCounts)
        labelsAt.emplace_back(size_t{count} * model.waves);
}

int64_t State::inverted(uint32_t order, uint32_t theWave, bool isBefore) const {
    // How many nodes of the other side lie where a node of this side here contradicts them.
    bool const isStrict = model.orders[order].isStrict;
    int64_t sum = 0;
    if (isBefore)
        for (uint32_t w = 0; w < theWave + (isStrict ? 1 : 0); ++w)
            sum += after[at(order, w)];
    else
        for (uint32_t w = theWave + (isStrict ? 0 : 1); w < model.waves; ++w)
            sum += before[at(order, w)];
    return sum;
}

void State::change(uint32_t unit, uint32_t where, int sign) {
    for (Model::Use const& each : model.uses[unit]) {
        int64_t& used = use[at(each.capacity, where)];
        int64_t const limit = model.capacities[each.capacity].limit;
        excess -= std::max<int64_t>(0, used - limit);
        used += sign * each.amount;
        excess += std::max<int64_t>(0, used - limit);
    }
    for (Model::Label const& each : model.labels[unit]) {
        uint32_t& here = labelsAt[each.variety][at(each.label, where)];
        uint32_t& kinds = distinct[at(each.variety, where)];
        int64_t const limit = model.varieties[each.variety].limit;
        excess -= std::max<int64_t>(0, kinds - limit);
        if (sign > 0 && here++ == 0)
            ++kinds;
        if (sign < 0 && --here == 0)
            --kinds;
        excess += std::max<int64_t>(0, kinds - limit);
    }
    for (Model::Side const& side : model.sides[unit]) {
        // Lifting takes the unit out first, so that it does not count against itself twice.
        if (sign < 0) {
            before[at(side.order, where)] -= side.before;
            after[at(side.order, where)] -= side.after;
        }
        excess += sign * (side.before * inverted(side.order, where, true) +
                          side.after * inverted(side.order, where, false));
        if (sign > 0) {
            before[at(side.order, where)] += side.before;
            after[at(side.order, where)] += side.after;
        }
    }
}

int64_t State::costOf(uint32_t unit, uint32_t to) const {
    uint32_t const from = wave[unit];
    if (from == to)
        return 0;
    int64_t delta = 0;
    for (Model::Edge const& edge : model.edges[unit]) {
        uint32_t const there = wave[edge.to];
        if (there == noWave)
            continue;
        if (from != noWave && there != from)
            delta -= edge.weight;
        if (there != to)
            delta += edge.weight;
    }
    for (uint32_t const net : model.wideOf[unit]) {
        uint32_t const span = wideSpan[net];
        uint32_t next = span;
        if (from != noWave && wideAt[at(net, from)] == 1)
            --next;
        if (wideAt[at(net, to)] == 0)
            ++next;
        delta += ((next > 1 ? 1 : 0) - (span > 1 ? 1 : 0)) * model.wide[net].weight;
    }
    if (model.keptTotal[unit] > 0) {
        for (Model::Kept const& kept : model.kept[unit]) {
            if (kept.wave == to)
                delta -= kept.cost;
            if (kept.wave == from)
                delta += kept.cost;
        }
        if (from == noWave)
            delta += model.keptTotal[unit];
    }
    return delta;
}

void State::place(uint32_t unit, uint32_t where) {
    cost += costOf(unit, where);
    change(unit, where, +1);
    for (uint32_t const net : model.wideOf[unit])
        if (wideAt[at(net, where)]++ == 0)
            ++wideSpan[net];
    for (Model::Edge const& edge : model.edges[unit])
        if (wave[edge.to] != noWave && wave[edge.to] != where) {
            cutPosition[edge.tie] = static_cast<uint32_t>(cut.size());
            cut.push_back(edge.tie);
        }
    wave[unit] = where;
    position[unit] = static_cast<uint32_t>(members[where].size());
    members[where].push_back(unit);
}

void State::lift(uint32_t unit) {
    uint32_t const where = wave[unit];
    change(unit, where, -1);
    for (uint32_t const net : model.wideOf[unit])
        if (--wideAt[at(net, where)] == 0)
            --wideSpan[net];
    for (Model::Edge const& edge : model.edges[unit])
        if (wave[edge.to] != noWave && wave[edge.to] != where) {
            cut[cutPosition[edge.tie]] = cut.back();
            cutPosition[cut.back()] = cutPosition[edge.tie];
            cut.pop_back();
        }
    wave[unit] = noWave;
    cost -= costOf(unit, where);
    members[where][position[unit]] = members[where].back();
    position[members[where].back()] = position[unit];
    members[where].pop_back();
}

std::optional<uint32_t> State::blocker(uint32_t unit, uint32_t to) const {
    for (Model::Use const& each : model.uses[unit])
        if (Model::Limit const& limit = model.capacities[each.capacity];
            use[at(each.capacity, to)] + each.amount > limit.limit)
            return limit.rule;
    for (size_t i = 0; i < model.labels[unit].size();) {
        uint32_t const variety = model.labels[unit][i].variety;
        int64_t kinds = distinct[at(variety, to)];
        for (; i < model.labels[unit].size() && model.labels[unit][i].variety == variety; ++i)
            kinds += labelsAt[variety][at(model.labels[unit][i].label, to)] == 0;
        if (kinds > model.varieties[variety].limit)
            return model.varieties[variety].rule;
    }
    for (Model::Side const& side : model.sides[unit]) {
        bool const isBlocked = (side.before && inverted(side.order, to, true) > 0) ||
                               (side.after && inverted(side.order, to, false) > 0) ||
                               (side.before && side.after && model.orders[side.order].isStrict);
        if (isBlocked)
            return model.orders[side.order].rule;
    }
    return std::nullopt;
}

int64_t State::excessOf(uint32_t unit) {
    uint32_t const where = wave[unit];
    int64_t const all = excess;
    change(unit, where, -1);
    int64_t const without = excess;
    change(unit, where, +1);
    return all - without;
}

} // namespace hoist::migration
