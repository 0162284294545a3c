// What was proved about one workflow, about which bytes, and on which assumptions: one JSON file a
// person can file and a machine can check again (docs/schemas/certificate.schema.json).
#pragma once

#include "analysis/equivalence/Finding.h"
#include "analysis/equivalence/Schedules.h"
#include "analysis/target/Bag.h"
#include "frontend/base/FileSystem.h"

#include <map>

namespace hoist::equivalence {

enum class Verdict : uint8_t { equivalent, equivalentIf, different, unknown };
llvm::StringRef toString(Verdict verdict); ///< "equivalent", "equivalent-if", …

/// How an aspect was decided.
enum class Proof : uint8_t {
    none,       ///< not decided
    local,      ///< each job against its task, by structure or exhaustively
    global,     ///< by a solver over reachable states
    enumerated, ///< instant by instant over the horizon
    compared,   ///< field by field
    executed,   ///< a counterexample was played on both sides
};
llvm::StringRef toString(Proof proof);

struct Certificate {
    std::string hoistVersion;
    ir::WorkflowId workflow;
    Verdict verdict = Verdict::unknown;
    std::map<Difference::Aspect, Proof> proofs;
    Horizon horizon;
    /// What the search used, such as {"solver conflicts", 120}: counts, never clock time, so that
    /// the same input gives the same bytes.
    std::map<std::string, int64_t> budget;
    Findings findings; ///< of this workflow
};

/// Which files define a workflow. Made once for an estate: linear in its constructs.
class DefiningFiles {
public:
    explicit DefiningFiles(ir::Estate const& estate);
    /// Sorted by path: of its jobs, and of the calendars, machines and resources they name.
    std::vector<FileId> of(ir::WorkflowId workflow) const;

private:
    ir::Estate const& estate;
    std::vector<llvm::SmallVector<FileId, 1>> byJob;
};

/// Assumptions are sorted and unique. `dag` may be null: the workflow has none.
std::string certificateJson(ir::Estate const& estate, DefiningFiles const& files,
                            target::Bag const& bag, target::Dag const* dag,
                            Certificate const& certificate);

/// Writes `folder/WORKFLOW.json` all or nothing; on failure false, and `error` says why.
bool writeCertificate(FileSystem& files, llvm::StringRef folder, llvm::StringRef workflow,
                      llvm::StringRef json, std::string& error);

} // namespace hoist::equivalence
