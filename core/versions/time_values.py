"""Kinds of values in a metadata to split by time, and which of them have no common order. Pure.

refuse_mixed("written", seen)      # raises InvalidInput: “2024-05-01” and 2024 are not one scale

A date is sorted by its seconds since 1970 and a number by itself, so that a year among dates would
count as half an hour after the beginning of 1970, and one among Unix times as well. Numbers that
count something, such as ids, may look like several scales of time: then others lie between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import InvalidInput
from core.wording import counted, figure

TimeKind = Literal[
    "date", "year", "day", "seconds", "milliseconds", "between", "number", "unreadable", "missing"
]
# The kinds that are a time of their own scale. Other numbers count something: beside years they
# may be the same count, beside dates they are not. Those `between` two scales are of neither.
SCALES: Mapping[TimeKind, tuple[str, str]] = {
    "date": ("date", "dates"),
    "year": ("year", "years"),
    "day": ("day as a number", "days as numbers"),
    "seconds": ("number of seconds since 1970", "numbers of seconds since 1970"),
    "milliseconds": ("number of milliseconds since 1970", "numbers of milliseconds since 1970"),
}
NUMBER = ("number", "numbers")
MEND = (
    "Write them in one way, such as 2024-05-31, and import the file again; or choose another time, "
    "or another way to split."
)


class UnorderedTimes(InvalidInput):
    """The values of a metadata cannot be put in one order of time."""

    title = "These times have no common order"


@dataclass(frozen=True, slots=True)
class TimesSeen:
    """How many values of one kind there are, and the first: its text and its example's number."""

    kind: TimeKind
    count: int
    text: str
    position: int

    @property
    def told(self) -> str:
        """“12 dates, such as “2024-05-01” (example 3)”."""
        words = SCALES.get(self.kind, NUMBER)
        there = counted(self.count, *words)
        such = "such as " if self.count > 1 else ""
        return f"{there}, {such}“{self.text}” (example {figure(self.position)})"


def refuse_mixed(name: str, seen: Sequence[TimesSeen], *, others_have_it: bool = False) -> None:
    """Raises UnorderedTimes where the values of the metadata `name` are of several scales, or none
    of them can be read. `seen`: one of each kind that there is. Where others with a split have a
    time, new ones without any value are the oldest: synthetic examples never have one."""
    usable = [one for one in seen if one.kind not in ("unreadable", "missing")]
    scales = [one for one in usable if one.kind in SCALES]
    dated = any(one.kind == "date" for one in scales)
    mixed = usable if dated else scales
    if len(mixed) > 1 and (dated or not _is_one_count(usable, scales)):
        *first, last = (one.told for one in mixed)
        raise UnorderedTimes(
            f"“{name}” has {'; '.join(first)}; and {last}. Dates and numbers of different scales "
            f"cannot be put in one order. {MEND}"
        )
    unread = next((one for one in seen if one.kind == "unreadable"), None)
    if seen and not usable and (unread or not others_have_it):
        shown = (
            f" Example {figure(unread.position)} has “{unread.text}”; a date is read as 2024-05-31."
            if unread
            else ""
        )
        raise UnorderedTimes(
            f"No example that is to be split has a “{name}” that can be read as a date or a "
            f"number.{shown} {MEND}"
        )


def _is_one_count(usable: Sequence[TimesSeen], scales: Sequence[TimesSeen]) -> bool:
    """Whether numbers of several scales are one count that passes through them: no fewer lie
    between the scales than on the scale with the fewest. A single typing error is fewer."""
    between = sum(one.count for one in usable if one.kind == "between")
    return between >= min(one.count for one in scales)
