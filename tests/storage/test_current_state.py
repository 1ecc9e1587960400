"""The present against its log: rebuilt from what people did, the table of states is the same."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from core.actor import Actor
from core.clock import new_id
from core.errors import TouchstoneError
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.projects import LabelField
from core.workflows.curation import annotating, browsing, bulk, bulk_accepting, reviewing, skipping
from core.workflows.curation.reviewing import decide
from core.workflows.team import projects
from storage.store import Store
from tests.builders import a_project, an_actor, an_edit, some_examples

BULK = (
    BulkAction("send_back", "Again."),
    BulkAction("set_aside"),
    BulkAction("label", label=("topic", "sums")),
    BulkAction("label", label=("topic", "shapes")),
    BulkAction("assign", to=("person_a",)),
    BulkAction("assign", to=("person_b", "person_c")),
    BulkAction("unassign"),
)


@pytest.fixture
def project_id(store: Store) -> str:
    project = a_project(store)
    settings = replace(project.settings, label_schema=(LabelField("topic", ("sums", "shapes")),))
    projects.change_project(store, an_actor(project.project_id), project.project_id, settings)
    for name in ("a", "b", "c"):  # as an_actor names them
        store.database.execute(
            "INSERT INTO people (person_id, name, name_key, password_hash, is_admin, created_at) "
            "VALUES ($id, $name, $name, 'x', false, now()::TIMESTAMP)",
            {"id": f"person_{name}", "name": name},
        )
        grant = partial(store.accounts.grant, project.project_id, f"person_{name}", "annotator")
        store.transact(grant)
    return project.project_id


def rebuilt(store: Store) -> dict[str, tuple[Any, ...]]:
    """example → (state, revision, number, flagged, texts …) from the insert-only log alone."""
    after = {
        "import": "new",
        "annotate": "annotated",
        "review": "annotated",
    } | reviewing.STATE_AFTER
    log = store.database.rows(
        "SELECT created_at, example_id, 0 AS rank, origin AS kind, revision_id, number, "
        "instruction || '|' || input || '|' || output || '|' || CAST(labels AS VARCHAR) AS text, "
        "quality, NULL AS state_before FROM revisions "
        "UNION ALL SELECT created_at, example_id, 1, decision, NULL, NULL, NULL, NULL, "
        "state_before FROM reviews "
        "UNION ALL SELECT created_at, example_id, 2, kind, NULL, NULL, NULL, NULL, NULL "
        "FROM example_events "
        "UNION ALL SELECT created_at, example_id, 3, 'assign', NULL, NULL, NULL, NULL, assigned_to "
        "FROM assignments ORDER BY created_at, rank"
    )
    found: dict[str, dict[str, Any]] = {}
    for entry in log:
        now = found.setdefault(entry["example_id"], {"flagged": False, "assigned_to": ""})
        kind = entry["kind"]
        if kind == "assign":
            now["assigned_to"] = entry["state_before"]
            continue
        if kind in ("flag", "unflag"):
            now["flagged"] = kind == "flag"
        elif kind not in ("skip", "label", "mask", "restore"):
            now["state"] = entry["state_before"] if kind == "undo" else after[kind]
        if entry["revision_id"]:
            now["revision"] = tuple(entry[k] for k in ("revision_id", "number", "text", "quality"))
    return {
        k: (v["state"], v["flagged"], v["assigned_to"], *v["revision"]) for k, v in found.items()
    }


def test_the_current_state_table_equals_a_rebuild_from_the_log(
    store: Store, project_id: str
) -> None:
    ids = some_examples(store, project_id, 30)
    people = [
        an_actor(project_id, "annotator", "reviewer", "lead", name=name) for name in ("a", "b", "c")
    ]
    rng = random.Random(7)
    happened = 0
    for _ in range(220):
        try:
            do_something(store, rng.choice(people), project_id, rng.choice(ids), rng)
            happened += 1
        except TouchstoneError:
            continue
    assert happened > 100
    current = {
        row.pop("example_id"): tuple(row.values())
        for row in store.database.rows(
            "SELECT example_id, state, flagged, assigned_to, revision_id, number, "
            "instruction || '|' || input || '|' || output || '|' || CAST(labels AS VARCHAR), "
            "quality FROM example_current"
        )
    }
    assert current == rebuilt(store)
    assert len({state for state, *_ in current.values()}) >= 3
    orphans = "SELECT count(*) FROM {} WHERE example_id NOT IN (SELECT example_id FROM examples)"
    assert len({assigned_to for _, _, assigned_to, *_ in current.values()}) >= 3
    for table in (
        "acceptances",
        "assignments",
        "revisions",
        "reviews",
        "example_events",
        "example_current",
        "example_skips",
    ):
        assert store.database.value(orphans.format(table)) == 0


def tallies(store: Store, sql: str) -> dict[tuple[Any, ...], int]:
    return {tuple(row.values())[:-1]: row["n"] for row in store.database.rows(sql)}


def test_the_counters_equal_a_count_of_the_examples_before_and_after_compaction(
    store: Store, project_id: str
) -> None:
    ids = some_examples(store, project_id, 30)
    people = [
        an_actor(project_id, "annotator", "reviewer", "lead", name=name) for name in ("a", "b", "c")
    ]
    rng = random.Random(11)
    for _ in range(120):
        with suppress(TouchstoneError):
            do_something(store, rng.choice(people), project_id, rng.choice(ids), rng)
    counted = (
        "SELECT project_id, block, state, flagged, author_id, assigned_to, count(*) AS n "
        "FROM example_tallies GROUP BY ALL"
    )
    summed = (
        "SELECT project_id, block, state, flagged, author_id, assigned_to, sum(n)::BIGINT AS n "
        "FROM example_counts GROUP BY ALL HAVING sum(n) <> 0"
    )
    expected = tallies(store, counted)
    assert len(expected) > 3
    assert tallies(store, summed) == expected
    store.database.transact(store.counters.compact)
    assert tallies(store, summed) == expected
    assert store.database.value("SELECT count(*) FROM example_counts") == len(expected)


def do_something(
    store: Store, actor: Actor, project_id: str, example_id: str, rng: random.Random
) -> None:
    """One random act of one person; may be refused."""
    act = rng.choice(
        ["annotate"] * 3
        + ["accept", "edit", "send_back", "set_aside", "flag", "skip", "undo", "reopen", "again"]
        + (["all", "bulk", "bulk", "undo_all"] if rng.random() < 0.2 else [])
    )
    task = browsing.example_of(store, actor, project_id, example_id)
    words = f"Text {rng.random():.6f}."
    if act == "annotate":
        edit = an_edit(task, output=words, quality=rng.randint(1, 5))
        annotating.save_annotation(store, actor, project_id, edit)
    elif act in ("flag", "skip"):
        leave = skipping.flag if act == "flag" else skipping.skip
        leave(store, actor, project_id, new_id("evt"), example_id, words)
    elif act == "reopen":
        reviewing.reopen(store, actor, project_id, new_id("rvw"), example_id, words)
    elif act == "again":
        browsing.give_out_again(store, actor, project_id, example_id)
    elif act == "undo":
        last = reviewing.last_decision(store, actor, project_id)
        undone = last.review_id if last else ""
        reviewing.undo_decision(store, actor, project_id, new_id("rvw"), undone)
    elif act == "all":
        bulk_accepting.accept_all(store, actor, project_id, untouched=rng.random() < 0.5)
    elif act == "bulk":
        bulk.act(store, actor, project_id, ExampleFilter(text="7"), rng.choice(BULK))
    elif act == "undo_all":
        batch = bulk.last_action(store, actor, project_id)
        taken_back = batch.batch_id if batch else ""
        bulk.undo(store, actor, project_id, taken_back)
    else:
        edit = an_edit(task, comment=words, **({"output": words} if act == "edit" else {}))
        decision: Any = "accept" if act == "edit" else act
        decide(store, actor, project_id, new_id("rvw"), decision, edit)
