"""The difference of two versions of a project: examples added, removed, changed or moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.versions.splitting import Split

DifferenceKind = Literal["added", "removed", "changed", "moved"]
DIFFERENCE_KINDS: tuple[DifferenceKind, ...] = get_args(DifferenceKind)
DIFFERENCE_MEANS: Mapping[DifferenceKind, str] = {
    "added": "Only in the newer version",
    "removed": "Only in the older version",
    "changed": "In both, as different revisions",
    "moved": "In both, in different splits",
}


@dataclass(frozen=True)
class DifferenceCounts:
    """Examples of each kind; a changed one may have moved too. `same`: neither."""

    added: int
    removed: int
    changed: int
    moved: int
    same: int

    def of(self, kind: DifferenceKind) -> int:
        """How many there are of a kind."""
        found: int = getattr(self, kind)
        return found


@dataclass(frozen=True)
class DifferentExample:
    """One example in the older version (`before`) and the newer (`after`): the three texts, None
    where it is not in it. `left_out`: why the newer one leaves it out, where it says so."""

    example_id: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None
    split_before: Split | None
    split_after: Split | None
    labels_before: Mapping[str, Any]
    labels_after: Mapping[str, Any]
    left_out: str | None
