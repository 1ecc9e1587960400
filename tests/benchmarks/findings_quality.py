"""Recall and precision of every kind of finding on a corpus of flaws that are sown by code.

    python -m tests.benchmarks.findings_quality [--misses]

Each kind is sown into made-up examples, GSM8K and the seed tasks of self-instruct (where they are
beside the checkout). Recall: sown flaws that are found. Precision: of what is found in as many
clean examples as flawed ones, the share that was sown. A clean example that has the kind already
counts as a false one, though some of them are real.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field

from core.findings.checking import check_all
from core.findings.examples import check_example
from core.findings.finding import Checked
from core.findings.kinds import KINDS
from core.findings.settings import FindingSettings
from tests.findings.carriers import GSM8K, SEED_TASKS, gsm8k, made_up, seed_tasks
from tests.findings.flawed_sets import recall_of_set_kinds
from tests.findings.flaws import SETTINGS, SOWN

PER_CARRIER = 3


@dataclass
class Quality:
    """What was sown of a kind, found of it, and found in clean examples; and what was missed."""

    sown: int = 0
    found: int = 0
    false: int = 0
    missed: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Found of what was sown, 0..1."""
        return self.found / self.sown if self.sown else 0.0

    @property
    def precision(self) -> float:
        """Sown of what was found, 0..1."""
        return self.found / (self.found + self.false) if self.found else 0.0


def quality_of(
    kind: str, carriers: list[Checked], seed: int = 11, per_carrier: int = PER_CARRIER
) -> Quality:
    """Sows a kind into every carrier and checks the flawed and the clean ones."""
    rng = random.Random(f"{kind} {seed}")
    settings = SETTINGS.get(kind, FindingSettings())
    quality = Quality()
    for carrier in carriers:
        if kind == "unexpected_language" and carrier.id.startswith("script-"):
            continue
        needs_own_text = kind in SETTINGS and kind != "unexpected_language"
        if not needs_own_text and _has(carrier, kind, settings):
            quality.false += 1
            continue
        for _ in range(per_carrier):
            flawed = SOWN[kind](carrier, rng)
            if flawed is None or flawed == carrier:
                continue
            quality.sown += 1
            if _has(flawed, kind, settings):
                quality.found += 1
            else:
                quality.missed.append(repr(flawed)[:600])
    quality.false *= per_carrier
    return quality


def _has(example: Checked, kind: str, settings: FindingSettings) -> bool:
    return any(found.kind == kind for found in check_example(example, settings))


def all_carriers() -> list[Checked]:
    """Clean examples of every source that is at hand."""
    found = made_up()
    if GSM8K.exists():
        found += gsm8k(150)
    if SEED_TASKS.exists():
        found += seed_tasks()
    return found


def main() -> None:
    """Prints a table, and with --misses what was not found."""
    carriers = all_carriers()
    print(f"{len(carriers)} carriers")
    print("| kind | severity | sown | recall | precision |\n|---|---|---|---|---|")
    for kind in SOWN:
        one = quality_of(kind, carriers)
        print(
            f"| {kind} | {KINDS[kind].severity} | {one.sown} | {one.recall:.3f} "
            f"| {one.precision:.3f} |"
        )
        if "--misses" in sys.argv:
            print("\n".join(f"    {text}" for text in one.missed[:6]))
    for kind, (sown, recall, precision) in recall_of_set_kinds().items():
        print(f"| {kind} | {KINDS[kind].severity} | {sown} | {recall:.3f} | {precision:.3f} |")
    if GSM8K.exists():
        report = check_all(gsm8k(), FindingSettings())
        print(f"\nGSM8K, {report.checked} examples as they are:")
        for kind, count in report.kinds.items():
            if count.count:
                print(f"  {kind} ({count.severity}): {count.count}")


if __name__ == "__main__":
    main()
