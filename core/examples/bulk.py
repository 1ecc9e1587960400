"""Bulk actions: one change of all examples that match a filter, and which of them stay as they are.

action = BulkAction("label", label=("topic", "sums"))
action.labelled(["shapes"], field)      # what the label is afterwards
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from core.errors import InvalidInput
from core.examples.states import STATES, ExampleState
from core.projects import LabelField

BulkKind = Literal[
    "accept",
    "send_back",
    "set_aside",
    "label",
    "mask",
    "assign",
    "unassign",
    "critical",
    "uncritical",
    "gold",
    "ungold",
]
DECISIONS: dict[BulkKind, ExampleState] = {
    "accept": "accepted",
    "send_back": "sent_back",
    "set_aside": "set_aside",
}
# States from which each kind of action changes an example.
CHANGES: dict[BulkKind, tuple[ExampleState, ...]] = {
    "accept": ("new", "annotated"),
    "send_back": ("annotated", "accepted", "set_aside"),
    "set_aside": ("new", "annotated", "sent_back", "accepted"),
    "label": STATES,
    "mask": STATES,
    "assign": ("new", "sent_back"),
    "unassign": STATES,
    # What is decided on is reopened first: no critical example is accepted by one reviewer alone.
    "critical": ("new", "annotated", "sent_back"),
    "uncritical": STATES,
    "gold": ("accepted",),
    "ungold": STATES,
}
AUDITED: dict[BulkKind, str] = {
    "accept": "accepted_all",
    "send_back": "sent_back_all",
    "set_aside": "set_aside_all",
    "label": "labelled_all",
    "mask": "masked_all",
    "assign": "assigned_all",
    "unassign": "unassigned_all",
    "critical": "marked_critical_all",
    "uncritical": "unmarked_critical_all",
    "gold": "gold_marked_all",
    "ungold": "gold_unmarked_all",
}
UNDONE = ("bulk_action_undone", "accept_all_undone")  # now, and before 0.2

# Why an example that matches is not changed; an example has the first reason that holds.
Reason = Literal[
    "state",
    "flagged",
    "no_output",
    "same",
    "assigned",
    "open",
    "several",
    "marked",
    "unmarked",
    "held",
    "collecting",
    "disputed",
    "synthetic",
    "unaccepted",
    "gold",
    "unchanged",
    "masked",
    "not_gold",
]
REASONS: dict[Reason, str] = {
    "state": "in another state",
    "flagged": "flagged",
    "no_output": "without an output",
    "same": "with that label already",
    "assigned": "assigned so already",
    "open": "in the open queue already",
    "several": "that need two reviewers or more",
    "marked": "marked critical already",
    "unmarked": "not marked critical",
    "held": "held by somebody",
    "collecting": "waiting for other annotators",
    "disputed": "whose annotators differ",
    "synthetic": "synthetic, which a person must look at one by one",
    "unaccepted": "not accepted",
    "gold": "gold already",
    "unchanged": "accepted as they came in, so that annotators would be shown the answer",
    "masked": "in which personal data were masked, which annotators would be shown",
    "not_gold": "not gold",
}


@dataclass(frozen=True)
class BulkAction:
    """What is done to each example. `comment` stands in each one's history.

    `label` is a field and one of its options, which a field of several options gains and one of a
    single option becomes, or a rating and one of its points, a whole number; `mask` names the kinds
    of personal data (core.findings.personal.MASKS); `to` has the ids of people and groups, several
    of whom get the examples in turn. Raises InvalidInput.
    """

    kind: BulkKind
    comment: str = ""
    label: tuple[str, str | int] | None = None
    mask: tuple[str, ...] = ()
    to: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(BulkKind):
            raise InvalidInput(f"Choose one of {', '.join(get_args(BulkKind))}.")
        if self.kind == "send_back" and not self.comment.strip():
            raise InvalidInput("Say in the comment what should change, then send them back.")
        if self.kind == "label" and self.label is None:
            raise InvalidInput("Choose the label that the examples get.")
        if self.kind == "mask" and not self.mask:
            raise InvalidInput("Choose at least one kind of personal data to mask.")
        if (self.kind == "assign") != bool(self.to):
            raise InvalidInput("Choose whom the examples are assigned to.")

    def labelled(self, value: Any, chosen: LabelField) -> Any:
        """The field's value after this action, where it was `value` (None: no label yet)."""
        if self.label is None:
            return value
        option = self.label[1]
        if chosen.kind != "multiple":
            return option
        had = value if isinstance(value, list) else [] if value is None else [value]
        return [*had, *([] if option in had else [option])]


@dataclass(frozen=True)
class BulkPreview:
    """What a bulk action would do now: of `matching` examples it changes `changes`, and the others
    stay as they are, counted by reason."""

    changes: int
    stay: Mapping[Reason, int] = field(default_factory=dict)

    @property
    def matching(self) -> int:
        """How many examples match the filter."""
        return self.changes + sum(self.stay.values())


@dataclass(frozen=True, slots=True)
class BulkDone:
    """A bulk action that changed `n` examples; `action` is its word in the audit log."""

    batch_id: str
    action: str
    n: int
    person: str
    created_at: datetime
