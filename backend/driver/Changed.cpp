// A hook knows the files of a commit; a finding is about the whole estate. So the estate is read as
// a whole, or no reference to another file would resolve, and the names only bound what is
// reported: who commits a clean file is not stopped by what was wrong elsewhere before.
#include "backend/driver/Changed.h"

#include "backend/driver/Config.h"
#include "frontend/Frontend.h"
#include "frontend/base/Counted.h"
#include "frontend/base/Paths.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

#include <algorithm>

namespace hoist {
namespace {

std::string normal(llvm::StringRef path, Console const& console) {
    return absolutePath(path, console.currentFolder());
}

bool isBelow(llvm::StringRef path, llvm::StringRef folder) {
    return folder == "/" || folder == "." || (path.consume_front(folder) && path.starts_with("/"));
}

bool isSettings(llvm::StringRef path) {
    llvm::StringRef const name = path.substr(path.rfind('/') + 1);
    return name == "hoist.toml" || name.ends_with(".properties");
}

bool isDefinition(llvm::StringRef path, FileSystem& files) {
    std::string ignored;
    auto const head = files.readHead(path, sniffLength, ignored);
    return head && llvm::any_of(frontends(), [&](Frontend const& frontend) {
               return frontend.sniff(path, *head) == Likelihood::certain;
           });
}

/// The folder of the estate that a PATH lies in; empty when it lies in none.
std::string rootOf(llvm::StringRef path, Invocation const& invocation, FileSystem& files,
                   Console const& console) {
    if (!invocation.estate.empty()) {
        std::string const root = normal(invocation.estate, console);
        return isBelow(normal(path, console), root) ? invocation.estate : std::string();
    }
    std::string const config =
        invocation.config.empty() ? findConfig(path, files, console) : invocation.config;
    if (config.empty())
        return {};
    size_t const slash = config.rfind('/');
    std::string const folder = slash == std::string::npos ? "." : config.substr(0, slash);
    if (!invocation.config.empty() && !isBelow(normal(path, console), normal(folder, console)))
        return {};
    return folder.empty() ? "/" : folder;
}

} // namespace

std::vector<ChangedEstate> changedEstates(Invocation const& invocation, FileSystem& files,
                                          Console const& console, diag::Diagnostics& diags) {
    std::vector<ChangedEstate> estates;
    for (std::string const& path : invocation.operands) {
        if (path == "-") {
            diags.report<diag::Code::BadUsage>(
                {}, std::string("`--changed` needs the names of files, and `-` has none"));
            continue;
        }
        std::string const root = rootOf(path, invocation, files, console);
        if (root.empty()) {
            if (invocation.estate.empty() && isDefinition(path, files))
                diags
                    .report<diag::Code::BadUsage>(
                        {}, fmt::format("`{}` lies in no estate: there is no hoist.toml above it",
                                        path))
                    .object(path)
                    .help("put a hoist.toml, which may be empty, into the folder where the estate "
                          "begins, or name that folder: `--estate DIR`");
            continue;
        }
        auto it = llvm::find_if(estates, [&](auto const& estate) { return estate.root == root; });
        if (it == estates.end()) {
            estates.push_back({root, {}, false});
            it = std::prev(estates.end());
        }
        it->paths.insert(normal(path, console));
        it->isUnbounded |= isSettings(path) || !files.exists(path);
    }
    return estates;
}

Elsewhere keepInvolved(ChangedEstate const& changed, SourceMap const& sources,
                       Console const& console, diag::Diagnostics& diags) {
    Elsewhere elsewhere;
    if (changed.isUnbounded)
        return elsewhere;
    auto const hasChanged = [&](llvm::StringRef path) {
        return changed.paths.contains(normal(path, console));
    };
    std::vector<FileId> changedFiles; // in order of their ids
    for (FileId file : sources.ids())
        if (hasChanged(sources.path(file)))
            changedFiles.push_back(file);
    auto const isInChanged = [&](Span span) {
        return span.isValid() &&
               std::binary_search(changedFiles.begin(), changedFiles.end(), sources.fileOf(span));
    };
    std::erase_if(diags.all(), [&](diag::Diagnostic const& finding) {
        if (isInChanged(finding.span) || (!finding.span.isValid() && hasChanged(finding.object)) ||
            llvm::any_of(finding.labels,
                         [&](diag::Label const& label) { return isInChanged(label.span); }))
            return false;
        elsewhere.errors += finding.severity == diag::Severity::error;
        elsewhere.warnings += finding.severity == diag::Severity::warning;
        return true;
    });
    return elsewhere;
}

std::string elsewhereText(Elsewhere const& elsewhere, ChangedEstate const& changed) {
    std::string what;
    if (elsewhere.errors)
        what = counted(elsewhere.errors, "error");
    if (elsewhere.warnings)
        what += (what.empty() ? "" : ", ") + counted(elsewhere.warnings, "warning");
    return what.empty() ? what
                        : fmt::format("hoist: {} elsewhere in the estate; `hoist check {}` shows "
                                      "{}\n",
                                      what, changed.root,
                                      elsewhere.errors + elsewhere.warnings == 1 ? "it" : "them");
}

} // namespace hoist
