"""Which examples each step sees, and at which learning rate: pure, decided by the seed alone.

Because a step's batches follow from (seed, step), a resumed run sees what an unbroken one does.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import lru_cache

from core.tuning.run_spec import RunSpec

# Examples are sorted by length within this many batches: wide enough for almost no padding, narrow
# enough that batches differ from epoch to epoch.
BATCHES_SORTED_TOGETHER = 50


def bucketed(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Indices of all examples in batches of about equal length, in a random order of batches."""
    rng = random.Random(f"{seed}/{epoch}")
    order = list(range(len(lengths)))
    rng.shuffle(order)
    span = batch_size * BATCHES_SORTED_TOGETHER
    batches = []
    for start in range(0, len(order), span):
        together = sorted(order[start : start + span], key=lambda i: lengths[i])
        batches += [together[i : i + batch_size] for i in range(0, len(together), batch_size)]
    rng.shuffle(batches)
    return batches


class StepPlan:
    """The micro-batches of every optimizer step of a run."""

    def __init__(self, lengths: Sequence[int], spec: RunSpec) -> None:
        self._spec = spec
        self._lengths = lengths
        micro = math.ceil(len(lengths) / spec.budget.per_device_train_batch_size)
        self.steps_per_epoch = math.ceil(micro / spec.budget.gradient_accumulation_steps)
        by_epochs = math.ceil(self.steps_per_epoch * spec.budget.num_train_epochs)
        self.total = spec.budget.max_steps if spec.budget.max_steps > 0 else by_epochs
        self.eval_every = spec.budget.eval_steps or self.steps_per_epoch
        self._batches_of = lru_cache(maxsize=1)(self._epoch)

    def _epoch(self, epoch: int) -> list[list[int]]:
        size = self._spec.budget.per_device_train_batch_size
        return bucketed(self._lengths, size, self._spec.seed, epoch)

    def micro_batches(self, step: int) -> list[list[int]]:
        """Indices for step 0, 1, …; an epoch's last step may have fewer micro-batches."""
        epoch, within = divmod(step, self.steps_per_epoch)
        size = self._spec.budget.gradient_accumulation_steps
        return self._batches_of(epoch)[within * size : (within + 1) * size]

    def evaluates_after(self, step: int) -> bool:
        """True when validation follows the step that was `step`-th, counted from 1."""
        return step % self.eval_every == 0 or step == self.total

    def learning_rate(self, step: int) -> float:
        """For step 0, 1, …: linear warm-up, then cosine or linear to 0, or constant."""
        optimiser = self._spec.optimiser
        warmup = warmup_of(optimiser.warmup_steps, self.total)
        return optimiser.learning_rate * lr_factor(
            step, self.total, warmup, optimiser.lr_scheduler_type
        )


def warmup_of(warmup_steps: float, total: int) -> int:
    """Steps of warm-up: below 1 a share of `total`, rounded up."""
    return math.ceil(warmup_steps * total) if warmup_steps < 1 else int(warmup_steps)


def lr_factor(step: int, total: int, warmup: int, kind: str) -> float:
    """The share of the learning rate at step 0 … total-1, above 0 and at most 1."""
    if step < warmup:
        return (step + 1) / warmup
    # One further than transformers counts, so that neither the first nor the last step is idle.
    done = (step - warmup) / max(1, total - warmup)
    if kind == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done))
    return 1 - done if kind == "linear" else 1.0
