// The two code pages of Western exports, as what differs from ISO-8859-1.
#include "frontend/controlm/Encodings.h"

namespace hoist::controlm {

static constexpr std::array<int, 256> latin1() {
    std::array<int, 256> map{};
    for (int byte = 0; byte < 256; ++byte)
        map[static_cast<size_t>(byte)] = byte;
    return map;
}

static constexpr std::array<int, 256> windows1252() {
    std::array<int, 256> map = latin1();
    constexpr int upper[] = {0x20AC, -1,     0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                             0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, -1,     0x017D, -1,
                             -1,     0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                             0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, -1,     0x017E, 0x0178};
    for (size_t i = 0; i < std::size(upper); ++i)
        map[0x80 + i] = upper[i];
    return map;
}

static constexpr std::array<int, 256> latin9() {
    std::array<int, 256> map = latin1();
    map[0xA4] = 0x20AC;
    map[0xA6] = 0x0160;
    map[0xA8] = 0x0161;
    map[0xB4] = 0x017D;
    map[0xB8] = 0x017E;
    map[0xBC] = 0x0152;
    map[0xBD] = 0x0153;
    map[0xBE] = 0x0178;
    return map;
}

std::array<int, 256> const* codePage(llvm::StringRef name) {
    static constexpr std::array<int, 256> windows = windows1252(), latin = latin9();
    if (name.equals_insensitive("windows-1252") || name.equals_insensitive("cp1252"))
        return &windows;
    if (name.equals_insensitive("iso-8859-15") || name.equals_insensitive("latin-9"))
        return &latin;
    return nullptr;
}

} // namespace hoist::controlm
