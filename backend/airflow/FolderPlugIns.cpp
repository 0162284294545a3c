// Jobs of plug-ins that have operators of their own: file watchers and queries (CTM-120…125). Each
// parameter is one that the operator has, or stops the job by its name (F0002).
#include "backend/airflow/LowerFolder.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

namespace hoist::airflow {

using ir::JobId;

void FolderLowering::checkParameters(JobId id, std::vector<ir::ConstructId> const& understood) {
    for (ir::KeptAttribute const& kept : estate.jobs[id].kept)
        if (!llvm::is_contained(understood, kept.construct))
            fail(id, estate.constructs.span(kept.construct), kept.construct, kept.key.str(),
                 "what this parameter says is not lowered yet");
    EndRules const rules = endRulesOf(id);
    if (!rules.exitRule.empty() || rules.areListed)
        fail(id, policyOf(id).rules.front().span, policyOf(id).rules.front().construct, "ON",
             "rules that ask for more than the status of a plug-in, or turn it, are not lowered "
             "yet (CTM-070)");
}

void FolderLowering::checkWatcher(JobId id, ir::FileWatchAction const& watch) {
    checkParameters(id, watch.understood);
    if (!watch.path) {
        fail(id, {}, {}, "FILE_PATH", "it names no file (CTM-120)");
        return;
    }
    Span const where = estate.constructs.span(watch.path.from);
    auto const no = [&](char const* why) {
        fail(id, where, watch.path.from, watch.path->str(), why);
    };
    if (watch.path->contains('\\'))
        no("files on Windows are not lowered yet");
    else if (!watch.path->starts_with("/") && !watch.path->starts_with("%%"))
        no("it is no absolute path: from where it leads, nobody says (CTM-120)");
    checkText(id, *watch.path, where, watch.path.from);
}

void FolderLowering::checkQuery(JobId id, ir::QueryAction const& query) {
    checkParameters(id, query.understood);
    if (!query.connection)
        fail(id, {}, {}, "ConnectionProfile", "it names no database (CTM-125)");
    else if (query.connection->contains("%%"))
        fail(id, estate.constructs.span(query.connection.from), query.connection.from,
             query.connection->str(), "which database a variable names, nobody says here");
    if (!query.query) {
        fail(id, {}, {}, "Query", "it has no text that could be read (CTM-125)");
        return;
    }
    Span const where = estate.constructs.span(query.query.from);
    auto const no = [&](char const* why) { fail(id, where, query.query.from, "Query", why); };
    llvm::StringRef statement = query.query->rtrim();
    statement.consume_back(";");
    if (statement.trim().empty())
        no("it is empty");
    else if (statement.contains(';'))
        no("how several statements are parted and committed is not documented (CTM-125)");
    else if (statement.contains('\\'))
        no("whether a backslash begins a line there, or is one, is not sure (CTM-125)");
    checkText(id, *query.query, where, query.query.from);
}

void FolderLowering::lowerWatcher(JobId id, Task& task, ir::FileWatchAction const& watch) {
    task.operatorClass = "OrderedFileWatcher";
    task.arguments.emplace_back("path", Py(*watch.path));
    auto const flag = [&](char const* name, ir::Sourced<bool> const& value) {
        if (value.value)
            task.arguments.emplace_back(name, Py(true));
    };
    auto const number = [&](char const* name, ir::Sourced<int64_t> const& value,
                            int64_t otherwise) {
        if (value && *value != otherwise)
            task.arguments.emplace_back(name, Py(*value));
    };
    flag("deletes", watch.waitsForDeletion);
    number("min_size", watch.minSize, 0);
    flag("weighs_patterns", watch.weighsPatterns);
    number("interval", watch.interval, 60);
    number("size_interval", watch.sizeInterval, 10);
    number("size_looks", watch.sizeLooks, 3);
    number("time_limit", watch.timeLimit, 0);
    if (watch.waitsForDeletion.value)
        assume("file-is-there:" + estate.jobs[id].name.str());
    for (ir::ConstructId const construct : watch.understood)
        exact(construct, "file watcher of an order");
    lowerVariables(id, task.arguments, textsWith(id, *watch.path));
    lowerMachine(id, task);
}

void FolderLowering::lowerQuery(JobId id, Task& task, ir::QueryAction const& query) {
    std::string const connection = query.connection->str();
    task.operatorClass = "OrderedQuery";
    task.arguments.emplace_back("query", Py(*query.query));
    std::string const ownConnection = context.site.placementOf(estate, id).connection;
    task.arguments.emplace_back("conn_id", Py(ownConnection.empty() ? connection : ownConnection));
    if (query.commitsEach.value)
        task.arguments.emplace_back("autocommit", Py(true));
    if (ownConnection.empty())
        context.databases.insert(connection);
    assume("connection-profile-is-the-connection:" + connection);
    exact(query.from, "query");
    for (ir::ConstructId const construct : query.understood)
        exact(construct, "query");
    lowerVariables(id, task.arguments, textsWith(id, *query.query));
    exact(estate.jobs[id].machines.from, "none: Airflow's worker asks the database");
}

} // namespace hoist::airflow
