// The page: the model in rows, the layout, and the frame that they are put into.
//
// Rows are arrays without keys, and names that many jobs share are numbers into tables: an estate
// of 10,000 jobs is some megabytes, and a browser reads it in a moment. Nothing of the estate gets
// into the page but through `scriptJson`; the page's program shows it as text.
#include "backend/report/MapPage.h"

#include "backend/report/Map.h"
#include "backend/report/MapLayout.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/Support/Base64.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace hoist::report {
namespace {

using Json = nlohmann::json;

/// Names in the order in which they come; an empty name is -1.
class Table {
public:
    int of(llvm::StringRef name) {
        if (name.empty())
            return -1;
        auto const [it, isNew] = known.try_emplace(name, static_cast<int>(names.size()));
        if (isNew)
            names.push_back(printable(name));
        return it->second;
    }
    Json names = Json::array();

private:
    llvm::StringMap<int> known;
};

/// What stands outside: one node for each kind and name.
struct Outside {
    std::string name;
    int kind = 0;
    ir::WorkflowId user; ///< some workflow that waits for it
};

class Page {
public:
    explicit Page(MapInput const& given) : input(given), estate(given.estate) {}

    Json data() {
        for (size_t i = 0; i <= static_cast<size_t>(migration::DependencyKind::timeOrder); ++i)
            dependencyKinds.push_back(
                migration::toString(static_cast<migration::DependencyKind>(i)).str());
        for (size_t i = 0; i < migration::fidelityCount; ++i)
            fidelities.of(migration::toString(static_cast<migration::WorkflowFidelity>(i)));
        for (std::string const& wave : input.waveOrder)
            waves.of(wave);
        Json dependencies = dependencyRows();
        MapLayout const layout = layOut(estate, input.dependencies, outsideWidths, arrowsOutside);
        Json jobs = jobRows(layout), workflows = workflowRows(layout), outsides = Json::array();
        for (size_t i = 0; i < outside.size(); ++i)
            outsides.push_back({printable(outside[i].name), outside[i].kind,
                                rounded(layout.outside[i].x), rounded(layout.outside[i].y),
                                rounded(layout.outside[i].width)});
        return {{"title", printable(input.title)},
                {"w", std::move(workflows)},
                {"j", std::move(jobs)},
                {"o", std::move(outsides)},
                {"d", std::move(dependencies)},
                {"dependencyKinds", std::move(dependencyKinds)},
                {"outsideKinds", outsideKinds.names},
                {"fidelities", fidelities.names},
                {"waves", waves.names},
                {"verdicts", verdicts.names},
                {"owners", owners.names},
                {"machines", machines.names},
                {"applications", applications.names},
                {"kinds", kinds.names},
                {"files", files.names}};
    }

private:
    static int64_t rounded(double value) { return std::llround(value); }

    std::pair<int, int64_t> placeOf(Span span) {
        if (!span.isValid())
            return {-1, 0};
        return {files.of(estate.sources.path(estate.sources.fileOf(span))),
                estate.sources.start(span).line};
    }

    int outsideOf(migration::Dependency const& each) {
        bool const namesJob = each.kind == migration::DependencyKind::status ||
                              each.kind == migration::DependencyKind::exclusion ||
                              each.kind == migration::DependencyKind::exitCode;
        llvm::StringRef const kind = namesJob ? "job" : migration::toString(each.kind);
        auto const [it, isNew] = outsideByName.try_emplace((kind + " " + each.object).str(),
                                                           static_cast<int>(outside.size()));
        if (isNew) {
            outside.push_back({each.object, outsideKinds.of(kind), each.to});
            outsideWidths.push_back(widthOf(each.object));
        }
        arrowsOutside.emplace_back(it->second, each.to);
        return it->second;
    }

    Json dependencyRows() {
        Json rows = Json::array();
        for (migration::Dependency const& each : input.dependencies) {
            int64_t from = -1;
            if (each.producer)
                from = each.producer.value;
            else if (each.at == migration::Producer::outside)
                from = -2 - int64_t(outsideOf(each));
            auto const [file, line] = placeOf(estate.constructs.span(each.evidence));
            int const role = each.inCondition ? 1 + static_cast<int>(each.role) : 0;
            rows.push_back({from, each.consumer.value, static_cast<int>(each.kind),
                            each.strength == migration::Strength::soft ? 1 : 0, role,
                            printable(each.object), printable(each.text), file, line});
        }
        return rows;
    }

    Json jobRows(MapLayout const& layout) {
        std::vector<std::string> const texts = definitionTexts(input);
        std::vector<std::string> never(estate.jobs.size());
        for (migration::Idle const& idle : input.inventory.neverRun)
            never[idle.job.value] = idle.code;
        Json rows = Json::array();
        for (ir::JobId id : estate.jobs.ids()) {
            ir::Job const& job = estate.jobs[id];
            Area const& area = layout.jobs[id.value];
            auto const [file, line] = placeOf(job.nameSpan);
            Json runs = 0;
            if (!input.inventory.statistics.empty())
                if (auto const& each = input.inventory.statistics[id.value]; each.runs > 0)
                    runs = {each.runs, each.failures + each.terminated, each.p50, each.p95};
            rows.push_back(
                {printable(job.name), kinds.of(migration::kindOf(job)), job.workflow.value,
                 job.box ? static_cast<int64_t>(job.box.value) : int64_t(-1), owners.of(*job.owner),
                 machines.of(job.machines->empty() ? llvm::StringRef() : job.machines->front()),
                 applications.of(*job.application), file, line, rounded(area.x), rounded(area.y),
                 rounded(area.width), rounded(area.height), lines(texts[id.value]), never[id.value],
                 std::move(runs)});
        }
        return rows;
    }

    /// A text of several lines, each of them safe to show.
    static std::string lines(llvm::StringRef text) {
        std::string out;
        while (!text.empty()) {
            auto const [line, rest] = text.split('\n');
            out += printable(line.rtrim('\r'));
            if (rest.data() > line.data() + line.size() || !rest.empty())
                out += '\n';
            text = rest;
        }
        return out;
    }

    Json workflowRows(MapLayout const& layout) {
        Json rows = Json::array();
        for (ir::WorkflowId id : estate.workflows.ids()) {
            ir::Workflow const& workflow = estate.workflows[id];
            Area const& area = layout.workflows[id.value];
            migration::WorkflowSurvey const& survey = input.inventory.workflows[id.value];
            rows.push_back({workflow.root.value, rounded(area.x), rounded(area.y),
                            rounded(area.width), rounded(area.height),
                            fidelities.of(migration::toString(survey.fidelity)),
                            input.waves.empty() ? -1 : waves.of(input.waves[id.value]),
                            input.verdicts.empty() ? -1 : verdicts.of(input.verdicts[id.value]),
                            survey.complexity(), printable(llvm::join(survey.assumptions, ", "))});
        }
        return rows;
    }

    MapInput const& input;
    ir::Estate const& estate;
    Json dependencyKinds = Json::array();
    Table outsideKinds, fidelities, waves, verdicts, owners, machines, applications, kinds, files;
    llvm::StringMap<int> outsideByName;
    std::vector<Outside> outside;
    std::vector<double> outsideWidths;
    std::vector<std::pair<uint32_t, ir::WorkflowId>> arrowsOutside;
};

/// As a security policy names a script or style: base64 of the sum's bytes.
std::string sourceHash(std::string_view hex) {
    std::string bytes = llvm::fromHex(llvm::StringRef(hex.data(), hex.size()));
    return "'sha256-" + llvm::encodeBase64(bytes) + "'";
}

} // namespace

std::string mapPage(MapInput const& input) {
    PageFile const style = pageFile(PagePart::style), program = pageFile(PagePart::program),
                   library = pageFile(PagePart::library);
    std::string_view const frame = pageFile(PagePart::frame).bytes;
    std::string const data = scriptJson(
        Page(input).data().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    std::string const policy = fmt::format(
        "default-src 'none'; script-src {} {}; style-src {}; base-uri 'none'; form-action 'none'",
        sourceHash(library.sha256), sourceHash(program.sha256), sourceHash(style.sha256));
    std::pair<std::string_view, std::string_view> const parts[] = {
        {"CSP", policy},
        {"CSS", style.bytes},
        {"DATA", data},
        {"LIBRARY", library.bytes},
        {"PROGRAM", program.bytes},
    };
    std::string out;
    out.reserve(frame.size() + data.size() + library.bytes.size() + program.bytes.size() +
                style.bytes.size());
    // One pass over the frame: what is put in is never looked at again.
    for (size_t at = 0; at < frame.size();) {
        size_t const open = std::min(frame.find('@', at), frame.size());
        out += frame.substr(at, open - at);
        size_t const close = open < frame.size() ? frame.find('@', open + 1) : open;
        if (open >= frame.size())
            break;
        std::string_view const name = frame.substr(open + 1, close - open - 1);
        for (auto const& [part, bytes] : parts)
            if (part == name)
                out += bytes;
        at = close + 1;
    }
    return out;
}

} // namespace hoist::report
