// Legacy names made into Airflow ids: safe, stable, unique; every collider of a collision gets a
// hash.
#pragma once

#include "frontend/ir/Estate.h"

#include <string>
#include <vector>

namespace hoist::ir {

/// Airflow allows letters, digits, `_`, `.`, `-` and 250 characters: every other byte becomes `_`,
/// at most 200 stay.
std::string airflowId(llvm::StringRef name);
/// `airflowId` plus `_` and eight hex digits of the SHA-256 of the full name.
std::string hashedAirflowId(llvm::StringRef name);
/// Of a pool: `airflowId` where that says the name itself, else hashed: two resources that differ
/// in one sign are not one pool.
std::string poolId(llvm::StringRef name);

/// The id that a job would have if no other name came near it; group ids, of nested boxes, hold no
/// dots.
std::string plainId(Estate const& estate, JobId job);

/// The id of each job: its task id, for a nested box its group id, for the root of a workflow also
/// its DAG id. Two names that become equal (case folded, as file systems fold it) inside one
/// workflow, or as roots of workflows, both get the hash.
struct TargetNames {
    explicit TargetNames(Estate const& estate);
    llvm::StringRef taskId(JobId job) const { return taskIds[job.value]; }
    llvm::StringRef dagId(WorkflowId workflow) const { return dagIds[workflow.value]; }

    /// Jobs whose plain ids met, in groups; for the finding about it.
    std::vector<std::vector<JobId>> collisions;

private:
    std::vector<std::string> taskIds;
    std::vector<std::string> dagIds;
};

} // namespace hoist::ir
