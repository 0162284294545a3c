// Decoding of unknown bytes, one character at a time.
#include "backend/report/Utf8.h"

#include <llvm/Support/Unicode.h>

#include <cstdint>

namespace hoist::report {
namespace {

struct Decoded {
    uint32_t point;
    size_t bytes;
    bool isLatin1; ///< the byte was no UTF-8
};

Decoded decode(llvm::StringRef text, size_t at) {
    auto const byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    uint32_t const first = byte(at);
    if (first < 0x80)
        return {first, 1, false};
    size_t const length = first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (length == 0 || at + length > text.size())
        return {first, 1, true};
    uint32_t point = first & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xC0) != 0x80)
            return {first, 1, true};
        point = point << 6 | (byte(at + i) & 0x3Fu);
    }
    static constexpr uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < smallest[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        return {first, 1, true};
    return {point, length, false};
}

void append(std::string& out, uint32_t point) {
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xC0 | point >> 6);
        out += static_cast<char>(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        out += static_cast<char>(0xE0 | point >> 12);
        out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (point & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | point >> 18);
        out += static_cast<char>(0x80 | (point >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (point & 0x3F));
    }
}

/// Marks that reorder or hide what follows ("Trojan Source"), and line separators.
bool isTreacherous(uint32_t point) {
    return (point >= 0x80 && point < 0xA0) || (point >= 0x200B && point <= 0x200F) ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) ||
           point == 0x061C || point == 0xFEFF || (point >= 0xFFF9 && point <= 0xFFFB) ||
           (point >= 0xE0000 && point <= 0xE0FFF);
}

} // namespace

Glyph glyphAt(llvm::StringRef text, size_t at) {
    Decoded const decoded = decode(text, at);
    Glyph glyph;
    glyph.bytes = decoded.bytes;
    uint32_t point = decoded.point;
    if (point == '\t')
        return {"    ", 4, 1};
    if (point < 0x20)
        point += 0x2400; // the control's picture
    else if (point == 0x7F)
        point = 0x2421;
    else if (isTreacherous(point))
        point = 0xFFFD;
    append(glyph.text, point);
    if (point >= 0x80) {
        int const width = llvm::sys::unicode::columnWidthUTF8(glyph.text);
        if (width < 0) {
            glyph.text.clear();
            append(glyph.text, 0xFFFD);
        } else {
            glyph.width = static_cast<unsigned>(width);
        }
    }
    return glyph;
}

std::string printable(llvm::StringRef text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
        size_t plain = at; // most text is printable ASCII: copy it in runs
        while (plain < text.size() && text[plain] >= 0x20 && text[plain] < 0x7F)
            ++plain;
        out += text.slice(at, plain);
        at = plain;
        if (at == text.size())
            break;
        if (text[at] == '\t') {
            out += ' ';
            ++at;
            continue;
        }
        Glyph const glyph = glyphAt(text, at);
        out += glyph.text;
        at += glyph.bytes;
    }
    return out;
}

std::string toUtf8(llvm::StringRef text) {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        Decoded const decoded = decode(text, at);
        append(out, decoded.point == 0 ? 0xFFFD : decoded.point);
        at += decoded.bytes;
    }
    return out;
}

} // namespace hoist::report
