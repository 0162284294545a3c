// `hoist simulate`: what happened, as a timeline for people and as JSON, and why one job ran or
// not.
#pragma once

#include "analysis/semantics/Trace.h"
#include "frontend/ir/Estate.h"
#include "frontend/ir/TimeZones.h"

namespace hoist::report {

enum class JsonLayout : uint8_t { indented, line };

/// docs/schemas/trace.schema.json.
std::string traceJson(semantics::Trace const& trace, JsonLayout layout = JsonLayout::indented);

/// One line an event, members under their boxes; times in `zone` (null: UTC).
std::string traceText(ir::Estate const& estate, semantics::Trace const& trace,
                      ir::TimeZone const* zone);

/// Every opportunity that one job had: what started it, and what kept it from starting.
std::string explainJob(ir::Estate const& estate, semantics::Trace const& trace, ir::JobId job,
                       ir::TimeZone const* zone);

} // namespace hoist::report
