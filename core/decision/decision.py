"""A decision: a lead's signature under a study's report, release or hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from core.decision.gate import Check, is_open
from core.errors import InvalidInput

Outcome = Literal["release", "hold"]
SHORTEST_REASON = 10


@dataclass(frozen=True)
class Decision:
    """What was decided of a candidate, by whom, on which report. `report_hash`: SHA-256 of the
    report as it stood then."""

    decision_id: str
    study_id: str
    candidate_id: str
    outcome: Outcome
    reason: str
    report_hash: str
    person: str
    created_at: datetime

    def __post_init__(self) -> None:
        if self.outcome not in get_args(Outcome):
            raise InvalidInput("A decision is to release, or to hold.")


def refuse_unreasoned(outcome: Outcome, checks: Sequence[Check], reason: str) -> None:
    """Raise InvalidInput for a release against the gate, or a hold, without a written reason."""
    if len(reason.strip()) >= SHORTEST_REASON:
        return
    if outcome == "hold":
        raise InvalidInput("Write in a sentence why the candidate is held back.")
    missing = [check.label for check in checks if check.state != "passed"]
    if not is_open(checks):
        raise InvalidInput(
            f"Not shown: {', '.join(missing)}. Write in a sentence why it may be released all the "
            "same."
        )
