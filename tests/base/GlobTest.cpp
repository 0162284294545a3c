// Patterns for whole names.
#include "frontend/base/Glob.h"

#include <gtest/gtest.h>

using hoist::matchesGlob;

TEST(Glob, StarsAndQuestionMarks) {
    EXPECT_TRUE(matchesGlob("*", ""));
    EXPECT_TRUE(matchesGlob("NY_*_EOD", "NY_A_B_EOD"));
    EXPECT_TRUE(matchesGlob("a?c", "abc"));
    EXPECT_FALSE(matchesGlob("a?c", "ac"));
    EXPECT_FALSE(matchesGlob("NY_*", "LN_EOD"));
    EXPECT_FALSE(matchesGlob("", "a"));
}

TEST(Glob, AStarOfTheTextIsATextLikeAnyOther) {
    EXPECT_TRUE(matchesGlob("*", "*ab"));
    EXPECT_TRUE(matchesGlob("x*z", "x*yz"));
    EXPECT_TRUE(matchesGlob("?b", "*b"));
}
