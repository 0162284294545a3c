// Any bytes in: the parser of production and the grammar read the same, or the target aborts and
// says where they disagree. One source for three targets; HOIST_DIFFER names the language.
#include "tests/grammar/Differential.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
    std::string const difference =
        hoist::test::HOIST_DIFFER({reinterpret_cast<char const*>(data), size});
    if (!difference.empty()) {
        std::fprintf(stderr, "%s\n", difference.c_str());
        std::abort();
    }
    return 0;
}
