"""Comments on a real store: a thread on each example, and mentions until they are opened."""

from __future__ import annotations

import pytest

from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.examples.comments import mentioned_in
from core.workflows.curation import commenting, working
from core.workflows.curation.sent import Sent
from core.workflows.team import accounts
from storage.comments import Comments
from storage.store import Store
from tests.builders import an_admin, some_examples

PASSWORD = "a few random words"


def a_member(store: Store, project_id: str, name: str) -> Actor:
    person_id = accounts.add_person(
        store, an_admin(), name, PASSWORD, project_id=project_id, roles=["annotator"]
    )
    return Actor(person_id, name, roles={project_id: frozenset(("annotator",))})


def test_names_are_found_whatever_their_case_and_the_longest_counts() -> None:
    people = {"ann": "1", "Ann-Marie": "2", "Ben O'Hara": "3"}
    assert mentioned_in("@ANN, see @ben o'hara! @ann", people) == ["1", "3"]
    assert mentioned_in("@ann-marie and x@ann.org, @annette", people) == ["2"]
    assert mentioned_in("@ann", {}) == []


def test_a_mention_is_told_until_the_comments_are_opened(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, 2)
    ann, ben = (a_member(store, project_id, name) for name in ("ann", "ben"))
    for _ in range(2):  # sent again after a lost answer
        sent = Sent.from_json({
            "action": "comment", "submission_id": "c1", "example_id": ids[1],
            "comment": " @Ben, is this a sum? @ann ",
        })  # fmt: skip
        working.annotate(store, ann, project_id, sent)
    thread = commenting.comment(store, ben, project_id, "c2", ids[1], "It is.")
    assert [(one.author, one.text) for one in thread] == [
        ("ann", "@Ben, is this a sum? @ann"),
        ("ben", "It is."),
    ]
    assert commenting.comments_on(store, ann, project_id, ids[0]) == []
    assert commenting.mentions_of_me(store, ann, project_id).count == 0  # nobody mentions oneself
    mine = commenting.mentions_of_me(store, ben, project_id)
    assert (mine.count, mine.example_id) == (1, ids[1])
    commenting.mark_read(store, ben, project_id, ids[0])
    assert commenting.is_mentioned(store, ben, project_id, ids[1])
    for _ in range(2):
        commenting.mark_read(store, ben, project_id, ids[1])
    assert commenting.mentions_of_me(store, ben, project_id).count == 0
    assert not commenting.is_mentioned(store, ben, project_id, ids[1])


def test_a_comment_is_found_after_a_look_in_vain_and_by_the_next_server(
    store: Store, project_id: str
) -> None:
    (only,) = some_examples(store, project_id, 1)
    ann = a_member(store, project_id, "ann")
    assert commenting.comments_on(store, ann, project_id, only) == []
    thread = commenting.comment(store, ann, project_id, "c1", only, "A sum.")
    assert commenting.comments_on(store, ann, project_id, only) == thread
    assert Comments(store.database).on_example(only) == thread


def test_comments_are_for_people_of_the_project_and_say_something(
    store: Store, project_id: str
) -> None:
    (only,) = some_examples(store, project_id, 1)
    eve, ann = Actor("person_eve", "eve"), a_member(store, project_id, "ann")
    with pytest.raises(NotAllowed):
        commenting.comment(store, eve, project_id, "c1", only, "Hello.")
    with pytest.raises(NotAllowed):
        commenting.comments_on(store, eve, project_id, only)
    for text in ("  ", "x" * 2001):
        with pytest.raises(InvalidInput):
            commenting.comment(store, ann, project_id, "c1", only, text)
