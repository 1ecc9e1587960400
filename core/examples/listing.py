"""Which examples a list shows, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from core.errors import InvalidInput
from core.examples.states import STATES, ExampleState
from core.versions.splitting import SPLITS, Split

Order = Literal["position", "newest", "oldest", "longest", "shortest", "alike"]
ORDER_LABELS: dict[Order, str] = {
    "position": "Import order",
    "newest": "Last changed first",
    "oldest": "Unchanged for longest first",
    "longest": "Longest first",
    "shortest": "Shortest first",
    "alike": "Most alike first",
}

ANY_FINDING = "any"


LabelTest = Literal["has", "at_least", "at_most", "given", "marked"]
"""How a label is compared: has this option or point; a rating of at least, of at most so many
points; given at all; words marked with this option."""


@dataclass(frozen=True)
class ExampleFilter:
    """What a person looks for; None and "" mean anything.

    `text` is looked for in all three fields, whatever its case; `skipped`: somebody passed it on;
    `label` is a field and one of its options, or a rating and a point, compared as `label_test`
    says; `author_id` wrote the current revision. It changed
    last at `changed_from` or later and before `changed_before` (naive UTC). `least` and `most`
    bound the characters of its three fields together. `split` is the one that it has in the newest
    dataset version with references. `finding` is a kind that the newest check found on its present
    text, a severity, or ANY_FINDING; `topic` the number of its topic in that check. It is at one of
    the `positions`, each of them an example's, whose order is the order “alike”. `assigned_to`: a
    person or group, or OPEN_QUEUE for nobody. `critical`: two reviewers must accept it; `awaiting`:
    somebody has accepted it and it waits for another reviewer.
    """

    state: ExampleState | None = None
    flagged: bool | None = None
    critical: bool | None = None
    awaiting: bool | None = None
    skipped: bool = False
    author_id: str = ""
    label: tuple[str, str | int] | None = None
    label_test: LabelTest = "has"
    has_output: bool | None = None
    text: str = ""
    changed_from: datetime | None = None
    changed_before: datetime | None = None
    least: int | None = None
    most: int | None = None
    split: Split | None = None
    assigned_to: str | None = None
    synthetic: bool | None = None
    finding: str = ""
    topic: int | None = None
    positions: tuple[int, ...] | None = None
    order: Order = "position"

    @property
    def is_counted(self) -> bool:
        """Whether the counters know how many match, and where: state and flag, in import order."""
        return self == ExampleFilter(self.state, self.flagged)

    def __post_init__(self) -> None:
        if self.state is not None and self.state not in STATES:
            raise InvalidInput("Choose one of the states, or all.")
        if self.label_test not in get_args(LabelTest):
            raise InvalidInput("Choose one of the labels, or any.")
        if self.order not in get_args(Order) or (self.order == "alike" and self.positions is None):
            raise InvalidInput("Choose one of the orders.")
        if self.split is not None and self.split not in SPLITS:
            raise InvalidInput("Choose one of the splits, or any.")
        if self.changed_from and self.changed_before and self.changed_from > self.changed_before:
            raise InvalidInput("The first day comes after the last one. Swap them.")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise InvalidInput("The least length is above the greatest one. Swap them.")
