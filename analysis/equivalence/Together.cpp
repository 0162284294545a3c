// Which workflows play, which days, and what is told of a difference.
#include "analysis/equivalence/Together.h"

#include "analysis/equivalence/Counterexample.h"
#include "analysis/equivalence/Playing.h"
#include "analysis/equivalence/Scenarios.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace hoist::equivalence {

using semantics::Scenario;

namespace {

constexpr int64_t minute = 60;
constexpr int64_t day = int64_t(24) * 3600;
constexpr int64_t length = 4 * day; ///< of a play: over a weekend, and what it leaves behind
constexpr size_t mostDags = 12, mostJobs = 60, mostTicks = 2000;
constexpr size_t mostPatterns = 24, mostFailing = 4, mostPatternsFailing = 4, mostDecisions = 64;

std::string clock(int64_t instant) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(instant)));
}

/// The first start that one side has and the other has not within a minute, before `until`.
struct Parting {
    size_t index = 0;
    int64_t at = 0;
};
std::optional<Parting> partingOf(Life const& a, Life const& b, int64_t until) {
    for (size_t i = 0; i < std::max(a.starts.size(), b.starts.size()); ++i) {
        int64_t const x = i < a.starts.size() ? a.starts[i] : until;
        int64_t const y = i < b.starts.size() ? b.starts[i] : until;
        if (std::min(x, y) >= until - minute)
            return std::nullopt;
        if (std::abs(x - y) >= minute)
            return Parting{i, std::min(x, y)};
    }
    return std::nullopt;
}

class Together {
public:
    Together(ir::Estate const& model, schedule::Ticks& clockOfEstate, target::Bag const& loaded,
             llvm::ArrayRef<Pair> all, Pair const& about, Options const& chosen)
        : estate(model), ticks(clockOfEstate), bag(loaded), pairs(all), pair(about),
          dag(loaded.dags[about.dag]), options(chosen) {}

    std::optional<Difference> play() {
        if (!looksElsewhere(dag) || !collect())
            return std::nullopt;
        std::vector<int64_t> const days = patterns();
        for (std::string const& failing : failures()) {
            size_t const most = failing.empty() ? mostPatterns : mostPatternsFailing;
            for (size_t i = 0; i < std::min(days.size(), most); ++i) {
                Scenario scenario = scenarioOf(days[i], failing);
                auto shown = judge(scenario);
                if (!shown)
                    continue;
                // It ends with the day on which they part.
                scenario.end =
                    scenario.start + (shown->parting.at - scenario.start) / day * day + day;
                if (auto shorter = judge(scenario))
                    return tellOf(scenario, *shorter);
            }
        }
        return std::nullopt;
    }

private:
    struct Shown {
        JobId job;
        Parting parting;
        semantics::Trace legacy;
        target::DagTrace airflow;
    };

    // --- who plays ---

    static bool isSensor(target::Task const& task) {
        return llvm::is_contained(task.bases, "ExternalTaskSensor");
    }
    static bool looksElsewhere(target::Dag const& one) {
        return one.timetable.kind == target::Timetable::Kind::assets ||
               llvm::any_of(one.tasks, isSensor);
    }

    bool add(Pair const* one) {
        if (one == nullptr || !one->dag || estate.workflows[one->workflow].refused ||
            estate.workflows[one->workflow].dialect == ir::Dialect::controlm)
            return false;
        if (!llvm::is_contained(cast, one))
            cast.push_back(one);
        return cast.size() <= mostDags;
    }
    Pair const* pairOf(target::DagId id) const {
        auto const found = llvm::find_if(pairs, [&](Pair const& one) { return one.dag == id; });
        return found == pairs.end() ? nullptr : &*found;
    }
    Pair const* pairOf(ir::WorkflowId id) const {
        auto const found =
            llvm::find_if(pairs, [&](Pair const& one) { return one.workflow == id; });
        return found == pairs.end() ? nullptr : &*found;
    }

    /// All that the workflow looks at on one side or the other, and all that those look at.
    bool collect() {
        cast = {&pair};
        size_t jobs = 0;
        for (size_t i = 0; i < cast.size(); ++i) {
            jobs += estate.workflows[cast[i]->workflow].jobs.size();
            if (jobs > mostJobs || !addDagsSeenBy(bag.dags[cast[i]->dag]) ||
                !addWorkflowsSeenBy(estate.workflows[cast[i]->workflow]))
                return false;
        }
        for (Pair const* one : cast)
            workflows.push_back(one->workflow);
        return cast.size() > 1;
    }

    bool addDagsSeenBy(target::Dag const& one) {
        for (target::Task const& task : one.tasks) {
            if (!isSensor(task))
                continue;
            nlohmann::json const& other = task.argument("external_dag_id");
            auto const found = other.is_string()
                                   ? bag.dagById.find(other.get_ref<std::string const&>())
                                   : bag.dagById.end();
            if (found == bag.dagById.end() || !add(pairOf(found->second)))
                return false;
        }
        if (one.timetable.kind != target::Timetable::Kind::assets)
            return true;
        std::set<std::string> wanted;
        for (nlohmann::json const& asset : one.fields["timetable"].value("assets", Json::array()))
            wanted.insert(asset.value("name", ""));
        for (target::DagId id : bag.dags.ids())
            for (target::Task const& task : bag.dags[id].tasks)
                for (nlohmann::json const& outlet : task.fields.value("outlets", Json::array()))
                    if (outlet.is_object() && wanted.contains(outlet.value("name", "")) &&
                        !add(pairOf(id)))
                        return false;
        return true;
    }

    bool addWorkflowsSeenBy(ir::Workflow const& workflow) {
        bool all = true;
        for (JobId id : workflow.jobs)
            if (ir::ConditionRef const& condition = estate.jobs[id].condition)
                estate.conditions.forEachAtom(condition.expr, [&](ir::AtomId atom) {
                    JobId const job = estate.conditions[atom].job;
                    if (job && estate.conditions[atom].instance.empty())
                        all = all && add(pairOf(estate.jobs[job].workflow));
                });
        return all;
    }

    // --- which days ---

    /// Begins of days, one for each way in which all ticks of the next days can lie.
    std::vector<int64_t> patterns() {
        int64_t from = std::max(options.horizon.from, bag.from), to = options.horizon.to;
        for (Pair const* one : cast)
            if (auto const& timetable = bag.dags[one->dag].timetable; timetable.ticks)
                to = std::min(to, bag.tickSets[timetable.ticks].until);
        std::vector<int64_t> days;
        std::set<std::vector<int64_t>> seen;
        for (; from + length <= to && days.size() < mostPatterns; from += day) {
            std::vector<int64_t> const pattern = patternOf(from);
            if (pattern.size() <= mostTicks && seen.insert(pattern).second)
                days.push_back(from);
        }
        return days;
    }

    std::vector<int64_t> patternOf(int64_t from) {
        std::vector<int64_t> pattern;
        auto const append = [&](auto begin, auto end) {
            for (; begin != end; ++begin)
                pattern.push_back(*begin - from);
            pattern.push_back(-1);
        };
        for (Pair const* one : cast) {
            if (auto const& timetable = bag.dags[one->dag].timetable; timetable.ticks) {
                std::vector<int64_t> const& all = bag.tickSets[timetable.ticks].ticks;
                append(std::lower_bound(all.begin(), all.end(), from),
                       std::lower_bound(all.begin(), all.end(), from + length));
            }
            for (JobId id : estate.workflows[one->workflow].jobs)
                if (ir::ScheduleId const schedule = estate.jobs[id].schedule) {
                    auto const own = ticks.between(estate.schedules[schedule], from, from + length);
                    append(own.begin(), own.end());
                }
        }
        return pattern;
    }

    /// Nobody; then a job of another workflow.
    std::vector<std::string> failures() const {
        std::vector<std::string> names{""};
        for (Pair const* one : llvm::drop_begin(cast))
            for (JobId id : estate.workflows[one->workflow].jobs)
                if (!estate.isGroup(id) && names.size() <= mostFailing)
                    names.push_back(estate.jobs[id].name.str());
        return names;
    }

    /// Minutes apart in their ends: what comes at one instant has no order (TR-52).
    Scenario scenarioOf(int64_t from, std::string const& failing) const {
        Scenario scenario;
        scenario.hasEndlessCapacity = true;
        scenario.start = from;
        scenario.end = from + length;
        int64_t duration = minute;
        for (Pair const* one : llvm::reverse(cast))
            for (JobId id : estate.workflows[one->workflow].jobs) {
                ir::Job const& job = estate.jobs[id];
                if (job.group)
                    continue;
                semantics::RunPlan plan;
                plan.duration = duration;
                plan.exitCode = endingCode(job.exitRule, job.name != failing);
                scenario.runs[job.name.str()] = {plan};
                duration += 2 * minute;
            }
        return scenario;
    }

    // --- playing ---

    std::set<std::string> namesOf(Pair const& one) const {
        std::set<std::string> names;
        for (JobId id : estate.workflows[one.workflow].jobs)
            if (!estate.isGroup(id))
                names.insert(estate.jobs[id].name.str());
        return names;
    }

    /// A box whose tick comes while it is RUNNING may be one that hangs in AutoSys and ends here,
    /// which the assumption `stuck-box-ends` of its own workflow tells.
    int64_t knownUntil(semantics::Trace const& legacy, int64_t end) const {
        for (semantics::NotStarted const& row : legacy.notStarted)
            if (row.reason.rule == "JIL-144")
                if (auto const job = estate.jobByName.find(row.job);
                    job != estate.jobByName.end() && estate.isGroup(job->second))
                    end = std::min(end, row.at);
        return end;
    }

    std::map<uint32_t, Parting> partings(Pair const& one, semantics::Trace const& legacy,
                                         target::DagTrace const& airflow, int64_t until) const {
        std::map<uint32_t, Parting> found;
        std::set<std::string> const names = namesOf(one);
        auto const here = livesOf(legacy, names), there = livesOf(airflow.trace, names);
        Life const none;
        auto const lifeOf = [&](auto const& lives, std::string const& name) -> Life const& {
            auto const it = lives.find(name);
            return it == lives.end() ? none : it->second;
        };
        for (JobId id : estate.workflows[one.workflow].jobs) {
            std::string const name = estate.jobs[id].name.str();
            if (!estate.isGroup(id) && one.taskOf.contains(id.value))
                if (auto const parting = partingOf(lifeOf(here, name), lifeOf(there, name), until))
                    found[id.value] = *parting;
        }
        return found;
    }

    /// A job of the workflow that parts whatever is decided; of all decisions the one with which
    /// the others do most of what is defined.
    std::optional<Shown> judge(Scenario const& scenario) const {
        Shown shown;
        shown.legacy = semantics::run(estate, ticks, scenario, workflows);
        int64_t const known = knownUntil(shown.legacy, scenario.end);
        std::vector<target::DagToRun> taking;
        for (Pair const* one : cast)
            taking.push_back(dagToRun(estate, *one, bag, options));
        Scenario const defined = withDefinedVariables(scenario, estate);
        std::optional<std::map<uint32_t, Parting>> common;
        size_t fewest = 0;
        std::vector<bool> choices;
        for (size_t n = 0; n == 0 || !choices.empty(); ++n) {
            if (n == mostDecisions)
                return std::nullopt;
            target::DagTrace played = target::runDags(bag, taking, defined, &choices);
            int64_t const until =
                played.guesses.empty() ? known : std::min(known, played.guessedAt);
            auto const parted = partings(pair, shown.legacy, played, until);
            size_t others = 0;
            for (Pair const* one : llvm::drop_begin(cast))
                others += partings(*one, shown.legacy, played, until).size();
            choices.clear();
            for (target::Branching const& decision : played.decisions)
                choices.push_back(decision.goesOn);
            while (!choices.empty() && !choices.back())
                choices.pop_back();
            if (!choices.empty())
                choices.back() = false;
            bool const isFirst = !common;
            if (isFirst)
                common = parted;
            else
                std::erase_if(*common,
                              [&](auto const& row) { return !parted.contains(row.first); });
            if (common->empty())
                return std::nullopt;
            if (isFirst || others < fewest) {
                fewest = others;
                shown.airflow = std::move(played);
                for (auto& [job, parting] : *common)
                    parting = parted.at(job);
            }
        }
        auto const first =
            std::min_element(common->begin(), common->end(), [](auto const& a, auto const& b) {
                return a.second.at < b.second.at;
            });
        shown.job = JobId(first->first);
        shown.parting = first->second;
        return shown;
    }

    // --- telling ---

    Difference tellOf(Scenario const& scenario, Shown const& shown) const {
        ir::Job const& job = estate.jobs[shown.job];
        std::string const name = job.name.str();
        auto const sideOf = [&](semantics::Trace const& trace) {
            auto const lives = livesOf(trace, {name});
            auto const it = lives.find(name);
            return it != lives.end() && shown.parting.index < it->second.starts.size()
                       ? "starts at " + clock(it->second.starts[shown.parting.index])
                       : "does not start at " + clock(shown.parting.at);
        };
        Difference difference;
        difference.job = shown.job;
        difference.definition = job.condition ? job.condition.span : job.nameSpan;
        if (auto const task = pair.taskOf.find(shown.job.value); task != pair.taskOf.end())
            difference.task = dag.tasks[task->second].id;
        difference.legacySide = sideOf(shown.legacy);
        difference.airflowSide = sideOf(shown.airflow.trace);
        bool const both = difference.legacySide.starts_with("starts") &&
                          difference.airflowSide.starts_with("starts");
        difference.aspect = both ? Difference::Aspect::order : Difference::Aspect::start;
        std::string const side(ir::toString(job.dialect));
        difference.consequence =
            fmt::format("played with what it looks at, `{}` {} in {}, and {} in this DAG", name,
                        difference.legacySide, side, difference.airflowSide);
        std::set<std::string> told = castOf(estate, pair.workflow, shown.job, scenario);
        for (Pair const* one : llvm::drop_begin(cast))
            told.merge(namesOf(*one));
        tellGiven(scenario, told, difference.story);
        tellDecisions(shown, difference.story);
        tell(side, shown.legacy, told, difference.story);
        tell("airflow", shown.airflow.trace, told, difference.story);
        tellSensors(shown, difference.story);
        return difference;
    }

    void tellDecisions(Shown const& shown, std::vector<std::string>& story) const {
        std::vector<target::Branching> const& decisions = shown.airflow.decisions;
        for (target::Branching const& one : decisions)
            story.push_back(fmt::format(
                "given: {} of DAG {} {} at {}", bag.dags[one.dag].tasks[one.task].id,
                bag.dags[one.dag].id,
                one.goesOn ? "lets its run go on" : "skips what comes after it", clock(one.at)));
        if (!decisions.empty())
            story.emplace_back("given: with any other decisions the difference shows as well");
    }

    void tellSensors(Shown const& shown, std::vector<std::string>& story) const {
        for (target::RunOfDag const& run : shown.airflow.runs)
            for (target::TaskId id : dag.tasks.ids())
                if (run.dag == pair.dag && isSensor(dag.tasks[id]))
                    story.push_back(fmt::format(
                        "airflow: {} of the run of {} {}", dag.tasks[id].id, clock(run.tick),
                        target::isFinished(run.tasks[id.value])
                            ? "ends " + target::toString(run.tasks[id.value]).str()
                            : "waits on"));
    }

    using Json = nlohmann::json;
    ir::Estate const& estate;
    schedule::Ticks& ticks;
    target::Bag const& bag;
    llvm::ArrayRef<Pair> pairs;
    Pair const& pair;
    target::Dag const& dag;
    Options const& options;
    std::vector<Pair const*> cast; ///< the first is `pair`
    std::vector<ir::WorkflowId> workflows;
};

} // namespace

std::optional<Difference> playTogether(ir::Estate const& estate, schedule::Ticks& ticks,
                                       target::Bag const& bag, llvm::ArrayRef<Pair> pairs,
                                       Pair const& pair, Options const& options) {
    return Together(estate, ticks, bag, pairs, pair, options).play();
}

} // namespace hoist::equivalence
