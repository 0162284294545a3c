// File watchers: which file, when it counts as there, and how long anybody waits (TR-48).
#include "analysis/equivalence/JobComparison.h"

#include <fmt/format.h>

namespace hoist::equivalence {
namespace {

constexpr int64_t defaultInterval = 60; // seconds, both sides

} // namespace

static int64_t numberOr(nlohmann::json const& value, int64_t otherwise) {
    return value.is_number() ? static_cast<int64_t>(value.get<double>()) : otherwise;
}

void JobComparison::compareShimWatcher(ir::FileWatchAction const& action) {
    std::string const name = job.name.str();
    if (std::string const path = text(argument("path")); !isSameText(*action.path, path))
        differ(Aspect::action, at(action.path.from), excerpt(*action.path, path),
               excerpt(path, *action.path), fmt::format("{} would wait for another file", name));
    int64_t const minSize = action.minSize ? *action.minSize : 0;
    if (int64_t const theirs = numberOr(argument("min_size"), 0); minSize != theirs)
        differ(Aspect::action, at(action.minSize.from), fmt::format("at least {} bytes", minSize),
               fmt::format("at least {} bytes", theirs),
               fmt::format("{} would succeed at another size of its file (JIL-061)", name));
    int64_t const interval = action.interval ? *action.interval : defaultInterval;
    if (int64_t const theirs = numberOr(argument("interval"), defaultInterval); interval != theirs)
        differ(
            Aspect::action, at(action.interval.from), "steady for " + seconds(interval),
            "steady for " + seconds(theirs),
            fmt::format("{} would take its file for complete after another time (JIL-061)", name));
    compareMachine(false);
    compareVia();
}

void JobComparison::compareFileSensor(ir::FileWatchAction const& action) {
    std::string const name = job.name.str();
    Span const where = at(action.path.from);
    std::string const path = text(argument("filepath"));
    bool const isTemplate = llvm::StringRef(path).contains("{{");
    if (!isSameText(*action.path, path) || isTemplate ||
        (job.dialect == ir::Dialect::jil && hasGlobals(path)))
        differ(Aspect::action, where, excerpt(*action.path, path), excerpt(path, *action.path),
               fmt::format("{} would wait for another file", name));
    differ(Aspect::action, where, "exists, is large enough and steady", "exists",
           fmt::format("{} would succeed while its file is still being written (TR-48)", name));
    nlohmann::json const& timeout = argument("timeout");
    int64_t const limit = numberOr(timeout, 604800); // a week: Airflow's default
    bool const isLegacyLimit = job.termRunTime && *job.termRunTime * 60 == limit;
    if (!isLegacyLimit)
        differ(Aspect::limit, at(job.termRunTime.from), "waits for ever",
               "gives up after " + seconds(limit),
               fmt::format("{} would {} when its file comes later than that (TR-48)", name,
                           isTrue(argument("soft_fail")) ? "be skipped" : "fail"));
    std::vector<std::string> const machines = machinesOf();
    if (!machines.empty()) {
        std::string const connection = text(argument("fs_conn_id"));
        if (placement.executor && placement.executor.value == "local")
            assumeRule(placement.executor.rule, "executor = local");
        else if (placement.connection && placement.connection.value == connection)
            assumeRule(placement.connection.rule, "connection = " + connection);
        else
            differ(Aspect::action, at(job.machines.from), "on " + machines.front(),
                   "on the Airflow worker",
                   fmt::format("{} would look for its file on another host (TR-49)", name));
    }
}

} // namespace hoist::equivalence
