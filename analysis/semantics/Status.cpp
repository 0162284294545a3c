// The words of statuses and events as scenarios and traces write them.
#include "analysis/semantics/Scenario.h"

namespace hoist::semantics {

namespace {

constexpr llvm::StringLiteral statusWords[] = {
    "INACTIVE",   "ACTIVATED", "STARTING",   "RUNNING",   "SUCCESS",  "FAILURE",
    "TERMINATED", "ON_ICE",    "ON_HOLD",    "ON_NOEXEC", "QUE_WAIT", "RESWAIT",
    "PEND_MACH",  "RESTART",   "WAIT_REPLY", "SUSPENDED",
};
constexpr llvm::StringLiteral eventWords[] = {
    "STARTJOB",       "FORCE_STARTJOB", "KILLJOB",         "JOB_ON_HOLD",
    "JOB_OFF_HOLD",   "JOB_ON_ICE",     "JOB_OFF_ICE",     "JOB_ON_NOEXEC",
    "JOB_OFF_NOEXEC", "CHANGE_STATUS",  "SET_GLOBAL",      "RELEASE_RESOURCE",
    "MACH_OFFLINE",   "MACH_ONLINE",    "EXTERNAL_STATUS", "CONFIRM",
    "RERUN",          "DELETE_ORDER",   "ADD_CONDITION",   "DELETE_CONDITION",
};

} // namespace

llvm::StringRef toString(Status status) { return statusWords[static_cast<size_t>(status)]; }

llvm::StringRef toString(Event::Kind kind) { return eventWords[static_cast<size_t>(kind)]; }

llvm::ArrayRef<llvm::StringLiteral> statusNames() { return statusWords; }

llvm::ArrayRef<llvm::StringLiteral> eventNames() { return eventWords; }

} // namespace hoist::semantics
