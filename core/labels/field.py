"""A field of a project's label schema: its kind, and what can be chosen.

LabelField("topic", ("sums", "shapes"))                         # one option
LabelField("clarity", kind="rating", points=5, ends=("unclear", "clear"))
LabelField("names", ("person", "place"), kind="span")           # marked words
LabelField("remark", kind="text")

What an example's label holds, in JSON: single: the option; multiple: a list of options; rating: a
whole number from 1; span: a list of marks (core.labels.spans); text: a string.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.errors import InvalidInput

LabelKind = Literal["single", "multiple", "rating", "span", "text"]
KINDS: tuple[LabelKind, ...] = get_args(LabelKind)
KIND_LABELS: dict[LabelKind, str] = {
    "single": "one option",
    "multiple": "several options",
    "rating": "rating",
    "span": "marked words",
    "text": "free text",
}
SHARED: tuple[LabelKind, ...] = ("single", "multiple", "rating")
"""Kinds of which many examples have the same value: what bulk actions and equal shares work with.
Marks and free texts are another on each example."""
LEAST_POINTS, MOST_POINTS = 2, 10
MOST_CHARACTERS = 2000
"""Code points of a free text."""


class InvalidProject(InvalidInput):
    """A setting of the project cannot be used."""

    title = "Please check the project's settings"


@dataclass(frozen=True)
class LabelField:
    """One label that annotators give. `options` are those of single, multiple and span; a rating
    has `points` (2–10) and in `ends` words for its lowest and highest point, or (). Raises
    InvalidProject."""

    name: str
    options: tuple[str, ...] = ()
    kind: LabelKind = "single"
    points: int = 5
    ends: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            kinds = ", ".join(KIND_LABELS.values())
            raise InvalidProject(f"Choose a kind for the label “{self.name}”: {kinds}.")
        if not self.name.strip():
            raise InvalidProject("A label needs a name. Give it one, or delete its row.")
        if self.has_options:
            self._check_options()
        elif self.options:
            kind = KIND_LABELS[self.kind]
            raise InvalidProject(f"The label “{self.name}” is a {kind}: it has no options.")
        if self.kind == "rating":
            self._check_points()

    def _check_options(self) -> None:
        least = 1 if self.kind == "span" else 2
        if len(self.options) < least:
            many = "at least two options" if least == 2 else "an option"
            raise InvalidProject(f"The label “{self.name}” needs {many}. Add what is missing.")
        if len(set(self.options)) != len(self.options):
            raise InvalidProject(f"The label “{self.name}” names an option twice. Remove one.")

    def _check_points(self) -> None:
        if type(self.points) is not int or not LEAST_POINTS <= self.points <= MOST_POINTS:
            raise InvalidProject(
                f"The rating “{self.name}” has {LEAST_POINTS} to {MOST_POINTS} points. Choose how "
                f"many."
            )
        if len(self.ends) not in (0, 2):
            raise InvalidProject(
                f"Give the rating “{self.name}” words for its lowest and its highest point, with a "
                f"comma between them, or none."
            )

    @property
    def has_options(self) -> bool:
        """Whether people choose among options that the schema names."""
        return self.kind in ("single", "multiple", "span")

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be chosen: the options, or a rating's points in figures; () of a free text."""
        if self.kind == "rating":
            return tuple(str(point) for point in range(1, self.points + 1))
        return self.options

    @property
    def words(self) -> str:
        """The field in one line: “clarity: rating, 1 (unclear) – 5 (clear)”."""
        if self.kind == "rating":
            low, high = (f" ({end})" if end else "" for end in self.ends or ("", ""))
            return f"{self.name}: rating, 1{low} – {self.points}{high}"
        said = "" if self.kind == "single" else f"{KIND_LABELS[self.kind]}"
        listed = ", ".join(self.options)
        return f"{self.name}: {said}{': ' if said and listed else ''}{listed}"

    def to_json(self) -> dict[str, Any]:
        """A dict that `from_json` reads back to an equal value."""
        rated = {"points": self.points, "ends": list(self.ends)} if self.kind == "rating" else {}
        return {"name": self.name, "options": list(self.options), "kind": self.kind, **rated}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LabelField:
        """What `to_json` wrote, or a release before 0.2, which had `multiple` for a kind."""
        kind: Any = data.get("kind") or ("multiple" if data.get("multiple") else "single")
        ends = tuple(data.get("ends", ()))
        return cls(data["name"], tuple(data["options"]), kind, data.get("points", 5), ends)
