"""The words of JIL section 7 and the sets of them that the rules speak of."""

from __future__ import annotations

INACTIVE = "INACTIVE"
ACTIVATED = "ACTIVATED"
STARTING = "STARTING"
RUNNING = "RUNNING"
SUCCESS = "SUCCESS"
FAILURE = "FAILURE"
TERMINATED = "TERMINATED"
ON_ICE = "ON_ICE"
ON_HOLD = "ON_HOLD"
ON_NOEXEC = "ON_NOEXEC"
QUE_WAIT = "QUE_WAIT"
RESWAIT = "RESWAIT"
PEND_MACH = "PEND_MACH"
RESTART = "RESTART"
WAIT_REPLY = "WAIT_REPLY"
SUSPENDED = "SUSPENDED"

ALL = (
    INACTIVE, ACTIVATED, STARTING, RUNNING, SUCCESS, FAILURE, TERMINATED, ON_ICE, ON_HOLD,
    ON_NOEXEC, QUE_WAIT, RESWAIT, PEND_MACH, RESTART, WAIT_REPLY, SUSPENDED,
)  # fmt: skip

ENDED = frozenset({SUCCESS, FAILURE, TERMINATED})
# An attempt is on its way: what a tick, a hold or an ice cannot change (JIL-090, JIL-144).
UNDER_WAY = frozenset({STARTING, RUNNING, RESTART, WAIT_REPLY, SUSPENDED})
# A member in one of these keeps its box RUNNING (JIL-087, JIL-114); the others count as completed.
INCOMPLETE = (
    ACTIVATED, STARTING, RUNNING, ON_HOLD, QUE_WAIT, RESWAIT, PEND_MACH, RESTART, WAIT_REPLY,
    SUSPENDED,
)  # fmt: skip
# What makes no atom true: nobody looks at a condition because of it (pin, JIL-002).
WAKES_NOBODY = frozenset({ACTIVATED, STARTING, RUNNING, RESTART})
# The value of an event that tells what has been so before: no status has changed (JIL-002).
NO_NEWS = "no news"
# Ready to start, but short of load, of resources or of a machine (JIL-095).
QUEUED = (QUE_WAIT, RESWAIT, PEND_MACH)
# A member in one of these has not started in this box run.
NOT_STARTED = (ACTIVATED, ON_HOLD, *QUEUED)
