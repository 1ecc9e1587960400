"""Jobs: what was asked of the workers, where each stands, and the events they reported."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core.jobs.events import Event
from core.jobs.job import Job, JobEvent
from core.jobs.state import JobFault
from storage.database import Database, Row


class Jobs:
    """Questions and changes about jobs. Callers hold the transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, job: Job) -> None:
        """Insert a new job."""
        self._db.execute(
            """
            INSERT INTO jobs (
                job_id, kind, project_id, subject_id, title, folder, device, launcher,
                status, detail, created_by, created_at
            )
            VALUES (
                $job_id, $kind, $project_id, $subject_id, $title, $folder, $device, $launcher,
                $status, $detail, $created_by, $created_at
            )
            """,
            {
                "job_id": job.job_id,
                "kind": job.kind,
                "project_id": job.project_id,
                "subject_id": job.subject_id,
                "title": job.title,
                "folder": job.folder,
                "device": job.device,
                "launcher": job.launcher,
                "status": job.status,
                "detail": json.dumps(dict(job.detail)),
                "created_by": job.created_by,
                "created_at": job.created_at,
            },
        )

    def by_id(self, job_id: str) -> Job | None:
        """One job."""
        return self._one("WHERE j.job_id = $id", job_id)

    def of_subject(self, subject_id: str) -> Job | None:
        """The job about a run, an import, a version, a generation …"""
        return self._one("WHERE j.subject_id = $id", subject_id)

    def newest_about(self, subject_id: str) -> Job | None:
        """The newest job of a subject that may be asked for again, as SUBJECT#2 and so on."""
        return self._one(
            """
            WHERE j.subject_id = $id OR starts_with(j.subject_id, $id || '#')
            ORDER BY j.created_at DESC, j.job_id DESC
            LIMIT 1
            """,
            subject_id,
        )

    def of_project(self, project_id: str, kinds: Sequence[str] = (), limit: int = 50) -> list[Job]:
        """A project's jobs, newest first; `kinds` empty means all."""
        return self._jobs(
            """
            WHERE j.project_id = $project_id AND (len($kinds::VARCHAR[]) = 0 OR j.kind IN $kinds)
            ORDER BY j.created_at DESC, j.job_id DESC
            LIMIT $limit
            """,
            {"project_id": project_id, "kinds": list(kinds), "limit": limit},
        )

    def unsettled(self) -> list[Job]:
        """Jobs that have not ended or whose result is not yet taken in, in the order of the queue:
        those that were moved to its front, then the oldest."""
        return self._jobs("WHERE NOT j.taken_in ORDER BY j.queue_order, j.created_at, j.job_id", {})

    def move_to_front(self, job_id: str) -> None:
        """Put a job before all that have not ended."""
        self._db.execute(
            """
            UPDATE jobs SET queue_order = (
                SELECT min(queue_order) - 1 FROM jobs WHERE NOT taken_in
            )
            WHERE job_id = $job_id
            """,
            {"job_id": job_id},
        )

    def count_waiting(self) -> int:
        """How many jobs are queued."""
        return int(
            self._db.value(
                "SELECT count(*) FROM jobs WHERE NOT taken_in AND status = $status",
                {"status": "queued"},
            )
        )

    def folders(self) -> set[str]:
        """The folders of all jobs, as they are meant from the workspace."""
        return {str(row["folder"]) for row in self._db.rows("SELECT folder FROM jobs")}

    def observe(
        self,
        job_id: str,
        *,
        status: str,
        step: int,
        total: int,
        error: JobFault | None,
        started_at: datetime | None = None,
        ended_at: datetime | None = None,
        heartbeat_at: datetime | None = None,
    ) -> None:
        """Write what the folder says of a job."""
        self._db.execute(
            """
            UPDATE jobs SET
                status = $status, step = $step, total = $total, error = $error,
                started_at = coalesce(started_at, $started_at), ended_at = $ended_at,
                heartbeat_at = coalesce($heartbeat_at, heartbeat_at)
            WHERE job_id = $job_id
            """,
            {
                "job_id": job_id,
                "status": status,
                "step": step,
                "total": total,
                "error": json.dumps(error.to_json()) if error else None,
                "started_at": started_at,
                "ended_at": ended_at,
                "heartbeat_at": heartbeat_at,
            },
        )

    def set_taken_in(self, job_id: str, taken_in: bool = True) -> None:
        """Remember that a job's end and result are taken in (or that it runs again)."""
        self._db.execute(
            "UPDATE jobs SET taken_in = $taken_in WHERE job_id = $job_id",
            {"taken_in": taken_in, "job_id": job_id},
        )

    def set_launcher(self, job_id: str, launcher: str) -> None:
        """Say which launcher has a job that starts again."""
        self._db.execute(
            "UPDATE jobs SET launcher = $launcher WHERE job_id = $job_id",
            {"launcher": launcher, "job_id": job_id},
        )

    def set_detail(self, job_id: str, detail: Mapping[str, Any]) -> None:
        """Replace what a job says about its result."""
        self._db.execute(
            "UPDATE jobs SET detail = $detail WHERE job_id = $job_id",
            {"detail": json.dumps(dict(detail)), "job_id": job_id},
        )

    def append_events(self, job_id: str, events: Sequence[Event], offset: int) -> None:
        """Add events that are not there yet and move the read offset."""
        if events:
            self._db.execute(
                """
                INSERT INTO job_events (job_id, seq, created_at, kind, payload)
                SELECT $job_id, unnest($seq), unnest($created_at), unnest($kind), unnest($payload)
                ON CONFLICT DO NOTHING
                """,
                {
                    "job_id": job_id,
                    "seq": [event["seq"] for event in events],
                    "created_at": [_utc(event["time"]) for event in events],
                    "kind": [event["kind"] for event in events],
                    "payload": [json.dumps(_payload(event)) for event in events],
                },
            )
        self._db.execute(
            "UPDATE jobs SET event_offset = $offset WHERE job_id = $job_id",
            {"offset": offset, "job_id": job_id},
        )

    def events(self, job_id: str, kinds: Sequence[str], last: int = 5000) -> list[JobEvent]:
        """The newest `last` events of these kinds, oldest first."""
        rows = self._db.rows(
            """
            SELECT seq, created_at, kind, payload
            FROM job_events
            WHERE job_id = $job_id AND kind IN $kinds
            ORDER BY seq DESC
            LIMIT $last
            """,
            {"job_id": job_id, "kinds": list(kinds), "last": last},
        )
        return [JobEvent(**{**row, "payload": json.loads(row["payload"])}) for row in rows[::-1]]

    def _one(self, rest: str, one_id: str) -> Job | None:
        found = self._jobs(rest, {"id": one_id})
        return found[0] if found else None

    def _jobs(self, rest: str, params: Mapping[str, Any]) -> list[Job]:
        select = """
            SELECT
                j.job_id, j.kind, j.project_id, j.subject_id, j.title, j.folder, j.device,
                j.launcher, j.status, j.step, j.total, j.error, j.detail, j.event_offset,
                j.taken_in, j.created_by, j.created_at, j.started_at, j.ended_at, j.heartbeat_at,
                coalesce(p.name, 'Touchstone') AS person
            FROM jobs j LEFT JOIN people p ON p.person_id = j.created_by
            """
        return [_job(row) for row in self._db.rows(select + rest, params)]


def _job(row: Row) -> Job:
    error = json.loads(row["error"]) if row["error"] else None
    return Job(
        **{
            **row,
            "error": JobFault.from_json(error) if error else None,
            "detail": json.loads(row["detail"]),
        }
    )


def _payload(event: Event) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in ("seq", "time", "kind")}


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
