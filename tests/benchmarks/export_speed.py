"""How long `touchstone export-examples` takes, and how much memory worker and server need.

    python -m tests.benchmarks.export_speed [COUNT …] [--format jsonl …]

By default 100,000 examples of GSM8K's size in every format, provenance included, each by the whole
command in a process of its own. The terminal opens the workspace itself, so it is the server's part
of the work. Each row also gives the worker's own seconds, from its first event to its last.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.exporting.formats import EXPORT_FORMATS
from tests.benchmarks.import_speed import ROOT, watch, write_records


def main() -> None:
    """Print a line for each count and format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=(100_000,))
    parser.add_argument("--format", nargs="*", dest="formats", choices=EXPORT_FORMATS)
    options = parser.parse_args()
    for count in options.counts:
        with tempfile.TemporaryDirectory() as folder:
            home, path = Path(folder) / "home", Path(folder) / "records.jsonl"
            write_records(path, count, None)
            run(home, "import", str(path), "--project", "Speed")
            for name in options.formats or EXPORT_FORMATS:
                print(f"{count:>9,} examples, {name:>8}: ", end="", flush=True)
                print(measure(home, Path(folder) / name, name))


def command(home: Path, *arguments: str) -> list[str]:
    """A command of the terminal."""
    return [sys.executable, str(ROOT / "cli.py"), *arguments, "--home", str(home), "--json"]


def run(home: Path, *arguments: str) -> None:
    """Run one to its end."""
    subprocess.run(command(home, *arguments), check=True, capture_output=True)


def measure(home: Path, target: Path, name: str) -> str:
    """Export once; seconds, the worker's own, and the peaks."""
    asked = command(home, "export-examples", str(target), "--project", "Speed", "--format", name)
    began = time.perf_counter()
    process = subprocess.Popen([*asked, "--provenance"], stdout=subprocess.PIPE)
    peaks = watch(process.pid)
    assert process.stdout is not None
    answer = json.loads(process.stdout.read())
    seconds = time.perf_counter() - began
    size = sum(one.stat().st_size for one in target.rglob("*") if one.is_file())
    return (
        f"{seconds:.1f} s, of which the worker {worker_seconds(home):.1f} s; worker"
        f" {peaks['worker']} MB, server {peaks['server']} MB; {size / 1e6:.0f} MB"
        f" ({answer['examples']:,} examples)"
    )


def worker_seconds(home: Path) -> float:
    """From the first to the last event of the newest job."""
    newest = max((home / "jobs").glob("export_*/events.jsonl"), key=lambda one: one.stat().st_mtime)
    events = [json.loads(line) for line in newest.read_text().splitlines()]
    return float(events[-1]["time"] - events[0]["time"])


if __name__ == "__main__":
    main()
