"""How many cores torch computes on: those that nobody else needs.

All threads wait for the slowest at every operation: on two cores of which one is taken, two threads
are slower than one.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

import psutil
import torch

from core.jobs.context import JobContext

LOOK_SECONDS = 0.3
LOOK_EVERY_SECONDS = 60.0


def free_cores(seconds: float = LOOK_SECONDS) -> int:
    """The cores of this process that others leave idle while this thread sleeps; at least one."""
    mine = sorted(os.sched_getaffinity(0))
    shares = psutil.cpu_percent(seconds, percpu=True)
    busy = sum(shares[core] for core in mine if core < len(shares)) / 100
    return max(1, len(mine) - round(busy))


@dataclass
class Threads:
    """Keeps torch on the free cores while it computes on the CPU.

    OMP_NUM_THREADS, where it is set, says how many instead.
    """

    device: torch.device
    _looked: float = field(default=float("-inf"), init=False)

    def fit(self, job: JobContext) -> None:
        """Look who else works, at most once a minute, and tell the job's watchers of a change."""
        if self.device.type != "cpu" or "OMP_NUM_THREADS" in os.environ:
            return
        now = time.monotonic()
        if now < self._looked + LOOK_EVERY_SECONDS:
            return
        first, self._looked = self._looked < 0, now
        free, before = free_cores(), torch.get_num_threads()
        torch.set_num_threads(free)
        all_cores = len(os.sched_getaffinity(0))
        if free < all_cores if first else free != before:
            why = "others need the rest" if free < all_cores else "they are free again"
            job.note(f"Computes on {free} of {all_cores} cores: {why}.")
