// What file watchers and queries of Control-M say, field by field, against their tasks
// (CTM-120…125).
#include "analysis/equivalence/JobComparison.h"

#include <fmt/format.h>

namespace hoist::equivalence {

void JobComparison::compareNumber(char const* name, ir::Sourced<int64_t> const& legacy,
                                  int64_t otherwise, char const* what) {
    nlohmann::json const& given = argument(name);
    double const theirs = given.is_number() ? given.get<double>() : static_cast<double>(otherwise);
    int64_t const ours = legacy ? *legacy : otherwise;
    if (theirs != static_cast<double>(ours))
        differ(
            Aspect::action, at(legacy.from), fmt::format("{} {}", ours, what),
            fmt::format("{:g} {}", theirs, what),
            fmt::format("{} would take its file for there, or give up, at another time (CTM-121, "
                        "CTM-124)",
                        job.name.str()));
}

void JobComparison::compareFlag(char const* name, ir::Sourced<bool> const& legacy, char const* ifSo,
                                char const* ifNot) {
    bool const theirs = isTrue(argument(name));
    if (theirs != legacy.value)
        differ(Aspect::action, at(legacy.from), legacy.value ? ifSo : ifNot, theirs ? ifSo : ifNot,
               fmt::format("{} would do something else", job.name.str()));
}

void JobComparison::compareText(char const* name, ir::Sourced<llvm::StringRef> const& legacy,
                                char const* what) {
    std::string const theirs = text(argument(name));
    if (!isSameText(*legacy, theirs))
        differ(Aspect::action, at(legacy.from), excerpt(*legacy, theirs), excerpt(theirs, *legacy),
               fmt::format("{} would {}", job.name.str(), what));
}

void JobComparison::compareOrderedWatcher(ir::FileWatchAction const& action) {
    compareText("path", action.path, "wait for another file (CTM-120)");
    compareFlag("deletes", action.waitsForDeletion, "waits until it is deleted",
                "waits until it is there");
    compareFlag("weighs_patterns", action.weighsPatterns, "sizes count for patterns, too",
                "of a pattern the first match is enough");
    compareNumber("min_size", action.minSize, 0, "bytes at least");
    compareNumber("interval", action.interval, 60, "s between two looks");
    compareNumber("size_interval", action.sizeInterval, 10, "s between two looks at its size");
    compareNumber("size_looks", action.sizeLooks, 3, "looks at which its size is unchanged");
    compareNumber("time_limit", action.timeLimit, 0, "minutes at most, if any");
    compareVariables({*action.path});
    if (action.waitsForDeletion.value)
        assume("file-is-there:" + job.name.str(),
               fmt::format("the file that {} waits to be deleted is there when it starts",
                           job.name.str()));
}

void JobComparison::compareOrderedQuery(ir::QueryAction const& action) {
    compareText("query", action.query, "execute another statement (CTM-125)");
    std::string const theirs = text(argument("conn_id"));
    if (placement.connection && placement.connection.value == theirs)
        assumeRule(placement.connection.rule, "connection = " + theirs);
    else
        compareText("conn_id", action.connection, "ask another database (CTM-125)");
    compareFlag("autocommit", action.commitsEach, "commits what it changes at once",
                "commits what it changes at its end");
    compareVariables({*action.query});
    assume("connection-profile-is-the-connection:" + action.connection->str(),
           "the Airflow connection leads to the database, as the user, of the connection profile");
}

} // namespace hoist::equivalence
