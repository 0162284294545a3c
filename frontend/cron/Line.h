// One line of a crontab, taken apart without judging it: comment, environment setting, or entry
// columns.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <optional>
#include <string>

namespace hoist::cron {

/// A piece of a line; offsets are bytes from the start of the line.
struct Piece {
    size_t begin = 0;
    size_t end = 0;
    llvm::StringRef in(llvm::StringRef line) const { return line.slice(begin, end); }
    bool empty() const { return begin == end; }
};

/// Blanks in a crontab are space and tab only (CRON §1, `ws`).
bool isBlank(char c);

/// The next run of non-blanks at or after `at`, which is moved behind it.
Piece nextColumn(llvm::StringRef line, size_t& at);

/// Blank, or a whole-line comment.
bool isBlankOrComment(llvm::StringRef line);

/// `NAME = value` as cron's own reader takes it: name and value may be quoted, blanks around `=`
/// and at the end of an unquoted value do not count. An entry is never one, because its second
/// column is no `=`.
struct Setting {
    Piece name, value;   ///< without quotes
    std::string problem; ///< why cron would not take it, if so
    Piece problemAt;
};
std::optional<Setting> parseSetting(llvm::StringRef line);

/// `period delay job-identifier command`, as in /etc/anacrontab.
bool isAnacrontabEntry(llvm::StringRef line);

/// A valid login name (portable names, with a final `$` allowed).
bool isUserName(llvm::StringRef text);

/// Accounts that a system crontab names; nobody has a command of such a name.
bool isWellKnownUser(llvm::StringRef name);
/// Programs that stand first in a command; nobody has an account of such a name.
bool isWellKnownCommand(llvm::StringRef word);

} // namespace hoist::cron
