"""Examples: the present and its history. Changing them is `Annotation`, listing `Listing`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from core.examples.current import (
    CurrentExample,
    HistoryEntry,
    Origin,
    Review,
    Revision,
    SkippedExample,
)
from core.examples.timeline import ASSIGNED
from storage.counters import Counters
from storage.database import Database, Row

CURRENT = """
    SELECT example_id, project_id, position, revision_id, number, instruction, input, output,
           labels, quality, author_id, state, flagged, updated_at, annotations, assigned_to,
           critical, accepts
    FROM example_current
"""


class Examples:
    """Questions about examples."""

    def __init__(self, db: Database, counters: Counters) -> None:
        self._db = db
        self._counters = counters
        self._names = {"system": "Touchstone"}

    # One example -------------------------------------------------------------------------------

    def current(self, example_id: str) -> CurrentExample | None:
        """One example as it stands."""
        row = self._db.one(f"{CURRENT} WHERE example_id = $id", {"id": example_id})
        return self.from_row(row) if row else None

    def from_row(self, row: Row) -> CurrentExample:
        """The example in a row of CURRENT."""
        return CurrentExample(**_decoded(row), author=self._name_of(row["author_id"]))

    def _name_of(self, person_id: str) -> str:
        """A person's name, which never changes: a join would double the time of most reads."""
        name = self._names.get(person_id)
        if name is None:
            found = self._db.value(
                "SELECT name FROM people WHERE person_id = $person_id", {"person_id": person_id}
            )
            if found is None:
                return "Touchstone"
            name = self._names[person_id] = str(found)
        return name

    def _assignee(self, assignee: str) -> str:
        """The name of a person or a group that examples were assigned to."""
        group = self._db.value(
            "SELECT name FROM groups WHERE group_id = $group_id", {"group_id": assignee}
        )
        if group is not None:
            return f"group {group}"
        name = self._name_of(assignee)
        return "a group that was deleted" if name == "Touchstone" else name

    def origin(self, example: CurrentExample) -> Origin | None:
        """The file that an example came from."""
        row = self._db.one(
            """
            SELECT i.file_name, e.line, e.external_id, e.meta
            FROM examples e LEFT JOIN imports i ON i.import_id = e.import_id
            WHERE e.position = $position AND e.example_id = $example_id
            """,
            {"position": example.position, "example_id": example.example_id},
        )
        return Origin(**_decoded(row)) if row else None

    def revision(self, example: CurrentExample, number: int) -> Revision | None:
        """One saved state of an example."""
        row = self._db.one(
            """
            SELECT revision_id, example_id, number, based_on, instruction, input, output, labels,
                   quality, origin, comment, author_id, seconds, created_at
            FROM revisions
            WHERE position = $position AND example_id = $example_id AND number = $number
            """,
            {
                "position": example.position,
                "example_id": example.example_id,
                "number": number,
            },
        )
        if row is None:
            return None
        return Revision(**_decoded(row), author=self._name_of(row["author_id"]))

    def source_revision(self, example: CurrentExample) -> Revision | None:
        """The revision that a synthetic example was made of; None for what people wrote, and where
        the source is gone."""
        row = self._db.one(
            """
            SELECT r.revision_id, r.example_id, r.number, r.based_on, r.instruction, r.input,
                   r.output, r.labels, r.quality, r.origin, r.comment, r.author_id, r.seconds,
                   r.created_at
            FROM synthetic_examples s
            JOIN examples e ON e.example_id = s.source_id
            JOIN revisions r ON r.position = e.position AND r.revision_id = s.source_revision_id
            WHERE s.example_id = $example_id
            """,
            {"example_id": example.example_id},
        )
        if row is None:
            return None
        return Revision(**_decoded(row), author=self._name_of(row["author_id"]))

    def history(self, example: CurrentExample) -> list[HistoryEntry]:
        """Who did what when on an example, oldest first. The text of an assignment is the name of
        whom it was given to, or taken from."""
        rows = self._db.rows(
            """
            SELECT created_at, author_id AS person_id, origin AS kind, comment AS text, number
            FROM revisions WHERE position = $position AND example_id = $example_id
            UNION ALL
            SELECT created_at, reviewer_id, decision, comment, NULL
            FROM reviews WHERE position = $position AND example_id = $example_id
            UNION ALL
            SELECT created_at, actor_id, kind, reason, NULL
            FROM example_events WHERE position = $position AND example_id = $example_id
            UNION ALL
            SELECT created_at, actor_id, if(assigned_to = '', 'unassign', 'assign'),
                   if(assigned_to = '', assigned_before, assigned_to), NULL
            FROM assignments WHERE position = $position AND example_id = $example_id
            """,
            {"position": example.position, "example_id": example.example_id},
        )
        # A few rows: to sort them and to name people in SQL would double the time.
        entries = [HistoryEntry(**row, person=self._name_of(row["person_id"])) for row in rows]
        entries = [
            replace(one, text=self._assignee(one.text)) if one.kind in ASSIGNED else one
            for one in entries
        ]
        return sorted(entries, key=lambda one: (one.created_at, one.number is None, one.number))

    def last_review(self, example: CurrentExample) -> Review | None:
        """The newest decision on an example."""
        row = self._db.one(
            """
            SELECT review_id, example_id, revision_id, decision, state_before, batch_id, comment,
                   reviewer_id, created_at
            FROM reviews WHERE position = $position AND example_id = $example_id
            ORDER BY created_at DESC LIMIT 1
            """,
            {"position": example.position, "example_id": example.example_id},
        )
        return Review(**row) if row else None

    def holds_content(self, project_id: str, content_hash: str) -> int | None:
        """The position of the example with this content, if the project has one."""
        value = self._db.value(
            """
            SELECT position FROM examples
            WHERE project_id = $project_id AND content_hash = $content_hash LIMIT 1
            """,
            {"project_id": project_id, "content_hash": content_hash},
        )
        return None if value is None else int(value)

    # Many --------------------------------------------------------------------------------------

    def counts(self, project_id: str) -> dict[str, int]:
        """Examples per state, plus `flagged` and `total`."""
        return self._counters.of_project(project_id)

    def count_accepted(self, project_id: str) -> int:
        """How many examples `accepted` holds."""
        return self._counters.accepted(project_id)

    def skipped(self, project_id: str, limit: int) -> list[SkippedExample]:
        """The open examples that somebody passed on, newest first."""
        rows = self._db.rows(
            """
            SELECT s.example_id, s.position, c.instruction[:240] AS instruction, s.queue,
                   s.person_id, coalesce(p.name, 'Touchstone') AS person, s.reason, s.created_at
            FROM (SELECT * FROM example_skips WHERE project_id = $project_id
                  ORDER BY created_at DESC LIMIT $limit) s
            JOIN example_current c USING (example_id)
            LEFT JOIN people p ON p.person_id = s.person_id
            ORDER BY s.created_at DESC
            """,
            {"project_id": project_id, "limit": limit},
        )
        return [SkippedExample(**row) for row in rows]

    def ids_by_external_id(self, project_id: str) -> dict[str, str]:
        """The file's own id → example id, where the file had ids."""
        return {
            row["external_id"]: row["example_id"]
            for row in self._db.rows(
                """
                SELECT external_id, example_id FROM examples
                WHERE project_id = $project_id AND external_id IS NOT NULL
                """,
                {"project_id": project_id},
            )
        }

    def accepted(self, project_id: str) -> Any:
        """Accepted, unflagged examples as a pyarrow table, in import order."""
        return self._db.arrow(
            """
            SELECT c.example_id, c.revision_id, c.position, c.instruction, c.input, c.output,
                   CAST(c.labels AS VARCHAR) AS labels, c.quality, e.external_id
            FROM example_current c JOIN examples e USING (example_id)
            WHERE c.project_id = $project_id AND c.state = 'accepted' AND NOT c.flagged
            ORDER BY c.position
            """,
            {"project_id": project_id},
        )


def _decoded(row: Row) -> Row:
    """The row with its JSON columns as values."""
    return {
        name: json.loads(value) if name in ("labels", "meta") else value
        for name, value in row.items()
    }
