"""What a browser sends to be done with an example: read and checked, not yet done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import InvalidInput
from core.examples.example import FIELDS
from core.workflows.curation.annotating import Edit

MOST_HELD = 20
UNREADABLE = "The browser sent something unreadable. Reload the page."


@dataclass(frozen=True)
class Sent:
    """One request. The texts are the person's, unchecked: `edit()` checks them.

    `next` is False where the answer needs no further example; `number` names a version of the
    guidelines; `chosen` is the letter of the annotation that a reviewer took.
    """

    action: str
    submission_id: str = ""
    example_id: str = ""
    based_on: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    quality: int | None = None
    comment: str = ""
    reason: str = ""
    chosen: str = ""
    seconds: float | None = None
    holding: tuple[str, ...] = ()
    next: bool = True
    number: int = 0

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Sent:
        """Read a request's body. Raises InvalidInput for anything odd."""
        try:
            fields = dict(value.get("fields") or {})
            return cls(
                fields={name: _text(fields.get(name, "")) for name in FIELDS},
                labels=dict(value.get("labels") or {}),
                quality=value.get("quality"),
                seconds=_seconds(value.get("seconds")),
                holding=tuple(map(_text, value.get("holding") or ()))[:MOST_HELD],
                next=value.get("next") is not False,
                number=int(value.get("number") or 0),
                **{
                    name: _text(value.get(name) or "")
                    for name in ("submission_id", "example_id", "based_on", "comment", "reason")
                },
                chosen=_text(value.get("chosen") or ""),
                action=_text(value.get("action")),
            )
        except (TypeError, ValueError, OverflowError):
            raise InvalidInput(UNREADABLE) from None

    def edit(self) -> Edit:
        """The edit to save. Raises InvalidInput where it cannot be stored."""
        return Edit(
            self.submission_id,
            self.example_id,
            self.based_on,
            self.fields["instruction"],
            self.fields["input"],
            self.fields["output"],
            labels=self.labels,
            quality=self.quality,
            comment=self.comment,
            seconds=self.seconds,
        )

    @property
    def draft(self) -> dict[str, Any]:
        """What is kept of a text that is not submitted yet."""
        names = ("submission_id", "based_on", "fields", "labels", "quality", "comment")
        kept = {name: getattr(self, name) for name in names}
        return kept | ({"chosen": self.chosen} if self.chosen else {})


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    seconds = float(value)
    if not math.isfinite(seconds):
        raise ValueError(value)
    return min(max(0.0, seconds), 86_400.0)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
