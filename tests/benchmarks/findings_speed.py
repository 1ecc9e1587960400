"""Seconds of CPU for all findings over 50,000 examples, and for ten edits after that.

    python -m tests.benchmarks.findings_speed FILE [examples] [--processes 2]

FILE is JSON lines with question and answer, as GSM8K has them; its examples are taken again, with
another number in front, until there are enough. CPU seconds, since other work may share the cores.
"""

from __future__ import annotations

import argparse
import time
from itertools import count, cycle, islice
from pathlib import Path

import psutil

from core.findings.checking import Report, check_all, recheck
from core.findings.finding import Checked
from core.findings.settings import FindingSettings
from tests.findings.carriers import gsm8k


def main() -> None:
    """Prints the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("examples", type=int, nargs="?", default=50_000)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    numbered = zip(count(), cycle(gsm8k(path=options.file)), strict=False)
    examples = [
        Checked(str(number), f"{number}. {one.instruction}", "", one.output)
        for number, one in islice(numbered, options.examples)
    ]
    report = _timed(examples, options.processes)
    edited = [
        one.with_texts({"output": f"{one.output} Write to ann@quandt-mail.de"})
        for one in examples[:10]
    ]
    started = time.process_time()
    after = recheck(report.facts, edited, FindingSettings())
    print(f"ten edits: {time.process_time() - started:.3f} s, {len(after.examples)} checked again")


def _timed(examples: list[Checked], processes: int) -> Report:
    me = psutil.Process()
    before = me.memory_info().rss
    wall, cpu = time.perf_counter(), time.process_time()
    report = check_all(examples, FindingSettings(), processes=processes)
    print(
        f"{report.checked} examples, {processes} processes: {time.process_time() - cpu:.1f} s of "
        f"this process's CPU, {time.perf_counter() - wall:.1f} s by the clock, "
        f"{(me.memory_info().rss - before) / 2**20:.0f} MiB more"
    )
    for name, one in report.kinds.items():
        if one.count:
            print(f"  {name} ({one.severity}): {one.count}")
    return report


if __name__ == "__main__":
    main()
