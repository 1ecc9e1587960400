"""Findings: what a check remarks on an example, and the example as checks see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from core.errors import InvalidInput
from core.examples.example import FIELDS

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
LABELS = "labels"


class InvalidFinding(InvalidInput):
    """The parts of a finding do not belong together."""

    title = "This finding cannot be"


@dataclass(frozen=True, slots=True)
class Checked:
    """An example as checks see it: unlike an Example it may be empty or damaged.

    `labels` are what annotators gave, as stored: label field → value (core.labels.field).
    """

    id: str
    instruction: str
    input: str
    output: str
    labels: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The text of "instruction", "input" or "output"."""
        text: str = getattr(self, name)
        return text

    def with_texts(self, texts: Mapping[str, str]) -> Checked:
        """The same example with other texts in some fields."""
        instruction, given, output = (texts.get(name, self.text(name)) for name in FIELDS)
        return Checked(self.id, instruction, given, output, self.labels)


class Flaw(NamedTuple):
    """What a check function reports: where (code points; None: the whole field) and why."""

    field: str
    start: int | None
    end: int | None
    explanation: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of one kind on one field of an example.

    `start` and `end` (exclusive) are code points of the first place in the field, both None where
    the whole field is meant; the explanation says how many places there are. `mend` is the whole
    text of the field after the mend, which leaves no finding of this kind in it; None where a
    person must decide. `field` is one of FIELDS, or "labels".
    """

    kind: str
    severity: Severity
    field: str
    start: int | None
    end: int | None
    explanation: str
    mend: str | None = None

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES or self.field not in (*FIELDS, LABELS):
            raise InvalidFinding(
                f"A finding of severity “{self.severity}” in the field “{self.field}” cannot be. "
                f"Use {', '.join(SEVERITIES)} and {', '.join(FIELDS)} or {LABELS}."
            )
        if (self.start is None) != (self.end is None):
            raise InvalidFinding("A finding has a start and an end, or neither. Give both.")
        if self.start is not None and self.end is not None and not 0 <= self.start < self.end:
            raise InvalidFinding(f"A finding cannot reach from {self.start} to {self.end}.")

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal value."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Finding:
        """What `to_json` wrote. Raises InvalidFinding."""
        try:
            return cls(**values)
        except TypeError as error:
            raise InvalidFinding(f"These are not the parts of a finding: {error}.") from error
