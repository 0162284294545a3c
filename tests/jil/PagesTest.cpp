// The failing example of each page about a JIL code gives that code.
#include "frontend/base/FileSystem.h"
#include "tests/jil/Read.h"

#include <gtest/gtest.h>

using namespace hoist;
using hoist::jil::Read;

TEST(JilPages, EachExampleGivesItsCode) {
    int examples = 0;
    for (diag::CodeInfo const& row : diag::catalog) {
        if (!llvm::StringRef(row.id).starts_with("P1"))
            continue;
        std::string error;
        auto const page = realFileSystem().read(std::string(HOIST_SOURCE_DIR "/docs/diagnostics/") +
                                                    std::string(row.id) + ".md",
                                                error);
        ASSERT_TRUE(page) << row.id << " has no page: " << error;
        llvm::StringRef const example =
            llvm::StringRef(*page).split("```jil\n").second.split("```").first;
        if (row.id == "P1015" || row.id == "P1016") // bytes that no page can show
            continue;
        EXPECT_FALSE(example.empty()) << row.id;
        EXPECT_NE(Read(example.str()).codes().find(std::string(row.id) + "@"), std::string::npos)
            << row.id;
        ++examples;
    }
    EXPECT_GT(examples, 35);
}
