// Any bytes in, of any dialect: redacted they keep their length, their signs and the shape of their
// statements, and what can be taken out lies in the file, statements side by side.
#include "backend/driver/Redaction.h"
#include "frontend/Frontend.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

using namespace hoist;

static void fail(char const* why) {
    std::fprintf(stderr, "%s\n", why);
    std::abort();
}

static size_t checkParts(Frontend const& frontend, FileId file, SourceMap const& sources) {
    llvm::StringRef const bytes = sources.bytes(file);
    size_t at = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0, statements = 0;
    for (Part const& part : frontend.parts(file, sources)) {
        for (ByteRange range : part.ranges)
            if (range.begin > range.end || range.end > bytes.size())
                fail("a part lies outside the file");
        if (part.level != Part::Level::statement)
            continue;
        if (part.ranges.size() != 1 || part.ranges[0].begin != at)
            fail("statements do not lie side by side");
        at = part.ranges[0].end;
        ++statements;
    }
    if (statements > 0 && at != bytes.size())
        fail("statements do not cover the file");
    return statements;
}

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
    llvm::StringRef const input(reinterpret_cast<char const*>(data), size);
    if (input.starts_with("\xFF\xFE") || input.starts_with("\xFE\xFF"))
        return 0; // UTF-16 is erased: no dialect reads it
    for (Frontend const& frontend : frontends()) {
        SourceMap sources;
        auto const file = sources.add("a.jil", input.str());
        Redaction redaction;
        redaction.learn(sources.bytes(*file));
        std::string const text = redaction.write(frontend.marks(*file, sources));
        auto const other = sources.add("b.jil", text);
        if (checkParts(frontend, *file, sources) != checkParts(frontend, *other, sources))
            fail("redaction changed the statements");
    }
    return 0;
}
