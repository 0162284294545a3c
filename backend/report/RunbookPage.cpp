// One page as Markdown and as HTML. Each escapes for its reader; control characters and those that
// reorder or hide text are pictures in both.
#include "backend/report/RunbookPage.h"

#include "backend/report/Html.h"
#include "backend/report/Parts.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <algorithm>

namespace hoist::report {
namespace {

std::string markdownOf(Prose const& prose) {
    std::string out;
    for (Piece const& piece : prose) {
        switch (piece.kind) {
        case Piece::Kind::text: out += piece.text; break;
        case Piece::Kind::code: out += markdownCode(printable(piece.text)); break;
        case Piece::Kind::link:
            out += fmt::format("[{}]({}.md)", markdownCode(printable(piece.text)), piece.target);
            break;
        }
    }
    return out;
}

std::string htmlOf(Prose const& prose) {
    std::string out;
    for (Piece const& piece : prose) {
        switch (piece.kind) {
        case Piece::Kind::text: out += escapeHtml(piece.text); break;
        case Piece::Kind::code: out += "<code>" + escapeHtml(piece.text) + "</code>"; break;
        case Piece::Kind::link:
            out += fmt::format("<a href=\"{}.html\"><code>{}</code></a>", escapeHtml(piece.target),
                               escapeHtml(piece.text));
            break;
        }
    }
    return out;
}

/// A fence longer than any run of backticks inside.
std::string fenceFor(std::vector<std::string> const& lines) {
    size_t longest = 0;
    for (std::string const& line : lines)
        for (size_t i = 0, run = 0; i < line.size(); ++i) {
            run = line[i] == '`' ? run + 1 : 0;
            longest = std::max(longest, run);
        }
    return std::string(std::max<size_t>(3, longest + 1), '`');
}

constexpr char const* style =
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}"
    "th,td{border:1px solid #8888;padding:.25rem .6rem;text-align:left;vertical-align:top}"
    "pre{border:1px solid #8888;padding:.6rem;overflow-x:auto}"
    "code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}";

} // namespace

Prose namesOf(std::vector<std::string> const& names, size_t most) {
    Prose prose;
    for (size_t i = 0; i < names.size() && i < most; ++i) {
        if (i > 0)
            prose.push_back(", ");
        prose.push_back(code(names[i]));
    }
    if (names.size() > most) {
        prose.push_back(" and ");
        prose.push_back(number(names.size() - most));
        prose.push_back(" more");
    }
    return prose;
}

std::string regexText(llvm::StringRef text) {
    std::string out;
    for (char const c : text)
        out += llvm::isAlnum(c) || c == '_' ? std::string(1, c) : "\\" + std::string(1, c);
    return out;
}

Prose operator+(Prose left, Prose const& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

void Page::heading(char const* words) { blocks.push_back({Block::Kind::heading, {{{words}}}, {}}); }
void Page::paragraph(Prose prose) {
    blocks.push_back({Block::Kind::paragraph, {{std::move(prose)}}, {}});
}
void Page::item(Prose prose) { blocks.push_back({Block::Kind::item, {{std::move(prose)}}, {}}); }
void Page::commands(std::vector<std::string> lines) {
    for (std::string& line : lines)
        line = printable(line);
    blocks.push_back({Block::Kind::commands, {}, std::move(lines)});
}
void Page::table(std::vector<char const*> const& heads, std::vector<std::vector<Prose>> rows) {
    std::vector<Prose> first;
    for (char const* head : heads)
        first.push_back({head});
    rows.insert(rows.begin(), std::move(first));
    blocks.push_back({Block::Kind::table, std::move(rows), {}});
}

std::string Page::markdown() const {
    std::string out = "# " + markdownOf(name) + "\n";
    for (size_t i = 0; i < blocks.size(); ++i) {
        Block const& block = blocks[i];
        bool const goesOn =
            block.kind == Block::Kind::item && i > 0 && blocks[i - 1].kind == Block::Kind::item;
        if (!goesOn)
            out += "\n";
        switch (block.kind) {
        case Block::Kind::heading: out += "## " + markdownOf(block.rows[0][0]) + "\n"; break;
        case Block::Kind::paragraph: out += markdownOf(block.rows[0][0]) + "\n"; break;
        case Block::Kind::item: out += "- " + markdownOf(block.rows[0][0]) + "\n"; break;
        case Block::Kind::commands: {
            std::string const fence = fenceFor(block.lines);
            out += fence + "sh\n";
            for (std::string const& line : block.lines)
                out += line + "\n";
            out += fence + "\n";
            break;
        }
        case Block::Kind::table:
            for (size_t row = 0; row < block.rows.size(); ++row) {
                out += "|";
                for (Prose const& cell : block.rows[row])
                    out += " " + markdownOf(cell) + " |";
                out += "\n";
                if (row == 0) {
                    out += "|";
                    for (size_t cell = 0; cell < block.rows[0].size(); ++cell)
                        out += "---|";
                    out += "\n";
                }
            }
            break;
        }
    }
    return out;
}

std::string Page::html() const {
    std::string title;
    for (Piece const& piece : name)
        title += escapeHtml(piece.text);
    std::string out = fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<h1>{}</h1>\n",
        title, style, htmlOf(name));
    bool isInList = false;
    for (Block const& block : blocks) {
        if (isInList != (block.kind == Block::Kind::item)) {
            out += isInList ? "</ul>\n" : "<ul>\n";
            isInList = !isInList;
        }
        switch (block.kind) {
        case Block::Kind::heading: out += "<h2>" + htmlOf(block.rows[0][0]) + "</h2>\n"; break;
        case Block::Kind::paragraph: out += "<p>" + htmlOf(block.rows[0][0]) + "</p>\n"; break;
        case Block::Kind::item: out += "<li>" + htmlOf(block.rows[0][0]) + "</li>\n"; break;
        case Block::Kind::commands:
            out += "<pre><code>";
            for (std::string const& line : block.lines)
                out += escapeHtml(line) + "\n";
            out += "</code></pre>\n";
            break;
        case Block::Kind::table:
            out += "<table>\n";
            for (size_t row = 0; row < block.rows.size(); ++row) {
                out += "<tr>";
                for (Prose const& cell : block.rows[row])
                    out += (row == 0 ? "<th>" : "<td>") + htmlOf(cell) +
                           (row == 0 ? "</th>" : "</td>");
                out += "</tr>\n";
            }
            out += "</table>\n";
            break;
        }
    }
    return out + (isInList ? "</ul>\n" : "") + "</body>\n</html>\n";
}

} // namespace hoist::report
