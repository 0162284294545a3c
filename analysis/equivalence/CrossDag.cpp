// Sensors on other DAGs and schedules by assets, against latched statuses.
#include "analysis/equivalence/CrossDag.h"

#include "analysis/equivalence/Playing.h"
#include "analysis/equivalence/Together.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace hoist::equivalence {

namespace {

constexpr int64_t hour = 3600;

std::string clock(int64_t instant) {
    return fmt::format("{:%Y-%m-%d %H:%M}Z", fmt::gmtime(static_cast<std::time_t>(instant)));
}

class CrossDag {
public:
    CrossDag(ir::Estate const& model, schedule::Ticks& clockOfEstate, Pair const& given,
             target::Bag const& loaded, target::Dag const& loadedDag, Horizon over, Findings& into)
        : estate(model), ticks(clockOfEstate), pair(given), bag(loaded), dag(loadedDag),
          horizon(over), out(into), workflow(model.workflows[given.workflow]) {}

    /// Whether what stock Airflow reads of the other DAGs was told to be something else.
    bool run() {
        collectForeignSuccesses();
        if (foreign.empty())
            return false;
        for (target::Task const& task : dag.tasks)
            if (llvm::is_contained(task.bases, "ExternalTaskSensor"))
                compareSensor(task);
        if (dag.timetable.kind == target::Timetable::Kind::assets)
            compareAssets();
        return readsOther;
    }

private:
    /// A success of a job of another workflow that a member or the root cannot start without.
    struct Foreign {
        ir::JobId dependent;
        ir::AtomId atom;
    };

    void collectForeignSuccesses() {
        ir::Conditions const& pool = estate.conditions;
        for (ir::JobId id : workflow.jobs) {
            ir::ConditionRef const& condition = estate.jobs[id].condition;
            if (!condition)
                continue;
            llvm::SmallVector<ir::ExprId, 8> operands{condition.expr};
            if (pool[condition.expr].kind == ir::Expr::Kind::all)
                operands.assign(pool.operands(condition.expr).begin(),
                                pool.operands(condition.expr).end());
            for (ir::ExprId operand : operands) {
                if (pool[operand].kind != ir::Expr::Kind::atom)
                    continue;
                ir::Atom const& atom = pool.atomOf(operand);
                bool const isForeign = atom.job && atom.instance.empty() &&
                                       estate.jobs[atom.job].workflow != pair.workflow;
                if (isForeign && atom.kind == ir::Atom::Kind::status &&
                    atom.outcomes == ir::succeeded)
                    foreign.push_back({id, pool[operand].atom});
            }
        }
    }

    target::TickSet const* ticksOf(target::Dag const& of) const {
        return of.timetable.kind == target::Timetable::Kind::ticks && of.timetable.ticks
                   ? &bag.tickSets[of.timetable.ticks]
                   : nullptr;
    }

    /// Plays the workflow alone; the other jobs' statuses come from the scenario.
    std::string firstStart(semantics::Scenario const& scenario, ir::JobId job,
                           std::vector<std::string>& story, std::optional<int64_t>& at) const {
        semantics::Trace const trace = semantics::run(estate, ticks, scenario, pair.workflow);
        std::string const name = estate.jobs[job].name.str();
        auto const lives = livesOf(trace, {name});
        auto const it = lives.find(name);
        at.reset();
        if (it != lives.end() && !it->second.starts.empty())
            at = it->second.starts.front();
        tell(ir::toString(estate.jobs[job].dialect), trace,
             castOf(estate, pair.workflow, job, scenario), story);
        return it == lives.end() ? Life().text() : it->second.text();
    }

    void compareSensor(target::Task const& sensor) {
        nlohmann::json const& other = sensor.argument("external_dag_id");
        if (!other.is_string())
            return;
        auto const found = bag.dagById.find(other.get_ref<std::string const&>());
        target::TickSet const* const mine = ticksOf(dag);
        if (found == bag.dagById.end() || !mine || mine->ticks.empty())
            return;
        // Which condition it stands for: the one on a job of that DAG's workflow.
        auto const meant = llvm::find_if(foreign, [&](Foreign const& one) {
            ir::JobId const job = estate.conditions[one.atom].job;
            ir::JobId const root = estate.workflows[estate.jobs[job].workflow].root;
            return estate.jobs[root].name == found->first() ||
                   estate.jobs[job].name == found->first();
        });
        if (meant == foreign.end())
            return;
        int64_t const delta =
            sensor.argument("execution_delta").is_number()
                ? static_cast<int64_t>(sensor.argument("execution_delta").get<double>())
                : 0;
        int64_t const timeout = sensor.argument("timeout").is_number()
                                    ? static_cast<int64_t>(sensor.argument("timeout").get<double>())
                                    : 7 * 24 * hour;
        if (!missingRun(sensor, *meant, *mine, bag.dags[found->second], delta))
            timeOut(sensor, *meant, *mine, timeout);
    }

    semantics::Scenario day(int64_t tick, Foreign const& meant) const {
        semantics::Scenario scenario;
        scenario.hasEndlessCapacity = true;
        scenario.start = tick - 60;
        scenario.end = tick + 24 * hour;
        // Everything else that the workflow waits for elsewhere has succeeded.
        for (Foreign const& one : foreign)
            if (one.atom != meant.atom)
                scenario.statuses[estate.conditions[one.atom].name.str()] = {
                    semantics::Status::success, tick - hour, tick - 2 * hour, tick - hour, 0};
        return scenario;
    }

    Difference differenceOf(Foreign const& meant, std::string task) const {
        ir::Job const& job = estate.jobs[meant.dependent];
        Difference difference;
        difference.aspect = Difference::Aspect::start;
        difference.job = meant.dependent;
        difference.definition = job.condition.span;
        difference.task = std::move(task);
        return difference;
    }

    /// AF-042: the sensor wants a run of one instant; a latched status counts whenever it was
    /// reached.
    bool missingRun(target::Task const& sensor, Foreign const& meant, target::TickSet const& mine,
                    target::Dag const& other, int64_t delta) {
        target::TickSet const* const theirs = ticksOf(other);
        ir::Atom const& atom = estate.conditions[meant.atom];
        if (!theirs || atom.scope.kind != ir::Scope::Kind::latched)
            return false;
        int64_t const until = std::min(mine.until, theirs->until);
        for (int64_t const tick : mine.ticks) {
            if (tick >= until || tick - delta < horizon.from)
                continue;
            if (std::binary_search(theirs->ticks.begin(), theirs->ticks.end(), tick - delta))
                continue;
            auto const later = std::upper_bound(theirs->ticks.begin(), theirs->ticks.end(), tick);
            if (later == theirs->ticks.begin())
                continue; // no earlier run whose success could still count
            int64_t const last = *std::prev(later);
            semantics::Scenario scenario = day(tick, meant);
            scenario.statuses[atom.name.str()] = {semantics::Status::success, last + 60, last,
                                                  last + 60, 0};
            Difference difference = differenceOf(meant, sensor.id);
            tellGiven(scenario, {}, difference.story);
            std::optional<int64_t> started;
            difference.legacySide =
                firstStart(scenario, meant.dependent, difference.story, started);
            if (!started)
                return false;
            difference.airflowSide =
                fmt::format("waits for the run of `{}` at {}, which there is not", other.id,
                            clock(tick - delta));
            difference.story.push_back(
                fmt::format("airflow: {}  {} looks for the run of DAG {} at {}: there "
                            "is none, and none comes (AF-042)",
                            clock(tick), sensor.id, other.id, clock(tick - delta)));
            difference.consequence =
                fmt::format("at {} AutoSys starts `{}` on the success of `{}` that still counts "
                            "(JIL-064); the sensor `{}` "
                            "waits until it times out",
                            clock(tick), std::string_view(estate.jobs[meant.dependent].name),
                            std::string_view(atom.name), sensor.id);
            out.differences.push_back(std::move(difference));
            readsOther = true;
            return true;
        }
        return false;
    }

    /// JIL-144: an armed tick does not expire; a sensor does.
    void timeOut(target::Task const& sensor, Foreign const& meant, target::TickSet const& mine,
                 int64_t timeout) {
        ir::Atom const& atom = estate.conditions[meant.atom];
        int64_t const tick = mine.ticks.front();
        semantics::Scenario scenario = day(tick, meant);
        scenario.end = tick + timeout + 2 * hour;
        scenario.statuses[atom.name.str()] = {
            semantics::Status::running, tick - hour, tick - hour, -1, {}};
        semantics::Event late;
        late.at = tick + timeout + hour;
        late.kind = semantics::Event::Kind::externalStatus;
        late.object = atom.name.str();
        late.status = semantics::Status::success;
        scenario.events.push_back(late);
        Difference difference = differenceOf(meant, sensor.id);
        tellGiven(scenario, {}, difference.story);
        difference.story.push_back(
            fmt::format("given: {} succeeds at {}", std::string_view(atom.name), clock(late.at)));
        std::optional<int64_t> started;
        difference.legacySide = firstStart(scenario, meant.dependent, difference.story, started);
        if (!started || *started < late.at)
            return;
        difference.airflowSide = fmt::format("gives up after {} seconds", timeout);
        difference.story.push_back(
            fmt::format("airflow: {}  {} times out and fails", clock(tick + timeout), sensor.id));
        difference.consequence =
            fmt::format("when `{}` is late, AutoSys still starts `{}` (an armed tick does not "
                        "expire, JIL-144); the sensor "
                        "`{}` has failed by then",
                        std::string_view(atom.name),
                        std::string_view(estate.jobs[meant.dependent].name), sensor.id);
        out.differences.push_back(std::move(difference));
    }

    /// TR-03: a latch counts again and again, an asset event once.
    void compareAssets() {
        ir::Job const& root = estate.jobs[workflow.root];
        if (root.schedule || !root.condition || foreign.size() < 2)
            return;
        ir::Conditions const& pool = estate.conditions;
        bool const isConjunction = pool[root.condition.expr].kind == ir::Expr::Kind::all &&
                                   pool.operands(root.condition.expr).size() == foreign.size() &&
                                   llvm::all_of(foreign, [&](Foreign const& one) {
                                       return one.dependent == workflow.root &&
                                              pool[one.atom].scope.kind == ir::Scope::Kind::latched;
                                   });
        nlohmann::json const& timetable =
            dag.fields.contains("timetable") ? dag.fields["timetable"] : dag.fields;
        bool const wantsAll = timetable.dump().find("asset_all") != std::string::npos;
        if (!isConjunction || !wantsAll)
            return;
        Foreign const& again = foreign.front();
        ir::Atom const& atom = pool[again.atom];
        int64_t const noon = horizon.from + 12 * hour;
        semantics::Scenario scenario = day(noon, again);
        scenario.statuses[atom.name.str()] = {
            semantics::Status::running, noon - hour, noon - hour, -1, {}};
        semantics::Event event;
        event.at = noon;
        event.kind = semantics::Event::Kind::externalStatus;
        event.object = atom.name.str();
        event.status = semantics::Status::success;
        scenario.events.push_back(event);
        Difference difference = differenceOf(again, "");
        difference.story.push_back(
            fmt::format("given: all of them have succeeded once, and `{}` has run for that",
                        std::string_view(root.name)));
        difference.story.push_back(fmt::format("given: {} succeeds again at {}",
                                               std::string_view(atom.name), clock(noon)));
        std::optional<int64_t> started;
        difference.legacySide = firstStart(scenario, workflow.root, difference.story, started);
        if (!started)
            return;
        difference.airflowSide = "an asset schedule waits until every asset has a new event";
        difference.story.push_back(fmt::format(
            "airflow: {}  one new event of several that are needed: no run (AF-040)", clock(noon)));
        difference.consequence =
            fmt::format("when `{}` succeeds again, AutoSys starts `{}` again, as the other "
                        "statuses still count (JIL-064); "
                        "the asset schedule makes no run (TR-03)",
                        std::string_view(atom.name), std::string_view(root.name));
        out.differences.push_back(std::move(difference));
        readsOther = true;
    }

    ir::Estate const& estate;
    schedule::Ticks& ticks;
    Pair const& pair;
    target::Bag const& bag;
    target::Dag const& dag;
    Horizon horizon;
    Findings& out;
    ir::Workflow const& workflow;
    std::vector<Foreign> foreign;
    bool readsOther = false;
};

} // namespace

void compareAcrossDags(ir::Estate const& estate, schedule::Ticks& ticks, target::Bag const& bag,
                       llvm::ArrayRef<Pair> pairs, Pair const& pair, Options const& options,
                       Findings& out) {
    target::Dag const& dag = bag.dags[pair.dag];
    if (CrossDag(estate, ticks, pair, bag, dag, options.horizon, out).run())
        return;
    if (auto difference = playTogether(estate, ticks, bag, pairs, pair, options))
        out.differences.push_back(std::move(*difference));
}

} // namespace hoist::equivalence
