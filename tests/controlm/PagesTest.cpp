// The failing example of each page about a Control-M code gives that code.
#include "frontend/base/FileSystem.h"
#include "tests/controlm/Read.h"

#include <gtest/gtest.h>

using namespace hoist;
using hoist::controlm::Read;

TEST(ControlmPages, EachExampleGivesItsCode) {
    int examples = 0;
    for (diag::CodeInfo const& row : diag::catalog) {
        if (!llvm::StringRef(row.id).starts_with("P3"))
            continue;
        std::string error;
        auto const page = realFileSystem().read(std::string(HOIST_SOURCE_DIR "/docs/diagnostics/") +
                                                    std::string(row.id) + ".md",
                                                error);
        ASSERT_TRUE(page) << row.id << " has no page: " << error;
        if (row.id == "P3003" || row.id == "P3008") // bytes, or a length, that no page can show
            continue;
        llvm::StringRef example = llvm::StringRef(*page).split("```controlm\n").second;
        example = example.split("```").first;
        EXPECT_FALSE(example.empty()) << row.id;
        EXPECT_NE(Read(example.str()).codes().find(std::string(row.id) + "@"), std::string::npos)
            << row.id << ": " << Read(example.str()).codes();
        ++examples;
    }
    EXPECT_GT(examples, 20);
}
