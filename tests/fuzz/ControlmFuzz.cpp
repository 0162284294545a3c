// Any bytes in, as XML and as JSON alike: nothing crashes, every place lies in the file, and every
// construct has a fate or a job that gives it one.
#include "tests/controlm/Read.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
    hoist::controlm::Read const read(std::string(reinterpret_cast<char const*>(data), size));
    hoist::Span const whole = read.estate.sources.wholeFile(read.file);
    bool isSound = read.lost() == 0;
    for (hoist::ir::ConstructId const id : read.estate.constructs.ids())
        isSound &= whole.contains(read.estate.constructs[id].span);
    for (auto const& finding : read.diags.all())
        isSound &= !finding.span.isValid() || whole.contains(finding.span);
    if (!isSound) {
        std::fprintf(stderr, "a construct is lost, or lies outside the file\n");
        std::abort();
    }
    return 0;
}
