"""Jobs: what was asked of the workers, where each stands, and the events they reported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from core.clock import now
from storage.database import Database, Row


class Jobs:
    """Questions and changes about jobs. A job is a dict of the table's columns, JSON decoded."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, job: Row) -> None:
        """Insert a queued job."""
        self._db.execute(
            "INSERT INTO jobs (job_id, kind, project_id, subject_id, title, folder, device, "
            "status, detail, created_by, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?)",
            [
                job["job_id"],
                job["kind"],
                job["project_id"],
                job["subject_id"],
                job["title"],
                job["folder"],
                job["device"],
                json.dumps(job.get("detail", {})),
                job["created_by"],
                now(),
            ],
        )

    def by_id(self, job_id: str) -> Row | None:
        """One job, with the name of who asked for it as `person`."""
        row = self._db.one(
            "SELECT j.*, coalesce(p.name, 'Touchstone') AS person FROM jobs j "
            "LEFT JOIN people p ON p.person_id = j.created_by WHERE j.job_id = ?",
            [job_id],
        )
        return _job(row) if row else None

    def of_subject(self, subject_id: str) -> Row | None:
        """The newest job about a run, an import, a version, a generation …"""
        row = self._db.one(
            "SELECT * FROM jobs WHERE subject_id = ? ORDER BY created_at DESC, job_id DESC LIMIT 1",
            [subject_id],
        )
        return _job(row) if row else None

    def of_project(self, project_id: str, kinds: Sequence[str] = (), limit: int = 50) -> list[Row]:
        """A project's jobs as `by_id` gives them, newest first; `kinds` empty means all."""
        rows = self._db.rows(
            "SELECT j.*, coalesce(p.name, 'Touchstone') AS person FROM jobs j "
            "LEFT JOIN people p ON p.person_id = j.created_by "
            "WHERE j.project_id = ? AND (len(?::VARCHAR[]) = 0 OR j.kind IN ?) "
            "ORDER BY j.created_at DESC, j.job_id DESC LIMIT ?",
            [project_id, list(kinds), list(kinds), limit],
        )
        return [_job(row) for row in rows]

    def unsettled(self) -> list[Row]:
        """Jobs that have not ended or whose result is not yet taken in, oldest first."""
        rows = self._db.rows("SELECT * FROM jobs WHERE NOT ingested ORDER BY created_at, job_id")
        return [_job(row) for row in rows]

    def observe(
        self,
        job_id: str,
        *,
        status: str,
        step: int,
        total: int,
        error: dict[str, Any] | None,
        started_at: datetime | None = None,
        ended_at: datetime | None = None,
    ) -> None:
        """Write what the folder says of a job."""
        self._db.execute(
            "UPDATE jobs SET status = ?, step = ?, total = ?, error = ?, "
            "started_at = coalesce(started_at, ?), ended_at = ? WHERE job_id = ?",
            [
                status,
                step,
                total,
                json.dumps(error) if error else None,
                started_at,
                ended_at,
                job_id,
            ],
        )

    def set_ingested(self, job_id: str, ingested: bool = True) -> None:
        """Remember that a job's result was taken in (or that it runs again)."""
        self._db.execute("UPDATE jobs SET ingested = ? WHERE job_id = ?", [ingested, job_id])

    def set_detail(self, job_id: str, detail: dict[str, Any]) -> None:
        """Replace what a job says about its result."""
        self._db.execute(
            "UPDATE jobs SET detail = ? WHERE job_id = ?", [json.dumps(detail), job_id]
        )

    def append_events(self, job_id: str, events: Sequence[Row], offset: int) -> None:
        """Add events that are not there yet and move the read offset."""
        fresh = [
            [
                job_id,
                event["seq"],
                datetime.fromtimestamp(event["time"], UTC).replace(tzinfo=None),
                event["kind"],
                json.dumps({k: v for k, v in event.items() if k not in ("seq", "time", "kind")}),
            ]
            for event in events
        ]
        if fresh:
            self._db.execute_many(
                "INSERT INTO job_events VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", fresh
            )
        self._db.execute("UPDATE jobs SET event_offset = ? WHERE job_id = ?", [offset, job_id])

    def events(self, job_id: str, kinds: Sequence[str], last: int = 5000) -> list[Row]:
        """The newest `last` events of these kinds, oldest first; payload decoded."""
        rows = self._db.rows(
            "SELECT seq, created_at, kind, payload FROM job_events "
            "WHERE job_id = ? AND kind IN ? ORDER BY seq DESC LIMIT ?",
            [job_id, list(kinds), last],
        )
        return [{**row, "payload": json.loads(row["payload"])} for row in reversed(rows)]


def _job(row: Row) -> Row:
    return {
        **row,
        "error": json.loads(row["error"]) if row["error"] else None,
        "detail": json.loads(row["detail"]),
    }
