// Where a job runs, and as whom.
#include "analysis/equivalence/JobComparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace hoist::equivalence {

/// The machines one of which is chosen; those of virtual machines instead of these (JIL-036,
/// JIL-051). Sorted.
std::vector<std::string> JobComparison::machinesOf() const {
    std::vector<std::string> names;
    for (llvm::StringRef name : job.machines.value) {
        auto it = estate.machineByName.find(name);
        if (it == estate.machineByName.end() || estate.machines[it->second].parts.empty()) {
            names.push_back(name.str());
            continue;
        }
        for (auto const& part : estate.machines[it->second].parts)
            names.push_back(part.name.str());
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

void JobComparison::compareMachine(bool hasUser) {
    std::string const name = job.name.str();
    std::vector<std::string> theirs;
    nlohmann::json const& given = argument("machine");
    if (given.is_array())
        for (nlohmann::json const& machine : given)
            theirs.push_back(text(machine));
    else if (!given.is_null())
        theirs.push_back(text(given));
    std::sort(theirs.begin(), theirs.end());
    std::vector<std::string> const legacy = machinesOf();
    bool const same = std::equal(legacy.begin(), legacy.end(), theirs.begin(), theirs.end(),
                                 [](auto const& a, auto const& b) { return isSameText(a, b); });
    if (!same)
        differ(Aspect::action, at(job.machines.from),
               legacy.empty() ? "no machine" : fmt::format("on {}", fmt::join(legacy, " or ")),
               theirs.empty() ? "on the Airflow worker"
                              : fmt::format("on {}", fmt::join(theirs, " or ")),
               fmt::format("{} would run on another host (TR-49)", name));
    if (!hasUser)
        return;
    std::string const user = job.owner->split('@').first.str();
    std::string const theirUser = text(argument("owner_user"));
    if (!isSameText(user, theirUser))
        differ(Aspect::action, at(job.owner.from), user.empty() ? "no owner" : "as " + user,
               theirUser.empty() ? "as the user of the connection" : "as " + theirUser,
               fmt::format("{} would run as another user (TR-49)", name));
    if (std::string const runAs = text(field("run_as_user")); !runAs.empty())
        differ(Aspect::action, at(job.owner.from), user.empty() ? "no owner" : "as " + user,
               "run_as_user " + runAs,
               fmt::format("the worker would start {} as another user than its own", name));
}

void JobComparison::compareVia() {
    std::string const name = job.name.str();
    std::string via = text(argument("via"));
    if (via.empty())
        via = "connection";
    std::string const wantedVia =
        placement.executor ? placement.executor.value : std::string("connection");
    if (via != wantedVia)
        differ(Aspect::action, at(job.machines.from),
               placement.executor ? fmt::format("rule {} of hoist.toml says executor {}",
                                                placement.executor.rule, wantedVia)
                                  : std::string("through the machine's connection"),
               "via " + via, fmt::format("{} would reach its machine another way", name));
    else if (placement.executor)
        assumeRule(placement.executor.rule, "executor = " + wantedVia);
    std::string const connection = text(argument("connection"));
    std::string const wanted = placement.connection.value;
    if (connection != wanted)
        differ(Aspect::action, at(job.machines.from),
               wanted.empty() ? std::string("the connection of its machine")
                              : fmt::format("rule {} of hoist.toml says connection {}",
                                            placement.connection.rule, wanted),
               connection.empty() ? "the connection of its machine" : "connection " + connection,
               fmt::format("{} could run on another host", name));
    else if (placement.connection)
        assumeRule(placement.connection.rule, "connection = " + wanted);
    if (via == "local")
        return;
    if (!connection.empty())
        assume(
            "connection:" + connection,
            fmt::format("the Airflow connection {} leads to the machine of {}", connection, name));
    else
        for (std::string const& machine : machinesOf())
            assume("connection:" + machine,
                   fmt::format("the Airflow connection {0} leads to machine {0}", machine));
}

/// Stock operators run on the worker that their queue leads to, or where their connection leads.
void JobComparison::compareStockPlace() {
    std::string const name = job.name.str();
    std::vector<std::string> const machines = machinesOf();
    if (kind == Operator::ssh) {
        std::string const connection = text(argument("ssh_conn_id"));
        std::string const host = text(argument("remote_host"));
        std::string const wanted = placement.connection   ? placement.connection.value
                                   : machines.size() == 1 ? machines.front()
                                                          : std::string();
        if (!wanted.empty() && (connection == wanted || host == wanted)) {
            if (placement.connection)
                assumeRule(placement.connection.rule, "connection = " + wanted);
            assume(
                "connection:" + wanted,
                fmt::format("the Airflow connection {} leads to the machine of {}", wanted, name));
        } else {
            differ(Aspect::action, at(job.machines.from),
                   machines.empty() ? "no machine"
                                    : fmt::format("on {}", fmt::join(machines, " or ")),
                   fmt::format("connection {}{}", connection.empty() ? "of no name" : connection,
                               host.empty() ? "" : ", host " + host),
                   fmt::format("{} could run on another host (TR-49)", name));
        }
        if (nlohmann::json const& limit = argument("cmd_timeout"); isAbsent(limit))
            unknown("the export does not tell cmd_timeout, after which SSHOperator gives up (10 s "
                    "by default)");
        else if (limit.is_number())
            differ(Aspect::limit, at(job.termRunTime.from), "no limit of silence",
                   fmt::format("cmd_timeout {} s", limit.get<double>()),
                   fmt::format("{} would fail when its command is silent for that long", name));
    } else if (!machines.empty()) {
        if (placement.executor && placement.executor.value == "local")
            assumeRule(placement.executor.rule, "executor = local");
        else if (placement.queue && text(field("queue")) == placement.queue.value)
            assumeRule(placement.queue.rule, "queue = " + placement.queue.value);
        else
            differ(Aspect::action, at(job.machines.from),
                   fmt::format("on {}", fmt::join(machines, " or ")), "on the Airflow worker",
                   fmt::format("{} would run on another host (TR-49)", name));
    }
    std::string const user = job.owner->split('@').first.str();
    std::string const theirUser = text(field("run_as_user"));
    if (kind == Operator::ssh && theirUser.empty()) {
        if (!user.empty())
            assume("connection-user:" + user,
                   fmt::format("the connection of {} logs in as {}", name, user));
    } else if (!isSameText(user, theirUser)) {
        differ(Aspect::action, at(job.owner.from), user.empty() ? "no owner" : "as " + user,
               theirUser.empty() ? "as the worker's user" : "as " + theirUser,
               fmt::format("{} would run as another user (TR-49)", name));
    }
}

void JobComparison::compareQueue() {
    std::string queue = text(field("queue"));
    if (queue == "default")
        queue.clear();
    if (placement.queue && queue == placement.queue.value)
        assumeRule(placement.queue.rule, "queue = " + queue);
    else if (queue != placement.queue.value)
        differ(Aspect::action, at(job.machines.from),
               placement.queue ? fmt::format("rule {} of hoist.toml says queue {}",
                                             placement.queue.rule, placement.queue.value)
                               : std::string("no queue"),
               queue.empty() ? "the default queue" : "queue " + queue,
               fmt::format("{} would run on other workers, or on none", job.name.str()));
}

} // namespace hoist::equivalence
