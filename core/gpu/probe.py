"""One step on the longest micro-batch, and one validation batch, that leave no trace; and how many
layers may keep their activations."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

import psutil
import torch

from core.gpu.checkpointed_layers import CheckpointedLayers
from core.gpu.data import EncodedExample
from core.gpu.loop import TrainingLoop
from core.gpu.memory import free_bytes, free_memory, peak_memory_bytes
from core.jobs.faults import is_out_of_memory
from core.wording import memory_size

SHARE_OF_FREE = 0.8
"""Of the memory that is free beside a step in which no layer keeps its activations, what they may
take: the rest is for what grows in pieces, and on a CPU for other programs."""


@dataclass(frozen=True)
class Probe:
    """`micro_batch` is what fits of the one asked for; `seconds` and `peak_bytes` of the step."""

    micro_batch: int
    peak_bytes: int
    seconds: float


def probe(loop: TrainingLoop) -> Probe:
    """Forward, backward and optimizer step on the longest rows, then the longest validation batch.

    What does not fit is cut, and the loop goes on with smaller micro-batches. Weights, optimizer
    and chance are afterwards what they were. Raises the out-of-memory error when one example alone
    does not fit.
    """
    longest = _longest(loop)
    if loop.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(loop.device)
    devices = [loop.device] if loop.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        loop.model.train()
        started = time.monotonic()
        loop.backward([longest])
        _step_of_nothing(loop)
        seconds = time.monotonic() - started
        loop.model.eval()
        with torch.inference_mode():
            for batch in loop.validation_batches()[-1:]:
                loop.objective.loss(loop.model, batch.to(loop.device))
    return Probe(loop.micro_batch, peak_memory_bytes(loop.device), seconds)


def keep_what_fits(loop: TrainingLoop) -> str:
    """Lets as many layers keep their activations as the free memory holds; how many, as a sentence.

    Measured on the longest micro-batch, which is cut first where it does not fit at all. Weights,
    optimizer and chance are afterwards what they were.
    """
    layers = loop.checkpointed
    assert layers is not None
    longest = _longest(loop)
    devices = [loop.device] if loop.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        loop.model.train()
        layers.keep(0)
        room = max(0, int(SHARE_OF_FREE * _room_beside_a_step(loop, longest)))
        sizes = _sizes(loop, layers, longest[-loop.micro_batch :])
    layers.keep_within(room, sizes)
    free_memory()
    if not sizes:
        return "Every layer computes its activations again: those of one do not fit."
    most = memory_size(max(sizes))
    if layers.kept == len(layers):
        return f"All {layers.kept} layers keep their activations, at most {most} each."
    return (
        f"{layers.kept} of {len(layers)} layers keep their activations, at most {most} each for "
        "the longest micro-batch; the others compute them again."
    )


def _longest(loop: TrainingLoop) -> list[EncodedExample]:
    """The micro-batch that becomes widest: of pairs that is not the one with the most tokens."""
    ordered = sorted(loop.train.examples, key=lambda one: one.longest)
    return ordered[-loop.spec.budget.per_device_train_batch_size :]


def _sizes(loop: TrainingLoop, layers: CheckpointedLayers, rows: list[EncodedExample]) -> list[int]:
    """What the activations of each layer take for these rows; [] where they do not fit."""
    batch = loop.objective.collate(rows).to(loop.device)
    try:
        return layers.sizes(partial(loop.objective.loss, loop.model, batch))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return []


def _room_beside_a_step(loop: TrainingLoop, longest: list[EncodedExample]) -> int:
    """Bytes that stay free at the peak of a step, AdamW's two moments included."""
    free_memory()
    if loop.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(loop.device)
        before = torch.cuda.memory_allocated(loop.device)
    else:
        before = psutil.Process().memory_info().rss
    free, cut = free_bytes(loop.device), loop.progress.cut
    loop.backward([longest])
    loop.optimizer.zero_grad()
    if loop.progress.cut > cut:  # the peak is that of what did not fit
        return _room_beside_a_step(loop, longest)
    step = max(0, peak_memory_bytes(loop.device) - before)
    moments = 0 if loop.optimizer.state else 2 * sum(p.nbytes for p in loop.parameters)
    return free - step - moments


def _step_of_nothing(loop: TrainingLoop) -> None:
    # At a rate of 0 the optimizer makes its moments, which is what is measured, and moves nothing.
    finite = all(p.grad is None or bool(p.grad.isfinite().all()) for p in loop.parameters)
    if finite:
        for group in loop.optimizer.param_groups:
            group["lr"] = 0.0
        loop.optimizer.step()
    loop.optimizer.zero_grad()
    loop.optimizer.state.clear()
