// Makes the plan: solves the abstract problem, puts waves in an order in which bridges stand short,
// and says why each workflow lies where it does.
#include "analysis/migration/Plan.h"

#include "analysis/migration/PlanConstraints.h"
#include "analysis/migration/PlanModel.h"
#include "frontend/base/Counted.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <numeric>

namespace hoist::migration {
namespace {

using diag::Code;

/// Waves in an order in which bridges stand short: pairs of waves change places while that helps
/// and no rule forbids it. Only the order changes, so the number of bridges does not.
class WaveOrder {
public:
    WaveOrder(Problem const& theProblem, Solution& theSolution)
        : problem(theProblem), solution(theSolution), waves(theSolution.waves) {}

    void improve() {
        if (waves < 2 || waves > 400)
            return;
        model = Model::of(problem, {}, waves, /*withNets=*/false);
        model.propagate();
        closed.assign(waves, WaveSet(waves));
        std::vector<bool> isEmpty(waves, true);
        for (uint32_t node = 0; node < problem.nodes; ++node) {
            closed[solution.wave[node]].meet(model.allowed[model.unitOf[node]]);
            isEmpty[solution.wave[node]] = false;
        }
        ties.assign(size_t{waves} * waves, 0);
        for (Net const& net : problem.nets)
            if (net.nodes.size() == 2)
                addTie(solution.wave[net.nodes[0]], solution.wave[net.nodes[1]], net.weight);
        place.resize(waves);
        std::iota(place.begin(), place.end(), 0);
        bool const isOrdered =
            std::any_of(model.orders.begin(), model.orders.end(), [](auto const&) { return true; });
        constexpr int rounds = 50;
        for (int round = 0; round < rounds; ++round) {
            bool isChanged = false;
            for (uint32_t a = 0; a < waves; ++a)
                for (uint32_t b = a + 1; b < waves; ++b) {
                    if (!closed[a].has(place[b]) || !closed[b].has(place[a]))
                        continue;
                    int64_t gain = gainOf(a, b);
                    if (gain == 0 && (isEmpty[a] != isEmpty[b])) // what is empty comes last
                        gain = (isEmpty[a] == (place[a] < place[b])) ? 1 : 0;
                    if (gain <= 0)
                        continue;
                    std::swap(place[a], place[b]);
                    if (isOrdered && breaksAnOrder())
                        std::swap(place[a], place[b]);
                    else
                        isChanged = true;
                }
            if (!isChanged)
                break;
        }
        for (uint32_t& wave : solution.wave)
            wave = place[wave];
    }

private:
    void addTie(uint32_t a, uint32_t b, int64_t weight) {
        if (a == b)
            return;
        ties[size_t{a} * waves + b] += weight;
        ties[size_t{b} * waves + a] += weight;
    }

    int64_t gainOf(uint32_t a, uint32_t b) const {
        int64_t gain = 0;
        auto const distance = [](uint32_t x, uint32_t y) {
            return static_cast<int64_t>(x > y ? x - y : y - x);
        };
        for (uint32_t other = 0; other < waves; ++other) {
            if (other == a || other == b)
                continue;
            int64_t const difference =
                distance(place[a], place[other]) - distance(place[b], place[other]);
            gain +=
                difference * (ties[size_t{a} * waves + other] - ties[size_t{b} * waves + other]);
        }
        return gain;
    }

    bool breaksAnOrder() const {
        std::vector<uint32_t> wave;
        for (uint32_t const each : solution.wave)
            wave.push_back(place[each]);
        return brokenRule(problem, wave).has_value();
    }

    Problem const& problem;
    Solution& solution;
    uint32_t waves;
    Model model;
    std::vector<WaveSet> closed; ///< by content: where its workflows may go
    std::vector<int64_t> ties;   ///< content × content
    std::vector<uint32_t> place; ///< by content
};

std::string waveName(uint32_t wave) { return fmt::format("W{}", wave + 1); }

class Maker {
public:
    Maker(ir::Estate const& model, std::vector<Dependency> const& theDependencies,
          PlanProblem const& theProblem)
        : estate(model), dependencies(theDependencies), made(theProblem) {}

    Plan make(std::vector<uint32_t> const& wave) {
        uint32_t count = 0;
        for (uint32_t const each : wave)
            count = std::max(count, each + 1);
        plan.waves.resize(count);
        for (uint32_t w = 0; w < count; ++w) {
            plan.waves[w].name = waveName(w);
            if (w < made.dates.size())
                plan.waves[w].date = made.dates[w];
        }
        for (ir::WorkflowId const id : estate.workflows.ids()) {
            WorkflowFacts const& facts = made.facts[id.value];
            Placement placement;
            placement.workflow = id;
            placement.wave = wave[id.value];
            placement.jobs = facts.jobs;
            placement.load = facts.load.runs;
            placement.hours = facts.load.hours;
            placement.tier = facts.tier;
            placement.owner = facts.owner;
            if (!made.problem.previous.empty()) {
                uint32_t const before = made.problem.previous[id.value];
                placement.isKept = before == placement.wave;
                ++(placement.isKept ? plan.kept : before == noWave ? plan.added : plan.moved);
            } else {
                ++plan.added;
            }
            Wave& here = plan.waves[placement.wave];
            here.workflows.push_back(id);
            here.jobs += facts.jobs;
            here.load += facts.load.runs;
            here.hours += facts.load.hours;
            plan.placements.push_back(std::move(placement));
        }
        addBridges(wave);
        addRollback(wave);
        explain(wave, count);
        return std::move(plan);
    }

private:
    void addBridges(std::vector<uint32_t> const& wave) {
        for (size_t i = 0; i < made.problem.nets.size(); ++i) {
            Net const& net = made.problem.nets[i];
            Bridge bridge;
            bridge.built = noWave;
            for (uint32_t const node : net.nodes) {
                bridge.built = std::min(bridge.built, wave[node]);
                bridge.removed = std::max(bridge.removed, wave[node]);
            }
            if (bridge.built == bridge.removed)
                continue;
            NetSource const& source = made.netSources[i];
            bridge.object = source.object;
            bridge.dependencies = source.dependencies;
            if (source.producer) {
                Dependency const& first = dependencies[source.dependencies.front()];
                bridge.producer = source.producer;
                bridge.from = first.from;
                bridge.to = first.to;
                bridge.side = wave[first.from.value] < wave[first.to.value]
                                  ? Bridge::Side::airflowProducer
                                  : Bridge::Side::legacyProducer;
            } else {
                for (uint32_t const node : net.nodes)
                    bridge.sharers.emplace_back(node);
            }
            plan.lifetime += bridge.removed - bridge.built;
            plan.bridges.push_back(std::move(bridge));
        }
        std::stable_sort(plan.bridges.begin(), plan.bridges.end(),
                         [](Bridge const& a, Bridge const& b) { return a.built < b.built; });
        for (uint32_t i = 0; i < plan.bridges.size(); ++i) {
            plan.waves[plan.bridges[i].built].build.push_back(i);
            plan.waves[plan.bridges[i].removed].remove.push_back(i);
        }
    }

    /// Consumers go back before their producers; of what waits for each other, the last first.
    void addRollback(std::vector<uint32_t> const& wave) {
        std::vector<std::vector<uint32_t>> producersOf(estate.workflows.size());
        std::vector<uint32_t> consumers(estate.workflows.size(), 0);
        for (Dependency const& each : dependencies)
            if (each.at == Producer::job && each.strength == Strength::hard && each.crosses() &&
                wave[each.from.value] == wave[each.to.value]) {
                producersOf[each.to.value].push_back(each.from.value);
                ++consumers[each.from.value];
            }
        for (Wave& here : plan.waves) {
            std::vector<uint32_t> ready, order;
            std::vector<bool> isDone(estate.workflows.size(), false);
            for (ir::WorkflowId const id : here.workflows)
                if (consumers[id.value] == 0)
                    ready.push_back(id.value);
            size_t next = here.workflows.size();
            while (order.size() < here.workflows.size()) {
                if (ready.empty()) { // a cycle: its last workflow
                    while (isDone[here.workflows[next - 1].value])
                        --next;
                    ready.push_back(here.workflows[next - 1].value);
                }
                uint32_t const node = ready.back();
                ready.pop_back();
                if (isDone[node])
                    continue;
                isDone[node] = true;
                order.push_back(node);
                for (uint32_t const producer : producersOf[node])
                    if (--consumers[producer] == 0)
                        ready.push_back(producer);
            }
            for (uint32_t const node : order)
                here.rollback.emplace_back(node);
        }
    }

    // Why here: the strongest reason that holds.
    void explain(std::vector<uint32_t> const& wave, uint32_t count) {
        Model model = Model::of(made.problem, {}, count);
        State state(model);
        for (uint32_t node = 0; node < made.problem.nodes; ++node)
            if (uint32_t const unit = model.unitOf[node]; state.wave[unit] == noWave)
                state.place(unit, wave[node]);
        std::vector<std::vector<uint32_t>> rulesOf(made.problem.nodes);
        for (uint32_t i = 0; i < made.problem.rules.size(); ++i)
            if (Rule const& rule = made.problem.rules[i];
                rule.kind == Rule::Kind::window || rule.kind == Rule::Kind::together)
                for (uint32_t const node : rule.nodes)
                    rulesOf[node].push_back(i);
        for (uint32_t node = 0; node < made.problem.nodes; ++node)
            plan.placements[node].reason = reasonOf(node, wave, model, state, rulesOf[node]);
    }

    std::string reasonOf(uint32_t node, std::vector<uint32_t> const& wave, Model const& model,
                         State const& state, std::vector<uint32_t> const& rules) const {
        uint32_t const here = wave[node], unit = model.unitOf[node];
        std::vector<std::string> reasons;
        for (uint32_t const i : rules) {
            Rule const& rule = made.problem.rules[i];
            RuleSource const& source = made.sources[i];
            if (rule.kind == Rule::Kind::together) {
                std::vector<uint32_t> others = rule.nodes;
                std::erase(others, node);
                reasons.push_back("moves with " + namesOf(estate, others) +
                                  (source.kind == RuleSource::Kind::cycle
                                       ? ": they wait for each other"
                                       : ": `plan.together`"));
            } else if (rule.first == rule.last) {
                reasons.push_back(source.kind == RuleSource::Kind::pin ? "pinned" : source.text);
                return llvm::join(reasons, "; ");
            } else if (source.kind != RuleSource::Kind::done) {
                reasons.push_back(source.text);
            }
        }
        reasons.push_back(tiesOf(unit, here, model, state));
        return llvm::join(reasons, "; ");
    }

    /// Where its neighbours are; and if most of them are elsewhere, why it is not there.
    std::string tiesOf(uint32_t unit, uint32_t here, Model const& model, State const& state) const {
        std::map<uint32_t, int64_t> at;
        int64_t all = 0;
        for (Model::Edge const& edge : model.edges[unit]) {
            at[state.wave[edge.to]] += edge.weight;
            all += edge.weight;
        }
        if (all == 0)
            return "no bridge depends on where it is";
        auto const dependencies_ = [](int64_t number) {
            return number == 1 ? std::string("dependency") : fmt::format("{} dependencies", number);
        };
        uint32_t best = here;
        for (auto const& [wave, count] : at)
            if (count > at[best])
                best = wave;
        std::string text =
            at[here] == all ? fmt::format("the other end of its {} is in {}", dependencies_(all),
                                          waveName(here))
            : at[here] > 0
                ? fmt::format("{} of its {} dependencies {} within {}", at[here], all,
                              at[here] == 1 ? "is" : "are", waveName(here))
                : fmt::format("none of its {} is within {}", dependencies_(all), waveName(here));
        if (best == here)
            return text;
        std::string why;
        if (!model.allowed[unit].has(best))
            why = "it may not go there";
        else if (auto const rule = state.blocker(unit, best))
            why = made.sources[*rule].kind == RuleSource::Kind::capacity ||
                          made.sources[*rule].kind == RuleSource::Kind::owner
                      ? fmt::format("{} is full: {}", waveName(best), made.sources[*rule].text)
                      : made.sources[*rule].text;
        else if (!made.problem.previous.empty())
            why = "too little is saved by leaving the place it had";
        else
            why = "what it shares with others weighs more";
        return text + fmt::format("; {} in {}, but {}", at[best], waveName(best), why);
    }

    ir::Estate const& estate;
    std::vector<Dependency> const& dependencies;
    PlanProblem const& made;
    Plan plan;
};

} // namespace

std::optional<Plan> makePlan(ir::Estate const& estate, std::vector<Dependency> const& dependencies,
                             PlanSettings const& settings, PlanOptions const& options,
                             diag::Diagnostics& diags) {
    PlanProblem const made = problemOf(estate, dependencies, settings, options, diags);
    Solution solution = solve(made.problem, {options.moves, 1});
    if (solution.outcome == Solution::Outcome::undecided) {
        diags
            .report<Code::PlanUndecided>(
                {}, "the search ended without one, and nothing proves that there is none")
            .help("give it more room (`wave_size`, `waves`) or more moves (`--budget N`)");
        return std::nullopt;
    }
    if (solution.outcome == Solution::Outcome::infeasible) {
        std::string text;
        Span span;
        bool hasCycle = false;
        std::vector<uint32_t> const& rules = solution.conflict.rules;
        for (size_t i = 0; i < rules.size(); ++i) {
            RuleSource const& source = made.sources[rules[i]];
            text += (i == 0 ? "" : i + 1 == rules.size() ? " and " : ", ") + source.text;
            hasCycle |= source.kind == RuleSource::Kind::cycle;
            if (!span.isValid() && source.kind != RuleSource::Kind::cycle)
                span = source.span;
        }
        auto builder = diags.report<Code::PlanInfeasible>(span, text);
        builder.evidence(text);
        bool isFirst = true;
        for (uint32_t const rule : rules) {
            if (made.sources[rule].span.isValid() && isFirst && made.sources[rule].span == span) {
                builder.primary(made.sources[rule].text);
                isFirst = false;
            } else {
                builder.label(made.sources[rule].span, made.sources[rule].text);
            }
        }
        builder.note(solution.conflict.isSmallest
                         ? "this is the smallest set that conflicts: none of fewer constraints does"
                         : "this set is minimal: none of it can be spared; whether another of "
                           "fewer constraints conflicts was not decided within the budget");
        builder.help("each of these can be met without the others: loosen one");
        if (hasCycle)
            builder.help("`split_cycles = true` lets workflows that wait for each other part");
        return std::nullopt;
    }
    if (!options.before)
        WaveOrder(made.problem, solution).improve();
    Plan plan = Maker(estate, dependencies, made).make(solution.wave);
    plan.hasHistory = options.history != nullptr;
    return plan;
}

Plan planAsBefore(ir::Estate const& estate, std::vector<Dependency> const& dependencies,
                  PlanSettings const& settings, PlanOptions const& options, llvm::StringRef file,
                  diag::Diagnostics& diags) {
    PlanProblem const made = problemOf(estate, dependencies, settings, options, diags);
    std::vector<uint32_t> wave = made.problem.previous;
    std::map<std::string, size_t> found;
    bool isWhole = true;
    for (ir::WorkflowId const id : estate.workflows.ids()) {
        ir::Job const& root = estate.jobs[estate.workflows[id].root];
        ++found[options.nameOf(root.name)];
        if (wave[id.value] != noWave)
            continue;
        isWhole = false;
        diags
            .report<Code::PlanOutdated>(root.nameSpan, file,
                                        fmt::format("`{}` has no wave", diag::shown(root.name)))
            .object(root.name)
            .evidence("new");
        wave[id.value] = 0;
    }
    for (auto const& [name, waves] : *options.before)
        if (size_t const here = found[name]; here < waves.size())
            diags
                .report<Code::PlanOutdated>(
                    {}, file,
                    fmt::format("`{}` of {} is not in the estate", name, waveName(waves[here])))
                .object(name)
                .evidence("gone");
    if (isWhole)
        if (auto const broken = brokenRule(made.problem, wave))
            diags
                .report<Code::PlanOutdated>(made.sources[*broken].span, file,
                                            "it breaks " + made.sources[*broken].text)
                .evidence(made.sources[*broken].text);
    Plan plan = Maker(estate, dependencies, made).make(wave);
    plan.hasHistory = options.history != nullptr;
    return plan;
}

} // namespace hoist::migration
