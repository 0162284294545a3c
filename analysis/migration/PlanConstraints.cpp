// Reads rules off `[plan]`, and nets and cycles off the dependencies.
#include "analysis/migration/PlanConstraints.h"

#include "frontend/base/Components.h"
#include "frontend/base/Counted.h"
#include "frontend/base/Glob.h"

#include <llvm/ADT/StringMap.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace hoist::migration {
namespace {

using diag::Code;
using Source = RuleSource::Kind;

constexpr int64_t loadUnits = 1000; ///< loads are counted in thousandths of a run

llvm::StringRef nameOf(ir::Estate const& estate, uint32_t node) {
    return estate.jobs[estate.workflows[ir::WorkflowId(node)].root].name;
}

class Builder {
public:
    Builder(ir::Estate const& model, std::vector<Dependency> const& theDependencies,
            PlanSettings const& theSettings, PlanOptions const& theOptions,
            diag::Diagnostics& diagnostics)
        : estate(model), dependencies(theDependencies), settings(theSettings), options(theOptions),
          diags(diagnostics) {}

    PlanProblem build() {
        made.problem.nodes = static_cast<uint32_t>(estate.workflows.size());
        everyone.resize(made.problem.nodes);
        std::iota(everyone.begin(), everyone.end(), 0);
        collectFacts();
        collectNets();
        addCalendar();
        addCounts();
        if (!settings.splitCycles)
            addCycles();
        addRows();
        addTiers();
        addBefore();
        return std::move(made);
    }

private:
    Rule& add(Rule::Kind kind, std::vector<uint32_t> nodes, Source source, std::string text,
              Span span) {
        made.sources.push_back({std::move(text), span, source});
        Rule rule;
        rule.kind = kind;
        rule.nodes = std::move(nodes);
        made.problem.rules.push_back(std::move(rule));
        return made.problem.rules.back();
    }

    void collectFacts() {
        std::vector<Load> const load =
            expectedLoad(estate, dependencies, settings, options.history);
        for (ir::WorkflowId const id : estate.workflows.ids()) {
            ir::Workflow const& workflow = estate.workflows[id];
            ir::Job const& root = estate.jobs[workflow.root];
            WorkflowFacts facts;
            facts.jobs = static_cast<uint32_t>(workflow.jobs.size());
            facts.load = load[id.value];
            facts.owner = root.owner ? root.owner->str() : "";
            for (PlanSettings::Tier const& tier : settings.tiers)
                if (fits(tier.who, id.value)) {
                    facts.tier = tier.tier;
                    break;
                }
            made.facts.push_back(std::move(facts));
        }
    }

    bool fits(PlanSettings::Selector const& who, uint32_t node) const {
        ir::Job const& root = estate.jobs[estate.workflows[ir::WorkflowId(node)].root];
        auto const matches = [](std::string const& pattern, llvm::StringRef text) {
            return pattern.empty() || matchesGlob(pattern, text);
        };
        return matches(who.workflow, root.name) &&
               matches(who.owner, root.owner ? *root.owner : llvm::StringRef()) &&
               matches(who.application, root.application ? *root.application : llvm::StringRef());
    }

    std::vector<uint32_t> selected(PlanSettings::Selector const& who) const {
        std::vector<uint32_t> nodes;
        for (uint32_t const node : everyone)
            if (fits(who, node))
                nodes.push_back(node);
        return nodes;
    }

    /// Names nothing: most often a name that has changed.
    std::vector<uint32_t> named(char const* key, std::string const& pattern, Span span) {
        std::vector<uint32_t> nodes = selected({pattern, {}, {}});
        if (nodes.empty())
            diags.report<Code::PlanNamesNothing>(span, std::string("plan.") + key, pattern)
                .object(pattern);
        return nodes;
    }

    /// One net per producing job and waiting workflow, one per object that is shared.
    void collectNets() {
        std::map<std::pair<uint32_t, uint32_t>, size_t> ofPair;
        std::map<std::pair<DependencyKind, std::string>, size_t> ofObject;
        for (uint32_t i = 0; i < dependencies.size(); ++i) {
            Dependency const& each = dependencies[i];
            if (each.at == Producer::job) {
                if (each.strength != Strength::hard || !each.crosses())
                    continue;
                auto const [it, isNew] =
                    ofPair.try_emplace({each.producer.value, each.to.value}, netCount());
                if (isNew)
                    addNet({each.from.value, each.to.value}, each.producer,
                           estate.jobs[each.producer].name.str());
                made.netSources[it->second].dependencies.push_back(i);
            } else if (each.at == Producer::shared &&
                       (each.strength == Strength::hard || each.kind == DependencyKind::resource ||
                        each.kind == DependencyKind::load)) {
                auto const [it, isNew] = ofObject.try_emplace({each.kind, each.object}, netCount());
                if (isNew)
                    addNet({}, {}, each.object);
                made.netSources[it->second].dependencies.push_back(i);
                made.problem.nets[it->second].nodes.push_back(each.to.value);
            }
        }
        for (Net& net : made.problem.nets) {
            std::sort(net.nodes.begin(), net.nodes.end());
            net.nodes.erase(std::unique(net.nodes.begin(), net.nodes.end()), net.nodes.end());
        }
    }
    size_t netCount() const { return made.problem.nets.size(); }
    void addNet(std::vector<uint32_t> nodes, ir::JobId producer, std::string object) {
        made.problem.nets.push_back({std::move(nodes), 1});
        made.netSources.push_back({producer, std::move(object), {}});
    }

    static bool isForAll(PlanSettings::Freeze const& freeze) {
        return freeze.who.workflow.empty() && freeze.who.owner.empty() &&
               freeze.who.application.empty();
    }

    /// The days of waves: every so many days, outside of the freezes that hold for all.
    void addCalendar() {
        if (!settings.start)
            return;
        int32_t day = dayNumber(settings.start->value);
        int32_t const end =
            settings.end ? dayNumber(settings.end->value) : std::numeric_limits<int32_t>::max();
        size_t const most = size_t{made.problem.nodes} + 1000;
        for (size_t steps = 0; steps < 4 * most && made.dates.size() < most && day <= end;
             ++steps, day += static_cast<int32_t>(settings.every))
            if (std::none_of(settings.freezes.begin(), settings.freezes.end(), [&](auto const& f) {
                    return isForAll(f) && dayNumber(f.from) <= day && day <= dayNumber(f.to);
                }))
                made.dates.push_back(dayText(day));
        if (settings.end)
            add(Rule::Kind::waves, {}, Source::count,
                fmt::format("`end` = {} ({} from `start` on)", settings.end->value,
                            counted(made.dates.size(), "wave")),
                settings.end->span)
                .limit = static_cast<int64_t>(made.dates.size());
        for (PlanSettings::Freeze const& freeze : settings.freezes) {
            if (isForAll(freeze))
                continue;
            std::vector<uint32_t> closed;
            for (uint32_t w = 0; w < made.dates.size(); ++w)
                if (int32_t const at = dayNumber(made.dates[w]);
                    dayNumber(freeze.from) <= at && at <= dayNumber(freeze.to))
                    closed.push_back(w);
            std::vector<uint32_t> nodes = selected(freeze.who);
            if (nodes.empty())
                diags.report<Code::PlanNamesNothing>(freeze.span, llvm::StringRef("plan.freeze"),
                                                     patternsOf(freeze.who));
            if (!closed.empty() && !nodes.empty())
                add(Rule::Kind::window, std::move(nodes), Source::freeze,
                    fmt::format("the freeze of `{}` from {} to {}", patternsOf(freeze.who),
                                freeze.from, freeze.to),
                    freeze.span)
                    .closed = std::move(closed);
        }
    }

    static std::string patternsOf(PlanSettings::Selector const& who) {
        std::string text;
        for (std::string const* each : {&who.workflow, &who.owner, &who.application})
            if (!each->empty())
                text += (text.empty() ? "" : ", ") + *each;
        return text;
    }

    void addCapacity(PlanSettings::Number const& limit, char const* key, int64_t units,
                     std::function<int64_t(WorkflowFacts const&)> const& amountOf,
                     std::string const& note = {}) {
        if (!limit)
            return;
        Rule& rule = add(Rule::Kind::capacity, everyone, Source::capacity,
                         fmt::format("`{}` = {}{}", key, limit->value, note), limit->span);
        rule.limit = limit->value * units;
        for (WorkflowFacts const& facts : made.facts)
            rule.amounts.push_back(amountOf(facts));
    }

    void addCounts() {
        if (settings.waves)
            add(Rule::Kind::waves, {}, Source::count,
                fmt::format("`waves` = {}", settings.waves->value), settings.waves->span)
                .limit = settings.waves->value;
        PlanSettings::Number size = settings.waveSize;
        std::string note;
        bool const isLimited =
            size || settings.jobsPerWave || settings.loadPerWave || settings.ownersPerWave;
        // Without any limit all would go at once, and no bridge would be needed.
        if (!isLimited && settings.waves) {
            int64_t const even = (made.problem.nodes + settings.waves->value - 1) /
                                 std::max<int64_t>(1, settings.waves->value);
            size = {even * 5 / 4 + 1, settings.waves->span};
            note = " (by default, a quarter more than even)";
        } else if (!isLimited) {
            size = {50, {}};
            note = " (by default)";
        }
        addCapacity(size, "wave_size", 1, [](auto const&) { return 1; }, note);
        addCapacity(settings.jobsPerWave, "jobs_per_wave", 1,
                    [](auto const& facts) { return facts.jobs; });
        addCapacity(settings.loadPerWave, "load_per_wave", loadUnits, [](auto const& facts) {
            return static_cast<int64_t>(std::ceil(facts.load.runs * loadUnits));
        });
        if (settings.ownersPerWave) {
            Rule& rule = add(Rule::Kind::variety, everyone, Source::owners,
                             fmt::format("`owners_per_wave` = {}", settings.ownersPerWave->value),
                             settings.ownersPerWave->span);
            rule.limit = settings.ownersPerWave->value;
            llvm::StringMap<uint32_t> numbers;
            for (WorkflowFacts const& facts : made.facts)
                rule.labels.push_back(
                    numbers.try_emplace(facts.owner, static_cast<uint32_t>(numbers.size()))
                        .first->second);
        }
    }

    void addCycles() {
        for (std::vector<uint32_t>& cycle : cyclesOf(estate, dependencies)) {
            // The place is one of the conditions that close it.
            Span span;
            for (Dependency const& each : dependencies)
                if (each.at == Producer::job && each.crosses() && each.from.value == cycle[0] &&
                    std::binary_search(cycle.begin(), cycle.end(), each.to.value)) {
                    span = estate.constructs.span(each.evidence);
                    break;
                }
            std::string text = namesOf(estate, cycle) + " wait for each other";
            add(Rule::Kind::together, std::move(cycle), Source::cycle, std::move(text), span);
        }
    }

    void addWindow(std::vector<uint32_t> nodes, Source source, std::string text, Span span,
                   PlanSettings::Number const& first, PlanSettings::Number const& last) {
        if (nodes.empty() || (!first && !last))
            return;
        Rule& rule = add(Rule::Kind::window, std::move(nodes), source, std::move(text), span);
        rule.first = first ? static_cast<uint32_t>(first->value - 1) : 0;
        rule.last = last ? static_cast<uint32_t>(last->value - 1) : noWave;
    }

    static std::string boundsText(PlanSettings::Number const& first,
                                  PlanSettings::Number const& last) {
        std::string text;
        if (first)
            text = fmt::format("not before W{}", first->value);
        if (last)
            text += fmt::format("{}not after W{}", first ? ", " : "", last->value);
        return text;
    }

    void addRows() {
        for (PlanSettings::Pin const& pin : settings.pins)
            addWindow(named("pin", pin.workflow, pin.span), Source::pin,
                      fmt::format("the pin of `{}` to W{}", pin.workflow, pin.wave), pin.span,
                      Said<int64_t>{pin.wave, pin.span}, Said<int64_t>{pin.wave, pin.span});
        for (PlanSettings::Owner const& owner : settings.owners) {
            std::vector<uint32_t> const nodes = selected({{}, owner.owner, {}});
            if (nodes.empty())
                diags.report<Code::PlanNamesNothing>(owner.span, llvm::StringRef("plan.owner"),
                                                     owner.owner);
            addWindow(nodes, Source::owner,
                      fmt::format("owner `{}` {}", owner.owner,
                                  boundsText(owner.notBefore, owner.notAfter)),
                      owner.span, owner.notBefore, owner.notAfter);
            if (owner.perWave && !nodes.empty()) {
                Rule& rule = add(Rule::Kind::capacity, nodes, Source::owner,
                                 fmt::format("owner `{}` with `per_wave` = {}", owner.owner,
                                             owner.perWave->value),
                                 owner.span);
                rule.limit = owner.perWave->value;
                rule.amounts.assign(nodes.size(), 1);
            }
        }
        for (PlanSettings::Group const& group : settings.together)
            if (std::vector<uint32_t> nodes = namedAll("together", group); nodes.size() > 1)
                add(Rule::Kind::together, nodes, Source::group,
                    namesOf(estate, nodes) + " together", group.span);
        for (PlanSettings::Group const& group : settings.apart)
            if (std::vector<uint32_t> nodes = namedAll("apart", group); nodes.size() > 1) {
                Rule& rule = add(Rule::Kind::capacity, nodes, Source::group,
                                 namesOf(estate, nodes) + " apart", group.span);
                rule.limit = 1;
                rule.amounts.assign(nodes.size(), 1);
            }
        for (PlanSettings::Order const& order : settings.orders) {
            std::vector<uint32_t> first = named("order", order.first, order.span);
            std::vector<uint32_t> later = named("order", order.then, order.span);
            if (first.empty() || later.empty())
                continue;
            Rule& rule = add(Rule::Kind::order, std::move(first), Source::order,
                             fmt::format("`{}` before `{}`", order.first, order.then), order.span);
            rule.later = std::move(later);
            rule.isStrict = true;
        }
    }

    std::vector<uint32_t> namedAll(char const* key, PlanSettings::Group const& group) {
        std::vector<uint32_t> nodes;
        for (std::string const& pattern : group.workflows)
            for (uint32_t const node : named(key, pattern, group.span))
                nodes.push_back(node);
        std::sort(nodes.begin(), nodes.end());
        nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
        return nodes;
    }

    void addTiers() {
        std::map<int64_t, std::vector<uint32_t>> ofTier;
        for (uint32_t const node : everyone)
            ofTier[made.facts[node].tier].push_back(node);
        for (PlanSettings::Tier const& tier : settings.tiers) {
            std::vector<uint32_t> nodes = selected(tier.who);
            if (nodes.empty())
                diags.report<Code::PlanNamesNothing>(tier.span, llvm::StringRef("plan.tier"),
                                                     patternsOf(tier.who));
            // Those that an earlier row decided are not of this tier.
            std::erase_if(nodes, [&](uint32_t node) { return rowOf(node) != &tier; });
            addWindow(
                std::move(nodes), Source::tier,
                fmt::format("tier {} {}", tier.tier, boundsText(tier.notBefore, tier.notAfter)),
                tier.span, tier.notBefore, tier.notAfter);
        }
        if (!settings.lowRiskFirst)
            return;
        for (auto lower = ofTier.begin(); lower != ofTier.end(); ++lower)
            if (auto const higher = std::next(lower); higher != ofTier.end())
                add(Rule::Kind::order, lower->second, Source::tier,
                    fmt::format("`low_risk_first` (tier {} before tier {})", lower->first,
                                higher->first),
                    *settings.lowRiskFirst)
                    .later = higher->second;
    }

    PlanSettings::Tier const* rowOf(uint32_t node) const {
        for (PlanSettings::Tier const& tier : settings.tiers)
            if (fits(tier.who, node))
                return &tier;
        return nullptr;
    }

    void addBefore() {
        if (!options.before)
            return;
        made.problem.previous.assign(made.problem.nodes, noWave);
        made.problem.keepCost = settings.moveGain;
        std::map<std::string, size_t> seen;
        for (uint32_t const node : everyone) {
            std::string const name = options.nameOf(nameOf(estate, node));
            auto const it = options.before->find(name);
            size_t const place = seen[name]++;
            if (it == options.before->end() || place >= it->second.size())
                continue;
            made.problem.previous[node] = it->second[place];
            made.problem.wavesAsked = std::max(made.problem.wavesAsked, it->second[place] + 1);
        }
        if (!settings.done || settings.done->value == 0)
            return;
        uint32_t const done = static_cast<uint32_t>(settings.done->value);
        std::map<uint32_t, std::vector<uint32_t>> moved;
        std::vector<uint32_t> open;
        for (uint32_t const node : everyone)
            if (uint32_t const wave = made.problem.previous[node]; wave < done)
                moved[wave].push_back(node);
            else
                open.push_back(node);
        PlanSettings::Number const next = Said<int64_t>{settings.done->value + 1, {}};
        addWindow(std::move(open), Source::done,
                  fmt::format("`done` = {}: nothing joins these waves", settings.done->value),
                  settings.done->span, next, {});
        for (auto& [wave, nodes] : moved) {
            PlanSettings::Number const here = Said<int64_t>{int64_t{wave} + 1, {}};
            addWindow(std::move(nodes), Source::done,
                      fmt::format("`done` = {}: W{} has moved", settings.done->value, wave + 1),
                      settings.done->span, here, here);
        }
    }

    ir::Estate const& estate;
    std::vector<Dependency> const& dependencies;
    PlanSettings const& settings;
    PlanOptions const& options;
    diag::Diagnostics& diags;
    PlanProblem made;
    std::vector<uint32_t> everyone;
};

} // namespace

std::string namesOf(ir::Estate const& estate, std::vector<uint32_t> const& nodes) {
    constexpr size_t shownNames = 3;
    std::string text;
    size_t const shown = nodes.size() <= shownNames + 1 ? nodes.size() : shownNames;
    for (size_t i = 0; i < shown; ++i) {
        if (i > 0)
            text += i + 1 == nodes.size() ? " and " : ", ";
        text += "`" + nameOf(estate, nodes[i]).str() + "`";
    }
    if (shown < nodes.size())
        text += fmt::format(" and {} others", nodes.size() - shown);
    return text;
}

PlanProblem problemOf(ir::Estate const& estate, std::vector<Dependency> const& dependencies,
                      PlanSettings const& settings, PlanOptions const& options,
                      diag::Diagnostics& diags) {
    PlanProblem made = Builder(estate, dependencies, settings, options, diags).build();
    return made;
}

std::vector<std::vector<uint32_t>> cyclesOf(ir::Estate const& estate,
                                            std::vector<Dependency> const& dependencies) {
    uint32_t const count = static_cast<uint32_t>(estate.workflows.size());
    std::vector<std::vector<uint32_t>> next(count);
    for (Dependency const& each : dependencies)
        if (each.at == Producer::job && each.strength == Strength::hard && each.crosses() &&
            each.kind != DependencyKind::exclusion) // JIL-076: nobody waits for an order
            next[each.from.value].push_back(each.to.value);
    auto const arrow = [&](uint32_t node, size_t i) {
        return i < next[node].size() ? std::optional(next[node][i]) : std::nullopt;
    };
    std::vector<std::vector<uint32_t>> cycles;
    forEachComponent(count, arrow, [&](std::vector<uint32_t> cycle) {
        if (cycle.size() > 1) {
            std::sort(cycle.begin(), cycle.end());
            cycles.push_back(std::move(cycle));
        }
    });
    std::sort(cycles.begin(), cycles.end());
    return cycles;
}

} // namespace hoist::migration
