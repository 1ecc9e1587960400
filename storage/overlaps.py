"""Overlap: what several people wrote of an example, and how many annotate each.

How many a project wants is kept in memory, so that a project with one annotator for each example
pays nothing. Callers hold the transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from core.clock import now
from core.examples.current import CurrentExample
from core.examples.overlap import Overlap, PersonAnnotation
from storage.database import Database, Row
from storage.remembered import Remembered

_COLUMNS = """
    annotation_id, example_id, project_id, position, person_id, based_on, instruction, input,
    output, labels, quality, comment, seconds, created_at
"""
# What waits for others after a person annotated it.
_DONE_OPEN = """
    FROM example_current
    WHERE project_id = $project_id AND annotations > 0 AND state = 'new'
      AND revision_id IN (
          SELECT based_on FROM annotations
          WHERE project_id = $project_id AND person_id = $person_id)
"""


class Overlaps:
    """Annotations of several people."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._of_project: Remembered[Overlap] = Remembered(db)

    # How many people ---------------------------------------------------------------------------

    def of_project(self, project_id: str) -> Overlap:
        """How many people annotate the project's examples."""
        return self._of_project.recall(project_id, lambda: self._read(project_id)) or Overlap()

    def _read(self, project_id: str) -> Overlap | None:
        row = self._db.one(
            """
            SELECT CAST(settings ->> 'overlap' AS INTEGER) AS people,
                   CAST(settings ->> 'overlap_share' AS DOUBLE) AS share,
                   EXISTS (SELECT 1 FROM annotations WHERE project_id = $project_id) AS ever
            FROM projects WHERE project_id = $project_id
            """,
            {"project_id": project_id},
        )
        if row is None:
            return None
        people, share = row["people"] or 1, row["share"]
        return Overlap(people, 1.0 if share is None else share, people > 1 or row["ever"])

    def settings_change(self) -> None:
        """A project's settings change in this transaction: read them anew once it has ended."""
        self._of_project.forget()

    # Annotations -------------------------------------------------------------------------------

    def add(self, annotation: PersonAnnotation) -> None:
        """Append what a person wrote; of the same person the newest counts."""
        if not self.of_project(annotation.project_id).ever:
            self.settings_change()
        self._db.execute(
            """
            INSERT INTO annotations
                (annotation_id, example_id, project_id, position, person_id, based_on, instruction,
                 input, output, labels, quality, comment, seconds, created_at)
            VALUES ($annotation_id, $example_id, $project_id, $position, $person_id, $based_on,
                    $instruction, $input, $output, $labels, $quality, $comment, $seconds,
                    $created_at)
            """,
            {**asdict(annotation), "labels": json.dumps(dict(annotation.labels))},
        )

    def set_count(self, example: CurrentExample, count: int) -> None:
        """So many people have annotated it. Of two who say so at once one starts again: the cap is
        never passed, and nobody's annotation changes while somebody else's ends the collecting."""
        self._db.execute(
            """
            UPDATE example_current SET annotations = $count, updated_at = $now
            WHERE example_id = $example_id
            """,
            {"count": count, "now": now(), "example_id": example.example_id},
        )

    def present(self, example: CurrentExample) -> list[PersonAnnotation]:
        """Each person's newest annotation of the example, in the order of their first one: those of
        the revision that was annotated last, while it is new those of its present revision."""
        if not example.annotations:
            return []
        rows = self._db.rows(
            f"""
            SELECT {_COLUMNS} FROM annotations
            WHERE position = $position AND example_id = $example_id
            ORDER BY created_at, annotation_id
            """,  # noqa: S608 a literal of this module
            {"position": example.position, "example_id": example.example_id},
        )
        asked = example.revision_id if example.state == "new" else rows[-1]["based_on"]
        found: dict[str, PersonAnnotation] = {}
        for row in rows:
            if row["based_on"] == asked:
                found[row["person_id"]] = _annotation(row)
        return list(found.values())

    def example_of(self, annotation_id: str) -> str | None:
        """The example that was annotated under this submission, or None."""
        found: str | None = self._db.value(
            "SELECT example_id FROM annotations WHERE annotation_id = $id", {"id": annotation_id}
        )
        return found

    def newest(self, project_id: str, most: int) -> list[PersonAnnotation]:
        """Each person's last annotation of each of the examples that several people have annotated,
        of the `most` ones that were annotated last."""
        rows = self._db.rows(
            f"""
            WITH counted AS (  -- a mend, say, begins the collecting anew
                SELECT * FROM annotations WHERE project_id = $project_id
                QUALIFY based_on = arg_max(based_on, created_at) OVER (PARTITION BY example_id)),
            last AS (
                SELECT * FROM counted
                QUALIFY row_number() OVER (
                    PARTITION BY example_id, person_id ORDER BY created_at DESC) = 1),
            chosen AS (
                SELECT l.example_id FROM last l JOIN example_current c USING (example_id)
                WHERE c.state <> 'new' GROUP BY l.example_id HAVING count(*) > 1
                ORDER BY max(l.created_at) DESC LIMIT $most)
            SELECT {_COLUMNS} FROM last SEMI JOIN chosen USING (example_id)
            ORDER BY created_at, annotation_id
            """,  # noqa: S608 a literal of this module
            {"project_id": project_id, "most": most},
        )
        return [_annotation(row) for row in rows]

    def accepted(self, project_id: str) -> dict[str, tuple[str, dict[str, Any]]]:
        """Output and labels of each accepted example that several people annotated, by id."""
        rows = self._db.rows(
            """
            SELECT example_id, output, CAST(labels AS VARCHAR) AS labels FROM example_current
            WHERE project_id = $project_id AND state = 'accepted' AND annotations > 1
            """,
            {"project_id": project_id},
        )
        return {row["example_id"]: (row["output"], json.loads(row["labels"])) for row in rows}

    # Whose turn it is --------------------------------------------------------------------------

    def done_open(self, project_id: str, person_id: str, but: Collection[str]) -> int:
        """How many examples wait for others after this person annotated them; `but` not counted."""
        found = self._db.value(
            f"SELECT count(*) {_DONE_OPEN} AND NOT flagged AND NOT list_contains($but, example_id)",
            {"project_id": project_id, "person_id": person_id, "but": list(but)},
        )
        return int(found)

    def done_open_ids(self, project_id: str, person_id: str) -> set[str]:
        """The examples that wait for others after this person annotated them."""
        rows = self._db.rows(
            f"SELECT example_id {_DONE_OPEN}",
            {"project_id": project_id, "person_id": person_id},
        )
        return {row["example_id"] for row in rows}

    def deciders(self, project_id: str, but: str) -> list[str]:
        """Everybody else who could decide between annotations: active reviewers and leads."""
        rows = self._db.rows(
            """
            SELECT DISTINCT m.person_id FROM memberships m JOIN people p USING (person_id)
            WHERE m.project_id = $project_id AND m.role IN ('reviewer', 'lead')
              AND NOT p.disabled AND m.person_id <> $but
            """,
            {"project_id": project_id, "but": but},
        )
        return [row["person_id"] for row in rows]

    def projects_collecting(self) -> list[str]:
        """The projects with examples that some have annotated and that wait for others."""
        rows = self._db.rows(
            """
            SELECT DISTINCT project_id FROM example_current
            WHERE state = 'new' AND annotations > 0
            """
        )
        return [row["project_id"] for row in rows]

    def collecting(self, project_id: str, after: int, limit: int) -> list[tuple[int, str]]:
        """Position and id of examples that some have annotated and that wait for others, from
        behind a position on."""
        rows = self._db.rows(
            """
            SELECT position, example_id FROM example_current
            WHERE project_id = $project_id AND state = 'new' AND annotations > 0
              AND position > $after
            ORDER BY position LIMIT $limit
            """,
            {"project_id": project_id, "after": after, "limit": limit},
        )
        return [(row["position"], row["example_id"]) for row in rows]


def _annotation(row: Row) -> PersonAnnotation:
    values: dict[str, Any] = {**row, "labels": json.loads(row["labels"])}
    return PersonAnnotation(**values)
