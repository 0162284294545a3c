// What really ran: a file of runs, one JSON object a line (docs/map.md, "The run history").
#pragma once

#include "frontend/diag/Diagnostics.h"
#include "frontend/ir/Estate.h"

#include <optional>
#include <vector>

namespace hoist::migration {

struct PastRun {
    enum class Status : uint8_t { success, failure, terminated };
    ir::JobId job;
    int64_t start = 0, end = 0; ///< seconds since 1970-01-01T00:00Z
    Status status = Status::success;
};

/// Durations in seconds; a percentile is the smallest duration that so many percent of the runs do
/// not exceed.
struct RunStatistics {
    size_t runs = 0, failures = 0, terminated = 0;
    int64_t total = 0; ///< of all durations
    int64_t p50 = 0, p95 = 0, p99 = 0, longest = 0;
    int64_t firstStart = 0, lastStart = 0;
};

class History {
public:
    /// Runs of jobs that the estate does not define are counted and told (M0002). What is no run is
    /// reported at its line (M0001); then there is no history.
    static std::optional<History> read(FileId file, ir::Estate const& estate,
                                       diag::Diagnostics& diags);

    /// By start, then job: of equal starts the order is that of the definitions.
    std::vector<PastRun> const& runs() const { return all; }
    /// Days in UTC from that of the first start to that of the last, both counted; 1 of no runs.
    double days() const;
    /// By job id; jobs that never ran have no runs. Linear but for the sorting of durations.
    std::vector<RunStatistics> statistics(ir::Estate const& estate) const;

private:
    std::vector<PastRun> all;
};

} // namespace hoist::migration
