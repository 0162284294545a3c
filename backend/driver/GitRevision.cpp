// Four questions to git: where the repository is, which commit, its listing, the files.
#include "backend/driver/GitRevision.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringMap.h>

#include <fmt/format.h>

#include <filesystem>

namespace hoist {
namespace {

/// A row of the listing of a revision.
struct Entry {
    llvm::StringRef mode, type, object;
    llvm::StringRef path; ///< from the top of the repository

    bool isLink() const { return mode == "120000"; }
};

struct Blob {
    std::string object, path; ///< hash; path from the top of the repository
    std::string wanted;       ///< as the command line would name it
};

class Git {
public:
    Git(Console& theConsole, std::string& problem) : console(theConsole), error(problem) {}

    /// Standard output; nothing when git fails, with its last words as the error.
    std::optional<std::string> run(std::vector<std::string> arguments,
                                   std::string const& input = {}) {
        arguments.insert(arguments.begin(), "git");
        std::string output, said;
        int const code = console.runProgram(arguments, output, said, input);
        if (code == 0)
            return output;
        error = reasonIn(said);
        if (error.empty())
            error = fmt::format("git ended with {}", code);
        return std::nullopt;
    }

private:
    /// What follows `fatal:`, up to the advice; else the last line.
    static std::string reasonIn(llvm::StringRef said) {
        llvm::SmallVector<llvm::StringRef, 8> lines;
        said.rtrim().split(lines, '\n');
        for (llvm::StringRef line : lines)
            if (line.consume_front("fatal: "))
                return line.str();
        return lines.back().str();
    }

    Console& console;
    std::string& error;
};

/// From the top of the repository, without `.` and `..`; nothing when it lies elsewhere.
std::optional<std::string> fromTop(llvm::StringRef path, llvm::StringRef top,
                                   llvm::StringRef prefix) {
    namespace fs = std::filesystem;
    fs::path const given(path.str());
    fs::path relative;
    if (given.is_absolute()) {
        std::error_code ignored;
        fs::path const real = fs::weakly_canonical(given, ignored);
        relative = real.lexically_relative(top.str());
    } else {
        relative = (fs::path(prefix.str()) / given).lexically_normal();
    }
    std::string text = relative.generic_string();
    while (!text.empty() && text.back() == '/')
        text.pop_back();
    if (text == "..") // also of a path on another drive: lexically_relative is empty then
        return std::nullopt;
    if (text.empty() && given.is_absolute())
        return std::nullopt;
    if (llvm::StringRef(text).starts_with("../"))
        return std::nullopt;
    return text == "." ? std::string() : text;
}

/// `mode SP type SP hash TAB path NUL`, over and over.
std::optional<std::vector<Entry>> parseListing(llvm::StringRef listing) {
    std::vector<Entry> entries;
    while (!listing.empty()) {
        auto const [row, after] = listing.split('\0');
        auto const [head, path] = row.split('\t');
        auto const [mode, rest] = head.split(' ');
        auto const [type, object] = rest.split(' ');
        if (path.empty() || object.empty())
            return std::nullopt;
        entries.push_back({mode, type, object.trim(), path});
        listing = after;
    }
    return entries;
}

/// `hash SP type SP size LF bytes LF` for each of `objects`; nothing, with an error, when one is
/// not given.
std::optional<std::vector<std::string>> contentsOf(std::vector<Blob> const& blobs, bool isFiltered,
                                                   Git& git, std::string& error) {
    std::vector<std::string> contents;
    if (blobs.empty())
        return contents;
    // Older versions of git know no `-z`: it is asked for only where a line would not do.
    bool const hasLineEnd = llvm::any_of(
        blobs, [](Blob const& blob) { return llvm::StringRef(blob.path).contains('\n'); });
    std::string request;
    for (Blob const& blob : blobs) {
        request += blob.object;
        if (isFiltered)
            request += " " + blob.path;
        request += hasLineEnd ? '\0' : '\n';
    }
    std::vector<std::string> arguments{"cat-file", "--batch"};
    if (isFiltered)
        arguments.emplace_back("--filters");
    if (hasLineEnd)
        arguments.emplace_back("-z");
    std::optional<std::string> const output = git.run(arguments, request);
    if (!output)
        return std::nullopt;
    llvm::StringRef left = *output;
    for (Blob const& blob : blobs) {
        auto const [head, rest] = left.split('\n');
        size_t size = 0;
        if (head.rsplit(' ').second.getAsInteger(10, size) || rest.size() <= size) {
            error = fmt::format("git does not give `{}`: {}", blob.path, std::string_view(head));
            return std::nullopt;
        }
        contents.push_back(rest.take_front(size).str());
        left = rest.drop_front(size + 1);
    }
    return contents;
}

/// The files of a revision, found by their paths; links as they are followed on a disk.
class Tree {
public:
    Tree(std::vector<Entry> const& all, Git& git, std::string& problem)
        : entries(all), error(problem) {
        std::vector<Blob> links;
        for (Entry const& entry : entries)
            if (entry.isLink())
                links.push_back({entry.object.str(), entry.path.str(), {}});
        if (links.empty())
            return;
        for (Entry const& entry : entries)
            byPath[entry.path] = &entry;
        auto const targets = contentsOf(links, false, git, error);
        for (size_t i = 0; targets && i < links.size(); ++i)
            targetOf[links[i].path] = (*targets)[i];
    }

    /// Adds the files at or below `place`, which the command line calls `wanted`. False, with an
    /// error, when there is what hoist cannot read there.
    bool select(std::string const& place, std::string const& wanted, std::vector<Blob>& blobs) {
        for (Entry const& entry : entries) {
            llvm::StringRef rest = entry.path;
            if (!place.empty() &&
                !(rest.consume_front(place) && (rest.empty() || rest.starts_with("/"))))
                continue;
            rest.consume_front("/");
            if (rest.starts_with(".") || rest.contains("/.")) // hidden: not read on a disk either
                continue;
            if (entry.type == "commit") {
                error = fmt::format("`{}` is a submodule, which hoist does not look into; name "
                                    "the folders beside it",
                                    std::string_view(entry.path));
                return false;
            }
            Entry const* const file = followed(entry);
            if (!file && rest.empty()) {
                error = fmt::format("`{}` is a symbolic link there; name what it leads to",
                                    std::string_view(entry.path));
                return false;
            }
            if (!file)
                continue; // to a folder, or out of the repository
            std::string name = wanted;
            if (!rest.empty()) {
                while (name.size() > 1 && name.back() == '/')
                    name.pop_back();
                name = name == "." ? rest.str() : name + "/" + rest.str();
            }
            blobs.push_back({file->object.str(), file->path.str(), std::move(name)});
        }
        return true;
    }

private:
    /// The file that an entry leads to; null where that is none of the revision.
    Entry const* followed(Entry const& entry) const {
        namespace fs = std::filesystem;
        Entry const* at = &entry;
        for (int steps = 0; at && at->isLink(); ++steps) {
            auto const target = targetOf.find(at->path);
            if (target == targetOf.end() || steps == 40)
                return nullptr;
            fs::path const leads = fs::path(at->path.str()).parent_path() / target->second;
            at = byPath.lookup(leads.lexically_normal().generic_string());
        }
        return at && at->type == "blob" ? at : nullptr;
    }

    std::vector<Entry> const& entries;
    std::string& error;
    llvm::StringMap<Entry const*> byPath;  ///< where there are links
    llvm::StringMap<std::string> targetOf; ///< of each link
};

/// Why a commit that somebody names is not here.
std::string missingCommit(llvm::StringRef revision, Git& git) {
    std::string const shallow = git.run({"rev-parse", "--is-shallow-repository"}).value_or("");
    if (llvm::StringRef(shallow).trim() == "true")
        return fmt::format("there is no commit `{}` in this shallow clone; fetch the history: `git "
                           "fetch --unshallow`, `fetch-depth: 0` of actions/checkout, "
                           "`GIT_DEPTH: 0` of GitLab",
                           std::string_view(revision));
    return fmt::format("there is no commit `{}` here; `git fetch` may bring it",
                       std::string_view(revision));
}

} // namespace

std::optional<GitRevision> readGitRevision(llvm::StringRef revision,
                                           std::vector<std::string> const& paths, Console& console,
                                           std::string& error) {
    Git git(console, error);
    auto const places = git.run({"rev-parse", "--show-toplevel", "--show-prefix"});
    if (!places)
        return std::nullopt;
    auto const [top, rest] = llvm::StringRef(*places).split('\n');
    llvm::StringRef const prefix = rest.split('\n').first;
    auto commit = git.run(
        {"rev-parse", "--verify", "--quiet", "--end-of-options", revision.str() + "^{commit}"});
    if (!commit) {
        error = missingCommit(revision, git);
        return std::nullopt;
    }
    GitRevision result;
    result.commit = llvm::StringRef(*commit).trim().str();
    if (auto const base = git.run({"merge-base", result.commit, "HEAD"})) {
        std::string const common = llvm::StringRef(*base).trim().str();
        result.isMergeBase = common != result.commit;
        result.commit = common;
    } else {
        result.hasMergeBase = false;
    }
    auto const listing = git.run({"ls-tree", "-r", "-z", "--full-tree", result.commit});
    if (!listing)
        return std::nullopt;
    auto const entries = parseListing(*listing);
    if (!entries) {
        error = "git lists its files in a way that hoist does not know";
        return std::nullopt;
    }
    error.clear(); // without a merge base the revision itself counts
    Tree tree(*entries, git, error);
    std::vector<Blob> blobs;
    for (std::string const& path : paths) {
        auto const place = fromTop(path, top, prefix);
        if (!place) {
            error = fmt::format("`{}` lies outside the repository {}", path, std::string_view(top));
            return std::nullopt;
        }
        size_t const known = blobs.size();
        if (!error.empty() || !tree.select(*place, path, blobs))
            return std::nullopt;
        if (blobs.size() == known)
            result.absent.push_back(path);
    }
    auto contents = contentsOf(blobs, true, git, error);
    if (!contents)
        return std::nullopt;
    for (size_t i = 0; i < blobs.size(); ++i)
        result.files.files[blobs[i].wanted] = std::move((*contents)[i]);
    return result;
}

} // namespace hoist
