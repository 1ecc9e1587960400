"""Studies: the plan, the pairs drawn, the sides fixed before anyone rates."""

from __future__ import annotations

import json
from typing import Any

from core.clock import new_id, now
from storage.database import Database, Row


class Studies:
    """Questions about studies, and opening one."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, row: Row, *, pairs: Any, sides: Any, places: Any) -> None:
        """Insert a study with its pairs, the sides for every rater slot, and the places to fill.

        Pyarrow tables: pairs (pair_id, example_id, number, stratum, inclusion_probability),
        sides (slot, pair_id, position, baseline_left), places (pair_id, place).
        """
        study_id = row["study_id"]
        self._db.execute(
            "INSERT INTO studies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            [
                study_id,
                row["project_id"],
                row["version_id"],
                row["name"],
                row["baseline_id"],
                row["candidate_id"],
                json.dumps(row["rubric"]),
                json.dumps(row["plan"]),
                row["order_hash"],
                json.dumps(row["leaks"]),
                row["blind"],
                row["actor_id"],
                now(),
            ],
        )
        self._db.execute_with(
            "INSERT INTO blind_pairs SELECT pair_id, ?, example_id, number, stratum, "
            "inclusion_probability FROM pairs",
            [study_id],
            pairs=pairs,
        )
        self._db.execute_with(
            "INSERT INTO pair_sides SELECT ?, slot, pair_id, position, baseline_left FROM sides",
            [study_id],
            sides=sides,
        )
        self._db.execute_with(
            "INSERT INTO pair_places SELECT pair_id, place, ?, NULL, TIMESTAMP '1970-01-01', false "
            "FROM places",
            [study_id],
            places=places,
        )

    def by_id(self, study_id: str) -> Row | None:
        """One study with its systems' names, JSON decoded."""
        row = self._db.one(
            "SELECT s.*, b.name AS baseline_name, c.name AS candidate_name, "
            "b.kind AS baseline_kind, c.kind AS candidate_kind, "
            "coalesce(p.name, 'Touchstone') AS person FROM studies s "
            "JOIN systems b ON b.system_id = s.baseline_id "
            "JOIN systems c ON c.system_id = s.candidate_id "
            "LEFT JOIN people p ON p.person_id = s.actor_id WHERE s.study_id = ?",
            [study_id],
        )
        return _study(row) if row else None

    def of_project(self, project_id: str) -> list[Row]:
        """A project's studies, newest first."""
        rows = self._db.rows(
            "SELECT s.*, b.name AS baseline_name, c.name AS candidate_name, "
            "b.kind AS baseline_kind, c.kind AS candidate_kind, "
            "coalesce(p.name, 'Touchstone') AS person FROM studies s "
            "JOIN systems b ON b.system_id = s.baseline_id "
            "JOIN systems c ON c.system_id = s.candidate_id "
            "LEFT JOIN people p ON p.person_id = s.actor_id WHERE s.project_id = ? "
            "ORDER BY s.created_at DESC",
            [project_id],
        )
        return [_study(row) for row in rows]

    def open_studies(self, project_id: str) -> list[Row]:
        """Studies still open: study_id, name, pairs, judged, places, done; nothing of systems."""
        return self._db.rows(
            "SELECT s.study_id, s.name, "
            "(SELECT count(*) FROM blind_pairs b WHERE b.study_id = s.study_id) AS pairs, "
            "(SELECT count(DISTINCT pair_id) FROM judgements j WHERE j.study_id = s.study_id) "
            "  AS judged, "
            "(SELECT count(*) FROM pair_places l WHERE l.study_id = s.study_id) AS places, "
            "(SELECT count(*) FROM pair_places l WHERE l.study_id = s.study_id AND l.done) AS done "
            "FROM studies s WHERE s.project_id = ? AND s.closed_at IS NULL "
            "ORDER BY s.created_at DESC",
            [project_id],
        )

    def set_closed(self, study_id: str, closed: bool, text: str, actor_id: str) -> None:
        """Close or reopen a study and log it."""
        self._db.execute(
            "UPDATE studies SET closed_at = ? WHERE study_id = ?",
            [now() if closed else None, study_id],
        )
        self.add_note(study_id, "closed" if closed else "reopened", text, actor_id)

    def add_note(self, study_id: str, kind: str, text: str, actor_id: str) -> None:
        """Append a lead's note."""
        self._db.execute(
            "INSERT INTO study_notes VALUES (?, ?, ?, ?, ?, ?)",
            [new_id("note"), study_id, kind, text, actor_id, now()],
        )

    def notes(self, study_id: str) -> list[Row]:
        """The notes of a study, oldest first."""
        return self._db.rows(
            "SELECT n.kind, n.text, n.created_at, coalesce(p.name, 'Touchstone') AS person "
            "FROM study_notes n LEFT JOIN people p ON p.person_id = n.actor_id "
            "WHERE study_id = ? ORDER BY n.created_at",
            [study_id],
        )


def _study(row: Row) -> Row:
    return {
        **row,
        "rubric": json.loads(row["rubric"]),
        "plan": json.loads(row["plan"]),
        "leaks": json.loads(row["leaks"]),
    }
