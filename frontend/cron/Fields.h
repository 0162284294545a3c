// The five time fields of a crontab entry (CRON-001…004), read as Vixie cron reads them.
#pragma once

#include "frontend/diag/Diagnostics.h"
#include "frontend/ir/Schedule.h"

#include <llvm/ADT/StringRef.h>

#include <array>
#include <string>

namespace hoist::cron {

struct FieldText {
    llvm::StringRef text;
    Span span; ///< of `text`
};

struct FieldsResult {
    ir::CronFields fields;
    std::string text; ///< canonical: numbers for names, what cron ignores left out, single blanks
    bool ok = true;
};

/// Reads the five fields; each problem is reported at the bytes that are wrong.
FieldsResult parseFields(std::array<FieldText, 5> const& columns, diag::Diagnostics& diags);

/// `@daily` and its like as five fields (CRON-004): the text to parse, or empty for an unknown
/// name.
llvm::StringRef fieldsOfTimeName(llvm::StringRef name);
inline constexpr llvm::StringLiteral timeNames[] = {"reboot", "yearly", "annually", "monthly",
                                                    "weekly", "daily",  "midnight", "hourly"};

} // namespace hoist::cron
