// Lays out one source line with its marks. Works on a window of bytes, so a line of any length is
// cheap.
#include "backend/report/Snippet.h"

#include "backend/report/Utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace hoist::report {
namespace {

constexpr size_t widest = 140; ///< columns of source shown
constexpr size_t context = 40; ///< columns kept before the first mark of a cut line

struct Placed {
    Mark const* mark;
    size_t begin = 0, end = 0; ///< display columns; end > begin
};

/// The shown part of a line and where source bytes are in it.
class Window {
public:
    Window(llvm::StringRef line, size_t firstMark, size_t lastMark) {
        size_t begin = 0;
        size_t const bytesAhead = 4 * context;
        if (lastMark > widest - context / 2) {
            begin = firstMark > bytesAhead ? firstMark - bytesAhead : 0;
            // Not in the middle of a character.
            while (begin > 0 && begin > firstMark - std::min<size_t>(firstMark, bytesAhead + 4) &&
                   (static_cast<unsigned char>(line[begin]) & 0xC0) == 0x80)
                --begin;
            // At most `context` columns before the mark: walk back from it over the glyphs seen.
            std::vector<std::pair<size_t, unsigned>> before;
            for (size_t at = begin; at < firstMark;) {
                Glyph const glyph = glyphAt(line, at);
                before.emplace_back(at, glyph.width);
                at += glyph.bytes;
            }
            size_t columns = 0;
            size_t from = firstMark;
            while (!before.empty() && columns + before.back().second <= context) {
                columns += before.back().second;
                from = before.back().first;
                before.pop_back();
            }
            begin = from;
        }
        if (begin > 0) {
            shown = "…";
            column = 1;
        }
        size_t at = begin;
        while (at < line.size() && column < widest) {
            Glyph const glyph = glyphAt(line, at);
            offsets.push_back({at, column});
            shown += glyph.text;
            column += glyph.width;
            at += glyph.bytes;
        }
        offsets.push_back({at, column});
        if (at < line.size())
            shown += "…";
    }

    /// The display column of a byte offset, inside the window.
    size_t columnOf(size_t offset) const {
        auto const after =
            std::upper_bound(offsets.begin(), offsets.end(), offset,
                             [](size_t wanted, auto const& entry) { return wanted < entry.first; });
        return after == offsets.begin() ? offsets.front().second : std::prev(after)->second;
    }

    std::string shown;

private:
    size_t column = 0;
    std::vector<std::pair<size_t, size_t>> offsets; ///< byte → column
};

} // namespace

void appendSnippet(std::string& out, SourceMap const& sources, llvm::ArrayRef<Mark> marks,
                   unsigned gutter, Style const& style) {
    FileId const file = sources.fileOf(marks.front().span);
    uint32_t const lineNumber = sources.start(marks.front().span).line;
    llvm::StringRef const line = sources.line(file, lineNumber);
    uint32_t const lineBegin = sources.lineStart(file, lineNumber);
    auto const inLine = [&](uint32_t offset) {
        return std::min<size_t>(offset - lineBegin, line.size());
    };

    size_t first = line.size(), last = 0;
    for (Mark const& mark : marks) {
        size_t const begin = inLine(sources.offsetIn(file, mark.span));
        first = std::min(first, begin);
        last = std::max(last, std::min(begin + mark.span.size(), line.size()));
    }
    Window const window(line, first, last);
    out += style.gutter(fmt::format("{:>{}} |", lineNumber, gutter));
    if (!window.shown.empty())
        out += " " + window.shown;
    out += "\n";

    std::vector<Placed> placed;
    for (Mark const& mark : marks) {
        uint32_t const offset = sources.offsetIn(file, mark.span);
        Placed where{&mark, window.columnOf(inLine(offset)),
                     window.columnOf(inLine(offset + mark.span.size()))};
        where.end = std::max(where.end, where.begin + 1);
        placed.push_back(where);
    }
    std::stable_sort(placed.begin(), placed.end(),
                     [](Placed const& a, Placed const& b) { return a.begin < b.begin; });

    std::string const margin = style.gutter(std::string(gutter, ' ') + " |");
    auto const colored = [&](Placed const& at, llvm::StringRef text) {
        return style.paint(at.mark->isPrimary ? style.primary : llvm::StringRef("1;34"), text);
    };
    // The row of carets. Where marks overlap, the primary one is on top.
    out += margin + " ";
    size_t const width = std::max_element(placed.begin(), placed.end(), [](auto& a, auto& b) {
                             return a.end < b.end;
                         })->end;
    std::vector<Placed const*> owner(width, nullptr);
    for (Placed const& each : placed)
        for (size_t c = each.begin; c < each.end; ++c)
            if (!owner[c] || each.mark->isPrimary)
                owner[c] = &each;
    for (size_t c = 0; c < width;) {
        size_t end = c;
        while (end < width && owner[end] == owner[c])
            ++end;
        out += owner[c]
                   ? colored(*owner[c], std::string(end - c, owner[c]->mark->isPrimary ? '^' : '-'))
                   : std::string(end - c, ' ');
        c = end;
    }
    // The rightmost text stands beside its mark, unless another mark lies there; the others hang
    // below.
    size_t hanging = placed.size();
    if (placed.back().end == width) {
        --hanging;
        if (!placed.back().mark->text.empty())
            out += " " + colored(placed.back(), printable(placed.back().mark->text));
    }
    out += "\n";
    for (size_t i = hanging; i-- > 0;) {
        if (placed[i].mark->text.empty())
            continue;
        for (bool const isText : {false, true}) {
            std::string row;
            size_t column = 0;
            for (size_t k = 0; k <= i; ++k) {
                if ((k < i && placed[k].mark->text.empty()) || placed[k].begin < column)
                    continue;
                row.append(placed[k].begin - column, ' ');
                bool const isOwn = k == i && isText;
                row +=
                    colored(placed[k], isOwn ? printable(placed[k].mark->text) : std::string("|"));
                column = placed[k].begin + 1;
            }
            out += margin + " " + row + "\n";
        }
    }
}

} // namespace hoist::report
