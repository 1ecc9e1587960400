"""What another label schema does to the labels that examples have: counted, moved, or taken off.

impact = impact_of(before, after, {'{"topic": "sums"}': 12})
impact.lost                     # (LostOption("topic", "sums", 12, None),)
rewritten({"topic": "sums"}, before, after, {("topic", "sums"): ("topic", "arithmetic")})

A value survives where the new schema's field of that name is of the same family and has the
option. Families: options (single and multiple), ratings, marked words, free texts. Of a rating with
fewer points, the points that are gone are lost options; of a free text, WRITTEN is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from core.labels.field import MOST_CHARACTERS, LabelField, LabelKind
from core.labels.spans import is_marks
from core.labels.values import WRITTEN, choices_in, is_empty

Option = tuple[str, str]
Moves = Mapping[Option, Option | None]
"""Field and option that the schema no longer has → those that take their place; None: none."""
Family = Literal["options", "rating", "span", "text"]
FAMILIES: dict[LabelKind, Family] = {
    "single": "options",
    "multiple": "options",
    "rating": "rating",
    "span": "span",
    "text": "text",
}
# What a lost value may become: a mark or a text cannot be made of an option.
BECOMES: dict[Family, tuple[Family, ...]] = {
    "options": ("options", "rating"),
    "rating": ("options", "rating"),
    "span": ("span",),
    "text": ("text",),
}


@dataclass(frozen=True)
class LostOption:
    """An option in use that the new schema does not have. `becomes` is the one that seems meant:
    the same option where only its field's name changed, else None. `family` says what it is, and
    so which of the new schema's options may take its place."""

    field: str
    option: str
    examples: int
    becomes: Option | None = None
    family: Family = "options"

    def places(self, after: Sequence[LabelField]) -> list[Option]:
        """The options of the new schema that can take its place."""
        return [
            (field.name, choice)
            for field in after
            if FAMILIES[field.kind] in BECOMES[self.family]
            for choice in choices_of(field)
        ]


@dataclass(frozen=True)
class LabelImpact:
    """What a new schema does to labels: options that are lost, and how many examples have several
    options of a field that takes one from now on (the first stays). `kept` says, a sentence each,
    what else changes for labels that stay."""

    lost: tuple[LostOption, ...] = ()
    narrowed: int = 0
    kept: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lost or self.narrowed or self.kept)


@dataclass(frozen=True)
class SchemaVersion:
    """A label schema as somebody saved it; numbers count from 1."""

    number: int
    schema: tuple[LabelField, ...]
    person: str
    created_at: datetime


def keeps_all(before: Sequence[LabelField], after: Sequence[LabelField]) -> bool:
    """Whether every label that fits `before` fits `after`, whatever examples have."""
    new = _by_name(after)
    return all(
        field.name in new
        and FAMILIES[field.kind] == FAMILIES[new[field.name].kind]
        and not (field.kind == "multiple" and new[field.name].kind == "single")
        and set(choices_of(field)) <= set(choices_of(new[field.name]))
        for field in before
    )


def choices_of(field: LabelField) -> tuple[str, ...]:
    """What the field's values consist of: options, points in figures, or WRITTEN."""
    return (WRITTEN,) if field.kind == "text" else field.choices


def impact_of(
    before: Sequence[LabelField], after: Sequence[LabelField], in_use: Mapping[str, int]
) -> LabelImpact:
    """What replacing `before` by `after` does. `in_use`: labels as JSON objects → examples."""
    old, new = _by_name(before), _by_name(after)
    lost: Counter[tuple[str, str, Family]] = Counter()
    used: Counter[str] = Counter()
    narrowed = 0
    for text, examples in in_use.items():
        labels = json.loads(text)
        for name, value in labels.items():
            used[name] += examples
            family = family_of(value, old.get(name))
            for option in choices_in(value, written=family == "text"):
                if not _survives(new.get(name), family, option):
                    lost[name, option, family] += examples
        narrowed += examples * any(_is_narrowed(v, new.get(name)) for name, v in labels.items())
    renamed = _renamed(before, after)
    return LabelImpact(
        tuple(
            LostOption(
                name, choice, n, (renamed[name], choice) if name in renamed else None, family
            )
            for (name, choice, family), n in sorted(lost.items())
        ),
        narrowed,
        tuple(_kept(old, new, used)),
    )


def family_of(value: Any, field: LabelField | None) -> Family:
    """What a stored value is; a string is a free text where the schema before says so."""
    if is_marks(value):
        return "span"
    if isinstance(value, int):
        return "rating"
    return "text" if field is not None and field.kind == "text" else "options"


def _survives(field: LabelField | None, family: Family, option: str) -> bool:
    return field is not None and FAMILIES[field.kind] == family and option in choices_of(field)


def _is_narrowed(value: Any, field: LabelField | None) -> bool:
    several = isinstance(value, list) and len(value) > 1 and not is_marks(value)
    return several and field is not None and field.kind == "single"


def _kept(
    old: Mapping[str, LabelField], new: Mapping[str, LabelField], used: Mapping[str, int]
) -> list[str]:
    """What a changed field means for labels that stay as they are: a point's meaning."""
    said = []
    for name, field in new.items():
        was = old.get(name)
        if was is None or was == field or not used.get(name):
            continue
        if was.kind == field.kind == "rating" and field.points > was.points:
            said.append(
                f"“{name}” has {field.points} points from now on: the {used[name]} ratings that "
                f"were given out of {was.points} stay as they are."
            )
        elif was.kind == field.kind == "rating" and (was.ends != field.ends):
            said.append(f"“{name}” names its ends otherwise: {used[name]} ratings stay.")
    return said


def rewritten(
    labels: Mapping[str, Any],
    before: Sequence[LabelField],
    after: Sequence[LabelField],
    moves: Moves,
) -> dict[str, Any]:
    """The labels under the new schema: what it knows stays, the rest moves or is taken off."""
    old, new = _by_name(before), _by_name(after)
    made: dict[str, Any] = {}
    for name, value in labels.items():
        family = family_of(value, old.get(name))
        for part, option in _parts(value, family):
            place = (name, option)
            if not _survives(new.get(name), family, option):
                place = moves.get((name, option)) or ("", "")
            field = new.get(place[0])
            if field and place[1] in choices_of(field) and _may_become(family, field):
                _put(made, field, part, place[1])
    return made


def _parts(value: Any, family: Family) -> list[tuple[Any, str]]:
    """Each part of a value with what it is counted as."""
    if is_empty(value):
        return []
    if family == "span":
        return [(mark, mark["option"]) for mark in value]
    return [(value, choice) for choice in choices_in(value, written=family == "text")]


def _may_become(family: Family, field: LabelField) -> bool:
    return FAMILIES[field.kind] in BECOMES[family]


def _put(made: dict[str, Any], field: LabelField, part: Any, choice: str) -> None:
    """Add one part to the new labels; of a field that takes one, the first stays."""
    if field.kind == "span":
        made.setdefault(field.name, []).append({**part, "option": choice})
    elif field.kind == "multiple":
        options = made.setdefault(field.name, [])
        options += [choice] if choice not in options else []
    elif field.kind == "rating":
        made.setdefault(field.name, int(choice))
    elif field.kind == "single":
        made.setdefault(field.name, choice)
    else:
        had = made.get(field.name)
        made[field.name] = (f"{had}\n{part}" if had else str(part))[:MOST_CHARACTERS]


def _by_name(schema: Sequence[LabelField]) -> dict[str, LabelField]:
    return {field.name: field for field in schema}


def _renamed(before: Sequence[LabelField], after: Sequence[LabelField]) -> dict[str, str]:
    """Old name → new name of fields that changed nothing but their name."""
    old, new = {one.name for one in before}, {one.name for one in after}
    fresh = {_but_name(one): one.name for one in after if one.name not in old}
    return {
        one.name: fresh[_but_name(one)]
        for one in before
        if one.name not in new and _but_name(one) in fresh
    }


def _but_name(field: LabelField) -> tuple[Family, tuple[str, ...]]:
    return FAMILIES[field.kind], choices_of(field)
