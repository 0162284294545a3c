// Findings are formatted, ordered by position, and counted by severity; constructs keep their worst
// fate.
#include "frontend/ir/Estate.h"

#include <gtest/gtest.h>

using namespace hoist;
using diag::Code;

TEST(Diagnostics, SortsByPosition) {
    diag::Diagnostics diags;
    diags.report<Code::UnresolvedPlaceholder>(Span{20, 25}, std::string("${B}"));
    diags.report<Code::UnresolvedPlaceholder>(Span{10, 15}, llvm::StringRef("${A}"))
        .object("job")
        .help("set it with -D");
    diags.sort();
    ASSERT_EQ(diags.all().size(), 2u);
    EXPECT_EQ(diags.all()[0].message,
              "placeholder `${A}` has no value; it is carried as it stands");
    EXPECT_EQ(diags.count(diag::Severity::warning), 2u);
    EXPECT_FALSE(diags.hasErrors());
    EXPECT_EQ(diag::codeById("p0006"), Code::UnresolvedPlaceholder);
}

TEST(Diagnostics, SortingManyMovesEachToItsPlaceAndKeepsTheOrderOfEquals) {
    diag::Diagnostics diags;
    constexpr uint32_t count = 1000,
                       step = 387; // prime to each other: one long cycle and short ones
    for (uint32_t i = 0; i < count; ++i) {
        uint32_t const place = 1 + i * step % count / 4; // four findings at each place
        std::string const text = std::to_string(place);
        diags.report<Code::UnresolvedPlaceholder>(Span{place, place + 1}, text)
            .object(text)
            .evidence(std::to_string(i));
    }
    diags.sort();
    auto const& sorted = diags.all();
    ASSERT_EQ(sorted.size(), count);
    for (uint32_t i = 0; i < count; ++i) {
        EXPECT_EQ(sorted[i].span.begin, 1 + i / 4);
        EXPECT_EQ(sorted[i].object, std::to_string(1 + i / 4));
        if (i % 4 != 0) {
            EXPECT_LT(std::stoul(sorted[i - 1].evidence), std::stoul(sorted[i].evidence));
        }
    }
}

TEST(Constructs, TheWorstFateWins) {
    ir::Constructs constructs;
    ir::ConstructId const id = constructs.add({1, 2}, "attribute command");
    constructs.settle(id, diag::Fidelity::exact, "command");
    constructs.settle(id, diag::Fidelity::approximated, "globals");
    constructs.settle(id, diag::Fidelity::exact, "command");
    EXPECT_EQ(constructs[id].fate, diag::Fidelity::approximated);
    EXPECT_EQ(constructs.text(constructs[id].form), "globals");
}
