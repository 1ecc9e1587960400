"""Threads on a real machine with a real process that takes a core."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

import core.gpu.threads
from core.gpu.threads import Threads
from core.jobs.context import JobContext
from core.jobs.events import read_events
from core.jobs.folder import JobFolder

CPU = torch.device("cpu")


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobContext]:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    yield JobContext(JobFolder.create(tmp_path / "jobs" / "one", {"kind": "train"}))
    torch.set_num_threads(before)


def notes(job: JobContext) -> list[str]:
    events, _ = read_events(job.folder.events_file, 0)
    return [event["text"] for event in events if event["kind"] == "note"]


@contextmanager
def every_core_taken() -> Iterator[int]:
    """By as many processes as there are cores; how many."""
    cores = len(os.sched_getaffinity(0))
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield cores
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def test_a_core_that_others_take_gets_no_thread_and_the_jobs_watchers_are_told(
    job: JobContext,
) -> None:
    with every_core_taken() as cores:
        torch.set_num_threads(cores)
        Threads(CPU).fit(job)
    assert torch.get_num_threads() == 1
    assert notes(job) == ([f"Computes on 1 of {cores} cores: others need the rest."] * (cores > 1))


def test_a_core_that_others_take_later_is_given_up_though_this_process_computes(
    job: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.gpu.threads, "LOOK_EVERY_SECONDS", 0.5)
    threads = Threads(CPU)
    threads.fit(job)
    with every_core_taken() as cores:
        torch.set_num_threads(cores)
        ends = time.monotonic() + 1.5
        while time.monotonic() < ends:
            torch.ones(300, 300) @ torch.ones(300, 300)
        threads.fit(job)
    assert torch.get_num_threads() == 1


def test_a_number_of_threads_that_somebody_set_stays(
    job: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    torch.set_num_threads(3)
    Threads(CPU).fit(job)
    assert torch.get_num_threads() == 3
    assert notes(job) == []


def test_the_machine_is_not_looked_at_at_every_step(job: JobContext) -> None:
    threads = Threads(CPU)
    threads.fit(job)
    torch.set_num_threads(7)
    threads.fit(job)
    assert torch.get_num_threads() == 7
