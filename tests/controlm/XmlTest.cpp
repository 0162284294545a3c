// The XML reader: places of attributes in every encoding, and hostile files.
#include "tests/controlm/Read.h"

#include <gtest/gtest.h>

#include <random>

using namespace hoist;
using hoist::controlm::folder;
using hoist::controlm::Read;

namespace {

using Texts = std::vector<std::string>;

std::string utf16(llvm::StringRef text, bool isBig, bool hasMark = true) {
    std::string out;
    auto const put = [&](unsigned unit) {
        char const high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
        out += isBig ? high : low;
        out += isBig ? low : high;
    };
    if (hasMark)
        put(0xFEFF);
    for (char const c : text)
        put(static_cast<unsigned char>(c));
    return out;
}

std::string declared(std::string const& encoding, std::string const& text) {
    return "<?xml version=\"1.0\" encoding=\"" + encoding + "\"?>\n" + text;
}

} // namespace

TEST(ControlmXml, AttributesStandWhereTheFileSaysThem) {
    Read const read(folder("<JOB\n\tJOBNAME = 'A'   CMDLINE=\"a &lt; b &gt; c = 'd'\"\r\n"
                           "  DESCRIPTION='say \"x\" / >' RUN_AS=\"u\"/>"));
    EXPECT_EQ(read.codes(), "");
    EXPECT_EQ(read.texts("attribute JOBNAME"), Texts{"JOBNAME = 'A"});
    EXPECT_EQ(read.texts("attribute CMDLINE"), Texts{"CMDLINE=\"a &lt; b &gt; c = 'd'"});
    EXPECT_EQ(read.texts("attribute DESCRIPTION"), Texts{"DESCRIPTION='say \"x\" / >"});
    EXPECT_EQ(read.texts("attribute RUN_AS"), Texts{"RUN_AS=\"u"});
    ir::Job const* const job = read.find("F/A");
    ASSERT_TRUE(job);
    EXPECT_EQ(*std::get<ir::CommandAction>(job->action).command, "a < b > c = 'd'");
    EXPECT_EQ(*job->description, "say \"x\" / >");
    EXPECT_EQ(read.estate.sources.text(job->nameSpan), "A");
}

TEST(ControlmXml, ABadValueIsMarkedItemByItem) {
    EXPECT_EQ(Read(folder("<JOB JOBNAME=\"A\" DAYS=\"1,32,ALL\"/>")).codes(), "P3013@32;");
    // Where a reference stands in it, offsets in the value are none in the file: all of it is
    // marked.
    EXPECT_EQ(Read(folder("<JOB JOBNAME=\"A\" DAYS=\"&#49;,32\"/>")).codes(), "P3013@&#49;,32;");
}

TEST(ControlmXml, Latin1AndCodePages) {
    Read const latin(declared("ISO-8859-1", folder("<JOB JOBNAME=\"CAF\xC9\" DAYS=\"40\"/>")));
    EXPECT_EQ(latin.codes(), "P3013@40;");
    EXPECT_TRUE(latin.find("F/CAF\xC3\x89")); // É in UTF-8
    EXPECT_EQ(latin.estate.sources.text(latin.find("F/CAF\xC3\x89")->nameSpan), "CAF\xC9");
    Read const windows(declared("windows-1252", folder("<JOB JOBNAME=\"\x80\" DAYS=\"40\"/>")));
    EXPECT_EQ(windows.codes(), "P3013@40;");
    EXPECT_TRUE(windows.find("F/\xE2\x82\xAC")); // €
    Read const latin9(declared("ISO-8859-15", folder("<JOB JOBNAME=\"\xA4\"/>")));
    EXPECT_TRUE(latin9.find("F/\xE2\x82\xAC"));
}

TEST(ControlmXml, Utf16OfBothKinds) {
    std::string const text =
        declared("UTF-16", folder("<JOB JOBNAME=\"A\xC9\" DAYS='40' DESCRIPTION=\"x=y\"/>"));
    for (bool const isBig : {false, true}) {
        std::string const bytes = utf16(text, isBig);
        EXPECT_EQ(controlm::sniff("a", bytes), Likelihood::certain);
        Read const read(bytes);
        EXPECT_EQ(read.codes(), "P3013@" + utf16("40", isBig, false) + ";");
        EXPECT_TRUE(read.find("F/A\xC3\x89"));
        EXPECT_EQ(read.texts("attribute DESCRIPTION"),
                  Texts{utf16("DESCRIPTION=\"x=y", isBig, false)});
        EXPECT_EQ(read.lost(), 0u);
    }
}

TEST(ControlmXml, WrongEncodingsAreToldAtTheByte) {
    Read const read(folder("<JOB JOBNAME=\"A\"/><JOB JOBNAME=\"B\xE9x\"/>"));
    EXPECT_EQ(read.codes(), "P3003@\xE9;");
    EXPECT_TRUE(read.find("F/A")); // what stands before is there
    EXPECT_EQ(Read(declared("EBCDIC-CP-US", "<DEFTABLE/>")).codes(), "P3004@EBCDIC-CP-US;");
    EXPECT_EQ(Read(declared("UTF-16", "<DEFTABLE/>")).codes(), "P3003@UTF-16;");
    EXPECT_EQ(Read(declared("us-ascii", folder("<JOB JOBNAME=\"\xE9\"/>"))).codes(), "P3003@\xE9;");
    EXPECT_EQ(Read("\xEF\xBB\xBF" + folder("<JOB JOBNAME=\"A\"/>")).codes(), "");
}

TEST(ControlmXml, ACutFileIsReadAsFarAsItGoes) {
    std::string const text = folder("<JOB JOBNAME=\"A\" DAYS=\"40\"/><JOB JOBNAME=\"B\"><INCOND "
                                    "NAME=\"x\"/></JOB>");
    Read const read(text.substr(0, text.find("</JOB>")));
    EXPECT_EQ(read.codes(), "P3013@40;P3002@;");
    EXPECT_TRUE(read.find("F/A"));
    EXPECT_EQ(read.condition("F/B"), "fact(x)");
    ASSERT_EQ(read.estate.refusals.size(), 1u);
    for (size_t length = 0; length < text.size() - 1; ++length) {
        Read const part(text.substr(0, length));
        EXPECT_GE(part.diags.count(diag::Severity::error), 1u) << length;
        EXPECT_EQ(part.lost(), 0u) << length;
    }
}

TEST(ControlmXml, TagsThatDoNotMatch) {
    Read const read("<DEFTABLE><FOLDER FOLDER_NAME=\"F\"></JOB></DEFTABLE>");
    ASSERT_EQ(read.codes(), "P3001@J;");
    EXPECT_EQ(read.estate.sources.text(read.diags.all()[0].labels[0].span), "FOLDER");
    EXPECT_EQ(Read(folder("<JOB JOBNAME=\"A\" JOBNAME=\"B\"/>")).codes(), "P3001@J;");
    EXPECT_EQ(Read("").codes(), "P3001@;");
}

TEST(ControlmXml, BombsAndForeignEntitiesAreRefused) {
    std::string bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE DEFTABLE [\n<!ENTITY a0 \"ha\">\n";
    for (int i = 1; i < 40; ++i) {
        std::string const one = "&a" + std::to_string(i - 1) + ";";
        bomb += "<!ENTITY a" + std::to_string(i) + " \"" + one + one + "\">\n";
    }
    Read const read(bomb + "]>\n" + folder("<JOB JOBNAME=\"A\" DESCRIPTION=\"&a39;\"/>"));
    ASSERT_EQ(read.diags.all().size(), 1u);
    EXPECT_EQ(read.diags.all()[0].code, diag::Code::DoctypeRefused);
    EXPECT_TRUE(read.estate.jobs.empty());
    EXPECT_EQ(Read("<!DOCTYPE DEFTABLE SYSTEM \"file:///etc/passwd\">\n<DEFTABLE/>").codes(),
              "P3005@<!DOCTYPE DEFTABLE SYSTEM \"file:///etc/passwd\">;");
    EXPECT_EQ(Read("<!DOCTYPE DEFTABLE [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<DEFTABLE/>")
                  .diags.all()[0]
                  .code,
              diag::Code::DoctypeRefused);
    // What exports of old releases begin with. Their DTD declares no entity, and none is believed.
    std::string const old = "<!DOCTYPE DEFTABLE SYSTEM \"deftable.dtd\">\n";
    EXPECT_EQ(Read(old + folder("<JOB JOBNAME=\"A&amp;B\"/>")).codes(),
              "P3006@<!DOCTYPE DEFTABLE SYSTEM \"deftable.dtd\">;");
    EXPECT_EQ(Read(old + folder("<JOB JOBNAME=\"A&x;B\"/>")).codes(),
              "P3006@<!DOCTYPE DEFTABLE SYSTEM \"deftable.dtd\">;P3007@&x;;");
    EXPECT_EQ(Read(folder("<JOB JOBNAME=\"A&x;B\"/>")).codes().substr(0, 6), "P3001@");
}

TEST(ControlmXml, DeepNestingStopsAtTheLimit) {
    std::string text = "<DEFTABLE><SMART_FOLDER FOLDER_NAME=\"F\">";
    for (int i = 0; i < 100'000; ++i)
        text += "<SUB_FOLDER JOBNAME=\"S\">";
    EXPECT_EQ(Read(text).codes(), "P3008@SUB_FOLDER;");
    std::string junk = "<DEFTABLE>";
    for (int i = 0; i < 100'000; ++i)
        junk += "<x>";
    EXPECT_EQ(Read(junk).codes(), "P3010@x;P3008@x;");
    std::string fits = "<DEFTABLE><SMART_FOLDER FOLDER_NAME=\"F\">";
    for (int i = 0; i < 990; ++i)
        fits += "<SUB_FOLDER JOBNAME=\"S\">";
    for (int i = 0; i < 990; ++i)
        fits += "</SUB_FOLDER>";
    EXPECT_EQ(Read(fits + "</SMART_FOLDER></DEFTABLE>").codes(), "");
}

TEST(ControlmXml, UnknownWordsAreKeptAndToldOnce) {
    Read const read(folder("<JOB JOBNAM=\"A\" JOBNAME=\"A\"><INCOD NAME=\"x\"><y z=\"1\"/></INCOD>"
                           "<CDATA/>text</JOB>"));
    EXPECT_EQ(read.codes(), "P3012@JOBNAM;P3010@INCOD;P3010@CDATA;P3009@text;");
    EXPECT_EQ(read.texts("unknown element").size(), 3u);
    EXPECT_EQ(read.texts("unknown attribute").size(), 3u);
    ASSERT_FALSE(read.diags.all()[1].helps.empty());
    EXPECT_EQ(read.diags.all()[1].helps[0], "did you mean `INCOND`?");
    EXPECT_EQ(Read("<DEFTABLE><JOB JOBNAME=\"A\"/></DEFTABLE>").codes(), "P3011@JOB;");
}

TEST(ControlmXml, EveryByteReplacedAndRandomTagsLoseNothing) {
    std::string const sample =
        folder("<JOB JOBNAME=\"A\" DAYS='1,L2'><INCOND NAME=\"x&amp;\" OP=\"(\"/>"
               "<ON CODE=\"NOTOK\"><DOCOND NAME=\"y\"/></ON></JOB><!-- c -->");
    for (char const hostile : {'\0', '<', '>', '"', '&', '/', '\xFF', '\n', '=', '('})
        for (size_t i = 0; i < sample.size(); ++i) {
            std::string text = sample;
            text[i] = hostile;
            EXPECT_EQ(Read(text).lost(), 0u) << text;
        }
    llvm::StringRef const words[] = {"<DEFTABLE>",
                                     "<FOLDER FOLDER_NAME='F'>",
                                     "<JOB JOBNAME='A'>",
                                     "</JOB>",
                                     "<INCOND NAME='c' OP='(' AND_OR='O'/>",
                                     "<OUTCOND NAME='c' SIGN='-'/>",
                                     "<ON>",
                                     "</ON>",
                                     "<SMART_FOLDER JOBNAME='S'>",
                                     "</SMART_FOLDER>",
                                     "</FOLDER>",
                                     "<CALENDAR NAME='C'/>",
                                     "<x a='1'>",
                                     "</x>",
                                     "text"};
    std::mt19937 random(1);
    for (int round = 0; round < 300; ++round) {
        std::string text = "<DEFTABLE>";
        for (int i = 0; i < 30; ++i)
            text += words[random() % std::size(words)].str();
        EXPECT_EQ(Read(text).lost(), 0u) << text;
    }
}
