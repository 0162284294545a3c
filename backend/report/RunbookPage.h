// A page of a runbook before it is Markdown or HTML: what is said is the program's, what is named
// is data, and the two never mix.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>
#include <utility>
#include <vector>

namespace hoist::report {

/// A part of a sentence.
struct Piece {
    enum class Kind : uint8_t {
        text, ///< the program's own words
        code, ///< data, or a word of a language
        link, ///< to another page of the same runbook; `target` without its ending
    };
    Kind kind = Kind::text;
    std::string text, target;

    Piece(char const* words) : text(words) {}
    Piece(Kind which, std::string what, std::string where = "")
        : kind(which), text(std::move(what)), target(std::move(where)) {}
};
inline Piece code(llvm::StringRef data) { return {Piece::Kind::code, data.str()}; }
inline Piece number(size_t value) { return {Piece::Kind::text, std::to_string(value)}; }
inline Piece link(llvm::StringRef text, llvm::StringRef target) {
    return {Piece::Kind::link, text.str(), target.str()};
}
using Prose = std::vector<Piece>;
/// That a regular expression of Python matches the text and nothing else.
std::string regexText(llvm::StringRef text);
/// Names as code, with commas between; after `most` of them only how many more there are.
Prose namesOf(std::vector<std::string> const& names, size_t most = 12);
Prose operator+(Prose left, Prose const& right);

class Page {
public:
    explicit Page(Prose title) : name(std::move(title)) {}
    void heading(char const* words);
    void paragraph(Prose prose);
    void item(Prose prose);                        ///< of a list
    void commands(std::vector<std::string> lines); ///< to type; each one line
    void table(std::vector<char const*> const& heads, std::vector<std::vector<Prose>> rows);

    std::string markdown() const;
    std::string html() const;

private:
    struct Block {
        enum class Kind : uint8_t { heading, paragraph, item, commands, table } kind;
        std::vector<std::vector<Prose>> rows;
        std::vector<std::string> lines;
    };
    Prose name;
    std::vector<Block> blocks;
};

} // namespace hoist::report
