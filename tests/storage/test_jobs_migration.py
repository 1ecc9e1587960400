"""Jobs of earlier workspaces: found again under the new names, one per subject."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.clock import now
from storage.database import migration_files
from storage.store import Store
from tests.builders import an_earlier_database

OWN = "0010_jobs.sql"
EARLIER = [name for name in sorted(migration_files()) if name < OWN]


@pytest.mark.parametrize("last", EARLIER)
def test_a_workspace_of_each_earlier_schema_keeps_its_jobs(tmp_path: Path, last: str) -> None:
    database = an_earlier_database(tmp_path, [name for name in EARLIER if name <= last])
    for number, (subject, taken) in enumerate(
        [("imp_1", True), ("export_v", True), ("export_v", True), ("export_v", False)]
    ):
        database.execute(
            "INSERT INTO jobs (job_id, kind, project_id, subject_id, title, folder, device, "
            "status, step, total, error, detail, ingested, created_by, created_at) "
            "VALUES (?, 'import', 'p', ?, 't', ?, 'light', 'failed', 3, 4, "
            """'{"code": "c", "message": "m", "hint": "h"}', '{"n": 1}', ?, 'x', ?)""",
            [f"job_{number}", subject, f"jobs/job_{number}", taken, now()],
        )
    database.close()

    store = Store(tmp_path)
    found = {job.subject_id: job for job in store.jobs.of_project("p")}
    assert {subject: job.job_id for subject, job in found.items()} == {
        "imp_1": "job_0",
        "export_v": "job_3",
        "export_v#2": "job_2",
        "export_v#3": "job_1",
    }
    job = found["imp_1"]
    assert (job.step, job.total, job.taken_in, job.launcher) == (3, 4, True, "local")
    assert job.error is not None
    assert job.error.sentence == "m h"
    assert job.detail == {"n": 1}
    assert [one.job_id for one in store.jobs.unsettled()] == ["job_3"]
    newest = store.jobs.newest_about("export_v")
    assert newest is not None
    assert newest.job_id == "job_3"
    store.close()
