// A day to play: when it starts, how each run goes, what operators and the outside world do.
#pragma once

#include "frontend/ir/Estate.h"

#include <map>
#include <string>
#include <vector>

namespace hoist::semantics {

/// The statuses of JIL section 7.
enum class Status : uint8_t {
    inactive,
    activated,
    starting,
    running,
    success,
    failure,
    terminated,
    onIce,
    onHold,
    onNoExec,
    queWait,
    resWait,
    pendMach,
    restart,
    waitReply,
    suspended,
};
llvm::StringRef toString(Status status);           ///< "SUCCESS", "ON_ICE"
llvm::ArrayRef<llvm::StringLiteral> statusNames(); ///< in the order of the enumeration

/// How one start of a job goes.
struct RunPlan {
    int64_t duration = 60; ///< seconds
    int64_t exitCode = 0;
    bool terminated = false; ///< dies by a signal (JIL-058)
    std::string output{};    ///< what rules on the output read (CTM-072)
    friend bool operator==(RunPlan const&, RunPlan const&) = default;
};

/// What happens from outside: operator commands (JIL-080, CTM-007), reports of other instances
/// (JIL-075). Of a Control-M job STARTJOB orders it if it is due, FORCE_STARTJOB in any case, and
/// CHANGE_STATUS sets it to OK.
struct Event {
    enum class Kind : uint8_t {
        startJob,
        forceStartJob,
        killJob,
        jobOnHold,
        jobOffHold,
        jobOnIce,
        jobOffIce,
        jobOnNoExec,
        jobOffNoExec,
        changeStatus,
        setGlobal,
        releaseResource,
        machOffline,
        machOnline,
        externalStatus, ///< of `job^INSTANCE`, or of a job that the estate does not define
        confirm,
        rerun,
        deleteOrder,
        addCondition, ///< `object` of the date in `value`
        deleteCondition,
    };
    int64_t at = 0; ///< seconds since 1970-01-01T00:00Z
    Kind kind = Kind::startJob;
    std::string object; ///< job, global, resource or machine
    std::string value;  ///< setGlobal; of conditions `0302`, `STAT`, `ODAT`, `****`
    Status status = Status::inactive;
    int64_t exitCode = 0;
    std::optional<int32_t> orderDate{}; ///< startJob, forceStartJob; nothing: the current one
};

llvm::StringRef toString(Event::Kind kind);       ///< "FORCE_STARTJOB"
llvm::ArrayRef<llvm::StringLiteral> eventNames(); ///< in the order of the enumeration

/// The status store of one job before the scenario starts; -1: never.
struct StoredStatus {
    Status status = Status::inactive;
    int64_t statusAt = -1, lastStart = -1, lastEnd = -1;
    std::optional<int64_t> exitCode;
};

struct FileArrival {
    std::string path;
    int64_t at = 0;
    int64_t size = 0;
};

/// A condition of Control-M that is there before the start.
struct StoredFact {
    std::string name;
    std::string date; ///< `0302`, without a year (CTM-011), or `STAT`
};

struct Scenario {
    int64_t start = 0, end = 0; ///< [start, end), seconds since 1970-01-01T00:00Z
    RunPlan defaultRun;
    std::map<std::string, std::vector<RunPlan>> runs; ///< by job; the last entry repeats
    std::map<std::string, std::string> globals;       ///< over those that the estate defines
    std::map<std::string, StoredStatus> statuses;
    std::vector<FileArrival> files;
    std::vector<StoredFact> facts;
    std::vector<Event> events; ///< any order
    /// Load units and resources never run short: for questions that are not about them.
    bool hasEndlessCapacity = false;
    /// No schedule ticks: what starts is started by events.
    bool isWithoutClock = false;
    /// Of several starts of one instant no order is promised (TR-52). As events come: all members
    /// of a box in their order, before those of its inner boxes. Else first each inner box with all
    /// in it.
    bool startsInnerBoxesFirst = false;
};

} // namespace hoist::semantics
