// What can be taken out of a file: the file, its folders and calendars, and in them every element
// with its attributes; in JSON every member and every item of a list. Taking out a tag that has no
// other half is offered for nothing.
#include "frontend/controlm/Controlm.h"
#include "frontend/controlm/Taken.h"

#include <algorithm>

namespace hoist::controlm {
namespace {

class Taking {
public:
    explicit Taking(llvm::StringRef source) : bytes(source) {}

    Parts run() {
        size_t const start = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0;
        if (start < bytes.size())
            add(Part::Level::statement, start, bytes.size());
        if (isWide(bytes))
            return std::move(parts);
        if (isXml(bytes.take_front(1000)))
            tags();
        else
            pieces();
        // In the order of the file, an element before what is in it.
        std::stable_sort(parts.begin(), parts.end(), [](Part const& a, Part const& b) {
            ByteRange const one = a.ranges[0], other = b.ranges[0];
            return one.begin != other.begin ? one.begin < other.begin : one.end > other.end;
        });
        return std::move(parts);
    }

private:
    size_t offset(char const* at) const { return static_cast<size_t>(at - bytes.begin()); }
    void add(Part::Level level, size_t begin, size_t end) {
        Part part;
        part.level = level;
        part.ranges.push_back({begin, end});
        parts.push_back(std::move(part));
    }
    /// Up to the next piece, so that no empty lines stay.
    size_t behindBlanks(size_t at) const {
        return std::min(bytes.find_first_not_of(" \t\r\n", at), bytes.size());
    }
    void element(size_t depth, size_t begin, size_t end) {
        if (depth > 0)
            add(depth == 1 ? Part::Level::statement : Part::Level::attribute, begin,
                behindBlanks(end));
    }

    void tags() {
        struct Open {
            llvm::StringRef name;
            size_t begin;
        };
        std::vector<Open> open;
        for (TagText const& tag : tagsOf(bytes)) {
            size_t const begin = offset(tag.whole.begin()), end = offset(tag.whole.end());
            for (auto const& [key, value] : tag.attributes)
                if (!key.empty())
                    add(Part::Level::attribute, offset(key.begin()),
                        behindBlanks(std::min(offset(value.end()) + 1, bytes.size())));
            switch (tag.kind) {
            case TagText::Kind::open: open.push_back({tag.name, begin}); break;
            case TagText::Kind::empty: element(open.size(), begin, end); break;
            case TagText::Kind::close:
                if (open.empty() || open.back().name != tag.name)
                    return; // not well-formed: what follows has no sure place
                element(open.size() - 1, open.back().begin, end);
                open.pop_back();
                break;
            case TagText::Kind::comment:
                add(Part::Level::attribute, begin, behindBlanks(end));
                break;
            case TagText::Kind::declaration: break;
            }
        }
    }

    /// A member or item goes with the comma before it; the first one with that behind it.
    void pieces() {
        using Kind = JsonPiece::Kind;
        struct Level {
            size_t begin = 0, before = 0; ///< of the item at hand; where the last one ended
            bool hasItem = false, hasBefore = false, isFirst = false;
        };
        std::vector<Level> open;
        size_t first = 0; // the part of a first item whose comma may follow
        auto const ended = [&](size_t end) {
            Level& level = open.back();
            if (!level.hasItem)
                return;
            first = parts.size();
            level.isFirst = !level.hasBefore;
            add(open.size() == 1 ? Part::Level::statement : Part::Level::attribute,
                level.hasBefore ? level.before : level.begin, end);
            level.hasItem = false;
            level.hasBefore = true;
            level.before = end;
        };
        size_t last = 0; // the end of the piece before
        for (JsonPiece const& piece : jsonPieces(bytes)) {
            size_t const begin = offset(piece.whole.begin()), end = offset(piece.whole.end());
            if (piece.kind == Kind::comment) {
                add(Part::Level::attribute, begin, behindBlanks(end));
                continue;
            }
            if (piece.kind == Kind::comma && !open.empty()) {
                ended(last);
                if (open.back().isFirst)
                    parts[first].ranges[0].end = behindBlanks(end);
                open.back().isFirst = false;
            } else if (piece.kind == Kind::close && !open.empty()) {
                ended(last);
                open.pop_back();
            } else if (!open.empty() && !open.back().hasItem) {
                open.back().begin = begin;
                open.back().hasItem = true;
            }
            if (piece.kind == Kind::open)
                open.emplace_back();
            last = end;
        }
    }

    llvm::StringRef bytes;
    Parts parts;
};

} // namespace

Parts parts(FileId file, SourceMap const& sources) { return Taking(sources.bytes(file)).run(); }

} // namespace hoist::controlm
