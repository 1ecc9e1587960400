"""What a rater sees and says, and what the server keeps of it.

Blindness is a type: BlindPair and BlindJudgement have no field that names a system. Presentation
and Judgement do, and never leave the server.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from core.errors import InvalidInput
from core.projects import Criterion
from core.study.spans import Span, check_spans, spans_of_column

Choice = Literal["left", "right", "tie_good", "tie_bad", "cannot_judge"]
Outcome = Literal["preferred", "tie_good", "tie_bad", "cannot_judge"]
Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = get_args(Side)
FLAGS = ("hallucination", "unsafe", "off-topic")
MAX_SECONDS = 3600.0


@dataclass(frozen=True)
class BlindPair:
    """One example with two answers. `number` of `total` counts this rater's own order."""

    presentation_id: str
    number: int
    total: int
    instruction: str
    input: str
    reference: str | None
    left: str
    right: str


@dataclass(frozen=True)
class BlindJudgement:
    """One rater's answer to one BlindPair. `judgement_id` was made when the pair was shown.

    `ratings` maps side → criterion → 1–5, `remarks` side → criterion → what and where (bias below
    4), `flags` side → the flags raised, `spans` side → the words that show it (`core.study.spans`),
    `seconds` the time the pair was visible and worked on.
    """

    judgement_id: str
    presentation_id: str
    choice: Choice
    ratings: Mapping[Side, Mapping[str, int]]
    flags: Mapping[Side, tuple[str, ...]] = field(default_factory=dict)
    remarks: Mapping[Side, Mapping[str, str]] = field(default_factory=dict)
    comment: str = ""
    correction: str = ""
    seconds: float = 0.0
    spans: Mapping[Side, tuple[Span, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.choice not in get_args(Choice):
            raise InvalidInput("Choose left, right, both good, both bad, or cannot judge.")
        values = [value for given in self.ratings.values() for value in given.values()]
        if any(type(value) is not int or not 1 <= value <= 5 for value in values):
            raise InvalidInput("Every rating is a whole number from 1 to 5.")
        if any(flag not in FLAGS for raised in self.flags.values() for flag in raised):
            raise InvalidInput(f"The flags are {', '.join(FLAGS)}.")
        if not math.isfinite(self.seconds):
            raise InvalidInput("The time spent is not a number. Reload the page and save again.")
        object.__setattr__(self, "seconds", min(max(self.seconds, 0.0), MAX_SECONDS))

    def check_against(self, rubric: tuple[Criterion, ...]) -> None:
        """Raise InvalidInput when a criterion lacks a rating, or low bias lacks a reason."""
        known = {c.name for c in rubric}
        if any(name not in known for given in self.ratings.values() for name in given):
            raise InvalidInput(f"This study rates {', '.join(c.name for c in rubric)}.")
        for side in SIDES:
            about = self.flags.get(side, ()), self.ratings.get(side, {})
            check_spans(side, self.spans.get(side, ()), *about)
        if self.choice == "cannot_judge":
            return
        for side in SIDES:
            given = self.ratings.get(side, {})
            missing = [c.name for c in rubric if c.name not in given]
            if missing:
                raise InvalidInput(f"Rate {', '.join(missing)} for the {side} answer too.")
            remark = self.remarks.get(side, {}).get("bias", "")
            if given.get("bias", 5) < 4 and not remark.strip():
                raise InvalidInput(
                    f"The {side} answer's bias is below 4: say in a few words what and where."
                )


@dataclass(frozen=True)
class RatedPair:
    """A judgement as its rater finds it again: `instruction` is the beginning of the example's."""

    judgement_id: str
    created_at: datetime
    instruction: str
    choice: Choice


@dataclass(frozen=True)
class Presentation:
    """One showing of a pair to one rater: which system stood on which side.

    `occasion` counts a rater's showings of one pair; `phase` and `weight` say how its judgement
    enters an estimate; `place` is which of the pair's wanted views it fills. `lapsed`: its lease
    ran out or its judgement was taken back, and another presentation has its place.
    """

    presentation_id: str
    study_id: str
    pair_id: str
    position: int
    place: int
    occasion: int
    phase: str
    weight: float
    rater_id: str | None
    left_system_id: str | None
    right_system_id: str | None
    lease_until: datetime | None
    done: bool
    lapsed: bool

    def system_on(self, side: Side) -> str:
        """Which system stood on a side. Only a presentation with a rater has sides."""
        found = self.left_system_id if side == "left" else self.right_system_id
        assert found is not None, f"{self.presentation_id} was never shown"
        return found


@dataclass(frozen=True)
class ShownPair:
    """A presentation with its example and both answers by system, as the study froze them."""

    presentation: Presentation
    instruction: str
    input: str
    reference: str
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Judgement:
    """What one rater said of one presentation, by systems: `flags` maps system id → flags, `spans`
    system id → the words that were marked.

    `set_apart`: its rater had seen results or names before (core.study.unblinding). `occasion`: 2
    where the pair came back to its rater (core.study.repeats). `probability`: that its example was
    drawn with, above 0 up to 1.
    """

    judgement_id: str
    presentation_id: str
    study_id: str
    pair_id: str
    example_id: str
    rater_id: str
    rater: str
    choice: Choice
    outcome: Outcome
    preferred_system_id: str | None
    system_ids: tuple[str, str]
    flags: Mapping[str, tuple[str, ...]]
    comment: str
    correction: str
    seconds: float
    created_at: datetime
    number: int
    stratum: str
    set_apart: bool = False
    probability: float = 1.0
    occasion: int = 1
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether it may enter a verdict."""
        return not self.set_apart and self.occasion == 1

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Judgement:
        """The judgement in a row of a table, whose flags are JSON and whose systems are two
        columns."""
        given = dict(row)
        flags = {system: tuple(raised) for system, raised in json.loads(given.pop("flags")).items()}
        both = (given.pop("system_a"), given.pop("system_b"))
        spans = spans_of_column(given.pop("spans", None))
        return cls(flags=flags, system_ids=both, spans=spans, **given)


@dataclass(frozen=True)
class Rating:
    """A person's mark of one answer on one criterion, 1–5."""

    judgement_id: str
    pair_id: str
    rater_id: str
    system_id: str
    criterion: str
    value: int
    remark: str


def outcome_of(choice: Choice, shown: Presentation) -> tuple[Outcome, str | None]:
    """What a choice of a side means, and which system it prefers."""
    if choice == "left" or choice == "right":
        return "preferred", shown.system_on(choice)
    return choice, None
