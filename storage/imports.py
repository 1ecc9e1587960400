"""Imports: what came of each file, its rejects, taking examples in by parts, taking them back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from core.clock import now
from core.importing.imports import EnteredAs, Import
from core.importing.pipeline import Reject
from storage.counters import Counters
from storage.database import Database, Row
from storage.intake import UNTOUCHED, Intake


class Imports:
    """Questions about imports, and their examples from and out of the tables.

    Callers hold the transaction.
    """

    def __init__(self, db: Database, counters: Counters, intake: Intake) -> None:
        self._db = db
        self._counters = counters
        self._intake = intake

    # Taking in ---------------------------------------------------------------------------------

    def begin(
        self,
        import_id: str,
        *,
        project_id: str,
        file_name: str,
        entered_as: EnteredAs,
        warnings: Sequence[str],
        actor_id: str,
    ) -> Import:
        """Insert an import of which no row is in yet."""
        self._db.execute(
            """
            INSERT INTO imports
                (import_id, project_id, file_name, accepted, duplicates, rejected, label_problems,
                 entered_as, warnings, next_row, actor_id, created_at)
            VALUES ($import_id, $project_id, $file_name, 0, 0, 0, 0, $entered_as, $warnings, 0,
                    $actor_id, $now)
            """,
            {
                "import_id": import_id,
                "project_id": project_id,
                "file_name": file_name,
                "entered_as": entered_as,
                "warnings": json.dumps(list(warnings)),
                "actor_id": actor_id,
                "now": now(),
            },
        )
        begun = self.by_id(import_id)
        assert begun is not None
        return begun

    def take_in(self, found: Import, examples: Path, first: int, until: int) -> int:
        """Insert the rows from `first` to before `until` of the worker's file; how many were new.

        The file has the columns of `core.importing.tables.EXAMPLES`. An example whose content the
        project already holds is left out. What is in and what is not is marked.
        """
        # Whoever takes in at the same time conflicts here, before contents are compared.
        position = self._intake.reserve(found.project_id, 0)
        part: Row = {"parquet_path": str(examples.resolve()), "first": first, "until": until}
        added = self._find_new(found.project_id, position, part)
        source = _ALL if added == until - first else _NEW
        self._insert(found, source, {**part, "position": position})
        self._db.execute("DROP TABLE new_rows")
        self._counters.recount()
        self._intake.reserve(found.project_id, added)
        self._db.execute(
            """
            UPDATE imports
            SET accepted = accepted + $added, duplicates = duplicates + $known, next_row = $until
            WHERE import_id = $import_id
            """,
            {
                "added": added,
                "known": until - first - added,
                "until": until,
                "import_id": found.import_id,
            },
        )
        return added

    def _find_new(self, project_id: str, position: int, part: Row) -> int:
        """Number the rows whose content is new, in the temporary table new_rows; how many."""
        return int(
            self._db.value(
                """
                CREATE OR REPLACE TEMP TABLE new_rows AS
                SELECT p.row, $position - 1 + row_number() OVER (ORDER BY p.row) AS position
                FROM read_parquet($parquet_path) p
                WHERE p.row >= $first AND p.row < $until AND NOT EXISTS (
                    SELECT 1 FROM examples e
                    WHERE e.project_id = $project_id AND e.content_hash = p.content_hash
                )
                """,
                {**part, "position": position, "project_id": project_id},
            )
        )

    def _insert(self, found: Import, source: str, part: Row) -> None:
        about = {
            **part,
            "accepted": found.entered_as == "accepted",
            "project_id": found.project_id,
            "import_id": found.import_id,
            "batch_id": found.batch_id,
            "actor_id": found.actor_id,
            "now": now(),
        }
        for insert in _INSERTS:
            statement = insert.replace("new_examples", source)
            used = {name: value for name, value in about.items() if f"${name}" in statement}
            self._db.execute(statement, used)

    def finish(self, import_id: str, rejects: Path, repeats: int) -> None:
        """Insert the rejects and mark the import as whole; `repeats` were twice in the file."""
        self._db.insert_from_parquet(
            rejects,
            """
            INSERT INTO import_rejects (import_id, line, reason, excerpt, kind)
            SELECT $import_id, line, reason, excerpt, kind FROM read_parquet($parquet_path)
            """,
            {"import_id": import_id},
        )
        self._db.execute(
            """
            UPDATE imports
            SET next_row = NULL, duplicates = duplicates + $repeats,
                rejected = (SELECT count(*) FROM import_rejects
                            WHERE import_id = $import_id AND kind = 'record'),
                label_problems = (SELECT count(*) FROM import_rejects
                                  WHERE import_id = $import_id AND kind = 'label')
            WHERE import_id = $import_id
            """,
            {"import_id": import_id, "repeats": repeats},
        )

    # Looking -----------------------------------------------------------------------------------

    def by_id(self, import_id: str) -> Import | None:
        """One import, or None while nothing of it is in."""
        found = self._imports("WHERE i.import_id = $id", import_id)
        return found[0] if found else None

    def of_project(self, project_id: str) -> list[Import]:
        """A project's imports, newest first."""
        return self._imports("WHERE i.project_id = $id ORDER BY i.created_at DESC", project_id)

    def _imports(self, which: str, subject_id: str) -> list[Import]:
        rows = self._db.rows(
            f"""
            SELECT i.import_id, i.project_id, i.file_name, i.accepted, i.duplicates, i.rejected,
                   i.label_problems, i.entered_as, i.warnings, i.next_row, i.actor_id,
                   coalesce(p.name, 'Touchstone') AS person, i.created_at, i.undone_at
            FROM imports i LEFT JOIN people p ON p.person_id = i.actor_id
            {which}
            """,  # noqa: S608 `which` is one of the two above
            {"id": subject_id},
        )
        return [_import(row) for row in rows]

    def rejects(self, import_id: str, limit: int) -> list[Reject]:
        """What stayed out of an import, in the order of the file."""
        rows = self._db.rows(
            """
            SELECT line, reason, excerpt, kind FROM import_rejects
            WHERE import_id = $import_id ORDER BY line LIMIT $limit
            """,
            {"import_id": import_id, "limit": limit},
        )
        return [Reject(**row) for row in rows]

    # Taking back -------------------------------------------------------------------------------

    def undo(self, found: Import) -> int:
        """Delete the examples of an import that nobody has touched and no version holds, and mark
        it as undone; how many were deleted."""
        moment = now()
        self._db.execute(
            _UNTOUCHED,
            {"import_id": found.import_id, "batch_id": found.batch_id, "now": moment},
        )
        self._db.execute(
            "UPDATE imports SET undone_at = $now WHERE import_id = $import_id",
            {"now": moment, "import_id": found.import_id},
        )
        return self._intake.delete_chosen()


# Where new_examples stand: read straight from the file, so that no text lies in memory twice. The
# order of the file is the order of the positions.
_ALL = """(
        SELECT *, $position + row - $first AS position FROM read_parquet($parquet_path)
        WHERE row >= $first AND row < $until
    )"""
_NEW = """(
        SELECT p.*, n.position
        FROM read_parquet($parquet_path) p JOIN new_rows n ON n.row = p.row
        WHERE p.row >= $first AND p.row < $until ORDER BY n.position
    )"""
_INSERTS = (
    """
    INSERT INTO examples
        (example_id, project_id, position, content_hash, external_id, import_id, line, meta,
         created_at)
    SELECT example_id, $project_id, position, content_hash, external_id, $import_id, line, meta,
           $now
    FROM new_examples
    """,
    """
    INSERT INTO revisions
        (revision_id, example_id, position, number, based_on, instruction, input, output, labels,
         quality, origin, comment, author_id, seconds, created_at)
    SELECT revision_id, example_id, position, 1, NULL, instruction, input, output, labels, NULL,
           'import', '', $actor_id, NULL, $now
    FROM new_examples
    """,
    """
    INSERT INTO example_current
        (example_id, project_id, position, revision_id, number, instruction, input, output, labels,
         quality, author_id, state, flagged, updated_at)
    SELECT example_id, $project_id, position, revision_id, 1, instruction, input, output, labels,
           NULL, $actor_id,
           -- What an export calls synthetic was made by a machine: a person must look at each.
           CASE WHEN $accepted AND trim(output) <> ''
                     AND coalesce(json_extract_string(meta, '$.synthetic'), '') <> 'true'
                THEN 'accepted' ELSE 'new' END,
           false, $now
    FROM new_examples
    """,
    # What enters as accepted was accepted by a lead: each example's history shows it.
    """
    INSERT INTO reviews
        (review_id, example_id, position, revision_id, decision, state_before, batch_id, comment,
         reviewer_id, seconds, created_at)
    SELECT $batch_id || '_' || example_id, example_id, position, revision_id, 'accept', 'new',
           $batch_id, 'Imported as accepted.', $actor_id, NULL, $now
    FROM example_current
    WHERE project_id = $project_id AND position >= $position AND state = 'accepted'
    ORDER BY position
    """,
    """
    INSERT INTO example_counts (project_id, block, state, flagged, author_id, n)
    SELECT $project_id, position // 8192, state, false, '', count(*) FROM example_current
    WHERE project_id = $project_id AND position >= $position GROUP BY ALL
    """,
)

_UNTOUCHED = f"""
    CREATE OR REPLACE TEMP TABLE chosen_examples AS
    SELECT c.example_id
    FROM examples e JOIN example_current c USING (example_id)
    WHERE e.import_id = $import_id AND c.state IN ('new', 'accepted') AND {UNTOUCHED}
      AND NOT EXISTS (
          SELECT 1 FROM reviews r
          WHERE r.example_id = c.example_id AND r.batch_id IS DISTINCT FROM $batch_id)
"""  # noqa: S608 a literal of storage.intake


def _import(row: Row) -> Import:
    return Import(**{**row, "warnings": tuple(json.loads(row["warnings"]))})
