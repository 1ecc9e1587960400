"""The difference of two versions, on a real store: counts, pages, files; lineage of an example."""

from __future__ import annotations

import csv
import io
import json

import pytest

from core.clock import new_id
from core.errors import InvalidInput, NotAllowed
from core.workflows.curation import browsing, comparing, describing, reviewing
from storage.store import Store
from tests.builders import a_project, accepted_examples, an_actor, an_edit, triples
from tests.study_builders import a_study, two_systems
from tests.version_builders import add_version


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store).project_id


def edit(store: Store, project_id: str, example_id: str, output: str) -> None:
    lead = an_actor(project_id)
    reviewing.reopen(store, lead, project_id, new_id("rvw"), example_id, "Another output.")
    task = browsing.example_of(store, lead, project_id, example_id)
    reviewing.decide(store, lead, project_id, new_id("rvw"), "accept", an_edit(task, output=output))


def two_versions(store: Store, project_id: str) -> tuple[str, str, list[str]]:
    """Twelve examples; then two changed, one gone, three new, one in another split."""
    ids = accepted_examples(store, project_id, 12)
    older = add_version(store, project_id, ["train"] * 12)
    edit(store, project_id, ids[1], "Changed, the first.")
    edit(store, project_id, ids[2], "=2+2")
    lead = an_actor(project_id)
    reviewing.reopen(store, lead, project_id, new_id("rvw"), ids[3], "It is wrong.")
    ids += accepted_examples(store, project_id, triples(15)[12:])
    newer = add_version(store, project_id, ["train"] * 14)
    return older, newer, ids


def test_what_was_added_removed_and_changed_is_counted_and_listed_in_the_order_of_the_version(
    store: Store, project_id: str
) -> None:
    older, newer, ids = two_versions(store, project_id)
    lead = an_actor(project_id)
    counts = comparing.difference_counts(store, lead, older, newer)
    assert (counts.added, counts.removed, counts.changed, counts.moved) == (3, 1, 2, 0)
    assert counts.same == 9

    changed = comparing.difference_page(store, lead, older, newer, "changed")
    assert [one.example_id for one in changed] == ids[1:3]
    assert changed[0].before
    assert changed[0].after
    assert changed[0].before["output"] == "It makes 8."
    assert changed[0].after["output"] == "Changed, the first."
    (removed,) = comparing.difference_page(store, lead, older, newer, "removed")
    assert (removed.example_id, removed.after) == (ids[3], None)
    pages = [
        comparing.difference_page(store, lead, older, newer, "added", limit=2, offset=offset)
        for offset in (0, 2)
    ]
    assert [one.example_id for part in pages for one in part] == ids[12:]
    back = comparing.difference_counts(store, lead, newer, older)
    assert (back.added, back.removed, back.changed) == (1, 3, 2)


def test_the_difference_is_downloaded_as_csv_without_formulas_and_as_json_lines(
    store: Store, project_id: str
) -> None:
    older, newer, ids = two_versions(store, project_id)
    lead = an_actor(project_id)
    content = comparing.difference_file(store, lead, older, newer, "changed", "csv")
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert [row["example_id"] for row in rows] == ids[1:3]
    assert rows[1]["new_output"] == "'=2+2"
    content = comparing.difference_file(store, lead, older, newer, "changed", "jsonl")
    lines = [json.loads(line) for line in content.decode().splitlines()]
    assert [line["new_output"] for line in lines] == ["Changed, the first.", "=2+2"]
    assert not list((store.workspace / "inbox").glob("*.part"))


def test_versions_of_other_projects_and_of_strangers_are_not_compared(
    store: Store, project_id: str
) -> None:
    older, newer, _ = two_versions(store, project_id)
    other = a_project(store, "Other").project_id
    accepted_examples(store, other, 10)
    elsewhere = add_version(store, other, ["train"] * 10)
    lead = an_actor(project_id)
    with pytest.raises(InvalidInput, match="twice"):
        comparing.difference_counts(store, lead, older, older)
    with pytest.raises(NotAllowed):
        comparing.difference_counts(store, lead, older, elsewhere)
    both = an_actor(other)
    with pytest.raises(NotAllowed):
        comparing.difference_file(store, both, older, newer, "added", "csv")


def test_an_example_shows_its_versions_and_only_who_reads_results_its_studies(
    store: Store, project_id: str
) -> None:
    older, newer, ids = two_versions(store, project_id)
    lead = an_actor(project_id)
    found = describing.lineage(store, lead, project_id, ids[1])
    assert [(v.version_id, v.split, v.revision) for v in found.versions] == [
        (newer, "train", 2),
        (older, "train", 1),
    ]
    assert (found.runs, found.studies) == ((), ())
    base, tuned = two_systems(store, project_id, newer)
    study_id = a_study(store, lead, project_id, base, tuned, version_id=newer, split="train")
    rated = describing.lineage(store, lead, project_id, ids[1]).studies
    assert rated is not None
    assert [(one.study_id, one.name, one.judgements) for one in rated] == [(study_id, "Fruit", 0)]
    viewer = an_actor(project_id, "viewer")
    assert describing.lineage(store, viewer, project_id, ids[1]).studies == rated
    rater = an_actor(project_id, "annotator", "reviewer")
    assert describing.lineage(store, rater, project_id, ids[1]).studies is None
