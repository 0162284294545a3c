// What can be taken out of a JIL file: statements with what stands between them and the next one,
// attributes, and operands of conditions.
#include "frontend/jil/ConditionText.h"
#include "frontend/jil/Scanner.h"
#include "frontend/jil/Taken.h"

#include <algorithm>

namespace hoist::jil {
namespace {

using Role = ConditionPiece::Role;

class Taking {
public:
    Taking(FileId file, SourceMap const& sources)
        : bytes(sources.bytes(file)), scanner(file, sources, ignored) {}

    Parts run() {
        size_t const start = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0;
        std::vector<size_t> begins; // of statements
        RawStatement statement;
        while (scanner.next(statement)) {
            begins.push_back(beginOf(statement));
            attributes(statement);
        }
        // Each takes the comments behind it; those at the top of the file stand by themselves.
        Parts statements;
        auto const add = [&](size_t begin, size_t end) {
            if (begin < end)
                statements.emplace_back().ranges.push_back({begin, end});
        };
        auto const endOf = [&](size_t number) {
            return number + 1 < begins.size() ? begins[number + 1] : bytes.size();
        };
        add(start, begins.empty() ? bytes.size() : begins.front());
        for (size_t i = 0; i < begins.size(); ++i)
            add(begins[i], endOf(i));
        // The last attribute of a statement ends where its statement does.
        for (auto& [part, number] : attributeParts) {
            part.ranges[0].end = std::min(part.ranges[0].end, endOf(number));
            statements.push_back(std::move(part));
        }
        statements.insert(statements.end(), operandParts.begin(), operandParts.end());
        return statements;
    }

private:
    size_t offset(char const* at) const { return static_cast<size_t>(at - bytes.begin()); }

    size_t beginOf(RawStatement const& statement) const {
        char const* begin = statement.key.empty() ? nullptr : statement.key.begin();
        auto const earlier = [&](char const* at) {
            if (!begin || at < begin)
                begin = at;
        };
        for (RawAttribute const& attribute : statement.attributes)
            earlier(attribute.key.empty() ? attribute.value.begin() : attribute.key.begin());
        for (Stray const& stray : statement.strays)
            earlier(stray.text.begin());
        return offset(begin);
    }

    void attributes(RawStatement const& statement) {
        std::vector<size_t> begins; // of attributes and lost lines, which both can go
        for (RawAttribute const& attribute : statement.attributes) {
            begins.push_back(
                offset(attribute.key.empty() ? attribute.value.begin() : attribute.key.begin()));
            if (attribute.row->kind == ValueKind::condition)
                operands(attribute.value);
        }
        for (Stray const& stray : statement.strays)
            begins.push_back(offset(stray.text.begin()));
        std::sort(begins.begin(), begins.end());
        for (size_t i = 0; i < begins.size(); ++i) {
            Part part;
            part.level = Part::Level::attribute;
            part.ranges.push_back(
                {begins[i], i + 1 < begins.size() ? begins[i + 1] : bytes.size()});
            attributeParts.emplace_back(std::move(part), count);
        }
        ++count;
    }

    struct Group {
        std::vector<ByteRange> operands;
        size_t open = 0;
    };

    void addOperands(Group const& group) {
        for (size_t i = 0; group.operands.size() > 1 && i < group.operands.size(); ++i) {
            Part part;
            part.level = Part::Level::operand;
            bool const isLast = i + 1 == group.operands.size();
            part.ranges.push_back(
                isLast ? ByteRange{group.operands[i - 1].end, group.operands[i].end}
                       : ByteRange{group.operands[i].begin, group.operands[i + 1].begin});
            operandParts.push_back(std::move(part));
        }
    }

    /// An operand goes from its first piece to the operator behind it; groups are operands too.
    void operands(llvm::StringRef value) {
        std::vector<Group> groups(1);
        bool isOpen = false; // an operand
        for (ConditionPiece const& piece : piecesOf(value)) {
            size_t const begin = offset(piece.text.begin()), end = offset(piece.text.end());
            switch (piece.role) {
            case Role::comment: break;
            case Role::joint: isOpen = false; break;
            case Role::open:
                if (!isOpen)
                    groups.back().operands.push_back({begin, end});
                groups.emplace_back().open = begin;
                isOpen = false;
                break;
            case Role::close: {
                if (groups.size() == 1)
                    break;
                addOperands(groups.back());
                Part pair;
                pair.level = Part::Level::operand;
                pair.ranges = {{groups.back().open, groups.back().open + 1}, {begin, end}};
                operandParts.push_back(std::move(pair));
                groups.pop_back();
                groups.back().operands.back().end = end;
                isOpen = true;
                break;
            }
            default:
                if (!isOpen)
                    groups.back().operands.push_back({begin, end});
                groups.back().operands.back().end = end;
                isOpen = true;
            }
        }
        for (Group const& group : groups)
            addOperands(group);
    }

    llvm::StringRef bytes;
    diag::Diagnostics ignored;
    Scanner scanner;
    std::vector<std::pair<Part, size_t>> attributeParts; ///< with the number of their statement
    Parts operandParts;
    size_t count = 0;
};

} // namespace

Parts parts(FileId file, SourceMap const& sources) { return Taking(file, sources).run(); }

} // namespace hoist::jil
