"""Data cards of versions that a real worker froze: figures, gaps, Markdown and JSON."""

from __future__ import annotations

import json

import pytest

from core.checks.settings import CheckSettings
from core.clock import new_id
from core.errors import InvalidInput, NotAllowed, NotFound
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.findings.kinds import KINDS
from core.projects import LabelField
from core.versions.data_card import DataCard, SourceFacts
from core.versions.data_card_text import data_card_json, data_card_markdown
from core.workflows.curation import (
    annotating,
    browsing,
    bulk,
    checks,
    describing,
    freezing,
    reviewing,
)
from storage.store import Store
from tests.builders import Triple, a_project, accepted_examples, an_actor, an_edit, some_examples
from tests.job_builders import run_here
from tests.people_builders import an_annotator
from tests.version_builders import freeze_here

TOPICS = ("weather", "gardens", "trains", "bread", "rivers", "music")


@pytest.fixture
def project_id(store: Store) -> str:
    tone = LabelField("tone", ("warm", "cool"))
    return a_project(store, "Trips | *and* more", label_schema=(tone,)).project_id


def sentences(n: int) -> list[Triple]:
    return [
        (
            "Say it again.",
            f"The old book about {TOPICS[k % 6]} number {k * 7919} lies on the table in room {k}.",
            f"In room {k} there is a table with a book about {TOPICS[k % 6]} on it, number {k}.",
        )
        for k in range(n)
    ]


def a_version(store: Store, project_id: str) -> str:
    """Forty accepted at once, of which nobody read any; two that were labelled and reviewed."""
    texts = sentences(42)
    accepted_examples(store, project_id, texts[:40])
    for example_id in some_examples(store, project_id, texts[40:]):
        bea, rita = (an_actor(project_id, name=name) for name in ("bea", "rita"))
        task = browsing.example_of(store, bea, project_id, example_id)
        annotating.save_annotation(store, bea, project_id, an_edit(task, labels={"tone": "warm"}))
        task = browsing.example_of(store, rita, project_id, example_id)
        reviewing.decide(store, rita, project_id, new_id("rvw"), "accept", an_edit(task))
    return freeze_here(store, project_id).version_id


def card_of(store: Store, project_id: str, version_id: str) -> DataCard:
    return describing.data_card(store, an_actor(project_id, "viewer"), version_id)


def test_a_card_says_what_is_in_a_version_and_names_what_nobody_filled_in(
    store: Store, project_id: str
) -> None:
    version_id = a_version(store, project_id)
    card = card_of(store, project_id, version_id)
    version = freezing.get_version(store, an_actor(project_id), version_id)
    assert card.content_hash == version.content_hash
    assert (card.total, dict(card.counts)) == (42, dict(version.counts))
    assert [one.examples for one in card.sources] == [40, 2]
    assert [(one.labelled, one.reviewed) for one in card.people] == [(2, 0), (0, 2)]
    assert card.unreviewed == 40
    assert card.labels == {"tone": {"warm": 2}}
    assert card.languages == {"en": 42}
    lengths = {one.field: one for one in card.lengths}
    inputs = sorted(len(text) for _, text, _ in sentences(42))
    assert (lengths["input"].shortest, lengths["input"].longest) == (inputs[0], inputs[-1])
    assert lengths["instruction"].median == len("Say it again.")
    gaps = " ".join(card.gaps)
    assert gaps.count("licence") == gaps.count("legal basis") == 2
    assert "Nobody reviewed 40" in gaps
    assert "no notes" in gaps
    assert "42 of its examples were not checked" in gaps


def test_what_a_lead_says_of_a_source_fills_its_gap_in_every_version_and_is_audited(
    store: Store, project_id: str
) -> None:
    version_id = a_version(store, project_id)
    source = card_of(store, project_id, version_id).sources[0]
    lead = an_actor(project_id)
    for licence in ("CC BY 4.0", "CC0 1.0"):
        facts = SourceFacts(licence, "no personal data", "Written by us.")
        describing.describe_source(store, lead, project_id, source.import_id, facts)
    card = card_of(store, project_id, version_id)
    assert card.sources[0].facts == facts
    assert sum("licence" in gap for gap in card.gaps) == 1
    events = store.audit.of_subject("import", source.import_id)
    said = [one.detail["licence"] for one in events if one.action == "source_described"]
    assert said == ["CC BY 4.0", "CC0 1.0"]
    with pytest.raises(NotAllowed):
        describing.describe_source(
            store, an_actor(project_id, "annotator"), project_id, source.import_id, facts
        )
    with pytest.raises(NotFound):
        describing.describe_source(store, lead, project_id, "imp_none", facts)
    with pytest.raises(InvalidInput, match="licence"):
        SourceFacts("x" * 501)


def test_a_card_says_what_the_newest_check_found_in_its_revisions(
    store: Store, project_id: str
) -> None:
    version_id = a_version(store, project_id)
    lead = an_actor(project_id)
    more = sentences(44)[42:]
    (mailed, _) = accepted_examples(
        store, project_id, [(i, x, f"{y} Write to ann.lee@example.org.") for i, x, y in more]
    )
    run_here(store, checks.start_check(store, lead, project_id, CheckSettings()))
    first = card_of(store, project_id, version_id).check
    assert first is not None
    assert first.checked == 42
    assert "email" not in " ".join(first.found).lower()
    newer = freezing.start_freeze(store, lead, project_id)
    run_here(store, newer)
    card = card_of(store, project_id, newer)
    assert card.check is not None
    assert (card.check.checked, card.unchecked) == (44, 0)
    kinds = {row["kind"] for row in store.database.rows(
        "SELECT kind FROM example_findings WHERE example_id = $id", {"id": mailed})}  # fmt: skip
    labels = {KINDS[kind].label for kind in kinds}
    assert labels
    assert labels <= set(card.check.found)
    assert not any("not checked" in gap for gap in card.gaps)


def test_the_files_of_a_card_hold_the_hash_and_the_gaps_and_name_nobody(
    store: Store, project_id: str
) -> None:
    store.database.execute(
        """
        INSERT INTO people (person_id, name, name_key, password_hash, is_admin, created_at)
        VALUES ('person_bea', 'Bea Novak', 'bea novak', 'x', false, now()::TIMESTAMP)
        """
    )
    version_id = a_version(store, project_id)
    card = card_of(store, project_id, version_id)
    assert card.people[0].person == "Bea Novak"
    markdown = data_card_markdown(card.without_names())
    content = json.loads(data_card_json(card.without_names()))
    for text in (markdown, json.dumps(content)):
        assert "Novak" not in text
        assert card.content_hash in text
        assert all(gap.split("“")[0] in text for gap in card.gaps)
    assert "Trips \\| \\*and\\* more" in markdown
    assert content["counts"] == dict(card.counts)
    assert content["total"] == 42
    assert content["sources"][0]["facts"]["licence"] == ""


def test_each_of_several_annotators_is_in_the_card_and_an_acceptance_that_was_undone_is_not(
    store: Store,
) -> None:
    project_id = a_project(store, overlap=2).project_id
    accepted_examples(store, project_id, sentences(20))
    (only,) = some_examples(store, project_id, [("One thing more?", "", "So it is.")])
    for name in ("Ann", "Bea"):
        person = an_annotator(store, project_id, name)
        task = annotating.open_example(store, person, project_id, only)
        annotating.save_annotation(store, person, project_id, an_edit(task, output=f"By {name}."))
    rita = an_annotator(store, project_id, "Rita", "reviewer")
    shown = reviewing.open_review(store, rita, project_id, only)
    reviewing.decide(store, rita, project_id, "rvw", "accept", an_edit(shown))
    version_id = freeze_here(store, project_id).version_id
    card = card_of(store, project_id, version_id)
    people = [(one.person, one.labelled, one.reviewed) for one in card.people]
    assert people == [("Ann", 1, 0), ("Bea", 1, 0), ("Rita", 0, 1)]
    assert card.unreviewed == 20
    reviewing.undo_decision(store, rita, project_id, new_id("rvw"), "rvw")
    card = card_of(store, project_id, version_id)
    assert [one.person for one in card.people] == ["Ann", "Bea"]
    assert card.unreviewed == 21


@pytest.mark.parametrize("name", ['a "quoted" one', "a/b ~ c", "back\\slash", "a.b[0]*"])
def test_labels_of_any_name_are_in_the_card(store: Store, name: str) -> None:
    made = a_project(store, label_schema=(LabelField(name, ("warm", "cool"), "multiple"),))
    accepted_examples(store, made.project_id, sentences(20))
    action = BulkAction("label", label=(name, "warm"))
    bulk.act(store, an_actor(made.project_id), made.project_id, ExampleFilter(), action)
    version_id = freeze_here(store, made.project_id).version_id
    assert card_of(store, made.project_id, version_id).labels == {name: {"warm": 20}}
