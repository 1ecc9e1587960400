"""One step on the longest micro-batch, and one validation batch, that leave no trace."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from core.gpu.loop import TrainingLoop
from core.gpu.memory import peak_memory_bytes


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
    size = loop.spec.budget.per_device_train_batch_size
    longest = sorted(loop.train.examples, key=len)[-size:]
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


def _step_of_nothing(loop: TrainingLoop) -> None:
    # At a rate of 0 the optimizer makes its moments, which is what is measured, and moves nothing.
    finite = all(p.grad is None or bool(p.grad.isfinite().all()) for p in loop.parameters)
    if finite:
        for group in loop.optimizer.param_groups:
            group["lr"] = 0.0
        loop.optimizer.step()
    loop.optimizer.zero_grad()
    loop.optimizer.state.clear()
