// Equal jobs have equal keys. Similar ones are found by MinHash: of the shingles of a command (its
// words with numbers blotted out, and its pairs of neighbouring words) the smallest value under
// each of a few hash functions is kept; two commands agree in such a value about as often as they
// share shingles. Values are taken in pairs ("bands"): commands that agree in a whole band meet in
// a bucket, and there each is compared with the bucket's first only. So no two jobs are compared
// because both exist, and an estate of a million costs a million times one command.
//
// What a job has too little text for (fewer than three words) is similar to nothing.
#include "analysis/migration/Duplicates.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/Support/xxhash.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

namespace hoist::migration {
namespace {

constexpr size_t hashes = 16, perBand = 2;
constexpr double similar = 0.6; ///< of all shingles of two commands, so many are common

/// A part of a key: its length first, so that no text can look like two parts.
void append(std::string& key, llvm::StringRef part) {
    key += std::to_string(part.size());
    key += ':';
    key += part.str();
}

std::string keyOf(ir::Job const& job) {
    std::string key;
    if (auto const* command = std::get_if<ir::CommandAction>(&job.action)) {
        for (auto const* text : {&command->command, &command->stdinText, &command->shell,
                                 &command->profile, &command->stdinFile})
            append(key, **text);
    } else if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action)) {
        key = "watch ";
        append(key, *watch->path);
    } else {
        return {};
    }
    for (llvm::StringRef machine : *job.machines)
        append(key, machine.lower());
    append(key, "on");
    append(key, *job.owner);
    return key;
}

std::vector<uint64_t> shinglesOf(llvm::StringRef command) {
    llvm::SmallVector<llvm::StringRef, 16> words;
    llvm::SplitString(command, words, " \t\n\"'=,;");
    if (words.size() < 3)
        return {};
    std::vector<uint64_t> shingles;
    std::string word, pair, last;
    for (llvm::StringRef each : words) {
        word.clear();
        for (char const c : each)
            if (!llvm::isDigit(c))
                word += c;
            else if (word.empty() || word.back() != '0')
                word += '0';
        shingles.push_back(llvm::xxh3_64bits(llvm::StringRef(word)));
        pair = last + '\0' + word;
        shingles.push_back(llvm::xxh3_64bits(llvm::StringRef(pair)));
        last = word;
    }
    std::sort(shingles.begin(), shingles.end());
    shingles.erase(std::unique(shingles.begin(), shingles.end()), shingles.end());
    return shingles;
}

uint64_t mix(uint64_t value, uint64_t seed) { // the finalizer of splitmix64
    value += seed * 0x9e3779b97f4a7c15ULL;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

/// How much two sorted sets share.
double overlap(std::vector<uint64_t> const& a, std::vector<uint64_t> const& b) {
    size_t common = 0;
    for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        if (a[i] == b[j]) {
            ++common;
            ++i;
            ++j;
        } else if (a[i] < b[j]) {
            ++i;
        } else {
            ++j;
        }
    }
    return static_cast<double>(common) / static_cast<double>(a.size() + b.size() - common);
}

class SimilarFinder {
public:
    explicit SimilarFinder(ir::Estate const& model) : estate(model) {}

    void add(ir::JobId id) {
        auto const* const command = std::get_if<ir::CommandAction>(&estate.jobs[id].action);
        std::vector<uint64_t> shingles =
            command ? shinglesOf(*command->command) : std::vector<uint64_t>();
        if (shingles.empty())
            return;
        auto const at = static_cast<uint32_t>(jobs.size());
        jobs.push_back(id);
        parents.push_back(at);
        std::array<uint64_t, hashes> smallest{};
        for (size_t h = 0; h < hashes; ++h) {
            smallest[h] = UINT64_MAX;
            for (uint64_t const shingle : shingles)
                smallest[h] = std::min(smallest[h], mix(shingle, h + 1));
        }
        sets.push_back(std::move(shingles));
        for (size_t band = 0; band < hashes / perBand; ++band) {
            uint64_t key = band;
            for (size_t i = 0; i < perBand; ++i)
                key = mix(key ^ smallest[band * perBand + i], i + 1);
            if (key >= UINT64_MAX - 1)
                continue; // the two values that the map keeps for itself
            auto const [it, isNew] = buckets.try_emplace(key, at);
            if (!isNew && find(it->second) != find(at) &&
                overlap(sets[it->second], sets[at]) >= similar)
                parents[find(at)] = find(it->second);
        }
    }

    void take(std::vector<Alike>& into) {
        llvm::DenseMap<uint32_t, std::vector<ir::JobId>> groups;
        std::vector<uint32_t> order;
        for (uint32_t at = 0; at < jobs.size(); ++at) {
            auto& members = groups[find(at)];
            if (members.empty())
                order.push_back(find(at));
            members.push_back(jobs[at]);
        }
        for (uint32_t const root : order)
            if (groups[root].size() > 1)
                into.push_back({std::move(groups[root]), false});
    }

private:
    uint32_t find(uint32_t at) {
        while (parents[at] != at)
            at = parents[at] = parents[parents[at]];
        return at;
    }

    ir::Estate const& estate;
    std::vector<ir::JobId> jobs;
    std::vector<uint32_t> parents;
    std::vector<std::vector<uint64_t>> sets;
    llvm::DenseMap<uint64_t, uint32_t> buckets;
};

} // namespace

std::vector<Alike> findAlike(ir::Estate const& estate) {
    llvm::StringMap<size_t> groupOf;
    std::vector<Alike> groups;
    for (ir::JobId id : estate.jobs.ids()) {
        std::string const key = keyOf(estate.jobs[id]);
        if (key.empty())
            continue;
        auto const [it, isNew] = groupOf.try_emplace(key, groups.size());
        if (isNew)
            groups.push_back({{}, true});
        groups[it->second].jobs.push_back(id);
    }
    SimilarFinder finder(estate);
    for (Alike const& group : groups)
        finder.add(group.jobs.front());
    std::erase_if(groups, [](Alike const& group) { return group.jobs.size() < 2; });
    finder.take(groups);
    return groups;
}

} // namespace hoist::migration
