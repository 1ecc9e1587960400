"""The states of an example, and which of them each work queue holds.

An example enters as `new`; annotating makes it `annotated`; a reviewer accepts it, sends it back or
sets it aside. A flag is a mark beside the state: a reviewer looks at it before anything else.
"""

from __future__ import annotations

from typing import Literal, get_args

ExampleState = Literal["new", "annotated", "sent_back", "accepted", "set_aside"]
STATES: tuple[ExampleState, ...] = get_args(ExampleState)
STATE_LABELS: dict[ExampleState, str] = {
    "new": "New",
    "annotated": "Annotated",
    "sent_back": "Sent back",
    "accepted": "Accepted",
    "set_aside": "Set aside",
}

Queue = Literal["annotate", "review"]


def is_open(queue: Queue, state: ExampleState, flagged: bool) -> bool:
    """Whether the queue holds an example in this state. `storage/candidates.py` says it in SQL."""
    if queue == "annotate":
        return state in ("new", "sent_back") and not flagged
    return state == "annotated" or (flagged and state != "set_aside")


def is_decided(state: ExampleState) -> bool:
    """Whether a reviewer has had the last word, until somebody flags or reopens the example."""
    return state in ("accepted", "set_aside")
