"""What another label schema does to the labels that examples have: counted, moved, or taken off.

impact = impact_of(before, after, {'{"topic": "sums"}': 12})
impact.lost                     # (LostOption("topic", "sums", 12, None),)
rewritten({"topic": "sums"}, after, {("topic", "sums"): ("topic", "arithmetic")})
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.projects import LabelField

Option = tuple[str, str]
Moves = Mapping[Option, Option | None]
"""Field and option that the schema no longer has → those that take their place; None: none."""


@dataclass(frozen=True)
class LostOption:
    """An option in use that the new schema does not have. `becomes` is the one that seems meant:
    the same option where only its field's name changed, else None."""

    field: str
    option: str
    examples: int
    becomes: Option | None = None


@dataclass(frozen=True)
class LabelImpact:
    """What a new schema does to labels: options that are lost, and how many examples have several
    options of a field that takes one from now on (the first stays)."""

    lost: tuple[LostOption, ...] = ()
    narrowed: int = 0

    def __bool__(self) -> bool:
        return bool(self.lost or self.narrowed)


@dataclass(frozen=True)
class SchemaVersion:
    """A label schema as somebody saved it; numbers count from 1."""

    number: int
    schema: tuple[LabelField, ...]
    person: str
    created_at: datetime


def impact_of(
    before: Sequence[LabelField], after: Sequence[LabelField], in_use: Mapping[str, int]
) -> LabelImpact:
    """What replacing `before` by `after` does. `in_use`: labels as JSON objects → examples."""
    fields = {field.name: field for field in after}
    lost: Counter[Option] = Counter()
    narrowed = 0
    for text, examples in in_use.items():
        labels = json.loads(text)
        for name, option in _options(labels):
            if name not in fields or option not in fields[name].options:
                lost[name, option] += examples
        narrowed += examples * any(
            isinstance(value, list) and len(value) > 1 and name in fields
            and not fields[name].multiple
            for name, value in labels.items()
        )  # fmt: skip
    renamed = _renamed(before, after)
    return LabelImpact(
        tuple(
            LostOption(name, option, n, (renamed[name], option) if name in renamed else None)
            for (name, option), n in sorted(lost.items())
        ),
        narrowed,
    )


def rewritten(
    labels: Mapping[str, Any], after: Sequence[LabelField], moves: Moves
) -> dict[str, Any]:
    """The labels under the new schema: what it knows stays, the rest moves or is taken off."""
    fields = {field.name: field for field in after}
    chosen: dict[str, list[str]] = {}
    for name, option in _options(labels):
        known = name in fields and option in fields[name].options
        place = (name, option) if known else moves.get((name, option))
        if place and place[0] in fields and place[1] in fields[place[0]].options:
            options = chosen.setdefault(place[0], [])
            options += [place[1]] if place[1] not in options else []
    return {
        name: options if fields[name].multiple else options[0] for name, options in chosen.items()
    }


def _options(labels: Mapping[str, Any]) -> Iterator[Option]:
    for name, value in labels.items():
        for option in value if isinstance(value, list) else [value]:
            yield name, option


def _renamed(before: Sequence[LabelField], after: Sequence[LabelField]) -> dict[str, str]:
    """Old name → new name of fields that changed nothing but their name."""
    old, new = {one.name for one in before}, {one.name for one in after}
    fresh = {one.options: one.name for one in after if one.name not in old}
    return {
        one.name: fresh[one.options]
        for one in before
        if one.name not in new and one.options in fresh
    }
