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

FIRST_LOOK_SECONDS = 0.3
LOOK_EVERY_SECONDS = 5.0


def _busy_seconds() -> float:
    times, mine = psutil.cpu_times(percpu=True), os.sched_getaffinity(0)
    return sum(
        core.user + core.nice + core.system + core.irq + core.softirq + core.steal
        for number, core in enumerate(times)
        if number in mine
    )


@dataclass(frozen=True)
class CoreUse:
    """What the cores this process may use had done by a moment, in seconds of one core."""

    at: float = field(default_factory=time.monotonic)
    busy: float = field(default_factory=_busy_seconds)
    mine: float = field(default_factory=time.process_time)

    def others_since(self, earlier: CoreUse) -> float:
        """How many cores other processes used between the two moments, as a mean."""
        theirs = (self.busy - earlier.busy) - (self.mine - earlier.mine)
        return max(0.0, theirs / (self.at - earlier.at))


@dataclass
class Threads:
    """Keeps torch on the free cores while it computes on the CPU.

    OMP_NUM_THREADS, where it is set, says how many instead.
    """

    device: torch.device
    _seen: CoreUse | None = field(default=None, init=False)

    def fit(self, job: JobContext) -> None:
        """Look who else works, every few seconds, and tell the job's watchers of a change."""
        if self.device.type != "cpu" or "OMP_NUM_THREADS" in os.environ:
            return
        first, before = self._seen is None, self._seen or CoreUse()
        if first:
            time.sleep(FIRST_LOOK_SECONDS)
        elif time.monotonic() < before.at + LOOK_EVERY_SECONDS:
            return
        self._seen = CoreUse()
        cores, threads = len(os.sched_getaffinity(0)), torch.get_num_threads()
        free = max(1, cores - round(self._seen.others_since(before)))
        if free != threads:
            torch.set_num_threads(free)
        if free < cores if first else free != threads:
            why = "others need the rest" if free < cores else "they are free again"
            job.note(f"Computes on {free} of {cores} cores: {why}.")
