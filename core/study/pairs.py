"""What a rater sees and says. Blindness is a type: nothing here can tell base from tuned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from core.errors import InvalidInput
from core.projects import Criterion

Choice = Literal["left", "right", "tie_good", "tie_bad", "cannot_judge"]
Side = Literal["left", "right"]
FLAGS = ("hallucination", "unsafe", "off-topic")
MAX_SECONDS = 3600.0


@dataclass(frozen=True)
class BlindPair:
    """One example with two answers. `number` of `total` counts this rater's own order."""

    pair_id: str
    number: int
    total: int
    instruction: str
    input: str
    reference: str | None
    left: str
    right: str


@dataclass(frozen=True)
class Judgement:
    """One rater's answer to one BlindPair. `judgement_id` was made when the pair was shown.

    `ratings` maps side → criterion → 1–5, `remarks` side → criterion → what and where (bias below
    4), `flags` side → the flags raised, `seconds` the time the pair was visible and worked on.
    """

    judgement_id: str
    pair_id: str
    choice: Choice
    ratings: Mapping[Side, Mapping[str, int]]
    flags: Mapping[Side, tuple[str, ...]] = field(default_factory=dict)
    remarks: Mapping[Side, Mapping[str, str]] = field(default_factory=dict)
    comment: str = ""
    correction: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.choice not in get_args(Choice):
            raise InvalidInput("Choose left, right, both good, both bad, or cannot judge.")
        if any(value not in (1, 2, 3, 4, 5) for s in self.ratings.values() for value in s.values()):
            raise InvalidInput("Every rating is a whole number from 1 to 5.")
        if any(flag not in FLAGS for raised in self.flags.values() for flag in raised):
            raise InvalidInput(f"The flags are {', '.join(FLAGS)}.")
        object.__setattr__(self, "seconds", min(max(self.seconds, 0.0), MAX_SECONDS))

    def check_against(self, rubric: tuple[Criterion, ...]) -> None:
        """Raise InvalidInput when a criterion lacks a rating, or low bias lacks a reason."""
        if self.choice == "cannot_judge":
            return
        for side in get_args(Side):
            given = self.ratings.get(side, {})
            missing = [c.name for c in rubric if c.name not in given]
            if missing:
                raise InvalidInput(f"Rate {', '.join(missing)} for the {side} answer too.")
            remark = self.remarks.get(side, {}).get("bias", "")
            if given.get("bias", 5) < 4 and not remark.strip():
                raise InvalidInput(
                    f"The {side} answer's bias is below 4: say in a few words what and where."
                )
