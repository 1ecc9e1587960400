"""The median stopping rule of a comparison of techniques: who is behind at half-way ends early."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from core.jobs.events import read_events
from core.jobs.folder import JobFolder

FEWEST = 2


class Rivals:
    """Other runs of a comparison, by their folders; those that have not begun say nothing."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [JobFolder(folder) for folder in folders]

    def median_at(self, step: int) -> float | None:
        """The median of the rivals' lowest validation losses up to `step`, of those that were
        evaluated at that step or later; None with fewer than two such.

        Golovin et al. 2017, "Google Vizier", section 3.2, with the lowest loss for the mean.
        """
        found = [loss for folder in self._folders if (loss := _lowest(folder, step)) is not None]
        return statistics.median(found) if len(found) >= FEWEST else None


def _lowest(folder: JobFolder, step: int) -> float | None:
    losses: dict[int, float] = {}
    offset = 0
    while True:
        events, end = read_events(folder.events_file, offset)
        if end == offset:
            break
        losses |= {e["step"]: e["loss"] for e in events if e["kind"] == "eval" and e["step"] > 0}
        offset = end
    if not losses or max(losses) < step:
        return None
    return min(loss for at, loss in losses.items() if at <= step)
