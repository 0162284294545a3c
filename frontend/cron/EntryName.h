// The name of a crontab entry's job: readable, and stable when lines move (design: Ids).
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace hoist::cron {

/// `root.rotate-stats.3f9c2a1b`: user, the program that the command starts, and a hash of user,
/// schedule and command; never the line number.
std::string entryName(llvm::StringRef user, llvm::StringRef schedule, llvm::StringRef command);

} // namespace hoist::cron
