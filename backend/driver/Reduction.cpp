// The search; what can be taken out is the dialects' to say.
#include "backend/driver/Reduction.h"

#include <algorithm>

namespace hoist {

std::vector<Reduction::Choice> Reduction::choices(Part::Level level) const {
    std::vector<Choice> found;
    SourceMap sources;
    for (size_t i = 0; i < files.size(); ++i) {
        auto const file = sources.add(files[i].path, files[i].text);
        if (!file)
            continue;
        for (Part& part : files[i].frontend->parts(*file, sources))
            if (part.level == level)
                found.push_back({i, std::move(part)});
    }
    return found;
}

/// Files of which nothing is left are left out.
std::vector<EstateFile> Reduction::without(std::vector<Choice> const& parts,
                                           std::vector<bool> const& gone) const {
    std::vector<std::vector<ByteRange>> cuts(files.size());
    for (size_t i = 0; i < parts.size(); ++i)
        if (gone[i])
            cuts[parts[i].file].insert(cuts[parts[i].file].end(), parts[i].part.ranges.begin(),
                                       parts[i].part.ranges.end());
    std::vector<EstateFile> rest;
    for (size_t i = 0; i < files.size(); ++i) {
        std::sort(cuts[i].begin(), cuts[i].end(),
                  [](ByteRange a, ByteRange b) { return a.begin < b.begin; });
        EstateFile file{files[i].path, {}, files[i].frontend};
        size_t at = 0;
        for (ByteRange cut : cuts[i]) {
            if (cut.begin > at)
                file.text.append(files[i].text, at, cut.begin - at);
            at = std::max(at, cut.end);
        }
        file.text.append(files[i].text, at);
        if (!file.text.empty() && file.text != "\xEF\xBB\xBF")
            rest.push_back(std::move(file));
    }
    return rest;
}

bool Reduction::tryWithout(std::vector<Choice> const& parts, std::vector<bool> const& gone) {
    if (left == 0)
        return false;
    --left;
    ++tried;
    return question(without(parts, gone));
}

bool Reduction::reduceLevel(Part::Level level) {
    std::vector<Choice> const parts = choices(level);
    std::vector<bool> gone(parts.size(), false);
    std::vector<size_t> kept(parts.size());
    for (size_t i = 0; i < kept.size(); ++i)
        kept[i] = i;
    bool isSmaller = false;
    for (size_t chunk = std::max<size_t>(1, kept.size() / 2); !kept.empty();) {
        bool tookOut = false;
        for (size_t i = 0; i < kept.size() && left > 0;) {
            size_t const end = std::min(i + chunk, kept.size());
            for (size_t j = i; j < end; ++j)
                gone[kept[j]] = true;
            if (tryWithout(parts, gone)) {
                kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(i),
                           kept.begin() + static_cast<std::ptrdiff_t>(end));
                tookOut = isSmaller = true;
            } else {
                for (size_t j = i; j < end; ++j)
                    gone[kept[j]] = false;
                i = end;
            }
        }
        if (left == 0 || (chunk == 1 && !tookOut))
            break;
        chunk = std::max<size_t>(1, std::min(chunk, kept.size()) / 2);
    }
    if (isSmaller)
        files = without(parts, gone);
    return isSmaller;
}

/// One at a time: what is taken out changes where the others begin and end.
bool Reduction::reduceOperands() {
    bool isSmaller = false;
    for (size_t i = 0; left > 0;) {
        std::vector<Choice> const parts = choices(Part::Level::operand);
        if (i >= parts.size())
            break;
        std::vector<bool> gone(parts.size(), false);
        gone[i] = true;
        if (tryWithout(parts, gone)) {
            files = without(parts, gone);
            isSmaller = true;
        } else {
            ++i;
        }
    }
    return isSmaller;
}

void Reduction::keepOnly(llvm::ArrayRef<Place> hints) {
    std::vector<Choice> const parts = choices(Part::Level::statement);
    std::vector<std::vector<ByteRange>> wanted(files.size());
    for (Place const& hint : hints)
        wanted[hint.file].push_back(hint.range);
    // A statement is searched for by its end: there may be as many hints as statements.
    for (auto& ranges : wanted)
        std::sort(ranges.begin(), ranges.end(),
                  [](ByteRange a, ByteRange b) { return a.begin < b.begin; });
    std::vector<bool> gone(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) {
        ByteRange const own = parts[i].part.ranges.front();
        auto const& ranges = wanted[parts[i].file];
        auto const it =
            std::lower_bound(ranges.begin(), ranges.end(), own.begin,
                             [](ByteRange range, size_t begin) { return range.begin < begin; });
        gone[i] = it == ranges.end() || it->begin >= own.end;
    }
    if (tryWithout(parts, gone))
        files = without(parts, gone);
}

void Reduction::run(llvm::ArrayRef<Place> hints) {
    if (!hints.empty())
        keepOnly(hints);
    for (bool again = true; again && left > 0;) {
        again = reduceLevel(Part::Level::statement);
        again |= reduceLevel(Part::Level::attribute);
        again |= reduceOperands();
    }
}

size_t Reduction::statements() const { return choices(Part::Level::statement).size(); }

} // namespace hoist
