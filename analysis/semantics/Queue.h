// What is going to happen: events by time, at one instant in the order of JIL-002.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

namespace hoist::semantics {

/// What a planned event is about; `subject` and `detail` are indices whose meaning the kind gives.
enum class Planned : uint8_t {
    outside,      ///< subject: index of Scenario::events
    tick,         ///< subject: job
    excludedTick, ///< subject: job (JIL-120)
    nextDay,      ///< ticks of the following day are planned
    userDaily,    ///< subject: business day, detail: minute of the day (CTM-006)
    runEnds,      ///< subject: run
    attempt,      ///< subject: run to try again (JIL-054)
    timeLimit,    ///< subject: run, detail: attempt (term_run_time)
    maxRun,       ///< subject: run (max_run_alarm)
    windowOpens,  ///< subject: job, detail: its `windowTurn`
    windowCloses, ///< subject: job, detail: its number of runs at the tick
    mustStart,    ///< subject: job, detail: index of the tick's record
    mustComplete,
    late, ///< subject: index into what may be late, of Control-M (CTM-078)
};

struct PlannedEvent {
    int64_t at = 0;
    /// Events of one instant: what comes from outside first, then ticks, then what follows from
    /// runs, then what asks how it is by now, each in the order of insertion: as if all of the
    /// day's plan had been queued before it.
    uint8_t rank = 0;
    uint64_t order = 0;
    Planned kind = Planned::tick;
    uint32_t subject = 0, detail = 0;
};

class Queue {
public:
    void push(int64_t at, Planned kind, uint32_t subject, uint32_t detail = 0) {
        uint8_t const rank = kind == Planned::nextDay || kind == Planned::outside     ? 0
                             : kind == Planned::userDaily                             ? 0
                             : kind == Planned::tick || kind == Planned::excludedTick ? 1
                             : kind == Planned::late                                  ? 3
                                                                                      : 2;
        heap.push({at, rank, next++, kind, subject, detail});
    }
    bool isEmpty() const { return heap.empty(); }
    /// The instant of the first event, if it lies before `end`.
    std::optional<int64_t> nextAt(int64_t end) const {
        if (heap.empty() || heap.top().at >= end)
            return std::nullopt;
        return heap.top().at;
    }
    PlannedEvent pop() {
        PlannedEvent const first = heap.top();
        heap.pop();
        return first;
    }

private:
    struct Later {
        bool operator()(PlannedEvent const& a, PlannedEvent const& b) const {
            return a.at != b.at       ? a.at > b.at
                   : a.rank != b.rank ? a.rank > b.rank
                                      : a.order > b.order;
        }
    };
    std::priority_queue<PlannedEvent, std::vector<PlannedEvent>, Later> heap;
    uint64_t next = 0;
};

} // namespace hoist::semantics
