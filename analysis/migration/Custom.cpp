// A job that reads at 02:30 what another one writes from 01:00 on depends on it, and no definition
// says so: it works because nobody was ever late. A history shows such pairs; most pairs that it
// shows are chance. So a pair is told only if
//
// - the second starts by the clock, without a condition, five times at least in the history;
// - before each of these starts the first had run and ended, and never ran on into one;
// - and there is a sign: both commands name the same file (then within a day), or they run on the
//   same machine and the second follows within a quarter of an hour each time;
// - and no chain of hard dependencies says it anyway.
//
// On a machine each start looks at the few jobs that ended last there, and a file that more than
// sixteen jobs name is no sign: nothing is quadratic.
#include "analysis/migration/Custom.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace hoist::migration {
namespace {

constexpr size_t fewestRuns = 5, mostUsers = 16, neighbours = 4;
constexpr int64_t closeBy = 15 * 60, sameDay = 24 * 3600;

struct Sign {
    std::string object; ///< the file or the machine
    bool isFile = false;
};

class Finder {
public:
    Finder(ir::Estate const& model, std::vector<Dependency> const& declared,
           History const& givenHistory)
        : estate(model), history(givenHistory), runsOf(estate.jobs.size()),
          next(2 * estate.jobs.size()) {
        for (size_t i = 0; i < history.runs().size(); ++i)
            runsOf[history.runs()[i].job.value].push_back(i);
        // Events as in Cycles.cpp: a start and an end for each job.
        for (ir::JobId id : estate.jobs.ids()) {
            next[startOf(id)].push_back(endOf(id));
            if (ir::JobId const box = estate.jobs[id].box) {
                next[startOf(box)].push_back(startOf(id));
                next[endOf(id)].push_back(endOf(box));
            }
        }
        for (Dependency const& each : declared)
            if (each.producer && each.strength == Strength::hard)
                next[endOf(each.producer)].push_back(startOf(each.consumer));
    }

    std::vector<Dependency> run() {
        findByFile();
        findByMachine();
        std::vector<Dependency> found;
        for (auto const& [pair, sign] : candidates) // by consumer, then producer
            if (auto dependency =
                    judge(ir::JobId(size_t(pair.second)), ir::JobId(size_t(pair.first)), sign))
                found.push_back(std::move(*dependency));
        return found;
    }

private:
    static uint32_t startOf(ir::JobId id) { return 2 * id.value; }
    static uint32_t endOf(ir::JobId id) { return 2 * id.value + 1; }

    bool startsByClock(ir::JobId id) const {
        ir::Job const& job = estate.jobs[id];
        return job.schedule && !job.condition && !job.box && runsOf[id.value].size() >= fewestRuns;
    }

    /// Files by their absolute paths; programs are none.
    void findByFile() {
        llvm::StringMap<std::vector<ir::JobId>> users;
        for (ir::JobId id : estate.jobs.ids()) {
            auto const* const action = std::get_if<ir::CommandAction>(&estate.jobs[id].action);
            if (!action || runsOf[id.value].size() < fewestRuns)
                continue;
            llvm::SmallVector<llvm::StringRef, 16> words;
            llvm::SplitString(*action->command, words, " \t\n\"'=<>|;&,()");
            for (size_t i = 1; i < words.size(); ++i) {
                llvm::StringRef const word = words[i];
                if (!word.starts_with("/") || word.count('/') < 2 || word.ends_with("/") ||
                    word.starts_with("/dev/") || word.starts_with("/bin/") ||
                    word.starts_with("/usr/bin/") || word.starts_with("/proc/"))
                    continue;
                auto& jobs = users[word];
                if (jobs.empty() || jobs.back() != id)
                    jobs.push_back(id);
            }
        }
        for (auto const& entry : users) {
            auto const& jobs = entry.getValue();
            if (jobs.size() < 2 || jobs.size() > mostUsers)
                continue;
            for (ir::JobId consumer : jobs)
                if (startsByClock(consumer))
                    for (ir::JobId producer : jobs)
                        if (producer != consumer)
                            propose(producer, consumer, {entry.getKey().str(), true});
        }
    }

    void findByMachine() {
        struct Ended {
            int64_t end;
            ir::JobId job;
        };
        // Runs by the machine, in the order of their starts; those that ended come from a second
        // order.
        std::vector<size_t> byEnd(history.runs().size());
        for (size_t i = 0; i < byEnd.size(); ++i)
            byEnd[i] = i;
        std::stable_sort(byEnd.begin(), byEnd.end(), [&](size_t a, size_t b) {
            return history.runs()[a].end < history.runs()[b].end;
        });
        std::map<std::string, std::vector<Ended>> lately;
        llvm::DenseMap<uint64_t, size_t> seen;
        size_t ended = 0;
        for (PastRun const& run : history.runs()) {
            for (; ended < byEnd.size() && history.runs()[byEnd[ended]].end <= run.start; ++ended) {
                PastRun const& before = history.runs()[byEnd[ended]];
                std::string const machine = machineOf(before.job);
                if (machine.empty())
                    continue;
                auto& list = lately[machine];
                list.push_back({before.end, before.job});
                if (list.size() > neighbours)
                    list.erase(list.begin());
            }
            std::string const machine = machineOf(run.job);
            if (machine.empty() || !startsByClock(run.job))
                continue;
            auto const it = lately.find(machine);
            if (it == lately.end())
                continue;
            llvm::SmallDenseSet<uint32_t, neighbours> once;
            for (Ended const& before : it->second)
                if (before.job != run.job && run.start - before.end <= closeBy &&
                    once.insert(before.job.value).second)
                    if (++seen[(uint64_t(run.job.value) << 32) | before.job.value] ==
                        runsOf[run.job.value].size())
                        propose(before.job, run.job, {machine, false});
        }
    }
    std::string machineOf(ir::JobId id) const {
        auto const& machines = estate.jobs[id].machines;
        return machines->size() == 1 ? machines->front().lower() : std::string();
    }

    void propose(ir::JobId producer, ir::JobId consumer, Sign sign) {
        auto const [it, isNew] = candidates.try_emplace({consumer.value, producer.value}, sign);
        if (!isNew && sign.isFile && (!it->second.isFile || sign.object < it->second.object))
            it->second = std::move(sign);
    }

    std::optional<Dependency> judge(ir::JobId producer, ir::JobId consumer, Sign const& sign) {
        int64_t least = INT64_MAX;
        auto const& before = runsOf[producer.value];
        size_t at = 0;
        for (size_t const index : runsOf[consumer.value]) {
            int64_t const start = history.runs()[index].start;
            while (at < before.size() && history.runs()[before[at]].start < start)
                ++at;
            if (at == 0)
                return std::nullopt; // the first had not run
            int64_t const margin = start - history.runs()[before[at - 1]].end;
            if (margin < 0 || margin > (sign.isFile ? sameDay : closeBy))
                return std::nullopt;
            least = std::min(least, margin);
        }
        if (isDeclared(producer, consumer))
            return std::nullopt;
        Dependency made;
        made.from = estate.jobs[producer].workflow;
        made.to = estate.jobs[consumer].workflow;
        made.producer = producer;
        made.consumer = consumer;
        made.kind = DependencyKind::timeOrder;
        made.strength = Strength::soft;
        ir::Schedule const& schedule = estate.schedules[estate.jobs[consumer].schedule];
        made.evidence = schedule.times ? schedule.times.from : schedule.master;
        made.object = sign.object;
        made.text = fmt::format(
            "by custom: in {} of {} runs it started after this had ended, by {} at least; {} {}",
            runsOf[consumer.value].size(), runsOf[consumer.value].size(),
            least < 120 ? fmt::format("{} s", least) : fmt::format("{} min", least / 60),
            sign.isFile ? "both name" : "both run on", sign.object);
        return made;
    }

    bool isDeclared(ir::JobId producer, ir::JobId consumer) const {
        llvm::DenseSet<uint32_t> seen;
        std::vector<uint32_t> queue{endOf(producer)};
        for (size_t i = 0; i < queue.size() && queue.size() < 10'000; ++i)
            for (uint32_t const to : next[queue[i]]) {
                if (to == startOf(consumer))
                    return true;
                if (seen.insert(to).second)
                    queue.push_back(to);
            }
        return false;
    }

    ir::Estate const& estate;
    History const& history;
    std::vector<std::vector<size_t>> runsOf; ///< by job, in the order of their starts
    std::vector<std::vector<uint32_t>> next;
    std::map<std::pair<uint32_t, uint32_t>, Sign> candidates; ///< (consumer, producer)
};

} // namespace

std::vector<Dependency> ordersByCustom(ir::Estate const& estate,
                                       std::vector<Dependency> const& declared,
                                       History const& history) {
    return Finder(estate, declared, history).run();
}

} // namespace hoist::migration
