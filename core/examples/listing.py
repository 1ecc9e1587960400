"""Which examples a list shows, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import InvalidInput
from core.examples.states import STATES, ExampleState

Order = Literal["position", "newest", "oldest", "longest", "shortest"]
ORDER_LABELS: dict[Order, str] = {
    "position": "Import order",
    "newest": "Last changed first",
    "oldest": "Unchanged for longest first",
    "longest": "Longest first",
    "shortest": "Shortest first",
}


@dataclass(frozen=True)
class ExampleFilter:
    """What a person looks for; None and "" mean anything.

    `text` is looked for in all three fields, whatever its case; `skipped`: somebody passed it on;
    `label` is a field and one of its options; `author_id` wrote the current revision.
    """

    state: ExampleState | None = None
    flagged: bool | None = None
    skipped: bool = False
    author_id: str = ""
    label: tuple[str, str] | None = None
    has_output: bool | None = None
    text: str = ""
    order: Order = "position"

    @property
    def is_counted(self) -> bool:
        """Whether the counters know how many match, and where: state and flag, in import order."""
        elsewhere = (self.author_id, self.label, self.text, self.skipped)
        return self.order == "position" and self.has_output is None and not any(elsewhere)

    def __post_init__(self) -> None:
        if self.state is not None and self.state not in STATES:
            raise InvalidInput("Choose one of the states, or all.")
        if self.order not in get_args(Order):
            raise InvalidInput("Choose one of the orders.")
