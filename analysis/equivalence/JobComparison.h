// One job against one task: what the comparisons of commands, watchers and policies share.
#pragma once

#include "analysis/equivalence/ExitCodes.h"
#include "analysis/equivalence/Fields.h"

#include <map>

namespace hoist::equivalence {

using Aspect = Difference::Aspect;

/// Which operator a task is, as far as its effect is known.
enum class Operator : uint8_t {
    command, ///< the shims of hoist_airflow
    watcher,
    refusal, ///< Opaque, Unsupported
    bash,    ///< of Airflow's providers
    ssh,
    fileSensor,
    empty,
    orderedCommand, ///< of hoist_airflow.order
    orderedDummy,
    orderedWatcher,
    orderedQuery,
    other,
};

/// An alarm in the words of docs/runtime.md.
struct WantedAlarm {
    std::string key;
    nlohmann::json value;
    ir::ConstructId from; ///< where it is defined
};
std::vector<WantedAlarm> alarmsOf(ir::Estate const& estate, ir::Job const& job);
/// What is wanted against an `alarms` object of Airflow's side, key by key. `differ` gets no
/// construct for an alarm that nobody wanted.
void compareAlarms(std::vector<WantedAlarm> const& legacy, nlohmann::json const& theirs,
                   std::string const& name,
                   llvm::function_ref<void(ir::ConstructId from, std::string legacy,
                                           std::string airflow, std::string consequence)>
                       differ);

/// What the ends of a job or box change in the table of facts, against what a task says of it.
void compareEndFacts(ir::Estate const& estate, ir::Job const& job, nlohmann::json const& facts,
                     nlohmann::json const& businessDay,
                     llvm::function_ref<void(Span where, std::string legacy, std::string airflow,
                                             std::string consequence)>
                         differ);

class JobComparison {
public:
    JobComparison(FieldComparison& all, JobId job, target::Dag const& dag, target::Task const& task,
                  Findings& out);
    void run();
    /// Of a job of Control-M; `ticks`: when its DAG makes runs.
    void compareOrder(llvm::ArrayRef<int64_t> ticks);
    /// ResourceFields.cpp
    void comparePools();

private:
    // CommandFields.cpp
    void compareShimCommand(ir::CommandAction const& action);
    void compareStockCommand(ir::CommandAction const& action);
    void compareTemplate(ir::CommandAction const& action, llvm::StringRef argument,
                         llvm::ArrayRef<llvm::StringRef> fileExtensions);
    void compareStdFile(char const* argument, ir::Sourced<llvm::StringRef> const& file);
    void compareEnvironment(ir::CommandAction const& action, bool isTemplate);
    void compareExitCodes(ExitCodes const& theirs, std::string const& said);
    void compareSkipCodes();
    // PlaceFields.cpp
    void compareMachine(bool isShim);
    void compareStockPlace();
    void compareVia();
    void compareQueue();
    std::vector<std::string> machinesOf() const;
    // WatchFields.cpp
    void compareShimWatcher(ir::FileWatchAction const& action);
    void compareFileSensor(ir::FileWatchAction const& action);
    // PolicyFields.cpp
    void compareRetries();
    void compareTimeLimit();
    void compareNoExec();
    void compareControl();
    // ResourceFields.cpp
    void comparePriority(std::string const& pool);
    // AlarmFields.cpp
    void compareAlarms();
    void compareManifestAlarms();
    // FactFields.cpp
    void compareEndFacts();

    // orders/OrderFields.cpp
    void compareOrderedText(char const* name, ir::Sourced<llvm::StringRef> const& legacy);
    void compareScript(ir::ScriptAction const& script);
    void compareVariables(std::vector<llvm::StringRef> texts);
    std::vector<llvm::StringRef> compareSettings();
    void foldersOwn(std::map<std::string, llvm::StringRef>& known) const;
    void compareStockOrder(ir::CommandAction const& action, llvm::ArrayRef<int64_t> ticks);
    void compareDatedCommand(ir::CommandAction const& action, std::string const& raw,
                             llvm::ArrayRef<int64_t> ticks);
    void comparePlace();
    void compareOrderedPlace(bool hasUser);
    void compareMessages();
    // orders/PlugInFields.cpp
    void compareOrderedWatcher(ir::FileWatchAction const& action);
    void compareOrderedQuery(ir::QueryAction const& action);
    void compareNumber(char const* argument, ir::Sourced<int64_t> const& legacy, int64_t otherwise,
                       char const* what);
    void compareFlag(char const* argument, ir::Sourced<bool> const& legacy, char const* ifSo,
                     char const* ifNot);
    void compareText(char const* argument, ir::Sourced<llvm::StringRef> const& legacy,
                     char const* what);
    std::string rootName() const;

    bool isRefusal();
    bool isBySiteOperator();
    void compareKept();

    // Reading the export. Null where it says nothing.
    nlohmann::json const& argument(llvm::StringRef name) const;
    nlohmann::json const& field(llvm::StringRef name) const;
    std::string text(nlohmann::json const& value) const; ///< "" for null
    bool isTrue(nlohmann::json const& value) const;
    static bool isAbsent(nlohmann::json const& value); ///< not even null is said
    bool isShim() const {
        return kind == Operator::command || kind == Operator::watcher ||
               kind == Operator::orderedCommand || kind == Operator::orderedDummy ||
               kind == Operator::orderedWatcher || kind == Operator::orderedQuery;
    }
    /// A shim, or a stock operator that `legacy(…)` made one.
    bool isLegacy() const { return isShim() || wrapped; }
    Span at(ir::ConstructId construct) const; ///< or the job's name

    // Telling.
    void differ(Aspect aspect, Span where, std::string legacy, std::string airflow,
                std::string consequence);
    void assume(std::string name, std::string words);
    void assumeRule(size_t rule, llvm::StringRef what);
    void unknown(std::string reason);

    FieldComparison& all;
    ir::Estate const& estate;
    JobId id;
    ir::Job const& job;
    target::Dag const& dag;
    target::Task const& task;
    Findings& out;
    size_t firstAssumption; ///< of this job
    Placement placement;
    bool wrapped = false; ///< by `legacy(…)`; set together with `kind`, so it stands before it
    Operator kind = Operator::other;
};

/// Whether a text of the export is these bytes. JSON holds no bytes that are no UTF-8: they stand
/// there as Latin-1 or as Python's surrogates.
bool isSameText(llvm::StringRef bytes, llvm::StringRef exported);
/// One line for people, around the first place where two texts differ.
std::string excerpt(llvm::StringRef text, llvm::StringRef other);
std::string inTicks(llvm::StringRef text);
std::string seconds(int64_t count); ///< "90 minutes", "45 s"
/// `$$NAME` and `$${NAME}` as one form; equal for two texts that differ in the spelling only.
std::string canonicalGlobals(llvm::StringRef text);
/// Whether a text refers to a global variable (JIL-162).
bool hasGlobals(llvm::StringRef text);

} // namespace hoist::equivalence
