// Scenario files (docs/schemas/scenario.schema.json) and the scenario of an ordinary day.
#pragma once

#include "analysis/semantics/Scenario.h"
#include "frontend/diag/Diagnostics.h"

namespace hoist::semantics {

/// Reads a scenario about a linked estate. What is wrong is reported at its place (C0012), with a
/// "did you mean" for names; then there is no result.
std::optional<Scenario> readScenario(FileId file, ir::Estate const& estate,
                                     diag::Diagnostics& diags);

/// A day on which everything succeeds: 24 hours from the last midnight of the site's zone, of an
/// estate with Control-M on to the next New Day; runs
/// last `avg_runtime` where a definition says one, else a minute. Files that are watched for are
/// there.
Scenario ordinaryDay(ir::Estate const& estate, int64_t now);

/// "2026-03-02T06:00:00Z"
std::string isoText(int64_t instant);
/// Nothing when it is no date and time with an offset: `2026-03-02T06:00:00Z`,
/// `2026-03-02T07:00+01:00`.
std::optional<int64_t> parseIso(llvm::StringRef text);

} // namespace hoist::semantics
