// Findings as text, byte for byte: carets, labels, tabs, wide and odd characters, long lines.
#include "backend/report/Report.h"
#include "backend/report/Utf8.h"

#include <gtest/gtest.h>

using namespace hoist;
using diag::Code;

namespace {

class TextReport : public ::testing::Test {
protected:
    SourceMap sources;
    diag::Diagnostics diags;

    FileId add(std::string path, std::string bytes) {
        return *sources.add(std::move(path), std::move(bytes));
    }
    Span of(FileId file, llvm::StringRef word, size_t from = 0) {
        size_t const at = sources.bytes(file).find(word, from);
        return sources.span(file, at, at + word.size());
    }
    /// Without the summary.
    std::string shown() {
        diags.sort();
        std::string const text = report::text({sources, diags.all(), 1, 0, "1", {}}, {});
        return text.substr(0, text.rfind("\nhoist: "));
    }
    diag::Builder report(Span span, std::string const& message) {
        return diags.report<Code::BadUsage>(span, message);
    }
};

} // namespace

// The look of the design: the label in another line and in another file.
TEST_F(TextReport, LabelsElsewhere) {
    FileId const eod =
        add("estate/eod.jil", std::string(30, '\n') + "insert_job: load\n" + std::string(10, '\n') +
                                  "condition: s(load) & f(load)\n");
    FileId const other = add("estate/ref.jil", "insert_machine: load\n");
    report(of(eod, "s(load) & f(load)"), "`report` can never start")
        .primary("needs `load` to succeed and to fail in the same cycle")
        .label(of(eod, "load"), "`load` is defined here")
        .label(of(other, "load"), "and this is a machine")
        .note("rule JIL-063");
    EXPECT_EQ(
        shown(),
        "error[C0001]: `report` can never start\n"
        "  --> estate/eod.jil:42:12\n"
        "   |\n"
        "42 | condition: s(load) & f(load)\n"
        "   |            ^^^^^^^^^^^^^^^^^ needs `load` to succeed and to fail in the same cycle\n"
        "   |\n"
        "  ::: estate/eod.jil:31:13\n"
        "   |\n"
        "31 | insert_job: load\n"
        "   |             ---- `load` is defined here\n"
        "   |\n"
        "  ::: estate/ref.jil:1:17\n"
        "   |\n"
        " 1 | insert_machine: load\n"
        "   |                 ---- and this is a machine\n"
        "   = note: rule JIL-063\n");
}

TEST_F(TextReport, SeveralMarksOnALine) {
    FileId const file = add("a", "s(A) & s(B) & f(A)\n");
    report(of(file, "f(A)"), "never")
        .primary("here")
        .label(of(file, "s(A)"), "first")
        .label(of(file, "s(B)"), "second");
    EXPECT_EQ(shown(), "error[C0001]: never\n"
                       " --> a:1:15\n"
                       "  |\n"
                       "1 | s(A) & s(B) & f(A)\n"
                       "  | ----   ----   ^^^^ here\n"
                       "  | |      |\n"
                       "  | |      second\n"
                       "  | |\n"
                       "  | first\n");
}

TEST_F(TextReport, TabsWideAndCombiningCharacters) {
    FileId const file = add("a", "\tx 日本 e\xCC\x81 BAD\n");
    report(of(file, "BAD"), "m");
    EXPECT_EQ(shown(), "error[C0001]: m\n"
                       " --> a:1:10\n"
                       "  |\n"
                       "1 |     x 日本 e\xCC\x81 BAD\n"
                       "  |              ^^^\n");
}

TEST_F(TextReport, Latin1AndControlCharactersAreHarmless) {
    FileId const file = add("a", "caf\xE9 \x1b[31mred\x07 \xE2\x80\xAE BAD\n");
    report(of(file, "BAD"), "name `\x1b]0;x\x07\ny`");
    std::string const text = shown();
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\x07'), std::string::npos);
    EXPECT_NE(text.find("café ␛[31mred␇ \xEF\xBF\xBD BAD"), std::string::npos) << text;
    EXPECT_NE(text.find("name `␛]0;x␇␊y`"), std::string::npos) << text;
}

TEST_F(TextReport, AnEmptySpanIsOneCaretAndALineEndIsReachable) {
    FileId const file = add("a", "abc");
    report(sources.span(file, 3, 3), "missing").primary("here");
    EXPECT_EQ(shown(), "error[C0001]: missing\n --> a:1:4\n  |\n1 | abc\n  |    ^ here\n");
}

TEST_F(TextReport, ASpanOverLinesIsMarkedToTheEndOfItsFirst) {
    FileId const file = add("a", "one two\nthree\n");
    report(sources.span(file, 4, 13), "m");
    EXPECT_EQ(shown(), "error[C0001]: m\n --> a:1:5\n  |\n1 | one two\n  |     ^^^\n");
}

TEST_F(TextReport, ALongLineIsCutAroundTheCaret) {
    FileId const file =
        add("a", std::string(5'000, 'x') + " BAD " + std::string(100'000, 'y') + "\n");
    report(of(file, "BAD"), "m");
    std::string const text = shown();
    EXPECT_LT(text.size(), 500u);
    EXPECT_NE(text.find("1 | …" + std::string(39, 'x') + " BAD yyy"), std::string::npos) << text;
    EXPECT_NE(text.find("  | " + std::string(41, ' ') + "^^^\n"), std::string::npos) << text;
}

TEST_F(TextReport, MaxFindingsCountsTheRest) {
    report({}, "one");
    report({}, "two");
    EXPECT_EQ(
        report::text({sources, diags.all(), 3, 4, "1", {}}, {false, 1}),
        "error[C0001]: one\n\nhoist: 2 errors in 3 files (4 suppressed); the first 1 are shown\n");
}

// A hash of code, object and evidence: lines above do not change it, equal findings are told apart.
TEST_F(TextReport, FingerprintsDoNotMoveWithLines) {
    FileId const file = add("a", "x BAD\n\n\nBAD y\n");
    report(of(file, "BAD"), "m").object("job");
    report(of(file, "BAD", 5), "m").object("job");
    auto const prints = report::fingerprints({sources, diags.all(), 1, 0, "1", {}});
    EXPECT_EQ(prints[1], prints[0] + ":2");
}

TEST(Utf8, EveryByteSequenceBecomesValidUtf8) {
    for (unsigned a = 0; a < 256; ++a)
        for (unsigned b = 0; b < 256; ++b) {
            std::string const bytes{static_cast<char>(a), static_cast<char>(b), '\x80'};
            std::string const once = report::toUtf8(bytes);
            EXPECT_EQ(report::toUtf8(once), once);
        }
}
