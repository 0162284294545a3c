// A file is a sequence of statements with gaps between them, and a statement is a sequence of
// pieces (a keyword with its value, a row of a calendar) with gaps between them. A gap holds
// blanks, line ends and comments, nothing else. Laying out means: pieces are copied, gaps are
// written anew.
//
// A statement that the scanner reports anything about is copied with the gaps on both sides of it:
// what somebody has to mend should look as they know it, and a doubtful reading must not be moved
// into a certain one. Comments `hoist: allow(…)` speak about the line that they stand on, so a line
// of several attributes is not taken apart where there is one.
#include "frontend/jil/Format.h"

#include "frontend/jil/Scanner.h"

#include <fmt/format.h>

#include <algorithm>

namespace hoist::jil {
namespace {

using diag::Code;

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

llvm::StringRef between(char const* from, char const* to) {
    return {from, static_cast<size_t>(to - from)};
}

/// Behind the byte order mark, if there is one.
char const* textStart(llvm::StringRef bytes) {
    return bytes.begin() + (bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0);
}

/// Behind the colon of a keyword, which the scanner has seen.
char const* behindColon(llvm::StringRef key) {
    char const* at = key.end();
    while (*at != ':')
        ++at;
    return at + 1;
}

struct Comment {
    llvm::StringRef text;
    unsigned newlines = 0; ///< before it, since the comment or piece before
    bool isHash = false;
};

struct Gap {
    llvm::SmallVector<Comment, 0> comments;
    unsigned newlinesAfter = 0;
    size_t lineFeeds = 0, returns = 0; ///< line ends outside comments; those of them that are CRLF
    bool isReadable = true;            ///< holds nothing but blanks, line ends and comments

    bool mentionsHoist() const {
        return std::any_of(comments.begin(), comments.end(),
                           [](Comment const& comment) { return comment.text.contains("hoist:"); });
    }
    bool holdsNewline() const {
        return newlinesAfter > 0 ||
               std::any_of(comments.begin(), comments.end(), [](Comment const& comment) {
                   return comment.newlines > 0 || comment.text.contains('\n');
               });
    }
};

/// As Scanner::readItem skips what is no item.
Gap readGap(llvm::StringRef text, bool atLineStart) {
    Gap gap;
    unsigned newlines = 0;
    for (size_t i = 0; i < text.size();) {
        char const c = text[i];
        size_t end = i + 1;
        if (c == '\n') {
            ++newlines;
            ++gap.lineFeeds;
            gap.returns += i > 0 && text[i - 1] == '\r';
            atLineStart = true;
        } else if (c == '#' && atLineStart) {
            end = std::min(text.find('\n', i), text.size());
            gap.comments.push_back({text.slice(i, end).rtrim(), newlines, true});
            newlines = 0;
        } else if (text.substr(i).starts_with("/*")) {
            size_t const close = text.find("*/", i + 2);
            if (close == llvm::StringRef::npos) {
                gap.isReadable = false;
                return gap;
            }
            end = close + 2;
            llvm::StringRef const comment = text.slice(i, end);
            gap.comments.push_back({comment, newlines, false});
            newlines = 0;
            atLineStart |= comment.contains('\n');
        } else if (!isBlank(c)) {
            gap.isReadable = false;
            return gap;
        }
        i = end;
    }
    gap.newlinesAfter = newlines;
    return gap;
}

/// A keyword with its value, or a row of a calendar.
struct Piece {
    llvm::StringRef key, value;
    char const* begin = nullptr;
    char const* end = nullptr;
    char const* afterColon = nullptr; ///< nothing in a row
    bool isKnown = false;
    bool isType = false; ///< `job_type`
};

struct Statement {
    char const* begin = nullptr;
    char const* end = nullptr;
    llvm::SmallVector<Piece, 0> pieces;
    bool isKept = false; ///< copied with the gaps around it
};

class Formatter {
public:
    Formatter(FileId file, SourceMap const& sources)
        : bytes(sources.bytes(file)), start(textStart(bytes)) {
        read(file, sources);
        chooseLineEnd();
    }

    Layout run() {
        Layout layout;
        if (statements.empty() || isUnreadable) {
            layout.text = bytes.str();
            layout.kept = isUnreadable ? std::max<size_t>(1, statements.size()) : 0;
            return layout;
        }
        out.reserve(bytes.size() + bytes.size() / 16);
        out.append(bytes.begin(), start);
        for (size_t i = 0; i < statements.size(); ++i) {
            Statement const& statement = statements[i];
            char const* const from = i ? statements[i - 1].end : start;
            llvm::StringRef const gap = between(from, statement.begin);
            if (isGapKept(i))
                out += gap;
            else
                i ? betweenStatements(readGap(gap, false)) : beforeFirst(readGap(gap, true));
            if (statement.isKept) {
                out.append(statement.begin, statement.end);
                ++layout.kept;
            } else {
                writeStatement(i);
            }
        }
        llvm::StringRef const rest = between(statements.back().end, bytes.end());
        if (isGapKept(statements.size()))
            out += rest;
        else
            atEnd(readGap(rest, false));
        layout.text = std::move(out);
        return layout;
    }

private:
    void read(FileId file, SourceMap const& sources) {
        diag::Diagnostics diags;
        Scanner scanner(file, sources, diags);
        RawStatement raw;
        while (scanner.next(raw))
            statements.push_back(statementOf(raw));
        gapIsDoubtful.assign(statements.size() + 1, false);
        for (diag::Diagnostic const& finding : diags.all()) {
            isUnreadable |= finding.code == Code::Utf16File || finding.code == Code::NulByte;
            doubt(bytes.begin() + sources.offsetIn(file, finding.span));
        }
        for (size_t i = 0; i < statements.size(); ++i) {
            llvm::StringRef const gap =
                between(i ? statements[i - 1].end : start, statements[i].begin);
            gapIsDoubtful[i] = gapIsDoubtful[i] || !readGap(gap, i == 0).isReadable;
            statements[i].isKept = statements[i].isKept || !canBeTakenApart(i);
        }
        if (!statements.empty() &&
            !readGap(between(statements.back().end, bytes.end()), false).isReadable)
            gapIsDoubtful.back() = true;
        // What stands on one line with a statement that stays, stays: a comment that does not end
        // on its line would end on it once the next line was joined.
        auto const isOneLine = [&](size_t i) {
            return isGapKept(i) &&
                   readGap(between(statements[i - 1].end, statements[i].begin), false).lineFeeds ==
                       0;
        };
        for (size_t i = 1; i < statements.size(); ++i)
            if (isOneLine(i))
                statements[i].isKept = true;
        for (size_t i = statements.size(); i-- > 1;)
            if (isOneLine(i))
                statements[i - 1].isKept = true;
    }

    Statement statementOf(RawStatement const& raw) {
        Statement statement;
        statement.isKept = raw.isBroken || !raw.command || !raw.strays.empty();
        auto const extend = [&](char const* begin, char const* end) {
            if (!statement.begin || begin < statement.begin)
                statement.begin = begin;
            if (!statement.end || end > statement.end)
                statement.end = end;
        };
        auto const add = [&](RawAttribute const& attribute, bool isKnown) {
            Piece piece;
            piece.key = attribute.key;
            piece.value = attribute.value;
            piece.isKnown = isKnown;
            piece.begin = piece.key.empty() ? piece.value.begin() : piece.key.begin();
            if (!piece.key.empty())
                piece.afterColon = behindColon(piece.key);
            piece.end =
                piece.value.empty() && piece.afterColon ? piece.afterColon : piece.value.end();
            piece.isType = attribute.row->id == Attr::job_job_type;
            statement.isKept |= attribute.isBroken || attribute.hasUnclosedComment;
            extend(piece.begin, piece.end);
            statement.pieces.push_back(piece);
        };
        if (!raw.key.empty())
            add(raw.name, raw.command != nullptr);
        for (RawAttribute const& attribute : raw.attributes)
            add(attribute, attribute.row->fate != Fate::unknown);
        for (Stray const& stray : raw.strays)
            extend(stray.text.begin(), stray.text.end());
        return statement;
    }

    /// Something was reported here.
    void doubt(char const* at) {
        auto const next = std::upper_bound(
            statements.begin(), statements.end(), at,
            [](char const* place, Statement const& statement) { return place < statement.begin; });
        if (next != statements.begin() && at < std::prev(next)->end)
            std::prev(next)->isKept = true;
        else
            gapIsDoubtful[static_cast<size_t>(next - statements.begin())] = true;
    }

    /// What ends a value before a keyword would be a line of a report by itself.
    static bool endsInARule(Piece const& piece) {
        llvm::StringRef const rest = piece.value.rsplit('\n').second;
        return !rest.empty() && isRuledLine(rest);
    }

    bool canBeTakenApart(size_t index) const {
        Statement const& statement = statements[index];
        bool mentionsHoist = false, sharesLine = false;
        for (size_t i = 0; i + 1 < statement.pieces.size(); ++i) {
            Gap const gap =
                readGap(between(statement.pieces[i].end, statement.pieces[i + 1].begin), false);
            if (!gap.isReadable)
                return false;
            if (!gap.holdsNewline() && endsInARule(statement.pieces[i]))
                return false;
            mentionsHoist |= gap.mentionsHoist();
            sharesLine |= !gap.holdsNewline() && !(i == 0 && isJoined(statement, gap));
        }
        if (index + 1 < statements.size() && endsInARule(statement.pieces.back()) &&
            !readGap(between(statement.end, statements[index + 1].begin), false).holdsNewline())
            return false;
        if (!sharesLine)
            return true;
        char const* const before = index ? statements[index - 1].end : start;
        char const* const after =
            index + 1 < statements.size() ? statements[index + 1].begin : bytes.end();
        return !mentionsHoist &&
               !readGap(between(before, statement.begin), index == 0).mentionsHoist() &&
               !readGap(between(statement.end, after), false).mentionsHoist();
    }

    /// The gap before the statement of this index, or behind the last one.
    bool isGapKept(size_t index) const {
        return gapIsDoubtful[index] || (index > 0 && statements[index - 1].isKept) ||
               (index < statements.size() && statements[index].isKept);
    }

    /// The one that most of the lines have that are written anew; of the whole file if there are
    /// none.
    void chooseLineEnd() {
        size_t all = 0, returns = 0;
        auto const count = [&](char const* from, char const* to) {
            Gap const gap = readGap(between(from, to), from == start);
            all += gap.lineFeeds;
            returns += gap.returns;
        };
        for (size_t i = 0; i <= statements.size() && !statements.empty(); ++i) {
            if (!isGapKept(i))
                count(i ? statements[i - 1].end : start,
                      i < statements.size() ? statements[i].begin : bytes.end());
            if (i < statements.size() && !statements[i].isKept)
                for (size_t j = 0; j + 1 < statements[i].pieces.size(); ++j)
                    count(statements[i].pieces[j].end, statements[i].pieces[j + 1].begin);
        }
        if (all == 0) {
            all = bytes.count('\n');
            returns = bytes.count("\r\n");
        }
        lineEnd = 2 * returns > all ? "\r\n" : "\n";
    }

    void newLine() { out += lineEnd; }

    void write(Comment const& comment, bool isOnOwnLine) {
        if (!isOnOwnLine)
            out += ' ';
        out += comment.text;
    }

    /// `/* a */` on the line of what it follows; `#` must begin its line.
    static bool followsOnLine(Comment const& comment) {
        return comment.newlines == 0 && !comment.isHash;
    }

    /// Inside a statement, up to the beginning of the next piece's line.
    void insideStatement(Gap const& gap) {
        for (Comment const& comment : gap.comments) {
            bool const follows = followsOnLine(comment);
            if (!follows)
                newLine();
            write(comment, !follows);
        }
        newLine();
    }

    /// At least one blank line, in front of the comments if there is none yet: they belong to what
    /// follows.
    void betweenStatements(Gap const& gap) {
        bool wantsBlank = gap.newlinesAfter <= 1;
        for (Comment const& comment : gap.comments)
            wantsBlank &= comment.newlines <= 1;
        for (Comment const& comment : gap.comments) {
            bool const follows = followsOnLine(comment);
            if (!follows) {
                newLine();
                if (comment.newlines > 1 || wantsBlank)
                    newLine();
                wantsBlank = false;
            }
            write(comment, !follows);
        }
        newLine();
        if (gap.newlinesAfter > 1 || wantsBlank)
            newLine();
    }

    void beforeFirst(Gap const& gap) {
        bool isFirst = true;
        for (Comment const& comment : gap.comments) {
            bool const follows = !isFirst && followsOnLine(comment);
            if (!isFirst && !follows) {
                newLine();
                if (comment.newlines > 1)
                    newLine();
            }
            write(comment, isFirst || !follows);
            isFirst = false;
        }
        if (isFirst)
            return;
        newLine();
        if (gap.newlinesAfter > 1)
            newLine();
    }

    void atEnd(Gap const& gap) {
        for (Comment const& comment : gap.comments) {
            bool const follows = followsOnLine(comment);
            if (!follows) {
                newLine();
                if (comment.newlines > 1)
                    newLine();
            }
            write(comment, !follows);
        }
        newLine();
    }

    /// `insert_job: NAME   job_type: CMD`, as `autorep -q` prints it.
    static bool isJoined(Statement const& statement, Gap const& gap) {
        Piece const& name = statement.pieces[0];
        return statement.pieces[1].isType && gap.comments.empty() && !name.value.empty() &&
               name.value.find_first_of("\\\"/\n ") == llvm::StringRef::npos;
    }

    void writeStatement(size_t index) {
        Statement const& statement = statements[index];
        for (size_t i = 0; i < statement.pieces.size(); ++i) {
            if (i > 0) {
                Gap const gap =
                    readGap(between(statement.pieces[i - 1].end, statement.pieces[i].begin), false);
                if (i == 1 && isJoined(statement, gap) &&
                    (!gap.holdsNewline() || !isAllowed(index)))
                    out += "   ";
                else
                    insideStatement(gap);
            }
            write(statement.pieces[i]);
        }
    }

    /// A comment for hoist behind the type would speak about the name as well.
    bool isAllowed(size_t index) const {
        Statement const& statement = statements[index];
        char const* const to = statement.pieces.size() > 2     ? statement.pieces[2].begin
                               : index + 1 < statements.size() ? statements[index + 1].begin
                                                               : bytes.end();
        for (Comment const& comment :
             readGap(between(statement.pieces[1].end, to), false).comments) {
            if (!followsOnLine(comment))
                return false;
            if (comment.text.contains("hoist:"))
                return true;
        }
        return false;
    }

    static bool looksLikeKey(llvm::StringRef value) {
        return value.drop_while([](char c) { return llvm::isAlnum(c) || c == '_'; })
            .starts_with(":");
    }

    void write(Piece const& piece) {
        if (!piece.afterColon) {
            out += piece.value;
            return;
        }
        out += piece.isKnown ? piece.key.lower() : piece.key.str(); // JIL-013
        out += ':';
        if (piece.value.empty())
            return;
        // A value that begins on the next line stays there. `machine:a:b` would become two
        // attributes by a blank.
        llvm::StringRef const gap = between(piece.afterColon, piece.value.begin());
        bool const isGlued = gap.empty() && looksLikeKey(piece.value);
        out += isGlued ? "" : std::all_of(gap.begin(), gap.end(), isBlank) ? " " : gap.str();
        out += piece.value;
    }

    llvm::StringRef bytes;
    char const* start;
    std::vector<Statement> statements;
    std::vector<bool> gapIsDoubtful; ///< before each statement, and behind the last
    bool isUnreadable = false;
    llvm::StringRef lineEnd;
    std::string out;
};

/// What a text says, without its layout: one line per fact.
class Facts {
public:
    explicit Facts(llvm::StringRef text) : file(*sources.add("a.jil", text.str())) {
        Scanner scanner(file, sources, diags);
        RawStatement raw;
        char const* at = textStart(sources.bytes(file));
        auto const piece = [&](RawAttribute const& attribute, bool isKnown) {
            llvm::StringRef const key = attribute.key;
            bool const isRow = key.empty();
            comments(at, isRow ? attribute.value.begin() : key.begin());
            add(fmt::format("{}{}{}{} {}", isKnown ? key.lower() : key.str(), isRow ? "row" : ":",
                            attribute.isBroken, attribute.hasUnclosedComment,
                            attribute.value.str()));
            for (llvm::StringRef comment : attribute.comments)
                add(comment.str());
            at = std::max({at, key.end(), attribute.value.end()});
            if (!isRow && attribute.value.empty())
                at = behindColon(key);
        };
        while (scanner.next(raw)) {
            if (!raw.key.empty())
                piece(raw.name, raw.command != nullptr);
            for (RawAttribute const& attribute : raw.attributes)
                piece(attribute, attribute.row->fate != Fate::unknown);
            for (Stray const& stray : raw.strays) {
                add(fmt::format("stray {} {}", stray.isHarmless, stray.text.str()));
                at = std::max(at, stray.text.end());
            }
            add(fmt::format("end {}", raw.isBroken));
        }
        comments(at, sources.bytes(file).end());
        for (diag::Diagnostic const& finding : diags.all())
            add(std::string(diag::info(finding.code).id));
    }

    std::vector<std::string> all;

private:
    void add(std::string fact) { all.push_back(std::move(fact)); }
    void comments(char const* from, char const* to) {
        if (to <= from)
            return;
        Gap const gap = readGap(between(from, to), from == sources.bytes(file).begin());
        for (Comment const& comment : gap.comments)
            add(comment.text.str());
    }

    SourceMap sources;
    diag::Diagnostics diags;
    FileId file;
};

std::string formatted(llvm::StringRef text) {
    SourceMap sources;
    return Formatter(*sources.add("a.jil", text.str()), sources).run().text;
}

} // namespace

std::string differenceBeyondLayout(llvm::StringRef before, llvm::StringRef after) {
    std::vector<std::string> const one = Facts(before).all, two = Facts(after).all;
    if (one == two)
        return {};
    auto const [a, b] = std::mismatch(one.begin(), one.end(), two.begin(), two.end());
    return fmt::format("`{}` became `{}`", a == one.end() ? "the end" : *a,
                       b == two.end() ? "the end" : *b);
}

Layout format(FileId file, SourceMap const& sources) {
    Layout layout = Formatter(file, sources).run();
    if (layout.text == sources.bytes(file))
        return layout;
    layout.problem = differenceBeyondLayout(sources.bytes(file), layout.text);
    if (layout.problem.empty() && formatted(layout.text) != layout.text)
        layout.problem = "a second time it would be laid out differently";
    return layout;
}

} // namespace hoist::jil
