// GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/
#include "backend/report/Parts.h"
#include "backend/report/Utf8.h"

#include <nlohmann/json.hpp>

namespace hoist::report {
namespace {

using Json = nlohmann::ordered_json;

/// Of GitLab's five words; `blocker` and `major` are left to those who know what a finding costs.
char const* severityOf(diag::Severity severity) {
    switch (severity) {
    case diag::Severity::error: return "critical";
    case diag::Severity::warning: return "minor";
    case diag::Severity::note: return "info";
    }
    return "critical";
}

} // namespace

std::string gitlab(Findings const& input) {
    Json list = Json::array();
    std::vector<std::string> const prints = fingerprints(input);
    for (size_t i = 0; i < input.findings.size(); ++i) {
        diag::Diagnostic const& finding = input.findings[i];
        diag::CodeInfo const& info = diag::info(finding.code);
        Place const place = placeOf(input, finding);
        list.push_back({{"description", printable(finding.message)},
                        {"check_name", std::string(info.id) + " " + std::string(info.name)},
                        {"fingerprint", prints[i]},
                        {"severity", severityOf(finding.severity)},
                        {"location",
                         {{"path", toUtf8(place.file)},
                          {"lines", {{"begin", place.start.line}, {"end", place.end.line}}}}},
                        {"content", {{"body", wholeMessage(finding)}}}});
    }
    return list.dump(2) + "\n";
}

} // namespace hoist::report
