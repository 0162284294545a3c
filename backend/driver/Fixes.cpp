// Each round applies fixes that do not touch each other, and reads everything again: a fix may make
// room for another, or take away its reason.
#include "backend/driver/Fixes.h"

#include "analysis/equivalence/Diff.h"
#include "frontend/base/Counted.h"
#include "frontend/base/Patch.h"

#include <llvm/ADT/DenseSet.h>

#include <fmt/format.h>

#include <algorithm>

namespace hoist {

using diag::Applicability;
using diag::Code;

namespace {

constexpr size_t mostRounds = 20;

std::string pathOf(SourceMap const& sources, FileId file) {
    llvm::StringRef const path = sources.path(file);
    return path == "<stdin>" ? "-" : path.str();
}

/// The replacement with the line ends of the file that it goes into.
std::string fitted(llvm::StringRef replacement, llvm::StringRef file) {
    if (!replacement.contains('\n') || 2 * file.count("\r\n") <= file.count('\n'))
        return replacement.str();
    std::string text;
    for (char c : replacement) {
        if (c == '\n')
            text += '\r';
        text += c;
    }
    return text;
}

/// The first fix of a finding that may be applied: several would be alternatives.
diag::Fix const* fixOf(diag::Diagnostic const& finding, Applicability most) {
    for (diag::Fix const& fix : finding.fixes)
        if (most == Applicability::unsafe || fix.applicability == Applicability::safe)
            return &fix;
    return nullptr;
}

} // namespace

std::optional<std::string> ChangedFiles::read(llvm::StringRef path, std::string& error) {
    if (auto const it = changes.find(path.str()); it != changes.end())
        return it->second.after;
    if (path != "-")
        return inner.read(path, error);
    if (!standardInput)
        standardInput = inner.read(path, error);
    return standardInput;
}

std::optional<std::string> ChangedFiles::readHead(llvm::StringRef path, size_t length,
                                                  std::string& error) {
    auto const it = changes.find(path.str());
    return it == changes.end() ? inner.readHead(path, length, error)
                               : it->second.after.substr(0, length);
}

bool replaceFile(FileSystem& files, llvm::StringRef path, llvm::StringRef before,
                 llvm::StringRef after, std::string& error) {
    auto const now = files.read(path, error);
    if (!now)
        return false;
    if (*now == after) // the same file under another name
        return true;
    if (*now != before) {
        error = "somebody else changed it meanwhile";
        return false;
    }
    return files.write(path, after, error);
}

Exit ChangedFiles::commit(diag::Diagnostics& diags) {
    Exit exit = Exit::clean;
    for (auto const& [path, change] : changes) {
        std::string error;
        if (change.before == change.after ||
            replaceFile(inner, path, change.before, change.after, error))
            continue;
        diags.report<Code::OutputNotWritten>({}, path, error).object(path);
        exit = Exit::notWritten;
    }
    return exit;
}

std::string ChangedFiles::patch() const {
    std::string text;
    for (auto const& [path, change] : changes)
        text += unifiedDiff(path, path, change.before, change.after);
    return text;
}

bool Fixes::apply(ir::Estate const& estate, llvm::ArrayRef<FileId> inputs,
                  std::vector<diag::Diagnostic> const& findings) {
    SourceMap const& sources = estate.sources;
    if (!first)
        first = &estate;
    struct Edit {
        FileId file;
        size_t begin, end;
        llvm::StringRef text;
    };
    llvm::DenseSet<uint32_t> isInput;
    for (FileId file : inputs)
        isInput.insert(file.value);
    auto const editsUpTo = [&](Applicability most) {
        std::vector<Edit> edits;
        for (diag::Diagnostic const& finding : findings) {
            diag::Fix const* const fix = fixOf(finding, most);
            if (!fix || !fix->span.isValid() || sources.text(fix->span) == fix->replacement)
                continue;
            FileId const file = sources.fileOf(fix->span);
            if (!isInput.contains(file.value))
                continue; // not for us to mend: the settings
            size_t const begin = sources.offsetIn(file, fix->span);
            edits.push_back({file, begin, begin + fix->span.size(), fix->replacement});
        }
        std::stable_sort(edits.begin(), edits.end(), [](Edit const& a, Edit const& b) {
            return std::tie(a.file, a.begin, a.end) < std::tie(b.file, b.begin, b.end);
        });
        return edits;
    };

    std::vector<Edit> edits = editsUpTo(Applicability::safe);
    remainingSafe = edits.size();
    remainingUnsafe = editsUpTo(Applicability::unsafe).size() - remainingSafe;
    bool const isLast = ++rounds > mostRounds;
    if (edits.empty() || isLast) {
        if (!isProven && first != &estate) {
            auto const result = equivalence::diff(*first, estate, {});
            if (!result.changes.empty()) {
                equivalence::Change const& change = result.changes.front();
                changedMeaning = fmt::format("`{}`: {}", change.job, change.consequence);
                return false;
            }
        }
        isProven = true;
        if (!invocation.unsafeFixes || isLast)
            return false;
        edits = editsUpTo(Applicability::unsafe);
        if (edits.empty())
            return false;
    }
    for (size_t i = 0; i < edits.size();) {
        FileId const file = edits[i].file;
        llvm::StringRef const bytes = sources.bytes(file);
        std::string text;
        size_t copied = 0;
        bool isFirst = true;
        for (; i < edits.size() && edits[i].file == file; ++i) {
            Edit const& edit = edits[i];
            // What touches the one before waits for the next round.
            if (!isFirst && edit.begin <= copied)
                continue;
            text += bytes.slice(copied, edit.begin);
            text += fitted(edit.text, bytes);
            copied = edit.end;
            isFirst = false;
            ++fixed;
        }
        text += bytes.substr(copied);
        auto const [it, isNew] = changed.changes.try_emplace(pathOf(sources, file));
        if (isNew)
            it->second.before = bytes.str();
        it->second.after = std::move(text);
    }
    return true;
}

Exit Fixes::finish(diag::Diagnostics& diags, Console& console) {
    if (!changedMeaning.empty()) {
        console.err("hoist: internal error: fixes that should not change meaning did, at " +
                    changedMeaning +
                    "\nNothing was written. This is a bug in hoist; please report it with the "
                    "input.\n");
        changed.changes.clear();
        fixed = 0;
        return Exit::internalError;
    }
    if (!invocation.showDiff)
        return changed.commit(diags);
    std::string const patch = changed.patch();
    console.out(patch);
    if (invocation.outputs.empty()) // else they are wanted all the same
        std::erase_if(diags.all(), [](diag::Diagnostic const& finding) {
            return finding.span.isValid() || finding.severity != diag::Severity::error;
        });
    return patch.empty() ? Exit::clean : Exit::findings;
}

std::string Fixes::summary() const {
    size_t const waiting = remainingSafe + remainingUnsafe;
    std::string text;
    if (fixed > 0 || waiting > 0 || invocation.showDiff)
        text = invocation.showDiff
                   ? fmt::format("hoist: {} would be fixed", counted(fixed, "finding"))
                   : fmt::format("hoist: {} fixed", counted(fixed, "finding"));
    if (remainingSafe > 0 || (waiting > 0 && invocation.unsafeFixes))
        text += fmt::format("; after {} rounds {} still had a fix", mostRounds,
                            counted(waiting, "finding"));
    else if (remainingUnsafe > 0)
        text += fmt::format("; {} more with `--unsafe-fixes`", remainingUnsafe);
    return text.empty() ? text : text + "\n";
}

std::string fixableSummary(std::vector<diag::Diagnostic> const& findings) {
    size_t safe = 0, all = 0;
    for (diag::Diagnostic const& finding : findings) {
        safe += fixOf(finding, Applicability::safe) != nullptr;
        all += fixOf(finding, Applicability::unsafe) != nullptr;
    }
    if (all == 0)
        return {};
    if (safe == 0)
        return fmt::format("hoist: {} can be fixed with `--fix --unsafe-fixes`\n",
                           counted(all, "finding"));
    std::string text = fmt::format("hoist: {} can be fixed with `--fix`", counted(safe, "finding"));
    return text +
           (all > safe ? fmt::format("; {} more with `--unsafe-fixes`\n", all - safe) : "\n");
}

} // namespace hoist
