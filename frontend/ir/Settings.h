// The site's settings: what hoist.toml and the command line say, including the pinned defaults of
// [?] rules.
#pragma once

#include "frontend/base/Source.h"
#include "frontend/ir/Condition.h"

#include <map>
#include <string>
#include <vector>

namespace hoist::ir {

/// One row of `[[rule]]` in hoist.toml: which jobs, and how they run at this site. Patterns are
/// globs
/// (`*`, `?`), matched case-sensitively against the whole value; `command` is a regular expression
/// (searched).
struct SiteRule {
    std::string machine, owner, jobType, job, command; ///< empty: any
    std::string executor;   ///< "local", "ssh", "winrm", "kubernetes", "connection"
    std::string connection; ///< Airflow connection id instead of the machine's
    std::string pool, queue, operatorClass;
    std::vector<std::string> tags;
    std::map<std::string, std::string>
        arguments;    ///< of `operatorClass`; `{command}`, `{job}`, `{machine}` are filled in
    int retries = -1; ///< -1: as defined
    Span span;        ///< in hoist.toml, for "matches nothing"
};

/// One row of `[[bridge]]`: what couples AutoSys and Control-M at this site. Either an end of `job`
/// changes a condition of Control-M, or AutoSys knows `controlm` under the name `as`.
struct BridgeRule {
    std::string job; ///< of AutoSys or a crontab
    Outcomes on = succeeded;
    std::string condition;
    bool adds = true;
    Scope date{Scope::Kind::sameCycle}; ///< or without a date; of a deletion also any date
    std::string server;                 ///< whose table; empty: not said

    std::string controlm; ///< `FOLDER/JOB`, or a SMART folder
    std::string as;       ///< `NAME^INS`, or a name that no job of AutoSys has

    Span span;      ///< in hoist.toml
    Span endSpan;   ///< of `job` or `controlm`
    Span otherSpan; ///< of the condition or `as`

    bool changesFact() const { return !job.empty(); }
};

struct Settings {
    /// Site default for schedules without a zone (JIL-148: the server's); empty: UTC, and said so.
    std::string timezone;
    std::string cronFlavour = "debian";
    /// JIL-112: what becomes of a member's tick while its box is idle: true = kept for the next box
    /// run.
    bool memberTickWhileBoxIdleKept = true;
    /// JIL-067: whether `e()` still reads the code of the run before after the job (or its box) has
    /// started again. False: a start clears it (docs/decisions.md, "Exit codes count for the
    /// current cycle").
    bool exitCodeSurvivesStart = false;
    /// JIL-074: f, t and e with a look-back on a job that is on ice: true (24.2), or as without
    /// one.
    bool iceLookbackIsTrue = true;
    /// JIL-089: true = a member taken off ice waits for the next run of its box (11.3.6, 24.2).
    bool offIceWaitsForNextBoxRun = true;
    /// JIL-054: seconds between the attempts of n_retrys.
    int64_t retryDelay = 10;
    /// JIL-095: the condition is read again when a job leaves QUE_WAIT, RESWAIT or PEND_MACH.
    bool queueRechecksConditions = true;
    /// JIL-151: a job that missed its run_window loses its armed tick.
    bool missedWindowClearsArm = true;
    /// JIL-046: a second insert_job: false = an error, true = the last wins.
    bool lastInsertWins = false;
    /// JIL-055: std files without a prefix: true = append (UNIX), false = truncate (Windows).
    bool stdFilesAppend = true;
    /// CTM-044: what `1` means in WEEKDAYS: true = Monday (0 = Sunday), false = Sunday (6 =
    /// Friday, 0 = Saturday).
    bool weekBeginsOnMonday = true;
    /// CTM-001: when Control-M's day begins, in minutes of the day.
    int16_t newDay = 7 * 60;
    /// CTM-080: how many of each quantitative resource there are, which no export says.
    std::map<std::string, int64_t> quantitativeResources;
    /// CTM-006: when each User Daily orders its folders, in minutes of the day.
    std::map<std::string, int16_t> userDailies;
    std::map<std::string, std::string> defines; ///< -D and --properties
    std::vector<SiteRule> rules;
    std::vector<BridgeRule> bridges;
};

} // namespace hoist::ir
