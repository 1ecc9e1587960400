"""Bulk actions on examples: choosing them by a filter, deciding on them, and taking that back.

Each example gets its own review or revision, all with one batch id, so that its history shows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.clock import now
from core.examples.bulk import CHANGES, DECISIONS, BulkAction, BulkPreview
from core.examples.listing import ExampleFilter
from core.examples.overlap import COLLECTOR
from storage.acceptances import restore_chosen, void_chosen
from storage.bulk_marks import BulkMarks
from storage.bulk_revisions import Fits
from storage.filters import conditions, parameters, pointer
from storage.gold_marks import MASKED_SINCE, UNCHANGED, same_labels_among
from storage.synthetic import UNSEEN_SYNTHETIC

# The reasons of core.examples.bulk.REASONS, in its order.
_STAYS = {
    "state": "WHEN NOT list_contains($states, state) THEN 'state'",
    "flagged": "WHEN flagged THEN 'flagged'",
    "no_output": "WHEN trim(output) = '' THEN 'no_output'",
    "same": """
        WHEN json_contains(json_extract(labels, $chosen_field), $chosen_option) THEN 'same'
        """,
    "assigned": "WHEN assigned_to = $assign_to THEN 'assigned'",
    "open": "WHEN assigned_to = '' THEN 'open'",
    "held": """
        WHEN example_id IN (SELECT example_id FROM example_leases
                            WHERE expires_at >= $now AND person_id <> $actor_id) THEN 'held'
        """,
    "collecting": "WHEN state = 'new' AND annotations > 0 THEN 'collecting'",
    "several": """
        WHEN critical OR (
            SELECT coalesce(CAST(p.settings ->> 'reviewers' AS INTEGER), 1) FROM projects p
            WHERE p.project_id = $project_id) > 1
        THEN 'several'
        """,
    "marked": "WHEN critical THEN 'marked'",
    "unmarked": "WHEN NOT critical THEN 'unmarked'",
    "disputed": """
        WHEN state = 'annotated' AND annotations > 1
             AND revision_id IN (SELECT revision_id FROM revisions WHERE origin = 'dispute')
        THEN 'disputed'
        """,
    "synthetic": f"WHEN example_id IN ({UNSEEN_SYNTHETIC}) THEN 'synthetic'",
    "unaccepted": "WHEN state <> 'accepted' THEN 'unaccepted'",
    "gold": "WHEN example_id IN (SELECT example_id FROM gold_examples) THEN 'gold'",
    "unchanged": f"WHEN {UNCHANGED} THEN 'unchanged'",
    "masked": f"WHEN example_id IN ({MASKED_SINCE}) THEN 'masked'",
    "not_gold": "WHEN example_id NOT IN (SELECT example_id FROM gold_examples) THEN 'not_gold'",
}
_REASONS_OF = {
    "accept": (
        "state",
        "flagged",
        "no_output",
        "several",
        "held",
        "collecting",
        "disputed",
        "synthetic",
    ),
    "send_back": ("state", "flagged", "held"),
    "set_aside": ("state", "flagged", "held"),
    "label": ("state", "same", "held", "collecting"),
    "mask": ("state", "held", "collecting"),
    "assign": ("state", "held"),
    "unassign": ("state", "open", "held"),
    "critical": ("state", "marked"),
    "uncritical": ("unmarked",),
    "gold": ("unaccepted", "flagged", "gold", "masked", "unchanged"),
    "ungold": ("not_gold",),
}
_LOG_CHOSEN = """
    INSERT INTO reviews
        (review_id, example_id, position, revision_id, decision, state_before, batch_id, comment,
         reviewer_id, seconds, created_at)
    SELECT $batch_id || '_' || example_id, example_id, position, revision_id, $decision, state,
           $batch_id, $comment, $actor_id, NULL, $now
    FROM chosen_examples ORDER BY position
"""
_MOVE_CHOSEN = """
    UPDATE example_current SET state = chosen_examples.next_state, updated_at = $now
    FROM chosen_examples WHERE chosen_examples.example_id = example_current.example_id
"""


class BulkActions(BulkMarks):
    """Changes of many examples in a handful of statements; callers hold the transaction."""

    # Choosing ----------------------------------------------------------------------------------

    def preview(
        self, project_id: str, wanted: ExampleFilter, action: BulkAction, actor_id: str
    ) -> BulkPreview:
        """How many examples the action would change now, and how many stay, why."""
        rows = self._db.rows(
            f"""
            SELECT reason, count(*) AS n FROM (
                SELECT {_reason(action)} AS reason FROM example_current WHERE {conditions(wanted)})
            GROUP BY reason
            """,  # noqa: S608 conditions and reasons are literals of storage
            self._asked(project_id, wanted, action, actor_id),
        )
        found = {row["reason"]: row["n"] for row in rows}
        return BulkPreview(found.pop("", 0), found)

    def choose(
        self, project_id: str, wanted: ExampleFilter, action: BulkAction, actor_id: str
    ) -> None:
        """Put the examples that the action changes into the temporary table chosen_examples."""
        self._db.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT example_id, position, revision_id, state, coalesce($next_state, state)
                       AS next_state
            FROM example_current
            WHERE {conditions(wanted)} AND {_reason(action)} = ''
            """,  # noqa: S608 as above
            {
                **self._asked(project_id, wanted, action, actor_id),
                "next_state": DECISIONS.get(action.kind),
            },
        )

    def _asked(
        self, project_id: str, wanted: ExampleFilter, action: BulkAction, actor_id: str
    ) -> Mapping[str, Any]:
        given = _parameters(project_id, wanted, action, actor_id)
        if "unchanged" not in _REASONS_OF[action.kind]:
            return given
        return {**given, "same_labels": same_labels_among(self._db, project_id, wanted)}

    def acceptable(self, project_id: str, actor_id: str) -> dict[str, int]:
        """How many a bulk accept would accept at most: `annotated`, `new`.

        From the counters, less what others hold, what needs several reviewers and synthetic ones
        that nobody has worked on; examples without an output are not taken off.
        """
        if self._acceptances.wished(project_id) > 1:
            return {"annotated": 0, "new": 0}
        found = self._db.rows(
            f"""
            SELECT state, sum(n)::BIGINT AS n FROM (
                SELECT state, n FROM example_counts
                WHERE project_id = $project_id AND NOT flagged
                UNION ALL
                SELECT c.state, -1
                FROM example_leases l JOIN example_current c
                  ON c.project_id = l.project_id AND c.position = l.position
                WHERE l.project_id = $project_id AND l.expires_at >= $now
                  AND l.person_id <> $actor_id AND NOT c.flagged AND NOT c.critical
                  AND c.example_id NOT IN ({UNSEEN_SYNTHETIC})
                UNION ALL
                SELECT state, -1 FROM example_current
                WHERE critical AND project_id = $project_id AND NOT flagged
                UNION ALL
                SELECT c.state, -1 FROM example_current c
                WHERE c.example_id IN ({UNSEEN_SYNTHETIC}) AND NOT c.flagged AND NOT c.critical)
            WHERE state IN ('annotated', 'new') GROUP BY state
            """,  # noqa: S608 a literal of storage.synthetic
            {"project_id": project_id, "actor_id": actor_id, "now": now()},
        )
        return {"annotated": 0, "new": 0} | {row["state"]: max(0, row["n"]) for row in found}

    def needing_several(self, project_id: str) -> int:
        """How many annotated and new examples a bulk accept leaves out as several reviewers must
        accept them."""
        if self._acceptances.wished(project_id) > 1:
            sums = self._counters.sums(project_id).items()
            return sum(n for t, n in sums if t.state in ("annotated", "new") and not t.flagged)
        found = self._db.value(
            """
            SELECT count(*) FROM example_current
            WHERE critical AND project_id = $project_id AND NOT flagged
              AND state IN ('annotated', 'new')
            """,
            {"project_id": project_id},
        )
        return int(found)

    # Deciding ----------------------------------------------------------------------------------

    def decide_chosen(self, decision: str, batch_id: str, actor_id: str, comment: str) -> int:
        """Move the chosen examples to their next state, a review each; how many."""
        about = {
            "decision": decision,
            "batch_id": batch_id,
            "actor_id": actor_id,
            "comment": comment,
            "now": now(),
        }
        if decision == "undo":  # the log's state_before is the state that undoing returned to
            self._db.execute("UPDATE chosen_examples SET state = next_state")
        self._counters.leave()
        self._db.execute(_LOG_CHOSEN, about)
        self._db.execute(_MOVE_CHOSEN, {"now": about["now"]})
        self._counters.enter()
        void_chosen(self._db)
        if decision == "undo":
            restore_chosen(self._db)
        return self._end_chosen()

    def accept_enough(self, project_id: str, wished: int, batch_id: str, comment: str) -> int:
        """Accept what enough reviewers have accepted by now, where so many are wished; how many."""
        if not self._acceptances.choose_enough(project_id, wished):
            return 0
        return self.decide_chosen("accept", batch_id, COLLECTOR, comment)

    def accept_these(
        self, example_ids: Sequence[str], batch_id: str, actor_id: str, comment: str
    ) -> int:
        """Accept those of the given examples that are new; how many."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, c.position, c.revision_id, c.state, 'accepted' AS next_state
            FROM example_current c
            SEMI JOIN (SELECT unnest($example_ids) AS example_id) USING (example_id)
            WHERE c.state = 'new'
            """,
            {"example_ids": list(example_ids)},
        )
        return self.decide_chosen("accept", batch_id, actor_id, comment)

    # Taking back -------------------------------------------------------------------------------

    def undo_batch(
        self, project_id: str, batch_id: str, undo_id: str, actor_id: str, fits: Fits
    ) -> int:
        """Take back a bulk action wherever nothing happened to the example since, and labels where
        they still fit; how many."""
        return self._undo_decisions(project_id, batch_id, undo_id, actor_id) + self.undo_revisions(
            project_id, batch_id, undo_id, actor_id, fits
        )

    def _undo_decisions(self, project_id: str, batch_id: str, undo_id: str, actor_id: str) -> int:
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, c.position, c.revision_id, c.state, r.state_before AS next_state
            FROM reviews r JOIN example_current c USING (example_id)
            WHERE c.project_id = $project_id AND r.batch_id = $batch_id
              AND r.decision IN ('accept', 'send_back', 'set_aside')
              AND c.revision_id = r.revision_id AND NOT c.flagged
              AND c.example_id NOT IN (
                  SELECT l.example_id FROM example_leases l
                  WHERE l.expires_at >= $now AND l.person_id <> $actor_id)
              AND NOT EXISTS (SELECT 1 FROM reviews later WHERE later.example_id = r.example_id
                              AND later.created_at > r.created_at)
            """,
            {
                "project_id": project_id,
                "batch_id": batch_id,
                "actor_id": actor_id,
                "now": now(),
            },
        )
        return self.decide_chosen("undo", undo_id, actor_id, "")


def _reason(action: BulkAction) -> str:
    """Why an example stays as it is, as SQL; '' where the action changes it."""
    reasons = [*_REASONS_OF[action.kind], *(["assigned"] if len(action.to) == 1 else [])]
    return f"CASE {' '.join(_STAYS[one] for one in reasons)} ELSE '' END"


def _parameters(
    project_id: str, wanted: ExampleFilter, action: BulkAction, actor_id: str
) -> Mapping[str, Any]:
    given, reasons = dict(parameters(project_id, wanted)), _REASONS_OF[action.kind]
    if "state" in reasons:
        given["states"] = list(CHANGES[action.kind])
    if "held" in reasons:
        given |= {"actor_id": actor_id, "now": now()}
    if action.kind == "label" and action.label:
        given["chosen_field"] = pointer(action.label[0])
        given["chosen_option"] = json.dumps(action.label[1])
    if len(action.to) == 1:
        given["assign_to"] = action.to[0]
    return given
