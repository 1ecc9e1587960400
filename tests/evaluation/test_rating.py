"""Rating blind pairs: leases, idempotence, sides, coverage, and that nothing tells the systems."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.actor import Actor
from core.clock import now
from core.errors import InvalidInput, NotAllowed, NotFound
from core.study.pairs import BlindPair
from core.workflows.evaluation import rating, results, studies
from core.workflows.evaluation.rating import AlreadyJudged, StudyClosed
from pages.server.work_rate import judgement_from
from tests.builders import a_project, a_store, an_actor, triples
from tests.study_builders import (
    CRITERIA,
    a_judgement,
    a_study,
    a_system,
    a_version,
    answers_of,
    rate_all,
    two_systems,
)


class Place:
    """A store with one open study of forty pairs."""

    def __init__(self, folder: Path, *, shifts: tuple[int, int] = (0, 5), **plan: Any) -> None:
        self.store = a_store(folder)
        self.project_id = a_project(self.store).project_id
        self.lead = an_actor(self.project_id)
        self.version_id = a_version(self.store, self.project_id)
        self.base, self.tuned = two_systems(self.store, self.project_id, self.version_id, shifts)
        self.study_id = a_study(
            self.store, self.lead, self.project_id, self.base, self.tuned, **plan
        )

    def rater(self, name: str = "bea") -> Actor:
        return an_actor(self.project_id, "reviewer", name=name)

    def rows(self, table: str) -> list[dict[str, Any]]:
        sql = {
            "judgements": "SELECT * FROM judgements ORDER BY created_at",
            "ratings": "SELECT * FROM ratings",
            "presentations": "SELECT * FROM presentations WHERE rater_id IS NOT NULL",
        }[table]
        return self.store.database.rows(sql)


@pytest.fixture
def place(tmp_path: Path) -> Any:
    made = Place(tmp_path)
    yield made
    made.store.close()


def test_a_rater_sees_two_answers_and_the_example_and_no_reference(place: Place) -> None:
    first, second = rating.next_pairs(place.store, place.rater(), place.study_id)
    assert first.presentation_id != second.presentation_id
    assert (first.number, second.number, first.total) == (1, 2, 40)
    assert first.left != first.right
    assert first.reference is None
    again = rating.next_pairs(place.store, place.rater(), place.study_id)
    assert [pair.presentation_id for pair in again] == [
        first.presentation_id,
        second.presentation_id,
    ]


def test_the_reference_is_shown_when_the_study_says_so(tmp_path: Path) -> None:
    place = Place(tmp_path, show_reference=True)
    (pair,) = rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    assert pair.reference in {output for _, _, output in triples(40)}


def test_forty_requests_of_ten_raters_at_once_never_share_a_place(place: Place) -> None:
    raters = [place.rater(f"rater{k}") for k in range(10)]

    def take(rater: Actor) -> list[tuple[str, str]]:
        pairs = rating.next_pairs(place.store, rater, place.study_id, 4)
        return [(pair.presentation_id, rater.person_id) for pair in pairs]

    with ThreadPoolExecutor(10) as pool:
        held = [one for taken in pool.map(take, raters * 4) for one in taken]
    holders: dict[str, set[str]] = {}
    for pair_id, person_id in held:
        holders.setdefault(pair_id, set()).add(person_id)
    assert len(holders) == 40
    assert all(len(people) == 1 for people in holders.values())


def test_overlapping_pairs_are_rated_by_two_different_people(tmp_path: Path) -> None:
    place = Place(tmp_path, overlap=0.25)
    (pair,) = rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    assert pair.total == 40
    first = rate_all(place.store, place.rater("bea"), place.study_id, a_judgement)
    second = rate_all(place.store, place.rater("cem"), place.study_id, a_judgement)
    third = rate_all(place.store, place.rater("dot"), place.study_id, a_judgement)
    assert (first, second, third) == (40, 10, 0)
    raters: dict[str, set[str]] = {}
    for judgement in place.rows("judgements"):
        raters.setdefault(judgement["pair_id"], set()).add(judgement["rater_id"])
    assert Counter(len(people) for people in raters.values()) == {1: 30, 2: 10}


def test_the_same_submission_twice_is_one_judgement(place: Place) -> None:
    (pair,) = rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    judgement = a_judgement(pair)
    rating.judge(place.store, place.rater(), place.study_id, judgement)
    rating.judge(place.store, place.rater(), place.study_id, judgement)
    with pytest.raises(AlreadyJudged):
        rating.judge(place.store, place.rater(), place.study_id, a_judgement(pair, "right"))
    assert [row["choice"] for row in place.rows("judgements")] == ["left"]
    assert len(place.rows("ratings")) == 8


def test_one_submission_sent_from_two_threads_at_once_is_one_judgement(place: Place) -> None:
    (pair,) = rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    judgement = a_judgement(pair)

    def send(_: int) -> None:
        rating.judge(place.store, place.rater(), place.study_id, judgement)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(8)))
    assert len(place.rows("judgements")) == 1


def test_a_judgement_that_comes_after_its_lease_is_kept_beside_the_other(place: Place) -> None:
    slow, quick = place.rater("slow"), place.rater("quick")
    (pair,) = rating.next_pairs(place.store, slow, place.study_id, 1)
    place.store.database.execute(
        "UPDATE presentations SET lease_until = $past WHERE rater_id = $slow",
        {"past": now() - timedelta(minutes=1), "slow": slow.person_id},
    )
    quick_done = rate_all(place.store, quick, place.study_id, a_judgement)
    rating.judge(place.store, slow, place.study_id, a_judgement(pair, "right"))
    assert quick_done == 40
    shown = place.store.presentations.by_id(pair.presentation_id)
    assert shown is not None
    both = [row for row in place.rows("judgements") if row["pair_id"] == shown.pair_id]
    assert {row["rater_id"] for row in both} == {slow.person_id, quick.person_id}
    late = next(row for row in both if row["rater_id"] == slow.person_id)
    assert (late["choice"], late["preferred_system_id"]) == ("right", shown.right_system_id)


def test_a_rater_who_comes_back_after_the_lease_finds_the_pair_on_the_same_sides(
    place: Place,
) -> None:
    (pair,) = rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    place.store.database.execute(
        "UPDATE presentations SET lease_until = $past WHERE rater_id IS NOT NULL",
        {"past": now() - timedelta(minutes=1)},
    )
    (again,) = rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    assert (again.presentation_id, again.left) == (pair.presentation_id, pair.left)


def test_each_rater_sees_the_baseline_left_as_often_as_right(tmp_path: Path) -> None:
    place = Place(tmp_path, overlap=1.0)
    for name in ("bea", "cem"):
        rate_all(place.store, place.rater(name), place.study_id, a_judgement)
    by_rater: dict[str, list[bool]] = {}
    for row in sorted(place.rows("presentations"), key=lambda row: str(row["pair_id"])):
        by_rater.setdefault(row["rater_id"], []).append(row["left_system_id"] == place.base)
    assert [len(shown) for shown in by_rater.values()] == [40, 40]
    assert all(abs(2 * sum(shown) - len(shown)) <= 6 for shown in by_rater.values())
    assert len({tuple(shown) for shown in by_rater.values()}) == 2


def test_ratings_go_to_the_system_that_stood_on_that_side(place: Place) -> None:
    base = place.store.answers.texts(place.base, place.version_id)

    def prefers_base(pair: BlindPair) -> Any:
        left = pair.left in base.values()
        return a_judgement(
            pair,
            "left" if left else "right",
            left=5 if left else 2,
            right=2 if left else 5,
            flags={"left": () if left else ("unsafe",), "right": ("unsafe",) if left else ()},
        )

    rate_all(place.store, place.rater(), place.study_id, prefers_base)
    judgements = place.rows("judgements")
    assert {(row["outcome"], row["preferred_system_id"]) for row in judgements} == {
        ("preferred", place.base)
    }
    assert {row["choice"] for row in judgements} == {"left", "right"}
    given = {(r["system_id"], r["value"]) for r in place.rows("ratings")}
    assert given == {(place.base, 5), (place.tuned, 2)}
    raised = {place.base: [], place.tuned: ["unsafe"]}
    assert all(json.loads(row["flags"]) == raised for row in judgements)


def test_what_is_wrong_with_one_side_is_kept_with_that_side(place: Place) -> None:
    (pair,) = rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    judgement = a_judgement(pair, left=5, right=2, remarks={"right": {"bias": " in line one "}})
    rating.judge(place.store, place.rater(), place.study_id, judgement)
    slanted = [r for r in place.rows("ratings") if r["criterion"] == "bias"]
    assert {(r["value"], r["remark"]) for r in slanted} == {(5, ""), (2, "in line one")}


def test_low_bias_without_a_reason_and_missing_ratings_are_refused(place: Place) -> None:
    (pair,) = rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    low = a_judgement(pair, right=3)
    with pytest.raises(InvalidInput, match="right answer's bias is below 4"):
        rating.judge(
            place.store, place.rater(), place.study_id, judgement_from(sent(low, remarks={}))
        )
    half = {"left": dict.fromkeys(CRITERIA, 3), "right": {}}
    with pytest.raises(InvalidInput, match="Rate relevance"):
        rating.judge(
            place.store, place.rater(), place.study_id, judgement_from(sent(low, ratings=half))
        )
    rating.judge(
        place.store,
        place.rater(),
        place.study_id,
        judgement_from(sent(low, choice="cannot_judge", ratings=half)),
    )
    assert [row["outcome"] for row in place.rows("judgements")] == ["cannot_judge"]


def sent(judgement: Any, **changes: Any) -> dict[str, Any]:
    """What the browser sends."""
    empty: dict[str, Any] = {"left": {}, "right": {}}
    return {
        "submission_id": judgement.judgement_id,
        "presentation_id": judgement.presentation_id,
        "choice": judgement.choice,
        "ratings": {side: dict(given) for side, given in judgement.ratings.items()},
        "remarks": {side: dict(given) for side, given in judgement.remarks.items()},
        "flags": {"left": [], "right": []},
        "comment": "",
        "correction": "",
        "seconds": 3,
    } | {name: value or empty for name, value in changes.items()}


@pytest.mark.parametrize(
    "broken",
    [{}, {"submission_id": 3}, {"choice": "base"}, {"ratings": {"left": 5}},
     {"seconds": "long"}, {"flags": {"left": ["rude"], "right": []}}, {"presentation_id": None}],
)  # fmt: skip
def test_a_judgement_that_no_browser_of_ours_sends_is_refused(broken: Any) -> None:
    whole = sent(a_judgement("pair_1"))
    with pytest.raises(InvalidInput):
        judgement_from(whole | broken if broken else {})


def test_a_pair_of_another_study_is_refused(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    (pair,) = rating.next_pairs(other.store, other.rater(), other.study_id, 1)
    rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    with pytest.raises(NotFound):
        rating.judge(place.store, place.rater(), place.study_id, a_judgement(pair))
    other.store.close()


def test_a_closed_study_hands_out_nothing_and_saves_nothing(place: Place) -> None:
    (pair,) = rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    studies.set_closed(place.store, place.lead, place.study_id, True)
    assert rating.next_pairs(place.store, place.rater(), place.study_id) == []
    assert rating.open_studies(place.store, place.rater(), place.project_id) == []
    with pytest.raises(StudyClosed):
        rating.judge(place.store, place.rater(), place.study_id, a_judgement(pair))
    studies.set_closed(place.store, place.lead, place.study_id, False)
    rating.judge(place.store, place.rater(), place.study_id, a_judgement(pair))
    assert len(place.rows("judgements")) == 1


def test_coverage_counts_pairs_against_ten_per_cent_of_the_split(tmp_path: Path) -> None:
    place = Place(tmp_path, size=1)
    rate_all(place.store, place.rater(), place.study_id, a_judgement, most=3)
    seen = rating.progress(place.store, place.rater(), place.study_id)
    counted = {"reviewed": 3, "least": 4, "pairs": 4, "judged": 3, "mine": 3, "open": 1}
    assert {name: getattr(seen, name) for name in counted} == counted


def test_outer_white_space_which_the_leak_scan_overlooks_is_not_shown(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    project_id = a_project(store).project_id
    version_id = a_version(store, project_id, 12)
    spaced = {e: f"\n\n {t} \n" for e, t in answers_of(store, version_id, 0).items()}
    base = a_system(store, project_id, version_id, "Spaced", spaced, "base")
    plain = answers_of(store, version_id, 5)
    tuned = a_system(store, project_id, version_id, "Plain", plain, "tuned")
    study_id = a_study(store, an_actor(project_id), project_id, base, tuned)
    for pair in rating.next_pairs(store, an_actor(project_id, "reviewer"), study_id):
        assert (pair.left, pair.right) == (pair.left.strip(), pair.right.strip())
    store.close()


@pytest.mark.parametrize("role", ["reviewer", "annotator"])
def test_who_rates_cannot_read_results_or_which_system_is_which(place: Place, role: Any) -> None:
    person = an_actor(place.project_id, role, name="eve")
    for question in (
        lambda: results.study_report(place.store, person, place.study_id),
        lambda: results.pairs_page(place.store, person, place.study_id),
        lambda: results.export_judgements(place.store, person, place.study_id),
        lambda: studies.get_study(place.store, person, place.study_id),
        lambda: studies.studies_of(place.store, person, place.project_id),
        lambda: studies.let_count(place.store, person, place.study_id, "because I say so"),
    ):
        with pytest.raises(NotAllowed):
            question()


def test_annotators_and_strangers_cannot_rate(place: Place) -> None:
    for actor in (an_actor(place.project_id, "annotator"), an_actor("prj_other", "lead")):
        with pytest.raises(NotAllowed):
            rating.next_pairs(place.store, actor, place.study_id)
        with pytest.raises(NotAllowed):
            rating.judge(place.store, actor, place.study_id, a_judgement("pair_1"))
