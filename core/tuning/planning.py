"""Before a run starts: how many steps, on what device, and how long it may take. Pure but for
`device`, which looks at what the system says of itself, since torch is not loaded here.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.tuning.run import Run

NVIDIA = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class Device:
    """What a run will use: its title for people, and whether it is an accelerator."""

    title: str
    is_accelerator: bool


def device(nvidia: Path = NVIDIA) -> Device:
    """The device that a worker on this machine will find, as far as one can tell without torch."""
    for card in sorted(nvidia.glob("*/information")):
        for line in card.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("Model:"):
                return Device(line.partition(":")[2].strip(), True)
    if shutil.which("nvidia-smi") and Path("/dev/nvidiactl").exists():
        return Device("NVIDIA GPU", True)
    return Device("CPU (no GPU found)", False)


def planned_steps(examples: int, settings: Mapping[str, Any]) -> int:
    """Optimizer steps of a run over so many training examples, as the worker will count them."""
    if settings["max_steps"] > 0:
        return int(settings["max_steps"])
    batches: int = math.ceil(examples / settings["per_device_train_batch_size"])
    an_epoch: int = math.ceil(batches / settings["gradient_accumulation_steps"])
    epochs: float = settings["num_train_epochs"]
    return math.ceil(an_epoch * epochs)


def expected_seconds(
    runs: Sequence[Run], model_id: str, settings: Mapping[str, Any], steps: int
) -> tuple[float, str] | None:
    """Seconds for `steps` and the name of the run that says so: the newest completed one with the
    same base model, method and objective. None when there is none.

    A step is taken to last as long as its examples are many; a rough guess, and only called that.
    """
    for run in runs:
        metrics, size = run.metrics, run.spec.budget.effective_batch_size
        own = (run.model_id, run.spec.method.name, run.spec.objective.name)
        same = own == (model_id, settings["method"], settings.get("objective", "sft"))
        if metrics and same and metrics.steps and metrics.seconds:
            an_example = metrics.seconds / (metrics.steps * size)
            return steps * effective_batch_size(settings) * an_example, run.name
    return None


def effective_batch_size(settings: Mapping[str, Any]) -> int:
    """Examples behind one step of the optimiser."""
    return int(settings["per_device_train_batch_size"] * settings["gradient_accumulation_steps"])
