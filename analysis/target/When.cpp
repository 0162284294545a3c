// Parses without recursion: depth is a limit and never a crash.
#include "analysis/target/When.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/core.h>

#include <vector>

namespace hoist::target {

using ir::Atom;
using ir::ExprId;
using ir::Scope;

namespace {

constexpr size_t maxDepth = 1000;
constexpr uint32_t unlimitedHours = 9999; // JIL-072

/// An open parenthesis, or the whole text.
struct Level {
    size_t opened = 0;
    char op = 0; ///< of its operands; 0: none yet
    llvm::SmallVector<ExprId, 4> operands;
};

bool isNameByte(char c) {
    return llvm::isAlnum(c) || c == '_' || c == '.' || c == '#' || c == '-' ||
           (static_cast<unsigned char>(c) & 0x80) != 0;
}

class WhenParser {
public:
    WhenParser(llvm::StringRef source, ir::Estate& into) : text(source), estate(into) {}

    std::optional<ExprId> condition() {
        std::vector<Level> levels(1);
        while (true) {
            blanks();
            if (take('(')) {
                if (levels.size() > maxDepth)
                    return fail(fmt::format("nested deeper than {}", maxDepth));
                levels.emplace_back().opened = at - 1;
                continue;
            }
            std::optional<ExprId> const operand = atom();
            if (!operand)
                return std::nullopt;
            levels.back().operands.push_back(*operand);
            blanks();
            while (take(')')) {
                if (levels.size() == 1)
                    return fail("`)` without `(`", at - 1);
                ExprId const inner = close(levels.back());
                levels.pop_back();
                levels.back().operands.push_back(inner);
                blanks();
            }
            if (at == text.size())
                break;
            char const op = text[at];
            if (op != '&' && op != '|')
                return fail("expected `&`, `|` or `)`");
            Level& level = levels.back();
            if (level.op != 0 && level.op != op)
                return fail("`&` and `|` mixed without parentheses");
            level.op = op;
            ++at;
        }
        if (levels.size() > 1)
            return fail("`(` is not closed", levels.back().opened);
        return close(levels.front());
    }

    std::string error;

private:
    ExprId close(Level const& level) {
        ir::Conditions& conditions = estate.conditions;
        return level.op == '|' ? conditions.any(level.operands) : conditions.all(level.operands);
    }

    std::optional<ExprId> atom() {
        size_t const start = at;
        while (at < text.size() && llvm::isAlpha(text[at]))
            ++at;
        std::string const word = text.slice(start, at).lower();
        if (word.empty())
            return fail("expected an atom or `(`");
        if (word == "true" || word == "false")
            return estate.conditions.constant(word == "true");
        Atom made;
        if (word == "s")
            made.outcomes = ir::succeeded;
        else if (word == "f")
            made.outcomes = ir::failed;
        else if (word == "t")
            made.outcomes = ir::terminated;
        else if (word == "d")
            made.outcomes = ir::done;
        else if (word == "n")
            made.outcomes = ir::notRunning;
        else if (word == "e")
            made.kind = Atom::Kind::exitCode;
        else if (word == "v")
            made.kind = Atom::Kind::variable;
        else if (word == "fact")
            made.kind = Atom::Kind::fact;
        else
            return fail(fmt::format("unknown function `{}`", word), start);
        return arguments(made) ? std::optional(linked(made)) : std::nullopt;
    }

    /// From the `(` of an atom to its end.
    bool arguments(Atom& made) {
        if (!expect('(') || !name(made.name))
            return false;
        if (made.kind == Atom::Kind::variable) {
            blanks();
            if (take(','))
                return refuse("a variable has no look-back", at - 1); // JIL-073
            return expect(')') && relop(made.op) && literal(made.text);
        }
        if (take('^') && !name(made.instance))
            return false;
        blanks();
        if (made.kind == Atom::Kind::fact) {
            made.scope.kind = Scope::Kind::sameCycle;
            return (!take(',') || orderDate(made.scope)) && expect(')');
        }
        if (take(',') && !lookback(made.scope))
            return false;
        if (!expect(')'))
            return false;
        return made.kind != Atom::Kind::exitCode || (relop(made.op) && number(made.number));
    }

    /// The atom knows its job, as if a definition had it: a new one, and one that stands in the
    /// pool without being in any definition, such as a condition that a later statement replaced.
    ExprId linked(Atom const& made) {
        ExprId const found = estate.conditions.atom(made);
        bool const namesJob = made.kind != Atom::Kind::variable && made.kind != Atom::Kind::fact;
        if (namesJob && made.instance.empty())
            if (auto const job = estate.jobByName.find(made.name); job != estate.jobByName.end())
                estate.conditions[estate.conditions[found].atom].job = job->second;
        return found;
    }

    bool name(llvm::StringRef& result) {
        blanks();
        std::string found;
        while (at < text.size()) {
            if (text[at] == '\\' && at + 1 < text.size())
                ++at;
            else if (!isNameByte(text[at]))
                break;
            found += text[at++];
        }
        if (found.empty())
            return refuse("expected a name");
        result = estate.save(found);
        return true;
    }

    /// CTM-012, in the words of ir::Conditions::print.
    bool orderDate(Scope& scope) {
        blanks();
        size_t const start = at;
        llvm::StringRef const said = text.substr(at).split(')').first.rtrim();
        at += said.size();
        llvm::StringRef number = said;
        if (said == "previous order date")
            scope.kind = Scope::Kind::previousOrderDate;
        else if (said == "next order date")
            scope.kind = Scope::Kind::nextOrderDate;
        else if (said == "any date")
            scope.kind = Scope::Kind::anyOrderDate;
        else if (said == "no date")
            scope.kind = Scope::Kind::noDate;
        else if (number.consume_front("order date ")) {
            scope.kind = Scope::Kind::shiftedOrderDate;
            number.consume_front("+");
            if (number.getAsInteger(10, scope.offset))
                return refuse("expected a number of days", start);
        } else if (number.consume_front("date ")) {
            scope.kind = Scope::Kind::literalDate;
            if (number.size() != 4 || number.getAsInteger(10, scope.offset))
                return refuse("expected month and day, four digits", start);
        } else
            return refuse("expected a date of a fact", start);
        return true;
    }

    bool lookback(Scope& scope) {
        blanks();
        size_t const start = at;
        llvm::StringRef const hours = digits();
        llvm::StringRef minutes;
        if (take('.')) {
            minutes = digits();
            if (minutes.size() != 2)
                return refuse("expected a look-back, hours or hours.minutes", start);
        }
        uint32_t h = 0, m = 0;
        bool const isRead = hours.size() <= 4 && !hours.getAsInteger(10, h) &&
                            (minutes.empty() || !minutes.getAsInteger(10, m));
        if (!isRead || m > 59 || (at < text.size() && text[at] == '.'))
            return refuse("expected a look-back, hours or hours.minutes", start);
        if (h >= unlimitedHours)
            scope = {Scope::Kind::latched, Scope::unlimited, 0};
        else if (h == 0 && m == 0)
            scope = {Scope::Kind::sinceOwnLastRun, 0, 0};
        else
            scope = {Scope::Kind::window, h * 60 + m, 0};
        return true;
    }

    bool relop(ir::Compare& op) {
        blanks();
        struct Spelling {
            llvm::StringRef text;
            ir::Compare op;
        };
        static constexpr Spelling spellings[] = {
            // the longer one first
            {"!=", ir::Compare::notEqual},     {"<=", ir::Compare::lessEqual},
            {">=", ir::Compare::greaterEqual}, {"=", ir::Compare::equal},
            {"<", ir::Compare::less},          {">", ir::Compare::greater}};
        for (Spelling const& spelling : spellings)
            if (text.substr(at).starts_with(spelling.text)) {
                op = spelling.op;
                at += spelling.text.size();
                return true;
            }
        return refuse("expected a comparison");
    }

    bool number(int64_t& result) {
        blanks();
        size_t const start = at;
        bool const isNegative = take('-');
        if (!isNegative)
            take('+');
        llvm::StringRef const found = digits();
        if (found.empty() || found.size() > 10 || found.getAsInteger(10, result))
            return refuse("expected an integer exit code", start);
        if (isNegative)
            result = -result;
        return true;
    }

    bool literal(llvm::StringRef& result) {
        blanks();
        size_t const start = at;
        std::string found;
        if (take('"')) {
            while (at < text.size() && text[at] != '"') {
                if (text[at] == '\\' && at + 1 < text.size())
                    ++at;
                found += text[at++];
            }
            if (!take('"'))
                return refuse("a quoted value is not closed", start);
        } else {
            while (at < text.size() && !llvm::isSpace(text[at]) &&
                   !llvm::StringRef("()&|\"").contains(text[at]))
                found += text[at++];
            if (found.empty())
                return refuse("expected a value");
        }
        result = estate.save(found);
        return true;
    }

    llvm::StringRef digits() {
        size_t const start = at;
        while (at < text.size() && llvm::isDigit(text[at]))
            ++at;
        return text.slice(start, at);
    }

    void blanks() {
        while (at < text.size() && llvm::isSpace(text[at]))
            ++at;
    }

    bool take(char c) {
        if (at == text.size() || text[at] != c)
            return false;
        ++at;
        return true;
    }

    bool expect(char c) {
        blanks();
        return take(c) || refuse(fmt::format("expected `{}`", c));
    }

    bool refuse(std::string_view what, std::optional<size_t> where = {}) {
        error = fmt::format("{} at offset {}", what, where.value_or(at));
        return false;
    }
    std::nullopt_t fail(std::string_view what, std::optional<size_t> where = {}) {
        refuse(what, where);
        return std::nullopt;
    }

    llvm::StringRef text;
    ir::Estate& estate;
    size_t at = 0;
};

} // namespace

std::optional<ir::ExprId> parseWhen(llvm::StringRef text, ir::Estate& estate, std::string& error) {
    WhenParser parser(text, estate);
    std::optional<ExprId> const found = parser.condition();
    if (!found)
        error = std::move(parser.error);
    return found;
}

} // namespace hoist::target
