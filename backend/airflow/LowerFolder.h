// The state of lowering one folder of Control-M, shared by the files that lower its parts.
//
// A folder is a DAG, an order of it a DAG run. Each job is one task that submits itself when all
// its criteria hold (CTM-004), so nothing stands in front of it; a SMART folder has a task before
// and one behind its jobs where it waits for something or leaves something (CTM-090, CTM-091).
#pragma once

#include "backend/airflow/DagLowering.h"
#include "backend/airflow/FolderUnits.h"
#include "frontend/ir/ForcedOrders.h"
#include "frontend/ir/SharedVariables.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringMap.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hoist::airflow {

/// What the whole estate says about dated facts and calendars; one for all folders.
class OrderFacts {
public:
    explicit OrderFacts(ir::Estate const& estate);

    /// The job whose end is all that a wait for this fact waits for; invalid: it is a fact in the
    /// table. An edge is exact where one job adds it, on OK and for its own order date, in the same
    /// folder, and only who alone waits for it deletes it (CTM-019, TR-31).
    ir::JobId producerOf(ir::JobId consumer, ir::Atom const& atom) const;

    /// Whom rules order.
    ir::ForcedOrders const& forcedOrders() const { return forced; }
    ir::SharedVariables const& sharedVariables() const { return shared; }
    /// Facts of tables whose servers are not all named.
    bool hasUnnamedServer() const { return unnamed && named; }
    /// Do several calendars have the name of this one?
    bool isAmbiguous(ir::CalendarId calendar) const {
        return calendarsOfName.lookup(estate.calendars[calendar].name) > 1;
    }

private:
    bool isCyclic(ir::JobId job) const;

    struct Fact {
        llvm::SmallVector<std::pair<ir::JobId, ir::FactChange const*>, 1> changes;
        llvm::SmallVector<ir::JobId, 1> consumers;
    };
    ir::Estate const& estate;
    ir::ForcedOrders forced;
    llvm::StringMap<Fact> facts; ///< server, NUL, name
    llvm::StringMap<unsigned> calendarsOfName;
    ir::SharedVariables shared{estate};
    bool unnamed = false, named = false;
};

/// What ON rules come to, where that is exact.
struct EndRules {
    std::string exitRule; ///< as the shims have it; empty: exit code 0 alone is OK
    /// Changes of facts, forced orders, variables and messages, in the order of the rules.
    std::vector<ir::EndAction const*> onOk, onNotOk;
    bool reruns = false;
    bool stopsOnOk = false, stopsOnNotOk = false; ///< its cycle
    /// They depend on their order, on counts or on output: none of the above but `reruns`, but the
    /// rules themselves, one after the other.
    bool areListed = false;
    std::vector<ir::EndAction const*> dropped; ///< of which people are told
    std::string problem;                       ///< not empty: what has no exact form
    Span problemAt;
    ir::ConstructId problemOf;
    llvm::StringRef problemWhy;
};
/// `hasExitRule`: its operator has an argument that says which exit codes are OK; `hasCodes`: see
/// ir::canTell.
EndRules readEndRules(ir::OrderPolicy const& policy, bool hasExitRule, bool hasCodes);

/// Is its action one of an adapter that hoist has no operator for?
bool hasNoForm(ir::Job const& job);

/// The shell that the first line of a script names; empty: none does, or no plain shell.
std::string shellOf(llvm::StringRef script);

class FolderLowering : DagLowering {
public:
    FolderLowering(ir::WorkflowId id, LowerContext& context, OrderFacts const& facts,
                   OrderUnits const& units);

    /// Reports all that has no exact form (F0015). False: there is something.
    bool check();
    Dag run();

private:
    // FolderCycles.cpp
    void checkRepetition(ir::JobId id);
    void checkCyclicFolder(ir::JobId id);
    void lowerCycle(ir::JobId id, Py::Keywords& arguments, EndRules const& rules);

    // FolderRefusals.cpp
    void checkFolder();
    void checkEntity(ir::JobId id);
    void checkAction(ir::JobId id);
    void checkPlace(ir::JobId id);
    void checkUnits(ir::JobId id);
    void checkFacts(ir::JobId id);
    void checkForcedOrders(ir::JobId id);
    char const* whyNotAlone(llvm::ArrayRef<ir::JobId> targets) const;
    // FolderVariables.cpp
    void checkVariables(ir::JobId id);
    using Variables = std::map<std::string, ir::OrderVariable const*>;
    /// Every variable in a text must have a value; `help`: what to do about an unclear one.
    void checkText(ir::JobId id, llvm::StringRef text, Span where, ir::ConstructId construct,
                   std::string const& help = {});
    void checkMoments(ir::JobId id);
    struct UsedText {
        llvm::StringRef text;
        bool isValue = false; ///< of a variable: it may be a function
    };
    struct Trouble {
        Span where;
        ir::ConstructId construct;
        std::string what, why;
    };
    class Reading;
    std::optional<Trouble> troubleOf(ir::JobId id, UsedText const& text, Span where,
                                     ir::ConstructId construct) const;
    ir::OrderVariable const* statementOf(ir::JobId id, llvm::StringRef name,
                                         Variables const& known) const;
    static bool mayChange(llvm::StringRef name, Variables const& known);
    /// What more than the job itself may see: it stops the folder.
    void checkSettings(ir::JobId id, EndRules const& rules);
    /// DOVARIABLE, in the order of the rules.
    template <typename Visit>
    void forEachSetByRule(ir::JobId id, Visit visit) const {
        ir::forEachSetting(policyOf(id), visit);
    }
    struct Setting {
        llvm::StringRef name, value;
        Span span;
        ir::ConstructId construct;
        std::string what;
    };
    void checkSetting(ir::JobId id, Setting const& setting);
    /// Has it a value, or may it have one when it is asked for?
    bool isKnownName(ir::JobId id, llvm::StringRef name, Variables const& known) const;
    /// May its texts have no value when it is submitted (CTM-104)?
    bool mayLackValue(ir::JobId id) const;
    /// What the outermost SMART folder gives a variable.
    ir::OrderVariable const* ofRoot(llvm::StringRef name) const;
    bool isInOuterFolder(ir::JobId id) const {
        return estate.jobs[id].box == workflow.root && !estate.isContainer(workflow.root);
    }
    void lowerVariables(ir::JobId id, Py::Keywords& arguments, std::vector<UsedText> texts);
    void lowerSubmittedSettings(ir::JobId id, Py::Keywords& arguments,
                                std::vector<UsedText>& texts);
    /// Has a text of a message only variables that have values?
    bool isResolved(ir::JobId id, llvm::StringRef text) const;
    /// With a text of its action.
    std::vector<UsedText> textsWith(ir::JobId id, llvm::StringRef text) const;
    std::vector<UsedText> textsOfEnd(ir::JobId id) const;
    static std::string settingText(llvm::StringRef written, llvm::StringRef value);

    // FolderRefusals.cpp
    void checkRules(ir::JobId id, EndRules const& rules);
    void refuse(ir::JobId id, Span where, ir::ConstructId construct, std::string const& what,
                llvm::StringRef why, std::string const& help = {});
    /// Of what a job executes, and how often: it stops the job alone, whose task always fails.
    void fail(ir::JobId id, Span where, ir::ConstructId construct, std::string const& what,
              llvm::StringRef why, std::string const& help = {});
    void checkScript(ir::JobId id, ir::ScriptAction const& script);

    // LowerFolder.cpp
    void findEdges();
    struct Wait {
        ir::ExprId expr;
        ir::JobId producer; ///< invalid: no edge can stand for it
    };
    std::vector<Wait> waitsOf(ir::JobId id);
    using Components = llvm::DenseMap<uint32_t, uint32_t>; ///< by job
    /// Does one wait for the other, over any number of edges so far? `within`: of a circle's jobs.
    bool reaches(ir::JobId from, ir::JobId to, Components const* within = nullptr) const;
    void lowerEntity(ir::JobId id);
    void lowerGroup(ir::JobId id);
    void lowerJob(ir::JobId id);
    bool isSilent(ir::JobId id);
    Py::Keywords submission(ir::JobId id, bool isFolder);
    // FolderActions.cpp
    void lowerAction(ir::JobId id, Task& task);
    void lowerCommand(ir::JobId id, Task& task);
    void lowerFailing(ir::JobId id, Task& task);
    /// What an operator of the site does not get: variables, and the parameters of a script.
    std::vector<ir::KeptAttribute> unreadOf(ir::JobId id) const;
    void lowerSiteOperator(ir::JobId id, Task& task, Placement const& placement);
    /// Where and as whom it runs.
    void lowerMachine(ir::JobId id, Task& task);

    // LowerFolder.cpp
    void lowerChanges(ir::JobId id, Py::Keywords& arguments, EndRules const& rules);
    /// Settles all messages: those that lowerChanges has written, and those that have no form.
    void settleMessages(ir::JobId id, EndRules const& rules);
    /// Is anybody told by SHOUT that it has ended (CTM-078)?
    bool shoutsAtEnd(ir::JobId id) const;
    void lowerPolicies(ir::JobId id, Py::Keywords& arguments, EndRules const& rules);
    /// The pool that its units come from; false: it needs none.
    bool lowerUnits(ir::JobId id, Py::Keywords& arguments);
    void closeFolders();
    Nodes unawaited(ir::JobId folder) const;
    void finish();
    void settlePolicies();

    // FolderRules.cpp
    EndRules endRulesOf(ir::JobId id) const;
    /// `rules=[…]`: what a test asks, and what is done, in the words of docs/runtime.md.
    Py listedRules(ir::JobId id, EndRules const& rules) const;
    std::string actionText(ir::Job const& job, ir::EndAction const& action) const;

    // FolderPlugIns.cpp
    void checkWatcher(ir::JobId id, ir::FileWatchAction const& watch);
    void checkQuery(ir::JobId id, ir::QueryAction const& query);
    void lowerWatcher(ir::JobId id, Task& task, ir::FileWatchAction const& watch);
    void lowerQuery(ir::JobId id, Task& task, ir::QueryAction const& query);
    /// Of the parameters those that the action does not say.
    void checkParameters(ir::JobId id, std::vector<ir::ConstructId> const& understood);

    // FolderVerdict.cpp
    bool waitsForSomething(ir::JobId id) const;
    Nodes hiddenFailures() const;
    void lowerVerdict();

    // FolderSchedule.cpp
    void lowerSchedule();
    Py daysOf(ir::Ordering const& ordering);
    Py::Keywords ruleArguments(ir::OrderRule const& rule);
    /// The text of an entity's own criteria: equal texts mean equal days.
    std::string const& criteriaText(ir::JobId id);
    bool haveEqualDates(ir::JobId a, ir::JobId b);

    ir::OrderPolicy const& policyOf(ir::JobId id) const {
        return estate.orderPolicies[estate.jobs[id].orders];
    }
    /// Does the site run it by an operator of its own?
    bool isMapped(ir::JobId id) const;
    /// The zone that it says, or a folder around it, where that is not the site's; empty: none.
    std::string ownZone(ir::JobId id) const;
    bool isAhead(llvm::StringRef zone) const;
    bool isEarly() const;
    /// New Day of its day was missed: others of the folder are ordered later, it is not (CTM-047).
    bool isLost(ir::JobId id) const {
        return catchesUp && id != workflow.root && isPlainMember(id) && !policyOf(id).retro.value;
    }
    /// What New Day orders itself: the jobs of a plain folder, else the folder (CTM-094).
    std::vector<ir::JobId> orderedByNewDay() const;
    bool isOrderedByNewDay(ir::JobId id) const {
        return id == workflow.root || estate.isContainer(estate.jobs[id].box);
    }
    bool isPlainMember(ir::JobId id) const { return estate.isContainer(estate.jobs[id].box); }
    /// ADJUST_COND of the SMART folder around it (CTM-092).
    ir::OrderPolicy::Adjust adjustOf(ir::JobId id) const {
        ir::JobId const box = estate.jobs[id].box;
        return box ? policyOf(box).adjust : ir::OrderPolicy::Adjust::none;
    }
    /// Is it ordered as a dummy on days that are not its own?
    bool isFilled(ir::JobId id) const {
        return !estate.jobs[id].group && adjustOf(id) == ir::OrderPolicy::Adjust::dummy;
    }
    /// Does the folder run again when it has ended (CTM-093)?
    bool isCyclicFolder() const { return policyOf(workflow.root).isCyclic; }
    bool isConfirmed(ir::JobId id) const { return policyOf(id).confirm.value; }
    bool hasStart(ir::JobId id) const;
    bool hasEnd(ir::JobId id) const;
    /// `%%NAME` → value: its own, and those of the SMART folders around it (CTM-093).
    Variables const& variablesOf(ir::JobId id) const;
    std::string forceText(ir::EndAction const& action) const;
    Py::Dict lateMessages(ir::JobId id) const;
    Py::List changesOf(ir::JobId id, EndRules const& rules, bool isOk) const;
    void keepOnly(ir::JobId id, Span where, ir::ConstructId construct, llvm::StringRef what);
    /// The same of a message, whose definition is not among the attributes.
    void keepMessage(ir::JobId id, Span where, ir::ConstructId construct, llvm::StringRef what);
    KeptMessages keptMessages;

    OrderFacts const& orderFacts;
    OrderUnits const& orderUnits;
    /// What has no exact form of a job that is written all the same (F0002).
    struct Failing {
        Span where;
        ir::ConstructId construct;
        std::string what, why, help;
    };
    llvm::DenseMap<uint32_t, std::vector<Failing>> failing; ///< by job
    Py schedule;
    bool isRefused = false;
    bool catchesUp = false;        ///< some that New Day orders make up for missed days (CTM-047)
    std::vector<ir::JobId> enders; ///< of their folders (CTM-091)
    bool hasOneRhythm = true;      ///< all members have the DAG's criteria
    llvm::DenseMap<uint32_t, llvm::SmallVector<ir::JobId, 2>> edges; ///< consumer → producers
    llvm::DenseMap<uint32_t, ir::ExprId> waits; ///< what is left of its condition
    llvm::DenseMap<uint32_t, TaskId> taskOf, startOf, endOf;
    llvm::DenseMap<uint32_t, BoxId> boxOf;
    mutable std::map<uint32_t, Variables> variables; ///< by job; references to them stay
    std::map<uint32_t, std::string> criteriaTexts;   ///< by ordering; references to them stay
};

} // namespace hoist::airflow
