"""Nothing that reaches a rater's browser tells base from tuned; the same seed shows the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.study import order
from core.study.order import count_repeats
from core.workflows.evaluation import rating
from pages.server.work_rate import rate
from storage.store import Store
from tests.evaluation.test_rating import Place
from tests.study_builders import a_judgement

IDS = re.compile(r"[a-z]+_[0-9a-f]{12}_[0-9a-f]{12}(_\d+)?")


def everything_a_rater_is_sent(place: Place) -> str:
    """What the route answers for every pair and question, as it goes over the wire, ids masked."""
    rater, answers = place.rater(), []
    body: dict[str, Any] = {"action": "next", "study": place.study_id}
    while (answer := rate(place.store, rater, place.project_id, body))["task"]:
        answers.append(json.dumps(answer))
        judgement = a_judgement(answer["task"]["presentation_id"], "tie_good")
        rating.judge(place.store, rater, place.study_id, judgement)
    while question := answer["question"]:
        answers.append(json.dumps(answer))
        named = {name: question[name] for name in ("submission_id", "presentation_id")}
        body = {"action": "guess", "study": place.study_id, "guess": "left", **named}
        answer = rate(place.store, rater, place.project_id, body)
    answers.append(json.dumps(answer))
    listed = rating.open_studies(place.store, rater, place.project_id)
    return IDS.sub("ID", "\n".join([*answers, json.dumps([vars(study) for study in listed])]))


def test_with_the_systems_swapped_a_rater_is_sent_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "REPEAT_AFTER", 5)
    one = Place(tmp_path / "one", shifts=(0, 5), size=12, repeats=0.2)
    other = Place(tmp_path / "other", shifts=(5, 0), size=12, repeats=0.2)
    # The texts have changed places between the roles; shown on the same sides again, whatever
    # still differs would tell base from tuned.
    other.store.database.execute(
        "UPDATE pairs SET system_a = system_b, system_b = system_a, answer_a = answer_b, "
        "answer_b = answer_a"
    )
    first, second = everything_a_rater_is_sent(one), everything_a_rater_is_sent(other)
    repeats = count_repeats(42, one.rater().person_id, 0.2, 12)
    assert first.count("\n") == 12 + repeats + 10 + 1  # and questions, and that nothing is left
    assert repeats > 0
    assert first == second
    left = [{row["left_system_id"] for row in p.rows("presentations")} for p in (one, other)]
    assert left == [{one.base, one.tuned}, {other.base, other.tuned}]
    for word in ("Model one", "Run two", "base", "tuned", "sys_", "run_"):
        assert word not in first
    for place in (one, other):
        place.store.close()


def test_the_same_seed_draws_the_same_pairs_in_the_same_order(tmp_path: Path) -> None:
    def drawn(store: Store, study_id: str) -> list[Any]:
        pairs = store.study_pairs.page(study_id, "all", 100, 0)
        return [(pair.number, pair.instruction) for pair in pairs]

    one, other = Place(tmp_path / "one", size=12), Place(tmp_path / "other", size=12)
    assert drawn(one.store, one.study_id) == drawn(other.store, other.study_id)
    for place in (one, other):
        place.store.close()
