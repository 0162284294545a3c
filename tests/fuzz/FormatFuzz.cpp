// Any bytes in: laid out, they hold the same statements, attributes, values and comments, and laid
// out twice they are what they were once. `format` looks itself, and says what differs.
#include "frontend/jil/Format.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
    hoist::SourceMap sources;
    auto const file = sources.add("a.jil", std::string(reinterpret_cast<char const*>(data), size));
    hoist::Layout const layout = hoist::jil::format(*file, sources);
    if (!layout.problem.empty()) {
        std::fprintf(stderr, "%s\n--- laid out:\n%s\n", layout.problem.c_str(),
                     layout.text.c_str());
        std::abort();
    }
    return 0;
}
