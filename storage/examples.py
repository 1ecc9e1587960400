"""Examples: imports and their rejects, the log of revisions, reviews and events, the present."""

from __future__ import annotations

import json
from typing import Any

from core.clock import now
from storage.database import Database, Row

STATES = ("new", "annotated", "sent_back", "accepted", "set_aside")


class Examples:
    """Questions about examples, and taking them in. Editing them is `Annotation`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Taking in ---------------------------------------------------------------------------------

    def take_in(self, batch: Any, *, project_id: str, import_id: str, actor_id: str) -> int:
        """Insert what is new of a pyarrow batch; the number of examples added.

        `batch` has example_id, revision_id, content_hash, external_id, line, instruction, input,
        output, meta. An example whose content the project already holds is left out.
        """
        db = self._db
        first = db.value(
            "SELECT coalesce(max(position), 0) FROM example_current WHERE project_id = ?",
            [project_id],
        )
        db.execute_with(
            "CREATE OR REPLACE TEMP TABLE fresh AS "
            "SELECT b.*, ? + row_number() OVER (ORDER BY b.line, b.example_id) AS position FROM ("
            "  SELECT * FROM batch WHERE content_hash NOT IN "
            "  (SELECT content_hash FROM examples WHERE project_id = ?)"
            "  QUALIFY row_number() OVER (PARTITION BY content_hash ORDER BY line, example_id) = 1"
            ") b",
            [first, project_id],
            batch=batch,
        )
        made = now()
        db.execute(
            "INSERT INTO examples SELECT example_id, ?, content_hash, external_id, ?, line, "
            "meta, ? "
            "FROM fresh",
            [project_id, import_id, made],
        )
        db.execute(
            "INSERT INTO revisions SELECT revision_id, example_id, 1, NULL, instruction, input, "
            "output, '{}', NULL, 'import', '', ?, NULL, ? FROM fresh",
            [actor_id, made],
        )
        db.execute(
            "INSERT INTO example_current SELECT example_id, ?, position, revision_id, 1, "
            "instruction, input, output, '{}', NULL, ?, 'new', false, ? FROM fresh",
            [project_id, actor_id, made],
        )
        db.execute(
            "INSERT INTO example_leases SELECT example_id, NULL, TIMESTAMP '1970-01-01' FROM fresh"
        )
        added = int(db.value("SELECT count(*) FROM fresh"))
        db.execute("DROP TABLE fresh")
        return added

    def add_import(self, row: Row, rejects: Any) -> None:
        """Insert an import and its rejects (a pyarrow table: line, reason, excerpt)."""
        self._db.execute(
            "INSERT INTO imports VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            [
                row["import_id"],
                row["project_id"],
                row["file_name"],
                row["accepted"],
                row["duplicates"],
                row["rejected"],
                row["actor_id"],
                now(),
            ],
        )
        self._db.execute_with(
            "INSERT INTO import_rejects SELECT ?, line, reason, excerpt FROM rejects",
            [row["import_id"]],
            rejects=rejects,
        )

    def has_import(self, import_id: str) -> bool:
        """Whether an import was already taken in."""
        return bool(self._db.value("SELECT count(*) FROM imports WHERE import_id = ?", [import_id]))

    def imports(self, project_id: str) -> list[Row]:
        """A project's imports, newest first, with who made them."""
        return self._db.rows(
            "SELECT i.*, coalesce(p.name, 'Touchstone') AS person FROM imports i "
            "LEFT JOIN people p ON p.person_id = i.actor_id "
            "WHERE project_id = ? ORDER BY i.created_at DESC",
            [project_id],
        )

    def undo_import(self, import_id: str) -> int:
        """Delete the examples of an import that nobody has touched and no version holds, and mark
        it as undone; how many were deleted."""
        db, moment = self._db, now()
        db.execute(
            "CREATE OR REPLACE TEMP TABLE untouched AS SELECT e.example_id FROM examples e "
            "JOIN example_current c USING (example_id) JOIN example_leases l USING (example_id) "
            "WHERE e.import_id = ? AND c.state = 'new' AND c.number = 1 AND NOT c.flagged "
            "AND l.lease_until < ? "
            "AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.example_id = e.example_id) "
            "AND NOT EXISTS (SELECT 1 FROM example_events v WHERE v.example_id = e.example_id) "
            "AND NOT EXISTS "
            "  (SELECT 1 FROM version_examples m WHERE m.example_id = e.example_id)",
            [import_id, moment],
        )
        for delete in (
            "DELETE FROM revisions WHERE example_id IN (SELECT example_id FROM untouched)",
            "DELETE FROM example_leases WHERE example_id IN (SELECT example_id FROM untouched)",
            "DELETE FROM example_current WHERE example_id IN (SELECT example_id FROM untouched)",
            "DELETE FROM examples WHERE example_id IN (SELECT example_id FROM untouched)",
        ):
            db.execute(delete)
        db.execute("UPDATE imports SET undone_at = ? WHERE import_id = ?", [moment, import_id])
        deleted = int(db.value("SELECT count(*) FROM untouched"))
        db.execute("DROP TABLE untouched")
        return deleted

    def rejects(self, import_id: str, limit: int = 100_000) -> list[Row]:
        """What an import could not use: line, reason, excerpt."""
        return self._db.rows(
            "SELECT line, reason, excerpt FROM import_rejects WHERE import_id = ? "
            "ORDER BY line LIMIT ?",
            [import_id, limit],
        )

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
