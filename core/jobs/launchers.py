"""The launchers there are, by the name that a job's row carries."""

from __future__ import annotations

from core.errors import NotFound
from core.jobs.launcher import Launcher
from core.jobs.local import LocalLauncher

LAUNCHERS: dict[str, Launcher] = {"local": LocalLauncher()}


def launcher_of(name: str) -> Launcher:
    """The launcher of that name. Raises NotFound."""
    if name not in LAUNCHERS:
        raise NotFound(f"This job runs with the launcher “{name}”, which is not set up here.")
    return LAUNCHERS[name]
