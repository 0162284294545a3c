// What Control-M does with an entity once it is ordered: when it may start, how often it runs, and
// what follows its end (CTM-004…093). Which days it is ordered for is Ordering.h.
#pragma once

#include "frontend/ir/Condition.h"
#include "frontend/ir/Constructs.h"

#include <llvm/ADT/STLExtras.h>
#include <optional>

#include <string>
#include <vector>

namespace hoist::ir {

using OrderPolicyId = Id<struct OrderPolicyTag>;

/// Runs again within one order (CTM-060…063).
struct Cycle {
    enum class Kind : uint8_t {
        interval, ///< `minutes` has one, 0: at once
        sequence, ///< one interval after the other, then it stops
        times,    ///< minutes of the day, in any order
    } kind = Kind::interval;
    enum class From : uint8_t { start, end, target } from = From::start;
    std::vector<int32_t> minutes;
    int32_t tolerance = 0; ///< of `times`: minutes that one may be late
};

/// A reader-writer lock (CTM-081).
struct LockUse {
    llvm::StringRef name;
    bool isExclusive = true;
    bool keepsOnFailure = false;
    Span span;
    ConstructId construct;
};

/// What a rule asks about one end of an entity (CTM-072).
struct EndTest {
    enum class Kind : uint8_t {
        any, ///< whatever happened
        ok,
        notOk,
        exitCode, ///< compared, or even, or odd
        runs,     ///< executions of this order so far
        reruns,   ///< beyond the first
        failures, ///< executions of this order that ended NOTOK
        notSubmitted,
        noOutput,
        output, ///< a line holds `text`, in which `*`, `?` and `$` stand for others
    } kind = Kind::any;
    enum class Relation : uint8_t { compared, even, odd } relation = Relation::compared;
    Compare op = Compare::equal;
    int64_t number = 0;
    llvm::StringRef text;

    /// Of the kinds that ask about a number.
    bool holds(int64_t value) const {
        switch (relation) {
        case Relation::even: return value % 2 == 0;
        case Relation::odd: return value % 2 != 0;
        case Relation::compared: return ir::holds(value, op, number);
        }
        return false;
    }
};

/// "code >= 4", "runs odd", "output *failed*", "notok". Empty: the shims have no such test.
std::string toText(EndTest const& test);
/// Its inverse; a pattern stays part of `text`. Nothing: it is no such text.
std::optional<EndTest> parseEndTest(llvm::StringRef text);
/// Why nobody can say for sure which ends it means (CTM-072); empty: they are known.
llvm::StringRef whyUnsure(EndTest const& test);

/// CTM-073. One step of a rule; in the order of the definition.
struct EndAction {
    enum class Kind : uint8_t {
        setOk,
        setNotOk,
        rerun,
        stopCyclic,
        changeFact,  ///< `Job::factChanges[fact]`
        forceJob,    ///< of `folder` the job `name`, or the whole folder where it is empty
        setVariable, ///< `name`, `text`
        mail,        ///< `destination`, `subject`, `text`, `attachesOutput`
        shout,       ///< `destination`, `urgency`, `text`
        ticket,      ///< `destination` is empty; `subject`, `text`
        output,      ///< what becomes of the output: `name` says what, `text` where
    } kind = Kind::setOk;
    uint32_t fact = 0;
    llvm::StringRef folder, name, text, subject, destination, urgency;
    bool attachesOutput = false;
    Scope date; ///< forceJob: the order date of the order; sameCycle where nothing is said
    Span span;
    ConstructId construct;
};

/// ON … DO … (CTM-070). Rules on exit codes and counts come before those on output, those before
/// rules on the status; else in the order of the definition.
struct EndRule {
    EndTest test;
    std::vector<EndAction> actions;
    Span span;
    ConstructId construct;

    bool does(EndAction::Kind kind) const {
        return llvm::any_of(actions, [&](EndAction const& action) { return action.kind == kind; });
    }
    /// 1…3: which of the three rounds of CTM-070 asks it.
    int round() const {
        switch (test.kind) {
        case EndTest::Kind::exitCode:
        case EndTest::Kind::runs:
        case EndTest::Kind::reruns:
        case EndTest::Kind::failures: return 1;
        case EndTest::Kind::output:
        case EndTest::Kind::noOutput: return 2;
        default: return 3;
        }
    }
};

/// SHOUT: a message at a time of an order's life (CTM-078). No effect on what runs.
struct Shout {
    enum class When : uint8_t { ok, notOk, rerun, notStartedBy, notEndedBy, runsFor, unknown };
    When when = When::ok;
    llvm::StringRef time; ///< as written: hhmm, or of `runsFor` `>n`, `<n`, `+n`, `-n%`
    llvm::StringRef destination, urgency, text;
    Span span;
    ConstructId construct;
    llvm::StringRef days; ///< DAYSOFFSET: behind the order date
};

/// `%%NAME`, given in a definition (CTM-100).
struct OrderVariable {
    llvm::StringRef name; ///< with all in front of it: `%%PARM1`, `%%\GLOBAL`
    llvm::StringRef value;
    Span span;
    ConstructId construct;
};

struct OrderPolicy {
    /// CTM-006: who orders it. Of a top folder; what is inside is ordered with it.
    enum class Method : uint8_t { newDay, userDaily, manual } method = Method::newDay;
    Sourced<llvm::StringRef> userDaily; ///< the name of the utility's run
    bool isMainframe = false;           ///< PLATFORM: z/OS, where some rules differ

    Sourced<int16_t> fromTime, toTime; ///< minutes of the day (CTM-050)
    Sourced<int32_t> fromDays, toDays; ///< days behind the order date that they belong to
    Sourced<bool> isOpenEnded;         ///< TIMETO `>` (CTM-051)
    Sourced<llvm::StringRef> timezone; ///< as written (CTM-055)
    Sourced<int32_t> maxWait;          ///< days (CTM-005)
    static constexpr int32_t forEver = 99;
    Sourced<int32_t> keepNotOk; ///< days that a folder stays that ended NOTOK
    Sourced<bool> confirm, retro, critical;
    Sourced<llvm::StringRef> priority; ///< `AA`…`99`: a later one is served first (CTM-082)

    bool isCyclic = false;
    ConstructId cyclicFrom; ///< CYCLIC
    Cycle cycle;            ///< of a cyclic entity
    /// INTERVAL; of what is not cyclic the minutes before a rerun (CTM-067).
    Sourced<int32_t> interval;
    Sourced<int64_t> maxRerun;

    std::vector<LockUse> locks;
    Sourced<bool> endsFolder; ///< END_FOLDER (CTM-091)
    bool hasEnder = false;    ///< of a folder: a member of it has END_FOLDER
    /// CTM-092, of a folder.
    enum class Adjust : uint8_t { none, drop, dummy, bridge } adjust = Adjust::none;
    ConstructId adjustFrom;

    std::vector<EndRule> rules;
    std::vector<Shout> shouts;
    std::vector<OrderVariable> variables;
    Sourced<llvm::StringRef> runAsDummy; ///< TASKTYPE Dummy of what else has an action

    /// Not empty: what of it hoist has no model for (reported as F0016).
    llvm::StringRef unmodelled;
};

} // namespace hoist::ir
