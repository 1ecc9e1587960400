"""Gold examples: accepted ones mixed into annotating, and whose turn it is to get one.

is_due(salt, turn=7, share=0.05)           # whether somebody's 7th task is a gold example

How often people answer as accepted: core/examples/gold_accuracy.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MOST_SHARE = 0.2
"""The largest share of a person's tasks that can be gold: it is work without a result."""
LOOKED_AHEAD = 5_000
GoldState = Literal["open", "answered", "skipped", "flagged", "known"]


@dataclass(frozen=True, slots=True)
class GoldMix:
    """Which examples of a project are gold, and the share (0..MOST_SHARE) of tasks that are.
    `ever`: somebody was given one."""

    share: float = 0.0
    examples: frozenset[str] = frozenset()
    ever: bool = False


@dataclass(frozen=True, slots=True)
class GoldTurns:
    """How many tasks a person was given while gold was mixed in, and the secret of their draws."""

    salt: str
    n: int


@dataclass(frozen=True, slots=True)
class GoldTask:
    """A gold example in a person's hands, or what became of it there."""

    example_id: str
    person_id: str
    project_id: str
    state: GoldState
    event_id: str | None = None
    reason: str | None = None
    created_at: datetime | None = None


def _drawn(*parts: object) -> float:
    """A number in [0, 1), the same for the same parts."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def is_due(salt: str, turn: int, share: float) -> bool:
    """Whether a person's task number `turn` is gold: nobody can tell without their salt."""
    return _drawn(salt, turn) < share


def in_turn(salt: str, example_ids: Iterable[str]) -> list[str]:
    """The gold examples in the order in which this person gets them: another for each."""
    return sorted(example_ids, key=lambda example_id: _drawn(salt, example_id))


def to_come(turns: GoldTurns, share: float, *, real: int, gold: int) -> int:
    """How many of `gold` examples come among the next `real` others: with it, what waits for a
    person goes down by one with each task, gold or not."""
    if not share or not gold:
        return 0
    given = 0
    for turn in range(turns.n, turns.n + LOOKED_AHEAD):
        if given == gold or not real:
            break
        if is_due(turns.salt, turn, share):
            given += 1
        else:
            real -= 1
    return given
