"""What the newest check found: per kind, per example, per revision.

A finding counts while the revision that it is about is the example's present.
"""

from __future__ import annotations

from core.checks.check import FoundExample, KindTotal
from core.examples.current import CurrentExample
from core.findings.finding import Finding
from storage.database import Database

_PRESENT = """
    FROM example_findings f
    JOIN example_current c ON c.example_id = f.example_id AND c.revision_id = f.revision_id
    WHERE f.project_id = $project_id AND c.project_id = $project_id AND c.state <> 'set_aside'
"""


class Findings:
    """Questions about findings."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def totals(self, project_id: str) -> list[KindTotal]:
        """Examples with findings now, per kind."""
        rows = self._db.rows(
            f"""
            SELECT f.kind, any_value(f.severity) AS severity,
                   count(DISTINCT f.example_id) AS examples,
                   count(DISTINCT f.example_id) FILTER (f.mend IS NOT NULL) AS mends
            {_PRESENT} GROUP BY f.kind
            """,
            {"project_id": project_id},
        )
        return [KindTotal(**row) for row in rows]

    def found(self, project_id: str, kind: str, *, limit: int, offset: int) -> list[FoundExample]:
        """Findings of a kind on the present of examples, in import order."""
        rows = self._db.rows(
            f"""
            SELECT c.example_id, c.position, c.revision_id, c.state, f.kind, f.severity, f.field,
                   CASE f.field WHEN 'instruction' THEN c.instruction WHEN 'input' THEN c.input
                                WHEN 'output' THEN c.output ELSE '' END AS text,
                   f.start_at AS start, f.end_at AS "end", f.explanation, f.mend
            {_PRESENT} AND f.kind = $kind
            ORDER BY c.position, f.field LIMIT $limit OFFSET $offset
            """,
            {"project_id": project_id, "kind": kind, "limit": limit, "offset": offset},
        )
        return [FoundExample(**row) for row in rows]

    def of_present(self, example: CurrentExample) -> list[Finding] | None:
        """What was found on its present revision, in the order of the fields; None: that was not
        checked."""
        rows = self._db.rows(
            """
            SELECT f.kind, f.severity, f.field, f.start_at AS start, f.end_at AS "end",
                   f.explanation, f.mend
            FROM checked_examples k
            LEFT JOIN (SELECT * FROM example_findings
                       WHERE project_id = $project_id AND position = $position) f
              ON f.revision_id = k.revision_id
            WHERE k.project_id = $project_id AND k.position = $position
              AND k.revision_id = $revision_id
            ORDER BY f.field, f.start_at, f.kind
            """,
            {
                "project_id": example.project_id,
                "position": example.position,
                "revision_id": example.revision_id,
            },
        )
        return [Finding(**row) for row in rows if row["kind"]] if rows else None
