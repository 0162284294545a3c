// Source files in one 32-bit address space, spans into it, and the way back to line and column.
#pragma once

#include "frontend/base/Ids.h"

#include <llvm/ADT/StringRef.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hoist {

using FileId = Id<struct FileTag>;

/// Half-open byte range over all source files. An empty span at 0 (`isValid() == false`) is
/// "nowhere".
struct Span {
    uint32_t begin = 0;
    uint32_t end = 0;

    constexpr bool isValid() const { return begin != 0; }
    constexpr uint32_t size() const { return end - begin; }
    constexpr bool contains(Span other) const { return begin <= other.begin && other.end <= end; }
    /// The smallest span that holds both.
    constexpr Span to(Span other) const {
        return {begin < other.begin ? begin : other.begin, end > other.end ? end : other.end};
    }
    friend constexpr auto operator<=>(Span, Span) = default;
};
static_assert(sizeof(Span) == 8);

/// One-based line; one-based column counted in characters (UTF-8 code points; a byte that is no
/// valid UTF-8 counts as one, as in Latin-1).
struct LineColumn {
    uint32_t line = 0;
    uint32_t column = 0;
};

class SourceMap {
public:
    /// Takes the bytes of a file as they are. Returns nothing when the 4 GiB address space is full.
    std::optional<FileId> add(std::string path, std::string bytes);

    llvm::StringRef path(FileId file) const { return files[file]->path; }
    llvm::StringRef bytes(FileId file) const { return files[file]->bytes; }
    /// The span of the file's byte range [begin, end).
    Span span(FileId file, size_t begin, size_t end) const;
    Span wholeFile(FileId file) const;

    FileId fileOf(Span span) const;
    /// Byte offset inside its file.
    uint32_t offsetIn(FileId file, Span span) const { return span.begin - files[file]->base; }
    llvm::StringRef text(Span span) const;
    LineColumn lineColumn(FileId file, uint32_t offset) const;
    LineColumn start(Span span) const;
    LineColumn end(Span span) const;
    /// The bytes of a one-based line without its line end.
    llvm::StringRef line(FileId file, uint32_t line) const;
    /// Offset in the file of the first byte of a one-based line.
    uint32_t lineStart(FileId file, uint32_t line) const;
    size_t size() const { return files.size(); }
    auto ids() const { return files.ids(); }

private:
    struct File {
        std::string path;
        std::string bytes;
        uint32_t base = 0;
        mutable std::vector<uint32_t> lineStarts; // built on first use: most files have no finding
    };
    std::vector<uint32_t> const& lineStartsOf(FileId file) const;
    /// The last answer: the next one on the same line counts on from there, so that a line of 100
    /// MB is counted once.
    struct LastColumn {
        FileId file;
        uint32_t line = 0, offset = 0, column = 1;
    };
    mutable LastColumn last;

    // unique_ptr: StringRefs into `bytes` stay valid while files are added.
    IdVector<FileId, std::unique_ptr<File>> files;
    uint32_t nextBase = 1;
};

} // namespace hoist
