"""Changes of examples: revisions, decisions, skips and flags.

Each writes the log, the current-state table and the counters together; callers hold the
transaction.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from core.clock import now
from core.examples.current import CurrentExample, HistoryKind, Revision
from core.examples.states import ExampleState, Queue
from storage.acceptances import Acceptances
from storage.bulk import BulkActions
from storage.counters import Counters, Tally
from storage.database import Database
from storage.disagreements import Disagreements
from storage.queues import Queues


class Annotation(BulkActions):
    """Changes of examples, one at a time; many at once are inherited."""

    def __init__(
        self,
        db: Database,
        counters: Counters,
        queues: Queues,
        acceptances: Acceptances,
        disagreements: Disagreements,
    ) -> None:
        self._db = db
        self._counters = counters
        self._queues = queues
        self._acceptances = acceptances
        self._disagreements = disagreements

    def is_known(self, submission_id: str) -> bool:
        """Whether this decision, skip or flag was already saved."""
        return (
            self._db.value(
                "SELECT 1 FROM submissions WHERE submission_id = $id", {"id": submission_id}
            )
            is not None
        )

    def example_of_revision(self, revision_id: str) -> str | None:
        """The example that this text was saved of, or None where it was not saved."""
        found: str | None = self._db.value(
            "SELECT example_id FROM revisions WHERE revision_id = $id", {"id": revision_id}
        )
        return found

    def add_revision(
        self, current: CurrentExample, revision: Revision, state: ExampleState
    ) -> CurrentExample:
        """Append a revision and make it the example's present, in `state`: nobody has accepted it
        yet."""
        self.log_revision(revision, current.position)
        if current.accepts:
            self._acceptances.void(current)
        if current.annotations > 1 and current.state == "sent_back":
            self._disagreements.clear(current)
        after = replace(
            current,
            **revision_fields(revision),
            author=revision.author,
            state=state,
            updated_at=revision.created_at,
            accepts=0,
        )
        self._db.execute(
            """
            UPDATE example_current
            SET revision_id = $revision_id, number = $number, instruction = $instruction,
                input = $input, output = $output, labels = $labels, quality = $quality,
                author_id = $author_id, state = $state, updated_at = $updated_at
            WHERE example_id = $example_id
            """,
            {
                **revision_fields(revision),
                "labels": json.dumps(dict(revision.labels)),
                "state": state,
                "updated_at": revision.created_at,
                "example_id": current.example_id,
            },
        )
        self._count(current, after)
        return after

    def log_revision(self, revision: Revision, position: int) -> None:
        """Append a revision of the example at `position`."""
        self._db.execute(
            """
            INSERT INTO revisions
                (revision_id, example_id, position, number, based_on, instruction, input, output,
                 labels, quality, origin, comment, author_id, seconds, created_at)
            VALUES ($revision_id, $example_id, $position, $number, $based_on, $instruction, $input,
                    $output, $labels, $quality, $origin, $comment, $author_id, $seconds,
                    $created_at)
            """,
            {
                **revision_fields(revision),
                "example_id": revision.example_id,
                "position": position,
                "based_on": revision.based_on,
                "labels": json.dumps(dict(revision.labels)),
                "origin": revision.origin,
                "comment": revision.comment,
                "seconds": revision.seconds,
                "created_at": revision.created_at,
            },
        )

    def add_review(
        self,
        current: CurrentExample,
        *,
        review_id: str,
        decision: HistoryKind,
        reviewer_id: str,
        state_before: ExampleState,
        state: ExampleState,
        flagged: bool,
        comment: str = "",
        seconds: float | None = None,
        annotation_id: str | None = None,
    ) -> None:
        """Append a decision on the current revision; the example is then in `state`.

        `annotation_id`: the annotation that it takes, of several people's."""
        made = now()
        self._db.execute(
            """
            INSERT INTO reviews
                (review_id, example_id, position, revision_id, decision, state_before, batch_id,
                 comment, reviewer_id, seconds, created_at, annotation_id)
            VALUES ($review_id, $example_id, $position, $revision_id, $decision, $state_before,
                    NULL, $comment, $reviewer_id, $seconds, $now, $annotation_id)
            """,
            {
                "review_id": review_id,
                "example_id": current.example_id,
                "position": current.position,
                "revision_id": current.revision_id,
                "decision": decision,
                "state_before": state_before,
                "comment": comment,
                "reviewer_id": reviewer_id,
                "seconds": seconds,
                "now": made,
                "annotation_id": annotation_id,
            },
        )
        self._submitted(review_id, current.example_id)
        self._db.execute(
            """
            UPDATE example_current SET state = $state, flagged = $flagged, updated_at = $now
            WHERE example_id = $example_id
            """,
            {
                "state": state,
                "flagged": flagged,
                "now": made,
                "example_id": current.example_id,
            },
        )
        self._count(current, replace(current, state=state, flagged=flagged))
        if decision == "undo" and state == "annotated":
            self._disagreements.returns(current)

    def set_flag(
        self, current: CurrentExample, event_id: str, *, flagged: bool, reason: str, actor_id: str
    ) -> None:
        """Append that somebody flagged the example, or that it is settled, and mark it so."""
        self.log_event(current, event_id, "flag" if flagged else "unflag", reason, actor_id)
        self._submitted(event_id, current.example_id)
        self._db.execute(
            """
            UPDATE example_current SET flagged = $flagged, updated_at = $now
            WHERE example_id = $example_id
            """,
            {"flagged": flagged, "now": now(), "example_id": current.example_id},
        )
        self._count(current, replace(current, flagged=flagged))

    def add_skip(
        self, current: CurrentExample, event_id: str, *, queue: Queue, reason: str, actor_id: str
    ) -> None:
        """Append that somebody passed the example on; they are not given it until it changes."""
        self.log_event(current, event_id, "skip", reason, actor_id)
        self._submitted(event_id, current.example_id)
        self._queues.add_skip(
            current.project_id, queue, current.example_id, current.position, actor_id, reason
        )

    def log_event(
        self, current: CurrentExample, event_id: str, kind: HistoryKind, reason: str, actor_id: str
    ) -> None:
        """Append a skip, flag or unflag to the log."""
        self._db.execute(
            """
            INSERT INTO example_events
                (event_id, example_id, position, kind, reason, actor_id, created_at)
            VALUES ($event_id, $example_id, $position, $kind, $reason, $actor_id, $now)
            """,
            {
                "event_id": event_id,
                "example_id": current.example_id,
                "position": current.position,
                "kind": kind,
                "reason": reason,
                "actor_id": actor_id,
                "now": now(),
            },
        )

    def _count(self, before: CurrentExample, after: CurrentExample) -> None:
        self._counters.move(before.project_id, Tally.of_example(before), Tally.of_example(after))


def revision_fields(revision: Revision) -> dict[str, Any]:
    """What a revision and the present have in common."""
    return {
        "revision_id": revision.revision_id,
        "number": revision.number,
        "instruction": revision.instruction,
        "input": revision.input,
        "output": revision.output,
        "labels": revision.labels,
        "quality": revision.quality,
        "author_id": revision.author_id,
    }
