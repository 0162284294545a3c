// Findings as SARIF 2.1.0.
#include "backend/report/Report.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/StringExtras.h>

#include <nlohmann/json.hpp>

#include <map>

namespace hoist::report {
namespace {

using Json = nlohmann::ordered_json;

std::string words(std::string_view text) { return std::string(text); }

class SarifWriter {
public:
    explicit SarifWriter(Findings const& findings) : input(findings) {}

    std::string write() {
        Json results = Json::array();
        Json rules = rulesInUse();
        std::vector<std::string> const prints = fingerprints(input);
        for (size_t i = 0; i < input.findings.size(); ++i)
            results.push_back(result(input.findings[i], prints[i]));
        Json run{
            {"tool", {{"driver", {{"name", "hoist"}, {"semanticVersion", input.version.str()}}}}},
            {"columnKind", "unicodeCodePoints"}};
        run["tool"]["driver"]["rules"] = std::move(rules);
        run["results"] = std::move(results);
        Json const document{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                            {"version", "2.1.0"},
                            {"runs", Json::array({std::move(run)})}};
        return document.dump(2) + "\n";
    }

private:
    Json rulesInUse() {
        for (diag::Diagnostic const& finding : input.findings)
            ruleIndex.emplace(diag::info(finding.code).id, 0);
        Json rules = Json::array();
        for (auto& [id, index] : ruleIndex) {
            index = rules.size();
            diag::CodeInfo const& info = diag::info(*diag::codeById({id.data(), id.size()}));
            rules.push_back(
                {{"id", words(info.id)},
                 {"name", words(info.name)},
                 {"shortDescription", {{"text", words(info.message)}}},
                 {"help",
                  {{"text",
                    "`hoist explain " + words(info.id) + "` shows an example and what to do."}}},
                 {"defaultConfiguration", {{"level", diag::toString(info.severity).str()}}},
                 {"properties",
                  {{"group", words(info.group)},
                   {"fidelity", diag::toString(info.fidelity).str()}}}});
        }
        return rules;
    }

    /// RFC 3986: everything but unreserved characters and the slash is written as `%XX`.
    static std::string encoded(llvm::StringRef path) {
        std::string uri;
        for (char const c : path) {
            if (llvm::isAlnum(c) || llvm::StringRef("-._~/").contains(c))
                uri += c;
            else
                uri += std::string("%") + llvm::hexdigit(static_cast<unsigned char>(c) >> 4) +
                       llvm::hexdigit(static_cast<unsigned char>(c) & 15);
        }
        return uri;
    }

    Json artifact(llvm::StringRef path) const {
        llvm::StringRef const folder = input.currentFolder;
        if (!folder.empty() && path.starts_with(folder) &&
            path.substr(folder.size()).starts_with("/"))
            path = path.substr(folder.size() + 1);
        if (path.starts_with("/"))
            return {{"uri", "file://" + encoded(path)}};
        while (path.consume_front("./"))
            continue;
        return {{"uri", encoded(path)}, {"uriBaseId", "%SRCROOT%"}};
    }

    Json region(Span span) const {
        LineColumn const start = input.sources.start(span), end = input.sources.end(span);
        return {{"startLine", start.line},
                {"startColumn", start.column},
                {"endLine", end.line},
                {"endColumn", end.column}};
    }

    Json physical(Span span) const {
        return {{"artifactLocation", artifact(input.sources.path(input.sources.fileOf(span)))},
                {"region", region(span)}};
    }

    Json result(diag::Diagnostic const& finding, std::string const& print) const {
        auto const id = diag::info(finding.code).id;
        std::string message = toUtf8(finding.message);
        for (std::string const& each : finding.notes)
            message += "\nnote: " + toUtf8(each);
        for (std::string const& each : finding.helps)
            message += "\nhelp: " + toUtf8(each);
        Json entry{{"ruleId", words(id)},
                   {"ruleIndex", ruleIndex.at(id)},
                   {"level", diag::toString(finding.severity).str()},
                   {"message", {{"text", message}}},
                   {"partialFingerprints", {{"hoist/v1", print}}}};
        if (finding.span.isValid()) {
            Json location{{"physicalLocation", physical(finding.span)}};
            if (!finding.object.empty())
                location["logicalLocations"] = Json::array({{{"name", toUtf8(finding.object)}}});
            entry["locations"] = Json::array({std::move(location)});
        }
        if (!finding.labels.empty()) {
            Json related = Json::array();
            for (diag::Label const& label : finding.labels)
                related.push_back({{"id", related.size() + 1},
                                   {"physicalLocation", physical(label.span)},
                                   {"message", {{"text", toUtf8(label.text)}}}});
            entry["relatedLocations"] = std::move(related);
        }
        if (!finding.fixes.empty()) {
            Json fixes = Json::array();
            for (diag::Fix const& fix : finding.fixes)
                fixes.push_back(
                    {{"description", {{"text", toUtf8(fix.title)}}},
                     {"artifactChanges",
                      Json::array({{{"artifactLocation",
                                     artifact(input.sources.path(input.sources.fileOf(fix.span)))},
                                    {"replacements",
                                     Json::array({{{"deletedRegion", region(fix.span)},
                                                   {"insertedContent",
                                                    {{"text", toUtf8(fix.replacement)}}}}})}}})}});
            entry["fixes"] = std::move(fixes);
        }
        return entry;
    }

    Findings const& input;
    std::map<std::string_view, size_t> ruleIndex;
};

} // namespace

std::string sarif(Findings const& findings) { return SarifWriter(findings).write(); }

} // namespace hoist::report
