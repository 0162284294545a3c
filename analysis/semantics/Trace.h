// What happened in a scenario, and why: every status change, every start that did not happen.
#pragma once

#include "analysis/semantics/Scenario.h"

#include <map>
#include <string>
#include <vector>

namespace hoist::semantics {

/// Why a job changed its status or did not start.
struct Reason {
    llvm::StringRef rule; ///< "JIL-144"; static
    std::string text;     ///< for people: "tick 06:00 and s(A) came true"
    std::string cause;    ///< the job or variable whose change led here; may be empty
};

struct TraceEvent {
    int64_t at = 0;
    std::string job; ///< legacy name; `job^INSTANCE` for external ones
    Status status = Status::inactive;
    std::optional<int64_t> exitCode;
    unsigned attempt = 0; ///< STARTING: 1 for the first try of a run
    Reason reason;
    std::optional<int32_t> orderDate{}; ///< of an order of Control-M: days since 1970-01-01
};

struct NotStarted {
    int64_t at = 0;
    std::string job;
    Reason reason;
    std::optional<int32_t> orderDate{};
};

struct FinalStatus {
    Status status = Status::inactive;
    int64_t lastStart = -1, lastEnd = -1;
    std::optional<int64_t> exitCode;
    unsigned runs = 0;
    bool armed = false; ///< a tick waits for its condition (JIL-144)
};

struct Alarm {
    int64_t at = 0;
    std::string job, name; ///< "MAXRUNALARM"
    /// A message of an order of Control-M, with its variables as they were (CTM-078).
    struct Told {
        int32_t orderDate = 0;
        std::string destination, urgency, text;
    };
    std::optional<Told> told{};
};

/// A condition of Control-M was added or deleted (CTM-010).
struct FactEvent {
    int64_t at = 0;
    std::string name, date; ///< `0302`, `STAT`, `****`
    bool isAdded = true;
    std::string job; ///< empty: from outside
};

/// A variable of Control-M was set (CTM-100).
struct VariableEvent {
    int64_t at = 0;
    std::string name, value; ///< with all in front of it: `%%\GLOBAL`
    std::string job;         ///< whose order it is of; empty: of the server
    std::optional<int32_t> orderDate{};
};

struct Trace {
    int64_t start = 0, end = 0;
    std::vector<TraceEvent> events;
    std::vector<NotStarted> notStarted;
    std::map<std::string, FinalStatus> finals;
    std::map<std::string, std::string> globals;
    std::vector<Alarm> alarms;
    std::vector<FactEvent> facts;
    std::vector<VariableEvent> variables;
    std::vector<std::string> conditions; ///< "name 0302": those that are there at the end
};

} // namespace hoist::semantics
