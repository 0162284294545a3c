#include "backend/driver/GitRevision.h"

#include <llvm/ADT/StringMap.h>

#include <fmt/format.h>

#include <filesystem>

namespace hoist {
namespace {

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
        llvm::StringRef const last = llvm::StringRef(said).rtrim().rsplit('\n').second;
        error = (last.empty() ? llvm::StringRef(said).rtrim() : last).str();
        if (error.empty())
            error = fmt::format("git ended with {}", code);
        return std::nullopt;
    }

private:
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

/// `mode SP type SP hash TAB path NUL`, of the files at or below `place`.
bool selectBlobs(llvm::StringRef listing, std::string const& place, std::string const& wanted,
                 std::vector<Blob>& blobs, std::string& error) {
    llvm::SmallVector<llvm::StringRef, 0> rows;
    listing.split(rows, '\0', -1, false);
    for (llvm::StringRef row : rows) {
        auto const [head, path] = row.split('\t');
        llvm::StringRef rest = path;
        if (!place.empty() &&
            !(rest.consume_front(place) && (rest.empty() || rest.starts_with("/"))))
            continue;
        rest.consume_front("/");
        llvm::SmallVector<llvm::StringRef, 3> parts;
        head.split(parts, ' ', -1, false);
        if (parts.size() != 3) {
            error = "git lists its files in a way that hoist does not know";
            return false;
        }
        if (parts[1] != "blob" || parts[0] == "120000") {
            error = fmt::format("`{}` is a {} in that revision, which hoist does not follow",
                                std::string_view(path),
                                parts[1] == "commit" ? "submodule" : "symbolic link");
            return false;
        }
        if (path.contains('\n')) {
            error = "a file's name holds a line end";
            return false;
        }
        std::string name = wanted;
        if (!rest.empty()) {
            while (name.size() > 1 && name.back() == '/')
                name.pop_back();
            name += "/" + rest.str();
        }
        blobs.push_back({parts[2].str(), path.str(), std::move(name)});
    }
    return true;
}

/// `hash SP type SP size LF bytes LF` for each blob, in the order asked for.
bool takeContents(llvm::StringRef output, std::vector<Blob> const& blobs, MemoryFileSystem& into,
                  std::string& error) {
    for (Blob const& blob : blobs) {
        auto const [head, rest] = output.split('\n');
        size_t size = 0;
        if (head.rsplit(' ').second.getAsInteger(10, size) || rest.size() <= size) {
            error = fmt::format("git does not give `{}`: {}", blob.path, std::string_view(head));
            return false;
        }
        into.files[blob.wanted] = rest.take_front(size).str();
        output = rest.drop_front(size + 1);
    }
    return true;
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
        error = fmt::format("there is no commit `{}` here; `git fetch` may bring it",
                            std::string_view(revision));
        return std::nullopt;
    }
    GitRevision result;
    result.commit = llvm::StringRef(*commit).trim().str();
    if (auto const base = git.run({"merge-base", result.commit, "HEAD"})) {
        std::string const common = llvm::StringRef(*base).trim().str();
        result.isMergeBase = common != result.commit;
        result.commit = common;
    }
    error.clear(); // without a merge base the revision itself counts
    auto const listing = git.run({"ls-tree", "-r", "-z", "--full-tree", result.commit});
    if (!listing)
        return std::nullopt;
    std::vector<Blob> blobs;
    for (std::string const& path : paths) {
        auto const place = fromTop(path, top, prefix);
        if (!place) {
            error = fmt::format("`{}` lies outside the repository {}", path, std::string_view(top));
            return std::nullopt;
        }
        if (!selectBlobs(*listing, *place, path, blobs, error))
            return std::nullopt;
    }
    std::string request;
    for (Blob const& blob : blobs)
        request += blob.object + " " + blob.path + "\n";
    if (!blobs.empty()) {
        auto const contents = git.run({"cat-file", "--batch", "--filters"}, request);
        if (!contents || !takeContents(*contents, blobs, result.files, error))
            return std::nullopt;
    }
    return result;
}

} // namespace hoist
