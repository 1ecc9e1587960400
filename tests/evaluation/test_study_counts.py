"""Counters of studies: written with what they count, and equal to the log whatever happened."""

from __future__ import annotations

import csv
import io
import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from core.clock import now
from core.study.verdicts import first_verdicts
from core.workflows.evaluation import rating, results
from tests.evaluation.test_rating import Place
from tests.study_builders import a_judgement, progress_of, rate_all


def counted(place: Place, rater_id: str) -> tuple[int, int, int, int, int]:
    at = progress_of(place.store, place.study_id, rater_id)
    return at.pairs, at.judged, at.mine, at.open, at.reviewed


def from_the_log(place: Place, rater_id: str) -> tuple[int, int, int, int, int]:
    """The same, counted from presentations and judgements."""
    row = place.store.database.one(
        """
        SELECT (SELECT count(*) FROM pairs) AS pairs,
               (SELECT count(DISTINCT pair_id) FROM judgements) AS judged,
               (SELECT count(*) FROM judgements WHERE rater_id = $rater) AS mine,
               (SELECT count(*) FROM presentations WHERE NOT done AND NOT lapsed
                AND pair_id NOT IN (SELECT pair_id FROM judgements WHERE rater_id = $rater))
                   AS open
        """,
        {"rater": rater_id},
    )
    assert row is not None
    verdicts = first_verdicts(place.store.judgements.of_study(place.study_id), place.base)
    reviewed = len(verdicts) - verdicts.count("cannot_judge")
    assert place.store.results.reviewed(place.study_id) == reviewed
    return row["pairs"], row["judged"], row["mine"], row["open"], reviewed


def test_the_counters_are_those_of_the_log_whatever_raters_did(tmp_path: Path) -> None:
    place = Place(tmp_path, overlap=0.5, size=12)
    chance = random.Random(5)
    raters = [place.rater(name) for name in ("bea", "cem", "dot")]
    said: list[tuple[str, str]] = []
    for _ in range(60):
        rater = chance.choice(raters)
        what = chance.random()
        if what < 0.2 and said:
            person, judgement_id = said.pop(chance.randrange(len(said)))
            owner = next(r for r in raters if r.person_id == person)
            rating.take_back(place.store, owner, place.study_id, judgement_id)
        elif what < 0.35:  # everything held runs out
            place.store.database.execute(
                "UPDATE presentations SET lease_until = $past WHERE NOT done AND NOT lapsed "
                "AND rater_id IS NOT NULL",
                {"past": now() - timedelta(minutes=1)},
            )
        elif pairs := rating.next_pairs(place.store, rater, place.study_id, 1):
            if chance.random() < 0.3:
                continue  # looked at and left
            judgement = a_judgement(pairs[0], chance.choice(["left", "tie_good", "cannot_judge"]))
            rating.judge(place.store, rater, place.study_id, judgement)
            said.append((rater.person_id, judgement.judgement_id))
        for one in raters:
            assert counted(place, one.person_id) == from_the_log(place, one.person_id)
    waiting = place.store.reports.pairs_to_rate(place.project_id, "person_bea")
    assert waiting == from_the_log(place, "person_bea")[3]
    place.store.close()


def test_two_raters_of_one_pair_at_once_are_counted_once_as_a_pair(tmp_path: Path) -> None:
    place = Place(tmp_path, overlap=1.0, size=8)
    raters = [place.rater(name) for name in ("bea", "cem")]
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(lambda r: rate_all(place.store, r, place.study_id, a_judgement), raters)
        )
    assert done == [8, 8]
    for rater in raters:
        assert counted(place, rater.person_id) == (8, 8, 8, 0, 8)
    place.store.close()


def test_many_deltas_become_few_and_count_the_same(tmp_path: Path) -> None:
    place = Place(tmp_path, size=10)
    bea = place.rater()
    rate_all(place.store, bea, place.study_id, a_judgement, most=6)
    before = counted(place, bea.person_id)
    place.store.database.execute(
        """
        INSERT INTO study_counts
        SELECT study_id, 'x', 0, 0, 0, 0, 0, 0, 0, 0, false FROM studies, range(500)
        """
    )
    place.store.transact(lambda: place.store.judgements.compact(place.study_id))
    assert place.store.database.value("SELECT count(*) FROM study_counts") == 3
    assert counted(place, bea.person_id) == before
    place.store.close()


def test_an_export_holds_everything_that_a_rater_said_and_no_name_unless_asked(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, size=4)
    (pair,) = rating.next_pairs(place.store, place.rater(), place.study_id, 1)
    judgement = a_judgement(
        pair, "left", left=5, right=2, flags={"right": ("unsafe",)}, comment="=hm",
        correction="It is 4.", seconds=12.25, remarks={"right": {"bias": "line 2"}},
    )  # fmt: skip
    rating.judge(place.store, place.rater(), place.study_id, judgement)
    text = results.export_judgements(place.store, place.lead, place.study_id, file_format="jsonl")
    (record,) = [json.loads(line) for line in text.splitlines()]
    assert (record["rater"], record["seconds"], record["correction"]) == (
        "rater 1",
        12.2,
        "It is 4.",
    )
    shown = place.store.presentations.by_id(pair.presentation_id)
    assert shown is not None
    left = {place.base: "Model one", place.tuned: "Run two"}[shown.system_on("left")]
    assert record["preferred"] == left
    sides = {system["name"]: system for system in record["systems"]}
    (other,) = sides.keys() - {left}
    assert sides[left]["ratings"]["relevance"] == 5
    assert (sides[other]["flags"], sides[other]["remarks"]) == (["unsafe"], {"bias": "line 2"})
    rows = csv.DictReader(
        io.StringIO(results.export_judgements(place.store, place.lead, place.study_id))
    )
    (row,) = rows
    assert row["comment"] == "'=hm"
    assert {row["system_a"], row["system_b"]} == {"Model one", "Run two"}
    named = results.export_judgements(place.store, place.lead, place.study_id, by_name=True)
    assert "person_bea" not in named
    place.store.close()


def test_what_raters_and_leads_did_is_in_the_audit(tmp_path: Path) -> None:
    place = Place(tmp_path, size=4)
    bea = place.rater()
    (pair,) = rating.next_pairs(place.store, bea, place.study_id, 1)
    rating.judge(place.store, bea, place.study_id, a_judgement(pair, judgement_id="jud_1"))
    rating.take_back(place.store, bea, place.study_id, "jud_1")
    done = [event.action for event in place.store.audit.of_subject("study", place.study_id)]
    assert done == ["study_queued", "study_opened", "judged", "judgement_withdrawn"]
    place.store.close()
