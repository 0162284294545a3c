// `hoist check --fix`: applies the fixes of findings, round by round, in memory; then writes, or
// shows the patch.
#pragma once

#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "backend/driver/Driver.h"
#include "frontend/base/FileSystem.h"
#include "frontend/ir/Estate.h"

#include <llvm/ADT/ArrayRef.h>

#include <map>
#include <string>

namespace hoist {

/// Files with changes that nobody has written yet. Standard input is read once.
class ChangedFiles final : public FileSystem {
public:
    explicit ChangedFiles(FileSystem& all) : inner(all) {}

    struct Change {
        std::string before, after;
    };
    /// By path, "-" for standard input; what is equal on both sides is no change.
    std::map<std::string, Change> changes;

    std::optional<std::string> read(llvm::StringRef path, std::string& error) override;
    std::optional<std::string> readHead(llvm::StringRef path, size_t length,
                                        std::string& error) override;
    uint64_t sizeOf(llvm::StringRef path) override { return inner.sizeOf(path); }
    bool write(llvm::StringRef path, llvm::StringRef bytes, std::string& error) override {
        return inner.write(path, bytes, error);
    }
    bool remove(llvm::StringRef path, std::string& error) override {
        return inner.remove(path, error);
    }
    bool isDirectory(llvm::StringRef path) override { return inner.isDirectory(path); }
    bool exists(llvm::StringRef path) override { return inner.exists(path); }
    std::vector<std::string> list(llvm::StringRef folder, std::string& error) override {
        return inner.list(folder, error);
    }

    /// Writes all changes; what cannot be written is reported. Files that changed meanwhile and
    /// symbolic links are left alone.
    Exit commit(diag::Diagnostics& diags);
    /// All changes as one patch, in the order of their paths.
    std::string patch() const;

private:
    FileSystem& inner;
    std::optional<std::string> standardInput; ///< once it has been read
};

/// Whether what was read from `path` may be replaced by `bytes`; if not, why.
bool replaceFile(FileSystem& files, llvm::StringRef path, llvm::StringRef before,
                 llvm::StringRef after, std::string& error);

/// The rounds of one run. Safe fixes first; when none applies any more, both estates are compared:
/// a fix that calls itself safe and changes behaviour is a bug, and nothing is written.
class Fixes {
public:
    Fixes(Invocation const& invoked, FileSystem& files) : invocation(invoked), changed(files) {}

    FileSystem& files() { return changed; }
    /// Takes the findings of one reading; true when it has to be read again. The first estate must
    /// stay alive.
    bool apply(ir::Estate const& estate, llvm::ArrayRef<FileId> inputs,
               std::vector<diag::Diagnostic> const& findings);
    /// Writes or shows. With `--diff` only what concerns no place is left of the findings.
    Exit finish(diag::Diagnostics& diags, Console& console);
    /// "3 findings fixed; 2 more with `--unsafe-fixes`", a line; empty when there is nothing to
    /// say.
    std::string summary() const;

private:
    Invocation const& invocation;
    ChangedFiles changed;
    ir::Estate const* first = nullptr;
    bool isProven = false; ///< the safe ones were compared
    std::string changedMeaning;
    size_t rounds = 0, fixed = 0, remainingSafe = 0, remainingUnsafe = 0;
};

/// What `hoist check` says about findings that carry a fix.
std::string fixableSummary(std::vector<diag::Diagnostic> const& findings);

} // namespace hoist
