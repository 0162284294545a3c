// The files of backend/report/page inside the program.
#pragma once

#include <string_view>

namespace hoist::report {

enum class PagePart : unsigned char { frame, style, program, library };

struct PageFile {
    std::string_view bytes;
    std::string_view sha256; ///< of the bytes, in hex
};
PageFile pageFile(PagePart part);

} // namespace hoist::report
