"""Records that are objects within objects: exports of annotation tools, and of Touchstone itself.

kind = kind_of_records(samples)               # "label_studio", … or ""
flat = flatten(kind, record)                  # columns that mean something to `detection`

What people answered becomes the columns "annotation.NAME"; who did so and when "annotated", and
what others answered "other_annotations": metadata. A record of another form stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.importing import annotation_tools, own_exports

Record = Mapping[str, Any]
ANNOTATED = "annotation."
LABELLED = ("labels.", ANNOTATED)
"""What stands before the names of labels in the columns of such records."""


@dataclass(frozen=True)
class RecordKind:
    """How one tool writes a record. `fits` tells whether this is one, `flatten` makes the columns.

    `meta` are columns that are metadata however long, `spread` those whose fields are. With `fixed`
    the columns mean what they are called, and no name is guessed.
    """

    name: str
    label: str
    fits: Callable[[Record], bool]
    flatten: Callable[[Record], dict[str, Any]]
    meta: tuple[str, ...] = ("annotated", "other_annotations", "task")
    spread: tuple[str, ...] = ()
    fixed: bool = False

    @property
    def kept_anyway(self) -> tuple[str, ...]:
        """How columns begin that are kept whether a mapping names them or not: see `left_over`."""
        return LABELLED if self.name else ()


RECORD_KINDS: dict[str, RecordKind] = {
    one.name: one
    for one in (
        RecordKind(
            "touchstone",
            "Touchstone",
            own_exports.is_own,
            own_exports.flatten,
            meta=("meta", "exported"),
            spread=("meta",),
            fixed=True,
        ),
        RecordKind(
            "label_studio",
            "Label Studio",
            annotation_tools.is_label_studio,
            annotation_tools.of_label_studio,
        ),
        RecordKind(
            "argilla",
            "Argilla",
            annotation_tools.is_argilla,
            annotation_tools.of_argilla,
            meta=("metadata", "annotated", "other_annotations", "suggestions", "task"),
            spread=("metadata",),
        ),
        RecordKind(
            "doccano",
            "doccano",
            annotation_tools.is_doccano,
            annotation_tools.of_doccano,
            meta=("comments", "annotation.spans", "relations"),
        ),
    )
}
NONE = RecordKind("", "", lambda _: True, dict, meta=())


def kind_of_records(samples: Sequence[Record]) -> str:
    """The kind that most of the sampled records are; "" for records that are flat already."""
    for kind in RECORD_KINDS.values():
        if 2 * sum(map(kind.fits, samples)) > len(samples):
            return kind.name
    return ""


def record_kind(name: str) -> RecordKind:
    """The kind of that name; one that changes nothing for ""."""
    return RECORD_KINDS.get(name, NONE)


def left_over(record: Record, used: Collection[str]) -> dict[str, Any]:
    """Labels and answers that no column of a mapping names: a file may have the first of a kind far
    behind its beginning."""
    return {n: v for n, v in record.items() if n.startswith(LABELLED) and n not in used}


class OddRecord(Exception):
    """A record looks like one of a tool and is none; the text says so, for people."""


def flatten(name: str, record: Record) -> Record:
    """The record's columns, where it is one of that kind. Raises OddRecord."""
    kind = record_kind(name)
    if not name or not kind.fits(record):
        return record
    try:
        return kind.flatten(record)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError):
        raise OddRecord(f"The record is not as {kind.label} exports it.") from None
