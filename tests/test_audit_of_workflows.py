"""Every workflow that changes something leads to an entry in the audit log; the list is the code's.

A new workflow that writes is found by itself: it records what it does, or stands below with the
reason why not.
"""

from __future__ import annotations

import pytest

from tests.call_graph import CallGraph

GRAPH = CallGraph.of_workflows()
LEASE = "takes or returns a lease, which ends by itself"
PREFERENCE = "concerns the person's own session or draft, and changes nothing for anybody else"
DERIVED = "reads, and at first use fills a table that follows from others"
WORKER = "moves on what somebody started, which is recorded there"
FILLED = {"core.workflows.evaluation.systems.covered"}
NOT_RECORDED = {
    "curation.checks.refresh": DERIVED,
    "curation.annotating.next_to_annotate": LEASE,
    "curation.annotating.open_example": LEASE,
    "curation.annotating.go_back": LEASE,
    "curation.queue.take_next": LEASE,
    "curation.queue.take": LEASE,
    "curation.queue.look_again": LEASE,
    "curation.reviewing.next_to_review": LEASE,
    "curation.reviewing.open_review": LEASE,
    "evaluation.leasing.lease": LEASE,
    "evaluation.leasing.lease_repeat": LEASE,
    "evaluation.rating.next_pairs": LEASE,
    "evaluation.rating_drafts.keep_draft": PREFERENCE,
    "evaluation.systems.covered": DERIVED,
    "curation.commenting.mark_read": PREFERENCE,
    "curation.drafts.keep": PREFERENCE,
    "team.guidelines.mark_read": PREFERENCE,
    "team.drafts.keep_settings_draft": PREFERENCE,
    "team.drafts.drop_draft": PREFERENCE,
    "team.sessions.actor_of": PREFERENCE,
    "team.sessions.choose_project": PREFERENCE,
    "tuning.run_drafts.keep_run_draft": PREFERENCE,
    "tuning.run_drafts.drop_run_draft": PREFERENCE,
    "jobs.supervisor.observe_all": WORKER,
    "jobs.supervisor.supervise_once": WORKER,
    "jobs.supervisor.wait_for": WORKER,
    "jobs.supervisor.start": WORKER,
}
CHANGING = [
    name.removeprefix("core.workflows.")
    for name in GRAPH.public()
    if GRAPH.reaches(name, "transact", without=FILLED) and not name.endswith(".take_in")
]


@pytest.mark.parametrize("name", sorted(set(CHANGING) - set(NOT_RECORDED)))
def test_a_workflow_that_changes_something_records_it(name: str) -> None:
    assert GRAPH.records(f"core.workflows.{name}"), f"{name} writes no audit event"


def test_the_exceptions_exist_and_record_nothing() -> None:
    assert len(CHANGING) > 40
    assert set(NOT_RECORDED) - set(CHANGING) == set()
    recorded = {name for name in NOT_RECORDED if GRAPH.records(f"core.workflows.{name}")}
    assert recorded == set()
