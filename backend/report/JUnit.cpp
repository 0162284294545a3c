// JUnit's XML, for servers that know tests only: a suite per file, a test per finding. What fails
// the run (`--fail-on`) is a failed test; the rest are passed tests with output, so that a server
// is red exactly when hoist is.
#include "backend/report/Parts.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <map>

namespace hoist::report {
namespace {

/// Text for content and attributes. XML 1.0 has no way to write most control characters;
/// `printable` has made them pictures.
std::string xml(llvm::StringRef text) {
    std::string out;
    for (char const c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&apos;"; break;
        default: out += c;
        }
    }
    return out;
}

struct Suite {
    std::string tests;
    size_t count = 0, failures = 0;
};

} // namespace

std::string junit(Findings const& input) {
    std::map<std::string, Suite> suites;
    std::map<std::pair<std::string, std::string>, size_t> seen; // tests have names, not places
    for (diag::Diagnostic const& finding : input.findings) {
        Place const place = placeOf(input, finding);
        std::string const file = printable(place.file);
        Suite& suite = suites[file];
        ++suite.count;
        bool const isFailure = input.failOn && finding.severity >= *input.failOn;
        suite.failures += isFailure;
        std::string name = fmt::format("{} {}", diag::info(finding.code).id,
                                       finding.object.empty() ? diag::info(finding.code).name
                                                              : printable(finding.object));
        if (size_t const number = ++seen[{file, name}]; number > 1)
            name += fmt::format(" ({})", number);
        suite.tests +=
            fmt::format("    <testcase classname=\"{}\" name=\"{}\">\n", xml(file), xml(name));
        std::string const severity = diag::toString(finding.severity).str();
        std::string const body =
            xml(fmt::format("{}:{}:{}: {}: {}", file, place.start.line, place.start.column,
                            severity, wholeMessage(finding)));
        if (isFailure)
            suite.tests += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                                       severity, xml(printable(finding.message)), body);
        else
            suite.tests += fmt::format("      <system-out>{}</system-out>\n", body);
        suite.tests += "    </testcase>\n";
    }
    if (suites.empty()) // servers take a report without a test for a broken run
        suites["hoist"] = {"    <testcase classname=\"hoist\" name=\"no findings\"/>\n", 1, 0};
    size_t tests = 0, failures = 0;
    std::string body;
    for (auto const& [file, suite] : suites) {
        tests += suite.count;
        failures += suite.failures;
        body += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" "
                            "errors=\"0\">\n{}  </testsuite>\n",
                            xml(file), suite.count, suite.failures, suite.tests);
    }
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                       "<testsuites name=\"hoist\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n{}"
                       "</testsuites>\n",
                       tests, failures, body);
}

} // namespace hoist::report
