// Certificates as JSON.
#include "analysis/equivalence/Certificate.h"

#include "analysis/equivalence/IrHash.h"
#include "frontend/ir/TargetName.h"
#include "frontend/ir/TimeZones.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/SHA256.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoist::equivalence {

llvm::StringRef toString(Verdict verdict) {
    switch (verdict) {
    case Verdict::equivalent: return "equivalent";
    case Verdict::equivalentIf: return "equivalent-if";
    case Verdict::different: return "different";
    case Verdict::unknown: return "unknown";
    }
    return "unknown";
}

llvm::StringRef toString(Proof proof) {
    switch (proof) {
    case Proof::none: return "none";
    case Proof::local: return "local";
    case Proof::global: return "global";
    case Proof::enumerated: return "enumerated";
    case Proof::compared: return "compared";
    case Proof::executed: return "executed";
    }
    return "none";
}

DefiningFiles::DefiningFiles(ir::Estate const& givenEstate)
    : estate(givenEstate), byJob(givenEstate.jobs.size()) {
    auto const add = [&](JobId job, Span span) {
        if (!span.isValid())
            return;
        FileId const file = estate.sources.fileOf(span);
        if (auto& files = byJob[job.value]; !llvm::is_contained(files, file))
            files.push_back(file);
    };
    for (JobId id : estate.jobs.ids())
        add(id, estate.jobs[id].origin);
    for (ir::ConstructId id : estate.constructs.ids())
        if (ir::Construct const& construct = estate.constructs[id]; construct.owner)
            add(construct.owner, construct.span);
}

std::vector<FileId> DefiningFiles::of(ir::WorkflowId workflow) const {
    std::set<FileId> found;
    auto const add = [&](Span span) {
        if (span.isValid())
            found.insert(estate.sources.fileOf(span));
    };
    std::vector<ir::CalendarId> calendars;
    auto const addCalendar = [&](llvm::StringRef name) {
        auto const it = estate.calendarByName.find(name);
        if (it != estate.calendarByName.end() && !llvm::is_contained(calendars, it->second))
            calendars.push_back(it->second);
    };
    for (JobId id : estate.workflows[workflow].jobs) {
        ir::Job const& job = estate.jobs[id];
        found.insert(byJob[id.value].begin(), byJob[id.value].end());
        if (job.schedule)
            for (auto const* name : {&estate.schedules[job.schedule].runCalendar,
                                     &estate.schedules[job.schedule].excludeCalendar})
                addCalendar(name->value);
        for (llvm::StringRef machine : job.machines.value)
            if (auto it = estate.machineByName.find(machine); it != estate.machineByName.end())
                add(estate.machines[it->second].nameSpan);
        for (ir::ResourceUse const& use : job.resources)
            if (auto it = estate.resourceByName.find(use.name); it != estate.resourceByName.end())
                add(estate.resources[it->second].nameSpan);
    }
    for (size_t i = 0; i < calendars.size(); ++i) { // a calendar may name others
        ir::Calendar const& calendar = estate.calendars[calendars[i]];
        add(calendar.nameSpan);
        addCalendar(calendar.holidayCalendar.value);
        addCalendar(calendar.cycleName.value);
    }
    std::vector<FileId> files(found.begin(), found.end());
    std::sort(files.begin(), files.end(),
              [&](FileId a, FileId b) { return estate.sources.path(a) < estate.sources.path(b); });
    return files;
}

static std::string utc(int64_t instant) {
    int64_t const days = instant >= 0 ? instant / 86400 : (instant - 86399) / 86400;
    ir::Date const date = ir::fromDayNumber(static_cast<int32_t>(days));
    int64_t const of = instant - days * 86400;
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", date.year, date.month, date.day,
                       of / 3600, of / 60 % 60, of % 60);
}

std::string certificateJson(ir::Estate const& estate, DefiningFiles const& files,
                            target::Bag const& bag, target::Dag const* dag,
                            Certificate const& certificate) {
    using Json = nlohmann::ordered_json;
    auto const place = [&](Span span) -> Json {
        if (!span.isValid())
            return nullptr;
        FileId const file = estate.sources.fileOf(span);
        return fmt::format("{}:{}", estate.sources.path(file).str(),
                           estate.sources.start(span).line);
    };
    auto const nameOf = [&](JobId job) -> Json {
        if (!job)
            return nullptr;
        return estate.jobs[job].name.str();
    };
    Json json;
    json["format"] = 1;
    json["hoist"] = certificate.hoistVersion;
    json["time_zones"] = ir::zoneDataVersion().str();
    json["airflow"] = bag.airflowVersion;
    json["exporter"] = bag.exporter;
    json["workflow"] = nameOf(estate.workflows[certificate.workflow].root);
    json["dag_id"] = dag ? Json(dag->id) : Json();
    Json& hashes = json["hashes"];
    hashes["ir"] = irHash(estate, certificate.workflow);
    hashes["site"] = siteHash(estate.settings);
    hashes["sources"] = Json::object();
    for (FileId file : files.of(certificate.workflow))
        hashes["sources"][estate.sources.path(file).str()] = llvm::toHex(
            llvm::SHA256::hash(llvm::arrayRefFromStringRef(estate.sources.bytes(file))), true);
    hashes["dag_file"] = dag ? Json(dag->sha256) : Json();
    hashes["serialized"] = dag ? Json(dag->serializedSha256) : Json();
    json["verdict"] = toString(certificate.verdict).str();
    json["proofs"] = Json::object();
    for (auto const& [aspect, proof] : certificate.proofs)
        json["proofs"][toString(aspect).str()] = toString(proof).str();
    std::map<std::string, std::string> assumptions;
    for (Assumption const& assumption : certificate.findings.assumptions)
        assumptions.try_emplace(assumption.name, assumption.text);
    json["assumptions"] = Json::array();
    for (auto const& [name, text] : assumptions)
        json["assumptions"].push_back({{"name", name}, {"text", text}});
    json["differences"] = Json::array();
    for (Difference const& difference : certificate.findings.differences)
        json["differences"].push_back({{"aspect", toString(difference.aspect).str()},
                                       {"job", nameOf(difference.job)},
                                       {"definition", place(difference.definition)},
                                       {"task", difference.task},
                                       {"legacy", difference.legacySide},
                                       {"airflow", difference.airflowSide},
                                       {"consequence", difference.consequence}});
    json["unknowns"] = Json::array();
    for (Unknown const& unknown : certificate.findings.unknowns)
        json["unknowns"].push_back(
            {{"reason", unknown.reason}, {"job", nameOf(unknown.job)}, {"task", unknown.task}});
    json["horizon"] = {{"from", utc(certificate.horizon.from)},
                       {"to", utc(certificate.horizon.to)}};
    json["budget"] = Json::object();
    for (auto const& [name, used] : certificate.budget)
        json["budget"][name] = used;
    // Legacy text may be no UTF-8.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool writeCertificate(FileSystem& files, llvm::StringRef folder, llvm::StringRef workflow,
                      llvm::StringRef json, std::string& error) {
    std::string name = ir::airflowId(workflow);
    if (name != workflow || llvm::StringRef(name).starts_with("."))
        name = "_" + ir::hashedAirflowId(workflow);
    return files.write(folder.str() + "/" + name + ".json", json, error);
}

} // namespace hoist::equivalence
