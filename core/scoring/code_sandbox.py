"""Runs code that a model wrote, behind a wall: no network, no files of this machine, limits.

outcome = run_code("def add(a, b): return a + b", "assert add(1, 2) == 3", Limits())

Linux only, from 5.12, where the kernel gives namespaces to this process; otherwise nothing is run
and NoSandbox says why. What the wall is made of stands in sandbox_child.py, what it does not
protect from in docs/deployment.md.
"""

from __future__ import annotations

import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core.errors import InvalidInput

CHILD = Path(__file__).with_name("sandbox_child.py")
MOST_ANSWER = 65_536  # bytes: what behind the wall may say of itself
MEGABYTE = 1_000_000


class NoSandbox(InvalidInput):
    """The machine has no wall to run code behind."""

    title = "The code was not run"


@dataclass(frozen=True)
class Limits:
    """For one run: CPU seconds, seconds by the clock, megabytes of memory and of files, processes
    and threads, open files. Raises InvalidInput for one below 1."""

    cpu_seconds: int = 10
    wall_seconds: int = 40
    memory_mb: int = 512
    disk_mb: int = 8
    processes: int = 1
    open_files: int = 64

    def __post_init__(self) -> None:
        if min(vars(self).values()) < 1:
            raise InvalidInput("A limit of the sandbox is below 1. Give each 1 or more.")


@dataclass(frozen=True)
class Outcome:
    """Whether the tests passed, and if not, why: in the words of Python or of the wall."""

    passed: bool
    reason: str = ""


def run_code(code: str, tests: str, limits: Limits) -> Outcome:
    """Run `code`, then `tests` in the same names. Passed: the last line of the tests was reached.

    Raises NoSandbox where the wall cannot be built; nothing is run then.
    """
    if not sys.platform.startswith("linux") or not sys.executable:
        raise NoSandbox("Code of models is run on Linux only, where there are namespaces.")
    nonce = secrets.token_hex(16)
    job = {
        "code": code,
        "tests": tests,
        "nonce": nonce,
        "cpu": limits.cpu_seconds,
        "memory": limits.memory_mb * MEGABYTE,
        "disk": limits.disk_mb * MEGABYTE,
        "processes": limits.processes,
        "open_files": limits.open_files,
    }
    answers, in_time = _answers(json.dumps(job).encode(), limits.wall_seconds)
    if answers[:1] != [{"walled": nonce}]:
        raise NoSandbox(_no_wall(answers))
    last = answers[-1]
    if last.get("passed") == nonce:
        return Outcome(True)
    if not in_time:
        return Outcome(False, f"It was not done after {limits.wall_seconds} s.")
    if last.get("killed") == signal.SIGKILL:
        return Outcome(False, f"It was stopped: more than {limits.cpu_seconds} s of CPU time.")
    return Outcome(False, str(last.get("failed", "It ended before its tests did.")))


def check_sandbox() -> None:
    """Raises NoSandbox where code cannot be run behind a wall."""
    if not run_code("", "", Limits()).passed:
        raise NoSandbox("Behind the wall not even an empty program runs on this machine.")


def _no_wall(answers: list[dict[str, Any]]) -> str:
    why = answers[0].get("no_wall", "no answer") if answers else "no answer"
    return (
        f"This machine does not let Touchstone build the wall that code of models runs behind "
        f"({why}), so nothing was run. It takes Linux 5.12 or newer with user namespaces "
        "(sysctl user.max_user_namespaces above 0; kernel.apparmor_restrict_unprivileged_userns = "
        "0 on Ubuntu); containers often forbid them."
    )


def _answers(job: bytes, seconds: float) -> tuple[list[dict[str, Any]], bool]:
    """The JSON lines that the child wrote, and whether it ended in time."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(CHILD)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd="/", env={}, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(job)
        text, in_time = _read(process.stdout, time.monotonic() + seconds)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        while os.read(process.stdout.fileno(), MOST_ANSWER):
            pass  # until nobody is left who could write
        process.stdout.close()
    return [one for line in text.splitlines() if (one := _object(line))], in_time


def _read(stream: IO[bytes], deadline: float) -> tuple[bytes, bool]:
    """What comes until the end, the deadline, or too much; and whether it was not the deadline."""
    found = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while len(found) < MOST_ANSWER:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return found, False
            part = os.read(stream.fileno(), MOST_ANSWER)
            if not part:
                break
            found += part
    return found, True


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
