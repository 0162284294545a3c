// What a definition says never becomes code in a format for machines: hostile names through all of
// them. The exact bytes of small reports, and the cuts at the limits of others.
#include "backend/report/Report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>

using namespace hoist;
using diag::Code;
using nlohmann::json;

namespace {

/// Everything that means something to one of the formats, and bytes that are no UTF-8.
constexpr llvm::StringLiteral hostile =
    "a\n::error file=x::pwned\r\n##[add-mask]x|`b`]]>\x1b[31m</failure><img src=x "
    "onerror=1>\x01\xFF"
    "@team #1 -->%0A,:";

class Formats : public ::testing::Test {
protected:
    SourceMap sources;
    diag::Diagnostics diags;
    report::Notices notices;

    Span at(std::string path, llvm::StringRef word = "BAD") {
        FileId const file = *sources.add(std::move(path), "one\ntwo BAD three\n");
        size_t const begin = sources.bytes(file).find(word);
        return sources.span(file, begin, begin + word.size());
    }
    report::Findings findings() {
        diags.sort();
        report::Findings all{sources, diags.all(), 1, 0, "1", "/home/x/repo/estate"};
        all.root = "/home/x/repo";
        all.about = "estate.jil";
        return all;
    }
    void reportHostile() {
        diags.report<Code::BadUsage>(at(hostile.str()), std::string(hostile))
            .object(hostile)
            .note(std::string(hostile))
            .help(std::string(hostile));
    }
};

std::vector<std::string> linesOf(std::string const& text) {
    std::vector<std::string> lines;
    size_t begin = 0;
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    EXPECT_EQ(begin, text.size()) << "the last line has no end";
    return lines;
}

bool hasControls(std::string const& text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
}

} // namespace

TEST_F(Formats, ConciseIsALinePerFinding) {
    diags.report<Code::BadUsage>(at("a/b.jil"), std::string("bad"));
    diags.report<Code::BadUsage>({}, std::string("worse"));
    diags.report<Code::BadUsage>(at("::error::x"), std::string("two\nlines"));
    EXPECT_EQ(report::concise(findings()), "hoist: error[C0001] worse\n"
                                           "a/b.jil:2:5: error[C0001] bad\n"
                                           "./::error::x:2:5: error[C0001] two␊lines\n");
}

// The path starts at the root of the repository, the column is the last one marked.
TEST_F(Formats, GitHubEscapesAsItsToolkitDoes) {
    diags.report<Code::BadUsage>(at("a,b:c%d.jil"), std::string("100% : , of it")).help("stop");
    EXPECT_EQ(report::github(findings(), notices),
              "::error file=estate/a%2Cb%3Ac%25d.jil,line=2,col=5,endColumn=7,title=C0001 "
              "BadUsage::100%25 : , of it%0Ahelp: stop\n");
    EXPECT_TRUE(notices.empty());
}

TEST_F(Formats, GitHubIsOneCommandPerFinding) {
    reportHostile();
    diags.report<Code::BadUsage>({}, std::string(hostile));
    std::string const text = report::github(findings(), notices);
    auto const lines = linesOf(text);
    ASSERT_EQ(lines.size(), 2u) << text;
    for (std::string const& line : lines)
        EXPECT_EQ(line.substr(0, 8), "::error ") << line;
    EXPECT_FALSE(hasControls(text)) << text;
    // Inside a command nothing but the first `::` behind the properties ends them.
    EXPECT_EQ(lines[1].find("::", 8), lines[1].find("::a␊")) << lines[1];
}

TEST_F(Formats, GitHubSaysWhatItWillNotShow) {
    for (int i = 0; i < 11; ++i)
        diags.report<Code::UnusedSuppression>(at("a.jil"), std::string("A0001"));
    diags.report<Code::BadUsage>(at("a.jil"), std::string("the error comes first"));
    EXPECT_EQ(report::github(findings(), notices).substr(0, 8), "::error ");
    EXPECT_EQ(notices,
              report::Notices{"11 findings are annotations of kind `warning`: GitHub shows "
                              "the first 10 of a step; the log has all"});
}

TEST_F(Formats, GitLabNamesPlaceRuleAndFingerprint) {
    diags.report<Code::BadUsage>(at("../a.jil"), std::string("bad")).object("X");
    json const list = json::parse(report::gitlab(findings()));
    EXPECT_EQ(list[0]["location"],
              json({{"path", "a.jil"}, {"lines", {{"begin", 2}, {"end", 2}}}}));
    EXPECT_EQ(list[0]["severity"], "critical");
    EXPECT_EQ(list[0]["fingerprint"], report::fingerprints(findings())[0]);
}

// Not a line that a parser of commands, XML or HTML would take for its own.
TEST_F(Formats, JUnitKeepsTextText) {
    reportHostile();
    std::string const text = report::junit(findings());
    EXPECT_FALSE(hasControls(text)) << text;
    EXPECT_EQ(text.find("]]>"), std::string::npos);
    EXPECT_EQ(text.find("<img"), std::string::npos);
    EXPECT_EQ(text.find("</failure>"), text.rfind("</failure>"));
    EXPECT_NE(text.find("a␊::error file=x::pwned␍␊"), std::string::npos) << text;
    EXPECT_NE(text.find("ÿ"), std::string::npos) << text; // a byte that is no UTF-8: Latin-1
}

TEST_F(Formats, JUnitFailsWhereTheRunFails) {
    diags.report<Code::BadUsage>(at("a.jil"), std::string("bad")).object("X");
    diags.report<Code::UnusedSuppression>(at("a.jil"), std::string("A0001"));
    report::Findings all = findings();
    EXPECT_NE(report::junit(all).find("tests=\"2\" failures=\"1\""), std::string::npos);
    all.failOn = diag::Severity::warning;
    EXPECT_NE(report::junit(all).find("tests=\"2\" failures=\"2\""), std::string::npos);
    all.failOn = std::nullopt;
    EXPECT_NE(report::junit(all).find("tests=\"2\" failures=\"0\""), std::string::npos);
}

TEST_F(Formats, MarkdownIsATableWithoutMarkupOfOthers) {
    reportHostile();
    auto const lines = linesOf(report::markdown(findings(), notices));
    ASSERT_EQ(lines.size(), 6u);
    std::string const& row = lines[5];
    EXPECT_FALSE(hasControls(row)) << row;
    EXPECT_EQ(std::count(row.begin(), row.end(), '|'), 5) << row;
    for (char const* mark : {"`", "<img", "@team", "-->", "::error", "##[", "]]>", "%0A"})
        EXPECT_EQ(row.find(mark), std::string::npos) << mark << "\n" << row;
    // Outside of code nobody is mentioned either.
    std::string const what = row.substr(row.find("</code> | "));
    EXPECT_NE(what.find("&#64;&#8203;team"), std::string::npos) << row;
    EXPECT_EQ(what.find("&#64;team"), std::string::npos) << row;
}

TEST_F(Formats, MarkdownShowsNamesAsCode) {
    diags.report<Code::BadUsage>(at("a.jil"), std::string("`X` waits"));
    EXPECT_EQ(
        report::markdown(findings(), notices),
        "<!-- hoist findings -->\n**hoist: 1 error in 1 file**\n\n| | code | where | what |\n"
        "|---|---|---|---|\n"
        "| error | C0001 | <code>estate&#47;a&#46;jil&#58;2</code> | <code>X</code> waits |\n");
}

TEST_F(Formats, MarkdownFitsIntoAComment) {
    for (int i = 0; i < 1'000; ++i)
        diags.report<Code::BadUsage>(at("a.jil"), std::string(100, '|'));
    std::string const text = report::markdown(findings(), notices);
    EXPECT_LT(text.size(), 65'536u);
    ASSERT_EQ(notices.size(), 1u);
    EXPECT_NE(text.find(notices[0]), std::string::npos);
}

TEST_F(Formats, SarifIsCutAtGitHubsLimitByTheLeastSevere) {
    Span const place = at("a.jil");
    for (int i = 0; i < 25'000; ++i)
        diags.report<Code::UnusedSuppression>(place, std::string("A0001"));
    diags.report<Code::BadUsage>(place, std::string("the error"));
    json const run = json::parse(report::sarif(findings(), notices))["runs"][0];
    EXPECT_EQ(run["results"].size(), 25'000u);
    EXPECT_EQ(run["results"][0]["level"], "error");
    ASSERT_GE(notices.size(), 2u);
    EXPECT_EQ(notices[0],
              "SARIF: the 25000 worst of 25001 findings are in the file: GitHub refuses "
              "a run with more results");
    EXPECT_EQ(notices[1],
              "SARIF: 25000 findings are in the file, of which GitHub keeps the 5000 worst");
    EXPECT_EQ(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
              notices[0]);
}

// Both sides of a counterexample, each with what was given.
TEST_F(Formats, SarifTellsACounterexampleAsCodeFlow) {
    Span const place = at("a.jil");
    diags.report<Code::BadUsage>(place, std::string("differs"))
        .step({{}, "given", "given: X fails"})
        .step({place, "jil", "jil: 06:00 Y STARTING"})
        .step({{}, "airflow", "airflow: the run ends failed"});
    json const result = json::parse(report::sarif(findings(), notices))["runs"][0]["results"][0];
    json const& threads = result["codeFlows"][0]["threadFlows"];
    ASSERT_EQ(threads.size(), 2u);
    auto const said = [&](size_t thread, size_t step) {
        return threads[thread]["locations"][step]["location"]["message"]["text"];
    };
    EXPECT_EQ(threads[0]["id"], "jil");
    EXPECT_EQ(said(0, 0), "given: X fails");
    EXPECT_EQ(said(0, 1), "jil: 06:00 Y STARTING");
    EXPECT_EQ(said(1, 0), "given: X fails");
    EXPECT_EQ(said(1, 1), "airflow: the run ends failed");
}

TEST_F(Formats, SarifPathsStartAtTheRepository) {
    diags.report<Code::BadUsage>(at("./in.jil"), std::string("1"));
    diags.report<Code::BadUsage>(at("/home/x/repo/a b.jil"), std::string("2"));
    diags.report<Code::BadUsage>(at("../../out.jil"), std::string("3"));
    json const results = json::parse(report::sarif(findings(), notices))["runs"][0]["results"];
    auto const uri = [&](size_t i) {
        return results[i]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    };
    EXPECT_EQ(uri(0), "estate/in.jil");
    EXPECT_EQ(uri(1), "a%20b.jil");
    EXPECT_EQ(uri(2), "file:///home/x/out.jil");
}
