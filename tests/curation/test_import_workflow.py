"""Importing on a real store with a real worker: figures, rejects, repetition, speed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.clock import new_id
from core.errors import Conflict, NotAllowed, NotFound, TouchstoneError
from core.examples.listing import ExampleFilter
from core.importing.imports import Import
from core.importing.job import import_file
from core.importing.pipeline import open_source
from core.workflows.curation import annotating, browsing, commenting, importing
from core.workflows.curation.importing import start_import
from core.workflows.jobs import control
from core.workflows.jobs.job_view import live_view
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import supervise_once, wait_for
from storage.store import Store
from tests.builders import a_project, a_store, an_actor, an_edit
from tests.import_builders import SHARED, put, shared

GOOD = {"instruction": "Add.", "input": "1+1", "output": "2"}
LINES = [
    json.dumps(GOOD | {"id": "a"}),
    json.dumps(GOOD | {"id": "again"}),
    json.dumps({"instruction": "No answer.", "input": ""}),
    "not json",
    json.dumps({"instruction": "Say =1+1.", "input": "", "output": "=1+1"}),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = a_store(tmp_path / "workspace")
    yield store
    store.close()


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store).project_id


def bring_in(store: Store, project_id: str, path: Path, **wishes: Any) -> Import:
    """Import a file with a real worker process; the import."""
    actor = an_actor(project_id, "annotator")
    import_id = start_import(store, actor, project_id, path, path.name, **wishes)
    job = store.jobs.of_subject(import_id)
    assert job
    wait_for(store, job.job_id)
    found = importing.imports_of(store, actor, project_id)
    return next(one for one in found if one.import_id == import_id)


def figures(found: Import) -> tuple[int, int, int]:
    return found.accepted, found.duplicates, found.rejected


def test_bad_records_are_listed_with_line_and_reason_and_the_rest_goes_in(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    found = bring_in(store, project_id, put(tmp_path, "notes.jsonl", "\n".join(LINES)))
    assert figures(found) == (2, 1, 2)
    lead = an_actor(project_id)
    rejects = importing.rejects_of(store, lead, project_id, found.import_id)
    assert [(one.line, bool(one.reason)) for one in rejects] == [(3, True), (4, True)]
    assert rejects[1].excerpt == "not json"
    (first, second), count = browsing.examples_page(store, lead, project_id)
    assert (first.input, second.output, count) == ("1+1", "=1+1", 2)
    task = browsing.example_of(store, lead, project_id, first.example_id)
    origin = browsing.origin_of(store, lead, task)
    assert origin
    assert (origin.external_id, origin.file_name, origin.line) == ("a", "notes.jsonl", 1)


def test_importing_the_same_file_twice_adds_nothing(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    for expected in ((2, 1, 2), (0, 3, 2)):
        path = put(tmp_path, "notes.jsonl", "\n".join(LINES))
        assert figures(bring_in(store, project_id, path)) == expected
    assert browsing.counts(store, an_actor(project_id), project_id)["total"] == 2


def test_the_same_example_may_be_in_two_projects(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    other = a_project(store, "Other").project_id
    for project in (project_id, other):
        path = put(tmp_path, "notes.jsonl", "\n".join(LINES))
        assert figures(bring_in(store, project, path)) == (2, 1, 2)


def test_taking_the_result_in_twice_adds_nothing(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    found = bring_in(store, project_id, put(tmp_path, "notes.jsonl", "\n".join(LINES)))
    job = store.jobs.of_subject(found.import_id)
    assert job
    importing.take_in(store, job, folder_of(store, job))
    lead = an_actor(project_id)
    assert browsing.counts(store, lead, project_id)["total"] == 2
    assert len(importing.rejects_of(store, lead, project_id, found.import_id)) == 2
    assert store.database.value("SELECT count(*) FROM revisions") == 2


def test_the_same_form_pressed_twice_is_one_import(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    actor, wish = an_actor(project_id, "annotator"), new_id("imp")
    path = put(tmp_path, "notes.jsonl", "\n".join(LINES))
    for _ in range(2):
        start_import(store, actor, project_id, path, path.name, import_id=wish)
    assert len(store.jobs.of_project(project_id)) == 1


def test_a_chosen_mapping_is_what_the_worker_uses(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    path = put(tmp_path, "odd.csv", "a,b\nParis,city\nRhine,river\n")
    mapping = {"input": "a", "output": "b", "constant_instruction": "What is it?"}
    assert figures(bring_in(store, project_id, path, mapping=mapping)) == (2, 0, 0)
    (first, _), _ = browsing.examples_page(store, an_actor(project_id), project_id)
    texts = (first.instruction, first.input, first.output)
    assert texts == ("What is it?", "Paris", "city")


def test_a_file_that_cannot_be_read_fails_with_a_sentence_and_stores_nothing(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    with pytest.raises(TouchstoneError, match="PNG"):
        bring_in(store, project_id, put(tmp_path, "x.csv", b"\x89PNG\r\n\x1a\n0000"))
    path = put(tmp_path, "y.jsonl", "\n".join(LINES))
    with pytest.raises(TouchstoneError, match="column 'gone'"):
        bring_in(store, project_id, path, mapping={"instruction": "gone", "output": "output"})
    lead = an_actor(project_id)
    assert importing.imports_of(store, lead, project_id) == []
    assert browsing.counts(store, lead, project_id)["total"] == 0


def test_reviewers_and_strangers_do_not_import(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    path = put(tmp_path, "notes.jsonl", "\n".join(LINES))
    for person in (an_actor(project_id, "reviewer"), an_actor("another")):
        with pytest.raises(NotAllowed):
            start_import(store, person, project_id, path, path.name)
    with pytest.raises(NotFound):
        importing.rejects_of(store, an_actor(project_id), project_id, "imp_of_nobody")
    assert path.is_file()


@shared
def test_all_7473_gsm8k_problems_go_in(store: Store, project_id: str, tmp_path: Path) -> None:
    path = put(tmp_path, "train.jsonl", (SHARED / "gsm8k" / "train.jsonl").read_bytes())
    assert figures(bring_in(store, project_id, path)) == (7473, 0, 0)


def test_an_import_is_taken_back_but_for_what_people_worked_on_and_can_be_made_again(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    text = "\n".join(json.dumps(GOOD | {"input": str(k)}) for k in range(5))
    found = bring_in(store, project_id, put(tmp_path, "five.jsonl", text))
    lead = an_actor(project_id, "lead", name="lea")
    task = annotating.next_to_annotate(store, lead, project_id)
    assert task is not None
    annotating.save_annotation(store, lead, project_id, an_edit(task))
    asked = browsing.examples_page(store, lead, project_id, ExampleFilter())[0][-1]
    commenting.comment(store, lead, project_id, "c1", asked.example_id, "Is this one ours?")
    assert importing.undo_import(store, lead, project_id, found.import_id) == 3
    assert browsing.counts(store, lead, project_id)["total"] == 2
    assert len(commenting.comments_on(store, lead, project_id, asked.example_id)) == 1
    assert importing.imports_of(store, lead, project_id)[0].undone_at
    with pytest.raises(Conflict, match="undone already"):
        importing.undo_import(store, lead, project_id, found.import_id)
    again = bring_in(store, project_id, put(tmp_path, "again.jsonl", text))
    assert figures(again) == (3, 2, 0)


def test_an_import_is_taken_back_by_its_importer_or_a_lead_only(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    found = bring_in(store, project_id, put(tmp_path, "one.jsonl", json.dumps(GOOD)))
    other = an_actor(project_id, "annotator", name="otto")
    with pytest.raises(NotAllowed):
        importing.undo_import(store, other, project_id, found.import_id)
    with pytest.raises(NotFound):
        importing.undo_import(store, an_actor(project_id, "lead"), project_id, "imp_none")
    assert (
        importing.undo_import(store, an_actor(project_id, "annotator"), project_id, found.import_id)
        == 1
    )


def test_a_file_that_cannot_be_used_offers_no_second_try_of_the_same_job(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    actor = an_actor(project_id, "annotator")
    path = put(tmp_path, "x.csv", "a,b\n1,2\n")
    import_id = start_import(store, actor, project_id, path, path.name)
    job = store.jobs.of_subject(import_id)
    assert job
    with pytest.raises(TouchstoneError):
        wait_for(store, job.job_id)
    view = live_view(store, actor, job.job_id)
    assert (view.job.status, view.may_resume) == ("failed", False)


def test_an_import_that_broke_off_for_good_between_parts_can_be_undone_and_made_again(
    store: Store, project_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PART_ROWS", 2)
    monkeypatch.setattr(importing, "LOOK_SECONDS", -1.0)
    lead, text = an_actor(project_id), "\n".join(json.dumps(GOOD | {"input": n}) for n in "abcde")
    path = put(tmp_path, "five.jsonl", text)
    import_id = start_import(store, lead, project_id, path, path.name)
    job = store.jobs.of_subject(import_id)
    assert job
    while not browsing.counts(store, lead, project_id)["total"]:
        supervise_once(store)
    (folder_of(store, job).final / "examples.parquet").unlink()
    with pytest.raises(TouchstoneError):
        wait_for(store, job.job_id)
    assert importing.undo_import(store, lead, project_id, import_id) == 2
    assert browsing.counts(store, lead, project_id)["total"] == 0
    control.resume_job(store, lead, job.job_id)
    with pytest.raises(TouchstoneError, match=r"undone|taken in"):
        wait_for(store, job.job_id)
    assert browsing.counts(store, lead, project_id)["total"] == 0
    again = bring_in(store, project_id, put(tmp_path, "again.jsonl", text))
    assert figures(again) == (5, 0, 0)


def test_an_import_that_breaks_off_between_parts_goes_on_from_there(
    store: Store, project_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PART_ROWS", 2)
    text = "\n".join(json.dumps(GOOD | {"input": str(k)}) for k in range(5))
    final = tmp_path / "workspace" / "final"
    final.mkdir()
    import_file(open_source(put(tmp_path, "five.jsonl", text)), final)
    about = {"project_id": project_id, "import_id": "imp_1", "file_name": "five.jsonl"}

    def part(opened: Store) -> Import:
        return importing._save_parts(opened, final, -1.0, **about, actor_id="person_ada")

    assert (part(store).next_row, part(store).next_row) == (2, 4)
    store.close()
    again = Store(tmp_path / "workspace")
    lead = an_actor(project_id)
    with pytest.raises(Conflict, match="still going on"):
        importing.undo_import(again, lead, project_id, "imp_1")
    assert part(again).next_row is None
    assert figures(part(again)) == (5, 0, 0)
    positions = "SELECT position FROM example_current ORDER BY position"
    assert [row["position"] for row in again.database.rows(positions)] == [1, 2, 3, 4, 5]
    events = [event.action for event in again.audit.of_subject("import", "imp_1")]
    again.close()
    assert events == ["imported"]
