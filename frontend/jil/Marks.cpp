// What a JIL file gives away. Kept is what the tables of hoist know: keywords, the closed words of
// an attribute's kind, numbers where numbers stand. All else in a value is a name or free text, and
// what lies outside of values (comments, stray lines) is prose.
#include "frontend/base/Suggest.h"
#include "frontend/ir/CalendarRule.h"
#include "frontend/ir/TimeZones.h"
#include "frontend/jil/ConditionText.h"
#include "frontend/jil/Scanner.h"
#include "frontend/jil/Taken.h"
#include "frontend/jil/Values.h"

#include <algorithm>

namespace hoist::jil {
namespace {

using Role = ConditionPiece::Role;

bool isNumber(llvm::StringRef text) { return !text.empty() && llvm::all_of(text, llvm::isDigit); }

bool isOneOf(llvm::StringRef word, std::initializer_list<llvm::StringRef> words) {
    return llvm::any_of(words, [&](llvm::StringRef one) { return word.equals_insensitive(one); });
}

/// Keywords of JIL: to tell a slip of the pen from a word of somebody's own.
Suggestions const& nearKeywords() {
    static Suggestions const* const built = [] {
        auto* const names = new Suggestions;
        for (llvm::StringRef keyword : keywords())
            names->add(keyword);
        return names;
    }();
    return *built;
}

bool isJobType(llvm::StringRef word) {
    static constexpr llvm::StringLiteral known[] = {
#define JIL_ADAPTER(name) name,
#include "frontend/jil/JobTypes.def"
#undef JIL_ADAPTER
    };
    return word.size() == 1 || isOneOf(word, {"cmd", "command", "box", "fw"}) ||
           llvm::any_of(known, [&](llvm::StringRef one) { return word.equals_insensitive(one); });
}

/// A word of a list of closed words: numbers, weekdays, truth values.
bool isClosedWord(llvm::StringRef word, ValueKind kind) {
    if (isNumber(word))
        return true;
    switch (kind) {
    case ValueKind::boolean: return readBoolean(word).has_value();
    case ValueKind::weekdays: return readWeekday(word).has_value();
    case ValueKind::workdays:
        return readWeekday(word) || word.find_first_not_of("xX") == llvm::StringRef::npos;
    default: return false;
    }
}

class Marker {
public:
    Marker(FileId file, SourceMap const& sources)
        : scanner(file, sources, ignored), marks(sources.bytes(file)) {}

    Marks run() {
        RawStatement statement;
        while (scanner.next(statement)) {
            if (!statement.key.empty()) {
                key(statement.key, statement.command != nullptr);
                nameOf(statement);
            }
            for (RawAttribute const& attribute : statement.attributes) {
                bool const isKnown = attribute.row->id != Attr::unknown;
                if (attribute.row->id == Attr::prefixed) {
                    size_t const length = attribute.row->keyword.size();
                    marks.set(attribute.key.take_front(length), Mark::kept);
                    marks.set(attribute.key.drop_front(length), Mark::name);
                } else {
                    key(attribute.key, isKnown);
                }
                value(attribute);
                for (llvm::StringRef comment : attribute.comments)
                    marks.set(comment, Mark::prose);
            }
            for (llvm::StringRef comment : statement.name.comments)
                marks.set(comment, Mark::prose);
            for (Stray const& stray : statement.strays)
                strayLines(stray.text);
        }
        return std::move(marks);
    }

private:
    /// A keyword that hoist does not know stays where it is one with a letter wrong: then it is
    /// what the report is about.
    void key(llvm::StringRef word, bool isKnown) {
        if (isKnown || !nearKeywords().nearest(word).empty())
            return marks.set(word, Mark::kept);
        marks.set(word, Mark::name);
        if (isSubcommandShaped(word))
            marks.set(word.take_front(word.find('_')), Mark::kept);
    }

    void nameOf(RawStatement const& statement) {
        llvm::StringRef const name = statement.name.value;
        marks.set(name, Mark::name);
        if (!statement.command)
            return;
        if (statement.command->subject == Subject::jobType && name.size() == 1)
            marks.set(name, Mark::kept); // `job_type: 4` names it
        if (statement.command->subject == Subject::machine && name.equals_insensitive("localhost"))
            marks.set(name, Mark::kept);
        if (auto const [head, tail] = name.rsplit(' '); tail.equals_insensitive("delete"))
            if (statement.command->verb == Verb::overrideOnce)
                marks.set(tail, Mark::kept);
    }

    void value(RawAttribute const& attribute) {
        llvm::StringRef const value = attribute.value;
        llvm::StringRef const plain = value.trim("\" \t\r");
        marks.set(value, Mark::name);
        if (value == "NULL")
            return marks.set(value, Mark::kept);
        switch (attribute.row->kind) {
        case ValueKind::verbatim:
        case ValueKind::path:
        case ValueKind::assignments:
        case ValueKind::blob:
            marks.set(value, Mark::text);
            for (llvm::StringRef mark : {"<auto_blobt>", "</auto_blobt>"})
                if (size_t const at = value.find(mark); at != llvm::StringRef::npos)
                    marks.set(value.substr(at, mark.size()), Mark::kept);
            return;
        case ValueKind::text: return freeText(attribute, plain);
        case ValueKind::word: return word(attribute, plain);
        case ValueKind::names:
            for (llvm::StringRef item : listItems(value))
                if (item.equals_insensitive("localhost"))
                    marks.set(item, Mark::kept);
            return;
        case ValueKind::name: return;
        case ValueKind::resources: return resources(value);
        case ValueKind::condition: return condition(value);
        case ValueKind::calendarRule: return calendarRule(value);
        default:
            forEachWord(value, [&](llvm::StringRef one) {
                if (isClosedWord(one, attribute.row->kind))
                    marks.set(one, Mark::kept);
            });
        }
    }

    void freeText(RawAttribute const& attribute, llvm::StringRef plain) {
        if (attribute.row->keyword == "description")
            return marks.set(attribute.value, Mark::prose);
        if (attribute.row->id == Attr::job_timezone) {
            ir::ResolvedZone const zone = ir::resolveZone(plain);
            if (!zone.zone.empty() && ir::findZone(zone.zone))
                marks.set(plain, Mark::kept);
        }
        if (attribute.row->id == Attr::variable_value)
            shortNumber(plain);
    }

    /// The value of a variable, or what it is compared with: a long number may be an account.
    void shortNumber(llvm::StringRef text) {
        if (text.size() <= 4 && isNumber(text))
            marks.set(text, Mark::kept);
    }

    void word(RawAttribute const& attribute, llvm::StringRef plain) {
        double number = 0;
        if (attribute.row->id == Attr::machine_factor && !plain.getAsDouble(number))
            return marks.set(plain, Mark::kept);
        bool const isKnown =
            attribute.row->id == Attr::job_job_type ? isJobType(plain)
            : attribute.row->id == Attr::job_permission
                ? llvm::all_of(commaItems(plain),
                               [](llvm::StringRef item) {
                                   return isOneOf(item, {"gx", "ge", "gw", "mx", "me", "wx", "we"});
                               })
                : (plain.size() == 1 && attribute.row->keyword != "node_name") ||
                      readDate(plain).has_value() ||
                      isOneOf(plain, {"success", "failure", "terminated", "running", "starting",
                                      "activated", "inactive", "on_ice", "on_hold", "on_noexec",
                                      "restart", "que_wait", "localhost"});
        if (isKnown)
            marks.set(plain, Mark::kept);
    }

    /// `(NAME, QUANTITY=2, FREE=Y) AND (…)`
    void resources(llvm::StringRef value) {
        for (size_t at = 0; at < value.size();) {
            size_t const end = std::min(value.find_first_of("(,)", at), value.size());
            llvm::StringRef const part = value.slice(at, end);
            bool const isName = at > 0 && value[at - 1] == '(';
            if (!isName)
                forEachWord(part, [&](llvm::StringRef one) {
                    if (isNumber(one) ||
                        isOneOf(one, {"and", "or", "quantity", "free", "all", "y", "n", "a"}))
                        marks.set(one, Mark::kept);
                });
            at = end + 1;
        }
    }

    void condition(llvm::StringRef value) {
        static Suggestions const* const words = [] {
            auto* const names = new Suggestions;
            for (llvm::StringRef word : {"success", "failure", "done", "terminated", "notrunning",
                                         "exitcode", "value", "global"})
                names->add(word);
            return names;
        }();
        for (ConditionPiece const& piece : piecesOf(value)) {
            switch (piece.role) {
            case Role::function:
                if (isConditionFunction(piece.text) || piece.text.equals_insensitive("not") ||
                    !words->nearest(piece.text).empty())
                    marks.set(piece.text, Mark::kept);
                break;
            case Role::lookback:
            case Role::code:
                forEachWord(piece.text, [&](llvm::StringRef one) {
                    if (isNumber(one))
                        marks.set(one, Mark::kept);
                });
                break;
            case Role::value: shortNumber(piece.text.trim('"')); break;
            case Role::stray:
                if (piece.text.equals_insensitive("not"))
                    marks.set(piece.text, Mark::kept);
                break;
            case Role::comment: marks.set(piece.text, Mark::prose); break;
            case Role::joint: marks.set(piece.text, Mark::kept); break;
            default: break;
            }
        }
    }

    void calendarRule(llvm::StringRef value) {
        for (size_t at = 0; at < value.size();) {
            llvm::StringRef const one = value.substr(at).take_until(
                [](char c) { return llvm::StringRef(" \t\r\n&|,(){}\"").contains(c); });
            ir::RuleError error;
            if (!one.empty() && (isNumber(one) || isOneOf(one, {"and", "or", "not"}) ||
                                 ir::CalendarRule::parse(one, error)))
                marks.set(one, Mark::kept);
            at += one.size() + 1;
        }
    }

    /// What makes the scanner take a line for a command or a report, not for lost text.
    void strayLines(llvm::StringRef text) {
        while (!text.empty()) {
            auto const [line, rest] = text.split('\n');
            llvm::StringRef const body = line.ltrim(" \t\r\f\v");
            marks.set(body.take_front(harmlessStart(body.rtrim())), Mark::kept);
            text = rest;
        }
    }

    diag::Diagnostics ignored;
    Scanner scanner;
    Marks marks;
};

} // namespace

Marks marks(FileId file, SourceMap const& sources) { return Marker(file, sources).run(); }

} // namespace hoist::jil
