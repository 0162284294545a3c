// A condition is flat and read left to right: AND does not bind tighter than OR (JIL-062). So one
// frame per parenthesis holds the operands of the operator read last; when the operator changes,
// what was read so far becomes the first operand of the new one. No recursion: the depth is the
// input's.
#include "frontend/jil/ConditionParser.h"

#include "frontend/base/Suggest.h"
#include "frontend/jil/ConditionText.h"

#include <fmt/format.h>

namespace hoist::jil {

using diag::Code;
using namespace ir;

namespace {

enum class Token : uint8_t {
    end,
    open,
    close,
    comma,
    caret,
    andOp,
    orOp,
    relation,
    word,
    quoted,
    unclosedQuote
};

struct Lexeme {
    Token kind = Token::end;
    size_t begin = 0, end = 0;
    Compare relation = Compare::equal;
};

struct Function {
    llvm::StringLiteral word;
    Atom::Kind kind;
    Outcomes outcomes;
    llvm::StringLiteral letter;
};
constexpr Function functions[] = {
    {"s", Atom::Kind::status, succeeded, "s"},  {"success", Atom::Kind::status, succeeded, "s"},
    {"f", Atom::Kind::status, failed, "f"},     {"failure", Atom::Kind::status, failed, "f"},
    {"d", Atom::Kind::status, done, "d"},       {"done", Atom::Kind::status, done, "d"},
    {"t", Atom::Kind::status, terminated, "t"}, {"terminated", Atom::Kind::status, terminated, "t"},
    {"n", Atom::Kind::status, notRunning, "n"}, {"notrunning", Atom::Kind::status, notRunning, "n"},
    {"e", Atom::Kind::exitCode, 0, "e"},        {"exitcode", Atom::Kind::exitCode, 0, "e"},
    {"v", Atom::Kind::variable, 0, "v"},        {"value", Atom::Kind::variable, 0, "v"},
    {"g", Atom::Kind::variable, 0, "v"},        {"global", Atom::Kind::variable, 0, "v"},
};
constexpr llvm::StringLiteral functionList = "`s`, `f`, `d`, `t`, `n`, `e` or `v`";

Function const* functionOf(llvm::StringRef word) {
    for (Function const& row : functions)
        if (word.equals_insensitive(row.word))
            return &row;
    return nullptr;
}

class Parser {
public:
    Parser(llvm::StringRef input, SpanOf where, Estate& target, diag::Diagnostics& findings,
           JobId job, llvm::StringRef name, ConditionRef& result)
        : text(input), spanOf(where), estate(target), diags(findings), owner(job), object(name),
          out(result) {}

    bool run();

private:
    struct Frame {
        Span open;
        bool hasOperator = false;
        bool isAny = false;
        llvm::SmallVector<ExprId, 4> operands;
    };

    bool atom(ExprId& result);
    bool reference(bool isJob, Atom& result, Span& nameSpan);
    bool lookback(Atom& result, llvm::StringRef& suffix);
    bool comparison(Atom& result);
    void advance();
    bool expected(llvm::StringRef what);
    std::string advice(llvm::StringRef what) const;
    llvm::StringRef slice(Lexeme const& lexeme) const {
        return text.slice(lexeme.begin, lexeme.end);
    }
    Span at(Lexeme const& lexeme) const {
        return spanOf(lexeme.begin, std::max(lexeme.end, lexeme.begin));
    }
    ExprId fold(Frame& frame) {
        return frame.isAny ? estate.conditions.any(frame.operands)
                           : estate.conditions.all(frame.operands);
    }

    llvm::StringRef text;
    SpanOf spanOf;
    Estate& estate;
    diag::Diagnostics& diags;
    JobId owner;
    llvm::StringRef object;
    ConditionRef& out;
    size_t position = 0;
    Lexeme look;
    size_t previousEnd = 0;
    llvm::StringRef lastOperator; ///< read last, for advice
    bool isAfterOperator = false;
};

} // namespace

bool isConditionFunction(llvm::StringRef word) { return functionOf(word) != nullptr; }

void Parser::advance() {
    previousEnd = look.end;
    position = behindBlanks(text, position);
    look = {Token::end, position, position, Compare::equal};
    if (position == text.size())
        return;
    auto take = [&](Token kind, size_t length) {
        look.kind = kind;
        look.end = position += length;
    };
    auto relation = [&](Compare op, size_t length) {
        look.relation = op;
        take(Token::relation, length);
    };
    bool const isEqualNext = position + 1 < text.size() && text[position + 1] == '=';
    switch (text[position]) {
    case '(': return take(Token::open, 1);
    case ')': return take(Token::close, 1);
    case ',': return take(Token::comma, 1);
    case '^': return take(Token::caret, 1);
    case '&': return take(Token::andOp, 1);
    case '|': return take(Token::orOp, 1);
    case '=': return relation(Compare::equal, 1);
    case '<':
        return relation(isEqualNext ? Compare::lessEqual : Compare::less, isEqualNext ? 2 : 1);
    case '>':
        return relation(isEqualNext ? Compare::greaterEqual : Compare::greater,
                        isEqualNext ? 2 : 1);
    case '!':
        if (isEqualNext)
            return relation(Compare::notEqual, 2);
        break;
    case '"': {
        size_t p = position + 1;
        while (p < text.size() && text[p] != '"')
            p += text[p] == '\\' && p + 1 < text.size() ? 2 : 1;
        return p < text.size() ? take(Token::quoted, p + 1 - position)
                               : take(Token::unclosedQuote, text.size() - position);
    }
    default: break;
    }
    take(Token::word, wordEnd(text, position) - position);
    llvm::StringRef const word = slice(look);
    if (word.equals_insensitive("and"))
        look.kind = Token::andOp;
    else if (word.equals_insensitive("or"))
        look.kind = Token::orOp;
}

/// What the writer may have meant by what stands where something else is expected.
std::string Parser::advice(llvm::StringRef what) const {
    llvm::StringRef const found = slice(look);
    bool const wantsAtom = what.contains(functionList);
    if (look.kind == Token::word &&
        (found.equals_insensitive("not") || found.starts_with("!") || found.starts_with("~")))
        return "conditions have no NOT: say what shall hold instead, `f(job) | t(job)` for a job "
               "that did not succeed, `n(job)` for one that is not running";
    if (wantsAtom && (look.kind == Token::andOp || look.kind == Token::orOp ||
                      look.kind == Token::close || look.kind == Token::end)) {
        if (previousEnd == 0)
            return look.kind == Token::andOp || look.kind == Token::orOp
                       ? fmt::format("`{}` joins two conditions: the one before it is missing",
                                     std::string_view(found))
                       : std::string();
        return isAfterOperator ? fmt::format("`{}` joins two conditions: the one behind it is "
                                             "missing",
                                             std::string_view(lastOperator))
                               : std::string();
    }
    if (wantsAtom && look.kind == Token::word) {
        if (!text.substr(position).ltrim().starts_with("("))
            return fmt::format(
                "a condition names a status of the job: `s({0})` is true when `{0}` succeeded",
                std::string_view(found.take_front(40)));
        std::vector<llvm::StringRef> words;
        for (Function const& row : functions)
            if (row.word.size() > 1)
                words.push_back(row.word);
        llvm::StringRef const near = nearestOf(found, words);
        return near.empty() ? std::string()
                            : fmt::format("did you mean `{}`?", std::string_view(near));
    }
    if (what.starts_with("`&`, `|` or") &&
        (look.kind == Token::word || look.kind == Token::open || look.kind == Token::quoted))
        return "write `&` before it if both shall hold, `|` if one of them is enough";
    return {};
}

/// Reports that the grammar wants something else here. The caret stands at what was found.
bool Parser::expected(llvm::StringRef what) {
    if (look.kind == Token::end) {
        // Behind the last thing that was read: there is nothing else to point at.
        Span const where = text.empty() ? spanOf(0, 0)
                                        : spanOf(previousEnd > 0 ? previousEnd - 1 : 0,
                                                 std::max<size_t>(previousEnd, 1));
        diags.report<Code::ConditionSyntax>(where, what, "the end of the condition").object(object);
    } else if (look.kind == Token::unclosedQuote) {
        diags
            .report<Code::ConditionSyntax>(spanOf(look.begin, look.begin + 1),
                                           llvm::StringRef("a closing quote"),
                                           "the end of the condition")
            .object(object)
            .primary("opened here");
    } else {
        diags
            .report<Code::ConditionSyntax>(at(look), what,
                                           fmt::format("`{}`", slice(look).take_front(40).str()))
            .object(object)
            .evidence(slice(look).take_front(40));
    }
    if (std::string help = advice(what); !help.empty())
        diags.all().back().helps.push_back(std::move(help));
    diags.all().back().notes.push_back(
        "AutoSys rejects the definition with such a condition: the job would keep its old one");
    return false;
}

/// Takes one pair of quotes off and resolves `\:` and `\"`; other backslashes are text.
static llvm::StringRef unescaped(llvm::StringRef word, Estate& estate) {
    if (word.size() >= 2 && word.front() == '"' && word.back() == '"')
        word = word.drop_front().drop_back();
    if (!word.contains('\\'))
        return word;
    std::string plain;
    for (size_t i = 0; i < word.size(); ++i) {
        if (word[i] == '\\' && i + 1 < word.size() &&
            llvm::StringRef(":\"\\(),^&|").contains(word[i + 1]))
            ++i;
        plain += word[i];
    }
    return estate.save(plain);
}

bool Parser::reference(bool isJob, Atom& result, Span& nameSpan) {
    if (look.kind != Token::open)
        return expected("`(`");
    advance();
    if (look.kind != Token::word && look.kind != Token::quoted && look.kind != Token::andOp &&
        look.kind != Token::orOp)
        return expected(isJob ? "a job name" : "the name of a global variable");
    if (slice(look) == "&" || slice(look) == "|")
        return expected(isJob ? "a job name" : "the name of a global variable");
    nameSpan = at(look);
    result.name = unescaped(slice(look), estate);
    advance();
    if (look.kind == Token::caret && !isJob) { // JIL-075 is about jobs; nothing may be dropped
        expected("`)`");
        diags.all().back().helps.push_back(
            "a global variable belongs to one scheduler: `^` and an instance go with jobs only");
        return false;
    }
    if (look.kind == Token::caret) {
        advance();
        if (look.kind != Token::word)
            return expected("the name of an instance after `^`");
        result.instance = unescaped(slice(look), estate);
        advance();
    }
    return true;
}

/// At the word behind the comma. JIL-070…073.
bool Parser::lookback(Atom& result, llvm::StringRef& suffix) {
    if (look.kind != Token::word && look.kind != Token::quoted)
        return expected("a look-back such as `0`, `12` (hours) or `00.30` (hours.minutes)");
    Span const where = at(look);
    llvm::StringRef const written = slice(look);
    llvm::StringRef const word = unescaped(written, estate);
    advance();
    size_t const separator = word.find_first_of(".:");
    llvm::StringRef const hourText = word.take_front(separator);
    llvm::StringRef const minuteText =
        separator == llvm::StringRef::npos ? "" : word.substr(separator + 1);
    uint32_t hours = 0, minutes = 0;
    auto const bad = [&](std::string help) {
        diags.report<Code::BadLookback>(where, written)
            .object(object)
            .evidence(written)
            .help(std::move(help));
        return false;
    };
    bool const hasMinutes = separator != llvm::StringRef::npos;
    if (hourText.empty() && !minuteText.empty() && !minuteText.getAsInteger(10, minutes))
        return bad(fmt::format("write the hours too: `00.{}`", minuteText.str()));
    if (hourText.empty() || hourText.size() > 4 || hourText.getAsInteger(10, hours) ||
        (hasMinutes &&
         (minuteText.empty() || minuteText.size() > 2 || minuteText.getAsInteger(10, minutes))))
        return bad("a look-back is `hhhh.mm`: hours, then two digits of minutes");
    if (minutes > 59)
        return bad(fmt::format("minutes go up to 59; {} hours {} minutes is `{:02}.{:02}`", hours,
                               minutes, hours + minutes / 60, minutes % 60));
    if (hasMinutes && hours > 9998)
        return bad("with minutes, hours go up to 9998; `9999` alone means without limit");
    // Where a placeholder was resolved, `where` is the whole value: nothing there to replace.
    bool const isInFile = estate.sources.text(where) == written;
    auto const offer = [&](diag::Builder finding, uint32_t newHours, uint32_t newMinutes,
                           char const* title, diag::Applicability applicability) {
        if (isInFile)
            finding.fix(
                {where, fmt::format("{:02}.{:02}", newHours, newMinutes), title, applicability});
    };
    if (hasMinutes && minuteText.size() == 1)
        offer(diags
                  .report<Code::LookbackMeaning>(
                      where, written, fmt::format("{} hours and {} minutes", hours, minutes))
                  .object(object)
                  .evidence(written)
                  .help(fmt::format("write `{:02}.{:02}` if that is meant, `{:02}.{:02}` for the "
                                    "decimal fraction",
                                    hours, minutes, hours, minutes * 6)),
              hours, minutes, "say the minutes with two digits", diag::Applicability::safe);
    else if (!hasMinutes && hours != 9999 && hours > 12 && hours % 24 != 0)
        offer(diags.report<Code::LookbackMeaning>(where, written, fmt::format("{} hours", hours))
                  .object(object)
                  .evidence(written)
                  .help(fmt::format("write `{:02}.{:02}` for {} minutes", hours / 60, hours % 60,
                                    hours)),
              hours / 60, hours % 60, "minutes were meant", diag::Applicability::unsafe);
    if (hours == 9999) { // JIL-072
        suffix = " look-back 9999";
        result.scope = {Scope::Kind::latched, Scope::unlimited, 0};
    } else if (hours == 0 && minutes == 0) {
        suffix = " look-back 0";
        result.scope = {Scope::Kind::sinceOwnLastRun, 0, 0};
    } else {
        suffix = " look-back";
        result.scope = {Scope::Kind::window, hours * 60 + minutes, 0};
    }
    return true;
}

bool Parser::comparison(Atom& result) {
    bool const isVariable = result.kind == Atom::Kind::variable;
    if (look.kind != Token::relation)
        return expected(isVariable ? "a comparison such as `= \"Y\"`"
                                   : "a comparison such as `= 0`");
    result.op = look.relation;
    advance();
    if (isVariable) {
        if (look.kind != Token::word && look.kind != Token::quoted && look.kind != Token::andOp &&
            look.kind != Token::orOp)
            return expected("the text to compare with");
        if (slice(look) == "&" || slice(look) == "|")
            return expected("the text to compare with");
        result.text = unescaped(slice(look), estate);
    } else if (look.kind != Token::word || slice(look).getAsInteger(10, result.number) ||
               result.number < INT32_MIN || result.number > INT32_MAX) {
        return expected("an exit code");
    }
    advance();
    return true;
}

bool Parser::atom(ExprId& result) {
    size_t const begin = look.begin;
    Function const* const function = look.kind == Token::word ? functionOf(slice(look)) : nullptr;
    if (!function)
        return expected((llvm::Twine(functionList) + ", or `(`").str());
    Atom made;
    made.kind = function->kind;
    made.outcomes = function->outcomes;
    advance();
    Span nameSpan;
    bool const isJob = made.kind != Atom::Kind::variable;
    if (!reference(isJob, made, nameSpan))
        return false;
    llvm::StringRef suffix;
    if (look.kind == Token::comma) {
        if (!isJob) {
            diags.report<Code::LookbackOnVariable>(at(look), made.name)
                .object(object) // JIL-073
                .note("AutoSys rejects the definition: a variable has a value, and no time at "
                      "which it was reached");
            return false;
        }
        advance();
        if (!lookback(made, suffix))
            return false;
    }
    if (look.kind != Token::close)
        return expected(isJob && suffix.empty() ? "`)` or `,` and a look-back" : "`)`");
    advance();
    if (made.kind != Atom::Kind::status && !comparison(made))
        return false;
    result = estate.conditions.atom(made);
    std::string const kind =
        fmt::format("condition {}{}{}", std::string_view(function->letter),
                    std::string_view(suffix), made.instance.empty() ? "" : " of another instance");
    Span const span = spanOf(begin, previousEnd);
    out.uses.push_back(
        {estate.conditions[result].atom, span, nameSpan, estate.constructs.add(span, kind, owner)});
    return true;
}

bool Parser::run() {
    llvm::SmallVector<Frame, 4> frames(1);
    size_t alternations = 0;
    advance();
    auto const tooDeep = [&](Span where) {
        diags.report<Code::ConditionTooDeep>(where, conditionDepthLimit)
            .object(object)
            .help("split the condition: let a job that does nothing wait for a part of it");
        return false;
    };
    for (;;) {
        if (look.kind == Token::open) {
            isAfterOperator = false;
            if (frames.size() + alternations >= conditionDepthLimit)
                return tooDeep(at(look));
            frames.emplace_back().open = at(look);
            advance();
            continue;
        }
        ExprId operand;
        if (!atom(operand))
            return false;
        frames.back().operands.push_back(operand);
        while (look.kind == Token::close && frames.size() > 1) {
            ExprId const inner = fold(frames.back());
            frames.pop_back();
            frames.back().operands.push_back(inner);
            advance();
        }
        if (look.kind != Token::andOp && look.kind != Token::orOp)
            break;
        Frame& frame = frames.back();
        bool const isAny = look.kind == Token::orOp;
        if (frame.hasOperator && frame.isAny != isAny) {
            if (!out.mixed.isValid())
                out.mixed = at(look);
            if (frames.size() + ++alternations >= conditionDepthLimit)
                return tooDeep(at(look));
            ExprId const left = fold(frame);
            frame.operands.assign({left});
        }
        frame.hasOperator = true;
        frame.isAny = isAny;
        lastOperator = slice(look);
        isAfterOperator = true;
        advance();
    }
    if (look.kind != Token::end)
        return expected(frames.size() > 1 ? "`&`, `|` or `)`"
                                          : "`&`, `|` or the end of the condition");
    if (frames.size() > 1) {
        Span const open = frames.back().open;
        expected("`)`");
        diags.all().back().labels.push_back({open, "opened here"});
        return false;
    }
    out.expr = fold(frames.front());
    return true;
}

bool parseCondition(llvm::StringRef text, SpanOf spanOf, Estate& estate, diag::Diagnostics& diags,
                    JobId owner, llvm::StringRef object, ConditionRef& out) {
    return Parser(text, spanOf, estate, diags, owner, object, out).run();
}

} // namespace hoist::jil
