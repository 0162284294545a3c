"""What a site may set for the shims, in Airflow's configuration section `[hoist]`.

Each key can be given as `AIRFLOW__HOIST__<KEY>`. The defaults of the restart keys are the legacy
scheduler's own (JIL-054: MaxRestartTrys, RestartConstant, RestartFactor, MaxRestartWait).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The values in force. Seconds, unless a name says otherwise."""

    switch_user: bool = True
    """False: local jobs run as the worker's user whatever their owner (demonstrations, tests)."""
    instance: str = "ACE"
    """AUTOSERV of JIL-056: the name of the legacy instance."""
    autouser: str = "/opt/CA/WorkloadAutomationAE/autouser.ACE"
    """AUTOUSER of JIL-056: the directory of the legacy instance's configuration."""
    max_restart_tries: int = 10
    restart_constant: float = 10
    restart_factor: float = 5
    max_restart_wait: float = 300
    kill_poll: float = 5
    """How often a running job looks for a kill request in the ledger."""
    kill_grace: float = 10
    """How long a killed job may take to end before it is not asked any more."""

    def restart_wait(self, tries: int) -> float:
        """Seconds before start attempt `tries` + 1, after `tries` failed to start (JIL-054)."""
        return min(self.restart_constant + tries * self.restart_factor, self.max_restart_wait)


def settings() -> Settings:
    """The site's settings, read anew on each call; Airflow caches its configuration."""
    from airflow.sdk.configuration import conf

    default = Settings()
    values = {
        "switch_user": conf.getboolean("hoist", "switch_user", fallback=default.switch_user),
        "instance": conf.get("hoist", "instance", fallback=default.instance),
        "autouser": conf.get("hoist", "autouser", fallback=default.autouser),
        "max_restart_tries": conf.getint(
            "hoist", "max_restart_tries", fallback=default.max_restart_tries
        ),
    }
    for key in (
        "restart_constant",
        "restart_factor",
        "max_restart_wait",
        "kill_poll",
        "kill_grace",
    ):
        values[key] = conf.getfloat("hoist", key, fallback=getattr(default, key))
    return Settings(**values)
