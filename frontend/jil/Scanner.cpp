// A line is a `key: value`, a comment, the continuation of a wrapped list, or astray. Inside a line
// a value ends where a keyword follows: `insert_job: A   job_type: c`. As free text may look like
// keywords (`--type: full`, `C:\x`, `http://…`), only *known* keywords after a blank end it, and
// that is reported, because the author may have meant text. Words and lists cannot hold blanks
// followed by `identifier:`, so there any key ends the value.
#include "frontend/jil/Scanner.h"

#include <array>
#include <cstring>

namespace hoist::jil {

using diag::Code;

static bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }
static bool isKeyStart(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool isKeyChar(char c) { return isKeyStart(c) || (c >= '0' && c <= '9'); }
static llvm::StringRef between(char const* from, char const* to) {
    return {from, static_cast<size_t>(to - from)};
}
static std::string excerpt(llvm::StringRef text) {
    text = text.take_until([](char c) { return c == '\n' || c == '\r'; });
    return text.size() <= 40 ? text.str() : text.take_front(37).str() + "...";
}
static constexpr char const* wouldReject =
    "`jil` stops at such a statement: the definition in the database stays what it was";

struct Scanner::Item {
    enum class Kind : uint8_t { statement, attribute, stray } kind = Kind::stray;
    Subcommand const* command = nullptr;
    RawAttribute attribute; ///< of a statement: its keyword and its name
    Stray stray;
};

Scanner::Scanner(FileId whichFile, SourceMap const& sources, diag::Diagnostics& findings)
    : file(whichFile), diags(findings), bytes(sources.bytes(whichFile)),
      base(sources.wholeFile(whichFile).begin), at(bytes.begin()), end(bytes.end()) {
    if (bytes.starts_with("\xEF\xBB\xBF"))
        at += 3;
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))
        diags.report<Code::Utf16File>(span(bytes.take_front(2)))
            .help("convert it first, for example with `iconv -f UTF-16 -t UTF-8`");
    else if (size_t const nul = bytes.find('\0'); nul != llvm::StringRef::npos)
        diags.report<Code::NulByte>(span(bytes.substr(nul, 1)))
            .help("look whether the file was cut or overwritten");
}

Span Scanner::span(llvm::StringRef text) const {
    auto const begin = base + static_cast<uint32_t>(text.begin() - bytes.begin());
    return {begin, begin + static_cast<uint32_t>(text.size())};
}

size_t NextFinder::from(llvm::StringRef text, size_t offset) {
    if (asked > found || offset < asked || offset > found) {
        asked = offset;
        found = std::min(text.find(needle, offset), text.size());
    }
    return found;
}

char const* Scanner::lineEnd(char const* from) { return next(lineFeed, from); }

char const* Scanner::nextLine(char const* from) {
    char const* const e = lineEnd(from);
    return e == end ? end : e + 1;
}

bool Scanner::isKnownKey(llvm::StringRef key) const {
    if (Subcommand const* command = findSubcommand(key)) {
        // `calendar:` and `cycle:` are statements only at the start of a line: they are ordinary
        // words.
        return command->keyword.contains('_');
    }
    return (current && findAttribute(current->subject, key)) || isSubcommandShaped(key);
}

bool Scanner::beginsWithKnownKey(char const* from) const {
    char const* p = from;
    while (p < end && isKeyChar(*p))
        ++p;
    if (p == from || p == end || *p != ':' || !isKeyStart(*from))
        return false;
    llvm::StringRef const key = between(from, p);
    return isKnownKey(key) || findSubcommand(key);
}

bool Scanner::next(RawStatement& statement) {
    statement = RawStatement();
    if (hasPending) {
        statement = std::move(pending);
        hasPending = false;
    }
    Item item;
    while (readItem(item)) {
        switch (item.kind) {
        case Item::Kind::statement:
            if (!statement.key.empty() || !statement.strays.empty() ||
                !statement.attributes.empty()) {
                pending = RawStatement();
                pending.command = item.command;
                pending.key = item.attribute.key;
                pending.isBroken = item.attribute.isBroken || !item.command;
                pending.name = std::move(item.attribute);
                hasPending = true;
                return true;
            }
            statement.command = item.command;
            statement.key = item.attribute.key;
            statement.isBroken = item.attribute.isBroken || !item.command;
            statement.name = std::move(item.attribute);
            break;
        case Item::Kind::attribute:
            statement.isBroken |= item.attribute.isBroken;
            statement.attributes.push_back(std::move(item.attribute));
            break;
        case Item::Kind::stray:
            statement.isBroken |= !item.stray.isHarmless;
            statement.strays.push_back(item.stray);
            break;
        }
    }
    return !statement.key.empty() || !statement.strays.empty() || !statement.attributes.empty();
}

/// At `/*`. Skips the comment; false if it is never closed.
bool Scanner::skipBlockComment() {
    char const* const close = at + 2 <= end ? next(commentClose, at + 2) : end;
    if (close == end)
        return false;
    if (between(at, close).contains('\n'))
        atLineStart = true;
    at = close + 2;
    return true;
}

void Scanner::skipToStatement() {
    for (at = nextLine(at); at < end; at = nextLine(at)) {
        char const* p = at;
        while (p < end && isBlank(*p))
            ++p;
        char const* q = p;
        while (q < end && isKeyChar(*q))
            ++q;
        if (q > p && q < end && *q == ':' &&
            (findSubcommand(between(p, q)) || isSubcommandShaped(between(p, q))))
            break;
    }
    atLineStart = true;
}

bool Scanner::readItem(Item& item) {
    item = Item();
    while (at < end) {
        char const c = *at;
        if (c == '\n') {
            ++at;
            atLineStart = true;
        } else if (isBlank(c)) {
            ++at;
        } else if (c == '#' && atLineStart) {
            if (at > bytes.begin() && isBlank(at[-1]))
                diags.report<Code::IndentedHash>(span(between(at, at + 1)));
            at = lineEnd(at);
        } else if (c == '/' && at + 1 < end && at[1] == '*') {
            if (!skipBlockComment()) {
                llvm::StringRef const opened = between(at, at + 2);
                diags.report<Code::UnclosedComment>(span(opened))
                    .note("everything from here to the end of the file would be ignored, "
                          "definitions included")
                    .help("hoist goes on at the next statement; the file's workflows are refused");
                char const* const from = at;
                skipToStatement();
                item.kind = Item::Kind::stray;
                item.stray = {between(from, at).rtrim(), false};
                return true;
            }
        } else {
            if (!readKey(item))
                readStray(item);
            atLineStart = false;
            return true;
        }
    }
    return false;
}

/// At the first character of something. Reads `key: value`; false if there is no key.
bool Scanner::readKey(Item& item) {
    char const* p = at;
    if (current && current->subject == Subject::calendar && *p >= '0' && *p <= '9') {
        item.kind = Item::Kind::attribute;
        item.attribute.row = &calendarRowAttribute();
        readValue(item.attribute);
        return true;
    }
    if (!isKeyStart(*p))
        return false;
    while (p < end && isKeyChar(*p))
        ++p;
    llvm::StringRef const key = between(at, p);
    Subcommand const* const command = findSubcommand(key);
    // `box_name : x` is tolerated for keywords that cannot be anything else
    if (p < end && isBlank(*p) && (command || isKnownKey(key)))
        while (p < end && isBlank(*p))
            ++p;
    if (p == end || *p != ':')
        return false;
    RawAttribute& attribute = item.attribute;
    attribute.key = key;
    attribute.beginsLine = atLineStart;
    at = p + 1;
    static constexpr Attribute nameRow{Attr::unknown,   "",          "",         Subject::job,
                                       ValueKind::name, Fate::model, Family::any};
    if (command || isSubcommandShaped(key)) {
        item.kind = Item::Kind::statement;
        item.command = command;
        current = command;
        inUnknown = !command;
        attribute.row = &nameRow;
        readValue(attribute);
        if (!command) {
            auto finding = diags.report<Code::UnknownStatement>(span(key), key);
            finding.object(attribute.value).note(wouldReject);
            if (llvm::StringRef const near = nearestSubcommand(key); !near.empty())
                finding.help(fmt::format("did you mean `{}`?", near.str()))
                    .fix({span(key), near.str(), "use the statement's right name",
                          diag::Applicability::unsafe});
        }
        return true;
    }
    item.kind = Item::Kind::attribute;
    Attribute const* row = current ? findAttribute(current->subject, key) : nullptr;
    attribute.row = row ? row : &unknownAttribute();
    readValue(attribute);
    if (!current && !inUnknown) {
        diags.report<Code::AttributeOutside>(span(key), key).note(wouldReject);
        attribute.isBroken = true;
    }
    return true;
}

namespace {
enum class StrayKind : uint8_t { text, command, report };
} // namespace

static constexpr llvm::StringLiteral shellCommands[] = {
    "sendevent", "autorep",     "autostatus", "job_depends", "autocal_asc", "jil",
    "autoflags", "chk_auto_up", "monbro",     "autosyslog",  "exit",        "quit"};
static constexpr llvm::StringLiteral reportStarts[] = {"jil>>", "CAUAJM_", "Job Name ",
                                                       "Machine Name ", "Name "};

static size_t commandStart(llvm::StringRef line) {
    for (llvm::StringRef command : shellCommands)
        if (line.starts_with(command) &&
            (line.size() == command.size() || isBlank(line[command.size()]) ||
             line[command.size()] == '<'))
            return command.size();
    return 0;
}

static size_t reportStart(llvm::StringRef line) {
    for (llvm::StringRef start : reportStarts)
        if (line.starts_with(start))
            return start.size();
    return 0;
}

size_t harmlessStart(llvm::StringRef line) {
    size_t const command = commandStart(line);
    return command ? command : reportStart(line);
}

bool isRuledLine(llvm::StringRef line) {
    return line.find_first_not_of("-_=*+~ \t\r") == llvm::StringRef::npos;
}

static StrayKind classify(llvm::StringRef line) {
    if (commandStart(line))
        return StrayKind::command;
    if (reportStart(line) || isRuledLine(line))
        return StrayKind::report;
    return StrayKind::text;
}

/// Takes all stray lines that follow each other and are of one kind: random bytes give one finding,
/// not a million.
void Scanner::readStray(Item& item) {
    item.kind = Item::Kind::stray;
    char const* const from = at;
    char const* to = at;
    auto lineAt = [&](char const* p) { return between(p, lineEnd(p)).rtrim(); };
    StrayKind const kind = classify(lineAt(at));
    for (;;) {
        to = lineAt(at).end();
        at = lineEnd(at);
        if (at == end)
            break;
        char const* p = at + 1;
        while (p < end && isBlank(*p))
            ++p;
        if (p == end || *p == '\n' || *p == '#' || (*p == '/' && p + 1 < end && p[1] == '*') ||
            classify(lineAt(p)) != kind)
            break;
        if (current && current->subject == Subject::calendar && *p >= '0' && *p <= '9')
            break;
        char const* q = p;
        while (q < end && isKeyChar(*q))
            ++q;
        while (q < end && isBlank(*q))
            ++q;
        if (q > p && q < end && *q == ':' && isKeyStart(*p))
            break;
        at = p;
    }
    llvm::StringRef const text = between(from, to);
    item.stray = {text, kind != StrayKind::text};
    Span const where = span(text.take_until([](char c) { return c == '\n'; }).rtrim());
    switch (kind) {
    case StrayKind::command:
        diags.report<Code::StrayCommand>(where, excerpt(text))
            .help("run it by hand at cut-over if it is still wanted; a status set by it is not "
                  "part of a definition");
        break;
    case StrayKind::report: diags.report<Code::ReportLine>(where, excerpt(text)); break;
    case StrayKind::text:
        diags.report<Code::StrayText>(where, excerpt(text)).note(wouldReject);
        break;
    }
}

void Scanner::readValue(RawAttribute& attribute) {
    while (at < end && isBlank(*at))
        ++at;
    if (attribute.row->kind == ValueKind::blob)
        return readBlob(attribute);
    char const* begin = at;
    char const* valueEnd = at;
    while (!scanLine(attribute, valueEnd) && mayWrap(attribute.row->kind)) {
        if (at == end || !continuesOn(at + 1, attribute, valueEnd > begin && valueEnd[-1] == ','))
            break;
        attribute.spansLines = true;
        ++at;
    }
    // A list may leave its first line empty.
    while (begin < valueEnd && (isBlank(*begin) || *begin == '\n'))
        ++begin;
    setValue(attribute, begin, valueEnd);
}

/// Comments behind the value are none of it.
void Scanner::setValue(RawAttribute& attribute, char const* begin, char const* valueEnd) {
    attribute.value = between(begin, valueEnd);
    while (!attribute.comments.empty() && attribute.comments.back().begin() >= valueEnd)
        attribute.comments.pop_back();
}

/// At the start of a line: does a wrapped list go on here (JIL-016)?
bool Scanner::continuesOn(char const* p, RawAttribute const& attribute, bool afterComma) {
    while (p < end && isBlank(*p))
        ++p;
    if (p == end || *p == '\n' || *p == '#' || (*p == '/' && p + 1 < end && p[1] == '*'))
        return false;
    char const* q = p;
    while (q < end && isKeyChar(*q))
        ++q;
    char const* const keyEnd = q;
    while (q < end && isBlank(*q))
        ++q;
    if (q > p && q < end && *q == ':' && isKeyStart(*p) &&
        (q == keyEnd || isKnownKey(between(p, keyEnd)) || findSubcommand(between(p, keyEnd))))
        return false;
    llvm::StringRef const line = between(p, lineEnd(p)).rtrim();
    if (classify(line) != StrayKind::text)
        return false;
    // A line that cannot be the rest of this list is astray: it must not hide in a value.
    switch (attribute.row->kind) {
    case ValueKind::condition:
    case ValueKind::calendarRule:
    case ValueKind::resources: return true;
    case ValueKind::times:
    case ValueKind::minutes:
    case ValueKind::timesOrOffsets:
    case ValueKind::codes: return llvm::isDigit(*p) || llvm::StringRef(",\"+-").contains(*p);
    default: return afterComma || *p == ',';
    }
}

bool Scanner::boundaryBefore(char const* colon, RawAttribute const& attribute,
                             char const*& keyBegin) {
    char const* j = colon;
    while (j > bytes.begin() && isKeyChar(j[-1]))
        --j;
    if (j == colon || !isKeyStart(*j) || j == bytes.begin())
        return false;
    bool const followsComment = !attribute.comments.empty() && attribute.comments.back().end() == j;
    if (!isBlank(j[-1]) && !followsComment) // a comment counts as a blank (JIL-014)
        return false;
    llvm::StringRef const key = between(j, colon);
    bool const isKnown = isKnownKey(key);
    if (isFreeText(attribute.row->kind)) {
        if (!isKnown)
            return false;
        // On a line of several attributes a keyword is what it seems; where text begins the line,
        // it may be text.
        if (attribute.beginsLine)
            diags.report<Code::KeywordInText>(span(key), key, attribute.key)
                .label(span(attribute.key), "this value ends before it")
                .help("quote the value, or write `\\:`, if the text was meant");
    } else if (!isKnown && colon + 1 < end && !isBlank(colon[1]) && colon[1] != '\n') {
        return false;
    }
    keyBegin = j;
    return true;
}

// What ends the fast loop over ordinary characters.
static constexpr auto isSpecial = [] {
    std::array<bool, 256> table{};
    for (char c : {'\n', '\\', '"', '/', ':'})
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool Scanner::scanLine(RawAttribute& attribute, char const*& valueEnd) {
    auto const endAt = [&](char const* stop, char const* from) {
        while (stop > from && isBlank(stop[-1]))
            --stop;
        if (stop > from)
            valueEnd = stop;
    };
    while (at < end && isBlank(*at))
        ++at;
    char const* from = at; // of the text that is certainly value: after the last comment
    for (;;) {
        while (at < end && !isSpecial[static_cast<unsigned char>(*at)])
            ++at;
        if (at == end || *at == '\n') {
            endAt(at, from);
            return false;
        }
        switch (*at) {
        case '\\': at += (at + 1 < end && at[1] != '\n') ? 2 : 1; break;
        case '"':
            if (!closeQuote(attribute)) {
                endAt(at, from);
                return false;
            }
            break;
        case '/': {
            if (at + 1 == end || at[1] != '*' || (at != from && !isBlank(at[-1]))) {
                ++at;
                break;
            }
            char const* const comment = at;
            if (closeComment(attribute, comment)) {
                endAt(comment, from);
                from = at;
                while (from < end && isBlank(*from))
                    ++from;
            }
            break;
        }
        case ':': {
            char const* key = nullptr;
            if (boundaryBefore(at, attribute, key)) {
                endAt(key, from);
                at = key;
                return true;
            }
            ++at;
            break;
        }
        default: ++at;
        }
    }
}

/// At an opening quote. Goes behind the closing one; a value may go on over lines, up to the next
/// keyword.
bool Scanner::closeQuote(RawAttribute& attribute) {
    char const* const open = at;
    bool isFirstLine = true;
    for (char const* p = at + 1; p < end; ++p) {
        if (*p == '\\' && p + 1 < end && p[1] != '\n') {
            ++p;
        } else if (*p == '"') {
            at = p + 1;
            if (!isFirstLine) {
                attribute.spansLines = true;
                diags.report<Code::QuoteOverLines>(span(between(open, open + 1)), attribute.key)
                    .help("`jil` reads line by line: write the value on one line");
            }
            return true;
        } else if (*p == '\n') {
            isFirstLine = false;
            char const* q = p + 1;
            while (q < end && isBlank(*q))
                ++q;
            if (beginsWithKnownKey(q))
                break;
        }
    }
    auto finding = diags.report<Code::UnbalancedQuote>(span(between(open, open + 1)));
    finding.primary("opened here").note(wouldReject);
    if (between(open + 1, lineEnd(open)).contains("\\\""))
        finding.help("`\\\"` does not end a value, it is a quote inside it; end a Windows path "
                     "with `\\\\\"` or without the backslash");
    attribute.isBroken = true;
    at = lineEnd(open);
    return false;
}

/// At `/*` inside a value (JIL-015). True: a comment was skipped; false: it is text, and `at` is
/// behind it.
bool Scanner::closeComment(RawAttribute& attribute, char const* comment) {
    char const* const eol = lineEnd(comment);
    char const* const close = next(commentClose, comment + 2);
    Span const where = span(between(comment, comment + 2));
    if (close < eol) {
        char const* const after = close + 2;
        llvm::StringRef const rest = between(after, eol).trim();
        if (!isFreeText(attribute.row->kind)) {
            attribute.comments.push_back(between(comment, after));
            at = after;
            return true;
        }
        llvm::StringRef const key = rest.take_while(isKeyChar);
        bool const isEnd =
            rest.empty() || rest.starts_with("/*") ||
            (isBlank(*after) && isKnownKey(key) && rest.drop_front(key.size()).starts_with(":"));
        if (isEnd) { // or so it seems: an unclosed comment behind it is text, and the value goes on
            attribute.comments.push_back(between(comment, after));
            at = after;
            return true;
        }
        diags.report<Code::CommentInText>(where, attribute.key)
            .help("quote the value if `/*` is a file pattern; move the comment if it is one");
        at = after;
        return false;
    }
    // Multi-line, unless it cannot be meant: another comment opens first, or nothing closes it.
    if (close != end && close < next(commentOpen, eol)) {
        attribute.comments.push_back(between(comment, close + 2));
        at = close + 2;
        // Behind a comment over lines the value is over: what follows is read as a line of its own.
        char const* q = at;
        while (q < end && isBlank(*q))
            ++q;
        if (q == end || *q == '\n')
            at = q;
        return true;
    }
    if (!attribute.hasUnclosedComment) // once per value
        diags.report<Code::CommentNeverClosed>(where, attribute.key)
            .help("quote the value, so that nobody takes `/*` for a comment");
    attribute.hasUnclosedComment = true;
    at = comment + 2;
    return false;
}

void Scanner::readBlob(RawAttribute& attribute) {
    static constexpr llvm::StringLiteral open = "<auto_blobt>", close = "</auto_blobt>";
    char const* p = at;
    while (p < end && (isBlank(*p) || *p == '\n'))
        ++p;
    if (!between(p, end).starts_with(open)) { // a short text without markers
        char const* valueEnd = at;
        char const* const begin = at;
        scanLine(attribute, valueEnd);
        setValue(attribute, begin, valueEnd);
        return;
    }
    char const* const stop = next(blobClose, p);
    if (stop == end) {
        diags.report<Code::UnclosedBlob>(span(between(p, p + open.size()))).note(wouldReject);
        attribute.isBroken = true;
        attribute.value = between(p, p + open.size());
        skipToStatement();
        attribute.value = between(p, at).rtrim();
        return;
    }
    at = stop + close.size();
    attribute.value = between(p, at);
    attribute.spansLines = true;
}

} // namespace hoist::jil
