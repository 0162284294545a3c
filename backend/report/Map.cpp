// The JSON of the map, and the texts of definitions.
#include "backend/report/Map.h"

#include "backend/report/Utf8.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace hoist::report {
namespace {

using Json = nlohmann::ordered_json;

std::string idOf(ir::WorkflowId id) { return fmt::format("w{}", id.value); }
std::string idOf(ir::JobId id) { return fmt::format("j{}", id.value); }

Json placeOf(ir::Estate const& estate, Span span) {
    if (!span.isValid())
        return nullptr;
    LineColumn const start = estate.sources.start(span);
    return {{"file", toUtf8(estate.sources.path(estate.sources.fileOf(span)))},
            {"line", start.line},
            {"column", start.column}};
}

void set(Json& object, char const* key, llvm::StringRef text) {
    if (!text.empty())
        object[key] = toUtf8(text);
}

Json workflowJson(MapInput const& input, ir::WorkflowId id) {
    ir::Workflow const& workflow = input.estate.workflows[id];
    migration::WorkflowSurvey const& survey = input.inventory.workflows[id.value];
    Json entry{{"id", idOf(id)},
               {"name", toUtf8(input.estate.jobs[workflow.root].name)},
               {"root", idOf(workflow.root)},
               {"dialect", ir::toString(workflow.dialect).str()},
               {"jobs", survey.jobs},
               {"fidelity", toString(survey.fidelity).str()},
               {"complexity", survey.complexity()}};
    if (!input.waves.empty())
        set(entry, "wave", input.waves[id.value]);
    if (!input.verdicts.empty())
        set(entry, "verdict", input.verdicts[id.value]);
    return entry;
}

Json jobJson(MapInput const& input, ir::JobId id) {
    ir::Job const& job = input.estate.jobs[id];
    Json entry{{"id", idOf(id)},
               {"name", toUtf8(job.name)},
               {"kind", toUtf8(migration::kindOf(job))},
               {"workflow", idOf(job.workflow)}};
    if (job.box)
        entry["box"] = idOf(job.box);
    set(entry, "owner", *job.owner);
    if (!job.machines->empty()) {
        entry["machines"] = Json::array();
        for (llvm::StringRef machine : *job.machines)
            entry["machines"].push_back(toUtf8(machine));
    }
    set(entry, "application", *job.application);
    set(entry, "group", migration::groupOf(job));
    entry["place"] = placeOf(input.estate, job.nameSpan);
    return entry;
}

Json dependencyJson(ir::Estate const& estate, migration::Dependency const& each) {
    Json entry;
    if (each.producer)
        entry["producer"] = idOf(each.producer);
    entry["consumer"] = idOf(each.consumer);
    entry["kind"] = toString(each.kind).str();
    entry["strength"] = toString(each.strength).str();
    entry["producer_is"] = each.at == migration::Producer::job       ? "job"
                           : each.at == migration::Producer::outside ? "outside"
                                                                     : "shared";
    entry["crosses_workflows"] = each.crosses();
    if (each.inCondition)
        entry["condition"] = each.role == analysis::ConditionRole::success   ? "success"
                             : each.role == analysis::ConditionRole::failure ? "failure"
                                                                             : "start";
    entry["object"] = toUtf8(each.object);
    entry["text"] = toUtf8(each.text);
    entry["evidence"] = placeOf(estate, estate.constructs.span(each.evidence));
    if (each.written)
        entry["written"] = placeOf(estate, estate.constructs.span(each.written));
    return entry;
}

} // namespace

std::string mapJson(MapInput const& input) {
    Json workflows = Json::array(), jobs = Json::array(), dependencies = Json::array();
    for (ir::WorkflowId id : input.estate.workflows.ids())
        workflows.push_back(workflowJson(input, id));
    for (ir::JobId id : input.estate.jobs.ids())
        jobs.push_back(jobJson(input, id));
    for (migration::Idle const& idle : input.inventory.neverRun)
        jobs[idle.job.value]["never_runs"] = idle.code;
    for (migration::Dependency const& each : input.dependencies)
        dependencies.push_back(dependencyJson(input.estate, each));
    Json const document{{"format", "hoist-map"},
                        {"version", 1},
                        {"workflows", std::move(workflows)},
                        {"jobs", std::move(jobs)},
                        {"dependencies", std::move(dependencies)}};
    return document.dump(2) + "\n";
}

std::vector<std::string> definitionTexts(MapInput const& input) {
    ir::Estate const& estate = input.estate;
    // What belongs to a job, in the order of the text; a statement begins a piece of its own.
    struct Piece {
        Span span;
        bool isStatement = false, isSecret = false;
    };
    std::vector<std::vector<Piece>> pieces(estate.jobs.size());
    for (ir::ConstructId id : estate.constructs.ids()) {
        ir::Construct const& construct = estate.constructs[id];
        if (construct.owner && construct.span.isValid())
            pieces[construct.owner.value].push_back(
                {construct.span, estate.constructs.text(construct.kind).starts_with("statement"),
                 false});
    }
    std::vector<std::string> texts(estate.jobs.size());
    for (ir::JobId id : estate.jobs.ids()) {
        auto& own = pieces[id.value];
        if (estate.jobs[id].origin.isValid())
            own.push_back({estate.jobs[id].origin, true, false});
        std::stable_sort(own.begin(), own.end(), [](Piece const& a, Piece const& b) {
            return a.span.begin < b.span.begin;
        });
        Span secret;
        if (id.value < input.secrets.size() && input.secrets[id.value])
            if (auto const* command = std::get_if<ir::CommandAction>(&estate.jobs[id].action))
                secret = estate.constructs.span(command->command.from);
        std::string& text = texts[id.value];
        for (size_t i = 0; i < own.size();) {
            Span whole = own[i].span;
            size_t next = i + 1;
            for (;
                 next < own.size() && !(own[next].isStatement && own[next].span.begin >= whole.end);
                 ++next)
                whole = whole.to(own[next].span);
            FileId const file = estate.sources.fileOf(whole);
            llvm::StringRef const bytes = estate.sources.bytes(file);
            uint32_t const base = whole.begin - estate.sources.offsetIn(file, whole);
            auto const lineStart = [&](uint32_t at) {
                size_t const before = bytes.take_front(at).rfind('\n');
                return before == llvm::StringRef::npos ? 0 : before + 1;
            };
            size_t const from = lineStart(whole.begin - base);
            size_t const to = std::min(bytes.find('\n', whole.end - base), bytes.size());
            text += text.empty() ? "" : "\n\n";
            if (secret.isValid() && whole.contains(secret))
                text += bytes.slice(from, lineStart(secret.begin - base)).str() +
                        "    (not shown: the command holds a secret, A0022)\n" +
                        bytes.slice(std::min(bytes.find('\n', secret.end - base), to), to)
                            .ltrim('\n')
                            .str();
            else
                text += bytes.slice(from, to).str();
            i = next;
        }
    }
    return texts;
}

std::string scriptJson(std::string json) {
    std::string out;
    out.reserve(json.size() + json.size() / 16);
    for (size_t i = 0; i < json.size(); ++i) {
        char const c = json[i];
        if (c == '<' || c == '>' || c == '&') {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else if (c == '\xe2' && i + 2 < json.size() && json[i + 1] == '\x80' &&
                   (json[i + 2] == '\xa8' || json[i + 2] == '\xa9')) { // U+2028, U+2029
            out += json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            out += c;
        }
    }
    return out;
}

} // namespace hoist::report
