// Source files in one 32-bit address space: lookups by binary search, line tables on demand.
#include "frontend/base/Source.h"

#include <algorithm>
#include <iterator>

namespace hoist {

std::optional<FileId> SourceMap::add(std::string path, std::string bytes) {
    // One byte of distance between files, so that an end-of-file span belongs to its own file.
    uint64_t const next = uint64_t(nextBase) + bytes.size() + 1;
    if (next > std::numeric_limits<uint32_t>::max())
        return std::nullopt;
    auto file = std::make_unique<File>();
    file->path = std::move(path);
    file->bytes = std::move(bytes);
    file->base = nextBase;
    nextBase = static_cast<uint32_t>(next);
    return files.add(std::move(file));
}

Span SourceMap::span(FileId file, size_t begin, size_t end) const {
    File const& f = *files[file];
    assert(begin <= end && end <= f.bytes.size());
    return {f.base + static_cast<uint32_t>(begin), f.base + static_cast<uint32_t>(end)};
}

Span SourceMap::wholeFile(FileId file) const { return span(file, 0, files[file]->bytes.size()); }

FileId SourceMap::fileOf(Span span) const {
    assert(span.isValid());
    auto after = std::upper_bound(files.begin(), files.end(), span.begin,
                                  [](uint32_t at, auto const& file) { return at < file->base; });
    assert(after != files.begin());
    return FileId(static_cast<size_t>(after - files.begin()) - 1);
}

llvm::StringRef SourceMap::text(Span span) const {
    if (!span.isValid())
        return {};
    FileId const file = fileOf(span);
    return bytes(file).substr(offsetIn(file, span), span.size());
}

std::vector<uint32_t> const& SourceMap::lineStartsOf(FileId file) const {
    File const& f = *files[file];
    if (f.lineStarts.empty()) {
        f.lineStarts.push_back(0);
        for (size_t at = f.bytes.find('\n'); at != std::string::npos;
             at = f.bytes.find('\n', at + 1))
            f.lineStarts.push_back(static_cast<uint32_t>(at + 1));
    }
    return f.lineStarts;
}

static uint32_t countCharacters(llvm::StringRef text) {
    uint32_t count = 0;
    for (size_t i = 0; i < text.size();) {
        auto const byte = static_cast<unsigned char>(text[i]);
        size_t const want = byte < 0x80       ? 1
                            : byte >> 5 == 6  ? 2
                            : byte >> 4 == 14 ? 3
                            : byte >> 3 == 30 ? 4
                                              : 1;
        size_t have = 1;
        while (have < want && i + have < text.size() &&
               (static_cast<unsigned char>(text[i + have]) & 0xC0) == 0x80)
            ++have;
        i += have == want ? want : 1;
        ++count;
    }
    return count;
}

LineColumn SourceMap::lineColumn(FileId file, uint32_t offset) const {
    auto const& starts = lineStartsOf(file);
    bool const isOnLastLine = last.file == file && last.offset <= offset &&
                              (last.line == starts.size() || offset < starts[last.line]);
    if (!isOnLastLine) {
        auto const after = std::upper_bound(starts.begin(), starts.end(), offset);
        last = {file, static_cast<uint32_t>(after - starts.begin()), *std::prev(after), 1};
    }
    last.column += countCharacters(bytes(file).slice(last.offset, offset));
    last.offset = offset;
    return {last.line, last.column};
}

LineColumn SourceMap::start(Span span) const {
    FileId const file = fileOf(span);
    return lineColumn(file, offsetIn(file, span));
}

LineColumn SourceMap::end(Span span) const {
    FileId const file = fileOf(span);
    return lineColumn(file, offsetIn(file, span) + span.size());
}

uint32_t SourceMap::lineStart(FileId file, uint32_t line) const {
    return lineStartsOf(file)[line - 1];
}

llvm::StringRef SourceMap::line(FileId file, uint32_t line) const {
    auto const& starts = lineStartsOf(file);
    uint32_t const begin = starts[line - 1];
    llvm::StringRef rest = bytes(file).substr(begin);
    return rest.substr(0, rest.find('\n')).rtrim("\r");
}

} // namespace hoist
