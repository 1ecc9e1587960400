"""Reports: made from a real study, checked offline, and broken by any changed byte."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app
from core.accounts import name_key
from core.clock import new_id
from core.decision.gate import GatePlan
from core.decision.report import BrokenReport, read_report, report_text
from core.decision.verification import verify_report
from core.errors import Conflict, InvalidInput, NotAllowed
from core.study.sealing import BrokenSeal
from core.workflows.evaluation import deciding, gating, reporting, studies
from storage.store import Store
from tests.builders import an_actor
from tests.evaluation.test_results import Place
from tests.study_builders import time_answers


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A closed study: two raters, ties, splits, flags, a comment that is HTML."""
    place = Place(tmp_path_factory.mktemp("report"))
    study_id = place.study(name="<b>Fruit</b> & more", overlap=0.5)
    place.vote_all(study_id, ["tuned"] * 25 + ["tie_good"] * 5 + ["base"] * 3, "wilma")
    place.vote_all(study_id, ["tuned"] * 8 + ["base"] * 4, "willy", correction="A better one.")
    studies.set_closed(place.store, place.lead, study_id, True)
    place.study_id = study_id  # type: ignore[attr-defined]
    time_answers(place.store, place.tuned)
    yield place
    place.store.close()


@pytest.fixture(scope="module")
def files(place: Place) -> dict[str, str]:
    found: dict[str, str] = reporting.report_files(
        place.store,
        place.lead,
        place.study_id,  # type: ignore[attr-defined]
    )
    return found


def test_a_report_is_counted_again_from_its_judgements(files: dict[str, str]) -> None:
    found = verify_report(files["json"])
    assert (found["judgements"], found["sealed_pairs"], found["seal_opened"]) == (45, 40, True)


def test_it_says_what_the_study_says(place: Place, files: dict[str, str]) -> None:
    content = read_report(files["json"])
    (candidate,) = content["candidates"]
    result = place.result(place.study_id)  # type: ignore[attr-defined]
    assert candidate["sentence"] == result.headline(result.found.comparisons[0])
    assert content["version"]["content_hash"]
    assert content["study"]["seal"] == result.study.seal
    assert {check["name"] for check in candidate["gate"]} >= {"reviewed", "preferred", "survives"}
    assert "seed" not in content["study"]["plan"]
    text = json.dumps({**content, "opened_seal": None})
    assert "wilma" not in text
    assert "willy" not in text


def test_every_changed_byte_is_found(files: dict[str, str]) -> None:
    text = files["json"]
    for at in range(0, len(text), 211):
        other = "1" if text[at] != "1" else "2"
        with pytest.raises(BrokenReport):
            read_report(text[:at] + other + text[at + 1 :])
    for changed in (text + " ", text[:-1], text.replace("\n", "\r\n", 1)):
        with pytest.raises(BrokenReport):
            read_report(changed)


def _rewritten(text: str, change: Any) -> str:
    """A forger's report, with a hash that fits."""
    content = read_report(text)
    change(content)
    return report_text(content)


def _another_verdict(content: dict[str, Any]) -> None:
    one = next(j for j in content["candidates"][0]["judgements"] if j["verdict"] == "base" + "line")
    one["verdict"] = "candidate"


def _a_second_that_counts(content: dict[str, Any]) -> None:
    one = next(j for j in content["candidates"][0]["judgements"] if not j["counts"])
    one["counts"] = True


def _a_better_interval(content: dict[str, Any]) -> None:
    content["candidates"][0]["net"]["low"] += 0.01


def _another_pair(content: dict[str, Any]) -> None:
    pair = content["candidates"][0]["judgements"][0]["pair"]
    for one in content["candidates"][0]["judgements"]:
        if one["pair"] == pair:
            one["pair"] = "pair_of_ours"


def _another_seal(content: dict[str, Any]) -> None:
    content["study"]["seal"] = "0" * 64


def _another_sentence(content: dict[str, Any]) -> None:
    one = content["candidates"][0]
    one["sentence"] = one["sentence"].replace("not shown to be", "shown to be", 1) + " Really."
    one["sentence"] = one["sentence"].replace("preferred", "adored", 1)


def _other_roles(content: dict[str, Any]) -> None:
    for system in content["systems"]:
        system["role"] = "candidate" if system["role"] == "baseline" else "baseline"


def _another_plan(content: dict[str, Any]) -> None:
    content["study"]["plan"]["overlap"] = 0.9


def _another_rubric(content: dict[str, Any]) -> None:
    content["study"]["rubric"] = content["study"]["rubric"][:1]


def _an_open_gate(content: dict[str, Any]) -> None:
    for check in content["candidates"][0]["gate"]:
        check["state"] = "failed" if check["name"] == "preferred" else check["state"]


def _an_empty_register(content: dict[str, Any]) -> None:
    content["candidates"][0]["register"] *= 2


def _another_order(content: dict[str, Any]) -> None:
    content["candidates"][0]["judgements"][0]["at"] = "2030-01-01T00:00:00Z"


def _a_seal_that_is_kept(content: dict[str, Any]) -> None:
    content["opened_seal"] = None


def _nothing(content: dict[str, Any]) -> None:
    content["candidates"] = []


def _a_part_less(content: dict[str, Any]) -> None:
    del content["candidates"][0]["gate"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_another_verdict, "counts"),
        (_a_second_that_counts, "first of each pair"),
        (_a_better_interval, "net preference"),
        (_another_pair, "not drawn"),
        (_another_seal, "seal"),
        (_another_sentence, "sentence"),
        (_other_roles, "roles|sentence"),
        (_another_plan, "plan"),
        (_another_rubric, "rubric"),
        (_an_open_gate, "gate"),
        (_an_empty_register, "level"),
        (_another_order, "order"),
        (_a_seal_that_is_kept, "does not open"),
        (_nothing, "compares nothing"),
        (_a_part_less, "missing"),
    ],
)
def test_a_forged_report_with_a_fitting_hash_contradicts_itself(
    files: dict[str, str], change: Any, told: str
) -> None:
    with pytest.raises(BrokenReport, match=told):
        verify_report(_rewritten(files["json"], change))


def test_another_hash_or_seal_than_the_published_one_is_refused(files: dict[str, str]) -> None:
    signed = json.loads(files["json"])["hash"]
    seal = read_report(files["json"])["study"]["seal"]
    assert verify_report(files["json"], signed[:12], seal[:12])["ok"]
    with pytest.raises(BrokenReport, match="another report"):
        verify_report(files["json"], "ffff0000")
    with pytest.raises(BrokenSeal):
        verify_report(files["json"], signed, "ffff0000")


class _Page(HTMLParser):
    """Collects what a page would load, and the tags of its body."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "srcset")]
        if tag not in ("meta", "circle", "line", "rect", "br", "link"):
            self.open.append(tag)
        if tag in ("script", "link", "iframe", "img", "object"):
            self.loads.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_loads_nothing_and_holds_names_as_text(files: dict[str, str]) -> None:
    page = _Page()
    page.feed(files["html"])
    assert (page.loads, page.open) == ([], [])
    assert "url(" not in files["html"]
    assert "<b>Fruit" not in files["html"]
    assert "&lt;b&gt;Fruit&lt;/b&gt; &amp; more" in files["html"]
    assert len(re.findall("<svg", files["html"])) == 3
    assert json.loads(files["json"])["hash"] in files["html"]
    assert files["html"].count("50 tokens/s,\n0.25 s per answer") == 1


def test_an_open_study_has_a_report_whose_seal_stays_shut(tmp_path: Path) -> None:
    place = Place(tmp_path)
    study_id = place.study(size=8)
    text = reporting.report_files(place.store, place.lead, study_id)["json"]
    assert verify_report(text) == {
        "ok": True, "candidates": 1, "judgements": 0, "sealed_pairs": 0, "seal_opened": False,
    }  # fmt: skip
    with pytest.raises(BrokenReport, match="sealed otherwise"):
        verify_report(text, seal="ffff")
    place.store.close()


def test_a_decision_keeps_the_report_it_was_signed_on(tmp_path: Path) -> None:
    place = Place(tmp_path)
    study_id = place.study(size=10)
    place.vote_all(study_id, ["tuned"] * 6)
    store, lead = place.store, place.lead
    read = gating.gate_stamp(store, lead, place.result(study_id))
    signing: dict[str, Any] = {"decision_id": new_id("dec"), "outcome": "hold", "stamp": read}
    with pytest.raises(InvalidInput, match="held back"):
        deciding.decide(store, lead, study_id, place.tuned, **signing, reason=" ")
    for _ in range(2):  # a double click
        deciding.decide(
            store, lead, study_id, place.tuned, **signing, reason="Six pairs are too few."
        )
    (decision,) = deciding.decisions_of(store, lead, study_id)
    place.vote_all(study_id, ["base"] * 4)
    signing["decision_id"] = new_id("dec")
    with pytest.raises(Conflict, match="changed since"):
        deciding.decide(store, lead, study_id, place.tuned, **signing, reason="Ten are too few.")
    kept = deciding.signed_report(store, lead, study_id, decision.decision_id)
    assert verify_report(kept, decision.report_hash)["judgements"] == 6
    now = read_report(reporting.report_files(store, lead, study_id)["json"])
    assert now["decisions"][0]["report_hash"] == decision.report_hash
    assert len(now["candidates"][0]["judgements"]) == 10
    reviewer = an_actor(place.project_id, "reviewer", name="bea")
    with pytest.raises(NotAllowed):
        deciding.decide(store, reviewer, study_id, place.tuned, **signing, reason="I want it too.")
    store.close()


def test_thresholds_that_are_changed_say_how_much_was_known_then(tmp_path: Path) -> None:
    place = Place(tmp_path)
    study_id = place.study(size=10)
    assert gating.gate_plan(place.store, place.lead, study_id)[1] is None
    place.vote_all(study_id, ["tuned"] * 3)
    plan = GatePlan(margin=0.5)
    gating.change_gate(place.store, place.lead, study_id, plan)
    assert gating.gate_plan(place.store, place.lead, study_id) == (plan, 3)
    place.store.close()


def test_who_asks_for_a_report_at_the_terminal_stands_in_the_ledger_by_name_or_as_nobody_named(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path / "home")
    study_id = place.study(size=10, name="Fruit")
    place.vote_all(study_id, ["tuned"] * 3)
    person_id = place.store.accounts.add("Zoë Lee", name_key("Zoë Lee"), "x", False)
    place.store.close()
    run, home = CliRunner(), ["--home", str(tmp_path / "home")]
    ask = ["report", "Fruit", "--json", str(tmp_path / "r.json"), *home]
    unknown = run.invoke(app, [*ask, "--as", "Zorro"])
    assert (unknown.exit_code, "Nobody here is called" in unknown.output) == (1, True)
    assert "by nobody named" in run.invoke(app, ask).output
    assert "as seen by Zoë Lee" in run.invoke(app, [*ask, "--as", "zoë lee"]).output
    store = Store(tmp_path / "home")
    names = {(one.person_id, one.person) for one in store.unblindings.of_study(study_id)}
    assert names == {("system", "from the terminal"), (person_id, "Zoë Lee")}
    store.close()


def test_report_seal_and_verify_from_the_terminal(tmp_path: Path) -> None:
    place = Place(tmp_path / "home")
    study_id = place.study(size=10, name="Fruit")
    place.vote_all(study_id, ["tuned"] * 10)
    studies.set_closed(place.store, place.lead, study_id, True)
    place.store.close()
    run, home = CliRunner(), ["--home", str(tmp_path / "home")]
    page, data, opened = (tmp_path / name for name in ("r.html", "r.json", "seal.json"))
    said = run.invoke(app, ["report", "Fruit", "--html", str(page), "--json", str(data), *home])
    assert said.exit_code == 0, said.output
    assert "10 won, 0 lost" in said.output
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert run.invoke(app, ["verify", str(data)]).exit_code == 0
    sealed = run.invoke(app, ["seal", "Fruit", "--open", str(opened), "--json", *home])
    assert run.invoke(
        app, ["verify", str(opened), "--seal", json.loads(sealed.stdout)["seal"]]
    ).exit_code == 0  # fmt: skip
    data.write_bytes(data.read_bytes().replace(b'"won": ', b'"won":  ', 1))
    broken = run.invoke(app, ["verify", str(data)])
    assert broken.exit_code == 1
    assert "changed" in broken.output
    assert run.invoke(app, ["report", "Fruit", *home]).exit_code == 1
    assert run.invoke(app, ["report", "Nobody", "--html", str(page), *home]).exit_code == 1
