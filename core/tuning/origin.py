"""Where a downloaded base model came from: hub.json beside its weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.jobs.folder import UnreadableJob, read_json, write_json

ORIGIN = "hub.json"


@dataclass(frozen=True)
class Origin:
    """Where a base model was downloaded from; `commit` is the repository's, 40 hex digits."""

    hub_id: str
    revision: str
    commit: str

    @property
    def title(self) -> str:
        """How people tell it from another commit of the same model."""
        return f"{self.hub_id} ({self.commit[:7]})"

    def write(self, folder: Path) -> None:
        """Keep it beside the weights."""
        write_json(folder / ORIGIN, asdict(self))


def origin_of(folder: Path) -> Origin | None:
    """Where a model's folder was downloaded from; None for one that somebody put there."""
    try:
        kept: dict[str, Any] = read_json(folder / ORIGIN) or {}
    except UnreadableJob:
        return None
    given = {name: str(kept.get(name) or "") for name in Origin.__dataclass_fields__}
    return Origin(**given) if all(given.values()) else None
