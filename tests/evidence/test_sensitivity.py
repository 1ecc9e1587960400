"""What would change a verdict: each number against one counted by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.evidence.evidence import evidence, facts_of_rows, scores_of_rows
from core.evidence.slices import FEWEST, slices
from core.statistics.anytime import always_valid_mean
from core.study.pairs import Judgement
from core.study.sensitivity import PairFacts, reversals, sensitivity

START = datetime(2026, 11, 1)


def said(pair: int, verdict: str, rater: str = "ada", minute: int | None = None) -> Judgement:
    preferred = {"base": "sys_base", "tuned": "sys_tuned"}.get(verdict)
    return Judgement(
        judgement_id=f"j{pair}{rater}",
        presentation_id="p",
        study_id="s",
        pair_id=f"pair{pair}",
        example_id=f"ex{pair}",
        rater_id=rater,
        rater=rater,
        choice="left" if preferred else "tie_good",
        outcome="preferred" if preferred else "tie_good",
        preferred_system_id=preferred,
        system_ids=("sys_base", "sys_tuned"),
        flags={},
        comment="",
        correction="",
        seconds=10.0,
        created_at=START + timedelta(minutes=pair if minute is None else minute),
        number=pair,
        stratum="short",
    )


def fact(
    pair: int, lengths: tuple[int, int] = (20, 20), group: str = "", **parts: str
) -> PairFacts:
    return PairFacts(
        f"pair{pair}", f"ex{pair}", group or f"g{pair}", *lengths, tuple(parts.items())
    )


def known(*facts: PairFacts) -> dict[str, PairFacts]:
    return {one.pair_id: one for one in facts}


def test_each_rater_is_left_out_in_turn_and_the_next_judgement_takes_the_place() -> None:
    judgements = [
        said(1, "tuned"), said(2, "tuned"), said(3, "tuned"),
        said(1, "base", "bo", 50), said(4, "base", "bo", 51),
    ]  # fmt: skip
    found = sensitivity(judgements, "sys_base")
    assert found.net == 0.5
    assert [(r.rater, r.judgements, r.net) for r in found.without_one_rater] == [
        ("ada", 3, -1.0), ("bo", 2, 1.0),
    ]  # fmt: skip
    assert found.survives_each_rater is False
    assert found.survives is False


def test_one_rater_alone_cannot_be_left_out() -> None:
    found = sensitivity([said(1, "tuned")], "sys_base", facts=known(fact(1)))
    assert (found.without_one_rater, found.survives_each_rater) == ((), None)
    assert found.survives is True  # of the other ways to count


def test_pairs_told_by_length_and_near_duplicates_are_left_out_as_variants() -> None:
    judgements = [said(k, "tuned") for k in range(4)] + [said(k, "base") for k in range(4, 7)]
    facts = known(
        *(fact(k, (20, 31)) for k in range(4)),  # over 1.5 times
        *(fact(k, (20, 30), group="same") for k in range(4, 7)),  # 1.5 times is not over it
    )
    length, groups = sensitivity(judgements, "sys_base", facts=facts).variants
    assert (length.net.value, length.net.n) == (-1.0, 3)
    assert (groups.net.value, groups.net.n) == (0.6, 5)  # four won, one of the three lost counts
    assert sensitivity(judgements, "sys_base", facts=facts).survives is False


def test_a_variant_that_leaves_nothing_out_is_not_listed() -> None:
    assert sensitivity([said(1, "tuned")], "sys_base", facts=known(fact(1))).variants == ()


def test_no_preference_has_no_sign_that_could_survive() -> None:
    found = sensitivity([said(1, "tuned"), said(2, "base")], "sys_base", facts=known())
    assert (found.net, found.survives) == (0.0, None)


def test_reversals_are_the_fewest_that_undo_the_claim_at_the_level_of_the_verdict() -> None:
    worth = [1] * 40 + [-1] * 5
    few = reversals(worth)
    assert few is not None
    for count, claims in ((few - 1, True), (few, False)):
        places = {40 * k // count for k in range(count)} if count else set()
        turned = [-1 if k in places else w for k, w in enumerate(worth)]
        low = always_valid_mean(turned).low
        assert low is not None
        assert (low > 0) is claims
    stricter = reversals(worth, level=0.995)
    assert stricter is not None
    assert stricter < few
    assert reversals([1, -1] * 10) is None


def test_slices_are_the_parts_with_pairs_enough_the_weakest_first() -> None:
    judgements = [said(k, "base" if k < FEWEST else "tuned") for k in range(2 * FEWEST + 1)]
    facts = known(
        *(
            fact(k, tone="rude" if k < FEWEST else "kind", source="all.jsonl")
            for k in range(2 * FEWEST)
        ),
        fact(2 * FEWEST, tone="rare", source="all.jsonl"),
    )
    rude, kind = slices(judgements, "sys_base", facts)  # rare has one pair; one source is no slice
    assert (rude.value, rude.net.value, rude.lost) == ("rude", -1.0, FEWEST)
    assert rude.lost_examples == tuple(f"ex{k}" for k in range(FEWEST))
    assert (kind.value, kind.net.value, kind.won) == ("kind", 1.0, FEWEST)
    assert rude.net.level == 0.975
    assert rude.says == "not shown"


def test_labels_lengths_and_sources_become_slices() -> None:
    row = {
        "pair_id": "pair1", "example_id": "ex1", "group_id": None, "baseline_length": 3,
        "candidate_length": 4, "length": "short", "source": "", "labels": '{"tone": ["a", "b"]}',
    }  # fmt: skip
    found = facts_of_rows([row])["pair1"]
    assert found.slices == (
        ("reference length", "short"), ("label tone", "a"), ("label tone", "b"),
    )  # fmt: skip
    assert found.group_id == "ex1"


def test_the_evidence_of_a_candidate_is_made_of_its_own_pairs() -> None:
    judgements = [said(k, "tuned") for k in range(6)]
    scores = scores_of_rows(
        {"pair_id": f"pair{k}", "metric": "rougeL", "difference": 0.1} for k in range(6)
    )
    found = evidence("sys_base", ["sys_tuned", "sys_other"], judgements, {}, scores)
    assert found.of("sys_tuned").sensitivity.net == 1.0
    assert found.of("sys_tuned").trust[0].chooses.value == 1.0
    assert found.of("sys_other").sensitivity.net is None
