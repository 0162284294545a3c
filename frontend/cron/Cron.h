// The crontab front end: user crontabs, and system crontabs with a user column (rules CRON-nnn).
#pragma once

#include "frontend/Frontend.h"

/// `m h dom mon dow command`. Sniffing: `possible` for both kinds when nothing tells a command's
/// first word from a user.
namespace hoist::cron::user {
Likelihood sniff(llvm::StringRef path, llvm::StringRef head);
void read(llvm::ArrayRef<FileId> files, ir::Estate& estate, diag::Diagnostics& diags);
Marks marks(FileId file, SourceMap const& sources);
Parts parts(FileId file, SourceMap const& sources);
std::vector<llvm::StringRef> keywords();
} // namespace hoist::cron::user

/// `m h dom mon dow user command`: /etc/crontab and /etc/cron.d.
namespace hoist::cron::system {
Likelihood sniff(llvm::StringRef path, llvm::StringRef head);
void read(llvm::ArrayRef<FileId> files, ir::Estate& estate, diag::Diagnostics& diags);
Marks marks(FileId file, SourceMap const& sources);
Parts parts(FileId file, SourceMap const& sources);
std::vector<llvm::StringRef> keywords();
} // namespace hoist::cron::system
