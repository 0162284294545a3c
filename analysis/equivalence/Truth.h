// Conditions as literals: what a snapshot of a run makes of them (JIL-063…077).
//
// Everything that conditions read is a *fact*, named in words, so that two sides that read the same
// share one literal: the definition and the DAG (RunModel.h), or two versions of a definition
// (Diff.h).
#pragma once

#include "analysis/equivalence/Solver.h"
#include "frontend/ir/Estate.h"

#include <llvm/ADT/StringMap.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace hoist::equivalence {

/// What conditions compare exit codes and variables with; made once of all pools involved.
struct Comparisons {
    /// `renamed`: names of jobs in these conditions → the names that both sides share.
    void add(ir::Conditions const& conditions,
             std::map<std::string, std::string> const& renamed = {});
    llvm::StringMap<std::set<int64_t>> codes;        ///< by job
    llvm::StringMap<std::set<std::string>> literals; ///< by variable
    std::set<std::string> variables; ///< that a definition sets (JIL-037): they exist
};

/// A job or box at one instant; none of them: it has not ended since it was last reset.
struct StatusLits {
    Lit running = Lit::no(), succeeded = Lit::no(), failed = Lit::no(), terminated = Lit::no();
};

/// What a snapshot makes of a job.
enum class JobState : uint8_t { waiting, running, succeeded, failed, terminated, skipped };
/// In the model that the solver has; `waiting` when it has not ended and does not run.
JobState stateIn(Solver const& solver, StatusLits const& status);

/// The literals of facts, by name. `past` tells copies apart: what was true when a gate passed.
class Facts {
public:
    Facts(Solver& sat, Comparisons const& compared) : solver(sat), comparisons(compared) {}

    Lit named(std::string const& key);
    /// A job about which nothing is known but that it has one status.
    StatusLits const& job(std::string const& name, uint32_t past);
    /// That a variable compares so (JIL-068); a missing one compares with nothing.
    Lit variable(llvm::StringRef name, ir::Compare op, llvm::StringRef literal, uint32_t past);
    /// The exit codes that a job can end with; each implies that it has ended so.
    void addCodes(llvm::StringRef job, StatusLits const& status, ir::ExitRule const& rule) {
        addCodes(job, 0, status, &rule);
    }
    Lit exitCode(llvm::StringRef job, ir::Compare op, int64_t number, uint32_t past = 0) const;
    /// Of a job outside; `rule` is null where nobody knows how it judges its codes.
    Lit otherCode(std::string const& job, ir::ExitRule const* rule, ir::Compare op, int64_t number,
                  uint32_t past);
    /// The job's status is at most so old (JIL-070). What is younger than an hour is younger than a
    /// day: the literals of one job imply each other.
    Lit window(std::string const& job, uint32_t minutes, uint32_t past);
    /// The job has ended since the dependent's own last end (JIL-071).
    Lit since(std::string const& dependent, std::string const& job, uint32_t past);

    // What a model says, once the solver has one.
    std::optional<int64_t> codeOf(llvm::StringRef job, uint32_t past = 0) const;
    std::map<std::string, std::string> variables(uint32_t past = 0) const;
    std::map<std::string, JobState> otherJobs(uint32_t past = 0) const;
    std::map<std::string, Lit> const& all() const { return names; }
    /// Both signs of each: what tells two snapshots of what is outside apart.
    std::vector<Lit> statesOfOthers() const;
    struct Age { ///< what a model says about how old a status is
        std::string job;
        std::string dependent; ///< not empty: compared with its own last end, else with minutes
        uint32_t minutes = 0;
        bool isWithin = true;
    };
    std::vector<Age> ages() const;

private:
    using Key = std::pair<std::string, uint32_t>; ///< name, past
    void addCodes(llvm::StringRef job, uint32_t past, StatusLits const& status,
                  ir::ExitRule const* rule);

    Solver& solver;
    Comparisons const& comparisons;
    std::map<std::string, Lit> names;
    std::map<Key, StatusLits> jobs;
    std::map<Key, std::vector<std::pair<std::string, Lit>>> values;
    std::map<Key, std::vector<std::pair<int64_t, Lit>>> codes;
    std::map<Key, std::map<uint32_t, Lit>> windows; ///< by minutes
    std::map<std::tuple<std::string, std::string, uint32_t>, Lit> newer;
};

/// How a condition is read.
struct Reading {
    ir::JobId dependent;
    llvm::ArrayRef<std::string> undefined = {}; ///< of a gate: names that it is told
    bool inGate = false;
    bool upper = false; ///< whether it can still become true in this run
    uint32_t past = 0;  ///< 0: now; else which copy of what can change back
    bool isFold =
        false; ///< a box's own test: of the run's members, while a root's condition is not
};

/// The members of a workflow, as the conditions of one side see them.
class Members {
public:
    virtual ~Members() = default;
    virtual bool isLocal(ir::JobId job) const = 0;
    /// Nothing for a job that has no status: it is inside a box that is ON_ICE.
    virtual std::optional<StatusLits> statusOf(ir::JobId job) const = 0;
    /// It is known that the job never runs in this run.
    virtual Lit isNever(ir::JobId job) const = 0;
    /// The name under which both sides know a job.
    virtual std::string sharedName(llvm::StringRef job) const { return job.str(); }
};

class Truth {
public:
    Truth(ir::Estate const& model, ir::JobId rootOfRun, Members const& membersOfRun, Facts& known,
          Solver& sat)
        : estate(model), root(rootOfRun), members(membersOfRun), facts(known), solver(sat) {}

    Lit of(ir::ExprId expr, Reading const& reading);
    /// It may change back: it is not about how members of this run ended (JIL-111).
    bool isUnstable(ir::ExprId expr, ir::JobId dependent) const;
    bool isIced(ir::JobId job) const;

private:
    Lit ofAtom(ir::Atom const& atom, Reading const& reading);
    bool isLocal(ir::Atom const& atom, ir::JobId dependent, bool isFold = false) const;

    ir::Estate const& estate;
    ir::JobId root;
    Members const& members;
    Facts& facts;
    Solver& solver;
};

} // namespace hoist::equivalence
