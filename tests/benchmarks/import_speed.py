"""How long `touchstone import` takes, and how much memory worker and server need at their peak.

    python -m tests.benchmarks.import_speed [COUNT …] [--source train.jsonl]

By default 100,000 and 1,000,000 records of GSM8K's size: those of --source, numbered, or made up.
The terminal opens the workspace itself, so it is the server's part of the work.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
COUNTS = (100_000, 1_000_000)


def main() -> None:
    """Print a line for each count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=COUNTS)
    parser.add_argument("--source", type=Path, help="JSONL with question and answer")
    options = parser.parse_args()
    for count in options.counts:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "records.jsonl"
            write_records(path, count, options.source)
            print(f"{count:>9,} records, {path.stat().st_size / 1e6:.0f} MB: ", end="", flush=True)
            print(measure(path, Path(folder) / "home"))


def write_records(path: Path, count: int, source: Path | None) -> None:
    """So many different records, one a line."""
    known = list(read_pairs(source)) if source else [made_up(k) for k in range(7473)]
    with path.open("w", encoding="utf-8") as file:
        for k in range(count):
            question, answer = known[k % len(known)]
            record = {"id": k, "question": f"{question} (variant {k})", "answer": answer}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def read_pairs(source: Path) -> Iterator[tuple[str, str]]:
    """Question and answer of each line."""
    for line in source.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        yield record["question"], record["answer"]


def made_up(number: int) -> tuple[str, str]:
    """A question of about 235 and an answer of about 290 characters, as GSM8K's are."""
    rng = random.Random(number)
    words = [
        f"{rng.choice(('ba', 'de', 'ki', 'lo', 'mu'))}{rng.randrange(10**4)}" for _ in range(75)
    ]
    return " ".join(words[:34]), "\n".join(" ".join(words[at : at + 14]) for at in (34, 48, 61))


def measure(path: Path, home: Path) -> str:
    """Run the real command; its seconds and the peaks."""
    command = [sys.executable, str(ROOT / "cli.py"), "import", str(path)]
    command += ["--project", "Speed", "--home", str(home), "--json"]
    began = time.perf_counter()
    # As people run it: with the bytecode of an earlier command, if there was one.
    kept = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=kept)
    peaks = watch(process.pid)
    assert process.stdout is not None
    answer = json.loads(process.stdout.read())
    seconds = time.perf_counter() - began
    assert answer["accepted"] + answer["duplicates"] > 0, answer
    return (
        f"{seconds:.1f} s, worker {peaks['worker']} MB, server {peaks['server']} MB "
        f"({answer['accepted']:,} added)"
    )


def watch(pid: int) -> dict[str, int]:
    """Peak resident memory in MB of a process and of the worker it starts, until it ends."""
    peaks = {"server": 0, "worker": 0}
    parent = psutil.Process(pid)
    try:
        while parent.status() != psutil.STATUS_ZOMBIE:
            peaks["server"] = max(peaks["server"], peak_of(pid))
            for child in parent.children(recursive=True):
                peaks["worker"] = max(peaks["worker"], peak_of(child.pid))
            time.sleep(0.02)
    except psutil.NoSuchProcess:
        pass
    return peaks


def peak_of(pid: int) -> int:
    """What the kernel remembers of a process: its largest resident memory so far."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    main()
