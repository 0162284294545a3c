// Findings as SARIF 2.1.0, so that GitHub's code scanning takes the file whole and shows the worst
// of it. What it does with a file that is too big is to refuse it, or to drop results in silence:
// so the cut is made here, by severity, and said in the file and on standard error.
#include "backend/report/Parts.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <map>

namespace hoist::report {
namespace {

using Json = nlohmann::ordered_json;

// https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
// A file holds one run (of 20) and at most one rule per code (of 25,000), so these are what can be
// exceeded:
constexpr size_t resultsPerRun = 25'000;     // more: the file is refused
constexpr size_t resultsShown = 5'000;       // more: only the worst are kept
constexpr size_t locationsPerResult = 1'000; // more: the file is refused
constexpr size_t stepsPerResult = 10'000;    // more: the file is refused
constexpr size_t bytesAfterGzip = 10'000'000;

std::string words(std::string_view text) { return std::string(text); }

class SarifWriter {
public:
    SarifWriter(Findings const& findings, Notices& said) : input(findings), notices(said) {}

    std::string write() {
        std::vector<size_t> order = bySeverity(input);
        if (order.size() > resultsPerRun) {
            notices.push_back(
                fmt::format("SARIF: the {} worst of {} findings are in the file: GitHub refuses a "
                            "run with more results",
                            resultsPerRun, order.size()));
            order.resize(resultsPerRun);
        }
        if (order.size() > resultsShown)
            notices.push_back(fmt::format(
                "SARIF: {} findings are in the file, of which GitHub keeps the {} worst",
                order.size(), resultsShown));
        Json results = Json::array();
        Json rules = rulesInUse(order);
        std::vector<std::string> const prints = fingerprints(input);
        for (size_t const i : order)
            results.push_back(result(input.findings[i], prints[i]));
        Json run{
            {"tool", {{"driver", {{"name", "hoist"}, {"semanticVersion", input.version.str()}}}}},
            {"columnKind", "unicodeCodePoints"}};
        run["tool"]["driver"]["rules"] = std::move(rules);
        if (!notices.empty()) {
            Json said = Json::array();
            for (std::string const& notice : notices)
                said.push_back({{"level", "warning"}, {"message", {{"text", notice}}}});
            run["invocations"] = Json::array(
                {{{"executionSuccessful", true}, {"toolExecutionNotifications", std::move(said)}}});
        }
        run["results"] = std::move(results);
        Json const document{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                            {"version", "2.1.0"},
                            {"runs", Json::array({std::move(run)})}};
        std::string bytes = document.dump(2) + "\n";
        if (bytes.size() > bytesAfterGzip)
            notices.push_back(
                fmt::format("SARIF: the file has {} MB; GitHub takes {} MB after gzip",
                            bytes.size() / 1'000'000, bytesAfterGzip / 1'000'000));
        return bytes;
    }

private:
    Json rulesInUse(std::vector<size_t> const& order) {
        for (size_t const i : order)
            ruleIndex.emplace(diag::info(input.findings[i].code).id, 0);
        Json rules = Json::array();
        for (auto& [id, index] : ruleIndex) {
            index = rules.size();
            diag::CodeInfo const& info = diag::info(*diag::codeById({id.data(), id.size()}));
            Json help{{"text",
                       "`hoist explain " + words(info.id) + "` shows an example and what to do."}};
            if (input.pageOf)
                help["markdown"] = toUtf8(input.pageOf({id.data(), id.size()}));
            // What GitHub calls a note; it sorts by this word.
            std::string const severity = info.severity == diag::Severity::note
                                             ? "recommendation"
                                             : diag::toString(info.severity).str();
            rules.push_back(
                {{"id", words(info.id)},
                 {"name", words(info.name)},
                 {"shortDescription", {{"text", words(info.message)}}},
                 {"help", std::move(help)},
                 {"defaultConfiguration", {{"level", diag::toString(info.severity).str()}}},
                 {"properties",
                  {{"group", words(info.group)},
                   {"fidelity", diag::toString(info.fidelity).str()},
                   {"problem.severity", severity},
                   {"tags", Json::array({words(info.group)})}}}});
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
        std::string const seen = repositoryPath(input, path);
        if (llvm::StringRef(seen).starts_with("/"))
            return {{"uri", "file://" + encoded(seen)}};
        return {{"uri", encoded(seen.empty() ? "." : seen)}, {"uriBaseId", "%SRCROOT%"}};
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

    /// One thread per side of a played counterexample, each from what was given on.
    Json codeFlow(diag::Diagnostic const& finding) const {
        Json given = Json::array();
        std::vector<std::pair<std::string, Json>> sides;
        // No story has more than two sides, which both repeat what was given.
        for (size_t i = 0; i < std::min(finding.story.size(), stepsPerResult / 2); ++i) {
            diag::Step const& step = finding.story[i];
            Json location{{"message", {{"text", toUtf8(step.text)}}}};
            Span const span = step.span.isValid() ? step.span : finding.span;
            if (span.isValid())
                location["physicalLocation"] = physical(span);
            Json const line{{"location", std::move(location)}};
            if (step.side == "given") {
                given.push_back(line);
                continue;
            }
            auto side =
                llvm::find_if(sides, [&](auto const& one) { return one.first == step.side; });
            if (side == sides.end())
                side = sides.insert(sides.end(), {step.side, given});
            side->second.push_back(line);
        }
        if (sides.empty())
            sides.emplace_back("given", given);
        Json threads = Json::array();
        for (auto& [side, locations] : sides)
            threads.push_back({{"id", toUtf8(side)}, {"locations", std::move(locations)}});
        return Json::array({{{"threadFlows", std::move(threads)}}});
    }

    Json result(diag::Diagnostic const& finding, std::string const& print) const {
        auto const id = diag::info(finding.code).id;
        std::string message = toUtf8(finding.message);
        for (std::string const& each : finding.notes)
            message += "\nnote: " + toUtf8(each);
        for (std::string const& each : finding.helps)
            message += "\nhelp: " + toUtf8(each);
        // GitHub compares the first of these only, and would else hash the line and what follows.
        std::string const lineHash = print.find(':') == std::string::npos ? print + ":1" : print;
        Json entry{
            {"ruleId", words(id)},
            {"ruleIndex", ruleIndex.at(id)},
            {"level", diag::toString(finding.severity).str()},
            {"message", {{"text", message}}},
            {"partialFingerprints", {{"primaryLocationLineHash", lineHash}, {"hoist/v1", print}}}};
        // A result without a location is refused: what is about the run stands at its first PATH.
        Json location;
        if (finding.span.isValid())
            location["physicalLocation"] = physical(finding.span);
        else
            location["physicalLocation"] = {{"artifactLocation", artifact(input.about)},
                                            {"region", {{"startLine", 1}}}};
        if (!finding.object.empty())
            location["logicalLocations"] = Json::array({{{"name", toUtf8(finding.object)}}});
        entry["locations"] = Json::array({std::move(location)});
        if (!finding.labels.empty()) {
            Json related = Json::array();
            for (diag::Label const& label : finding.labels) {
                if (related.size() + 1 >= locationsPerResult)
                    break;
                related.push_back({{"id", related.size() + 1},
                                   {"physicalLocation", physical(label.span)},
                                   {"message", {{"text", toUtf8(label.text)}}}});
            }
            entry["relatedLocations"] = std::move(related);
        }
        if (!finding.story.empty())
            entry["codeFlows"] = codeFlow(finding);
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
    Notices& notices;
    std::map<std::string_view, size_t> ruleIndex;
};

} // namespace

std::string sarif(Findings const& findings, Notices& notices) {
    return SarifWriter(findings, notices).write();
}

} // namespace hoist::report
