"""Which preference pairs come out of judgements: pure."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.study.pairs import Judgement
from core.tuning.judged_pairs import ConfirmedNegative, JudgedPair, preference_set
from core.tuning.preferences import (
    HELD_OUT,
    LEAST_PAIRS,
    LEFT_OUT,
    PAIR_SOURCES,
    PairSources,
    PreferenceSet,
    TooFewPairs,
    held_out,
    pairs_hash,
)

A, B = "sys_a", "sys_b"


def a_pair(number: int = 1, **changes: Any) -> JudgedPair:
    own = {
        "pair_id": f"pair_{number}",
        "study_id": "stu_1",
        "example_id": f"ex_{number}",
        "revision_id": f"rev_{number}",
        "instruction": "Which fruit?",
        "input": f"Number {number}.",
        "split": "train",
        "group_id": f"group_{number}",
        "in_test": False,
        "near_test": False,
        "study_closed": True,
        "study_withheld": False,
        "system_ids": (A, B),
        "texts": (f"apple {number}", f"pear {number}"),
        "cut": (False, False),
    }
    return JudgedPair(**{**own, **changes})


def a_judgement(pair: JudgedPair, said: str = A, minute: int = 0, **changes: Any) -> Judgement:
    preferred = said if said in pair.system_ids else None
    own: dict[str, Any] = {
        "judgement_id": f"jud_{pair.pair_id}_{minute}",
        "presentation_id": f"pre_{pair.pair_id}_{minute}",
        "study_id": pair.study_id,
        "pair_id": pair.pair_id,
        "example_id": pair.example_id,
        "rater_id": f"rater_{minute}",
        "rater": "Bo",
        "choice": "left" if preferred else said,
        "outcome": "preferred" if preferred else said,
        "preferred_system_id": preferred,
        "system_ids": pair.system_ids,
        "flags": {},
        "comment": "",
        "correction": "",
        "seconds": 5.0,
        "created_at": datetime(2026, 11, 1) + timedelta(minutes=minute),
        "number": 1,
        "stratum": "short",
    }
    return Judgement(**{**own, **changes})


def found_in(*judged: tuple[JudgedPair, list[Judgement]]) -> PreferenceSet:
    pairs = {pair.pair_id: pair for pair, _ in judged}
    return preference_set(pairs, [one for _, said in judged for one in said])


def test_the_preferred_answer_is_over_the_other_one_with_its_provenance() -> None:
    pair = a_pair(texts=("apple ", " pear\n"), cut=(True, False))
    (found,) = found_in((pair, [a_judgement(pair, B)])).pairs
    assert asdict(found) == {
        "example_id": "ex_1",
        "revision_id": "rev_1",
        "split": "train",
        "group_id": "group_1",
        "instruction": "Which fruit?",
        "input": "Number 1.",
        "output": "pear",
        "rejected": "apple",
        "rejected_cut": True,
        "source": "verdict",
        "study_id": "stu_1",
        "pair_id": "pair_1",
        "judgement_id": "jud_pair_1_0",
    }


def test_no_pair_is_ever_of_a_test_example_or_of_a_near_duplicate_of_one() -> None:
    chance = random.Random(1)
    for _ in range(200):
        judged = []
        for number in range(30):
            pair = a_pair(
                number,
                in_test=chance.random() < 0.4,
                near_test=chance.random() < 0.2,
                split=chance.choice(["train", "validation", "test", ""]),
                study_closed=chance.random() < 0.8,
                study_withheld=chance.random() < 0.1,
                texts=(chance.choice(["apple", "pear", ""]), chance.choice(["apple", "plum"])),
                cut=(chance.random() < 0.1, False),
            )
            said = [
                a_judgement(
                    pair,
                    chance.choice([A, B, "tie_good", "tie_bad", "cannot_judge"]),
                    minute,
                    correction=chance.choice(["", "", "quince"]),
                    set_apart=chance.random() < 0.1,
                    occasion=1 + (chance.random() < 0.1),
                )
                for minute in range(chance.randint(1, 3))
            ]
            judged.append((pair, said))
        facts = {pair.pair_id: pair for pair, _ in judged}
        found = found_in(*judged)
        for one in found.pairs:
            pair = facts[one.pair_id]
            assert not pair.in_test
            assert not pair.near_test
            assert pair.split in ("train", "validation")
            assert pair.study_closed
            assert not pair.study_withheld
            assert one.output.strip()
            assert one.output != one.rejected
        corrections = sum(
            bool(one.correction) and one.counts and one.outcome != "cannot_judge"
            for _, said in judged
            for one in said
        )
        assert len(found.pairs) + sum(found.left_out.values()) == 30 + corrections
        assert set(found.left_out) <= set(LEFT_OUT)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"in_test": True, "study_closed": False}, "test"),
        ({"near_test": True}, "near_test"),
        ({"split": ""}, "elsewhere"),
        ({"split": "test"}, "elsewhere"),
        ({"study_closed": False}, "open"),
        ({"study_withheld": True}, "withheld"),
        ({"cut": (True, False)}, "cut"),
        ({"texts": ("apple", "apple ")}, "same"),
        ({"texts": ("", "pear")}, "same"),
    ],
)
def test_what_is_left_out_is_counted_under_its_reason(changes: dict[str, Any], reason: str) -> None:
    pair = a_pair(**changes)
    found = found_in((pair, [a_judgement(pair)]))
    assert (found.pairs, found.left_out) == ((), {reason: 1})


def test_ties_and_what_could_not_be_judged_prefer_nothing() -> None:
    pairs = [a_pair(n) for n in range(3)]
    said = ["tie_good", "tie_bad", "cannot_judge"]
    found = found_in(*((p, [a_judgement(p, s)]) for p, s in zip(pairs, said, strict=True)))
    assert (found.pairs, found.left_out) == ((), {"tie": 3})


def test_the_first_judgement_that_counts_is_the_verdict_and_a_contradiction_leaves_it_out() -> None:
    agreed, split, half = a_pair(1), a_pair(2), a_pair(3)
    found = found_in(
        (agreed, [a_judgement(agreed, A, 2), a_judgement(agreed, A, 1)]),
        (split, [a_judgement(split, A, 1), a_judgement(split, B, 2)]),
        (half, [a_judgement(half, A, 1), a_judgement(half, "tie_good", 2)]),
    )
    assert [pair.judgement_id for pair in found.pairs] == ["jud_pair_1_1"]
    assert found.left_out == {"split": 2}


def test_judgements_that_are_set_apart_or_repeated_make_no_pair_and_undo_none() -> None:
    apart, mixed = a_pair(1), a_pair(2)
    found = found_in(
        (apart, [a_judgement(apart, A, 1, set_apart=True)]),
        (
            mixed,
            [
                a_judgement(mixed, B, 1, set_apart=True, correction="quince"),
                a_judgement(mixed, A, 2),
                a_judgement(mixed, B, 3, occasion=2),
            ],
        ),
    )
    assert [(pair.output, pair.source) for pair in found.pairs] == [("apple 2", "verdict")]
    assert found.left_out == {"set_apart": 1}


def test_a_correction_is_over_the_preferred_answer_or_the_one_that_it_is_nearest_to() -> None:
    preferred, bad = a_pair(1), a_pair(2, texts=("an apple", "a small pear"))
    found = found_in(
        (preferred, [a_judgement(preferred, A, correction="apples 1")]),
        (bad, [a_judgement(bad, "tie_bad", correction=" a small plum ")]),
    )
    told = {(pair.source, pair.output, pair.rejected) for pair in found.pairs}
    assert told == {
        ("verdict", "apple 1", "pear 1"),
        ("correction", "apples 1", "apple 1"),
        ("correction", "a small plum", "a small pear"),
    }
    assert found.left_out == {"tie": 1}
    assert found.told() == (
        "3 preference pairs: 1 preferred answers and 2 corrections by raters. Left out: 1 (1 "
        "without a preferred answer)."
    )


def test_two_studies_that_contradict_each_other_on_the_same_texts_leave_both_out() -> None:
    texts = ("apple", "pear")
    one, other = (a_pair(n, example_id="ex", study_id=f"stu_{n}", texts=texts) for n in (1, 2))
    swapped = replace(other, texts=("pear", "apple"))
    both = found_in((one, [a_judgement(one, A)]), (other, [a_judgement(other, B)]))
    assert (both.pairs, both.left_out) == ((), {"split": 2})
    same = found_in((one, [a_judgement(one, A)]), (swapped, [a_judgement(swapped, B)]))
    assert (len(same.pairs), same.left_out) == (1, {"same": 1})


def test_two_examples_that_ask_the_same_and_contradict_each_other_are_left_out() -> None:
    texts = ("apple", "pear")
    one, other, third = (a_pair(n, example_id=f"ex_{n}", texts=texts) for n in (1, 2, 3))
    again = replace(other, instruction=one.instruction, input=f" {one.input}")
    said = [(one, [a_judgement(one, A)]), (third, [a_judgement(third, B)])]
    assert len(found_in(*said, (other, [a_judgement(other, B)])).pairs) == 3
    both = found_in(*said, (again, [a_judgement(again, B)]))
    assert ([pair.example_id for pair in both.pairs], both.left_out) == (["ex_3"], {"split": 2})
    lost = [replace(pair, instruction="", input="") for pair in (one, other)]
    kept = found_in(
        *((pair, [a_judgement(pair, who)]) for pair, who in zip(lost, (A, B), strict=True))
    )
    assert len(kept.pairs) == 2


def a_negative(number: int, **changes: Any) -> ConfirmedNegative:
    own = {
        "negative_id": f"neg_{number}", "example_id": f"ex_{number}",
        "revision_id": f"rev_{number}", "instruction": "Which fruit?",
        "input": f"Number {number}.", "output": "Good.", "rejected": "Bad.", "rejected_cut": False,
        "split": "train", "group_id": f"group_{number}", "in_test": False, "near_test": False,
        "same_revision": True, "borrowed": False, "masked": False,
    }  # fmt: skip
    return ConfirmedNegative(**{**own, **changes})


def test_a_lead_chooses_ratings_negatives_or_both_and_what_is_not_chosen_is_not_counted() -> None:
    rated, tied = a_pair(1), a_pair(2)
    said = [a_judgement(rated), a_judgement(tied, "tie_good")]
    there = {pair.pair_id: pair for pair in (rated, tied)}
    worse = [a_negative(3), a_negative(4, in_test=True)]

    def chosen(sources: PairSources) -> PreferenceSet:
        return preference_set(there, said, worse, sources)

    assert preference_set(there, said, worse) == chosen("both")
    for sources, origins, left_out in [
        ("both", ["verdict", "negative"], {"test": 1, "tie": 1}),
        ("ratings", ["verdict"], {"tie": 1}),
        ("negatives", ["negative"], {"test": 1}),
    ]:
        found = chosen(sources)  # type: ignore[arg-type]
        assert [pair.source for pair in found.pairs] == origins
        assert found.left_out == left_out
    assert len({chosen(sources).hash for sources in PAIR_SOURCES}) == 3


def test_a_negative_that_a_rating_contradicts_or_repeats_is_judged_so_whichever_is_chosen() -> None:
    rated = a_pair(1)
    better, worse = rated.texts
    there, said = {rated.pair_id: rated}, [a_judgement(rated, A)]
    contradicts = [a_negative(1, output=worse, rejected=better)]
    repeats = [a_negative(1, output=better, rejected=worse)]
    for sources, contradicted, repeated in [("both", 2, 1), ("ratings", 1, 0), ("negatives", 1, 0)]:
        found = preference_set(there, said, contradicts, sources)  # type: ignore[arg-type]
        assert (found.pairs, found.left_out) == ((), {"split": contradicted})
        found = preference_set(there, said, repeats, sources)  # type: ignore[arg-type]
        assert len(found.pairs) == 1
        assert found.left_out.get("same", 0) == repeated


def test_held_out_pairs_are_whole_groups_and_follow_from_the_seed_alone() -> None:
    judged = [a_pair(n, group_id=f"group_{n // 3}") for n in range(90)]
    pairs = found_in(*((pair, [a_judgement(pair)]) for pair in judged)).pairs
    train, validation = held_out(pairs, seed=7)
    assert len(train) + len(validation) == 90
    assert HELD_OUT * 90 <= len(validation) < HELD_OUT * 90 + 3
    assert not {pair.group_id for pair in train} & {pair.group_id for pair in validation}
    assert held_out(list(reversed(pairs)), seed=7)[1] != []
    assert {p.pair_id for p in held_out(list(reversed(pairs)), seed=7)[1]} == {
        pair.pair_id for pair in validation
    }
    assert held_out(pairs, seed=8)[1] != validation
    two = held_out([pair for pair in pairs if pair.group_id in ("group_1", "group_2")], seed=1)
    assert [len(part) for part in two] == [3, 3]


def test_too_few_pairs_are_refused_with_what_was_left_out_and_what_to_do() -> None:
    judged = [a_pair(n, in_test=n > 2) for n in range(40)]
    found = found_in(*((pair, [a_judgement(pair)]) for pair in judged))
    with pytest.raises(TooFewPairs) as refused:
        found.refuse_too_few()
    assert refused.value.message == (
        "3 preference pairs: 3 preferred answers. Left out: 37 (37 of test examples). At least 16 "
        "are needed. Let two systems answer the train or validation split, open a study of them "
        "for preference tuning, rate it and close it; or confirm negatives under Curate, Proposals."
    )
    enough = [a_pair(n) for n in range(LEAST_PAIRS)]
    found_in(*((pair, [a_judgement(pair)]) for pair in enough)).refuse_too_few()
    alike = [a_pair(n, group_id="one") for n in range(LEAST_PAIRS)]
    with pytest.raises(TooFewPairs, match="of one group of near-duplicates"):
        found_in(*((pair, [a_judgement(pair)]) for pair in alike)).refuse_too_few()


def test_the_hash_names_the_pairs_in_whatever_order_and_changes_with_each_of_them() -> None:
    judged = [a_pair(n) for n in range(20)]
    found = found_in(*((pair, [a_judgement(pair)]) for pair in judged))
    rows = [asdict(pair) for pair in found.pairs]
    assert pairs_hash(list(reversed(rows))) == found.hash
    assert pairs_hash(rows[1:]) != found.hash
    assert pairs_hash([{**rows[0], "rejected": "fig"}, *rows[1:]]) != found.hash
    assert Counter(pair.source for pair in found.pairs) == {"verdict": 20}
