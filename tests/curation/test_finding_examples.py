"""Filters of the list of examples on a real store: each finds what it names, alone and together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.clock import now
from core.errors import InvalidInput
from core.examples.listing import ExampleFilter
from core.workflows.curation import annotating, browsing, exporting, freezing
from core.workflows.jobs.supervisor import wait_for
from storage.store import Store
from tests.builders import a_project, accepted_examples, an_actor, an_edit, some_examples


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store).project_id


def found(store: Store, project_id: str, wanted: ExampleFilter) -> list[str]:
    rows, count = browsing.examples_page(
        store, an_actor(project_id), project_id, wanted, limit=1000
    )
    assert count == len(rows)
    return [one.example_id for one in rows]


def test_length_is_that_of_the_three_fields_together(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, [("a" * n, "b" * n, "c" * n) for n in (1, 5, 10)])
    assert found(store, project_id, ExampleFilter(least=15)) == ids[1:]
    assert found(store, project_id, ExampleFilter(most=15)) == ids[:2]
    assert found(store, project_id, ExampleFilter(least=4, most=29)) == ids[1:2]
    assert found(store, project_id, ExampleFilter(least=0)) == ids


def test_time_is_that_of_the_last_change(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, 3)
    between = now()
    ada = an_actor(project_id, "annotator")
    task = annotating.open_example(store, ada, project_id, ids[1])
    annotating.save_annotation(store, ada, project_id, an_edit(task, output="Later."))
    assert found(store, project_id, ExampleFilter(changed_from=between)) == [ids[1]]
    assert found(store, project_id, ExampleFilter(changed_before=between)) == [ids[0], ids[2]]
    hour = timedelta(hours=1)
    around = ExampleFilter("annotated", changed_from=between - hour, changed_before=between + hour)
    assert found(store, project_id, around) == [ids[1]]
    with pytest.raises(InvalidInput, match="Swap"):
        ExampleFilter(changed_from=between, changed_before=between - hour)


def test_what_a_filter_of_time_and_length_finds_can_be_exported(
    store: Store, project_id: str
) -> None:
    some_examples(store, project_id, [("a" * n, "", "b" * n) for n in (1, 5, 10)])
    hour = timedelta(hours=1)
    wanted = ExampleFilter(changed_from=now() - hour, changed_before=now() + hour, least=10)
    lead = an_actor(project_id)
    job_id = exporting.start_examples_export(store, lead, project_id, wanted, export_id="exp")
    wait_for(store, job_id)
    job = exporting.export_of_job(store, lead, job_id).job
    assert job.detail["examples"] == 2


def test_a_split_is_that_of_the_newest_version(store: Store, project_id: str) -> None:
    lead = an_actor(project_id)
    assert found(store, project_id, ExampleFilter(split="test")) == []
    ids = accepted_examples(
        store, project_id, [(f"Say {n * 7919}.", "", f"It is {n * 104729}.") for n in range(40)]
    )
    version_id = freezing.start_freeze(store, lead, project_id)
    job = store.jobs.of_subject(version_id)
    assert job
    wait_for(store, job.job_id)
    accepted_examples(store, project_id, [("Too late?", "", "Yes.")])
    by_split = {
        name: found(store, project_id, ExampleFilter(split=name))
        for name in ("train", "validation", "test")
    }
    assert sorted(one for members in by_split.values() for one in members) == sorted(ids)
    assert all(by_split.values())


def test_text_that_looks_like_sql_or_a_pattern_is_text(store: Store, project_id: str) -> None:
    texts = [("100% of it", "", "a_b"), ("' OR 1=1 --", "", "x"), ("plain", "", "y")]
    ids = some_examples(store, project_id, texts)
    for text, wanted in [("100%", ids[:1]), ("A_B", ids[:1]), ("' or 1=1", ids[1:2]), ("__", [])]:
        assert found(store, project_id, ExampleFilter(text=text)) == wanted
