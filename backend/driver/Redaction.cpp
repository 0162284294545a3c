// How words are counted out, and which words of a command are the operating system's.
#include "backend/driver/Redaction.h"

#include "frontend/Frontend.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>

namespace hoist {
namespace {

/// Words of commands that say nothing about whose they are, and that findings hang on.
constexpr llvm::StringLiteral systemWords[] = {
    "sendevent",  "set",         "global", "autorun",   "password",  "passwd", "passphrase",
    "pwd",        "pass",        "apikey", "accesskey", "secretkey", "secret", "token",
    "api",        "access",      "key",    "sqlplus",   "sqlldr",    "expdp",  "impdp",
    "exp",        "imp",         "rman",   "sqlcl",     "sshpass",   "mysql",  "mysqldump",
    "mysqladmin", "mysqlimport", "sqlcmd", "isql",      "bcp",       "osql",   "exe",
    "yes",        "no",          "none",   "null",      "prompt",    "ask",    "file",
    "stdin",      "ksh",         "csh",    "zsh",       "bin",       "usr",    "sbin",
    "dev",        "false",       "then",   "else",      "do",        "exec",   "ionice",
    "umask",      "while",       "echo",   "export",    "cd",        "mail",   "sh",
    "bash",       "test",        "find",   "rm",        "date",      "python", "python3",
    "perl",       "php",         "ruby",   "node",      "curl",      "wget",   "rsync",
    "tar",        "sleep",       "nice",   "sudo",      "env",       "flock",  "timeout",
    "run",        "parts",       "cat",    "cp",        "mv",        "touch",  "git",
    "make",       "source",      "true",   "java",      "ssh",       "scp",    "if",
    "for",        "user"};
/// With these a name is that of a secret, whatever stands before.
constexpr llvm::StringLiteral secretTails[] = {"password",  "passwd",    "passphrase", "apikey",
                                               "accesskey", "secretkey", "secret",     "token"};

/// What a replacement must not be, because somebody reads a meaning into it.
constexpr llvm::StringLiteral meanings[] = {
    "and",        "or",         "not",      "all",       "success",  "failure",  "done",
    "terminated", "notrunning", "exitcode", "value",     "global",   "on",       "ice",
    "hold",       "noexec",     "inactive", "activated", "running",  "starting", "delete",
    "localhost",  "quantity",   "free",     "daily",     "workdays", "weekdays", "cycle",
    "insert",     "update",     "override", "rename",    "cmd",      "box",      "fw",
    "utc",        "gmt",        "est",      "cst",       "mst",      "pst",      "edt",
    "cdt",        "mdt",        "pdt",      "cet",       "eet",      "wet",      "msk",
    "hst",        "xxx",        "xxxx",     "xxxxx",     "reboot",   "yearly",   "annually",
    "monthly",    "weekly",     "midnight", "hourly",    "jil",      "autorep",  "exit",
    "quit",       "root",       "daemon",   "nobody",    "www",      "data",     "postgres",
    "oracle",     "apache",     "nginx",    "list",      "backup",   "operator", "logcheck",
    "munin",      "smmsp",      "uucp",     "games",     "adm",      "hoist",    "allow"};
/// A column of a crontab that begins so looks like a field; days of the week take any beginning.
constexpr llvm::StringLiteral datePrefixes[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                                "aug", "sep", "oct", "nov", "dec", "su",  "mo",
                                                "tu",  "we",  "th",  "fr",  "sa"};

bool isSystemWord(llvm::StringRef word) {
    static llvm::StringSet<> const* const words = [] {
        auto* const set = new llvm::StringSet<>;
        for (llvm::StringRef one : systemWords)
            set->insert(one);
        return set;
    }();
    return words->contains(word.lower()) || word.find_first_not_of("xX") == llvm::StringRef::npos;
}

/// One character of a word: a letter or digit, a sequence of UTF-8, or a byte that is neither.
struct Character {
    char kind;     ///< 'a', '0', '2', '3', '4', or '8' for a byte by itself
    size_t length; ///< in bytes
};

Character characterAt(llvm::StringRef word, size_t at) {
    auto const byte = [&](size_t i) {
        return i < word.size() ? static_cast<unsigned char>(word[i]) : 0u;
    };
    unsigned const first = byte(at);
    if (first < 0x80)
        return {llvm::isDigit(word[at]) ? '0' : 'a', 1};
    size_t const length = first >= 0xC2 && first <= 0xDF   ? 2
                          : first >= 0xE0 && first <= 0xEF ? 3
                          : first >= 0xF0 && first <= 0xF4 ? 4
                                                           : 1;
    if (length == 1 || at + length > word.size())
        return {'8', 1};
    for (size_t i = 1; i < length; ++i)
        if ((byte(at + i) & 0xC0) != 0x80)
            return {'8', 1};
    unsigned const second = byte(at + 1); // no surrogates, nothing written longer than needed
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
        return {'8', 1};
    return {static_cast<char>('0' + length), length};
}

unsigned radixOf(char kind) {
    switch (kind) {
    case 'a': return 26;
    case '0': return 10;
    case '8': return 16;
    default: return 60;
    }
}

void appendDigit(char kind, unsigned digit, std::string& out) {
    static constexpr llvm::StringLiteral letters = "ktqzbvxwjgnphdrcmlsfyieuao";
    switch (kind) {
    case 'a': out += letters[digit]; return;
    case '0': out += static_cast<char>('0' + digit); return;
    // Letters of other scripts, far from each other; a byte by itself never joins its neighbours.
    case '2': (out += '\xD0') += static_cast<char>(0x80 + digit); return;
    case '3': (out += "\xE4\xB8") += static_cast<char>(0x80 + digit); return;
    case '4': (out += "\xF0\xA0\x80") += static_cast<char>(0x80 + digit); return;
    default: out += static_cast<char>(0xE0 + digit); return;
    }
}

std::string erased(llvm::StringRef word) {
    std::string out;
    for (size_t i = 0; i < word.size();) {
        Character const one = characterAt(word, i);
        if (one.kind == 'a')
            out += word[i] >= 'a' ? 'x' : 'X';
        else
            appendDigit(one.kind, 0, out);
        i += one.length;
    }
    return out;
}

std::string lowered(llvm::StringRef word) { return word.lower(); }

/// `hoist: allow(A0003, until 2027-01-31)`: the codes and the day stay.
llvm::StringRef allowanceAt(llvm::StringRef text) {
    static constexpr llvm::StringLiteral word = "hoist: allow";
    if (!text.starts_with(word))
        return {};
    llvm::StringRef const rest = text.drop_front(word.size());
    if (!rest.starts_with("("))
        return text.take_front(word.size());
    llvm::StringRef inside =
        rest.drop_front().take_until([](char c) { return c == ')' || c == '\n'; });
    llvm::SmallVector<llvm::StringRef, 4> items;
    inside.split(items, ',');
    for (llvm::StringRef item : items) {
        item = item.trim();
        item.consume_front("until ");
        bool const isCode = item.size() <= 5 && !item.empty() && item.front() >= 'A' &&
                            item.front() <= 'Z' && llvm::all_of(item.drop_front(), llvm::isDigit);
        bool const isDay =
            item.size() == 10 && item.find_first_not_of("0123456789-") == llvm::StringRef::npos;
        if (!isCode && !isDay)
            return text.take_front(word.size());
    }
    return text.take_front(word.size() + 1 + inside.size());
}

} // namespace

Redaction::Redaction() {
    for (llvm::StringRef word : systemWords)
        forbidden.insert(word);
    for (llvm::StringRef word : meanings)
        forbidden.insert(word);
    for (Frontend const& frontend : frontends())
        for (llvm::StringRef keyword : frontend.keywords())
            forEachWord(keyword, [&](llvm::StringRef part) { forbidden.insert(part.lower()); });
}

void Redaction::learn(llvm::StringRef bytes) {
    forEachWord(bytes, [&](llvm::StringRef word) { originals.insert(lowered(word)); });
}

std::string Redaction::fresh(llvm::StringRef word) {
    std::string shape;
    for (size_t i = 0; i < word.size();) {
        Character const one = characterAt(word, i);
        shape += one.kind;
        i += one.length;
    }
    for (;; shape += 'a') { // longer, where every word of the shape is used up
        // As many places as a counter needs; the others are filled.
        constexpr uint64_t enough = uint64_t(1) << 40;
        uint64_t size = 1;
        for (char kind : shape)
            if (size < enough)
                size *= radixOf(kind);
        Class& own = classes[shape];
        for (;;) {
            if (own.next == size) {
                if (own.takesOriginals)
                    break;
                own = {0, true};
            }
            // Steps over the class by a number that shares no factor with it, so that neighbours do
            // not look alike.
            uint64_t const number = (own.next++ % (uint64_t(1) << 32) * 1640531527u + 7) % size;
            std::string candidate;
            uint64_t rest = number, total = 1;
            for (size_t i = 0; i < shape.size(); ++i) {
                unsigned const radix = radixOf(shape[i]);
                if (total < enough) {
                    appendDigit(shape[i], static_cast<unsigned>(rest % radix), candidate);
                    rest /= radix;
                    total *= radix;
                } else {
                    appendDigit(shape[i], static_cast<unsigned>((number / (i + 1) + i * 7) % radix),
                                candidate);
                }
            }
            if (used.contains(candidate) || (!own.takesOriginals && originals.contains(candidate)))
                continue;
            bool const isShort = candidate.size() == 1; // there are no others
            if (!isShort && (forbidden.contains(candidate) ||
                             llvm::any_of(datePrefixes, [&](llvm::StringRef prefix) {
                                 return llvm::StringRef(candidate).starts_with(prefix);
                             })))
                continue;
            used.insert(candidate);
            return candidate;
        }
    }
}

llvm::StringRef Redaction::replacementOf(std::string const& word) {
    auto const [it, isNew] = replacements.try_emplace(word);
    if (isNew)
        it->second = fresh(word);
    return it->second;
}

void Redaction::writeName(llvm::StringRef word, std::string& out) {
    llvm::StringRef const other = replacementOf(lowered(word));
    bool const allCapital = llvm::none_of(word, llvm::isLower);
    for (size_t i = 0; i < other.size(); ++i) {
        bool const isCapital = i < word.size() ? llvm::isUpper(word[i]) : allCapital;
        out += isCapital ? llvm::toUpper(other[i]) : other[i];
    }
}

/// A word of a command. The letter of an option stays, and so does what makes a secret one.
void Redaction::writeText(llvm::StringRef bytes, size_t begin, llvm::StringRef word,
                          std::string& out) {
    if (isSystemWord(word)) {
        out += word;
        return;
    }
    auto const isGap = [](char c) { return llvm::StringRef(" \t\n\"'(;").contains(c); };
    if (begin > 1 && bytes[begin - 1] == '-' && isGap(bytes[begin - 2]) && llvm::isAlpha(word[0])) {
        out += word.front();
        word = word.drop_front();
    } else if (word.size() >= 20 && (word.starts_with("AKIA") || word.starts_with("ASIA"))) {
        out += word.take_front(4);
        word = word.drop_front(4);
    }
    llvm::StringRef tail;
    for (llvm::StringRef one : secretTails)
        if (word.size() > one.size() && word.ends_with_insensitive(one) && one.size() > tail.size())
            tail = word.take_back(one.size());
    if (llvm::StringRef const head = word.drop_back(tail.size()); !head.empty())
        writeName(head, out);
    out += tail;
}

std::string Redaction::write(Marks const& marks) {
    llvm::StringRef const bytes = marks.text();
    // Letters of UTF-16 stand alone, and single letters would be a cipher that anybody reads.
    // The mark alone may stand before any text.
    bool const isUtf16 = (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) &&
                         bytes.count('\0') >= bytes.size() / 4;
    std::string out;
    out.reserve(bytes.size());
    size_t i = 0;
    for (llvm::StringRef mark : {"\xFF\xFE", "\xFE\xFF", "\xEF\xBB\xBF"})
        if (bytes.starts_with(mark)) {
            out += mark;
            i = mark.size();
        }
    while (i < bytes.size()) {
        Mark const mark = isUtf16 ? Mark::prose : marks.at(i);
        if (mark == Mark::prose && bytes[i] == 'h')
            if (llvm::StringRef const allowance = allowanceAt(bytes.substr(i));
                !allowance.empty()) {
                out += allowance;
                i += allowance.size();
                continue;
            }
        if (!isWordByte(bytes[i]) || mark == Mark::kept) {
            out += bytes[i++];
            continue;
        }
        size_t end = i;
        while (end < bytes.size() && isWordByte(bytes[end]) && (isUtf16 || marks.at(end) == mark))
            ++end;
        llvm::StringRef const word = bytes.slice(i, end);
        switch (mark) {
        case Mark::name: writeName(word, out); break;
        case Mark::text: writeText(bytes, i, word, out); break;
        default: out += erased(word);
        }
        i = end;
    }
    return out;
}

std::string Redaction::nameOf(llvm::StringRef name) {
    Marks marks(name);
    marks.set(name, Mark::name);
    return write(marks);
}

std::map<std::string, std::string> Redaction::words() const {
    std::map<std::string, std::string> sorted;
    for (auto const& entry : replacements)
        sorted[entry.getKey().str()] = entry.second;
    return sorted;
}

} // namespace hoist
