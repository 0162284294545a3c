// Real files, where they are at hand: all of each is read, and nothing in it is lost.
#include "frontend/base/FileSystem.h"
#include "tests/controlm/Read.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace hoist;
using hoist::controlm::Read;

TEST(ControlmCorpus, EveryFileIsReadAndEveryWordAccountedFor) {
    char const* const given = std::getenv("HOIST_CORPUS");
    std::string const corpus = given ? given : HOIST_SOURCE_DIR "/../shared/corpus";
    size_t files = 0;
    for (char const* folder : {"/controlm_xml", "/controlm_json"}) {
        std::string error;
        for (std::string const& path : realFileSystem().list(corpus + folder, error)) {
            auto const bytes = realFileSystem().read(path, error);
            ASSERT_TRUE(bytes) << error;
            EXPECT_EQ(controlm::sniff(path, *bytes), Likelihood::certain) << path;
            Read const read(*bytes, path);
            EXPECT_EQ(read.lost(), 0u) << path;
            EXPECT_TRUE(read.texts("unknown element").empty()) << path;
            EXPECT_TRUE(read.texts("unknown attribute").empty()) << path;
            EXPECT_TRUE(read.texts("unknown property").empty()) << path;
            EXPECT_TRUE(read.texts("unknown object").empty()) << path;
            EXPECT_FALSE(read.estate.jobs.empty()) << path;
            ++files;
        }
    }
    if (files == 0)
        GTEST_SKIP() << "no real files in " << corpus << "; HOIST_CORPUS names another folder";
}
