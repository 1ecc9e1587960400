"""TensorBoard files of a training: every number of its log and its evaluations, in tensorboard/.

tensorboard --logdir runs/RUN_ID/tensorboard
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = "tensorboard"
# What the chart of a run would show under the same heading.
_GROUPS = {"log": "train", "eval": "validation", "memory": "memory", "samples": "validation"}


class TensorBoardFiles:
    """Writes scalars beside a job's folder; a start after `step` hides what it does again."""

    def __init__(self, folder: Path, step: int) -> None:
        # Here, because it takes a second to import and a test of the loop alone needs none of it.
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder / FOLDER), purge_step=step + 1 if step else None)

    def write(self, kind: str, values: Mapping[str, Any]) -> None:
        """The numbers among the values of an event of this kind, at its step."""
        group = _GROUPS.get(kind)
        if group is None:
            return
        step = values["step"]
        for name, value in values.items():
            if name not in ("step", "total") and isinstance(value, float | int):
                self._writer.add_scalar(f"{group}/{name}", float(value), step)

    def close(self) -> None:
        """Leaves nothing in memory."""
        self._writer.close()
