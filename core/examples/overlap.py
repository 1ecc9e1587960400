"""Overlap: several people annotate an example, and what comes of it when they are done.

overlap = Overlap(people=2, share=0.5)
overlap.wanted(project_id, example_id)     # 2 for half of the examples, 1 for the others
settle(annotations)                        # one text for all, and whether they agree
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from core.errors import InvalidInput
from core.examples.example import FIELDS

MOST_PEOPLE = 5
COLLECTOR = "system"
"""The author of a revision that several people's annotations led to: reviewers do not see who."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many people annotate each example of a share (0..1) of a project; one does the others.

    `ever`: somebody's annotation is, or may come to be, one of several. Raises InvalidInput.
    """

    people: int = 1
    share: float = 1.0
    ever: bool = False

    def __post_init__(self) -> None:
        if self.people not in range(1, MOST_PEOPLE + 1):
            raise InvalidInput(f"From 1 to {MOST_PEOPLE} people can annotate each example.")
        if not 0 <= self.share <= 1:
            raise InvalidInput("The share of examples is a number from 0 to 1.")

    def wanted(self, project_id: str, example_id: str) -> int:
        """How many people annotate this example: the same for an example whenever it is asked."""
        if self.people == 1:
            return 1
        digest = hashlib.sha256(f"{project_id} {example_id}".encode()).digest()
        drawn = int.from_bytes(digest[:8], "big") / 2**64
        return self.people if drawn < self.share else 1


@dataclass(frozen=True, slots=True)
class PersonAnnotation:
    """What one of several people wrote of an example; `based_on` is the revision they were shown.
    `quality` is 1–5 or None."""

    annotation_id: str
    example_id: str
    project_id: str
    position: int
    person_id: str
    based_on: str
    instruction: str
    input: str
    output: str
    labels: Mapping[str, Any]
    quality: int | None
    comment: str
    seconds: float | None
    created_at: datetime

    @property
    def fields(self) -> dict[str, str]:
        """The three texts by name."""
        return {name: getattr(self, name) for name in FIELDS}

    @property
    def content(self) -> tuple[str, ...]:
        """Equal for annotations that say the same: texts but for white space, and labels."""
        texts = (" ".join(getattr(self, name).split()) for name in FIELDS)
        return (*texts, *(f"{name}={value}" for name, value in label_values(self.labels)))


def label_values(labels: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each label that was given, by name, with its value as one text: an order of options, or an
    option named twice, makes no difference."""
    found = []
    for name, value in sorted(labels.items()):
        if value in (None, "", []):
            continue
        whole = isinstance(value, list) and all(isinstance(one, str) for one in value)
        said = sorted(set(value)) if whole else value
        text = said if isinstance(said, str) else ", ".join(said) if whole else json.dumps(said)
        found.append((name, text))
    return found


@dataclass(frozen=True, slots=True)
class Settled:
    """What an example becomes: the annotation that its texts are taken from, and how that came:
    everybody agrees (or one person alone wrote), or they differ and `agreeing` of them wrote it."""

    chosen: PersonAnnotation
    origin: Literal["annotate", "agree", "dispute"]
    agreeing: int
    of: int

    @property
    def comment(self) -> str:
        """The sentence in the example's history."""
        if self.origin == "annotate":
            return self.chosen.comment
        if self.origin == "agree":
            return f"All {self.of} annotators wrote the same."
        if self.agreeing > 1:
            return f"{self.agreeing} of {self.of} annotators wrote the same."
        return f"{self.of} annotators differ."


def settle(annotations: Sequence[PersonAnnotation]) -> Settled:
    """What several people's annotations of an example make of it: what all wrote, else what more
    than half wrote, else the first one. Raises InvalidInput without any."""
    if not annotations:
        raise InvalidInput("Nobody has annotated this example. There is nothing to settle.")
    ordered = sorted(annotations, key=lambda one: (one.created_at, one.annotation_id))
    groups: dict[tuple[str, ...], list[PersonAnnotation]] = {}
    for one in ordered:
        groups.setdefault(one.content, []).append(one)
    largest = max(groups.values(), key=len)
    of = len(ordered)
    if len(largest) == of:
        return Settled(largest[0], "annotate" if of == 1 else "agree", of, of)
    chosen = largest if 2 * len(largest) > of else groups[ordered[0].content]
    return Settled(chosen[0], "dispute", len(chosen), of)


@dataclass(frozen=True, slots=True)
class BlindAnnotation:
    """An annotation as a reviewer sees it: nothing in it tells who wrote it, or when."""

    name: str
    fields: Mapping[str, str]
    labels: Mapping[str, Any]
    quality: int | None
    comment: str


def blinded(annotations: Sequence[PersonAnnotation]) -> list[BlindAnnotation]:
    """The annotations as A, B, …, in an order that tells neither who nor when."""
    return [
        BlindAnnotation(LETTERS[n], one.fields, one.labels, one.quality, one.comment)
        for n, one in enumerate(_drawn(annotations))
    ]


def named(annotations: Sequence[PersonAnnotation], name: str) -> PersonAnnotation | None:
    """The annotation that `blinded` calls by this letter."""
    found = dict(zip(LETTERS, _drawn(annotations), strict=False))
    return found.get(name)


def _drawn(annotations: Sequence[PersonAnnotation]) -> list[PersonAnnotation]:
    # The ids themselves begin with the time.
    return sorted(
        annotations, key=lambda one: hashlib.sha256(one.annotation_id.encode()).hexdigest()
    )
