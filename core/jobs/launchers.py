"""The launchers there are, by the name that a job's row carries, and which of them a job gets."""

from __future__ import annotations

from core.errors import NotFound
from core.jobs.kinds import PLACES, JobKind
from core.jobs.launcher import Launcher
from core.jobs.local import LocalLauncher
from core.jobs.ray.launcher import RayLauncher
from core.jobs.ray.settings import RaySettings, usable_settings

LAUNCHERS: dict[str, Launcher] = {"local": LocalLauncher(), "ray": RayLauncher()}


def launcher_of(name: str) -> Launcher:
    """The launcher of that name. Raises NotFound."""
    if name not in LAUNCHERS:
        raise NotFound(f"This job runs with the launcher “{name}”, which is not set up here.")
    return LAUNCHERS[name]


def launcher_for(kind: JobKind) -> str:
    """The name of the launcher for a new job: Ray, where there is a cluster, for what needs an
    accelerator. Raises RayUnusable."""
    return "ray" if kind.device == "accelerator" and usable_settings() else "local"


def places(launcher: str, device: str) -> int:
    """How many jobs of a device may be with a launcher at once."""
    if launcher != "ray":
        return PLACES[device]
    settings = RaySettings.from_environment()
    return settings.jobs if settings else 1
