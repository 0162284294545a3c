// Expands folders, reads files (several at a time), and asks every dialect whose a file is.
#include "backend/driver/Inputs.h"

#include "frontend/base/Threads.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringSet.h>

#include <atomic>
#include <optional>

namespace hoist {
namespace {

using diag::Code;

struct Candidate {
    std::string path;
    bool isNamed = false; ///< on the command line, not found in a folder
    std::optional<std::string> bytes;
    bool isHead = false; ///< larger than all sources together may be: enough to tell what it is
    std::string error;
};

std::vector<Candidate> expand(std::vector<std::string> const& paths, FileSystem& files,
                              diag::Diagnostics& diags) {
    std::vector<Candidate> candidates;
    llvm::StringSet<> seen;
    for (std::string const& path : paths) {
        if (path != "-" && files.isDirectory(path)) {
            std::string error;
            std::vector<std::string> const found = files.list(path, error);
            if (!error.empty())
                diags.report<Code::CannotRead>({}, path, error);
            else if (found.empty())
                diags.report<Code::NothingToRead>({}, path);
            for (llvm::StringRef file : found) {
                if (path == ".")
                    file.consume_front("./"); // one name, whether the file or its folder was given
                if (seen.insert(file).second)
                    candidates.push_back({file.str(), false, {}, false, {}});
            }
        } else if (seen.insert(path).second) {
            candidates.push_back({path, true, {}, false, {}});
        }
    }
    return candidates;
}

/// Reading waits for disks and networks, so it is what `--jobs` spreads.
void readAll(std::vector<Candidate>& candidates, unsigned jobs, FileSystem& files) {
    std::atomic<size_t> next = 0;
    auto const work = [&] {
        for (size_t i = next++; i < candidates.size(); i = next++) {
            Candidate& one = candidates[i];
            one.isHead = files.sizeOf(one.path) >= UINT32_MAX;
            one.bytes = one.isHead ? files.readHead(one.path, sniffLength, one.error)
                                   : files.read(one.path, one.error);
        }
    };
    onThreads(std::min<size_t>(jobs, candidates.size() / 16), [&](size_t) { work(); });
}

Frontend const* byName(llvm::StringRef name) {
    for (Frontend const& frontend : frontends())
        if (frontend.name == name)
            return &frontend;
    return nullptr;
}

/// Files that belong to an estate, but hold no definitions; a note for each would be noise.
bool isSettingsFile(llvm::StringRef path) {
    llvm::StringRef const name = path.substr(path.rfind('/') + 1);
    return name == "hoist.toml" || name == "plan.lock.toml" || name.ends_with(".properties") ||
           name.ends_with(".md");
}

Frontend const* dialectOf(Candidate const& candidate, llvm::StringRef forced, Span where,
                          diag::Diagnostics& diags) {
    if (!forced.empty() && candidate.isNamed)
        return byName(forced);
    llvm::StringRef const head = llvm::StringRef(*candidate.bytes).take_front(sniffLength);
    llvm::SmallVector<Frontend const*, 4> possible;
    llvm::SmallVector<Frontend const*, 4> certain;
    for (Frontend const& frontend : frontends()) {
        Likelihood const likelihood = frontend.sniff(candidate.path, head);
        if (likelihood == Likelihood::certain)
            certain.push_back(&frontend);
        if (likelihood != Likelihood::no)
            possible.push_back(&frontend);
    }
    if (certain.size() == 1)
        return certain.front();
    if (possible.size() == 1)
        return possible.front();
    if (possible.empty()) {
        if (candidate.isNamed || !isSettingsFile(candidate.path))
            diags.report<Code::UnknownDialect>(where, candidate.path);
        return nullptr;
    }
    if (!forced.empty())
        return byName(forced);
    diags
        .report<Code::AmbiguousDialect>(where, candidate.path, possible[0]->name, possible[1]->name)
        .object(candidate.path);
    return nullptr;
}

} // namespace

std::vector<Input> readInputs(InputOptions const& options, FileSystem& files, ir::Estate& estate,
                              diag::Diagnostics& diags) {
    std::vector<Candidate> candidates = expand(options.paths, files, diags);
    readAll(candidates, options.jobs, files);
    std::vector<Input> inputs;
    for (Candidate& candidate : candidates) {
        std::string const path = candidate.path == "-" ? "<stdin>" : candidate.path;
        if (!candidate.bytes) {
            diags.report<Code::CannotRead>({}, path, candidate.error).object(path);
            continue;
        }
        Frontend const* const frontend = dialectOf(candidate, options.dialect, {}, diags);
        if (!frontend)
            continue;
        std::optional<FileId> file;
        if (!candidate.isHead)
            file = estate.sources.add(path, std::move(*candidate.bytes));
        if (!file)
            diags.report<Code::InputTooLarge>({}, path).object(path);
        else
            inputs.push_back({*file, frontend});
    }
    return inputs;
}

void readDefinitions(llvm::ArrayRef<Input> inputs, ir::Estate& estate, diag::Diagnostics& diags,
                     llvm::function_ref<void(Frontend const&)> stage) {
    for (Frontend const& frontend : frontends()) {
        std::vector<FileId> own;
        for (Input const& input : inputs)
            if (input.frontend == &frontend)
                own.push_back(input.file);
        if (own.empty())
            continue;
        stage(frontend);
        frontend.read(own, estate, diags);
    }
}

} // namespace hoist
