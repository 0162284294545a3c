// What the comparison of a definition with what Airflow loaded has to say: differences, what must
// hold for them to be equal, and what it cannot judge.
#pragma once

#include "frontend/ir/Constructs.h"

#include <string>
#include <vector>

namespace hoist::equivalence {

using ir::JobId;

/// Something that the two sides do differently.
struct Difference {
    enum class Aspect : uint8_t {
        start,    ///< whether and when a job starts
        order,    ///< what it waits for
        verdict,  ///< how a job, a box or the run counts as ended
        schedule, ///< when runs begin, and how many at once
        action,   ///< what is executed, where, as whom
        limit,    ///< how long it may take or how many may run
        retry,    ///< how often it is tried
        resource, ///< what it excludes, and who goes first
        alarm,    ///< who is told
        shape,    ///< the job has no counterpart, or one of another kind
    };
    Aspect aspect = Aspect::action;
    JobId job;
    Span definition;  ///< where the legacy side says it; the job's name when it says nothing
    std::string task; ///< Airflow task id; empty: the DAG
    std::string legacySide, airflowSide;
    std::string consequence; ///< what would happen in production, one sentence with the rule number
    /// A played counterexample, a line each; empty where comparing the two texts says it all.
    std::vector<std::string> story = {};
};
/// "start", "order", …: the words of certificates and JSON.
llvm::StringRef toString(Difference::Aspect aspect);

/// What must hold for the two sides to be equal. Equal names say the same thing.
struct Assumption {
    std::string name; ///< for machines: "stays-on-ice:X"
    std::string text; ///< for people
    JobId job;
};

/// Something that cannot be judged.
struct Unknown {
    std::string reason;
    JobId job;
    std::string task; ///< may be empty
};

struct Findings {
    std::vector<Difference> differences;
    std::vector<Assumption> assumptions;
    std::vector<Unknown> unknowns;
};

} // namespace hoist::equivalence
