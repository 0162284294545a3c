// Every L and A code has a page, and the example on the page brings up the code.
#include "analysis/Analysis.h"
#include "frontend/Frontend.h"
#include "tests/support/Findings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace hoist;

static std::string textOf(std::filesystem::path const& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

TEST(Pages, EveryExampleShowsItsFinding) {
    // 2026-11-24: the clock of the examples.
    constexpr int64_t now = 1795478400;
    for (diag::CodeInfo const& info : diag::catalog) {
        if (info.id.front() != 'A' && info.id.front() != 'L')
            continue;
        std::string const id(info.id);
        std::string const page =
            textOf(std::filesystem::path(HOIST_SOURCE_DIR) / "docs/diagnostics" / (id + ".md"));
        ASSERT_TRUE(page.starts_with("# " + id + ": ")) << id << " has no page";
        EXPECT_NE(page.find("## What to do"), std::string::npos) << id;
        size_t const fence = page.find("```");
        if (fence == std::string::npos) {
            EXPECT_NE(page.find("One short file cannot show it"), std::string::npos) << id;
            continue;
        }
        size_t const line = page.find('\n', fence);
        std::string const dialect = page.substr(fence + 3, line - fence - 3);
        std::string const example = page.substr(line + 1, page.find("```", line) - line - 1);
        ir::Estate estate;
        diag::Diagnostics diags;
        FileId const file = *estate.sources.add(id + "." + dialect, example);
        bool isRead = false;
        for (Frontend const& frontend : frontends())
            if (frontend.name == llvm::StringRef(dialect)) {
                frontend.read(file, estate, diags);
                isRead = true;
            }
        ASSERT_TRUE(isRead) << id << ": no dialect " << dialect;
        analysis::run(estate, diags, now);
        EXPECT_TRUE(test::find(diags, *diag::codeById(id))) << id << " is not found in:\n"
                                                            << example;
    }
}
