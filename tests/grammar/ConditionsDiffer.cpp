// Conditions: frontend/jil/ConditionParser against grammar/Condition.g4.
#include "frontend/jil/ConditionParser.h"
#include "grammar/Conditions.h"
#include "tests/grammar/Differential.h"

#include <fmt/format.h>

#include <charconv>

namespace hoist::test {

using grammar::Condition;
using grammar::Text;

namespace {

/// The grammar's tree as an expression of the model, and where its parts stand.
struct Reading {
    std::string_view bytes;
    ir::Conditions& conditions;
    std::vector<std::pair<Text, Text>> atoms; ///< of each atom: itself, its name
    Text mixed;

    /// JIL-017, JIL-012: without enclosing quotes; a backslash before a sign of the language says
    /// that it is none.
    std::string plain(Text text) const {
        std::string_view word = text.in(bytes);
        if (word.size() >= 2 && word.front() == '"' && word.back() == '"')
            word = word.substr(1, word.size() - 2);
        std::string out;
        for (size_t i = 0; i < word.size(); ++i) {
            if (word[i] == '\\' && i + 1 < word.size() &&
                std::string_view(":\"\\(),^&|").find(word[i + 1]) != std::string_view::npos)
                ++i;
            out += word[i];
        }
        return out;
    }

    ir::ExprId expression(Condition const& part, std::vector<std::unique_ptr<std::string>>& texts) {
        if (part.kind != Condition::Kind::chain)
            return atom(part, texts);
        ir::ExprId left = expression(part.terms.front(), texts);
        for (size_t i = 0; i < part.operators.size(); ++i) {
            bool const isOr = part.operators[i].isOr;
            ir::ExprId const both[] = {left, expression(part.terms[i + 1], texts)};
            left = isOr ? conditions.any(both) : conditions.all(both);
            bool const mixes = i > 0 && part.operators[i - 1].isOr != isOr;
            if (mixes && (mixed.empty() || part.operators[i].text.begin < mixed.begin))
                mixed = part.operators[i].text;
        }
        return left;
    }

    ir::ExprId atom(Condition const& part, std::vector<std::unique_ptr<std::string>>& texts) {
        atoms.emplace_back(part.text, part.name);
        auto const keep = [&](std::string text) {
            texts.push_back(std::make_unique<std::string>(std::move(text)));
            return llvm::StringRef(*texts.back());
        };
        ir::Atom made;
        made.name = keep(plain(part.name));
        made.instance = keep(plain(part.instance));
        switch (part.kind) {
        case Condition::Kind::exitCode: {
            made.kind = ir::Atom::Kind::exitCode;
            std::string_view const digits = part.operand.in(bytes);
            std::from_chars(digits.data(), digits.data() + digits.size(), made.number);
            break;
        }
        case Condition::Kind::variable:
            made.kind = ir::Atom::Kind::variable;
            made.text = keep(plain(part.operand));
            break;
        default:
            switch (part.function.in(bytes)[0] | 0x20) { // JIL-063
            case 's': made.outcomes = ir::succeeded; break;
            case 'f': made.outcomes = ir::failed; break;
            case 't': made.outcomes = ir::terminated; break;
            case 'd': made.outcomes = ir::succeeded | ir::failed | ir::terminated; break;
            default: made.outcomes = ir::notRunning;
            }
        }
        if (!part.relation.empty())
            for (auto op :
                 {ir::Compare::equal, ir::Compare::notEqual, ir::Compare::less,
                  ir::Compare::greater, ir::Compare::lessEqual, ir::Compare::greaterEqual})
                if (ir::toString(op) == llvm::StringRef(part.relation.in(bytes)))
                    made.op = op;
        if (!part.lookback.empty()) { // JIL-070…072
            std::string const text = plain(part.lookback);
            size_t const colon = text.find_first_of(".:");
            auto const hours = static_cast<uint32_t>(std::stoul(text));
            uint32_t const minutes =
                colon == std::string::npos
                    ? 0
                    : static_cast<uint32_t>(std::stoul(text.substr(colon + 1)));
            if (hours == 9999)
                made.scope = {ir::Scope::Kind::latched, ir::Scope::unlimited, 0};
            else if (hours + minutes == 0)
                made.scope = {ir::Scope::Kind::sinceOwnLastRun, 0, 0};
            else
                made.scope = {ir::Scope::Kind::window, hours * 60 + minutes, 0};
        }
        return conditions.atom(made);
    }
};

} // namespace

std::string conditionsDiffer(std::string_view text) {
    ir::Estate estate;
    diag::Diagnostics diags;
    ir::ConditionRef parsed;
    auto const file = estate.sources.add("condition", std::string(text));
    uint32_t const base = estate.sources.wholeFile(*file).begin;
    auto const spanOf = [&](size_t begin, size_t end) {
        return Span{base + static_cast<uint32_t>(begin), base + static_cast<uint32_t>(end)};
    };
    auto const inText = [&](Span span) {
        return span.isValid() ? Text{span.begin - base, span.end - base} : Text{};
    };
    bool const isAccepted = jil::parseCondition(text, spanOf, estate, diags, {}, {}, parsed);
    if (!isAccepted && diags.all().back().code == diag::Code::ConditionTooDeep)
        return {};

    auto const result = grammar::parseCondition(text);
    if (auto const* error = std::get_if<grammar::SyntaxError>(&result)) {
        if (isAccepted)
            return fmt::format("the parser accepts; the grammar wants {} at {}", error->expected,
                               error->where.begin);
        diag::Diagnostic const& finding = diags.all().back();
        size_t const at = finding.span.begin - base;
        if (error->where.empty()) // the end: the parser points at the last thing that it read
            return at < text.size() ||
                           llvm::StringRef(finding.message).contains("end of the condition")
                       ? std::string()
                       : "the grammar misses something at the end; the parser: " + finding.message;
        if (at != error->where.begin)
            return fmt::format("the grammar wants {} at {}; the parser says at {}: {}",
                               error->expected, error->where.begin, at, finding.message);
        return {};
    }
    if (!isAccepted)
        return "the grammar accepts; the parser: " + diags.all().back().message;

    Reading reading{text, estate.conditions, {}, {}};
    std::vector<std::unique_ptr<std::string>> texts;
    ir::ExprId const wanted = reading.expression(std::get<Condition>(result), texts);
    if (wanted != parsed.expr)
        return fmt::format("the grammar reads {}\nthe parser reads {}",
                           estate.conditions.print(wanted), estate.conditions.print(parsed.expr));
    auto const shown = [](std::vector<std::pair<Text, Text>> const& atoms) {
        std::string out;
        for (auto const& [atom, name] : atoms)
            out += fmt::format("{}-{}/{}-{} ", atom.begin, atom.end, name.begin, name.end);
        return out;
    };
    std::vector<std::pair<Text, Text>> uses;
    for (ir::AtomUse const& use : parsed.uses)
        uses.push_back({inText(use.span), inText(use.nameSpan)});
    if (uses != reading.atoms)
        return fmt::format("atoms of the grammar: {}; of the parser: {}", shown(reading.atoms),
                           shown(uses));
    if (Text const mixed = inText(parsed.mixed); mixed != reading.mixed)
        return fmt::format("AND and OR mix at {} for the grammar, at {} for the parser",
                           reading.mixed.begin, mixed.begin);
    return {};
}

} // namespace hoist::test
