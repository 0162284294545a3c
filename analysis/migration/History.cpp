// One line is parsed at a time: a year of an estate is millions of lines. A line that is no run
// stops the reading soon, as figures from half a history would be wrong in silence.
#include "analysis/migration/History.h"

#include "analysis/semantics/ReadScenario.h"
#include "frontend/base/Counted.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace hoist::migration {
namespace {

using Json = nlohmann::json;
constexpr size_t mostErrors = 20;

struct Line {
    std::string job;
    PastRun run;
    std::string problem; ///< not empty: it is no run
};

std::string textOf(Json const& object, char const* key, std::string& problem) {
    auto const it = object.find(key);
    if (it == object.end())
        problem = fmt::format("it has no `{}`", key);
    else if (!it->is_string())
        problem = fmt::format("`{}` is no text", key);
    else
        return it->get<std::string>();
    return {};
}

Line parse(llvm::StringRef text) {
    Line line;
    Json const object = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) {
        line.problem = object.is_discarded() ? "it is no JSON" : "it is no JSON object";
        return line;
    }
    for (auto const& [key, value] : object.items()) {
        if (key == "exit_code") {
            if (!value.is_number_integer())
                line.problem = "`exit_code` is no whole number";
        } else if (key != "job" && key != "start" && key != "end" && key != "status") {
            line.problem = fmt::format("`{}` is not known", key);
        }
    }
    if (line.problem.empty())
        line.job = textOf(object, "job", line.problem);
    for (auto const& [key, to] : {std::pair("start", &line.run.start), {"end", &line.run.end}}) {
        if (!line.problem.empty())
            return line;
        std::string const time = textOf(object, key, line.problem);
        if (!line.problem.empty())
            return line;
        if (auto const instant = semantics::parseIso(time))
            *to = *instant;
        else
            line.problem = fmt::format("`{}` is no time with an offset", key);
    }
    if (line.problem.empty() && line.run.end < line.run.start)
        line.problem = "it ends before it starts";
    if (!line.problem.empty())
        return line;
    std::string const status = textOf(object, "status", line.problem);
    if (status == "success")
        line.run.status = PastRun::Status::success;
    else if (status == "failure")
        line.run.status = PastRun::Status::failure;
    else if (status == "terminated")
        line.run.status = PastRun::Status::terminated;
    else if (line.problem.empty())
        line.problem = "`status` is success, failure or terminated";
    return line;
}

/// Of sorted values.
int64_t percentile(std::vector<int64_t> const& sorted, size_t percent) {
    size_t const rank = (sorted.size() * percent + 99) / 100;
    return sorted[std::max<size_t>(rank, 1) - 1];
}

} // namespace

std::optional<History> History::read(FileId file, ir::Estate const& estate,
                                     diag::Diagnostics& diags) {
    History history;
    llvm::StringRef const bytes = estate.sources.bytes(file);
    size_t errors = 0, strangers = 0;
    std::string stranger;
    for (size_t at = 0; at < bytes.size() && errors < mostErrors;) {
        size_t const end = std::min(bytes.find('\n', at), bytes.size());
        llvm::StringRef const text = bytes.slice(at, end).trim();
        if (!text.empty()) {
            Line line = parse(text);
            if (!line.problem.empty()) {
                diags.report<diag::Code::BadHistory>(estate.sources.span(file, at, end),
                                                     line.problem);
                ++errors;
            } else if (auto const it = estate.jobByName.find(line.job);
                       it != estate.jobByName.end()) {
                line.run.job = it->second;
                history.all.push_back(line.run);
            } else if (strangers++ == 0) {
                stranger = line.job;
            }
        }
        at = end + 1;
    }
    if (errors > 0)
        return std::nullopt;
    if (strangers > 0)
        diags.report<diag::Code::HistoryNamesNoJob>({}, counted(strangers, "run"), stranger)
            .evidence(estate.sources.path(file));
    std::stable_sort(history.all.begin(), history.all.end(),
                     [](PastRun const& a, PastRun const& b) {
                         return std::pair(a.start, a.job) < std::pair(b.start, b.job);
                     });
    return history;
}

double History::days() const {
    if (all.empty())
        return 1;
    constexpr int64_t day = 86'400;
    int64_t const first = all.front().start / day, last = all.back().start / day;
    return static_cast<double>(last - first + 1);
}

std::vector<RunStatistics> History::statistics(ir::Estate const& estate) const {
    std::vector<RunStatistics> result(estate.jobs.size());
    std::vector<std::vector<int64_t>> durations(estate.jobs.size());
    for (PastRun const& run : all) {
        RunStatistics& each = result[run.job.value];
        if (each.runs++ == 0)
            each.firstStart = run.start;
        each.lastStart = run.start;
        each.failures += run.status == PastRun::Status::failure ? 1 : 0;
        each.terminated += run.status == PastRun::Status::terminated ? 1 : 0;
        each.total += run.end - run.start;
        durations[run.job.value].push_back(run.end - run.start);
    }
    for (size_t i = 0; i < durations.size(); ++i) {
        if (durations[i].empty())
            continue;
        std::sort(durations[i].begin(), durations[i].end());
        result[i].p50 = percentile(durations[i], 50);
        result[i].p95 = percentile(durations[i], 95);
        result[i].p99 = percentile(durations[i], 99);
        result[i].longest = durations[i].back();
    }
    return result;
}

} // namespace hoist::migration
