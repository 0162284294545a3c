// The limits of whole runs, and what boxes say beside their members.
#include "analysis/equivalence/JobComparison.h"

#include <fmt/format.h>

namespace hoist::equivalence {
namespace {

// So many runs at once that no crontab entry meets the limit.
constexpr int64_t practicallyUnlimited = 1000;

constexpr llvm::StringLiteral clockAlarms[] = {"max_run", "min_run", "must_start", "must_complete"};

/// One DAG against its workflow.
class DagComparison {
public:
    DagComparison(ir::Estate const& givenEstate, ManifestAlarms const* givenManifest,
                  ir::Workflow const& givenWorkflow, target::Dag const& givenDag,
                  Findings& givenOut)
        : estate(givenEstate), manifest(givenManifest), workflow(givenWorkflow),
          root(estate.jobs[workflow.root]), dag(givenDag), out(givenOut) {}

    void run() {
        compareOverlap();
        compareTimeLimit();
        compareSwitches();
        for (JobId id : workflow.jobs)
            if (estate.jobs[id].group)
                compareBox(id);
    }

private:
    void differ(Aspect aspect, JobId job, Span where, std::string legacy, std::string airflow,
                std::string consequence) {
        out.differences.push_back({aspect, job, where.isValid() ? where : estate.jobs[job].nameSpan,
                                   "", std::move(legacy), std::move(airflow),
                                   std::move(consequence)});
    }
    void assume(std::string name, std::string words, JobId job) {
        out.assumptions.push_back({std::move(name), std::move(words), job});
    }
    Span at(ir::ConstructId construct) const { return estate.constructs.span(construct); }

    bool hasShim() const {
        for (target::Task const& task : dag.tasks)
            if (task.fields.is_object() && task.fields.contains("hoist") &&
                !task.fields["hoist"].is_null())
                return true;
        return false;
    }

    void compareOverlap() {
        ir::Schedule const* schedule = root.schedule ? &estate.schedules[root.schedule] : nullptr;
        bool const ticks = dag.timetable.kind != target::Timetable::Kind::none;
        auto const whileRunning = schedule ? schedule->whileRunning : ir::TickWhileRunning::drop;
        Span const where = schedule ? schedule->origin : root.nameSpan;
        int64_t const most = dag.maxActiveRuns;
        std::string const name = root.name.str();
        std::string const said = fmt::format("max_active_runs {}", most);
        switch (whileRunning) {
        case ir::TickWhileRunning::drop:
            if (most != 1)
                differ(Aspect::limit, workflow.root, where, "never runs twice at once", said,
                       fmt::format("two runs of {} would be active at once when one takes longer "
                                   "than usual (JIL-144, TR-51)",
                                   name));
            else if (ticks && !hasShim())
                assume("no-tick-while-running:" + name,
                       fmt::format("no run of {} is still active at its next tick: Airflow would "
                                   "make that tick up afterwards, AutoSys drops it (TR-51)",
                                   name),
                       workflow.root);
            break;
        case ir::TickWhileRunning::overlap:
            if (most <= 1)
                differ(Aspect::limit, workflow.root, where, "starts while an earlier run goes on",
                       said,
                       fmt::format("a tick of {} would wait for the run before it, or be dropped "
                                   "(CRON-009)",
                                   name));
            else if (most < practicallyUnlimited)
                assume(fmt::format("overlaps-at-most:{}:{}", name, most),
                       fmt::format("never more than {} runs of {} are active at once", most, name),
                       workflow.root);
            break;
        case ir::TickWhileRunning::queue:
            if (most != 1 || hasShim())
                differ(Aspect::limit, workflow.root, where, "a tick waits for the run before it",
                       said, fmt::format("a tick of {} would not wait its turn (TR-51)", name));
            break;
        case ir::TickWhileRunning::reschedule:
            out.unknowns.push_back(
                {"what a tick does while the workflow runs has no counterpart", workflow.root, ""});
            break;
        }
        if (dag.catchup && ticks)
            differ(
                Aspect::schedule, workflow.root, where, "missed ticks are not made up", "catchup",
                fmt::format("after an outage, or when it is first switched on, {} would run once "
                            "for every missed tick (AF-050)",
                            name));
    }

    void compareTimeLimit() {
        std::string const name = root.name.str();
        int64_t const wanted =
            root.group && root.termRunTime && *root.termRunTime > 0 ? *root.termRunTime * 60 : 0;
        int64_t const theirs = dag.dagrunTimeout.value_or(0);
        Span const where = at(root.termRunTime.from);
        auto const limitText = [](int64_t limit) {
            return limit == 0 ? std::string("no limit") : "ended after " + seconds(limit);
        };
        if (wanted != theirs)
            differ(Aspect::limit, workflow.root, where, limitText(wanted), limitText(theirs),
                   theirs == 0 || (wanted != 0 && wanted < theirs)
                       ? fmt::format("a {} that hangs would run on (JIL-153)", name)
                       : fmt::format("{} would fail after {}, and the definition lets it run "
                                     "(JIL-153, TR-50)",
                                     name, seconds(theirs)));
        else if (wanted != 0)
            assume(
                "box-time-limit:" + name,
                fmt::format("a failed DAG run with its tasks stopped is what term_run_time of box "
                            "{} means",
                            name),
                workflow.root);
    }

    void compareSwitches() {
        std::string const name = root.name.str();
        size_t jobs = 0;
        for (JobId id : workflow.jobs)
            jobs += !estate.jobs[id].group;
        if (dag.failFast && jobs > 1)
            differ(Aspect::start, workflow.root, root.nameSpan, "a failure stops nobody else",
                   "fail_fast",
                   fmt::format("the first failure would stop every other job of {} (TAF-8)", name));
        bool const iced = root.begins(ir::InitialStatus::onIce);
        bool const paused = dag.pausedUponCreation.value_or(false);
        if (iced != paused)
            differ(Aspect::start, workflow.root, iced ? at(root.initialStatus.from) : root.nameSpan,
                   iced ? "ON_ICE" : "runs from the first day",
                   paused ? "is_paused_upon_creation" : "runs from the first day",
                   iced ? fmt::format("{} would run although it is on ice (JIL-088)", name)
                        : fmt::format("{} would not run before somebody unpauses it", name));
        if (dag.fields.is_object()) {
            if (auto it = dag.fields.find("callbacks"); it != dag.fields.end() && it->is_array())
                for (nlohmann::json const& callback : *it)
                    if (callback.is_string())
                        assume(fmt::format("callback:{}:{}", dag.id, callback.get<std::string>()),
                               fmt::format("{} of {} tells whom the definition tells, and does "
                                           "nothing else",
                                           callback.get<std::string>(), dag.id),
                               workflow.root);
            if (auto it = dag.fields.find("max_consecutive_failed_dag_runs");
                it != dag.fields.end() && it->is_number_integer() && it->get<int64_t>() > 0)
                differ(Aspect::start, workflow.root, root.nameSpan, "runs on after failures",
                       fmt::format("max_consecutive_failed_dag_runs {}", it->get<int64_t>()),
                       fmt::format("after {} failures in a row Airflow would pause {} (JIL-064)",
                                   it->get<int64_t>(), name));
            if (auto it = dag.fields.find("max_active_tasks");
                it != dag.fields.end() && it->is_number_integer() &&
                it->get<int64_t>() < static_cast<int64_t>(jobs))
                assume(fmt::format("max-active-tasks:{}:{}", dag.id, it->get<int64_t>()),
                       fmt::format("never more than {} jobs of {} are ready at once",
                                   it->get<int64_t>(), name),
                       workflow.root);
        }
    }

    /// The verdict of a box is what tells the table of facts of its end.
    void compareBoxFacts(JobId id) {
        ir::Job const& box = estate.jobs[id];
        nlohmann::json const none;
        nlohmann::json const *facts = &none, *businessDay = &none;
        for (target::Task const& task : dag.tasks)
            if (task.role == target::Role::verdict && task.legacyJob == box.name) {
                facts = &task.argument("facts");
                businessDay = &task.argument("business_day");
            }
        compareEndFacts(
            estate, box, *facts, *businessDay,
            [&](Span where, std::string legacy, std::string airflow, std::string consequence) {
                differ(Aspect::verdict, id, where, std::move(legacy), std::move(airflow),
                       std::move(consequence));
            });
    }

    /// Alarms and limits of a box: no task carries them.
    void compareBox(JobId id) {
        compareBoxFacts(id);
        ir::Job const& box = estate.jobs[id];
        std::string const name = box.name.str();
        if (id != workflow.root && box.termRunTime && *box.termRunTime > 0)
            differ(Aspect::limit, id, at(box.termRunTime.from),
                   "killed after " + seconds(*box.termRunTime * 60), "no limit",
                   fmt::format("box {} would run on when it takes too long (JIL-153)", name));
        if (!box.resources.empty())
            differ(Aspect::resource, id, at(box.resourcesFrom), "waits for resources",
                   "waits for none",
                   fmt::format("box {} would start without its resources (JIL-160)", name));
        std::vector<WantedAlarm> const wanted = alarmsOf(estate, box);
        // A failed run is told by Airflow; a callback is a person's own way to tell of its end.
        bool const byPeople = !hasShim();
        if (!manifest) {
            bool const isNotified = box.alarms.notify && *box.alarms.notify;
            if (byPeople && isNotified && !hasCallback())
                differ(Aspect::alarm, id, at(box.alarms.notify.from), "send_notification",
                       "nobody is told",
                       fmt::format("nobody would be told how box {} ended (JIL-153)", name));
            else if (!wanted.empty())
                assume("manifest-alarms:" + name,
                       fmt::format("the manifest tells hoistctl the alarms of box {}", name), id);
            return;
        }
        auto const row = manifest->byJob.find(box.name);
        nlohmann::json const none;
        nlohmann::json const& told = row == manifest->byJob.end() ? none : row->second;
        auto const tells = [&](ir::ConstructId from, std::string legacy, std::string const& airflow,
                               std::string consequence) {
            differ(Aspect::alarm, id, from ? at(from) : box.nameSpan, std::move(legacy),
                   airflow + " in the manifest", std::move(consequence));
        };
        // Alarms by the clock are keys of the row, those of an outcome are an object in it.
        std::vector<WantedAlarm> byClock, byOutcome;
        for (WantedAlarm const& alarm : wanted)
            (llvm::is_contained(clockAlarms, alarm.key) ? byClock : byOutcome).push_back(alarm);
        auto rows = nlohmann::json::object();
        for (llvm::StringRef key : clockAlarms)
            if (told.contains(key.str()))
                rows[key.str()] = told[key.str()];
        compareAlarms(byClock, rows, "box " + name, tells);
        if (byPeople && (hasCallback() || byOutcome.empty()))
            return;
        if (told.contains("outcomes"))
            compareAlarms(byOutcome, told["outcomes"], "box " + name, tells);
        else
            differ(Aspect::alarm, id, box.nameSpan, "tells of its ends",
                   "no `outcomes` in the manifest",
                   fmt::format("nobody would be told how box {} ended (JIL-153)", name));
    }

    bool hasCallback() const {
        auto const it = dag.fields.is_object() ? dag.fields.find("callbacks") : dag.fields.end();
        return dag.fields.is_object() && it != dag.fields.end() && it->is_array() && !it->empty();
    }

    ir::Estate const& estate;
    ManifestAlarms const* manifest;
    ir::Workflow const& workflow;
    ir::Job const& root;
    target::Dag const& dag;
    Findings& out;
};

} // namespace

void FieldComparison::compareDag(ir::WorkflowId workflow, target::Dag const& dag, Findings& out) {
    DagComparison(estate, manifest, estate.workflows[workflow], dag, out).run();
}

} // namespace hoist::equivalence
