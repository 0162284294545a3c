// Spans lead back to the right file, line and column, whatever the bytes.
#include "frontend/base/Source.h"

#include <gtest/gtest.h>

using namespace hoist;

TEST(Source, SpansOfSeveralFilesDoNotMeet) {
    SourceMap sources;
    FileId const a = *sources.add("a.jil", "one\r\ntwo\n");
    FileId const b = *sources.add("b.jil", "three");
    Span const endOfA = sources.span(a, 9, 9);
    Span const startOfB = sources.span(b, 0, 5);
    EXPECT_EQ(sources.fileOf(endOfA), a);
    EXPECT_EQ(sources.fileOf(startOfB), b);
    EXPECT_EQ(sources.text(startOfB), "three");
    EXPECT_EQ(sources.start(sources.span(a, 5, 8)).line, 2u);
    EXPECT_EQ(sources.line(a, 1), "one");
}

TEST(Source, ColumnsCountCharactersInUtf8AndBytesInLatin1) {
    SourceMap sources;
    FileId const utf8 = *sources.add("u", "\xC3\xA9x");
    FileId const latin1 = *sources.add("l", "\xE9x");
    EXPECT_EQ(sources.start(sources.span(utf8, 2, 3)).column, 2u);
    EXPECT_EQ(sources.start(sources.span(latin1, 1, 2)).column, 2u);
}

TEST(Source, AnEmptyFileHasASpan) {
    SourceMap sources;
    FileId const file = *sources.add("empty", "");
    EXPECT_EQ(sources.start(sources.wholeFile(file)).line, 1u);
    EXPECT_TRUE(sources.wholeFile(file).isValid());
}
