"""The work routes over real HTTP: the contract, and what odd or hostile requests come to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.builders import a_project, a_store, an_actor, some_examples
from tests.serving import Server, serve
from tests.study_builders import CRITERIA, a_study, a_version, two_systems

PEOPLE = {"anna": "annotator", "rita": "reviewer", "rolf": "reviewer", "vera": "viewer"}
NEWCOMERS = {"arno": "annotator", "ruth": "reviewer"}
RATINGS = {side: dict.fromkeys(CRITERIA, 5) for side in ("left", "right")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("work")
    store = a_store(folder / "workspace")
    a_project(store, "Empty")
    project_id = a_project(store, "Work").project_id
    base, tuned = two_systems(store, project_id, a_version(store, project_id, 24))
    a_study(store, an_actor(project_id), project_id, base, tuned, size=12)
    some_examples(store, project_id, [(f"Say {k}.", "", f"It is {k}.") for k in range(40)])
    store.close()
    with serve(folder) as server:
        for name, role in PEOPLE.items():
            server.add(name, role, "Work")
        for name, role in NEWCOMERS.items():
            server.add(name, role, "Empty")
        yield server


class Person:
    """Somebody who talks to the routes without a page."""

    def __init__(self, site: Server, name: str) -> None:
        self.client = site.signed_in(name)
        self.origin = {"origin": site.url}

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers or self.origin)

    def post(self, path: str, body: Any) -> httpx.Response:
        content = body if isinstance(body, str) else json.dumps(body)
        return self.client.post(path, content=content, headers=self.origin)

    def save(self, task: dict[str, Any], **changes: Any) -> httpx.Response:
        named = ("submission_id", "example_id", "based_on", "fields")
        body = {"action": "save", **{name: task[name] for name in named}, **changes}
        return self.post("/work/annotate", body)

    def judge(self, pair: dict[str, Any], **changes: Any) -> httpx.Response:
        named = {name: pair[name] for name in ("submission_id", "presentation_id")}
        body = {"action": "judge", "choice": "left", "ratings": RATINGS, "seconds": 3, **named}
        return self.post("/work/rate", {**body, **changes})


@pytest.fixture
def anna(site: Server) -> Iterator[Person]:
    person = Person(site, "anna")
    yield person
    person.client.close()


@pytest.fixture
def rita(site: Server) -> Iterator[Person]:
    person = Person(site, "rita")
    yield person
    person.client.close()


def task_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    task: dict[str, Any] = answer.json()["task"]
    return task


def test_a_save_is_acknowledged_once_and_brings_the_next_example(anna: Person) -> None:
    task = task_of(anna.get("/work/annotate"))
    answer = anna.save(task, fields={**task["fields"], "output": "Better."}).json()
    assert set(answer) == {"saved", "task", "figures", "message"}
    assert answer["saved"] == [task["submission_id"]]
    assert answer["message"] is None
    assert answer["task"]["example_id"] != task["example_id"]
    again = anna.save(task, fields={**task["fields"], "output": "Better."}).json()
    assert again["saved"] == [task["submission_id"]]
    assert again["figures"]["saved_today"] == answer["figures"]["saved_today"]


def test_where_there_are_no_examples_those_who_import_are_led_there(site: Server) -> None:
    for name, path, links in (("arno", "annotate", ["/import"]), ("ruth", "review", [])):
        person = Person(site, name)
        message = person.get(f"/work/{path}").json()["message"]
        person.client.close()
        assert message["title"] == "There are no examples yet"
        assert [one["path"] for one in message["links"]] == links


def test_a_link_on_another_site_changes_nothing(anna: Person, rita: Person) -> None:
    task = task_of(anna.get("/work/annotate"))
    draft = {"action": "draft", "example_id": task["example_id"], "based_on": task["based_on"]}
    anna.post("/work/annotate", {**draft, "fields": {**task["fields"], "output": "Half a"}})
    before = rita.get("/work/rate").json()["figures"]
    for path in (
        f"/work/annotate?action=discard&example={task['example_id']}",
        f"/work/annotate?action=skip&reason=x&submission_id=q1&example={task['example_id']}",
        f"/work/annotate?action=draft&example={task['example_id']}",
    ):
        assert task_of(anna.get(path))["draft"]["fields"]["output"] == "Half a"
    pair = task_of(rita.get("/work/rate"))
    assert rita.judge(pair).status_code == 200
    rita.get("/work/rate?action=undo")
    assert rita.get("/work/rate").json()["figures"]["judged"] == before["judged"] + 1


@pytest.mark.parametrize("seconds", ["NaN", "Infinity", '"nan"', "1" + "0" * 400])
def test_seconds_that_are_no_number_are_refused(anna: Person, rita: Person, seconds: str) -> None:
    task, pair = task_of(anna.get("/work/annotate")), task_of(rita.get("/work/rate"))
    for person, path, body in (
        (anna, "/work/annotate", {**task, "action": "save"}),
        (rita, "/work/rate", {**pair, "action": "judge", "choice": "left", "ratings": RATINGS}),
    ):
        text = json.dumps({**body, "seconds": "HERE"}).replace('"HERE"', seconds)
        assert person.post(path, text).status_code == 422


def test_half_an_emoji_is_saved_as_a_question_mark(anna: Person) -> None:
    task = task_of(anna.get("/work/annotate"))
    body = {"example_id": task["example_id"], "based_on": task["based_on"], "comment": "a \ud83d b"}
    assert anna.post("/work/annotate", {**body, "action": "draft"}).status_code == 200
    answer = anna.save(task, comment="half \ud83d here")
    assert answer.json()["saved"] == [task["submission_id"]]
    task = task_of(anna.get("/work/annotate"))
    named = ("submission_id", "example_id", "based_on", "fields")
    body = {"action": "save", **{name: task[name] for name in named}, "comment": "half \ud83d here"}
    unescaped = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    answer = anna.client.post("/work/annotate", content=unescaped, headers=anna.origin)
    assert answer.json()["saved"] == [task["submission_id"]]


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        "[]",
        "",
        '{"action": "draft", "example_id": "x", "quality": NaN}',
        '{"action": "draft", "example_id": "x", "labels": {"a": Infinity}}',
        '{"action": "save", "holding": 5}',
        '{"action": ["save"]}',
    ],
    ids=range(7),
)
def test_what_is_no_request_is_refused_with_a_sentence(
    anna: Person, rita: Person, body: str
) -> None:
    for person, path in ((anna, "/work/annotate"), (rita, "/work/review"), (rita, "/work/rate")):
        answer = person.post(path, body)
        assert answer.status_code in (404, 422), (path, answer.text)
        assert set(answer.json()) >= {"title", "message"}


def test_odd_parts_of_a_judgement_are_refused_with_a_sentence(rita: Person) -> None:
    pair = task_of(rita.get("/work/rate"))
    low = {**RATINGS, "left": {**RATINGS["left"], "bias": 2}}
    odd = rita.judge(pair, ratings=low, remarks={"left": {"bias": 5}})
    assert odd.status_code == 422
    assert rita.post("/work/rate", {"action": "next", "holding": 5}).status_code == 200


def test_only_what_was_stored_is_called_saved(anna: Person, rita: Person) -> None:
    first = task_of(anna.get("/work/annotate"))
    second = task_of(anna.save(first))
    used = anna.save(second, submission_id=first["submission_id"], based_on="rev_stale")
    assert (used.status_code, "saved" in used.json()) == (422, False)

    pair = task_of(rita.get("/work/rate"))
    answer = rita.judge(pair)
    assert answer.json()["saved"] == [pair["submission_id"]]
    otherwise = rita.judge(pair, submission_id="jdg_other", choice="right")
    assert (otherwise.status_code, otherwise.json()["settled"]) == (409, True)
    following = answer.json()["task"]
    assert rita.judge(following, submission_id=pair["submission_id"]).status_code == 422
    assert rita.judge(following).json()["saved"] == [following["submission_id"]]


def test_of_two_decisions_on_one_revision_the_second_is_told_of_the_first(
    site: Server, anna: Person, rita: Person
) -> None:
    task = task_of(anna.get("/work/annotate"))
    anna.save(task, fields={**task["fields"], "output": "To be reviewed."})
    rolf = Person(site, "rolf")
    shown = task_of(rita.get(f"/work/review?example={task['example_id']}"))
    about = {name: shown[name] for name in ("example_id", "based_on", "fields")}
    sent = {**about, "action": "send_back", "submission_id": "rev_a1", "comment": "Shorter."}
    assert rita.post("/work/review", sent).json()["saved"] == ["rev_a1"]
    late = rolf.post("/work/review", {**about, "action": "accept", "submission_id": "rev_a2"})
    rolf.client.close()
    assert late.status_code == 409
    assert "sent this example back" in late.json()["message"]


def test_who_may_not_is_refused(site: Server, anna: Person) -> None:
    vera = Person(site, "vera")
    assert [vera.get(f"/work/{name}").status_code for name in ("annotate", "review", "rate")] == [
        403
    ] * 3
    vera.client.close()
    assert anna.get("/work/review").status_code == 403
    task = task_of(anna.get("/work/annotate"))
    for other_site in ("http://evil.example", "null"):
        refused = anna.client.post(
            "/work/annotate",
            json={"action": "skip", "reason": "x", "example_id": task["example_id"]},
            headers={"origin": other_site},
        )
        assert refused.status_code == 403
    with site.client() as nobody:
        assert nobody.get("/work/annotate").status_code in (401, 403)
