"""Checks many examples: in chunks, in several processes where that pays, and again after edits.

report = check_all(examples, FindingSettings(), processes=2, found=rows.extend)
report.kinds["email"].count, report.kinds["email"].ids
after = recheck(report.facts, edited, FindingSettings())
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from core.errors import InvalidInput
from core.findings.examples import check_subject
from core.findings.facts import Facts, SetFacts, facts_of
from core.findings.finding import Checked, Finding, Severity
from core.findings.kinds import KINDS, kinds_on
from core.findings.sets import SetRemark, check_set
from core.findings.settings import FindingSettings
from core.findings.subject import Subject

CHUNK = 500
# Below this a second process takes longer to start than it saves.
ONE_PROCESS_UP_TO = 5_000

Rows = Sequence[tuple[str, Finding]]


@dataclass
class KindCount:
    """How many examples have findings of a kind, and their ids in the order they were checked."""

    severity: Severity
    ids: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many examples."""
        return len(self.ids)


@dataclass
class Report:
    """What checking a set found: examples per kind (every kind that is on), remarks, facts."""

    checked: int
    kinds: dict[str, KindCount]
    remarks: list[SetRemark]
    facts: SetFacts

    def to_json(self, most_ids: int | None = None) -> dict[str, Any]:
        """Per kind severity, count and ids (at most so many), and the remarks on the set."""
        return {
            "checked": self.checked,
            "findings": {
                name: {
                    "label": KINDS[name].label,
                    "severity": one.severity,
                    "count": one.count,
                    "ids": one.ids[:most_ids],
                }
                for name, one in self.kinds.items()
            },
            "remarks": [one.to_json() for one in self.remarks],
        }


@dataclass(frozen=True)
class Recheck:
    """Findings after edits: the edited examples' own, and all findings of "set" kinds anew."""

    examples: dict[str, list[Finding]]
    of_the_set: list[tuple[str, Finding]]
    remarks: list[SetRemark]


def check_chunk(
    examples: Sequence[Checked], settings: FindingSettings
) -> tuple[list[tuple[str, Finding]], list[Facts]]:
    """(id, finding) of "example" kinds, and the facts, of some examples."""
    rows: list[tuple[str, Finding]] = []
    facts = []
    for example in examples:
        subject = Subject(example)
        rows += [(example.id, found) for found in check_subject(subject, settings)]
        facts.append(facts_of(subject, settings))
    return rows, facts


def check_all(
    examples: Iterable[Checked],
    settings: FindingSettings,
    *,
    processes: int = 1,
    progress: Callable[[int], None] = lambda _done: None,
    found: Callable[[Rows], None] = lambda _rows: None,
) -> Report:
    """Checks all examples; ids must be unique.

    `progress` hears after each chunk how many examples are done, and may raise to stop; `found` is
    given the rows (id, finding) of a chunk, in order, and at the end those of "set" kinds. With
    several `processes` the examples are still read one after another and never all held.
    Raises InvalidInput where an id is there twice or `processes` is below 1.
    """
    if processes < 1:
        raise InvalidInput(f"{processes} processes cannot check anything. Use 1 or more.")
    kinds = {kind.name: KindCount(kind.severity) for kind in kinds_on(settings)}
    all_facts: list[Facts] = []
    for rows, facts in _checked(iter(examples), settings, processes):
        _count(rows, kinds)
        found(rows)
        all_facts += facts
        progress(len(all_facts))
    together = SetFacts()
    together.put(all_facts)
    if len(together) < len(all_facts):
        raise InvalidInput("Two examples have the same id. Give each its own.")
    of_the_set = check_set(together, settings)
    _count(of_the_set.findings, kinds)
    found(of_the_set.findings)
    return Report(len(all_facts), kinds, of_the_set.remarks, together)


def recheck(facts: SetFacts, edited: Sequence[Checked], settings: FindingSettings) -> Recheck:
    """Findings after some examples were edited or added; `facts` are brought up to date.

    The findings of other examples of "example" kinds stay; those of "set" kinds are all anew.
    For deleted examples call `facts.remove(ids)` before.
    """
    rows, new = check_chunk(edited, settings)
    own: dict[str, list[Finding]] = {one.id: [] for one in edited}
    for example_id, finding in rows:
        own[example_id].append(finding)
    facts.put(new)
    of_the_set = check_set(facts, settings)
    return Recheck(own, of_the_set.findings, of_the_set.remarks)


def _count(rows: Rows, kinds: dict[str, KindCount]) -> None:
    for example_id, one in rows:
        ids = kinds[one.kind].ids
        # Findings of an example come together, so the last id tells whether it is counted.
        if not ids or ids[-1] != example_id:
            ids.append(example_id)


def _checked(
    examples: Iterator[Checked], settings: FindingSettings, processes: int
) -> Iterator[tuple[list[tuple[str, Finding]], list[Facts]]]:
    """Results of all chunks in order."""
    head = list(islice(examples, ONE_PROCESS_UP_TO)) if processes > 1 else []
    if processes == 1 or len(head) < ONE_PROCESS_UP_TO:
        for chunk in _chunks(_joined(head, examples)):
            yield check_chunk(chunk, settings)
        return
    # Spawned, not forked: a worker has threads, which a fork would leave in the middle.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        waiting: list[Future[tuple[list[tuple[str, Finding]], list[Facts]]]] = []
        try:
            for chunk in _chunks(_joined(head, examples)):
                waiting.append(pool.submit(check_chunk, chunk, settings))
                if len(waiting) > 4 * processes:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()
        finally:
            pool.shutdown(cancel_futures=True)


def _joined(head: list[Checked], rest: Iterator[Checked]) -> Iterator[Checked]:
    yield from head
    head.clear()
    yield from rest


def _chunks(examples: Iterator[Checked]) -> Iterator[list[Checked]]:
    while chunk := list(islice(examples, CHUNK)):
        yield chunk
