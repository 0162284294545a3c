// Who is told about what. Alarms never change flow (JIL-153, TR-50).
#include "analysis/equivalence/JobComparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace hoist::equivalence {
namespace {

std::vector<std::string> timesOf(std::vector<ir::ClockOrOffset> const& times) {
    std::vector<std::string> list;
    for (ir::ClockOrOffset const& time : times)
        list.push_back(time.isOffset ? fmt::format("+{}", time.minutes)
                                     : ir::clockText(time.minutes));
    return list;
}

} // namespace

std::vector<WantedAlarm> alarmsOf(ir::Estate const& estate, ir::Job const& job) {
    std::vector<WantedAlarm> list;
    ir::Alarms const& alarms = job.alarms;
    if (alarms.maxRun)
        list.push_back({"max_run", *alarms.maxRun, alarms.maxRun.from});
    if (alarms.minRun)
        list.push_back({"min_run", *alarms.minRun, alarms.minRun.from});
    if (alarms.ifFail && !*alarms.ifFail) // both default to true, here and there
        list.push_back({"if_fail", false, alarms.ifFail.from});
    if (alarms.ifTerminated && !*alarms.ifTerminated)
        list.push_back({"if_terminated", false, alarms.ifTerminated.from});
    if (job.schedule) {
        ir::Schedule const& schedule = estate.schedules[job.schedule];
        if (schedule.mustStart)
            list.push_back({"must_start", timesOf(*schedule.mustStart), schedule.mustStart.from});
        if (schedule.mustComplete)
            list.push_back(
                {"must_complete", timesOf(*schedule.mustComplete), schedule.mustComplete.from});
    }
    if (alarms.notify && *alarms.notify) {
        auto addresses = nlohmann::json::array();
        for (auto const& address : alarms.addresses)
            addresses.push_back(address->str());
        list.push_back({"notify", std::move(addresses), alarms.notify.from});
        if (!alarms.notifyFailureOnly)
            list.push_back({"notify_on", "completion", alarms.notify.from});
        if (alarms.message)
            list.push_back({"message", alarms.message->str(), alarms.message.from});
    }
    return list;
}

namespace {

/// A value that means the same as its absence.
bool isDefault(std::string const& key, nlohmann::json const& value) {
    if (value.is_null())
        return true;
    if (key == "if_fail" || key == "if_terminated")
        return value == true;
    if (key == "must_start" || key == "must_complete")
        return value.empty();
    return key == "notify_on" && value == "failure";
}

bool isSame(nlohmann::json const& wanted, nlohmann::json const& found) {
    if (wanted.is_string() && found.is_string())
        return isSameText(wanted.get_ref<std::string const&>(),
                          found.get_ref<std::string const&>());
    return wanted == found; // 5 and 5.0 are equal
}

std::string dumped(nlohmann::json const& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

void compareAlarms(std::vector<WantedAlarm> const& legacy, nlohmann::json const& theirs,
                   std::string const& name,
                   llvm::function_ref<void(ir::ConstructId from, std::string legacy,
                                           std::string airflow, std::string consequence)>
                       differ) {
    for (WantedAlarm const& wanted : legacy) {
        auto const found = theirs.is_object() ? theirs.find(wanted.key) : theirs.end();
        bool const isThere = theirs.is_object() && found != theirs.end();
        if (!isThere || !isSame(wanted.value, *found))
            differ(wanted.from, fmt::format("{} {}", wanted.key, dumped(wanted.value)),
                   isThere ? fmt::format("{} {}", wanted.key, dumped(*found)) : "no such alarm",
                   fmt::format("other people would be told about {}, or at another time (JIL-152, "
                               "JIL-153)",
                               name));
    }
    if (!theirs.is_object())
        return;
    for (auto const& [key, value] : theirs.items()) {
        bool const isWanted =
            std::any_of(legacy.begin(), legacy.end(),
                        [&](WantedAlarm const& wanted) { return wanted.key == key; });
        if (!isWanted && !isDefault(key, value))
            differ({}, "no such alarm", fmt::format("{} {}", key, dumped(value)),
                   fmt::format("people would be told about {} who are not told today", name));
    }
}

void JobComparison::compareAlarms() {
    if (isLegacy()) {
        equivalence::compareAlarms(alarmsOf(estate, job), argument("alarms"), job.name.str(),
                                   [&](ir::ConstructId from, std::string legacy, std::string theirs,
                                       std::string consequence) {
                                       differ(Aspect::alarm, at(from), std::move(legacy),
                                              std::move(theirs), std::move(consequence));
                                   });
    } else {
        nlohmann::json const& callbacks = field("callbacks");
        bool const tells = callbacks.is_array() && !callbacks.empty();
        for (WantedAlarm const& wanted : alarmsOf(estate, job)) {
            bool const isNotice =
                wanted.key == "notify" || wanted.key == "notify_on" || wanted.key == "message";
            if (wanted.key == "if_fail" || wanted.key == "if_terminated" || (isNotice && tells))
                continue; // a failed task is told by Airflow; callbacks are assumptions
            if (isNotice && wanted.key != "notify")
                continue;
            differ(Aspect::alarm, at(wanted.from),
                   fmt::format("{} {}", wanted.key, dumped(wanted.value)), "no such alarm",
                   fmt::format("nobody would be told when {} needs attention (TR-50)",
                               job.name.str()));
        }
    }
    compareManifestAlarms();
}

/// The sweeper learns of alarms by the clock from the manifest only.
void JobComparison::compareManifestAlarms() {
    if (!job.schedule || !isLegacy())
        return;
    ir::Schedule const& schedule = estate.schedules[job.schedule];
    for (auto const& [key, times] : {std::pair{"must_start", &schedule.mustStart},
                                     {"must_complete", &schedule.mustComplete}}) {
        if (!*times)
            continue;
        if (!all.manifest) {
            assume("manifest-alarms:" + job.name.str(),
                   fmt::format("the manifest tells hoistctl the {} of {}", key, job.name.str()));
            continue;
        }
        nlohmann::json const wanted = timesOf(**times);
        auto const row = all.manifest->byJob.find(job.name);
        nlohmann::json found;
        if (row != all.manifest->byJob.end() && row->second.contains(key))
            found = row->second[key];
        if (found != wanted)
            differ(Aspect::alarm, at(times->from), fmt::format("{} {}", key, dumped(wanted)),
                   fmt::format("{} {} in the manifest", key, dumped(found)),
                   fmt::format("nobody would be told when {} is late (JIL-152)", job.name.str()));
    }
}

} // namespace hoist::equivalence
