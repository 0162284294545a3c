// Is this file a crontab, and does it have a user column? Decided by the path, else by every entry
// together.
#include "frontend/cron/Cron.h"
#include "frontend/cron/Fields.h"
#include "frontend/cron/Line.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

namespace hoist::cron {
namespace {

enum class Kind { none, user, system, either };

bool isSystemPath(llvm::StringRef path) {
    return path == "etc/crontab" || path.ends_with("/etc/crontab") || path.starts_with("cron.d/") ||
           path.contains("/cron.d/");
}

bool isUserPath(llvm::StringRef path) {
    return path.contains("var/spool/cron/") || path.contains("var/cron/tabs/");
}

bool isCrontabPath(llvm::StringRef path) {
    llvm::StringRef const name = path.substr(path.rfind('/') + 1);
    return isSystemPath(path) || isUserPath(path) || name.contains("crontab") ||
           name.ends_with(".cron");
}

/// Looks like a time field, whether or not it is a right one.
bool looksLikeField(llvm::StringRef text) {
    if (text.empty() || text.size() > 200)
        return false;
    bool hasDigitOrStar = false;
    for (char const c : text) {
        if (!llvm::isAlnum(c) && !llvm::StringRef("*,-/?#~").contains(c))
            return false;
        hasDigitOrStar |= llvm::isDigit(c) || c == '*' || c == '?';
    }
    if (hasDigitOrStar)
        return true;
    for (llvm::StringRef name :
         {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "sun",
          "mon", "tue", "wed", "thu", "fri", "sat"})
        if (text.starts_with_insensitive(name))
            return true;
    return text == "L";
}

/// What the entries say. `line` may be cut at the end of the bytes looked at: it is skipped by the
/// caller.
struct Evidence {
    unsigned entries = 0, other = 0, settings = 0;
    unsigned surelyUser = 0, surelySystem = 0;
    unsigned anacron = 0;
};

void weighEntry(llvm::StringRef line, size_t at, Evidence& seen) {
    ++seen.entries;
    llvm::StringRef const sixth = nextColumn(line, at).in(line);
    bool const hasMore = !nextColumn(line, at).empty();
    if (!isUserName(sixth) || !hasMore || isWellKnownCommand(sixth) || sixth.contains('.'))
        ++seen.surelyUser;
    else if (isWellKnownUser(sixth))
        ++seen.surelySystem;
}

void weighLine(llvm::StringRef line, Evidence& seen) {
    if (isBlankOrComment(line)) {
        // The usual heading of a system crontab: `# m h dom mon dow user command`.
        llvm::SmallVector<llvm::StringRef, 12> words;
        line.ltrim("# \t").split(words, ' ', -1, false);
        if (words.size() == 1) {
            words.clear();
            line.ltrim("# \t").split(words, '\t', -1, false);
        }
        if (words.size() == 7 &&
            (words[5] == "user" || words[5] == "who" || words[5] == "user-name") &&
            words[6].starts_with("command"))
            ++seen.surelySystem;
        return;
    }
    if (parseSetting(line)) {
        ++seen.settings;
        return;
    }
    size_t at = 0;
    if (line.ltrim(" \t").starts_with("@")) {
        llvm::StringRef const name = nextColumn(line, at).in(line).drop_front();
        if (llvm::is_contained(timeNames, name.lower()))
            return weighEntry(line, at, seen);
        ++(isAnacrontabEntry(line) ? seen.anacron : seen.other);
        return;
    }
    for (int i = 0; i < 5; ++i)
        if (!looksLikeField(nextColumn(line, at).in(line))) {
            ++(isAnacrontabEntry(line) ? seen.anacron : seen.other);
            return;
        }
    weighEntry(line, at, seen);
}

Kind kindOf(llvm::StringRef path, llvm::StringRef head, bool& isSure) {
    head.consume_front("\xEF\xBB\xBF");
    Evidence seen;
    for (llvm::StringRef rest = head; !rest.empty();) {
        auto const [line, tail] = rest.split('\n');
        weighLine(line.rtrim('\r'), seen);
        rest = tail;
    }
    bool const isNamedSo = isCrontabPath(path);
    if (seen.entries == 0 && seen.anacron == 0 && !(isNamedSo && seen.other + seen.settings > 0))
        return Kind::none;
    // A file of prose or of another language has lines of all kinds; a crontab has few that are no
    // entry.
    if (!isNamedSo && seen.other > seen.entries + seen.anacron)
        return Kind::none;
    isSure = isNamedSo || seen.other == 0;
    if (isSystemPath(path))
        return Kind::system;
    if (isUserPath(path) || seen.surelyUser > 0 || seen.entries == 0)
        return Kind::user;
    return seen.surelySystem > 0 ? Kind::system : Kind::either;
}

Likelihood sniffFor(Kind wanted, llvm::StringRef path, llvm::StringRef head) {
    bool isSure = false;
    Kind const kind = kindOf(path, head, isSure);
    if (kind == Kind::either)
        return Likelihood::possible;
    if (kind != wanted)
        return Likelihood::no;
    return isSure ? Likelihood::certain : Likelihood::possible;
}

} // namespace

Likelihood user::sniff(llvm::StringRef path, llvm::StringRef head) {
    return sniffFor(Kind::user, path, head);
}
Likelihood system::sniff(llvm::StringRef path, llvm::StringRef head) {
    return sniffFor(Kind::system, path, head);
}

} // namespace hoist::cron
