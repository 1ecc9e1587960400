"""Runs a queued job in this process, its real code on its real folder, for tests about the result.

study_id = studies.open_study(…)
run_here(store, study_id)      # as the worker and the supervisor would, without their processes
"""

from __future__ import annotations

import re
import subprocess
import sys

from core.jobs.context import JobContext
from core.jobs.folder import JobFolder
from core.jobs.kinds import function_of, kind_of
from core.workflows.jobs.jobs import folder_of
from storage.store import Store

# The parts of packages, because a package that was looked for and not found is listed too.
IMPORTED = re.compile(r"^import time:.*\| *(\w+)\.\w+", re.MULTILINE)


def run_here(store: Store, subject_id: str) -> None:
    """Run the job about a subject and take its result in."""
    job = store.jobs.of_subject(subject_id)
    assert job is not None
    if job.taken_in:
        return
    folder, kind = folder_of(store, job), kind_of(job.kind)
    context = JobContext(folder)
    context.enter("running")
    function_of(kind.run)(context)
    context.enter("completed")

    def save() -> None:
        function_of(kind.take_in)(store, job, folder)
        store.jobs.observe(job.job_id, status="completed", step=1, total=1, error=None)
        store.jobs.set_taken_in(job.job_id)

    store.transact(save)


def imports_of_worker(folder: JobFolder) -> set[str]:
    """Run the job in a real worker; the packages it imported, by Python's own account."""
    command = [sys.executable, "-X", "importtime", "-m", "core.worker", str(folder.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return set(IMPORTED.findall(done.stderr))
