"""Checks of a project's examples: settings, results, and the rows of the newest check."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.checks.check import Check, MapPoint, Result
from core.checks.settings import CheckSettings
from core.clock import now
from core.findings.settings import FindingSettings
from core.query import Query
from storage.database import Database, Row
from storage.duplicates import compared_hash
from storage.remembered import Remembered

# A change that was begun before the snapshot and committed after it has an earlier time.
_OVERLAP = timedelta(hours=1)
_CHANGED = """
    FROM example_current c
    ANTI JOIN (SELECT example_id, revision_id FROM checked_examples
               WHERE project_id = $project_id) k
      ON k.example_id = c.example_id AND k.revision_id = c.revision_id
    WHERE c.project_id = $project_id AND c.state <> 'set_aside' AND c.updated_at >= $since
"""


class Checks:
    """Questions about checks, and keeping what they found; callers hold the transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        # Of each project none, or those of the newest check.
        self._finding_settings: Remembered[tuple[FindingSettings, ...]] = Remembered(db)

    # Settings and snapshot ---------------------------------------------------------------------

    def settings(self, project_id: str) -> CheckSettings | None:
        """What a lead chose last, if anybody did."""
        found = self._db.value(
            "SELECT settings FROM check_settings WHERE project_id = $project_id",
            {"project_id": project_id},
        )
        return CheckSettings.from_json(json.loads(found)) if found else None

    def keep_settings(self, project_id: str, settings: CheckSettings, actor_id: str) -> None:
        """Replace the project's settings for checks."""
        self._db.execute(
            """
            INSERT INTO check_settings VALUES ($project_id, $settings, $actor_id, $now)
            ON CONFLICT (project_id) DO UPDATE SET settings = excluded.settings,
                actor_id = excluded.actor_id, created_at = excluded.created_at
            """,
            {
                "project_id": project_id,
                "settings": json.dumps(settings.to_json()),
                "actor_id": actor_id,
                "now": now(),
            },
        )

    def to_check(self, project_id: str) -> Query:
        """The present of all examples that are not set aside, in import order."""
        return Query(
            """
            SELECT example_id, revision_id, instruction, input, output,
                   CAST(labels AS VARCHAR) AS labels
            FROM example_current WHERE project_id = $project_id AND state <> 'set_aside'
            ORDER BY position
            """,
            {"project_id": project_id},
        )

    # A whole check -----------------------------------------------------------------------------

    def newest(self, project_id: str) -> Check | None:
        """The check that looked last."""
        row = self._db.one(
            """
            SELECT k.check_id, k.project_id, k.settings, k.finding_settings, k.result,
                   k.created_at, coalesce(p.name, 'Touchstone') AS person
            FROM checks k LEFT JOIN people p ON p.person_id = k.actor_id
            WHERE k.project_id = $project_id ORDER BY k.created_at DESC, k.check_id DESC LIMIT 1
            """,
            {"project_id": project_id},
        )
        return _check(row) if row else None

    def finding_settings(self, project_id: str) -> FindingSettings | None:
        """Those of the newest check, None before the first: in memory after the first look."""
        found = self._finding_settings.get(
            project_id, lambda: self._read_finding_settings(project_id)
        )
        return found[0] if found else None

    def _read_finding_settings(self, project_id: str) -> tuple[FindingSettings, ...]:
        found = self._db.value(
            """
            SELECT finding_settings FROM checks
            WHERE project_id = $project_id ORDER BY created_at DESC, check_id DESC LIMIT 1
            """,
            {"project_id": project_id},
        )
        return (FindingSettings.from_json(json.loads(found)),) if found else ()

    def is_known(self, check_id: str) -> bool:
        """Whether the check was taken in."""
        return (
            self._db.value("SELECT 1 FROM checks WHERE check_id = $id", {"id": check_id})
            is not None
        )

    def add(self, check: Check, actor_id: str, final: Path) -> None:
        """Insert a check; its rows take the place of those of the check before."""
        self._finding_settings.forget()
        self._db.execute(
            """
            INSERT INTO checks VALUES ($check_id, $project_id, $settings, $finding_settings,
                                       $examples, $result, $actor_id, $created_at)
            """,
            {
                "check_id": check.check_id,
                "project_id": check.project_id,
                "settings": json.dumps(check.settings.to_json()),
                "finding_settings": json.dumps(check.finding_settings.to_json()),
                "examples": check.result.examples,
                "result": json.dumps(check.result.to_json(), ensure_ascii=False),
                "actor_id": actor_id,
                "created_at": check.created_at,
            },
        )
        about = {"project_id": check.project_id}
        for table in ("checked_examples", "example_findings", "duplicate_members"):
            self._db.execute(f"DELETE FROM {table} WHERE project_id = $project_id", about)  # noqa: S608
        self.add_checked(check.project_id, final / "checked.parquet")
        self.add_findings(check.project_id, final / "findings.parquet")
        self._db.insert_from_parquet(
            final / "duplicates.parquet",
            f"""
            INSERT INTO duplicate_members
            SELECT $project_id, d.kind, d.number, d.rank, d.example_id, $over,
                   {compared_hash("r", "$over")}
            FROM read_parquet($parquet_path) d
            JOIN checked_examples k ON k.example_id = d.example_id AND k.project_id = $project_id
            JOIN revisions r ON r.revision_id = k.revision_id
            ORDER BY d.kind, d.number, d.rank
            """,  # noqa: S608 the expression is a literal of storage
            {**about, "over": check.settings.over},
        )

    def add_checked(self, project_id: str, path: Path) -> None:
        """Insert which revisions were checked, with their facts, from a Parquet file."""
        self._db.insert_from_parquet(
            path,
            """
            INSERT INTO checked_examples
            SELECT $project_id, k.example_id, k.revision_id, k.length, k.question, k.answer,
                   k.label, k.gender, k.topic, k.x, k.y, c.position
            FROM read_parquet($parquet_path) k
            LEFT JOIN example_current c ON c.example_id = k.example_id
            ORDER BY c.position
            """,
            {"project_id": project_id},
        )

    def add_findings(self, project_id: str, path: Path) -> None:
        """Insert findings about checked revisions, from a Parquet file."""
        self._db.insert_from_parquet(
            path,
            """
            INSERT INTO example_findings
            SELECT $project_id, f.example_id, k.revision_id, f.kind, f.severity, f.field, f.start,
                   f."end", f.explanation, f.mend, k.position
            FROM read_parquet($parquet_path) f
            JOIN checked_examples k ON k.example_id = f.example_id AND k.project_id = $project_id
            ORDER BY f.kind
            """,
            {"project_id": project_id},
        )

    # After edits -------------------------------------------------------------------------------

    def count_changed(self, project_id: str, since: datetime) -> int:
        """Examples whose present was not checked; `since` is when the newest check looked."""
        about = {"project_id": project_id, "since": since - _OVERLAP}
        return int(self._db.value(f"SELECT count(*) {_CHANGED}", about))

    def changed(self, project_id: str, since: datetime, limit: int) -> list[Row]:
        """The first of these examples: example_id, revision_id, the three texts, labels."""
        rows = self._db.rows(
            f"""
            SELECT c.example_id, c.revision_id, c.instruction, c.input, c.output, c.labels
            {_CHANGED} LIMIT $limit
            """,
            {"project_id": project_id, "since": since - _OVERLAP, "limit": limit},
        )
        return [{**row, "labels": json.loads(row["labels"])} for row in rows]

    def facts(self, project_id: str) -> dict[str, list[Any]]:
        """The facts of the checked examples that are not set aside, as columns."""
        table = self._db.arrow(
            """
            SELECT k.example_id AS id, k.label, k.length, k.question, k.answer, k.gender
            FROM checked_examples k
            SEMI JOIN (SELECT example_id FROM example_current
                       WHERE project_id = $project_id AND state <> 'set_aside') c
              ON c.example_id = k.example_id
            WHERE k.project_id = $project_id
            """,
            {"project_id": project_id},
        )
        return {
            name: column.to_pylist() if name in ("id", "label") else column.to_numpy()
            for name, column in zip(table.column_names, table.columns, strict=True)
        }

    def forget(self, project_id: str, example_ids: Sequence[str], kinds: Sequence[str]) -> None:
        """Delete what was found on these examples, and all findings of these kinds."""
        about = {"project_id": project_id, "ids": list(example_ids)}
        self._db.execute(
            """
            DELETE FROM checked_examples
            WHERE project_id = $project_id AND example_id IN (SELECT unnest($ids))
            """,
            about,
        )
        self._db.execute(
            """
            DELETE FROM example_findings
            WHERE project_id = $project_id
              AND (example_id IN (SELECT unnest($ids)) OR list_contains($kinds, kind))
            """,
            {**about, "kinds": list(kinds)},
        )

    # Reading -----------------------------------------------------------------------------------

    def map_points(self, project_id: str) -> list[MapPoint]:
        """The points of the topic map whose examples are still there."""
        rows = self._db.rows(
            """
            SELECT k.example_id, c.position, k.topic, k.x, k.y, c.instruction[:160] AS instruction,
                   c.input[:160] AS input
            FROM checked_examples k JOIN example_current c USING (example_id)
            WHERE k.project_id = $project_id AND k.x IS NOT NULL AND c.state <> 'set_aside'
            ORDER BY c.position
            """,
            {"project_id": project_id},
        )
        return [MapPoint(**row) for row in rows]

    def seconds_spent(self, project_id: str) -> float:
        """What people spent on the project's examples: revisions and decisions with a time."""
        found = self._db.value(
            """
            SELECT coalesce(sum(t.seconds), 0) FROM (
                SELECT example_id, seconds FROM revisions WHERE seconds IS NOT NULL
                UNION ALL SELECT example_id, seconds FROM reviews WHERE seconds IS NOT NULL) t
            SEMI JOIN (SELECT example_id FROM example_current WHERE project_id = $project_id) c
              ON c.example_id = t.example_id
            """,
            {"project_id": project_id},
        )
        return float(found)


def _check(row: Row) -> Check:
    return Check(
        check_id=row["check_id"],
        project_id=row["project_id"],
        settings=CheckSettings.from_json(json.loads(row["settings"])),
        finding_settings=FindingSettings.from_json(json.loads(row["finding_settings"])),
        result=Result.from_json(json.loads(row["result"])),
        person=row["person"],
        created_at=row["created_at"],
    )
