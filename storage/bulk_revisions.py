"""Bulk actions that write a revision of each example: labels, masked texts, and what was before.

The temporary table chosen_examples says of which; callers hold the transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.clock import now
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.query import Query
from storage.acceptances import Acceptances, void_chosen
from storage.counters import Counters
from storage.database import Database
from storage.filters import conditions, parameters, pointer
from storage.marks import add_remarks, carry_marks
from storage.untouched import NOT_COLLECTING, NOT_HELD, undecided_since

Fits = Callable[[Mapping[str, Any]], bool]
"""Whether a project's label schema has these labels."""
_LOG_REVISIONS = """
    INSERT INTO revisions
        (revision_id, example_id, position, number, based_on, instruction, input, output, labels,
         quality, origin, comment, author_id, seconds, created_at, batch_id)
    SELECT $batch_id || '_' || c.example_id, c.example_id, c.position, c.number + 1, c.revision_id,
           n.instruction, n.input, n.output, n.labels, n.quality, $origin,
           trim($comment || ' ' || n.remark), $actor_id, NULL, $now, $batch_id
    FROM chosen_examples n JOIN example_current c USING (example_id)
    ORDER BY c.position
"""
_SET_TEXTS = """
    UPDATE example_current
    SET revision_id = $batch_id || '_' || n.example_id, number = number + 1,
        instruction = n.instruction, input = n.input, output = n.output, labels = n.labels,
        quality = n.quality, author_id = $actor_id, updated_at = $now,
        annotations = CASE WHEN state = 'new' THEN 0 ELSE annotations END
    FROM chosen_examples n WHERE n.example_id = example_current.example_id
"""
# Texts that stay as they are need not be written again.
_RELABEL = """
    UPDATE example_current
    SET revision_id = $batch_id || '_' || n.example_id, number = number + 1, labels = n.labels,
        author_id = $actor_id, updated_at = $now {}
    FROM chosen_examples n WHERE n.example_id = example_current.example_id
"""
_SET_LABELS = _RELABEL.format(", annotations = CASE WHEN state = 'new' THEN 0 ELSE annotations END")
# The meaning of the labels stays, so annotations that wait for others' stay too.
_MOVE_LABELS = _RELABEL.format("")
# What each person says of an example that several annotate, of the revision that was annotated
# last; while it is new, of its present one.
_ANNOTATED = """
    SELECT a.annotation_id, a.example_id, a.labels
    FROM annotations a JOIN example_current c USING (example_id)
    WHERE c.project_id = $project_id AND (c.state <> 'new' OR a.based_on = c.revision_id)
    QUALIFY a.based_on = arg_max(a.based_on, a.created_at) OVER (PARTITION BY a.example_id)
        AND row_number() OVER (
            PARTITION BY a.example_id, a.based_on, a.person_id ORDER BY a.created_at DESC) = 1
"""
_LABELS_OF_ALL = f"""
    SELECT example_id, labels FROM example_current WHERE project_id = $project_id
    UNION ALL
    SELECT example_id, labels FROM ({_ANNOTATED})
"""  # noqa: S608 a literal of this module


class BulkRevisions:
    """New revisions of many examples in a handful of statements."""

    _db: Database
    _counters: Counters
    _acceptances: Acceptances

    # Labels ------------------------------------------------------------------------------------

    def label_values(self, name: str) -> dict[str, int]:
        """The values that a label has among the chosen examples, as JSON ("null": none yet), and
        how many have each."""
        rows = self._db.rows(
            """
            SELECT coalesce(CAST(json_extract(c.labels, $field) AS VARCHAR), 'null') AS value,
                   count(*) AS n
            FROM chosen_examples JOIN example_current c USING (example_id) GROUP BY value
            """,
            {"field": pointer(name)},
        )
        return {row["value"]: row["n"] for row in rows}

    def relabel_chosen(
        self,
        name: str,
        values: Mapping[str, Any],
        batch_id: str,
        actor_id: str,
        comment: str,
    ) -> int:
        """Give each chosen example another value of a label: JSON as `label_values` has it → the
        new value, None to take the label away. The state stays. How many."""
        patches = {before: json.dumps({name: after}) for before, after in values.items()}
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, c.instruction, c.input, c.output, c.quality,
                   json_merge_patch(c.labels, p.patch::JSON) AS labels
            FROM chosen_examples JOIN example_current c USING (example_id)
            JOIN (SELECT unnest($before) AS before, unnest($patches) AS patch) p
              ON p.before = coalesce(CAST(json_extract(c.labels, $field) AS VARCHAR), 'null')
            """,
            {
                "field": pointer(name),
                "before": list(patches),
                "patches": list(patches.values()),
            },
        )
        return self._revise_chosen(_SET_LABELS, "label", batch_id, actor_id, comment)

    def labels_in_use(self, project_id: str) -> dict[str, int]:
        """All that examples are labelled with, or by people of whom several annotate one, as JSON
        objects, and how many examples have each."""
        rows = self._db.rows(
            f"""
            SELECT CAST(json(labels) AS VARCHAR) AS text, count(DISTINCT example_id) AS n
            FROM ({_LABELS_OF_ALL}) GROUP BY text HAVING text <> '{{}}'
            """,  # noqa: S608 a literal of this module
            {"project_id": project_id},
        )
        return {row["text"]: row["n"] for row in rows}

    def rewrite_labels(
        self,
        project_id: str,
        labels: Mapping[str, Mapping[str, Any]],
        batch_id: str,
        actor_id: str,
        comment: str,
    ) -> int:
        """Give every example that has certain labels, as `labels_in_use` has them, others instead,
        whoever holds it, and what each of several people said of one; how many examples."""
        moves = {"before": list(labels), "after": [json.dumps(one) for one in labels.values()]}
        self._db.execute(
            f"""
            UPDATE annotations SET labels = p.after::JSON
            FROM (SELECT unnest($before) AS before, unnest($after) AS after) p
            WHERE p.before = CAST(json(annotations.labels) AS VARCHAR)
              AND annotations.annotation_id IN (SELECT annotation_id FROM ({_ANNOTATED}))
            """,  # noqa: S608 a literal of this module
            {"project_id": project_id, **moves},
        )
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, c.instruction, c.input, c.output, c.quality,
                   p.after::JSON AS labels
            FROM example_current c
            JOIN (SELECT unnest($before) AS before, unnest($after) AS after) p
              ON p.before = CAST(json(c.labels) AS VARCHAR)
            WHERE c.project_id = $project_id
            """,
            {"project_id": project_id, **moves},
        )
        self._db.execute(
            """
            UPDATE annotations SET based_on = $batch_id || '_' || c.example_id
            FROM chosen_examples JOIN example_current c USING (example_id)
            WHERE c.state = 'new'
              AND annotations.example_id = c.example_id AND annotations.based_on = c.revision_id
            """,
            {"batch_id": batch_id},
        )
        return self._revise_chosen(_MOVE_LABELS, "label", batch_id, actor_id, comment)

    # Personal data -----------------------------------------------------------------------------

    def to_mask(
        self, project_id: str, wanted: ExampleFilter, action: BulkAction, actor_id: str
    ) -> Query:
        """The texts of the examples that match, that nobody else holds and that wait for no other
        annotators: for a worker."""
        return Query(
            f"""
            SELECT example_id, revision_id, instruction, input, output
            FROM example_current c
            WHERE {conditions(wanted)} AND {NOT_HELD} AND {NOT_COLLECTING}
            ORDER BY position
            """,  # noqa: S608 conditions are literals of storage.filters
            {**parameters(project_id, wanted), "actor_id": actor_id, "now": now()},
        )

    def take_in_masked(
        self, project_id: str, masked: Path, batch_id: str, actor_id: str, comment: str
    ) -> int:
        """Make what a worker masked (example_id, revision_id, the three texts) revisions, except
        of examples that changed meanwhile, that somebody else holds or that wait for other
        annotators; how many."""
        self._db.insert_from_parquet(
            masked,
            f"""
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, m.instruction, m.input, m.output, c.quality, c.labels
            FROM read_parquet($parquet_path) m JOIN example_current c USING (example_id)
            WHERE c.project_id = $project_id AND c.revision_id = m.revision_id
              AND {NOT_HELD} AND {NOT_COLLECTING}
            """,  # noqa: S608 literals of storage.untouched
            {"project_id": project_id, "actor_id": actor_id, "now": now()},
        )
        carry_marks(self._db)
        return self._revise_chosen(_SET_TEXTS, "mask", batch_id, actor_id, comment)

    # Taking back -------------------------------------------------------------------------------

    def undo_revisions(
        self, project_id: str, batch_id: str, undo_id: str, actor_id: str, fits: Fits
    ) -> int:
        """Save what stood before a batch's revisions as new ones, wherever the batch's is still the
        present one, nobody has annotated it or decided on it, nobody else holds it and the schema
        still has the labels; how many."""
        self._db.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, old.instruction, old.input, old.output, old.quality, old.labels
            FROM revisions b JOIN example_current c ON c.revision_id = b.revision_id
            JOIN revisions old ON old.revision_id = b.based_on
            WHERE c.project_id = $project_id AND b.batch_id = $batch_id
              AND {NOT_HELD} AND {NOT_COLLECTING} AND {undecided_since("b")}
            """,  # noqa: S608 literals of storage.untouched
            {
                "project_id": project_id,
                "batch_id": batch_id,
                "actor_id": actor_id,
                "now": now(),
            },
        )
        rows = self._db.rows("SELECT DISTINCT CAST(labels AS VARCHAR) AS text FROM chosen_examples")
        gone = [row["text"] for row in rows if not fits(json.loads(row["text"]))]
        self._db.execute(
            "DELETE FROM chosen_examples WHERE list_contains($gone, CAST(labels AS VARCHAR))",
            {"gone": gone},
        )
        return self._revise_chosen(_SET_TEXTS, "restore", undo_id, actor_id, "")

    # All of them -------------------------------------------------------------------------------

    def _revise_chosen(
        self, change: str, origin: str, batch_id: str, actor_id: str, comment: str
    ) -> int:
        about = {"batch_id": batch_id, "actor_id": actor_id, "now": now()}
        add_remarks(self._db)
        self._counters.leave()
        self._db.execute(_LOG_REVISIONS, {**about, "origin": origin, "comment": comment})
        self._db.execute(change, about)
        self._counters.enter()
        void_chosen(self._db)
        return self._end_chosen()

    def _end_chosen(self) -> int:
        """The chosen examples changed: everybody may get them. How many they were."""
        self._db.execute(
            """
            DELETE FROM example_skips
            WHERE example_id IN (SELECT example_id FROM chosen_examples)
            """
        )
        count = int(self._db.value("SELECT count(*) FROM chosen_examples"))
        self._db.execute("DROP TABLE chosen_examples")  # it may hold texts
        return count
