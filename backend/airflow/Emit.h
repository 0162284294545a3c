// The target model as the text of one Python file.
#pragma once

#include "backend/airflow/Target.h"

namespace hoist::airflow {

/// The file of a DAG: deterministic, laid out as `ruff format` leaves it, clean under ruff's AIR
/// rules.
std::string emit(Dag dag);

/// A variable name made of an id: lower case, an identifier, no keyword.
std::string pythonName(llvm::StringRef id);

} // namespace hoist::airflow
