// Comparing, shrinking and telling what was played.
#include "analysis/equivalence/Playing.h"

#include "analysis/equivalence/Scenarios.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace hoist::equivalence {

using semantics::Status;

namespace {

constexpr int64_t minute = 60;

std::string clock(int64_t instant) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(instant)));
}

} // namespace

void shrink(semantics::Scenario& scenario, ir::Estate const& estate,
            llvm::function_ref<bool(semantics::Scenario const&)> stillDiffers) {
    auto const tryIt = [&](semantics::Scenario candidate) {
        if (!stillDiffers(candidate))
            return false;
        scenario = std::move(candidate);
        return true;
    };
    std::vector<std::string> names;
    for (auto const& [name, plans] : scenario.runs)
        names.push_back(name);
    for (std::string const& name : names) {
        auto const job = estate.jobByName.find(name);
        ir::ExitRule const rule =
            job == estate.jobByName.end() ? ir::ExitRule() : estate.jobs[job->second].exitRule;
        // It succeeds at once; if that will not do, it at least fails rather than being killed.
        for (bool const succeeds : {true, false}) {
            semantics::RunPlan plain;
            plain.exitCode = endingCode(rule, succeeds);
            semantics::Scenario candidate = scenario;
            if (candidate.runs[name] == std::vector{plain} ||
                (!succeeds && !candidate.runs[name].front().terminated))
                break;
            candidate.runs[name] = {plain};
            if (tryIt(std::move(candidate)))
                break;
        }
    }
    std::vector<std::string> stored;
    for (auto const& [name, status] : scenario.statuses)
        stored.push_back(name);
    for (std::string const& name : stored) {
        semantics::Scenario candidate = scenario;
        candidate.statuses.erase(name);
        tryIt(std::move(candidate));
    }
    for (size_t i = scenario.events.size(); i-- > 0;) {
        semantics::Scenario candidate = scenario;
        candidate.events.erase(candidate.events.begin() + static_cast<ptrdiff_t>(i));
        tryIt(std::move(candidate));
    }
    std::vector<std::string> globals;
    for (auto const& [name, value] : scenario.globals)
        if (llvm::none_of(estate.variables,
                          [&](ir::Variable const& one) { return one.name == name; }))
            globals.push_back(name); // what a definition sets is there on both sides
    for (std::string const& name : globals) {
        semantics::Scenario candidate = scenario;
        candidate.globals.erase(name);
        tryIt(std::move(candidate));
    }
}

semantics::Scenario withDefinedVariables(semantics::Scenario scenario, ir::Estate const& estate) {
    for (ir::Variable const& variable : estate.variables)
        scenario.globals.try_emplace(variable.name.str(), variable.value.str());
    return scenario;
}

bool Life::startsLike(Life const& other) const {
    return std::equal(starts.begin(), starts.end(), other.starts.begin(), other.starts.end(),
                      [](int64_t x, int64_t y) { return std::abs(x - y) < minute; });
}

bool Life::endsLike(Life const& other, bool isExact) const {
    return std::equal(ends.begin(), ends.end(), other.ends.begin(), other.ends.end(),
                      [&](auto const& x, auto const& y) {
                          bool const isSame = isExact ? x.second == y.second
                                                      : (x.second == Status::success) ==
                                                            (y.second == Status::success);
                          return isSame && std::abs(x.first - y.first) < minute;
                      });
}

std::string Life::text() const {
    if (starts.empty())
        return "does not start";
    std::string words = "starts at " + clock(starts.front());
    if (starts.size() > 1)
        return words + " and at " + clock(starts[1]) + (starts.size() > 2 ? ", …" : "");
    if (!ends.empty())
        words += fmt::format(", ends {} at {}",
                             std::string_view(semantics::toString(ends.front().second)),
                             clock(ends.front().first));
    return words;
}

std::map<std::string, Life> livesOf(semantics::Trace const& trace,
                                    std::set<std::string> const& names) {
    std::map<std::string, Life> lives;
    for (semantics::TraceEvent const& event : trace.events) {
        if (!names.contains(event.job))
            continue;
        if (event.status == Status::starting && event.attempt <= 1)
            lives[event.job].starts.push_back(event.at);
        else if (event.status == Status::success || event.status == Status::failure ||
                 event.status == Status::terminated)
            lives[event.job].ends.emplace_back(event.at, event.status);
    }
    return lives;
}

std::set<std::string> castOf(ir::Estate const& estate, ir::WorkflowId workflow, JobId job,
                             semantics::Scenario const& scenario) {
    std::set<std::string> names;
    for (JobId box = job; box; box = estate.jobs[box].box)
        names.insert(estate.jobs[box].name.str());
    if (job && estate.jobs[job].condition)
        estate.conditions.forEachAtom(estate.jobs[job].condition.expr, [&](ir::AtomId id) {
            names.insert(estate.conditions[id].fullName());
        });
    for (JobId other : estate.workflows[workflow].jobs) { // who does not simply succeed
        auto it = scenario.runs.find(estate.jobs[other].name.str());
        if (it != scenario.runs.end() && !it->second.empty() &&
            (it->second.front().terminated || it->second.front().exitCode != 0 ||
             it->second.front().duration != semantics::RunPlan().duration))
            names.insert(it->first);
    }
    return names;
}

void tellGiven(semantics::Scenario const& scenario, std::set<std::string> const& names,
               std::vector<std::string>& story) {
    for (auto const& [name, value] : scenario.globals)
        story.push_back(fmt::format("given: the global variable {} is \"{}\"", name, value));
    for (auto const& [name, stored] : scenario.statuses)
        story.push_back(fmt::format("given: {} is {} since {}", name,
                                    std::string_view(semantics::toString(stored.status)),
                                    clock(stored.statusAt)));
    for (auto const& [name, plans] : scenario.runs) {
        if (plans.empty() || !names.contains(name))
            continue;
        semantics::RunPlan const& plan = plans.front();
        if (plan.terminated)
            story.push_back(fmt::format("given: {} is killed by a signal", name));
        else if (plan.duration >= forEver)
            story.push_back(fmt::format("given: {} runs on and on", name));
        else if (plan.exitCode != 0)
            story.push_back(fmt::format("given: {} ends with exit code {}", name, plan.exitCode));
    }
    for (semantics::Event const& event : scenario.events) {
        using Kind = semantics::Event::Kind;
        std::string what = std::string(semantics::toString(event.kind));
        if (event.kind == Kind::setGlobal)
            what = fmt::format("the global variable {} becomes \"{}\"", event.object, event.value);
        else if (event.kind == Kind::externalStatus)
            what = fmt::format("{} becomes {}", event.object,
                               std::string_view(semantics::toString(event.status)));
        else if (event.kind == Kind::startJob)
            what = fmt::format("an operator starts {}", event.object);
        else if (event.kind == Kind::jobOffHold)
            what = fmt::format("an operator releases {}", event.object);
        story.push_back(fmt::format("given: {} at {}", what, clock(event.at)));
    }
}

void tell(llvm::StringRef side, semantics::Trace const& trace, std::set<std::string> const& names,
          std::vector<std::string>& story) {
    for (semantics::TraceEvent const& event : trace.events) {
        bool const shown = event.status == Status::starting || event.status == Status::success ||
                           event.status == Status::failure || event.status == Status::terminated ||
                           (event.status == Status::inactive && event.reason.rule == "JIL-120");
        if (!shown || !names.contains(event.job))
            continue;
        story.push_back(
            fmt::format("{}: {}  {} {}{}", std::string_view(side), clock(event.at), event.job,
                        std::string_view(semantics::toString(event.status)),
                        event.reason.text.empty() ? "" : "  (" + event.reason.text + ")"));
    }
}

} // namespace hoist::equivalence
