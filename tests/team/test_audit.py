"""The audit log: who may read it, how it is filtered, and how it leaves as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from core.audit import AuditEvent, AuditQuery, escaped_cell, to_csv
from core.clock import now
from core.errors import InvalidInput, NotAllowed
from core.workflows.team.audit import audit_csv, audit_events, audit_filters
from core.workflows.team.projects import change_project
from storage.store import Store
from tests.builders import a_project, an_actor, an_admin
from tests.people_builders import a_person, signed_in


def test_a_lead_reads_the_own_project_and_an_admin_everything(store: Store) -> None:
    own, foreign = a_project(store), a_project(store, "Foreign")
    a_person(store)
    signed_in(store)
    lead = an_actor(own.project_id)
    events, count = audit_events(store, lead, AuditQuery(own.project_id))
    assert [(e.action, e.subject) for e in events] == [("created", "Notes")]
    assert count == 1
    for refused in (AuditQuery(foreign.project_id), AuditQuery()):
        with pytest.raises(NotAllowed):
            audit_events(store, lead, refused)
        with pytest.raises(NotAllowed):
            audit_csv(store, lead, refused)
        with pytest.raises(NotAllowed):
            audit_filters(store, lead, refused.project_id)
    with pytest.raises(NotAllowed):
        audit_events(store, an_actor(own.project_id, "reviewer", "viewer"), AuditQuery("p"))
    everything, _ = audit_events(store, an_admin(), AuditQuery())
    assert {e.action for e in everything} == {"created", "signed_in"}


def test_events_are_filtered_by_person_action_and_day_and_come_in_pages(store: Store) -> None:
    project = a_project(store)
    project_id = project.project_id
    for name in ("bob", "cat", "bob"):
        changed = replace(project.settings, guidelines=f"{name} {now()}")
        change_project(store, an_actor(project_id, name=name), project_id, changed)
    lead = an_actor(project_id)

    def count(**wanted: object) -> int:
        query = AuditQuery(project_id, **wanted)  # type: ignore[arg-type]
        return audit_events(store, lead, query)[1]

    assert count() == 4
    assert count(action="changed") == 3
    assert count(actor_id="person_bob") == 2
    assert count(since=now() + timedelta(hours=1)) == 0
    assert count(until=now() + timedelta(hours=1), actor_id="person_cat") == 1
    first, total = audit_events(store, lead, AuditQuery(project_id), limit=3)
    rest, _ = audit_events(store, lead, AuditQuery(project_id), limit=3, offset=3)
    assert (len(first), len(rest), total) == (3, 1, 4)
    assert rest[0].action == "created"
    assert audit_filters(store, lead, project_id)[1] == ["changed", "created"]
    with pytest.raises(InvalidInput, match="comes after"):
        AuditQuery(since=now(), until=now() - timedelta(days=1))


def test_no_cell_of_the_csv_is_computed_by_a_spreadsheet() -> None:
    event = AuditEvent(
        now(), "p", "=cmd()", None, "role_given", "person", "person_1", "+Bo", {"note": "=1+1"}
    )
    [row] = csv.DictReader(io.StringIO(to_csv([event])))
    assert row["person"] == "'=cmd()"
    assert row["action"] == "role given"
    assert row["subject"] == "person +Bo"
    assert row["detail"] == '{"note": "=1+1"}'
    for cell in ("=1", "+1", "-1", "@x", "\tx", "\rx"):
        assert escaped_cell(cell) == f"'{cell}"
    assert escaped_cell("1=1") == "1=1"


def test_a_detail_is_one_short_line() -> None:
    event = AuditEvent(now(), "p", "Bo", None, "changed", "project", "prj_1")
    long = replace(event, detail={"settings": {"name": "Notes"}, "note": "", "text": "x" * 500})
    assert long.detail_text.startswith("settings: Notes, text: xxx")
    assert len(long.detail_text) == 160
    assert event.detail_text == ""
