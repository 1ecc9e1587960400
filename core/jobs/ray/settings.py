"""What the environment says of the Ray cluster: its address, and how jobs are handed to it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput

ADDRESS = "TOUCHSTONE_RAY_ADDRESS"
WORKSPACE = "TOUCHSTONE_RAY_WORKSPACE"
PYTHON = "TOUCHSTONE_RAY_PYTHON"
CPUS, GPUS, JOBS = "TOUCHSTONE_RAY_CPUS", "TOUCHSTONE_RAY_GPUS", "TOUCHSTONE_RAY_JOBS"
# They win over any address that Ray's client is given.
OVERRIDING = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")


class RayUnusable(InvalidInput):
    """The environment names a Ray cluster in a way that cannot work."""

    title = "The Ray cluster cannot be used"


@dataclass(frozen=True)
class RaySettings:
    """Where jobs for the accelerator go. Raises RayUnusable.

    `address` is the cluster's dashboard, http(s)://HOST:PORT; `workspace` the workspace's path on
    the nodes, "" where it is the same as here; `python` the interpreter on the nodes that has
    Touchstone's packages; `cpus` and `gpus` what Ray reserves for a job; `jobs` how many are handed
    to the cluster at once.
    """

    address: str
    workspace: str = ""
    python: str = "python3"
    cpus: float = 1
    gpus: float = 1
    jobs: int = 1

    def __post_init__(self) -> None:
        if not self.address.startswith(("http://", "https://")):
            raise RayUnusable(
                f"{ADDRESS} is “{self.address}”. Write the address of the cluster's dashboard, "
                f"like http://10.0.0.5:8265."
            )
        if self.workspace and not self.workspace.startswith("/"):
            raise RayUnusable(f"{WORKSPACE} is “{self.workspace}”. Write a path from the root.")
        if not (self.cpus > 0 and self.gpus >= 0 and self.jobs >= 1):
            raise RayUnusable(f"{CPUS} must be over 0, {GPUS} 0 or more, {JOBS} 1 or more.")

    @classmethod
    def from_environment(cls, values: Mapping[str, str] | None = None) -> RaySettings | None:
        """What `values` (the environment) say; None where they name no cluster."""
        values = os.environ if values is None else values
        address = values.get(ADDRESS, "").strip().rstrip("/")
        if not address:
            return None
        for name in OVERRIDING:
            if values.get(name, address).rstrip("/") != address:
                raise RayUnusable(
                    f"{name} and {ADDRESS} name different clusters, and Ray would take the first. "
                    f"Unset {name} where the server is started."
                )
        return cls(
            address,
            values.get(WORKSPACE, "").rstrip("/"),
            values.get(PYTHON) or "python3",
            _number(values, CPUS),
            _number(values, GPUS),
            int(_number(values, JOBS)),
        )

    def path_of(self, folder: Path) -> str:
        """Where a job's folder lies on the nodes: WORKSPACE/runs/ID or WORKSPACE/jobs/ID."""
        if not self.workspace:
            return str(folder)
        return f"{self.workspace}/{folder.parent.name}/{folder.name}"


def usable_settings() -> RaySettings | None:
    """The environment's settings, None without a cluster. Raises RayUnusable without the extra."""
    settings = RaySettings.from_environment()
    if settings and importlib.util.find_spec("ray") is None:
        raise RayUnusable(
            f"{ADDRESS} names a Ray cluster, but the package ray is not installed here. Install "
            f"it with `pip install 'touchstone[ray]'`, or unset {ADDRESS}."
        )
    return settings


def _number(values: Mapping[str, str], name: str) -> float:
    text = values.get(name, "").strip() or "1"
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 10_000:
        raise RayUnusable(f"{name} is “{text}”. Write a number.")
    return number
