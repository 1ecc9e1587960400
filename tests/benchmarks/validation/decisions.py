"""Decisions: whom the release gate lets pass, and what is said of slices and of metrics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import kendalltau

from core.decision.gate import GateEvidence, GatePlan, gate
from core.evidence.metric_trust import kendall_tau_b
from core.evidence.slices import slices
from core.statistics.estimates import Estimate, student_mean, undefined
from core.study.pairs import Judgement
from core.study.ranking import ranking
from core.study.sensitivity import PairFacts
from tests.benchmarks.validation.studies import BASE, covering, covers, draw_worth, judgement
from tests.benchmarks.validation.table import RARELY, REPORTED, Bound, Row, Size, chance, share

WORSE = ((-2, -1, 0, 1), (0.1, 0.25, 0.5, 0.15))  # a mean of -0.3
ALIKE = ((-2, -1, 0, 1, 2), (0.05, 0.2, 0.5, 0.2, 0.05))
NOTHING = undefined(0, "none", "Not looked at.")


def margin(size: Size) -> Row:
    """A candidate that is 0.3 points worse on one criterion, and one that is alike."""
    n, cells = size.studies(3000), []
    for pairs in (30, 50, 100, 300):
        rng = chance("margin", pairs)
        cells.append(share("0.3 worse passes", _passed(rng, WORSE, pairs, n), n))
    for pairs in (30, 50, 100, 300):
        rng = chance("margin", "alike", pairs)
        cells.append(share("alike passes", _passed(rng, ALIKE, pairs, n), n))
    return Row(
        "the gate hardly passes a candidate that is worse by the margin",
        f"margin .3, differences of ratings, 30 / 50 / 100 / 300 pairs, {n} studies each",
        tuple(cells),
        (RARELY,) * 4 + (REPORTED,) * 4,
    )


def _passed(
    rng: np.random.Generator, of: tuple[tuple[int, ...], tuple[float, ...]], pairs: int, n: int
) -> int:
    drawn = rng.choice(of[0], p=of[1], size=(n, pairs)).tolist()
    return sum(_passes(student_mean(own, around=0.0, most=4.0)[0]) for own in drawn)


def _passes(difference: Estimate) -> bool:
    found = GateEvidence(
        reviewed=0, counted_from=0, net=NOTHING, withheld="", blind=True, enough=True,
        guessed=False, blind_reason="", metric_label="", baseline_mean=None, metric_difference=None,
        criteria={"relevance": difference}, survives_rater=None, survives=None, agreement=NOTHING,
        trained_unknown=(),
        probed=100,
    )  # fmt: skip
    checks = {check.name: check.state for check in gate(GatePlan(), found)}
    return checks["criterion relevance"] == "passed"


def many_slices(size: Size) -> Row:
    """Ten slices of like systems: whether one of them is called better or worse."""
    n, pairs, hits = size.studies(300), 200, 0
    rng = chance("slices")
    for _ in range(n):
        worth = draw_worth(rng, pairs, 0.0, 0.2).astype(int).tolist()
        said = [judgement(k, w, k, "ada") for k, w in enumerate(worth)]
        facts = {
            f"pair_{k}": PairFacts(
                f"pair_{k}", f"pair_{k}", f"pair_{k}", 9, 9,
                (("five", str(k % 5)), ("other five", str(k // 5 % 5))),
            )
            for k in range(pairs)
        }  # fmt: skip
        hits += any(one.says != "not shown" for one in slices(said, BASE, facts))
    return Row(
        "of many slices of like systems hardly one is called better or worse",
        f"200 pairs, ten slices, 20 % ties, {n} studies",
        (share("", hits, n),),
        (RARELY,),
    )


def metric_trust(size: Size) -> Row:
    """A metric that has nothing to do with the raters, and one that agrees somewhat."""
    n, cells = size.studies(400), []
    rng = chance("metric trust")
    truth = kendalltau(*_scored(rng, 40_000, 1.5)).statistic
    for pairs in (20, 50, 150):
        agrees = [kendall_tau_b(*_scored(rng, pairs, 1.5), rng) for _ in range(n)]
        blind = [
            kendall_tau_b(rng.normal(size=pairs), _scored(rng, pairs, 1.5)[1], rng)
            for _ in range(n)
        ]
        speaks = sum((one.low or 0.0) > 0 for one in blind)
        cells += [
            share("covered", covering(agrees, float(truth)), n),
            share("one without meaning speaks", speaks, n),
        ]
    return Row(
        "the interval of a metric's tau-b covers, and a metric without meaning does not speak",
        f"20 / 50 / 150 pairs with ties, true tau-b {truth:.2f}, {n} studies each",
        tuple(cells),
        (Bound(low=93), RARELY) * 3,
    )


def _scored(rng: np.random.Generator, pairs: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Differences of a score, and what raters prefer: its sign after noise, near 0 a tie."""
    score = rng.normal(size=pairs)
    return score, np.sign(np.round(score + noise * rng.normal(size=pairs)))


def ranking_of_three(size: Size) -> Row:
    """A baseline and two candidates, both pairs of an example judged by one rater: half of what
    they say is about the example."""
    n, cells = size.studies(300), []
    for examples in (20, 100):
        rng, covered, first = chance("ranking", examples), 0, 0
        for _ in range(n):
            shares = ranking(_three(rng, examples), BASE, (BASE, *STRONG), rng)
            by_name = {one.system_id: one for one in shares}
            covered += sum(covers(by_name[name].beats, true) for name, true in STRONG.items())
            first += by_name["strong"].first == by_name["strong"].last == 1
        cells += [share("covered", covered, 2 * n), share("rank 1 alone", first, n)]
    return Row(
        "Bradley-Terry shares of three systems are covered, examples resampled",
        f"true shares .7 and .5, 25 % ties, 20 / 100 examples of two pairs, {n} studies each",
        tuple(cells),
        (Bound(low=93), REPORTED) * 2,
    )


STRONG = {"strong": 0.7, "alike": 0.5}


def _three(rng: np.random.Generator, examples: int) -> list[Judgement]:
    found = []
    for k in range(examples):
        leaning = rng.random()
        for name, true in STRONG.items():
            own = leaning if rng.random() < 0.5 else rng.random()
            worth = 0 if rng.random() < 0.25 else 1 if own < true else -1
            one = judgement(k, worth, 2 * k + (name == "alike"), "ada")
            preferred = {1: name, -1: BASE}.get(worth)
            found.append(
                replace(
                    one, pair_id=f"{one.pair_id} {name}", system_ids=(BASE, name),
                    preferred_system_id=preferred,
                )
            )  # fmt: skip
    return found
