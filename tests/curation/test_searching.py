"""Search by the text index finds what looking at every text finds, whatever changed meanwhile."""

from __future__ import annotations

import random
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import new_id
from core.examples.listing import ExampleFilter
from core.examples.text_index import Fingerprint, Text, TextIndex
from core.workflows.curation import annotating, browsing, searching
from core.workflows.curation.searching import NotIndexed
from core.workflows.jobs.supervisor import wait_for
from storage import search
from storage.store import Store
from tests.builders import a_project, an_actor, an_edit, some_examples, triples

ODD = [
    ("STRASSE und Straße", "ẞ İstanbul", '“Zitat” 100% OR \\ \' "x" *'),
    ("数学の問題", "三つの数", "答えは三つ ΟΔΟΣ"),
    ("Tabs\tand\nlines", "", "a_b-c d.e"),
]
WORDS = (
    *(
        "strasse",
        "straße",
        "istanbul",
        "題",
        "の問",
        "三つの",
        "100% or",
        '"x" *',
        "\nlines",
        "a_b-",
    ),
    *("number 7", "makes", "zzz", "w131 w148", "e", "\\ '", " "),
)


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store).project_id


def found(store: Store, project_id: str, wanted: ExampleFilter) -> list[str]:
    ada = an_actor(project_id, "annotator")
    rows, _ = browsing.examples_page(store, ada, project_id, wanted, limit=1000)
    return [one.example_id for one in rows]


def looked_through(store: Store, project_id: str, wanted: ExampleFilter) -> list[str]:
    rows, _ = store.listing.page(project_id, wanted, limit=1000, offset=0, cap=10_000)
    return [one.example_id for one in rows]


def same_for_all(store: Store, project_id: str) -> int:
    """Both ways give the same for every text; how many the index answered."""
    answered = 0
    for text in WORDS:
        for wanted in (ExampleFilter(text=text), ExampleFilter(text=text, order="longest")):
            hits = found(store, project_id, wanted)
            assert hits == looked_through(store, project_id, wanted), text
        answered += store.search.positions(project_id, text, 1000) is not None
    return answered


def test_the_index_finds_what_looking_at_every_text_finds_also_after_edits_and_removals(
    store: Store, project_id: str
) -> None:
    ids = some_examples(store, project_id, [*triples(40), *ODD])
    assert same_for_all(store, project_id) == 13  # the others are shorter than three characters
    anna = an_actor(project_id, "annotator", name="anna")
    for example_id in ids[5:9]:
        task = annotating.open_example(store, anna, project_id, example_id)
        edit = an_edit(task, output="Now zzz is here.", input="")
        annotating.save_annotation(store, anna, project_id, edit)
    assert found(store, project_id, ExampleFilter(text="ZZZ")) == ids[5:9]
    assert found(store, project_id, ExampleFilter(text="zzz", state="new")) == []
    assert found(store, project_id, ExampleFilter(text="ΟΔΟΣ")) == [ids[41]]
    assert found(store, project_id, ExampleFilter(text="İSTANBUL")) == [ids[40]]
    same_for_all(store, project_id)
    store.database.execute("DELETE FROM example_current WHERE example_id = $id", {"id": ids[6]})
    assert found(store, project_id, ExampleFilter(text="zzz")) == [ids[5], *ids[7:9]]
    same_for_all(store, project_id)


def test_a_worker_indexes_many_texts_and_later_changes_are_put_in(
    store: Store, project_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_CHANGED", 20)
    ids = some_examples(store, project_id, triples(60))
    ada = an_actor(project_id, "annotator")
    wanted = ExampleFilter(text="number 17 times")
    assert found(store, project_id, wanted) == [ids[17]]
    found(store, project_id, wanted)
    jobs = store.jobs.of_project(project_id, ("index_text",))
    assert [one.title for one in jobs] == ["Index 60 texts"]  # asked for once
    example = browsing.example_of(store, ada, project_id, ids[3])
    with pytest.raises(NotIndexed):
        searching.more_like(store, ada, example)
    assert store.search.positions(project_id, "number 17 times", 10) is None
    assert wait_for(store, jobs[0].job_id).taken_in
    assert store.search.positions(project_id, "number 17 times", 10) == [18]
    more = some_examples(store, project_id, [("One more of number 17 times.", "", "x")])
    assert found(store, project_id, wanted) == [ids[17], *more]
    # What changed long after its time: found by comparing all.
    store.database.execute(
        "UPDATE example_current SET output = 'late', revision_id = $new, updated_at = $old "
        "WHERE example_id = $id",
        {"new": new_id("rev"), "old": "2020-01-01", "id": ids[9]},
    )
    assert found(store, project_id, ExampleFilter(text="late")) == [ids[9]]


def test_an_index_that_is_damaged_is_made_again(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, triples(5))
    found(store, project_id, ExampleFilter(text="number 3"))
    store.search.close()
    path = store.workspace / "search" / f"{project_id}.sqlite"
    path.write_bytes(b"no database" * 1000)
    for _ in range(2):
        assert found(store, project_id, ExampleFilter(text="number 3")) == [ids[3]]
    assert store.search.positions(project_id, "number 3", 10) == [4]


def test_more_like_one_are_those_that_share_its_rare_words(store: Store, project_id: str) -> None:
    boats = [
        ("Describe the boat.", f"A sloop with a jib and a keel, number {k}", "It sails.")
        for k in range(3)
    ]
    ids = some_examples(store, project_id, [*triples(30), *boats])
    ada = an_actor(project_id, "annotator")
    example = browsing.example_of(store, ada, project_id, ids[31])
    alike = searching.more_like(store, ada, example)
    assert set(alike[:2]) == {31, 33}
    wanted = ExampleFilter(positions=alike, order="alike")
    assert set(found(store, project_id, wanted)[:2]) == {ids[30], ids[32]}
    narrowed = ExampleFilter(positions=alike, order="alike", text="number 2")
    assert ids[32] in found(store, project_id, narrowed)
    assert ids[30] not in found(store, project_id, narrowed)


def test_more_like_one_is_found_where_no_spaces_divide_words(store: Store, project_id: str) -> None:
    texts = [
        "猫はなぜ一日中寝ているのですか教えてください",
        "請告訴我明天台北的天氣如何以及我是否應該帶雨傘出門",
        "Where is the tall tower by the sea?",
        "猫はなぜ昼間に寝ているのか教えてください",
        "請告訴我今天高雄的天氣如何以及我是否應該帶外套出門",
    ]
    ids = some_examples(store, project_id, [(text, "", "ok") for text in texts])
    ada = an_actor(project_id, "annotator")
    alike = [
        searching.more_like(store, ada, browsing.example_of(store, ada, project_id, one))[0]
        for one in ids
    ]
    assert (alike[0], alike[1], alike[3], alike[4]) == (4, 5, 1, 2)


TEXTS = st.lists(st.text(alphabet="abAB \"'*-é数\n", max_size=12), min_size=1, max_size=20)


@settings(max_examples=50)
@given(TEXTS, st.text(alphabet="ab \"'*-é数\n", min_size=3, max_size=6), st.randoms())
def test_whatever_is_in_the_index_is_found_there(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], wanted: str, rng: random.Random
) -> None:
    index = TextIndex(tmp_path_factory.mktemp("index") / "text.sqlite")
    present: dict[int, Text] = {}
    for _ in range(3):
        # A hash stands for one revision, so for one text.
        changed = [Text(rng.randrange(8), crc32(one.encode()), one.lower()) for one in texts]
        index.change(changed)
        present |= {one.position: one for one in changed}
    hashes = 0
    for one in present.values():
        hashes ^= one.hash
    assert index.fingerprint == Fingerprint(len(present), hashes)
    expected = {k for k, one in present.items() if wanted in one.text}
    assert set(index.positions(wanted, 100) or ()) == expected
    index.close()
