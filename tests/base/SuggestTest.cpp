// A misspelt name finds its neighbour; an unrelated one finds nothing.
#include "frontend/base/Suggest.h"

#include <llvm/ADT/ArrayRef.h>

#include <gtest/gtest.h>

using namespace hoist;

TEST(Suggest, FindsOneMistake) {
    Suggestions names;
    for (llvm::StringRef name : {"EOD_EXTRACT", "EOD_LOAD", "EOD_REPORT"})
        names.add(name);
    EXPECT_EQ(names.nearest("EOD_EXTRCT"), "EOD_EXTRACT");
    EXPECT_EQ(names.nearest("eod_load"), "EOD_LOAD");
    EXPECT_EQ(names.nearest("EOD_LAOD"), "EOD_LOAD");
    EXPECT_EQ(names.nearest("EOD_REPORTS"), "EOD_REPORT");
    EXPECT_EQ(names.nearest("SOMETHING_ELSE"), "");
}

TEST(Suggest, NearestOfAShortList) {
    EXPECT_EQ(nearestOf("grpah", {"build", "graph", "check"}), "graph");
    EXPECT_EQ(nearestOf("zzzzz", {"build", "graph", "check"}), "");
}
