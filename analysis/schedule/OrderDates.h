// The business days on which Control-M orders jobs and folders (CTM-040…047).
#pragma once

#include "frontend/ir/Estate.h"

#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace hoist::schedule {

/// Days are numbers since 1970-01-01; lists are sorted, without doubles. Caches the days of
/// calendars; not thread-safe.
class OrderDates {
public:
    explicit OrderDates(ir::Estate const& model) : estate(model) {}

    /// The order dates of one set of criteria.
    std::vector<int32_t> of(ir::OrderRule const& rule, int32_t first, int32_t last);

    /// Those of a job: its own, and of all folders around it (CTM-045). Empty where they are not
    /// known.
    std::vector<int32_t> between(ir::JobId job, int32_t first, int32_t last);

    /// Are the order dates of a job and of all folders around it known?
    bool areKnown(ir::JobId job) const;

    /// PREV and NEXT of a job ordered on a day: by its own order dates (CTM-012). Nothing within
    /// ten years.
    std::optional<int32_t> previous(ir::JobId job, int32_t day);
    std::optional<int32_t> next(ir::JobId job, int32_t day);

private:
    using Days = std::vector<int32_t>;
    struct Side;

    Days const& workdays(ir::CalendarId calendar);
    bool isWorkday(ir::CalendarId calendar, int32_t day);
    std::optional<int32_t> nearestWorkday(ir::CalendarId calendar, int32_t day, int32_t step);
    std::optional<int32_t> moved(ir::OrderRule const& rule, int32_t day);
    void monthDays(ir::OrderRule const& rule, ir::Date month, Side& side);
    void weekDays(ir::OrderRule const& rule, ir::Date month, Side& side);
    Days candidates(ir::OrderRule const& rule, int32_t first, int32_t last);
    /// Of the criteria of one entity. Jobs share equal ones, and ask for the same days.
    Days const& ofOrdering(ir::OrderingId id, int32_t first, int32_t last);

    ir::Estate const& estate;
    std::map<uint32_t, Days> calendars;
    std::map<std::tuple<uint32_t, int32_t, int32_t>, Days> known; ///< ordering, first, last
};

} // namespace hoist::schedule
