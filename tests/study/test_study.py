"""A study's mathematics: sample size, draw, sides, order, verdicts and headline."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InvalidInput
from core.statistics.estimates import says_better
from core.study.order import first_is_left, pair_order
from core.study.pairs import Choice, Judgement, Presentation, outcome_of
from core.study.register import level_of
from core.study.sampling import draw, length_strata, sample_size
from core.study.verdicts import (
    Verdict,
    count_split,
    first_of_each_pair,
    headline,
    net_preference,
    points,
    verdict_of,
)

SELF_INSTRUCT = Path(__file__).parents[3] / "shared" / "data" / "self-instruct"
TEMPLATE = "{instruction}\n\nInput: {input}\nOutput:"
A_PRESENTATION = Presentation(
    "pre_1", "stu_1", "pair_1", 1, 0, 1, "main", 1.0, "bea", "sys_a", "sys_b", None, False, False,
)  # fmt: skip


def rng() -> np.random.Generator:
    return np.random.default_rng(6)


@pytest.mark.parametrize(("n", "size"), [(0, 0), (1, 1), (30, 3), (31, 4), (1000, 100)])
def test_ten_percent_are_rounded_up(n: int, size: int) -> None:
    assert sample_size(n) == size


@pytest.mark.parametrize(("n", "size"), [(1000, 278), (5000, 500), (3000, 341), (10, 10), (0, 0)])
def test_five_points_either_way_or_ten_percent_whichever_needs_more(n: int, size: int) -> None:
    assert sample_size(n, margin=0.05) == size


def test_five_points_of_five_thousand_need_357() -> None:
    assert sample_size(5000, fraction=0, margin=0.05) == 357


def test_sample_sizes_that_cannot_be_are_refused() -> None:
    for n, fraction, margin in ((-1, 0.1, None), (10, 1.1, None), (10, 0.1, 0.0)):
        with pytest.raises(InvalidInput, match="margin"):
            sample_size(n, fraction, margin)


def test_a_draw_is_proportional_with_at_least_one_from_each_stratum() -> None:
    strata = ["common"] * 800 + ["some"] * 190 + ["rare"] * 10
    drawn = draw([f"e{k}" for k in range(1000)], strata, 50, rng())
    taken = Counter(d.stratum for d in drawn)
    assert sum(taken.values()) == len({d.example_id for d in drawn}) == 50
    assert taken["common"] == pytest.approx(40, abs=1)
    assert taken["rare"] == 1
    for d in drawn:
        assert d.inclusion_probability == pytest.approx(taken[d.stratum] / strata.count(d.stratum))


def test_weights_of_a_draw_sum_to_the_number_of_examples() -> None:
    chance = random.Random(1)
    for n in (5, 40, 333):
        strata = [chance.choice("abcde") for _ in range(n)]
        for size in (1, n // 2, n):
            drawn = draw([str(k) for k in range(n)], strata, size, rng())
            assert len(drawn) == max(size, len(set(strata)))
            assert sum(1 / d.inclusion_probability for d in drawn) == pytest.approx(n)


def test_every_example_of_a_stratum_is_drawn_equally_often() -> None:
    strata, chance, hits = ["a"] * 6 + ["b"] * 2, np.random.default_rng(0), Counter[str]()
    for _study in range(2000):
        hits.update(d.example_id for d in draw([str(k) for k in range(8)], strata, 4, chance))
    assert all(hits[str(k)] / 2000 == pytest.approx(0.5, abs=0.05) for k in range(8))


def test_a_draw_that_cannot_be_is_refused_and_nothing_asked_is_nothing_drawn() -> None:
    assert draw(["a"], ["x"], 0, rng()) == []
    with pytest.raises(InvalidInput, match="once"):
        draw(["a", "a"], ["x", "x"], 1, rng())
    with pytest.raises(InvalidInput, match="2 of 1"):
        draw(["a"], ["x"], 2, rng())


def test_lengths_fall_into_thirds_and_equal_ones_together() -> None:
    strata = length_strata(["x" * k for k in range(1, 10)])
    assert strata == ["short"] * 3 + ["medium"] * 3 + ["long"] * 3
    assert set(length_strata(["same"] * 5)) == {"short"}
    assert length_strata([]) == []


def test_sides_are_balanced_in_every_stratum_however_early_a_rater_stops() -> None:
    for rater in ("bea", "cem", "dot"):
        for stratum in ("short", "long"):
            lead = 0
            for shown in range(100):
                lead += 1 if first_is_left(12, rater, stratum, shown) else -1
                assert abs(lead) <= 2


def test_raters_see_different_sides_and_each_the_same_again() -> None:
    def sides(seed: int, rater: str) -> tuple[bool, ...]:
        return tuple(first_is_left(seed, rater, "one", shown) for shown in range(60))

    assert len({sides(3, rater) for rater in ("bea", "cem", "dot", "eve")}) == 4
    assert sides(3, "bea") == sides(3, "bea") != sides(4, "bea")


def test_no_position_tells_the_side() -> None:
    left = np.zeros(40)
    for seed in range(300):
        left += [first_is_left(seed, "bea", "one", shown) for shown in range(40)]
    assert left / 300 == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / 300))


def test_sides_and_order_are_the_same_on_every_machine() -> None:
    assert pair_order(6, 1) == [3, 5, 2, 4, 0, 1]
    assert [first_is_left(1, "bea", "a", k) for k in range(4)] == [True, False, True, False]
    with pytest.raises(InvalidInput, match="order"):
        pair_order(-1, 1)


def test_a_choice_means_the_system_that_stood_on_that_side() -> None:
    shown = A_PRESENTATION
    choices: list[Choice] = ["left", "right", "tie_good", "tie_bad", "cannot_judge"]
    assert [outcome_of(choice, shown) for choice in choices] == [
        ("preferred", "sys_a"),
        ("preferred", "sys_b"),
        ("tie_good", None),
        ("tie_bad", None),
        ("cannot_judge", None),
    ]


def a_judgement(pair: int, verdict: Verdict, minute: int, rater: str = "bea") -> Judgement:
    """What one rater said of a pair of sys_a, the baseline, and sys_b."""
    preferred = {"baseline": "sys_a", "candidate": "sys_b"}.get(verdict)
    choice: Choice = "left" if preferred else verdict  # type: ignore[assignment]
    return Judgement(
        f"jud_{pair}_{rater}", f"pre_{pair}_{rater}", "stu_1", f"pair_{pair}", f"ex_{pair}", rater,
        rater, choice, outcome_of(choice, A_PRESENTATION)[0], preferred, ("sys_a", "sys_b"), {}, "",
        "", 5.0, datetime(2026, 11, 1, 9, minute), pair, "short",
    )  # fmt: skip


def test_the_first_judgement_of_a_pair_fixes_its_verdict_and_a_later_one_only_splits_it() -> None:
    judgements = [
        a_judgement(1, "baseline", 9, "cem"),
        a_judgement(1, "candidate", 3),
        a_judgement(2, "tie_good", 4),
        a_judgement(2, "cannot_judge", 5, "cem"),
        a_judgement(3, "cannot_judge", 1),
    ]
    first = first_of_each_pair(judgements)
    assert [verdict_of(one, "sys_a") for one in first] == ["cannot_judge", "candidate", "tie_good"]
    assert count_split(judgements, "sys_a") == 1


def test_a_second_rater_who_disagrees_leaves_the_share_where_it_is() -> None:
    chance, found = np.random.default_rng(8), []
    for _ in range(40):
        wins = chance.random((2, 100)) < 0.7
        judgements = [
            a_judgement(k, "candidate" if win else "baseline", second, "abc"[second])
            for second in (0, 1)
            for k, win in enumerate(wins[second])
        ]
        verdicts = [verdict_of(one, "sys_a") for one in first_of_each_pair(judgements)]
        found.append(verdicts.count("candidate") / len(verdicts))
    assert np.mean(found) == pytest.approx(0.7, abs=0.02)


def verdicts_of(candidate: int, baseline: int, ties: int = 0) -> list[Verdict]:
    counts: dict[Verdict, int] = {
        "candidate": candidate, "baseline": baseline, "tie_good": ties, "cannot_judge": ties,
    }  # fmt: skip
    return [verdict for verdict, times in counts.items() for _ in range(times)]


def test_the_net_preference_counts_ties_and_leaves_out_what_nobody_could_judge() -> None:
    net = net_preference(mixed(verdicts_of(76, 42, ties=30)))
    assert (net.n, net.kind) == (148, "always valid")
    assert net.value == pytest.approx((76 - 42) / 148)


def said_of(candidate: int, baseline: int, ties: int = 0, **more: Any) -> str:
    net = net_preference(mixed(verdicts_of(candidate, baseline, ties)))
    return headline(
        net, candidate="Run two", baseline="Model one", wins=candidate, losses=baseline, **more
    )


def mixed(verdicts: list[Verdict]) -> list[Verdict]:
    random.Random(3).shuffle(verdicts)
    return verdicts


def test_the_headline_reads_as_the_dashboard_wants_it() -> None:
    said = said_of(84, 30, 12, cannot_judge=1, notes=("10 % rule met", "blindness held"))
    assert re.fullmatch(
        r"Run two is preferred to Model one by these raters: net \+43 points \(95 % always valid: "
        r"\+\d+ to \+\d+\); 84 won, 30 lost, 12 tied of 126 judged pairs, 1 could not be judged, "
        r"10 % rule met, blindness held\.",
        said,
    )


def test_the_headline_says_preferred_only_when_the_whole_interval_is_on_one_side() -> None:
    for n in (1, 5, 12, 40, 118):
        for wins in range(0, n + 1, max(1, n // 12)):
            net = net_preference(mixed(verdicts_of(wins, n - wins)))
            said = said_of(wins, n - wins)
            shown = net.low is not None and net.low > 0
            assert ("Run two is preferred" in said) is shown
            assert ("+0 " in said) is False


def test_a_baseline_that_wins_is_said_to_be_preferred() -> None:
    assert said_of(5, 50).startswith("Model one is preferred to Run two by these raters: net −82")
    assert "No pair is judged yet: Run two is not shown to be better" in said_of(0, 0)


def test_judgements_that_turn_over_are_said_to_have_changed() -> None:
    net = net_preference(verdicts_of(300, 900))
    said = headline(net, candidate="Run two", baseline="Model one", wins=300, losses=900)
    assert said.startswith(
        "Run two is not shown to be better than Model one. What was said changed"
    )
    assert said.endswith("300 won, 900 lost, 0 tied of 1200 judged pairs.")


def test_a_small_net_preference_is_never_rounded_to_none() -> None:
    assert [points(x) for x in (0.004, -0.004, 0.234, 0.0)] == ["+0.4", "−0.4", "+23", "0"]


def test_of_ten_studies_of_like_systems_hardly_ever_one_claims_something() -> None:
    chance, claimed = np.random.default_rng(12), 0
    sides: tuple[Verdict, Verdict] = ("baseline", "candidate")
    for _register in range(30):
        drawn = [[sides[k] for k in chance.integers(2, size=60)] for _study in range(10)]
        claimed += any(says_better(net_preference(d, level_of(10))) != "not shown" for d in drawn)
    assert claimed <= 5  # of 30 with a chance of 0.05 each; more have a chance of 0.003
