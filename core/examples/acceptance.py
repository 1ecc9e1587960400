"""Acceptance: how many different reviewers an example needs, and when it becomes accepted.

needed = reviewers_needed(critical=True, wished=1)                # 2
state_after_acceptance({"ada"}, "bo", needed)                     # "accepted"

The rule. An acceptance is of one revision. An example becomes accepted with the last of as many
different people's acceptances as it needs; until then it stays annotated, and nobody who accepted
the revision decides on it again. Anybody's send-back or set-aside takes effect at once and ends the
acceptances before it. A corrected text is a new revision, which needs all its acceptances anew: who
corrects and accepts it gives the first one. Undoing a decision brings back what stood before it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.errors import InvalidInput
from core.examples.current import CurrentExample, HistoryEntry
from core.examples.states import ExampleState

MOST_REVIEWERS = 3
CRITICAL_REVIEWERS = 2
_TELLING = ("accept", "send_back", "set_aside", "undo", "unflag")


def reviewers_needed(*, critical: bool, wished: int) -> int:
    """How many different reviewers accept an example: `wished` by its project, two or more where it
    is critical. Raises InvalidInput for a wish out of 1..MOST_REVIEWERS."""
    if wished not in range(1, MOST_REVIEWERS + 1):
        raise InvalidInput(f"From 1 to {MOST_REVIEWERS} reviewers can accept each example.")
    return max(wished, CRITICAL_REVIEWERS) if critical else wished


def state_after_acceptance(
    accepted_by: Collection[str], reviewer_id: str, needed: int
) -> ExampleState:
    """The state of a revision that `accepted_by` have accepted, and now this reviewer, too."""
    return "accepted" if len({*accepted_by, reviewer_id}) >= needed else "annotated"


def without_others_decisions(
    example: CurrentExample, history: Sequence[HistoryEntry], person_id: str
) -> list[HistoryEntry]:
    """The history as somebody reads it who may decide next: while a revision waits for more
    acceptances, what other reviewers decided on it, and said, is left out."""
    if not example.accepts or example.state != "annotated":
        return list(history)
    saved = [one.created_at for one in history if one.number == example.number]
    return [
        one
        for one in history
        if one.person_id == person_id
        or one.kind not in _TELLING
        or any(one.created_at < moment for moment in saved)
    ]


def waiting_words(needed: int, *, critical: bool) -> str:
    """What a reviewer is told of an example that needs several: the same for each of them, so that
    it tells none what another one decided. "" where one is enough."""
    if needed < 2:
        return ""
    who = "two" if needed == 2 else "three"
    began = f"Critical: {who}" if critical else who.capitalize()
    return f"{began} reviewers must accept it, each without seeing what others decided."
