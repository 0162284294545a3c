// Near misses: a deletion index (as in SymSpell, with distance one) and a scan for short lists.
#include "frontend/base/Suggest.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringMap.h>

namespace hoist {

struct Suggestions::Impl {
    llvm::StringMap<llvm::SmallVector<uint32_t, 1>> byDeletion;
    std::vector<std::string> names;
};

// Longer names are typed by machines; indexing their deletions would be quadratic in the length.
static constexpr size_t longestIndexed = 96;

template <class Visit>
static void visitDeletions(llvm::StringRef name, Visit visit) {
    std::string const folded = name.lower();
    visit(llvm::StringRef(folded));
    if (folded.size() < 3 || folded.size() > longestIndexed)
        return;
    std::string shorter;
    for (size_t i = 0; i < folded.size(); ++i) {
        if (i > 0 && folded[i] == folded[i - 1])
            continue; // the same deletion again
        shorter.assign(folded, 0, i);
        shorter.append(folded, i + 1);
        visit(llvm::StringRef(shorter));
    }
}

Suggestions::Suggestions() : impl(new Impl) {}
Suggestions::~Suggestions() { delete impl; }

void Suggestions::add(llvm::StringRef name) {
    auto const index = static_cast<uint32_t>(impl->names.size());
    impl->names.push_back(name.str());
    visitDeletions(name, [&](llvm::StringRef key) { impl->byDeletion[key].push_back(index); });
}

llvm::StringRef Suggestions::nearest(llvm::StringRef name) const {
    llvm::StringRef best;
    unsigned bestDistance =
        3; // two deletions meet at distance two: a replaced or swapped character
    visitDeletions(name, [&](llvm::StringRef key) {
        auto it = impl->byDeletion.find(key);
        if (it == impl->byDeletion.end())
            return;
        // A key shared by very many names says little; a bound keeps the look-up constant.
        for (uint32_t index : llvm::ArrayRef(it->second).take_front(32)) {
            llvm::StringRef candidate = impl->names[index];
            if (candidate == name)
                continue;
            unsigned const distance =
                candidate.equals_insensitive(name) ? 0 : candidate.edit_distance_insensitive(name);
            if (distance < bestDistance ||
                (distance == bestDistance && !best.empty() && candidate < best)) {
                best = candidate;
                bestDistance = distance;
            }
        }
    });
    return best;
}

llvm::StringRef nearestOf(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates) {
    llvm::StringRef best;
    unsigned bestDistance = static_cast<unsigned>((name.size() + 2) / 3) + 1;
    for (llvm::StringRef candidate : candidates) {
        unsigned const distance = candidate.edit_distance_insensitive(name, true, bestDistance);
        if (distance < bestDistance) {
            best = candidate;
            bestDistance = distance;
        }
    }
    return best;
}

} // namespace hoist
