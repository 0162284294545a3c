// Traces as text and JSON.
#include "backend/report/Trace.h"

#include "analysis/semantics/ReadScenario.h"
#include "backend/report/Utf8.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace hoist::report {

using semantics::isoText;
using semantics::Trace;
using Json = nlohmann::ordered_json;

namespace {

std::string safe(llvm::StringRef text) { return toUtf8(text); } // in JSON

std::string dateOf(int64_t instant, ir::TimeZone const* zone) {
    return isoText(instant + (zone ? zone->offsetAt(instant) : 0)).substr(0, 10);
}
std::string timeOf(int64_t instant, ir::TimeZone const* zone) {
    return isoText(instant + (zone ? zone->offsetAt(instant) : 0)).substr(11, 8);
}
std::string zoneName(ir::TimeZone const* zone) { return zone ? zone->name().str() : "UTC"; }

/// Starts a new day with a line of its own.
class Days {
public:
    Days(std::string& output, ir::TimeZone const* where) : text(output), zone(where) {}
    void at(int64_t instant) {
        std::string const date = dateOf(instant, zone);
        if (date == last)
            return;
        text += fmt::format("{}{} ({})\n", last.empty() ? "" : "\n", date, zoneName(zone));
        last = date;
    }

private:
    std::string& text;
    ir::TimeZone const* zone;
    std::string last;
};

std::string outcome(semantics::TraceEvent const& event) {
    std::string text = toString(event.status).str();
    if (event.status == semantics::Status::starting && event.attempt > 1)
        text += fmt::format(" ({})", event.attempt);
    if (event.exitCode && *event.exitCode != 0)
        text += fmt::format(" ({})", *event.exitCode);
    return text;
}

void addInstant(Json& object, char const* key, int64_t instant) {
    if (instant >= 0)
        object[key] = isoText(instant);
}

Json reasoned(int64_t at, llvm::StringRef job) { return {{"at", isoText(at)}, {"job", safe(job)}}; }
void addOrderDate(Json& object, std::optional<int32_t> day) {
    if (day)
        object["odate"] = isoText(int64_t(*day) * 86'400).substr(0, 10);
}
void addReason(Json& object, semantics::Reason const& reason) {
    object["reason"] = safe(reason.text);
    object["rule"] = reason.rule.str();
    if (!reason.cause.empty())
        object["cause"] = safe(reason.cause);
}

} // namespace

std::string traceJson(Trace const& trace, JsonLayout layout) {
    Json root = {{"format", 1}, {"start", isoText(trace.start)}, {"end", isoText(trace.end)}};
    Json& events = root["events"] = Json::array();
    for (semantics::TraceEvent const& event : trace.events) {
        Json one = reasoned(event.at, event.job);
        one["status"] = toString(event.status).str();
        if (event.exitCode)
            one["exit_code"] = *event.exitCode;
        if (event.attempt > 0)
            one["attempt"] = event.attempt;
        addOrderDate(one, event.orderDate);
        addReason(one, event.reason);
        events.push_back(std::move(one));
    }
    Json& missed = root["not_started"] = Json::array();
    for (semantics::NotStarted const& event : trace.notStarted) {
        Json one = reasoned(event.at, event.job);
        addOrderDate(one, event.orderDate);
        addReason(one, event.reason);
        missed.push_back(std::move(one));
    }
    Json& finals = root["final"] = Json::object();
    for (auto const& [name, state] : trace.finals) {
        Json one = {{"status", toString(state.status).str()}};
        addInstant(one, "last_start", state.lastStart);
        addInstant(one, "last_end", state.lastEnd);
        if (state.exitCode)
            one["exit_code"] = *state.exitCode;
        one["runs"] = state.runs;
        if (state.armed)
            one["armed"] = true;
        finals[safe(name)] = std::move(one);
    }
    Json& globals = root["globals"] = Json::object();
    for (auto const& [name, value] : trace.globals)
        globals[safe(name)] = safe(value);
    Json& alarms = root["alarms"] = Json::array();
    for (semantics::Alarm const& alarm : trace.alarms) {
        Json one = reasoned(alarm.at, alarm.job);
        one["alarm"] = alarm.name;
        if (alarm.told) {
            addOrderDate(one, alarm.told->orderDate);
            one["destination"] = safe(alarm.told->destination);
            if (!alarm.told->urgency.empty())
                one["urgency"] = alarm.told->urgency;
            one["text"] = safe(alarm.told->text);
        }
        alarms.push_back(std::move(one));
    }
    if (!trace.facts.empty() || !trace.conditions.empty()) {
        Json& facts = root["condition_changes"] = Json::array();
        for (semantics::FactEvent const& fact : trace.facts) {
            Json one = {{"at", isoText(fact.at)},
                        {"name", safe(fact.name)},
                        {"date", fact.date},
                        {"sign", fact.isAdded ? "+" : "-"}};
            if (!fact.job.empty())
                one["job"] = safe(fact.job);
            facts.push_back(std::move(one));
        }
        Json& left = root["conditions"] = Json::array();
        for (std::string const& condition : trace.conditions)
            left.push_back(safe(condition));
    }
    if (!trace.variables.empty()) {
        Json& set = root["variables_set"] = Json::array();
        for (semantics::VariableEvent const& variable : trace.variables) {
            Json one = {{"at", isoText(variable.at)},
                        {"name", safe(variable.name)},
                        {"value", safe(variable.value)}};
            if (!variable.job.empty())
                one["job"] = safe(variable.job);
            addOrderDate(one, variable.orderDate);
            set.push_back(std::move(one));
        }
    }
    return root.dump(layout == JsonLayout::line ? -1 : 2) + "\n";
}

static std::string alarmText(semantics::Alarm const& alarm) {
    if (!alarm.told)
        return alarm.name;
    return printable(
        fmt::format("{} to {}: {}", alarm.name, alarm.told->destination, alarm.told->text));
}

std::string traceText(ir::Estate const& estate, Trace const& trace, ir::TimeZone const* zone) {
    auto const indentOf = [&](std::string const& name) {
        size_t depth = 0;
        auto const it = estate.jobByName.find(name);
        if (it != estate.jobByName.end())
            for (ir::JobId box = estate.jobs[it->second].box; box; box = estate.jobs[box].box)
                ++depth;
        return std::min<size_t>(depth, 20) * 2;
    };
    size_t width = 8, statusWidth = 10;
    for (semantics::TraceEvent const& event : trace.events) {
        width = std::max(width, std::min<size_t>(48, indentOf(event.job) + event.job.size()));
        statusWidth = std::max(statusWidth, outcome(event).size());
    }
    std::string text;
    Days days(text, zone);
    size_t starts = 0, failures = 0, nextAlarm = 0;
    auto const line = [&](int64_t at, std::string const& job, std::string const& what,
                          std::string const& why) {
        days.at(at);
        std::string const name = std::string(indentOf(job), ' ') + printable(job);
        std::string row = fmt::format("{}  {:<{}}  {:<{}}  {}", timeOf(at, zone), name, width, what,
                                      statusWidth, why);
        row.resize(row.find_last_not_of(' ') + 1);
        text += row + "\n";
    };
    auto const alarmsUntil = [&](int64_t at) {
        for (; nextAlarm < trace.alarms.size() && trace.alarms[nextAlarm].at < at; ++nextAlarm)
            line(trace.alarms[nextAlarm].at, trace.alarms[nextAlarm].job, "alarm",
                 alarmText(trace.alarms[nextAlarm]));
    };
    for (semantics::TraceEvent const& event : trace.events) {
        alarmsUntil(event.at);
        starts += event.status == semantics::Status::starting;
        failures += event.status == semantics::Status::failure ||
                    event.status == semantics::Status::terminated;
        line(event.at, event.job, outcome(event), printable(event.reason.text));
    }
    alarmsUntil(INT64_MAX);
    // Who still waits, and for what: the last thing that kept it.
    std::map<std::string, semantics::Reason const*> last;
    for (semantics::NotStarted const& missed : trace.notStarted)
        last[missed.job] = &missed.reason;
    std::string waiting;
    for (auto const& [name, state] : trace.finals) {
        bool const isOpen = state.armed || state.status == semantics::Status::activated ||
                            state.status == semantics::Status::queWait ||
                            state.status == semantics::Status::resWait ||
                            state.status == semantics::Status::pendMach;
        if (!isOpen)
            continue;
        auto const it = last.find(name);
        waiting += fmt::format("  {}  {}{}{}\n", printable(name), toString(state.status).str(),
                               state.armed ? ", armed" : "",
                               it == last.end() ? "" : ": " + printable(it->second->text));
    }
    if (!waiting.empty())
        text += (text.empty() ? "" : "\n") + std::string("waiting at the end\n") + waiting;
    text += fmt::format("{}{} start{}, {} failed, {} alarm{}, {} opportunit{} without a start\n",
                        text.empty() ? "" : "\n", starts, starts == 1 ? "" : "s", failures,
                        trace.alarms.size(), trace.alarms.size() == 1 ? "" : "s",
                        trace.notStarted.size(), trace.notStarted.size() == 1 ? "y" : "ies");
    return text;
}

std::string explainJob(ir::Estate const& estate, Trace const& trace, ir::JobId id,
                       ir::TimeZone const* zone) {
    ir::Job const& job = estate.jobs[id];
    std::string text = printable(job.name);
    if (job.box)
        text += ", in box " + printable(estate.jobs[job.box].name);
    text += "\n";
    if (job.condition.isSet())
        text += "condition: " + printable(estate.conditions.print(job.condition.expr)) + "\n";
    if (!job.schedule)
        text += "no times of its own\n";
    text += "\n";
    struct Line {
        int64_t at;
        std::string what;
        semantics::Reason const* reason;
    };
    std::vector<Line> lines;
    for (semantics::TraceEvent const& event : trace.events)
        if (event.job == job.name)
            lines.push_back({event.at, outcome(event), &event.reason});
    for (semantics::NotStarted const& missed : trace.notStarted)
        if (missed.job == job.name)
            lines.push_back({missed.at, "no start", &missed.reason});
    std::stable_sort(lines.begin(), lines.end(),
                     [](Line const& a, Line const& b) { return a.at < b.at; });
    Days days(text, zone);
    for (Line const& each : lines) {
        days.at(each.at);
        text += fmt::format("{}  {:<12}  {} [{}]\n", timeOf(each.at, zone), each.what,
                            printable(each.reason->text), each.reason->rule.str());
    }
    if (lines.empty())
        text += "no opportunity: no tick, no event, and nothing that it refers to has changed\n";
    return text;
}

} // namespace hoist::report
