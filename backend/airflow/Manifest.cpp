// Writing and reading back the manifest.
#include "backend/airflow/Manifest.h"

#include "backend/airflow/Json.h"
#include "frontend/ir/ForcedOrders.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/SHA256.h>

#include <fmt/compile.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace hoist::airflow {

std::string sha256(llvm::StringRef bytes) {
    auto const digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes));
    return llvm::toHex(llvm::ArrayRef(digest), /*LowerCase=*/true);
}

namespace {

class ManifestWriter {
public:
    ManifestWriter(ir::Estate const& givenEstate, std::vector<DagRecord> const& givenDags,
                   std::vector<SiteFile> const& givenFiles,
                   std::map<std::string, int64_t> const& givenResources)
        : estate(givenEstate), dags(givenDags), files(givenFiles), orderResources(givenResources) {}

    std::string run() {
        collect();
        json.reserve(estate.constructs.size() * 80 + estate.jobs.size() * 200);
        json.beginObject();
        json.key("version");
        json.value(manifestVersion);
        writeFiles();
        writeSources();
        writeDags();
        writeRefused();
        writeSubscriptions();
        writeForced();
        writeAlarms();
        writeGlobals();
        writeResources();
        writeOthers();
        json.endObject();
        return json.take();
    }

private:
    /// A counting sort: the constructs of each job side by side, those of no job behind them.
    void collect() {
        size_t const jobs = estate.jobs.size();
        auto const slotOf = [&](ir::ConstructId id) {
            ir::JobId const owner = estate.constructs[id].owner;
            return owner ? size_t(owner.value) : jobs;
        };
        ends.assign(jobs + 1, 0);
        for (ir::ConstructId id : estate.constructs.ids())
            ++ends[slotOf(id)];
        uint32_t begin = 0;
        for (uint32_t& end : ends)
            begin += std::exchange(end, begin);
        sorted.resize(estate.constructs.size());
        for (ir::ConstructId id : estate.constructs.ids())
            sorted[ends[slotOf(id)]++] = id;
    }

    llvm::ArrayRef<ir::ConstructId> slot(size_t at) const {
        uint32_t const begin = at == 0 ? 0 : ends[at - 1];
        return llvm::ArrayRef(sorted).slice(begin, ends[at] - begin);
    }
    llvm::ArrayRef<ir::ConstructId> constructsOf(ir::JobId job) const { return slot(job.value); }
    llvm::ArrayRef<ir::ConstructId> loose() const { return slot(estate.jobs.size()); }

    std::string at(Span span) const {
        LineColumn const begin = estate.sources.start(span), end = estate.sources.end(span);
        return fmt::format(FMT_COMPILE("{}:{}-{}:{}"), begin.line, begin.column, end.line,
                           end.column);
    }

    void strings(llvm::StringRef key, std::vector<std::string> const& values) {
        json.key(key);
        json.beginCompact();
        json.beginArray();
        for (std::string const& value : values)
            json.value(value);
        json.endArray();
        json.endCompact();
    }

    void writeFiles() {
        json.key("files");
        json.beginObject();
        for (DagRecord const& dag : dags) {
            json.key(dag.file);
            json.value(dag.sha256);
        }
        for (SiteFile const& file : files) {
            json.key(file.name);
            json.value(sha256(file.bytes));
        }
        json.endObject();
    }

    void writeSources() {
        json.key("sources");
        json.beginObject();
        for (FileId file : estate.sources.ids()) {
            json.key(estate.sources.path(file));
            json.value(sha256(estate.sources.bytes(file)));
        }
        json.endObject();
    }

    /// Independent of layout and position: what the job says, in a fixed order.
    std::string irHash(ir::JobId job) const {
        std::vector<std::string> parts;
        parts.reserve(constructsOf(job).size());
        for (ir::ConstructId id : constructsOf(job)) {
            ir::Construct const& construct = estate.constructs[id];
            parts.push_back((estate.constructs.text(construct.kind) + llvm::Twine('=') +
                             estate.sources.text(construct.span))
                                .str());
        }
        std::sort(parts.begin(), parts.end());
        return sha256(llvm::join(parts, "\n")).substr(0, 16);
    }

    void writeConstructs(llvm::ArrayRef<ir::ConstructId> ids) {
        json.key("constructs"); // [kind, span, form, fidelity]
        json.beginArray();
        for (ir::ConstructId id : ids) {
            ir::Construct const& construct = estate.constructs[id];
            json.beginCompact();
            json.beginArray();
            json.value(estate.constructs.text(construct.kind));
            json.value(llvm::StringRef(at(construct.span)));
            json.value(estate.constructs.text(construct.form));
            json.value(diag::toString(construct.fate));
            json.endArray();
            json.endCompact();
        }
        json.endArray();
    }

    void writeObject(ir::JobId id, llvm::StringRef target) {
        ir::Job const& job = estate.jobs[id];
        json.beginObject();
        json.key("name");
        json.value(job.name);
        json.key("dialect");
        json.value(ir::toString(job.dialect));
        json.key("source");
        json.value(estate.sources.path(estate.sources.fileOf(job.origin)));
        json.key("span");
        json.value(llvm::StringRef(at(job.origin)));
        json.key("ir_hash");
        json.value(llvm::StringRef(irHash(id)));
        if (!target.empty()) {
            json.key("target");
            json.value(target);
        }
        llvm::ArrayRef<ir::ConstructId> const own = constructsOf(id);
        auto worst = diag::Fidelity::exact;
        for (ir::ConstructId construct : own)
            worst = std::max(worst, estate.constructs[construct].fate);
        json.key("fidelity");
        json.value(diag::toString(worst));
        writeConstructs(own);
        json.endObject();
    }

    void writeDags() {
        json.key("dags");
        json.beginArray();
        for (DagRecord const& dag : dags) {
            json.beginObject();
            json.key("dag_id");
            json.value(llvm::StringRef(dag.dagId));
            json.key("file");
            json.value(llvm::StringRef(dag.file));
            json.key("workflow");
            json.value(estate.jobs[estate.workflows[dag.workflow].root].name);
            strings("assumptions", dag.assumptions);
            json.key("objects");
            json.beginArray();
            llvm::DenseMap<uint32_t, std::string const*> targets;
            for (auto const& [job, target] : dag.tasks)
                targets[job.value] = &target;
            for (ir::JobId job : estate.workflows[dag.workflow].jobs) {
                auto it = targets.find(job.value);
                writeObject(job,
                            it == targets.end() ? llvm::StringRef() : llvm::StringRef(*it->second));
            }
            json.endArray();
            json.endObject();
        }
        json.endArray();
    }

    void writeRefused() {
        json.key("refused");
        json.beginArray();
        for (ir::Workflow const& workflow : estate.workflows) {
            if (!workflow.refused)
                continue;
            for (ir::JobId job : workflow.jobs)
                writeObject(job, {});
        }
        json.endArray();
    }

    void writeSubscriptions() {
        json.key("subscriptions");
        json.beginArray();
        for (DagRecord const& dag : dags) {
            if (dag.subscribedJobs.empty() && dag.subscribedVariables.empty())
                continue;
            json.beginObject();
            json.key("dag_id");
            json.value(llvm::StringRef(dag.dagId));
            strings("jobs", dag.subscribedJobs);
            strings("variables", dag.subscribedVariables);
            json.endObject();
        }
        json.endArray();
    }

    /// Which DAGs run for what `force(…)` names (CTM-077).
    void writeForced() {
        std::set<std::string> paths;
        for (DagRecord const& dag : dags)
            for (ir::JobId id : estate.workflows[dag.workflow].jobs)
                ir::forEachForced(estate, estate.jobs[id], [&](ir::EndAction const& action) {
                    paths.insert(ir::forcedPath(action));
                });
        if (paths.empty())
            return;
        llvm::DenseMap<uint32_t, DagRecord const*> dagOf;
        for (DagRecord const& dag : dags)
            dagOf[dag.workflow.value] = &dag;
        ir::ForcedOrders const forced(estate);
        json.key("forced");
        json.beginArray();
        for (std::string const& path : paths)
            for (auto const& [workflow, jobs] : byWorkflow(forced.targetsOf(path))) {
                DagRecord const* const dag = dagOf.lookup(workflow);
                if (!dag)
                    continue; // refused, which has been reported
                json.beginObject();
                json.key("name");
                json.value(llvm::StringRef(path));
                json.key("dag_id");
                json.value(llvm::StringRef(dag->dagId));
                if (!jobs.empty())
                    strings("jobs", jobs);
                json.endObject();
            }
        json.endArray();
    }

    /// The jobs that are ordered alone; of a whole folder none.
    std::map<uint32_t, std::vector<std::string>>
    byWorkflow(llvm::ArrayRef<ir::JobId> targets) const {
        std::map<uint32_t, std::vector<std::string>> found;
        for (ir::JobId const target : targets) {
            auto& jobs = found[estate.jobs[target].workflow.value];
            if (estate.jobs[target].box)
                jobs.push_back(estate.jobs[target].name.str());
        }
        return found;
    }

    void writeAlarms() {
        json.key("alarms");
        json.beginArray();
        for (DagRecord const& dag : dags)
            for (ir::JobId id : estate.workflows[dag.workflow].jobs)
                writeAlarm(estate.jobs[id], dag.dagId);
        json.endArray();
    }

    void writeAlarm(ir::Job const& job, std::string const& dagId) {
        ir::Schedule const* schedule = job.schedule ? &estate.schedules[job.schedule] : nullptr;
        bool const hasTimes = schedule && (schedule->mustStart || schedule->mustComplete);
        if (!hasTimes && !job.group)
            return;
        json.beginObject();
        json.key("job");
        json.value(job.name);
        json.key("dag_id");
        json.value(llvm::StringRef(dagId));
        if (schedule)
            for (auto const& [name, times] : {std::pair{"must_start", &schedule->mustStart},
                                              {"must_complete", &schedule->mustComplete}}) {
                if (!*times)
                    continue;
                std::vector<std::string> list;
                for (ir::ClockOrOffset const& time : **times)
                    list.push_back(time.isOffset ? fmt::format("+{}", time.minutes)
                                                 : ir::clockText(time.minutes));
                strings(name, list);
            }
        for (auto const& [name, value] :
             {std::pair{"max_run", &job.alarms.maxRun}, {"min_run", &job.alarms.minRun}})
            if (*value) {
                json.key(name);
                json.value(value->value);
            }
        if (job.group)
            writeOutcomes(job.alarms);
        if (hasTimes && schedule->kind == ir::Schedule::Kind::calendar)
            writeTicks(*schedule);
        json.endObject();
    }

    /// Who is told of the ends of a box, which has no task to tell it: the words of a job's
    /// `alarms`.
    void writeOutcomes(ir::Alarms const& alarms) {
        json.key("outcomes");
        json.beginCompact();
        json.beginObject();
        for (auto const& [name, value] :
             {std::pair{"if_fail", &alarms.ifFail}, {"if_terminated", &alarms.ifTerminated}})
            if (*value && !**value) { // both default to true
                json.key(name);
                json.value(false);
            }
        if (alarms.notify && *alarms.notify) {
            json.key("notify");
            json.beginArray();
            for (auto const& address : alarms.addresses)
                json.value(*address);
            json.endArray();
            if (!alarms.notifyFailureOnly) {
                json.key("notify_on");
                json.value(llvm::StringRef("completion"));
            }
            if (alarms.message) {
                json.key("message");
                json.value(*alarms.message);
            }
        }
        json.endObject();
        json.endCompact();
    }

    void writeTicks(ir::Schedule const& schedule) {
        json.key("schedule");
        json.beginCompact();
        json.beginObject();
        static constexpr llvm::StringLiteral names[] = {"su", "mo", "tu", "we", "th", "fr", "sa"};
        std::string days, times, minutes;
        for (int day = 0; day < 7; ++day)
            if (schedule.weekdays && (*schedule.weekdays >> day & 1))
                days += (days.empty() ? "" : " ") + names[day].str();
        for (int16_t minute : schedule.times.value)
            times += (times.empty() ? "" : " ") + ir::clockText(minute);
        for (uint8_t minute : schedule.minutes.value)
            minutes += fmt::format("{}{}", minutes.empty() ? "" : " ", minute);
        std::string const zone = !schedule.zone.empty()              ? schedule.zone.str()
                                 : !estate.settings.timezone.empty() ? estate.settings.timezone
                                                                     : "UTC";
        for (auto const& [key, text] : {std::pair<char const*, llvm::StringRef>{"days", days},
                                        {"times", times},
                                        {"minutes", minutes},
                                        {"calendar", schedule.runCalendar.value},
                                        {"exclude", schedule.excludeCalendar.value},
                                        {"timezone", zone}})
            if (!text.empty()) {
                json.key(key);
                json.value(text);
            }
        json.endObject();
        json.endCompact();
    }

    void writeGlobals() {
        json.key("globals");
        json.beginObject();
        std::map<llvm::StringRef, llvm::StringRef> values; // the last definition wins
        for (ir::Variable const& variable : estate.variables)
            values[variable.name] = variable.value;
        for (auto const& [name, value] : values) {
            json.key(name);
            json.value(value);
        }
        json.endObject();
    }

    void writeResources() {
        json.key("resources");
        json.beginObject();
        auto const add = [&](llvm::StringRef name, llvm::StringRef kind, int64_t amount,
                             ir::Sourced<llvm::StringRef> const& machine) {
            json.key(name);
            json.beginCompact();
            json.beginObject();
            json.key("kind");
            json.value(kind);
            json.key("amount");
            json.value(amount);
            if (machine) {
                json.key("machine");
                json.value(*machine);
            }
            json.endObject();
            json.endCompact();
        };
        for (ir::Resource const& resource : estate.resources)
            add(resource.name,
                resource.kind == ir::Resource::Kind::renewable    ? "renewable"
                : resource.kind == ir::Resource::Kind::depletable ? "depletable"
                                                                  : "threshold",
                resource.amount.value, resource.machine);
        for (auto const& [name, amount] : orderResources)
            add(name, "renewable", amount, {});
        json.endObject();
    }

    void writeOthers() {
        json.key("other");
        json.beginObject();
        writeConstructs(loose());
        json.endObject();
    }

    ir::Estate const& estate;
    std::vector<DagRecord> const& dags;
    std::vector<SiteFile> const& files;
    std::map<std::string, int64_t> const& orderResources;
    JsonWriter json;
    std::vector<ir::ConstructId> sorted; ///< by owner
    std::vector<uint32_t> ends;          ///< in `sorted`, of each job's constructs and of the rest
};

} // namespace

std::string manifest(ir::Estate const& estate, std::vector<DagRecord> const& dags,
                     std::vector<SiteFile> const& files,
                     std::map<std::string, int64_t> const& orderResources) {
    return ManifestWriter(estate, dags, files, orderResources).run();
}

std::optional<std::map<std::string, std::string>> filesOfManifest(llvm::StringRef bytes) {
    auto const json =
        nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("files") || !json["files"].is_object())
        return std::nullopt;
    std::map<std::string, std::string> files;
    for (auto const& [name, hash] : json["files"].items())
        if (hash.is_string())
            files[name] = hash.get<std::string>();
    return files;
}

} // namespace hoist::airflow
