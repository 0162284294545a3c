// Scenarios made of snapshots; comparing, shrinking and telling what was played.
#include "analysis/equivalence/Playing.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace hoist::equivalence {

using semantics::Status;

namespace {

constexpr int64_t minute = 60;
constexpr int64_t hour = 60 * minute;
constexpr int64_t day = 24 * hour;
/// Longer than a scenario lasts: the job still runs when it ends.
constexpr int64_t forEver = 30 * day;

std::string clock(int64_t instant) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(instant)));
}

Status statusOf(JobState state) {
    switch (state) {
    case JobState::succeeded: return Status::success;
    case JobState::failed: return Status::failure;
    case JobState::terminated: return Status::terminated;
    case JobState::running: return Status::running;
    case JobState::waiting:
    case JobState::skipped: return Status::inactive;
    }
    return Status::inactive;
}

/// The code with which a job fails when no condition asks for one.
int64_t failingCode(ir::ExitRule const& rule) {
    auto const listed = [&](int64_t code) {
        return llvm::any_of(rule.codes,
                            [&](ir::CodeRange r) { return code >= r.from && code <= r.to; });
    };
    for (int64_t code = 1; code <= 255; ++code) {
        bool const succeeds = rule.kind == ir::ExitRule::Kind::max       ? code <= rule.max
                              : rule.kind == ir::ExitRule::Kind::success ? listed(code)
                              : rule.kind == ir::ExitRule::Kind::fail    ? !listed(code)
                                                                         : true;
        if (!succeeds)
            return code;
    }
    return 1;
}

int64_t succeedingCode(ir::ExitRule const& rule) {
    auto const listed = [&](int64_t code) {
        return llvm::any_of(rule.codes,
                            [&](ir::CodeRange r) { return code >= r.from && code <= r.to; });
    };
    for (int64_t code = 0; code <= 255; ++code)
        if (rule.kind == ir::ExitRule::Kind::success ? listed(code)
            : rule.kind == ir::ExitRule::Kind::fail  ? !listed(code)
                                                     : true)
            return code;
    return 0;
}

/// Where a played day begins: the root's first tick in the horizon, else an ordinary noon.
std::optional<int64_t> firstTick(ir::Estate const& estate, schedule::Ticks& ticks, JobId id,
                                 Horizon horizon) {
    ir::Job const& root = estate.jobs[id];
    if (!root.schedule)
        return std::nullopt;
    for (int64_t from = horizon.from; from < horizon.to; from += 31 * day) {
        std::vector<int64_t> const found = ticks.between(estate.schedules[root.schedule], from,
                                                         std::min(horizon.to, from + 31 * day));
        if (!found.empty())
            return found.front();
    }
    return std::nullopt;
}

} // namespace

Suspicion Suspicion::of(ir::Estate const& estate, ir::WorkflowId workflow, RunModel const& model,
                        JobId about) {
    Suspicion s;
    s.about = about;
    for (JobId job : estate.workflows[workflow].jobs) {
        s.states[job.value] = model.stateOf(job);
        if (auto code = model.exitCodeOf(job))
            s.exitCodes[job.value] = *code;
    }
    s.hasOldSuccess = model.hasOldSuccess();
    s.others = model.others();
    s.variables = model.variables();
    if (model.hasStaleWindow())
        s.staleFor = longestLookback(estate, workflow);
    return s;
}

int64_t longestLookback(ir::Estate const& estate, ir::WorkflowId workflow) {
    int64_t longest = 0;
    for (JobId id : estate.workflows[workflow].jobs)
        if (ir::ConditionRef const& condition = estate.jobs[id].condition)
            estate.conditions.forEachAtom(condition.expr, [&](ir::AtomId atom) {
                ir::Scope const& scope = estate.conditions[atom].scope;
                if (scope.kind == ir::Scope::Kind::window)
                    longest = std::max(longest, int64_t(scope.minutes) * minute);
            });
    return longest;
}

semantics::Scenario scenarioOf(ir::Estate const& estate, schedule::Ticks& ticks,
                               ir::WorkflowId workflowId, Horizon horizon, Suspicion const& s) {
    ir::Workflow const& workflow = estate.workflows[workflowId];
    semantics::Scenario scenario;
    std::optional<int64_t> const tick = firstTick(estate, ticks, workflow.root, horizon);
    int64_t const begin = tick ? *tick : horizon.from + day / 2;
    scenario.hasEndlessCapacity = true; // what is claimed is compared field by field
    scenario.start = begin - minute;
    scenario.end = begin + 12 * hour;
    if (!tick && !estate.jobs[workflow.root].condition) {
        semantics::Event start;
        start.at = begin;
        start.kind = semantics::Event::Kind::startJob;
        start.object = estate.jobs[workflow.root].name.str();
        scenario.events.push_back(start);
    }
    for (JobId id : workflow.jobs) {
        ir::Job const& job = estate.jobs[id];
        if (job.group)
            continue;
        semantics::RunPlan plan;
        plan.exitCode = succeedingCode(job.exitRule);
        auto const code = s.exitCodes.find(id.value);
        switch (s.states.at(id.value)) {
        case JobState::failed:
            plan.exitCode = code != s.exitCodes.end() ? code->second : failingCode(job.exitRule);
            break;
        case JobState::succeeded:
            if (code != s.exitCodes.end())
                plan.exitCode = code->second;
            break;
        case JobState::terminated: plan.terminated = true; break;
        case JobState::running: plan.duration = forEver; break;
        case JobState::waiting:
        case JobState::skipped: break;
        }
        scenario.runs[job.name.str()] = {plan};
    }
    // What other jobs look like: set before the day begins, inside or outside the look-back
    // windows.
    for (auto const& [name, state] : s.others) {
        semantics::StoredStatus stored;
        stored.status = statusOf(state);
        stored.statusAt = scenario.start - hour - s.staleFor;
        if (state != JobState::waiting) {
            stored.lastStart = stored.statusAt - minute;
            if (state != JobState::running) {
                stored.lastEnd = stored.statusAt;
                stored.exitCode = state == JobState::succeeded ? 0 : 1;
            }
        }
        scenario.statuses[name] = stored;
    }
    if (s.hasOldSuccess) // the members have ended since
        for (JobId id : workflow.jobs)
            scenario.statuses[estate.jobs[id].name.str()] = {Status::success, scenario.start - 600,
                                                             scenario.start - 660,
                                                             scenario.start - 600, 0};
    // A workflow that only an event starts needs one: the last thing it waits for comes true now.
    if (!tick && estate.jobs[workflow.root].condition) {
        auto it = llvm::find_if(scenario.statuses, [](auto const& row) {
            return semantics::Status::success == row.second.status;
        });
        if (it == scenario.statuses.end())
            it = llvm::find_if(scenario.statuses, [](auto const& row) {
                return row.second.status == Status::failure ||
                       row.second.status == Status::terminated;
            });
        if (it == scenario.statuses.end() && !s.others.empty()) {
            // None of them has ended: one ends badly, which wakes the workflow and is no success.
            auto const& [name, state] = *s.others.begin();
            semantics::StoredStatus bad;
            bad.status = Status::failure;
            bad.exitCode = 1;
            it = scenario.statuses.insert_or_assign(name, bad).first;
        }
        if (it != scenario.statuses.end()) {
            semantics::Event event;
            event.at = begin;
            event.kind = semantics::Event::Kind::externalStatus;
            event.object = it->first;
            event.status = it->second.status;
            event.exitCode = it->second.exitCode.value_or(0);
            scenario.events.push_back(event);
            scenario.statuses.erase(it);
        }
    }
    scenario.globals = s.variables;
    return scenario;
}

std::vector<semantics::Scenario> variantsOf(semantics::Scenario const& scenario) {
    std::vector<semantics::Scenario> variants;
    for (int64_t longer : {int64_t(1), int64_t(30)}) {
        semantics::Scenario variant = scenario;
        int64_t step = 0;
        for (auto& [name, plans] : variant.runs)
            for (semantics::RunPlan& plan : plans)
                plan.duration =
                    plan.duration >= forEver ? 3 * hour : minute + longer * minute * ++step;
        variants.push_back(variant);
        for (auto& [name, plans] : variant.runs) // what runs long ends badly
            for (semantics::RunPlan& plan : plans)
                if (plan.duration == 3 * hour)
                    plan.exitCode = 1;
        variants.push_back(std::move(variant));
    }
    return variants;
}

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
        semantics::Scenario candidate = scenario;
        auto const job = estate.jobByName.find(name);
        semantics::RunPlan plain;
        if (job != estate.jobByName.end())
            plain.exitCode = succeedingCode(estate.jobs[job->second].exitRule);
        if (candidate.runs[name] == std::vector<semantics::RunPlan>{plain})
            continue;
        candidate.runs[name] = {plain};
        tryIt(std::move(candidate));
    }
    std::vector<std::string> stored;
    for (auto const& [name, status] : scenario.statuses)
        stored.push_back(name);
    for (std::string const& name : stored) {
        semantics::Scenario candidate = scenario;
        candidate.statuses.erase(name);
        tryIt(std::move(candidate));
    }
    std::vector<std::string> globals;
    for (auto const& [name, value] : scenario.globals)
        globals.push_back(name);
    for (std::string const& name : globals) {
        semantics::Scenario candidate = scenario;
        candidate.globals.erase(name);
        tryIt(std::move(candidate));
    }
}

bool Life::startsLike(Life const& other) const {
    return std::equal(starts.begin(), starts.end(), other.starts.begin(), other.starts.end(),
                      [](int64_t x, int64_t y) { return std::abs(x - y) < minute; });
}

std::string Life::text() const {
    if (starts.empty())
        return "does not start";
    std::string words = "starts at " + clock(starts.front());
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
            ir::Atom const& atom = estate.conditions[id];
            names.insert(atom.instance.empty() ? atom.name.str()
                                               : (atom.name + "^" + atom.instance).str());
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
}

void tell(llvm::StringRef side, semantics::Trace const& trace, std::set<std::string> const& names,
          std::vector<std::string>& story) {
    for (semantics::TraceEvent const& event : trace.events) {
        bool const shown = event.status == Status::starting || event.status == Status::success ||
                           event.status == Status::failure || event.status == Status::terminated;
        if (!shown || !names.contains(event.job))
            continue;
        story.push_back(
            fmt::format("{}: {}  {} {}{}", std::string_view(side), clock(event.at), event.job,
                        std::string_view(semantics::toString(event.status)),
                        event.reason.text.empty() ? "" : "  (" + event.reason.text + ")"));
    }
}

} // namespace hoist::equivalence
