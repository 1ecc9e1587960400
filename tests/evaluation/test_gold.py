"""Gold pairs: nothing tells a rater which they are, and they enter nothing but their section."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import now
from core.decision.verification import verify_report
from core.errors import InvalidInput, NotAllowed
from core.study.gold import GOLD, RIGHT, WRONG, GoldCandidate, choose_gold, mixed_in
from core.study.pairs import BlindJudgement, BlindPair
from core.workflows.evaluation import extending, rating, reporting, results, seals, studies
from pages.server.work_rate import rate
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.evaluation.test_blindness import everything_a_rater_is_sent
from tests.evaluation.test_results import Place
from tests.job_builders import run_here
from tests.study_builders import (
    a_judgement,
    a_study,
    a_system,
    a_version,
    answers_of,
    progress_of,
    rate_all,
)

WORDS = (
    "apple river stone cloud green seven",
    "violin market doctor winter paper eight",
    "engine sister yellow carpet moon nine",
    "bottle planet forest silver bridge ten",
)


class GoldPlace(Place):
    """Systems that answered forty of sixty examples, each asked and answered in other words."""

    def __init__(self, folder: Path, shifts: tuple[int, int] = (0, 5)) -> None:
        self.store = a_store(folder)
        self.project_id = a_project(self.store).project_id
        self.lead = an_actor(self.project_id)
        self.version_id = a_version(self.store, self.project_id, examples(60))
        self.base, self.tuned = (
            a_system(
                self.store, self.project_id, self.version_id, name,
                dict(list(answers_of(self.store, self.version_id, shift).items())[:40]),
            )
            for name, shift in zip(("Model one", "Run two"), shifts, strict=True)
        )  # fmt: skip


def examples(count: int) -> list[tuple[str, str, str]]:
    def said(k: int) -> str:
        return " ".join(f"{word}{k}" for word in WORDS[k % len(WORDS)].split())

    return [(f"Tell of {k}: {said(k)}?", f"in{k}", said(k + 1000)) for k in range(count)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[GoldPlace]:
    made = GoldPlace(tmp_path)
    yield made
    made.store.close()


def is_gold(store: Store, pair: BlindPair) -> bool:
    shown = store.presentations.by_id(pair.presentation_id)
    assert shown is not None
    return shown.phase == GOLD


def say_right(store: Store, pair: BlindPair, right: bool = True) -> BlindJudgement:
    """A judgement of a gold pair that is right, or wrong."""
    shown = store.presentations.by_id(pair.presentation_id)
    assert shown is not None
    left = shown.left_system_id == RIGHT
    return a_judgement(pair, "left" if left == right else "right", flags={"left": ("unsafe",)})


def rate_gold_only(place: GoldPlace, study_id: str, rater: Any, right: bool) -> int:
    """Judge every gold pair and let all others wait."""
    pairs = rating.next_pairs(place.store, rater, study_id, 200)
    gold = [pair for pair in pairs if is_gold(place.store, pair)]
    for pair in gold:
        rating.judge(place.store, rater, study_id, say_right(place.store, pair, right))
    return len(gold)


def everything(place: GoldPlace, study_id: str) -> dict[str, Any]:
    """All that is said of a study but how its gold pairs were judged."""
    result = place.result(study_id)
    content = reporting.report_content(place.store, place.lead, result)
    lead = place.lead
    at = rating.progress(place.store, lead, study_id)
    return {
        "result": result,
        "report": {name: value for name, value in content.items() if name != "made_at"},
        "judged": [asdict(one) for one in place.store.judgements.of_study(study_id)],
        "counts": (at.pairs, at.judged, at.reviewed, at.least),
        "judgements": place.store.judgements.count(study_id),
        "withdrawn": place.store.judgements.count_withdrawn(study_id),
        "reviewed": place.store.results.reviewed(study_id),
        "pace": place.store.results.pace(place.project_id),
        "pairs": results.pairs_page(place.store, lead, study_id, "all", 100, 0),
        "listed": [results.count_pairs(place.store, lead, study_id, w) for w in ("all", "rated")],
        "register": results.register_of(place.store, lead, study_id, place.tuned),
        "hours": place.store.evidence.hours(study_id),
        "facts": place.store.evidence.pair_facts(study_id),
        "corrections": place.store.evidence.corrections(study_id, place.tuned),
    }  # fmt: skip


def test_judging_gold_pairs_changes_nothing_that_is_said_of_a_study(place: GoldPlace) -> None:
    study_id = place.study(size=20, gold=0.2, overlap=0.5, risk=4)
    bea, cem = place.rater("bea"), place.rater("cem")

    def sample_only(pair: BlindPair) -> BlindJudgement:
        return place.vote(pair, "tuned")

    for rater in (bea, cem):
        held = rating.next_pairs(place.store, rater, study_id, 200)
        for pair in [one for one in held if not is_gold(place.store, one)]:
            rating.judge(place.store, rater, study_id, sample_only(pair))
    before = everything(place, study_id)
    stamp = results.study_stamp(place.store, place.lead, study_id)
    judged = rate_gold_only(place, study_id, bea, True)
    judged += rate_gold_only(place, study_id, cem, False)
    assert judged == 4
    last = place.store.judgements.last_of(study_id, bea.person_id)
    assert last is not None
    rating.take_back(place.store, bea, study_id, last)
    after = everything(place, study_id)
    for name, value in before.items():
        assert after[name] == value, name
    assert results.study_stamp(place.store, place.lead, study_id) != stamp


def test_gold_is_made_of_references_of_unlike_examples_outside_of_the_sample(
    place: GoldPlace,
) -> None:
    study_id = place.study(size=30, gold=0.2)
    rows = place.store.database.rows(
        "SELECT b.*, r.output FROM pairs b JOIN revisions r USING (revision_id) ORDER BY number"
    )
    gold = [row for row in rows if row["stratum"] == GOLD]
    others = {row["example_id"] for row in rows if row["stratum"] != GOLD}
    assert (len(gold), len(others)) == (6, 30)
    references = {text for _, _, text in examples(60)}
    for row in gold:
        assert (row["system_a"], row["system_b"]) == (RIGHT, WRONG)
        assert row["answer_a"] == row["output"]
        assert row["answer_b"] in references - {row["output"]}
        assert row["example_id"] not in others
    parts = [(row["number"] - 1) // 6 for row in gold]
    assert parts == sorted(set(parts))  # spread over the order, one in each part
    study = studies.get_study(place.store, place.lead, study_id)
    assert (study.plan.pairs, study.plan.gold_pairs, study.pairs_each) == (30, 6, 30)
    assert study.plan.kept_out == ()
    counts = progress_of(place.store, study_id, "x")
    assert (counts.pairs, counts.open, counts.gold_pairs, counts.gold_open) == (30, 30, 6, 6)


def test_a_rater_is_sent_the_same_of_a_gold_pair_as_of_any_other(place: GoldPlace) -> None:
    study_id = place.study(size=20, gold=0.2)
    rater, shapes, figures, gold = place.rater(), set(), [], 0
    body: dict[str, Any] = {"action": "next", "study": study_id}
    answer = rate(place.store, rater, place.project_id, body)
    while task := answer["task"]:
        shapes.add(json.dumps([sorted(task), {k: type(v).__name__ for k, v in task.items()}]))
        figures.append((answer["figures"]["judged"], task["number"], task["total"]))
        gold += is_gold(place.store, rating.blind_pair(
            place.store, rating.rated_study(place.store, rater, study_id),
            task["presentation_id"], 1, 1,
        ))  # fmt: skip
        judgement = {
            "action": "judge", "study": study_id, "submission_id": task["submission_id"],
            "presentation_id": task["presentation_id"], "choice": "tie_good",
            "ratings": {side: dict.fromkeys(("relevance", "coherence", "fluency", "bias"), 5)
                        for side in ("left", "right")},
        }  # fmt: skip
        answer = rate(place.store, rater, place.project_id, judgement)
        assert "gold" not in json.dumps(answer)
    assert gold == 4
    assert len(shapes) == 1
    # After every pair one more is judged: no pair stands out by what it does not count for.
    assert figures == [(k, k + 1, 24) for k in range(24)]
    assert answer["figures"] == {
        "judged": 24, "reviewed": None, "least": None, "pairs": 24, "can_undo": True,
    }  # fmt: skip
    assert answer["question"] is not None
    (listed,) = rating.open_studies(place.store, rater, place.project_id)
    assert (listed.pairs, listed.judged) == (24, 24)
    assert place.store.reports.pairs_to_rate(place.project_id, rater.person_id) == 0


def test_a_rater_is_not_asked_whose_the_answers_of_a_gold_pair_are(place: GoldPlace) -> None:
    study_id = place.study(size=8, gold=0.5)
    rater = place.rater()
    rate_all(place.store, rater, study_id, a_judgement)
    judged = place.store.guesses.judged_by(study_id, rater.person_id)
    assert len(judged) == 8
    phases = {place.store.presentations.by_id(one).phase for one in judged.values()}  # type: ignore[union-attr]
    assert phases == {"main"}


def test_each_rater_has_a_share_right_with_an_exact_interval_for_leads_alone(
    place: GoldPlace,
) -> None:
    study_id = place.study(size=20, gold=0.2)
    bea, cem = place.rater("bea"), place.rater("cem")
    held = rating.next_pairs(place.store, bea, study_id, 200)
    gold = [pair for pair in held if is_gold(place.store, pair)]
    for pair, right in zip(gold, (True, True, True, False), strict=True):
        rating.judge(place.store, bea, study_id, say_right(place.store, pair, right))
    (found,) = results.gold_of(place.store, place.lead, study_id)
    assert (found.right.value, found.right.n, found.right.kind) == (0.75, 4, "exact")
    with pytest.raises(NotAllowed):
        results.gold_of(place.store, cem, study_id)
    viewer = an_actor(place.project_id, "viewer", name="vic")
    with pytest.raises(NotAllowed):
        results.gold_of(place.store, viewer, study_id)
    text = results.export_judgements(place.store, place.lead, study_id, file_format="jsonl")
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["kind"] for row in rows] == ["gold"] * 4
    assert {system["name"] for row in rows for system in row["systems"]} == {
        "gold pair: right answer",
        "gold pair: wrong answer",
    }


def test_a_gold_judgement_can_be_taken_back_and_comes_again_on_the_same_sides(
    place: GoldPlace,
) -> None:
    study_id, rater = place.study(size=10, gold=0.2), place.rater()
    held = rating.next_pairs(place.store, rater, study_id, 200)
    pair = next(pair for pair in held if is_gold(place.store, pair))
    judgement = say_right(place.store, pair)
    rating.judge(place.store, rater, study_id, judgement)
    assert rating.said(place.store, rater, study_id, judgement.judgement_id).flags["left"]
    again = rating.take_back(place.store, rater, study_id, judgement.judgement_id)
    at = rating.progress(place.store, rater, study_id)
    assert (at.gold, at.gold_open, at.mine) == (0, 2, 0)
    (back,) = rating.next_pairs(place.store, rater, study_id, 1, first=again)
    assert (back.left, back.right) == (pair.left, pair.right)


def test_the_seal_covers_gold_pairs_and_a_grown_study_gets_more_of_them(place: GoldPlace) -> None:
    study_id = place.study(size=20, gold=0.2, seed=None)
    extension = extending.add_pairs(place.store, place.lead, study_id, 10)
    run_here(place.store, extension)
    study = studies.get_study(place.store, place.lead, study_id)
    assert (study.plan.pairs, study.plan.gold_pairs) == (30, 6)
    assert study.added[0].startswith("10 pairs were added")
    rate_all(
        place.store, place.rater(), study_id,
        lambda pair: say_right(place.store, pair) if is_gold(place.store, pair)
        else place.vote(pair, "tuned"),
    )  # fmt: skip
    assert place.compared(study_id).verdicts == {"candidate": 30}
    studies.set_closed(place.store, place.lead, study_id, True)
    report = reporting.report_files(place.store, place.lead, study_id)["json"]
    assert verify_report(report)["sealed_pairs"] == 36
    place.store.database.execute(
        "UPDATE pairs SET answer_b = 'x' WHERE stratum = 'gold' AND extension = 0"
    )
    assert (
        seals.seal_if_open(place.store, studies.get_study(place.store, place.lead, study_id))
        is None
    )


def test_where_nothing_is_outside_gold_is_kept_out_of_every_draw(place: GoldPlace) -> None:
    base, tuned = (
        a_system(
            place.store, place.project_id, place.version_id, name,
            answers_of(place.store, place.version_id, shift),
        )
        for name, shift in (("All one", 1), ("All two", 3))
    )  # fmt: skip
    study_id = a_study(place.store, place.lead, place.project_id, base, tuned, size=40, gold=0.1)
    study = studies.get_study(place.store, place.lead, study_id)
    assert study.plan.gold_pairs == 4
    assert len(study.plan.kept_out) >= 4
    room = extending.room_of(place.store, place.lead, study_id)
    assert room.left == 20 - len(study.plan.kept_out)
    run_here(place.store, extending.add_pairs(place.store, place.lead, study_id, room.left))
    rows = place.store.database.rows(
        "SELECT example_id FROM pairs WHERE study_id = $id AND stratum <> 'gold'", {"id": study_id}
    )
    drawn = {row["example_id"] for row in rows}
    assert len(drawn) == 60 - len(study.plan.kept_out)
    assert not drawn & set(study.plan.kept_out)


def test_where_every_output_is_drawn_and_there_are_no_others_there_is_no_gold(
    place: GoldPlace,
) -> None:
    base, tuned = (
        a_system(
            place.store, place.project_id, place.version_id, name,
            answers_of(place.store, place.version_id, shift),
        )
        for name, shift in (("All one", 1), ("All two", 3))
    )  # fmt: skip
    study_id = a_study(place.store, place.lead, place.project_id, base, tuned, gold=0.1)
    plan = studies.get_study(place.store, place.lead, study_id).plan
    assert (plan.pairs, plan.gold_pairs) == (60, 0)


def test_raters_who_see_the_reference_get_no_gold(place: GoldPlace) -> None:
    with pytest.raises(InvalidInput, match="would know them"):
        place.study(size=10, gold=0.1, show_reference=True)


def test_an_answer_that_could_be_right_makes_no_gold() -> None:
    def candidate(k: int, instruction: str, reference: str, group: str = "") -> GoldCandidate:
        return GoldCandidate(f"e{k}", f"r{k}", group or f"g{k}", instruction, reference, False)

    alike = [
        candidate(1, "Name a colour.", "red"),
        candidate(2, "name a colour. ", "blue"),  # as right as the other one
        candidate(3, "What do roses look like?", "red"),  # says the same
        candidate(4, "Anything else?", "green", "g1"),  # of the same group
    ]
    assert choose_gold([alike[0], *alike[1:]], 1, 0) == [(alike[1], alike[2])]
    assert choose_gold([alike[0], alike[3]], 5, 0) == []
    assert choose_gold([alike[0], alike[2]], 5, 0) == []


def test_gold_is_mixed_in_wherever_the_seed_says() -> None:
    pairs, gold = [{"p": k} for k in range(30)], [{"g": k} for k in range(3)]
    places = set()
    for seed in range(40):
        mixed = mixed_in(pairs, gold, seed)
        assert [one for one in mixed if "p" in one] == pairs
        assert [one for one in mixed if "g" in one] == gold
        places.add(tuple(k for k, one in enumerate(mixed) if "g" in one))
    assert len(places) > 30


def test_the_counters_are_those_of_the_log_whatever_raters_did(place: GoldPlace) -> None:
    study_id = place.study(size=12, gold=0.5, overlap=0.5)
    chance, raters = random.Random(8), [place.rater(name) for name in ("bea", "cem", "dot")]
    said: list[tuple[Any, str]] = []
    for _ in range(60):
        rater, what = chance.choice(raters), chance.random()
        if what < 0.2 and said:
            owner, judgement_id = said.pop(chance.randrange(len(said)))
            rating.take_back(place.store, owner, study_id, judgement_id)
        elif what < 0.35:  # everything held runs out
            place.store.database.execute(
                "UPDATE presentations SET lease_until = $past WHERE NOT done AND NOT lapsed "
                "AND rater_id IS NOT NULL",
                {"past": now() - timedelta(minutes=1)},
            )
        elif pairs := rating.next_pairs(place.store, rater, study_id, 1):
            judgement = a_judgement(pairs[0], chance.choice(["left", "tie_good", "cannot_judge"]))
            rating.judge(place.store, rater, study_id, judgement)
            said.append((rater, judgement.judgement_id))
        for one in raters:
            at = progress_of(place.store, study_id, one.person_id)
            found = (at.judged, at.mine, at.open, at.gold_judged, at.gold, at.gold_open)
            assert found == from_the_log(place, one.person_id)
    before = progress_of(place.store, study_id, raters[0].person_id)
    place.store.database.execute(
        "INSERT INTO study_counts SELECT study_id, 'x', 0, 0, 0, 0, 0, 0, 0, 0, k % 2 = 0 "
        "FROM studies, range(500) t(k)"
    )
    place.store.transact(lambda: place.store.judgements.compact(study_id))
    assert progress_of(place.store, study_id, raters[0].person_id) == before


def from_the_log(place: GoldPlace, rater_id: str) -> tuple[int, ...]:
    """Judged pairs, this rater's, and those still open, of the sample and of gold."""
    found: list[int] = []
    for gold in (False, True):
        row = place.store.database.one(
            """
            WITH own AS (SELECT pair_id FROM pairs WHERE (stratum = 'gold') = $gold),
            said AS (SELECT * FROM judgements SEMI JOIN own USING (pair_id))
            SELECT (SELECT count(DISTINCT pair_id) FROM said) AS judged,
                   (SELECT count(*) FROM said WHERE rater_id = $rater) AS mine,
                   (SELECT count(*) FROM presentations SEMI JOIN own USING (pair_id)
                    WHERE NOT done AND NOT lapsed AND pair_id NOT IN (
                        SELECT pair_id FROM said WHERE rater_id = $rater)) AS open
            """,
            {"gold": gold, "rater": rater_id},
        )
        assert row is not None
        found += row.values()
    return tuple(found)


def test_with_the_systems_swapped_a_rater_of_gold_pairs_is_sent_the_same_bytes(
    tmp_path: Path,
) -> None:
    sent = []
    for name, shifts in (("one", (0, 5)), ("other", (5, 0))):
        place = GoldPlace(tmp_path / name, shifts)
        place.study_id = place.study(size=10, gold=0.2)  # type: ignore[attr-defined]
        if name == "other":
            # The same texts on the same sides again: what still differs would tell the systems.
            place.store.database.execute(
                "UPDATE pairs SET system_a = system_b, system_b = system_a, answer_a = answer_b, "
                "answer_b = answer_a WHERE stratum <> 'gold'"
            )
        sent.append(everything_a_rater_is_sent(place))  # type: ignore[arg-type]
        place.store.close()
    assert sent[0] == sent[1]
    assert sent[0].count("\n") == 12 + 10 + 1
    assert "gold" not in sent[0]
