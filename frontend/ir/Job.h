// Jobs, groups (boxes) and workflows.
#pragma once

#include "frontend/ir/Condition.h"
#include "frontend/ir/Ordering.h"
#include "frontend/ir/Orders.h"
#include "frontend/ir/Schedule.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hoist::ir {

using GroupId = Id<struct GroupTag>;
using WorkflowId = Id<struct WorkflowTag>;

enum class Dialect : uint8_t { jil, cron, controlm };
llvm::StringRef toString(Dialect dialect); ///< "autosys", "cron", "control-m": also the DAG's tag

/// Text for a shell on a host.
struct CommandAction {
    Sourced<llvm::StringRef> command;   ///< verbatim bytes
    Sourced<llvm::StringRef> stdinText; ///< cron `%`
    Sourced<llvm::StringRef> shell;     ///< cron SHELL; a user job type's program
    Sourced<llvm::StringRef> profile, stdinFile, stdoutFile, stderrFile;
    std::vector<Sourced<std::pair<llvm::StringRef, llvm::StringRef>>>
        environment; ///< in order; later wins
};

/// An attribute that hoist keeps but does not interpret.
struct KeptAttribute {
    llvm::StringRef key, value;
    ConstructId construct;
};

struct FileWatchAction {
    Sourced<llvm::StringRef> path;
    Sourced<int64_t> minSize;  ///< bytes
    Sourced<int64_t> interval; ///< seconds
    // Of Control-M only (CTM-120…124):
    Sourced<bool> waitsForDeletion;
    Sourced<bool> weighsPatterns;  ///< its size counts although the path is a pattern
    Sourced<int64_t> sizeInterval; ///< seconds between two looks at the size of what was found
    Sourced<int64_t> sizeLooks;    ///< how often the size must be found unchanged
    Sourced<int64_t> timeLimit;    ///< minutes; 0: none
    std::vector<ConstructId> understood; ///< of Job::kept what this says, or what says nothing
};

/// One SQL statement for a database that a name leads to (CTM-125).
struct QueryAction {
    llvm::StringRef kind; ///< as the definition calls the plug-in
    ConstructId from;
    Sourced<llvm::StringRef> connection, query;
    Sourced<bool> commitsEach;           ///< else one transaction
    std::vector<ConstructId> understood; ///< of Job::kept what this says, or what says nothing
};

/// Files that go from one host to another (CTM-126). All parameters are in Job::kept, too.
struct TransferAction {
    llvm::StringRef kind; ///< as the definition calls the plug-in
    ConstructId from;
    struct End {
        Sourced<llvm::StringRef> connection, host, type;
    };
    End left, right;
    struct File {
        Sourced<llvm::StringRef> left, right; ///< paths, perhaps with wildcards
        bool isUpload = true;                 ///< from left to right
        bool isKnown = true;                  ///< is the direction?
    };
    std::vector<File> files;
};

/// Kept verbatim, lowered only through a mapping of the site; otherwise a task that fails with a
/// clear message.
struct OpaqueAction {
    llvm::StringRef kind; ///< "SQL", "SAP", …
    ConstructId from;     ///< the job_type
};

/// A script that lies on the host, or in the definition itself, with its arguments (CTM-021,
/// CTM-105).
struct ScriptAction {
    Sourced<llvm::StringRef> folder, file; ///< MEMLIB and MEMNAME, or FILE_PATH and FILE_NAME
    Sourced<llvm::StringRef> text;         ///< instead of a file
    std::vector<Sourced<llvm::StringRef>> arguments; ///< %%PARM1, %%PARM2, …
};

/// Nothing is executed: it ends well at once (a dummy job, CTM-021).
struct NoAction {
    ConstructId from; ///< what says so
};

/// The job is a group.
struct GroupAction {};

using Action = std::variant<CommandAction, FileWatchAction, QueryAction, TransferAction,
                            OpaqueAction, ScriptAction, NoAction, GroupAction>;

/// Inclusive range of exit codes.
struct CodeRange {
    int64_t from = 0, to = 0;
};
/// Which exit codes succeed (JIL-057). `any`: the exit status has no effect (CRON-010).
struct ExitRule {
    enum class Kind : uint8_t { max, success, fail, any };
    Kind kind = Kind::max;
    int64_t max = 0;
    std::vector<CodeRange> codes;
    std::vector<ConstructId> from;     ///< the attributes that decide
    std::vector<ConstructId> shadowed; ///< the attributes that another one overrules
};

enum class InitialStatus : uint8_t { inactive, onIce, onHold, onNoExec, other };

struct ResourceUse {
    llvm::StringRef name;
    Span span;
    int64_t quantity = 1; ///< -1 = ALL
    char free = 'Y';      ///< Y on success, A always, N never (JIL-160)
    bool freeGiven = false;
    ConstructId construct;
};

struct Alarms {
    Sourced<int64_t> maxRun, minRun; ///< minutes
    Sourced<bool> ifFail, ifTerminated, notify;
    bool notifyFailureOnly = false; ///< JIL `send_notification: f`
    Sourced<llvm::StringRef> message;
    std::vector<Sourced<llvm::StringRef>> addresses;
};

/// A named, dated fact that a job adds to, or deletes from, the table of its scheduler (CTM-010).
/// It has no owner: any job may add it, and it stays until one deletes it (CTM-013).
struct FactChange {
    llvm::StringRef name;
    llvm::StringRef server; ///< whose table; empty: not said
    Scope date;
    bool adds = true;
    bool isAction = false; ///< of a rule; else after every end of these (CTM-014)
    Outcomes on = succeeded;
    Span span, nameSpan;
    ConstructId construct;
};

struct Job {
    // llvm::SmallVector does not promise that its move cannot throw, and a vector that grows would
    // copy each job.
    Job() = default;
    Job(Job&&) noexcept = default;
    Job& operator=(Job&&) noexcept = default;
    Job(Job const&) = default;
    Job& operator=(Job const&) = default;
    ~Job() = default;

    llvm::StringRef name;
    Span nameSpan;
    Span origin; ///< the first statement
    ConstructId statement;
    Dialect dialect = Dialect::jil;
    bool refused =
        false; ///< a statement about it has a syntax error, or it holds a construct that refuses

    WorkflowId workflow;
    Sourced<llvm::StringRef> boxName; ///< as written
    JobId box;                        ///< the enclosing box, set by link
    GroupId group;                    ///< valid when this job is a box

    Action action;
    Sourced<llvm::SmallVector<llvm::StringRef, 1>> machines; ///< several = one is chosen (JIL-051)
    Sourced<llvm::StringRef> owner, description, application, label;
    ConditionRef condition;
    std::vector<FactChange> factChanges; ///< in the order in which they are made
    ScheduleId schedule;                 ///< invalid: no ticks
    OrderingId ordering;                 ///< of Control-M only
    OrderPolicyId orders;                ///< of Control-M only
    bool isWatched = false;              ///< of Control-M: AutoSys knows it, by a `[[bridge]]`
    /// Time attributes that have no effect because date_conditions is off (JIL-140).
    std::vector<ConstructId> deadSchedule;

    ExitRule exitRule;
    Sourced<int64_t> retries;
    Sourced<int64_t> termRunTime; ///< minutes
    Alarms alarms;
    std::vector<ResourceUse> resources;
    ConstructId resourcesFrom;
    Sourced<int64_t> priority, load;
    Sourced<bool> autoHold, boxTerminator, jobTerminator;
    Sourced<InitialStatus> initialStatus;
    Sourced<llvm::StringRef> initialStatusText;
    /// Unknown or without a model: each has been reported and settled by the front end. Of a job
    /// of an adapter also all its parameters, which the lowering settles (a mapping may use them).
    std::vector<KeptAttribute> kept;
    std::vector<ConstructId> parameters; ///< variables of Control-M that only a plug-in reads
    std::vector<KeptAttribute>
        inert; ///< known, no effect on behaviour (permission, application…): documentation only

    bool begins(InitialStatus status) const { return initialStatus && *initialStatus == status; }
    /// Does it wait for an operator's release, always or at first (JIL-085, JIL-094)?
    bool isHeld() const { return begins(InitialStatus::onHold) || (autoHold && *autoHold); }
};

/// A box: an object with status of its own.
struct Group {
    JobId self;
    std::vector<JobId> members;    ///< direct members in definition order, set by link
    ConditionRef success, failure; ///< box_success, box_failure
    /// Only holds its members: no status, no condition (a plain folder of Control-M, CTM-094).
    bool isContainer = false;
};

/// The unit that migrates and becomes one DAG.
struct Workflow {
    JobId root;              ///< the top-level box or the stand-alone job
    std::vector<JobId> jobs; ///< root first, then members depth first in definition order
    bool refused = false;
    Dialect dialect = Dialect::jil;
};

} // namespace hoist::ir
