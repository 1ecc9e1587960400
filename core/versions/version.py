"""A dataset version: an immutable, content-hashed snapshot of accepted examples with a split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.errors import InvalidInput
from core.versions.splitting import SPLITS, Split


@dataclass(frozen=True)
class LargeGroup:
    """A near-duplicate group as it is shown: its size, split, and the beginnings of some texts.

    `shared` is what all of its texts have in common, shortened; empty where that is nothing.
    """

    group_id: str
    size: int
    split: Split | None
    texts: tuple[str, ...]
    shared: str = ""

    @classmethod
    def of_dict(cls, values: Mapping[str, Any]) -> LargeGroup:
        """The group from its JSON object."""
        return cls(**{**values, "texts": tuple(values["texts"])})


@dataclass(frozen=True)
class LeftOut:
    """An accepted example that a version leaves out.

    `near_id` is the example that it is a near-duplicate of, `near_text` the protected text: its
    file, line and beginning.
    """

    example_id: str
    reason: str
    near_id: str | None
    near_text: str | None
    instruction: str
    input: str

    @property
    def near(self) -> str:
        """What it is near; "" where it is left out for what it is itself."""
        return self.near_text or self.near_id or ""


@dataclass(frozen=True)
class DatasetVersion:
    """What was frozen, how it was split, and by whom.

    `counts` are examples per split, `groups` near-duplicate groups (those of one example too),
    `kept` examples whose split an earlier version had decided, `left_out` accepted examples that
    are not in it. `ratios` were asked for; they are (0, 0, 1) where `evaluation_only`.
    Raises InvalidInput when the counts are not those of the three splits.
    """

    version_id: str
    project_id: str
    number: int
    name: str
    content_hash: str
    seed: int
    ratios: tuple[float, float, float]
    counts: Mapping[Split, int]
    groups: int
    actor_id: str
    created_at: datetime
    evaluation_only: bool = False
    kept: int = 0
    left_out: int = 0
    largest: tuple[LargeGroup, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    notes: str = ""
    person: str = "Touchstone"

    def __post_init__(self) -> None:
        if set(self.counts) != set(SPLITS):
            raise InvalidInput(
                f"A version counts its {', '.join(SPLITS)} examples, not {', '.join(self.counts)}."
            )

    @property
    def total(self) -> int:
        """Examples in all splits together."""
        return sum(self.counts.values())

    @property
    def near_duplicates(self) -> int:
        """Examples that are in the group of another one."""
        return self.total - self.groups
