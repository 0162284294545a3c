// A JIL file as `hoist redact` and `hoist reduce` take it apart.
#pragma once

#include "frontend/Frontend.h"
#include "frontend/jil/Vocabulary.h"

namespace hoist::jil {

/// What each byte gives away: keywords, numbers, times, statuses and operators are kept.
Marks marks(FileId file, SourceMap const& sources);
Parts parts(FileId file, SourceMap const& sources);

} // namespace hoist::jil
