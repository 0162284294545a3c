// Findings as one JSON object; the shape is docs/schemas/findings.schema.json.
#include "backend/report/Report.h"
#include "backend/report/Utf8.h"

#include <nlohmann/json.hpp>

namespace hoist::report {
namespace {

using Json = nlohmann::ordered_json;

Json text(llvm::StringRef bytes) { return toUtf8(bytes); }
Json text(std::string_view bytes) { return std::string(bytes); }

Json place(SourceMap const& sources, Span span) {
    FileId const file = sources.fileOf(span);
    LineColumn const start = sources.start(span), end = sources.end(span);
    uint32_t const offset = sources.offsetIn(file, span);
    return {
        {"file", toUtf8(sources.path(file))},
        {"start", {{"line", start.line}, {"column", start.column}, {"offset", offset}}},
        {"end", {{"line", end.line}, {"column", end.column}, {"offset", offset + span.size()}}}};
}

Json texts(llvm::ArrayRef<std::string> all) {
    Json list = Json::array();
    for (std::string const& each : all)
        list.push_back(toUtf8(each));
    return list;
}

} // namespace

std::string json(Findings const& input) {
    size_t count[3] = {};
    Json list = Json::array();
    std::vector<std::string> const prints = fingerprints(input);
    for (size_t i = 0; i < input.findings.size(); ++i) {
        diag::Diagnostic const& finding = input.findings[i];
        ++count[static_cast<size_t>(finding.severity)];
        diag::CodeInfo const& info = diag::info(finding.code);
        Json entry{{"code", text(info.id)},
                   {"name", text(info.name)},
                   {"severity", text(diag::toString(finding.severity))},
                   {"fidelity", text(diag::toString(info.fidelity))},
                   {"group", text(info.group)},
                   {"message", toUtf8(finding.message)},
                   {"fingerprint", prints[i]}};
        if (!finding.object.empty())
            entry["object"] = toUtf8(finding.object);
        if (finding.span.isValid())
            entry["place"] = place(input.sources, finding.span);
        if (!finding.primaryText.empty())
            entry["text"] = toUtf8(finding.primaryText);
        entry["labels"] = Json::array();
        for (diag::Label const& label : finding.labels)
            entry["labels"].push_back(
                {{"place", place(input.sources, label.span)}, {"text", toUtf8(label.text)}});
        if (!finding.story.empty()) {
            entry["story"] = Json::array();
            for (diag::Step const& step : finding.story) {
                Json line{{"side", toUtf8(step.side)}, {"text", toUtf8(step.text)}};
                if (step.span.isValid())
                    line["place"] = place(input.sources, step.span);
                entry["story"].push_back(std::move(line));
            }
        }
        entry["notes"] = texts(finding.notes);
        entry["helps"] = texts(finding.helps);
        entry["fixes"] = Json::array();
        for (diag::Fix const& fix : finding.fixes)
            entry["fixes"].push_back({{"title", toUtf8(fix.title)},
                                      {"place", place(input.sources, fix.span)},
                                      {"replacement", toUtf8(fix.replacement)},
                                      {"safe", fix.applicability == diag::Applicability::safe}});
        list.push_back(std::move(entry));
    }
    Json const document{{"format", "hoist-findings"},
                        {"version", 1},
                        {"tool", {{"name", "hoist"}, {"version", input.version.str()}}},
                        {"summary",
                         {{"files", input.files},
                          {"errors", count[static_cast<size_t>(diag::Severity::error)]},
                          {"warnings", count[static_cast<size_t>(diag::Severity::warning)]},
                          {"notes", count[static_cast<size_t>(diag::Severity::note)]},
                          {"suppressed", input.suppressed},
                          {"baselined", input.baselined},
                          {"ignored", input.ignored}}},
                        {"findings", std::move(list)}};
    return document.dump(2) + "\n";
}

} // namespace hoist::report
