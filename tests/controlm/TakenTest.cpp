// What `hoist redact` may show of a file, and what `hoist reduce` can take out of it.
#include "tests/controlm/Read.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace hoist;
using hoist::controlm::Read;

namespace {

std::string const xml = R"(<?xml version="1.0" encoding="utf-8"?>
<!-- exported for contoso by payadm -->
<DEFTABLE xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <SMART_FOLDER DATACENTER="PARIS01" FOLDER_NAME="CONTOSO_PAY" PLATFORM="UNIX" FOLDER_ORDER_METHOD="SYSTEM" ADJUST_COND="N">
  <JOB JOBNAME="CONTOSO_LOAD" TASKTYPE="Command" CMDLINE="/opt/contoso/load.sh %%ODATE &amp;&amp; x&#233;y&#x63;&#x6F;"
       RUN_AS="payadm" DAYS="ALL" WEEKDAYS="1,2,FRI,mittwoch" DAYS_AND_OR="O" TIMEFROM="0830"
       MAXRERUN="3" DESCRIPTION="Jane Doe, 4711" ACME_APPROVER="Jane" COMAND="contoso">
   <INCOND NAME="CONTOSO-READY" ODATE="PREV" AND_OR="A"/>
   <ON STMT="*" CODE="COMPSTAT EQ 4"><DOACTION ACTION="OK"/><DOMAIL DEST="ops@contoso.example" MESSAGE="failed at contoso"/></ON>
  </JOB>
  <JOB JOBNAME="contoso_Send" TASKTYPE="Dummy" DAYSCAL="CONTOSO_HOL"><VARIABLE NAME="%%REGION" VALUE="west"/></JOB>
 </SMART_FOLDER>
</DEFTABLE>
)";
std::string const json =
    R"({ "Contoso_Pay": { "Type": "Folder", "ControlmServer": "paris01", "Comment": "Jane Doe",
  "Contoso_Load": { "Type": "Job:Command", "Command": "/opt/contoso/load.sh\n--token west", "RunAs": "payadm", "Hots": "paris01",
    "When": { "WeekDays": ["MON", "FRI"], "FromTime": "0830", "DaysRelation": "OR" },
    "Wait": { "Type": "WaitForEvents", "Events": [ {"Event": "Contoso-Ready", "Date": "PreviousOrderDate"}, "OR", {"Event": "Ops-Go"} ] },
    "Slots": { "Type": "Resource:Semaphore", "Quantity": "2" } },
  "Send": { "Type": "Job:ApplicationIntegrator:CONTOSO PAYMENTS", "Account": "FR76 4711", "When": { "MonthDaysCalendar": "CONTOSO_HOL" } },
  "Order": { "Type": "Flow", "Sequence": ["Contoso_Load", "Send"] } } }
)";

/// Every byte of a word that may not be shown as a dot.
std::string shown(std::string const& text) {
    SourceMap sources;
    FileId const file = *sources.add("a", text);
    Marks const marks = controlm::marks(file, sources);
    EXPECT_EQ(marks.text().size(), text.size());
    std::string out = text;
    for (size_t i = 0; i < text.size(); ++i)
        if (isWordByte(text[i]) && marks.at(i) != Mark::kept)
            out[i] = '.';
    return out;
}

Mark markOf(std::string const& text, std::string const& piece) {
    SourceMap sources;
    FileId const file = *sources.add("a", text);
    return controlm::marks(file, sources).at(text.find(piece));
}

std::vector<std::string> const secrets{
    "contoso", "CONTOSO", "Contoso",  "PARIS",    "paris",    "payadm", "Jane",  "Doe",
    "4711",    "west",    "REGION",   "mittwoch", "ACME",     "ops",    "READY", "Ready",
    "HOL",     "FR76",    "PAYMENTS", "failed",   "exported", "Send",   "Ops",   "#x63"};

} // namespace

TEST(ControlmMarks, OfXml) {
    std::string const text = shown(xml);
    for (std::string const& secret : secrets)
        EXPECT_EQ(text.find(secret), std::string::npos) << secret << " in\n" << text;
    for (char const* kept :
         {"<?xml version=\"1.0\" encoding=\"utf-8\"?>", "<SMART_FOLDER DATACENTER=",
          "PLATFORM=\"UNIX\" FOLDER_ORDER_METHOD=\"SYSTEM\" ADJUST_COND=\"N\"",
          "%%ODATE &amp;&amp; ", ".&#233;.&#", "DAYS=\"ALL\" WEEKDAYS=\"1,2,FRI,",
          "DAYS_AND_OR=\"O\" TIMEFROM=\"0830\"", "MAXRERUN=\"3\" DESCRIPTION=\"",
          "ODATE=\"PREV\" AND_OR=\"A\"", "CODE=\"COMPSTAT EQ 4\"", "TASKTYPE=\"Dummy\" DAYSCAL=\""})
        EXPECT_NE(text.find(kept), std::string::npos) << kept << " not in\n" << text;
    EXPECT_EQ(markOf(xml, "Jane"), Mark::prose) << "a description";
    EXPECT_EQ(markOf(xml, "exported"), Mark::prose) << "a comment";
    EXPECT_EQ(markOf(xml, "failed"), Mark::prose) << "a message";
    EXPECT_EQ(markOf(xml, "opt"), Mark::text) << "a command";
    EXPECT_EQ(markOf(xml, "PARIS01"), Mark::name);
    EXPECT_EQ(markOf(xml, "ACME"), Mark::name) << "an attribute that nobody knows";
    EXPECT_EQ(markOf(xml, "mittwoch"), Mark::name);
}

TEST(ControlmMarks, OfJson) {
    std::string const text = shown(json);
    for (std::string const& secret : secrets)
        EXPECT_EQ(text.find(secret), std::string::npos) << secret << " in\n" << text;
    for (char const* kept :
         {"\"Type\": \"Folder\", \"ControlmServer\": ", "\"Type\": \"Job:Command\"", "\\n--",
          "\"Hots\": ",
          "\"WeekDays\": [\"MON\", \"FRI\"], \"FromTime\": \"0830\", \"DaysRelation\": \"OR\"",
          "\"Date\": \"PreviousOrderDate\"}, \"OR\", {", "\"Quantity\": \"2\"",
          "\"Type\": \"Job:", "\"Type\": \"Flow\", \"Sequence\": ["})
        EXPECT_NE(text.find(kept), std::string::npos) << kept << " not in\n" << text;
    EXPECT_EQ(markOf(json, "Jane"), Mark::prose);
    EXPECT_EQ(markOf(json, "opt"), Mark::text);
    EXPECT_EQ(markOf(json, "Contoso_Load"), Mark::name);
}

// Whatever the bytes are: cut anywhere, or with a sign that belongs elsewhere.
TEST(ControlmMarks, OfBrokenFilesNothingMoreIsShown) {
    for (std::string const& text : {xml, json})
        for (size_t length = 0; length < text.size(); ++length) {
            std::string cut = text.substr(0, length);
            for (char const* sign : {"", "<", "\"", "&", "}", "\xFF"}) {
                std::string const left = shown(cut + sign);
                for (std::string const& secret : secrets)
                    ASSERT_EQ(left.find(secret), std::string::npos)
                        << secret << " at " << length << sign << " in\n"
                        << left;
            }
        }
    std::string const wide("\xFF\xFE<\0J\0O\0B\0", 10);
    EXPECT_EQ(shown(wide).find('J'), std::string::npos) << "letters that stand apart";
}

// Without any one part the file reads as before around the hole.
TEST(ControlmParts, EachLeavesAFileThatReads) {
    for (auto const& [text, path] : {std::pair(xml, "a.xml"), std::pair(json, "a.json")}) {
        SourceMap sources;
        FileId const file = *sources.add(path, text);
        Parts const parts = controlm::parts(file, sources);
        size_t statements = 0, attributes = 0;
        for (Part const& part : parts) {
            (part.level == Part::Level::statement ? statements : attributes) += 1;
            std::string rest = text;
            ByteRange const range = part.ranges[0];
            ASSERT_LE(range.end, text.size());
            ASSERT_LT(range.begin, range.end);
            rest.erase(range.begin, range.end - range.begin);
            if (rest.empty())
                continue; // all of it
            std::string const codes = Read(rest, path).codes();
            for (char const* broken : {"P3001", "P3002", "P3030", "P3031"})
                EXPECT_EQ(codes.find(broken), std::string::npos)
                    << "without " << text.substr(range.begin, range.end - range.begin) << "\n"
                    << codes;
        }
        EXPECT_EQ(statements, 2u) << "the file and its folder";
        EXPECT_GT(attributes, 30u);
    }
}

TEST(ControlmParts, ElementsHoldWhatIsInThem) {
    std::string const text =
        "<DEFCAL>\n<CALENDAR NAME=\"A\">\n<YEAR/>\n</CALENDAR>\n<CALENDAR/></DEFCAL>\n";
    SourceMap sources;
    FileId const file = *sources.add("a.xml", text);
    std::string found;
    for (Part const& part : controlm::parts(file, sources))
        found += (part.level == Part::Level::statement ? "[" : "(") +
                 text.substr(part.ranges[0].begin, part.ranges[0].end - part.ranges[0].begin) + "]";
    EXPECT_EQ(found, "[" + text +
                         "][<CALENDAR NAME=\"A\">\n<YEAR/>\n</CALENDAR>\n](NAME=\"A\"](<YEAR/>\n]"
                         "[<CALENDAR/>]");
}

TEST(ControlmParts, OfBrokenFiles) {
    for (char const* text :
         {"", "<", "<DEFTABLE", "<DEFTABLE><FOLDER", "<DEFTABLE></FOLDER>", "<A B=\"c", "<!--", "{",
          "{\"a\"", "{\"a\": [1,,2}", "]]", "\"", "{\"a\": 1,}", "\xEF\xBB\xBF", "\xFF\xFE<"}) {
        SourceMap sources;
        FileId const file = *sources.add("a", text);
        for (Part const& part : controlm::parts(file, sources))
            for (ByteRange const range : part.ranges) {
                EXPECT_LT(range.begin, range.end) << text;
                EXPECT_LE(range.end, std::string(text).size()) << text;
            }
    }
}

TEST(ControlmKeywords, AreThoseOfBothLanguages) {
    std::vector<llvm::StringRef> const words = controlm::keywords();
    for (char const* word :
         {"DEFTABLE", "SCHED_GROUP", "DAYS_AND_OR", "OWNER", "MonthDays", "Sequence"})
        EXPECT_NE(std::find(words.begin(), words.end(), word), words.end()) << word;
}
