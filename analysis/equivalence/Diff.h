// `hoist diff`: what changed in behaviour between two versions of an estate, not in its text.
//
// Both versions are read as one formula each over the same facts (Truth.h): the states of the jobs
// that both have, of jobs elsewhere, of variables and windows. A job starts alike when no snapshot
// separates the two start functions, boxes unfolded; so another order of operands, AND distributed
// over OR, or a box that only groups is no change. Schedules are compared by their instants,
// everything else by value. A snapshot that separates them is played on both versions before it
// counts.
#pragma once

#include "analysis/equivalence/Finding.h"
#include "analysis/equivalence/Schedules.h"

#include <map>
#include <string>
#include <vector>

namespace hoist::equivalence {

struct DiffOptions {
    std::map<std::string, std::string> renamed; ///< old name → new name
    Horizon horizon;
    int budget = 20000;
};

struct Change {
    enum class Kind : uint8_t { added, removed, changed, undecided };
    Kind kind = Kind::changed;
    Difference::Aspect aspect = Difference::Aspect::shape;
    std::string job;           ///< its name in the new version, or in the old one if it is removed
    Span oldPlace, newPlace;   ///< each in its own estate's sources; may be nowhere
    std::string before, after; ///< what each version says or does
    std::string consequence;   ///< one sentence
    std::vector<std::string> story; ///< a played example, where starts or endings differ
};

struct DiffResult {
    std::vector<Change> changes; ///< in the order of the new version; removals at the end
    size_t jobs = 0;             ///< that both versions have
    size_t rewritten = 0;        ///< of these, written differently and equal
};

/// Compares two linked estates.
DiffResult diff(ir::Estate const& before, ir::Estate const& after, DiffOptions const& options);

} // namespace hoist::equivalence
