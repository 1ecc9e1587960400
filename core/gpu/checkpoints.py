"""checkpoints/checkpoint-N: all that a training needs to go on exactly where it was.

Adapter, optimizer and random state as safetensors (nothing here is ever unpickled), the counters as
JSON, and last of all DONE with every file's size and CRC-32: a folder without a true DONE does not
count.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from core.gpu.adapters import restore_adapter, save_adapter
from core.jobs.folder import read_json, write_json

KEPT = 2
CHECKED_AT_ONCE = 2**22


@dataclass
class TrainingProgress:
    """Where a training is.

    `initial_loss` is the validation loss before the first step. `tokens` and `seconds` count over
    all its starts; `best_step` is the step with the lowest validation loss, 0 before the first
    evaluation; `evaluated` is the last step with one, `bad` counts those since the best.
    `recent_loss`, `recent_measures` and `recent_tokens` are summed since the last logged step.
    `cut` is into how many parts a micro-batch is cut to fit.
    """

    step: int = 0
    initial_loss: float | None = None
    tokens: int = 0
    seconds: float = 0.0
    train_loss: float | None = None
    last_loss: float | None = None
    best_loss: float | None = None
    best_step: int = 0
    evaluated: int = 0
    bad: int = 0
    recent_loss: float = 0.0
    recent_measures: list[float] = field(default_factory=list)
    recent_tokens: int = 0
    cut: int = 1


def folder_of(checkpoints: Path, step: int) -> Path:
    """Where the checkpoint of `step` lies."""
    return checkpoints / f"checkpoint-{step}"


def save(
    checkpoints: Path, model: Any, optimizer: torch.optim.Optimizer, at: TrainingProgress
) -> None:
    """Writes the checkpoint of `at.step`, then deletes what is neither new nor the best."""
    folder = folder_of(checkpoints, at.step)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_adapter(model, folder)
    save_file({**_moments(optimizer), **_random_state()}, folder / "state.safetensors")
    write_json(folder / "progress.json", asdict(at))
    write_json(folder / "DONE", {file.name: _sum_of(file) for file in folder.iterdir()})
    _prune(checkpoints, at.best_step)


def latest(checkpoints: Path) -> tuple[Path, TrainingProgress] | None:
    """The valid checkpoint with the highest step, or None."""
    steps = sorted(_steps(checkpoints), reverse=True)
    for folder in (folder_of(checkpoints, step) for step in steps):
        if is_whole(folder):
            return folder, TrainingProgress(**(read_json(folder / "progress.json") or {}))
    return None


def with_whole_best(
    checkpoints: Path, at: TrainingProgress, note: Callable[[str], None]
) -> TrainingProgress:
    """`at`; or where the checkpoint of its best step is damaged or gone, `at` with the best of
    those that are whole, step 0 where none of them was evaluated."""
    if not at.best_step or is_whole(folder_of(checkpoints, at.best_step)):
        return at
    note(f"The best checkpoint, of step {at.best_step}, is damaged: the next best counts.")
    whole = [
        folder for step in _steps(checkpoints) if is_whole(folder := folder_of(checkpoints, step))
    ]
    there = [TrainingProgress(**(read_json(folder / "progress.json") or {})) for folder in whole]
    evaluated = [one for one in there if one.evaluated == one.step and one.last_loss is not None]
    best = min(evaluated, key=lambda one: one.last_loss or 0.0, default=None)
    if best is None:
        return replace(at, best_step=0, best_loss=None, bad=0)
    return replace(at, best_step=best.step, best_loss=best.last_loss)


def load(folder: Path, model: Any, optimizer: torch.optim.Optimizer) -> None:
    """Puts adapter, optimizer and random state back as they were."""
    restore_adapter(model, folder)
    tensors = load_file(folder / "state.safetensors")
    for index, parameter in enumerate(_parameters(optimizer)):
        optimizer.state[parameter] = {
            name: tensors[f"{index}.{name}"].to(parameter.device)
            for name in ("step", "exp_avg", "exp_avg_sq")
            if f"{index}.{name}" in tensors
        }
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random.cuda"])


def is_whole(folder: Path) -> bool:
    """True when DONE is there and every file has the size and the bytes that it says."""
    sums = read_json(folder / "DONE") if (folder / "DONE").is_file() else None
    return bool(sums) and all(
        (folder / name).is_file() and _is_as_written(folder / name, known)
        for name, known in (sums or {}).items()
    )


def _sum_of(file: Path) -> dict[str, int]:
    checked = 0
    with file.open("rb") as opened:
        while block := opened.read(CHECKED_AT_ONCE):
            checked = zlib.crc32(block, checked)
    return {"size": file.stat().st_size, "crc32": checked}


def _is_as_written(file: Path, known: dict[str, int] | int) -> bool:
    if isinstance(known, int):  # a checkpoint of a release that kept sizes alone
        return file.stat().st_size == known
    return file.stat().st_size == known["size"] and _sum_of(file) == known


def _moments(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    return {
        f"{index}.{name}": value.detach().cpu().contiguous()
        for index, parameter in enumerate(_parameters(optimizer))
        for name, value in optimizer.state[parameter].items()
    }


def _random_state() -> dict[str, torch.Tensor]:
    state = {"random.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["random.cuda"] = torch.cuda.get_rng_state()
    return state


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _steps(checkpoints: Path) -> list[int]:
    names = [path.name.partition("-")[2] for path in checkpoints.glob("checkpoint-*")]
    return [int(name) for name in names if name.isdigit()]


def _prune(checkpoints: Path, best_step: int) -> None:
    steps = sorted(_steps(checkpoints))
    for step in steps[:-KEPT]:
        if step != best_step:
            shutil.rmtree(folder_of(checkpoints, step), ignore_errors=True)
