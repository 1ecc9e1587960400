"""Exporting a project's examples and versions: the filter, the provenance, the way back."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.actor import Actor, Role
from core.clock import new_id, now
from core.errors import NotAllowed
from core.examples.current import Done
from core.examples.listing import ExampleFilter
from core.examples.timeline import deed
from core.workflows.commands import command
from core.workflows.curation import (
    annotating,
    browsing,
    exporting,
    importing,
    reviewing,
)
from core.workflows.curation.exporting import Export, NothingToExport, Wish
from core.workflows.jobs.supervisor import wait_for
from core.workspace import Workspace
from storage.store import Store
from tests.builders import a_project, a_store, accepted_examples, an_actor, an_edit, some_examples
from tests.people_builders import a_person
from tests.version_builders import add_version


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path / "home")
    yield opened
    opened.close()


def export(
    store: Store, lead: Actor, wanted: ExampleFilter | None = None, **wish: Any
) -> tuple[Export, list[dict[str, Any]]]:
    """An export as JSON lines, and its records."""
    (project_id,) = lead.roles
    job_id = exporting.start_examples_export(
        store, lead, project_id, wanted, Wish(**wish), export_id=new_id("exp")
    )
    wait_for(store, job_id)
    found = exporting.export_of_job(store, lead, job_id)
    lines = found.files["examples.jsonl"].read_text(encoding="utf-8").splitlines()
    return found, [json.loads(line) for line in lines]


def test_an_export_holds_what_the_filter_matches_in_import_order(store: Store) -> None:
    project_id = a_project(store).project_id
    lead, ids = an_actor(project_id), some_examples(store, project_id, 6)
    accepted = ids[2:4]
    store.transact(lambda: store.annotation.accept_these(accepted, new_id("bat"), "person_ada", ""))
    for wanted, expected in (
        (None, ids),
        (ExampleFilter("accepted"), ids[2:4]),
        (ExampleFilter(text="number 5 times"), ids[5:6]),
    ):
        found, records = export(store, lead, wanted)
        assert [one["id"] for one in records] == expected
        manifest = json.loads(found.files["manifest.json"].read_text())
        assert manifest["counts"] == {"examples": len(expected)}
    assert records[0]["status"] == "new"
    assert "provenance" not in records[0]
    with pytest.raises(NothingToExport, match="Take a filter away"):
        export(store, lead, ExampleFilter("set_aside"))
    last = exporting.my_last_export(store, lead, project_id)
    assert last is not None
    assert last.job.job_id == found.job.job_id


def test_the_provenance_says_who_annotated_and_reviewed_which_revision(store: Store) -> None:
    project_id = a_project(store).project_id
    roles: tuple[tuple[str, Role], ...] = (("Ada", "lead"), ("Ben", "reviewer"))
    ada, ben = (
        Actor(a_person(store, name), name, roles={project_id: frozenset({role})})
        for name, role in roles
    )
    ids = some_examples(store, project_id, 2)
    task = browsing.example_of(store, ada, project_id, ids[0])
    annotating.save_annotation(store, ada, project_id, an_edit(task, output="Better."))
    shown = browsing.example_of(store, ben, project_id, ids[0])
    edit = an_edit(shown, output="Best.")
    reviewing.decide(store, ben, project_id, new_id("rvw"), "accept", edit)
    _, (first, second) = export(store, ada, provenance=True)
    told = first["provenance"]
    assert first["output"] == "Best."
    assert (told["annotated_by"], told["written_by"], told["origin"]) == ("Ada", "Ben", "review")
    assert (told["decision"], told["reviewed_by"], told["revision"]) == ("accept", "Ben", 3)
    assert told["annotated_at"] <= told["written_at"] <= told["reviewed_at"]
    assert told["annotated_at"].endswith("Z")
    assert second["provenance"]["origin"] == "import"
    assert "annotated_by" not in second["provenance"]


def test_what_a_file_tells_of_who_worked_on_an_example_is_its_history_and_nobodys_work(
    store: Store, tmp_path: Path
) -> None:
    here, there = (a_project(store, name).project_id for name in ("Here", "There"))
    ada = Actor(a_person(store, "Ada"), "Ada", roles={here: frozenset({"lead"})})
    (example_id,) = some_examples(store, here, 1)
    task = annotating.open_example(store, ada, here, example_id)
    annotating.save_annotation(store, ada, here, an_edit(task, output="Better."))
    shown = reviewing.open_review(store, ada, here, example_id)
    reviewing.decide(store, ada, here, new_id("rvw"), "accept", an_edit(shown))
    found, _ = export(store, ada, provenance=True)
    path = tmp_path / "examples.jsonl"
    path.write_bytes(found.files["examples.jsonl"].read_bytes())
    lead = Actor(ada.person_id, "Ada", roles={there: frozenset({"annotator", "lead"})})
    import_id = importing.start_import(store, lead, there, path, path.name)
    job = store.jobs.of_subject(import_id)
    assert job is not None
    wait_for(store, job.job_id)
    (row,), _ = browsing.examples_page(store, lead, there)
    example = browsing.example_of(store, lead, there, row.example_id)
    said = [deed(one) for one in browsing.whole_history_of(store, lead, example)]
    began = "The file examples.jsonl says: Ada "
    assert said[0].startswith(f"{began}annotated it, ")
    assert said[1].startswith(f"{began}accepted it, ")
    assert said[2:] == ["Ada imported it"]
    assert (example.number, example.state, example.annotations) == (1, "new", 0)
    assert store.own_work.done(there, ada.person_id, now() - timedelta(days=1)) == Done()
    assert store.progress.work(there) == {}


def test_the_provenance_of_an_example_that_several_annotated_names_each(store: Store) -> None:
    project_id = a_project(store, overlap=2).project_id
    some_examples(store, project_id, 2)
    names = ("Ada", "Ben")
    ada, ben = (
        Actor(a_person(store, name), name, roles={project_id: frozenset({"lead"})})
        for name in names
    )
    for person, times in ((ada, 2), (ben, 1)):
        for _ in range(times):
            task = annotating.next_to_annotate(store, person, project_id)
            assert task
            edit = an_edit(task, output=f"{person.name}'s.")
            annotating.save_annotation(store, person, project_id, edit)
    _, (both, waits) = export(store, ada, provenance=True)
    told = [(one["by"], one["output"]) for one in both["provenance"]["annotations"]]
    assert told == [("Ada", "Ada's."), ("Ben", "Ben's.")]
    assert "annotations" not in waits["provenance"]


def test_an_annotator_may_not_export(store: Store) -> None:
    project_id = a_project(store).project_id
    some_examples(store, project_id, 2)
    with pytest.raises(NotAllowed):
        export(store, an_actor(project_id, "annotator"))


def test_a_repeated_click_is_one_export(store: Store) -> None:
    project_id = a_project(store).project_id
    lead = an_actor(project_id)
    some_examples(store, project_id, 2)
    first, second = (
        exporting.start_examples_export(store, lead, project_id, export_id="exp_one")
        for _ in range(2)
    )
    assert first == second


def test_an_export_imported_again_adds_nothing(store: Store, tmp_path: Path) -> None:
    project_id = a_project(store).project_id
    lead = an_actor(project_id)
    some_examples(store, project_id, 20)
    found, _ = export(store, lead, provenance=True)
    path = tmp_path / "examples.jsonl"
    path.write_bytes(found.files["examples.jsonl"].read_bytes())
    import_id = importing.start_import(store, lead, project_id, path, path.name)
    job = store.jobs.of_subject(import_id)
    assert job is not None
    wait_for(store, job.job_id)
    came = store.imports.by_id(import_id)
    assert came is not None
    assert (came.accepted, came.duplicates, came.rejected) == (0, 20, 0)


@pytest.mark.parametrize("name", ["csv", "parquet", "messages", "dataset"])
def test_a_version_is_exported_in_every_format_with_its_splits(store: Store, name: str) -> None:
    project_id = a_project(store).project_id
    lead = an_actor(project_id)
    accepted_examples(store, project_id, 10)
    version_id = add_version(store, project_id, ["train"] * 8 + ["test"] * 2)
    store.database.execute("UPDATE dataset_versions SET content_hash = ''")
    wish = Wish(name, provenance=True, zip=True)  # type: ignore[arg-type]
    wait_for(store, exporting.start_version_export(store, lead, version_id, wish))
    found = exporting.version_export(store, lead, version_id, wish)
    assert found is not None
    counts = json.loads(found.files["manifest.json"].read_text())["counts"]
    assert counts == {"all": 10, "train": 8, "validation": 0, "test": 2}
    if name == "dataset":
        assert set(found.files) == {"dataset.zip", "manifest.json"}
        return
    suffix = {"csv": ".csv", "parquet": ".parquet", "messages": ".jsonl"}[name]
    splits = {f"{split}{suffix}" for split in counts}
    assert set(found.files) == {*splits, "manifest.json"}
    if name == "csv":
        with found.files["test.csv"].open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["split"] for row in rows] == ["test", "test"]
        assert {row["provenance.imported_by"] for row in rows} == {"Touchstone"}
    assert exporting.version_export(store, lead, version_id) is None


def test_the_terminal_exports_a_projects_examples(store: Store) -> None:
    project = a_project(store)
    some_examples(store, project.project_id, 3)
    asked = {"project": project.name, "format": "csv", "state": "new"}
    answer = command("export.examples")(store, Workspace(store.workspace), asked)
    assert isinstance(answer, dict)
    assert answer["examples"] == 3
    assert set(answer["files"]) == {"examples.csv", "manifest.json"}
