"""Examples: the log of revisions, reviews and events, and the present."""

from __future__ import annotations

import json
from typing import Any

from storage.database import Database, Row

STATES = ("new", "annotated", "sent_back", "accepted", "set_aside")


class Examples:
    """Questions about examples. Editing them is `Annotation`, taking them in is `Imports`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Looking -----------------------------------------------------------------------------------

    def counts(self, project_id: str) -> dict[str, int]:
        """Examples per state, plus `flagged` and `total`."""
        found = self._db.rows(
            "SELECT state, count(*) AS n, count_if(flagged) AS flagged FROM example_current "
            "WHERE project_id = ? GROUP BY state",
            [project_id],
        )
        counts = dict.fromkeys(STATES, 0) | {row["state"]: row["n"] for row in found}
        counts["total"] = sum(row["n"] for row in found)
        counts["flagged"] = sum(row["flagged"] for row in found)
        return counts

    def current(self, example_id: str) -> Row | None:
        """One example as it stands, labels decoded, with its project and meta."""
        row = self._db.one(
            "SELECT c.*, e.meta, e.external_id, e.line, i.file_name, "
            "coalesce(p.name, 'Touchstone') AS author FROM example_current c "
            "JOIN examples e USING (example_id) "
            "LEFT JOIN imports i ON i.import_id = e.import_id "
            "LEFT JOIN people p ON p.person_id = c.author_id WHERE c.example_id = ?",
            [example_id],
        )
        return decoded(row) if row else None

    def page(
        self,
        project_id: str,
        *,
        state: str | None,
        flagged: bool | None,
        text: str,
        limit: int,
        offset: int,
    ) -> list[Row]:
        """One page of a project's examples in import order; `text` is looked for in all fields."""
        return [
            decoded(row)
            for row in self._db.rows(
                "SELECT example_id, position, instruction, input, output, labels, quality, state, "
                "flagged, updated_at FROM example_current WHERE project_id = $project "
                "AND ($state IS NULL OR state = $state) "
                "AND ($flagged IS NULL OR flagged = $flagged) "
                "AND ($text = '' OR contains(lower(instruction), $text) "
                "OR contains(lower(input), $text) OR contains(lower(output), $text)) "
                "ORDER BY position LIMIT $limit OFFSET $offset",
                {
                    "project": project_id,
                    "state": state,
                    "flagged": flagged,
                    "text": text.lower(),
                    "limit": limit,
                    "offset": offset,
                },
            )
        ]

    def count_matching(
        self, project_id: str, *, state: str | None, flagged: bool | None, text: str, cap: int
    ) -> int:
        """How many examples `page` would list, counted up to `cap`."""
        return int(
            self._db.value(
                "SELECT count(*) FROM (SELECT 1 FROM example_current WHERE project_id = $project "
                "AND ($state IS NULL OR state = $state) "
                "AND ($flagged IS NULL OR flagged = $flagged) "
                "AND ($text = '' OR contains(lower(instruction), $text) "
                "OR contains(lower(input), $text) OR contains(lower(output), $text)) LIMIT $cap)",
                {
                    "project": project_id,
                    "state": state,
                    "flagged": flagged,
                    "text": text.lower(),
                    "cap": cap,
                },
            )
        )

    def history(self, example_id: str) -> list[Row]:
        """Who did what when on an example, oldest first: kind, person, created_at, text, number."""
        return self._db.rows(
            "SELECT h.*, coalesce(p.name, 'Touchstone') AS person FROM ("
            "  SELECT created_at, author_id AS who, origin AS kind, comment AS text, number "
            "  FROM revisions WHERE example_id = $id"
            "  UNION ALL SELECT created_at, reviewer_id, decision, comment, NULL "
            "  FROM reviews WHERE example_id = $id"
            "  UNION ALL SELECT created_at, actor_id, kind, reason, NULL "
            "  FROM example_events WHERE example_id = $id"
            ") h LEFT JOIN people p ON p.person_id = h.who "
            "ORDER BY h.created_at, h.number NULLS LAST",
            {"id": example_id},
        )

    def ids_by_external_id(self, project_id: str) -> dict[str, str]:
        """The file's own id → example id, where the file had ids."""
        return {
            row["external_id"]: row["example_id"]
            for row in self._db.rows(
                "SELECT external_id, example_id FROM examples "
                "WHERE project_id = ? AND external_id IS NOT NULL",
                [project_id],
            )
        }

    def revision(self, example_id: str, number: int) -> Row | None:
        """One saved state of an example."""
        row = self._db.one(
            "SELECT r.*, coalesce(p.name, 'Touchstone') AS author FROM revisions r "
            "LEFT JOIN people p ON p.person_id = r.author_id WHERE example_id = ? AND number = ?",
            [example_id, number],
        )
        return decoded(row) if row else None

    def count_accepted(self, project_id: str) -> int:
        """How many examples `accepted` holds."""
        return int(
            self._db.value(
                "SELECT count(*) FROM example_current WHERE project_id = ? "
                "AND state = 'accepted' AND NOT flagged",
                [project_id],
            )
        )

    def accepted(self, project_id: str) -> Any:
        """Accepted, unflagged examples as a pyarrow table, in import order."""
        return self._db.arrow(
            "SELECT c.example_id, c.revision_id, c.position, c.instruction, c.input, c.output, "
            "CAST(c.labels AS VARCHAR) AS labels, c.quality, e.external_id FROM example_current c "
            "JOIN examples e USING (example_id) "
            "WHERE c.project_id = ? AND c.state = 'accepted' AND NOT c.flagged ORDER BY c.position",
            [project_id],
        )


def decoded(row: Row) -> Row:
    """The row with its JSON columns as values."""
    return {
        name: json.loads(value) if name in ("labels", "meta") and isinstance(value, str) else value
        for name, value in row.items()
    }
