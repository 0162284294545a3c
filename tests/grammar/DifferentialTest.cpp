// The parsers of production read what the grammars specify: every JIL file of the project, every
// condition and rule in them, the forms of the rule book, and some ten thousand damaged variants of
// each. What the fuzz targets found is kept here as cases.
#include "tests/grammar/Differential.h"

#include "frontend/jil/Scanner.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

using namespace hoist;

namespace {

using Differ = std::string (*)(std::string_view);

/// How many damaged variants of each language; HOIST_VARIANTS asks for more. Fewer where the build
/// is slow (debug, sanitizers), so that the suite stays quick.
size_t variants() {
    if (char const* const wanted = std::getenv("HOIST_VARIANTS"))
        return std::stoul(wanted);
#ifdef NDEBUG
    return 20000;
#else
    return 3000;
#endif
}

/// A text that still shows a difference after parts of it are left out: what to look at.
std::string smallest(Differ differ, std::string text) {
    for (size_t length = text.size() / 2; length > 0; length /= 2)
        for (size_t at = 0; at < text.size();) {
            std::string const shorter =
                text.substr(0, at) + text.substr(std::min(at + length, text.size()));
            if (differ(shorter).empty())
                at += length;
            else
                text = shorter;
        }
    return text;
}

void expectSame(Differ differ, std::string const& text, std::string const& where = {}) {
    std::string const difference = differ(text);
    if (difference.empty())
        return;
    std::string const less = smallest(differ, text);
    ADD_FAILURE() << where << "\n" << differ(less) << "\nof:\n" << less;
}

/// Every file of the source tree that may hold JIL; pages and oracles too, as text that is none.
std::vector<std::pair<std::string, std::string>> const& files() {
    static auto const all = [] {
        std::vector<std::pair<std::string, std::string>> found;
        for (char const* top : {"corpus", "tests", "docs"})
            for (auto const& entry : std::filesystem::recursive_directory_iterator(
                     std::filesystem::path(HOIST_SOURCE_DIR) / top)) {
                std::string const kind = entry.path().extension();
                if (!entry.is_regular_file() || (kind != ".jil" && kind != ".md" && kind != ".ir"))
                    continue;
                std::ifstream in(entry.path(), std::ios::binary);
                std::stringstream bytes;
                bytes << in.rdbuf();
                found.emplace_back(entry.path().string(), bytes.str());
            }
        std::sort(found.begin(), found.end());
        return found;
    }();
    return all;
}

/// The values of one kind in all files.
std::vector<std::string> values(jil::ValueKind kind) {
    std::vector<std::string> found;
    for (auto const& [path, text] : files()) {
        SourceMap sources;
        diag::Diagnostics diags;
        FileId const file = *sources.add(path, text);
        jil::Scanner scanner(file, sources, diags);
        for (jil::RawStatement statement; scanner.next(statement);)
            for (jil::RawAttribute const& attribute : statement.attributes)
                if (attribute.row->kind == kind)
                    found.push_back(attribute.value.str());
    }
    return found;
}

/// Damages a text in one to four places: bytes, words of the language, parts of other texts.
class Damage {
public:
    Damage(std::vector<std::string> texts, std::vector<std::string> words)
        : seeds(std::move(texts)), lexicon(std::move(words)) {}

    std::string next() {
        std::string text = part(pick(seeds), 400);
        for (size_t count = 1 + below(4); count > 0; --count) {
            size_t const at = below(text.size() + 1);
            switch (below(6)) {
            case 0: text.insert(at, 1, static_cast<char>(below(256))); break;
            case 1: text.insert(at, pick(lexicon)); break;
            case 2: text.insert(at, part(pick(seeds), 40)); break;
            case 3: text.erase(at, 1 + below(3)); break;
            case 4: text.erase(at, below(30)); break;
            default: text.replace(at, std::min<size_t>(1, text.size() - at), pick(lexicon));
            }
        }
        return text;
    }

private:
    size_t below(size_t limit) { return random() % limit; }
    std::string const& pick(std::vector<std::string> const& from) {
        return from[below(from.size())];
    }
    std::string part(std::string const& text, size_t most) {
        size_t const size = std::min(text.size(), most);
        size_t const at = below(text.size() - size + 1);
        return text.substr(at, size);
    }

    std::mt19937_64 random{20260301};
    std::vector<std::string> seeds, lexicon;
};

std::vector<std::string> const jilWords = {
    "insert_job:",
    "update_job: ",
    "insert_jib: x",
    "\ncalendar: C\n",
    "calendar : C",
    "cycle: y",
    "command: ",
    "\ncondition: ",
    "machine: ",
    "box_name:",
    "box_name : ",
    "start_times: ",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\f",
    "/*",
    "*/",
    "/* c */",
    " /* c */",
    "/*\n*/",
    "/* a\n b */",
    "#",
    "\n#",
    "\"",
    "\\\"",
    "\\",
    "\\:",
    ":",
    ",",
    ",\n",
    "\n ,",
    "<auto_blobt>",
    "</auto_blobt>",
    "blob_input:",
    "insert_blob: B\n",
    "01/02/2026",
    "\n10:00",
    "sendevent -E X",
    "jil>> ",
    "-----",
    "exit",
    "exit : 1",
    "Name  x",
    "s(A)",
    " foo: bar",
    "C:\\x",
    "http://x",
    "description: ",
    "\nresources: (",
    "extended_calendar: E\ncondition: ",
    "foo :",
    "insert_job : ",
    std::string(1, '\0'),
    "\xEF\xBB\xBF",
    "\xFF",
    "*//*",
    "envvars: A=1",
    "\nold text\n",
};
std::vector<std::string> const conditionWords = {
    "s(A)",
    "success(",
    "f",
    "FAILURE(x)",
    "d(",
    "done",
    "t(y)",
    "Terminated(",
    "n(z)",
    "notrunning(",
    "e(A) = 1",
    "exitcode(",
    ") >= -3",
    "v(G) = \"Y\"",
    "value(",
    "g(X) != y",
    "GLOBAL(",
    "(",
    ")",
    ",",
    "^",
    "^PRD",
    "&",
    "|",
    " and ",
    " OR ",
    "AND",
    "or",
    "=",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "!",
    ",0)",
    ", 9999)",
    ",9999.00)",
    ",00.30)",
    ",1\\:30)",
    ",1:5)",
    ",12)",
    ",01.60)",
    "\",01.30\"",
    "\"1.30\"",
    ".30",
    "\"",
    "\\",
    "\\\"",
    "\\:",
    "/*",
    "*/",
    "/* c */",
    "\n",
    " ",
    "\t",
    "-",
    "--1",
    "99999999999999999999",
    "-9223372036854775808",
    "9223372036854775808",
    "a\\:b",
    "a!b",
    "\xE4",
};
std::vector<std::string> const ruleWords = {
    "DAILY",
    "WORKDAYS",
    "weekdays",
    "CYCLE",
    "MON",
    "sun",
    "JAN",
    "dec",
    "FOM",
    "EOM",
    "FOMWORK",
    "EOMWEEK",
    "XFOM",
    "XEOMWORK",
    "XMON",
    "XJAN",
    "MNTHD#01",
    "MNTHDM31",
    "MNTHDX32",
    "MNTHD#L",
    "MNTHDML",
    "WORKD#1",
    "WORKDX1",
    "WORKDML",
    "WEEKD#7",
    "WEEKDX8",
    "WEEK#53",
    "WEEK#E",
    "WEEK#o",
    "WEEKM54",
    "WEKRMON#02",
    "WEKR1X1",
    "WEKR8#1",
    "MON#5",
    "XTUEM1",
    "FRI#6",
    "MARM3",
    "XMAY#31",
    "CYCL#365",
    "CYCLX366",
    "CYCP#30",
    "CYCPM1",
    "CWEEK#O",
    "CWEEKX1",
    "CWEK#1",
    "CWRK#10",
    "CMON#53",
    "XCSAT#L",
    "CMONX1",
    "#",
    "##",
    "#1",
    "X",
    "L",
    "0",
    "00000000000000001",
    "00000000012",
    "&",
    "|",
    ",",
    "(",
    ")",
    "{",
    "}",
    "AND",
    "or",
    "NOT",
    "not ",
    "NOT NOT",
    " ",
    "\n",
    "\t",
    "\f",
    "$",
    "\xE4",
    "MNTHD#000000000031",
    "MNTHD#0000000001234",
};

void expectSameOfVariants(Differ differ, std::vector<std::string> seeds,
                          std::vector<std::string> const& words) {
    for (std::string const& word : words)
        seeds.push_back(word);
    Damage damage(std::move(seeds), words);
    for (size_t i = 0, count = variants(); i < count && !::testing::Test::HasFailure(); ++i)
        expectSame(differ, damage.next(), "variant " + std::to_string(i));
}

} // namespace

TEST(GrammarOfStatements, EveryFileOfTheProject) {
    ASSERT_GT(files().size(), 100u);
    for (auto const& [path, text] : files())
        expectSame(test::statementsDiffer, text, path);
}

TEST(GrammarOfStatements, DamagedFiles) {
    std::vector<std::string> seeds;
    for (auto const& [path, text] : files())
        if (path.ends_with(".jil"))
            seeds.push_back(text);
    expectSameOfVariants(test::statementsDiffer, seeds, jilWords);
}

// Where the two once disagreed.
TEST(GrammarOfStatements, WhatWasFound) {
    for (char const* text : {
             "insert_job: machine:\n,",      // a list whose first line is empty
             "insert_job: A\nmachine:\n, b", // the same, of an attribute
             "insert_:/**/e:",               // a keyword right behind a comment (JIL-014)
             "insert_job: A\nmachine: m /* c */box_name: B",
             "insert_job: A\ncommand: x /* over\n lines */machine: m",
             "insert_job: A\ncondition: s(B) &\ncalendar : C", // tolerated blank in a list's margin
             "insert_job: A\ncommand: cp \"/data/*\" /tmp /* see\n ticket */", // `/*` in quotes
             "d:/**//*", // a comment, and then text that only looks like one
         })
        expectSame(test::statementsDiffer, text);
}

TEST(GrammarOfConditions, EveryConditionOfTheProject) {
    auto const all = values(jil::ValueKind::condition);
    ASSERT_GT(all.size(), 100u);
    for (std::string const& text : all)
        expectSame(test::conditionsDiffer, text);
}

TEST(GrammarOfConditions, DamagedConditions) {
    expectSameOfVariants(test::conditionsDiffer, values(jil::ValueKind::condition), conditionWords);
}

TEST(GrammarOfCalendarRules, EveryRuleOfTheProject) {
    auto const all = values(jil::ValueKind::calendarRule);
    ASSERT_GE(all.size(), 7u);
    for (std::string const& text : all)
        expectSame(test::calendarRulesDiffer, text);
    for (std::string const& text : ruleWords)
        expectSame(test::calendarRulesDiffer, text);
}

// Where the two once disagreed.
TEST(GrammarOfCalendarRules, WhatWasFound) {
    for (char const* text : {
             "MNTHD#0000000031", // was the 3rd
             "MNTHD#00000000000000001",
             "MNTHD#0000000001234", // out of range
         })
        expectSame(test::calendarRulesDiffer, text);
}

TEST(GrammarOfCalendarRules, DamagedRules) {
    expectSameOfVariants(test::calendarRulesDiffer, values(jil::ValueKind::calendarRule),
                         ruleWords);
}
