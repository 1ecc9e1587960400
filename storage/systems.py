"""Systems, what they answered and how the answers scored."""

from __future__ import annotations

import json
from typing import Any

from core.clock import now
from storage.database import Database, Row


class Systems:
    """Questions about systems, generations and scores."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, row: Row) -> None:
        """Insert a system: whatever answers, under one GenerationConfig."""
        self._db.execute(
            "INSERT INTO systems VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, NULL)",
            [
                row["system_id"],
                row["project_id"],
                row["version_id"],
                row["split"],
                row["kind"],
                row["name"],
                row.get("run_id"),
                row.get("job_id"),
                json.dumps(row["config"]),
                row["actor_id"],
                now(),
            ],
        )

    def by_id(self, system_id: str) -> Row | None:
        """One system, JSON decoded."""
        row = self._db.one("SELECT * FROM systems WHERE system_id = ?", [system_id])
        return _system(row) if row else None

    def of_version(self, version_id: str) -> list[Row]:
        """The systems that answered a version, oldest first, with how many answers each has."""
        return self._listed(version_id=version_id)

    def of_project(self, project_id: str) -> list[Row]:
        """The same of every version of a project."""
        return self._listed(project_id=project_id)

    def names(self, version_id: str) -> set[str]:
        """The names of the systems that answered a version."""
        rows = self._db.rows(
            "SELECT name FROM systems WHERE version_id = ? AND removed_at IS NULL", [version_id]
        )
        return {row["name"] for row in rows}

    def _listed(self, version_id: str | None = None, project_id: str | None = None) -> list[Row]:
        rows = self._db.rows(
            "SELECT s.*, j.status AS job_status, "
            "(SELECT count(*) FROM generations g WHERE g.system_id = s.system_id) AS answers, "
            "(SELECT count(DISTINCT example_id) FROM scores c WHERE c.system_id = s.system_id) "
            "  AS scored "
            "FROM systems s LEFT JOIN jobs j USING (job_id) "
            "WHERE (s.version_id = $version OR s.project_id = $project) AND s.removed_at IS NULL "
            "ORDER BY s.created_at, s.system_id",
            {"version": version_id, "project": project_id},
        )
        return [_system(row) for row in rows]

    def removed(self, version_id: str) -> list[Row]:
        """The systems of a version that were removed, newest removal first."""
        return self._db.rows(
            "SELECT system_id, name FROM systems WHERE version_id = ? AND removed_at IS NOT NULL "
            "ORDER BY removed_at DESC",
            [version_id],
        )

    def set_removed(self, system_id: str, removed: bool) -> None:
        """Take a system out of sight, or bring it back."""
        self._db.execute(
            "UPDATE systems SET removed_at = ? WHERE system_id = ?",
            [now() if removed else None, system_id],
        )

    def studies_with(self, system_id: str) -> list[str]:
        """The names of the studies that compare a system."""
        rows = self._db.rows(
            "SELECT name FROM studies WHERE baseline_id = $system OR candidate_id = $system "
            "ORDER BY created_at",
            {"system": system_id},
        )
        return [row["name"] for row in rows]

    def add_generations(self, table: Any) -> None:
        """Insert what is new of a pyarrow table (the columns of `generations`)."""
        self._db.execute_with(
            "INSERT INTO generations SELECT system_id, example_id, text, prompt_tokens, "
            "new_tokens, seconds, finish FROM answers ON CONFLICT DO NOTHING",
            answers=table,
        )

    def add_scores(self, table: Any) -> None:
        """Insert what is new of a pyarrow table: system_id, example_id, metric, value."""
        self._db.execute_with(
            "INSERT INTO scores SELECT system_id, example_id, metric, value FROM measured "
            "ON CONFLICT DO NOTHING",
            measured=table,
        )

    def set_summary(self, system_id: str, summary: dict[str, Any]) -> None:
        """Keep the means, the label report and the warnings of a system's scores."""
        self._db.execute(
            "UPDATE systems SET summary = ? WHERE system_id = ?", [json.dumps(summary), system_id]
        )

    def answers_to_score(self, system_ids: list[str]) -> Any:
        """A pyarrow table system_id, example_id, reference, text of these systems' answers."""
        return self._db.arrow(
            "SELECT g.system_id, g.example_id, r.output AS reference, g.text FROM generations g "
            "JOIN systems s USING (system_id) "
            "JOIN version_examples m "
            "  ON m.version_id = s.version_id AND m.example_id = g.example_id "
            "JOIN revisions r USING (revision_id) WHERE g.system_id IN ? "
            "ORDER BY g.system_id, m.position",
            [system_ids],
        )

    def texts(self, system_id: str) -> dict[str, str]:
        """example_id → what the system answered."""
        return {
            row["example_id"]: row["text"]
            for row in self._db.rows(
                "SELECT example_id, text FROM generations WHERE system_id = ?", [system_id]
            )
        }

    def side_by_side(
        self, version_id: str, system_ids: list[str], metric: str, limit: int, offset: int
    ) -> list[Row]:
        """Examples with every named system's answer and score: one row per example and system."""
        return self._db.rows(
            "WITH chosen AS (SELECT DISTINCT m.example_id, m.position, m.revision_id "
            "  FROM version_examples m JOIN generations g USING (example_id) "
            "  WHERE m.version_id = $version AND g.system_id IN $systems "
            "  ORDER BY m.position LIMIT $limit OFFSET $offset) "
            "SELECT c.example_id, c.position, r.instruction, r.input, r.output, g.system_id, "
            "g.text, g.finish, s.value FROM chosen c JOIN revisions r USING (revision_id) "
            "JOIN generations g ON g.example_id = c.example_id AND g.system_id IN $systems "
            "LEFT JOIN scores s ON s.system_id = g.system_id AND s.example_id = c.example_id "
            "AND s.metric = $metric ORDER BY c.position, g.system_id",
            {
                "version": version_id,
                "systems": system_ids,
                "metric": metric,
                "limit": limit,
                "offset": offset,
            },
        )


def _system(row: Row) -> Row:
    return {
        **row,
        "config": json.loads(row["config"]),
        "summary": json.loads(row["summary"]) if row["summary"] else None,
    }
