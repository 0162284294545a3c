// One line of a crontab, taken apart: the rules of Vixie cron's own reader.
#include "frontend/cron/Line.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

#include <algorithm>

namespace hoist::cron {

bool isBlank(char c) { return c == ' ' || c == '\t'; }

static size_t skipBlanks(llvm::StringRef line, size_t at) {
    while (at < line.size() && isBlank(line[at]))
        ++at;
    return at;
}

Piece nextColumn(llvm::StringRef line, size_t& at) {
    size_t const begin = skipBlanks(line, at);
    size_t end = begin;
    while (end < line.size() && !isBlank(line[end]))
        ++end;
    at = end;
    return {begin, end};
}

bool isBlankOrComment(llvm::StringRef line) {
    size_t const at = skipBlanks(line, 0);
    return at == line.size() || line[at] == '#';
}

std::optional<Setting> parseSetting(llvm::StringRef line) {
    size_t at = skipBlanks(line, 0);
    Setting setting;
    if (at < line.size() && (line[at] == '"' || line[at] == '\'')) {
        size_t const close = line.find(line[at], at + 1);
        if (close == llvm::StringRef::npos)
            return std::nullopt;
        setting.name = {at + 1, close};
        at = close + 1;
    } else {
        size_t const begin = at;
        while (at < line.size() && !isBlank(line[at]) && line[at] != '=')
            ++at;
        setting.name = {begin, at};
    }
    at = skipBlanks(line, at);
    if (at == line.size() || line[at] != '=')
        return std::nullopt;
    size_t const equals = at;
    at = skipBlanks(line, at + 1);
    if (setting.name.empty()) {
        setting.problem = "an environment setting without a name";
        setting.problemAt = {equals, equals + 1};
    }
    if (at < line.size() && (line[at] == '"' || line[at] == '\'')) {
        size_t const close = line.find(line[at], at + 1);
        if (close == llvm::StringRef::npos) {
            setting.value = {at, line.size()};
            setting.problem = "the quoted value has no closing quote";
            setting.problemAt = {at, at + 1};
            return setting;
        }
        setting.value = {at + 1, close};
        size_t const rest = skipBlanks(line, close + 1);
        if (rest != line.size()) {
            setting.problem = "text after the closing quote of an environment value";
            setting.problemAt = {rest, line.rtrim(" \t").size()};
        }
        return setting;
    }
    setting.value = {at, std::max(at, line.rtrim(" \t").size())};
    if (setting.value.empty() && setting.problem.empty()) {
        // Debian's reader takes `NAME=""`, but not `NAME=` (judged by `crontab -n`).
        setting.problem = "an environment setting without a value; write `\"\"` for an empty one";
        setting.problemAt = {equals, equals + 1};
    }
    return setting;
}

static bool isNumber(llvm::StringRef text) {
    return !text.empty() && llvm::all_of(text, llvm::isDigit);
}

bool isAnacrontabEntry(llvm::StringRef line) {
    size_t at = 0;
    llvm::StringRef const period = nextColumn(line, at).in(line);
    llvm::StringRef const delay = nextColumn(line, at).in(line);
    llvm::StringRef const identifier = nextColumn(line, at).in(line);
    Piece const command = nextColumn(line, at);
    if (!isNumber(delay) || command.empty())
        return false;
    // The third column of a crontab entry is a day field; the job identifier of an anacrontab is a
    // name.
    bool const isName =
        !identifier.empty() && llvm::isAlpha(identifier.front()) && identifier != "L";
    return isName && (isNumber(period) || period.starts_with("@"));
}

bool isUserName(llvm::StringRef text) {
    if (text.empty() || text.size() > 32 || !(llvm::isAlpha(text.front()) || text.front() == '_'))
        return false;
    llvm::StringRef const body = text.ends_with("$") ? text.drop_back() : text;
    return llvm::all_of(
        body, [](char c) { return llvm::isAlnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool isWellKnownUser(llvm::StringRef name) {
    return llvm::StringSwitch<bool>(name)
        .Cases("root", "daemon", "nobody", "www-data", "postgres", "mysql", "oracle", "apache",
               "nginx", true)
        .Cases("list", "backup", "operator", "logcheck", "munin", "smmsp", "uucp", "games", "adm",
               true)
        .Default(false);
}

bool isWellKnownCommand(llvm::StringRef word) {
    return llvm::StringSwitch<bool>(word)
        .Cases("echo", "export", "cd", "mail", "sh", "bash", "test", "find", "rm", "date", true)
        .Cases("python", "python3", "perl", "php", "ruby", "node", "curl", "wget", "rsync", "tar",
               true)
        .Cases("sleep", "nice", "sudo", "env", "flock", "timeout", "run-parts", "cat", "cp", "mv",
               true)
        .Cases("touch", "git", "make", "source", "true", "java", "ssh", "scp", "if", "for", true)
        .Default(false);
}

} // namespace hoist::cron
