// From what is written differently to what is different: a day that shows it, or "unknown".
#include "analysis/equivalence/orders/VerifyFolders.h"

#include "analysis/equivalence/orders/FolderComparison.h"
#include "analysis/equivalence/orders/LiftedDags.h"
#include "analysis/equivalence/orders/OrderPlaying.h"
#include "analysis/schedule/BusinessDay.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoist::equivalence {

using Aspect = Difference::Aspect;
using Method = ir::OrderPolicy::Method;

namespace {

constexpr int64_t secondsADay = 86'400;
/// Played for one folder: what one mismatch shows often explains the others.
constexpr size_t mostPlayed = 6;

std::string clock(int64_t instant) {
    return fmt::format("{:%Y-%m-%d %H:%M}Z", fmt::gmtime(static_cast<std::time_t>(instant)));
}

class FolderJudge {
public:
    FolderJudge(ir::Estate const& definitions, OrderedEstate& ours, OrderedEstate& theirs,
                schedule::Ticks& ourTicks, schedule::Ticks& theirTicks, target::Bag const& loaded,
                Pair const& matched, LiftedDag const& read, Options const& chosen,
                FieldComparison& comparison, WorkflowResult& into)
        : estate(definitions), first(ours), second(theirs), ticksOfFirst(ourTicks),
          ticksOfSecond(theirTicks), bag(loaded), pair(matched), lifted(read), options(chosen),
          fields(comparison), result(into), workflow(definitions.workflows[matched.workflow]),
          dag(loaded.dags[matched.dag]) {}

    void run() {
        for (std::string const& reason : lifted.unknowns)
            findings().unknowns.push_back({reason, workflow.root, ""});
        for (std::string const& what : lifted.certain)
            differ({Aspect::shape,
                    workflow.root,
                    root().nameSpan,
                    "",
                    "nothing of the kind",
                    what,
                    fmt::format("`{}` would not run as it is defined (CTM-090)", name()),
                    {}});
        compareVerdict();
        compareBehaviour();
        compareTicks();
        compareRuns();
        compareFields();
        compareForced();
        noteAssumptions();
    }

private:
    Findings& findings() { return result.findings; }
    ir::Job const& root() const { return estate.jobs[workflow.root]; }
    std::string name() const { return root().name.str(); }
    void differ(Difference difference) { findings().differences.push_back(std::move(difference)); }
    void assume(std::string which, std::string text) {
        findings().assumptions.push_back({std::move(which), std::move(text), workflow.root});
    }

    std::string taskOf(JobId job) const {
        auto const it = pair.taskOf.find(job.value);
        return it == pair.taskOf.end() ? std::string() : dag.tasks[it->second].id;
    }

    void compareVerdict() {
        for (target::TaskId const task : lifted.hidden) {
            auto const matched = pair.jobOf.find(task.value);
            JobId const job = matched == pair.jobOf.end() ? workflow.root : matched->second;
            std::string const& id = dag.tasks[task].id;
            if (!lifted.unknowns.empty()) { // which may make up for it
                findings().unknowns.push_back(
                    {fmt::format("whether a run fails with `{}` is not known", id), job, id});
                continue;
            }
            differ({Aspect::verdict,
                    job,
                    estate.jobs[job].nameSpan,
                    id,
                    "ends NOTOK",
                    "may fail when all that waits for it has been skipped, and its run succeeds",
                    fmt::format("nobody would see that `{}` failed (AF-015)",
                                estate.jobs[job].name.str()),
                    {}});
        }
    }

    // --- what runs, and when ---------------------------------------------------------------------

    void compareBehaviour() {
        if (!lifted.startTimes.empty())
            return compareManyRuns();
        ComparisonOptions how;
        how.budget = options.budget;
        how.isTold = [&](JobId job, ir::EndTest const& test) { return fields.isTold(job, test); };
        if (lifted.hasTicks) { // the first and the last day are cut
            how.from = static_cast<int32_t>(options.horizon.from / secondsADay) + 1;
            how.to = static_cast<int32_t>(options.horizon.to / secondsADay) - 2;
        }
        FolderDifferences const found =
            compareFolders(first, pair.workflow, second, lifted.folder, {}, how);
        result.jobs = found.entities;
        result.provedBySolver = found.bySolver;
        result.provedLocally = found.entities - std::min(found.entities, found.bySolver);
        result.starts = result.ending = found.bySolver ? Proof::global : Proof::local;
        usesEdges = found.usesEdges;
        for (Assumption const& assumption : found.assumptions)
            findings().assumptions.push_back(assumption);
        for (std::string const& reason : found.undecided)
            findings().unknowns.push_back({reason, workflow.root, ""});
        for (Mismatch const& mismatch : found.mismatches)
            judge(mismatch);
        for (std::string const& task : lifted.inSeconds)
            assume("interval-in-minutes:" + task,
                   "less than a minute between two attempts does not matter (CTM-061)");
    }

    void judge(Mismatch const& mismatch) {
        JobId const job = mismatch.first ? mismatch.first : workflow.root;
        if (mismatch.isCertain)
            return differ({mismatch.aspect,
                           job,
                           mismatch.firstPlace,
                           taskOf(job),
                           mismatch.firstSide,
                           mismatch.secondSide,
                           mismatch.consequence,
                           {}});
        // What is not understood of the DAG may make up for it.
        if (lifted.unknowns.empty() && ++plays <= mostPlayed)
            if (auto played = play(mismatch))
                return tell(mismatch, std::move(*played));
        findings().unknowns.push_back(
            {fmt::format("{} in the definition, {} in the DAG: no day was found that shows whether "
                         "that matters",
                         mismatch.firstSide, mismatch.secondSide),
             job, taskOf(job)});
    }

    std::optional<PlayedOrders> play(Mismatch const& mismatch) {
        OrderSide const ours{first, ticksOfFirst, pair.workflow, "control-m"};
        OrderSide const theirs{second, ticksOfSecond, lifted.folder, "airflow"};
        return playOrders(ours, theirs, {}, options.horizon, mismatch);
    }

    void tell(Mismatch const& mismatch, PlayedOrders played) {
        result.starts = Proof::executed;
        JobId const shown = played.job ? played.job : mismatch.first;
        JobId const job = shown ? shown : workflow.root;
        if (!told.insert({job.value, played.aspect}).second && mismatch.first != shown)
            return; // the same story as of another mismatch
        bool const isSame = mismatch.first == job;
        std::string const who = estate.jobs[job].name.str();
        Difference difference;
        difference.aspect = isSame ? mismatch.aspect : played.aspect;
        difference.job = job;
        difference.definition = mismatch.firstPlace;
        difference.task = taskOf(job);
        difference.legacySide = isSame ? mismatch.firstSide : played.first;
        difference.airflowSide = isSame ? mismatch.secondSide : played.second;
        difference.consequence =
            isSame
                ? mismatch.consequence
                : fmt::format("`{}` {} in Control-M, and {} in this DAG: {}, and {}", who,
                              played.first, played.second, mismatch.firstSide, mismatch.secondSide);
        difference.story = std::move(played.story);
        differ(std::move(difference));
    }

    /// Several runs an order date: a folder is one order, which may hold cyclic jobs (TR-34).
    void compareManyRuns() {
        Mismatch mismatch;
        mismatch.aspect = Aspect::schedule;
        mismatch.first = workflow.root;
        for (JobId const job : workflow.jobs)
            if (!estate.isGroup(job)) {
                mismatch.first = job;
                break;
            }
        mismatch.firstPlace = root().nameSpan;
        mismatch.firstSide = "is one order a day";
        std::string times;
        for (size_t i = 0; i < std::min<size_t>(lifted.startTimes.size(), 3); ++i)
            times += (i ? ", " : "") + ir::clockText(lifted.startTimes[i]);
        mismatch.secondSide = fmt::format("is {} runs a day, at {}{}", lifted.startTimes.size(),
                                          times, lifted.startTimes.size() > 3 ? ", …" : "");
        mismatch.consequence = fmt::format("the jobs of `{}` would run at other times, and those "
                                           "behind a cyclic one once for each "
                                           "of its runs (CTM-060, CTM-066, TR-34)",
                                           name());
        judge(mismatch);
    }

    // --- runs ------------------------------------------------------------------------------------

    /// New Day of each order date, instant by instant (CTM-001). Of DAGs with ticks of their own
    /// the times of the day are read as those of the jobs.
    void compareTicks() {
        if (dag.timetable.type != "OrderDatesTimetable" ||
            dag.timetable.kind != target::Timetable::Kind::ticks || !dag.timetable.ticks)
            return;
        std::set<int32_t> days;
        auto const minute = schedule::orderedAt(estate.settings, first.policyOf(workflow.root));
        if (minute) {
            auto const add = [&](JobId job) {
                auto const& some = first.daysOf(job);
                days.insert(some.begin(), some.end());
            };
            if (estate.isContainer(workflow.root))
                for (JobId const member : estate.groups[root().group].members)
                    add(member); // a plain folder is ordered with the first of its jobs (CTM-094)
            else
                add(workflow.root);
        }
        std::vector<int64_t> wanted;
        ir::TimeZone const& zone = schedule::siteZoneOrUtc(estate.settings);
        for (int32_t const day : days)
            if (int64_t const at = schedule::timeOf(estate.settings, zone, day, *minute);
                at >= options.horizon.from && at < options.horizon.to)
                wanted.push_back(at);
        target::TickSet const& set = bag.tickSets[dag.timetable.ticks];
        std::vector<int64_t> found;
        for (int64_t const tick : set.ticks)
            if (tick >= options.horizon.from && tick < options.horizon.to)
                found.push_back(tick);
        std::vector<int64_t> lost, come;
        std::set_difference(wanted.begin(), wanted.end(), found.begin(), found.end(),
                            std::back_inserter(lost));
        std::set_difference(found.begin(), found.end(), wanted.begin(), wanted.end(),
                            std::back_inserter(come));
        if (lost.empty() && come.empty())
            return;
        auto const words = [](std::vector<int64_t> const& list, char const* what) {
            return list.empty() ? fmt::format("{} nothing more", what)
                                : fmt::format("{} at {} ({} such instants)", what,
                                              clock(list.front()), list.size());
        };
        differ({Aspect::schedule,
                workflow.root,
                root().nameSpan,
                "",
                words(lost, "orders it"),
                words(come, "makes a run"),
                fmt::format("`{}` would be ordered at other instants (CTM-001, CTM-002)", name()),
                {}});
    }

    /// CTM-077: `hoistctl dispatch` makes the runs that rules order, as the manifest says.
    void compareForced() {
        if (!options.hasManifest)
            return;
        for (JobId const job : workflow.jobs)
            ir::forEachForced(estate, estate.jobs[job],
                              [&](ir::EndAction const& action) { compareForced(job, action); });
    }

    void compareForced(JobId job, ir::EndAction const& action) {
        std::string const path = ir::forcedPath(action);
        std::map<std::string, std::vector<std::string>> wanted, found;
        if (auto const it = options.forced.find(path); it != options.forced.end())
            found = it->second;
        for (JobId const target : first.forced.targetsOf(path)) {
            ir::Job const& one = estate.jobs[target];
            auto const dagOf =
                options.manifest.find(estate.jobs[estate.workflows[one.workflow].root].name.str());
            if (dagOf == options.manifest.end())
                continue; // it has not been translated, which is told where it is missing
            auto& jobs = wanted[dagOf->second];
            if (one.box)
                jobs.push_back(one.name.str());
        }
        for (auto& [dagId, jobs] : wanted)
            llvm::sort(jobs);
        if (wanted == found)
            return;
        auto const words = [](auto const& dags) {
            std::string text;
            for (auto const& [dagId, jobs] : dags)
                text += fmt::format("{}{} of the DAG `{}`", text.empty() ? "orders " : ", ",
                                    jobs.empty() ? "all" : llvm::join(jobs, ", "), dagId);
            return text.empty() ? std::string("orders nothing") : text;
        };
        differ(
            {Aspect::order,
             job,
             action.span,
             taskOf(job),
             words(wanted),
             words(found) + ": so says `forced` in the manifest",
             fmt::format("`{}` would not order `{}` (CTM-077)", estate.jobs[job].name.str(), path),
             {}});
    }

    /// Orders of several days live side by side until their New Day (CTM-005).
    void compareRuns() {
        // Rules order as often as they fire.
        bool const isForced = llvm::any_of(
            workflow.jobs, [&](JobId const job) { return first.forced.isForced(job); });
        if (isForced && dag.maxActiveRuns < ir::ForcedOrders::mostAtOnce)
            differ({Aspect::limit,
                    workflow.root,
                    root().nameSpan,
                    "",
                    "rules order it as often as they fire",
                    fmt::format("{} runs at once", dag.maxActiveRuns),
                    fmt::format("an order of `{}` would not begin while older ones wait (CTM-077)",
                                name()),
                    {}});
        int64_t kept = 1;
        for (JobId const job : workflow.jobs)
            if (auto const& policy = first.policyOf(job);
                policy.maxWait.value < ir::OrderPolicy::forEver)
                kept = std::max<int64_t>(kept, policy.maxWait.value + 2);
        if (dag.maxActiveRuns < kept && dag.timetable.kind != target::Timetable::Kind::none)
            differ({Aspect::limit,
                    workflow.root,
                    root().nameSpan,
                    "",
                    fmt::format("orders of {} days can be there at once", kept),
                    fmt::format("{} runs at once", dag.maxActiveRuns),
                    fmt::format("an order of `{}` would not begin while older ones wait (CTM-005)",
                                name()),
                    {}});
        if (dag.dagrunTimeout)
            differ({Aspect::limit,
                    workflow.root,
                    root().nameSpan,
                    "",
                    "has no limit",
                    fmt::format("a run is failed after {} s", *dag.dagrunTimeout),
                    fmt::format("jobs of `{}` would be stopped (CTM-005, TR-33)", name()),
                    {}});
        if (dag.timetable.kind == target::Timetable::Kind::ticks)
            compareCatchup();
    }

    /// CTM-047
    void compareCatchup() {
        auto const& members = estate.groups[root().group].members;
        llvm::ArrayRef<JobId> const ordered = estate.isContainer(workflow.root)
                                                  ? llvm::ArrayRef(members)
                                                  : llvm::ArrayRef(workflow.root);
        nlohmann::json const& said = dag.fields["timetable"]["arguments"];
        bool const isMade = dag.catchup || (said.is_object() && said.value("retro", false));
        for (JobId const id : ordered) {
            auto const task = pair.taskOf.find(id.value);
            bool const catchesUp = isMade && !(task != pair.taskOf.end() &&
                                               dag.tasks[task->second].argument("retro") == false);
            bool const retro = first.policyOf(id).retro.value;
            if (retro == catchesUp)
                continue;
            static char const* const loses = "loses days on which New Day did not run";
            static char const* const makesUp = "makes up for days on which New Day did not run";
            return differ({Aspect::schedule,
                           id,
                           estate.jobs[id].nameSpan,
                           "",
                           retro ? makesUp : loses,
                           retro ? loses : makesUp,
                           fmt::format("after an outage `{}` would run for other days (CTM-047)",
                                       estate.jobs[id].name.str()),
                           {}});
        }
    }

    void compareFields() {
        std::vector<int64_t> const* ticks = nullptr;
        static std::vector<int64_t> const none;
        if (dag.timetable.ticks)
            ticks = &bag.tickSets[dag.timetable.ticks].ticks;
        for (JobId const job : workflow.jobs)
            if (auto const it = pair.taskOf.find(job.value); it != pair.taskOf.end())
                fields.compareOrder(job, dag, dag.tasks[it->second], ticks ? *ticks : none,
                                    findings());
        // Who is told of a folder's end says the task that is its end; where there is none, nobody.
        static target::Task const nobody;
        llvm::StringMap<target::Task const*> starts, ends;
        for (target::Task const& task : dag.tasks)
            if (isOfOrder(task) && llvm::StringRef(task.type).starts_with("Folder"))
                (task.type == "FolderEnd" ? ends : starts)[task.legacyJob] = &task;
        for (JobId const job : workflow.jobs) {
            if (!estate.isGroup(job) || estate.isContainer(job))
                continue;
            target::Task const* const end = ends.lookup(estate.jobs[job].name);
            fields.compareOrder(job, dag, end ? *end : nobody, none, findings());
            target::Task const* const start = starts.lookup(estate.jobs[job].name);
            fields.compareUnits(job, dag, start ? *start : nobody, findings());
        }
    }

    // --- what must hold --------------------------------------------------------------------------

    /// By the names of the manifest (docs/decisions.md).
    void noteAssumptions() {
        assume("new-day:" + ir::clockText(estate.settings.newDay),
               "Control-M's day begins at that time (CTM-001)");
        ir::OrderPolicy const& policy = first.policyOf(workflow.root);
        if (policy.method == Method::userDaily)
            assume("user-daily:" + policy.userDaily->str(),
                   "that User Daily runs at the time that hoist.toml says (CTM-006)");
        if (policy.method == Method::manual)
            assume("ordered-by-hand:" + name(), "whoever orders it today orders its DAG (CTM-006)");
        if (usesEdges)
            assume("conditions-by-jobs-alone",
                   "nobody but the jobs of these definitions adds or deletes the conditions that "
                   "became edges, none is left of another year, and no folder is ordered twice for "
                   "a day (CTM-011, CTM-013, TR-31)");
        bool waitsForFacts = false, staysLonger = false;
        for (JobId const job : workflow.jobs) {
            ir::Job const& one = estate.jobs[job];
            staysLonger |=
                !estate.isContainer(job) &&
                first.policyOf(job).maxWait.value != first.policyOf(workflow.root).maxWait.value;
            if (one.condition)
                estate.conditions.forEachAtom(one.condition.expr, [&](ir::AtomId id) {
                    waitsForFacts |= !first.producerOf(job, estate.conditions[id]).isValid();
                });
        }
        if (waitsForFacts)
            assume("ledger-holds-facts",
                   "conditions that come from outside Airflow are told to the ledger, too");
        if (staysLonger && !estate.isContainer(workflow.root))
            assume("folders-stay-for-their-jobs",
                   "a SMART folder stays as long as the MAXWAIT of its jobs says (CTM-005)");
    }

    ir::Estate const& estate;
    OrderedEstate &first, &second;
    schedule::Ticks &ticksOfFirst, &ticksOfSecond;
    target::Bag const& bag;
    Pair const& pair;
    LiftedDag const& lifted;
    Options const& options;
    FieldComparison& fields;
    WorkflowResult& result;
    ir::Workflow const& workflow;
    target::Dag const& dag;
    bool usesEdges = false;
    size_t plays = 0;
    std::set<std::pair<uint32_t, Aspect>> told;
};

} // namespace

void verifyFolders(ir::Estate const& estate, target::Bag const& bag, llvm::ArrayRef<Pair> pairs,
                   Options const& options, FieldComparison& fields,
                   std::vector<WorkflowResult>& results) {
    LiftedDags const lifted = liftDags(estate, bag, pairs);
    if (lifted.of.empty())
        return;
    OrderedEstate ours(estate, options.horizon), theirs(*lifted.estate, options.horizon);
    theirs.addOutsiders(ours);
    schedule::Ticks ourTicks(estate), theirTicks(*lifted.estate);
    for (Pair const& pair : pairs)
        if (auto const it = lifted.of.find(pair.workflow.value); it != lifted.of.end())
            FolderJudge(estate, ours, theirs, ourTicks, theirTicks, bag, pair, it->second, options,
                        fields, results[pair.workflow.value])
                .run();
}

} // namespace hoist::equivalence
