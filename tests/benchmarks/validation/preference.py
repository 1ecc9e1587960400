"""Who is preferred: false claims, coverage, power, second raters, risk strata, raters who lean."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator

import numpy as np

from core.statistics.anytime import highest_e_value
from core.study.analysis import analyse
from core.study.findings import findings
from core.study.judgement_file import UNIFORM, JudgementFile
from core.study.order import first_is_left
from core.study.register import level_of
from tests.benchmarks.validation.studies import (
    BASE,
    CLAIM,
    TUNED,
    Numbers,
    claimed,
    covers,
    draw_worth,
    judgement,
    missed,
)
from tests.benchmarks.validation.table import (
    ABOUT,
    COVERS,
    RARELY,
    REPORTED,
    Bound,
    Cell,
    Row,
    Size,
    chance,
    mean,
    share,
)

LOOKS = 200


def like_systems(size: Size) -> Row:
    """Two systems of which neither is better, without and with ties."""
    n, cells = size.studies(4000), []
    for ties in (0.0, 0.15):
        rng = chance("like systems", ties)
        claims = claimed(draw_worth(rng, LOOKS, 0.0, ties) for _ in range(n))
        cells.append(share(f"{100 * ties:g} % ties", claims, n))
    return Row(
        "like systems are seldom called better or worse",
        f"looked at after each of {LOOKS} judgements, both sides together, {n} studies",
        tuple(cells),
        (RARELY,),
    )


def several_candidates(size: Size) -> Row:
    """Candidates that are like the baseline: whether any of them is called better or worse, each at
    its share of the chance, and if each claimed as one that is alone."""
    n, cells = size.studies(400), []
    for candidates in (2, 10):
        rng, claims, alone = chance("several candidates", candidates), 0, 0
        for _ in range(n):
            drawn = [draw_worth(rng, LOOKS, 0.0, 0.15) for _ in range(candidates)]
            claims += any(_claims(one, candidates) for one in drawn)
            alone += any(_claims(one, 1) for one in drawn)
        cells += [share(f"{candidates} candidates", one, n) for one in (claims, alone)]
    return Row(
        "of several like candidates hardly one is called better or worse",
        f"looked at after each of {LOOKS} judgements of each, {n} studies; the second number if "
        "each claimed as if it were alone",
        tuple(cells),
        (RARELY, REPORTED) * 2,
    )


def one_study_after_another(size: Size) -> Row:
    """Studies of systems that are alike, opened until one claims at the share that it then has."""
    n, cells = size.studies(2000), []
    for studies in (2, 10):
        rng, claims = chance("one study after another", studies), 0
        for _ in range(n):
            claims += any(_claims(draw_worth(rng, LOOKS, 0.0, 0.15), k + 1) for k in range(studies))
        cells.append(share(f"up to {studies} studies", claims, n))
    return Row(
        "studies of like systems, opened one after another until one says better or worse: the "
        "first alone may use the 5 %",
        f"looked at after each of {LOOKS} judgements, study k at 5 % / k, {n} times",
        tuple(cells),
        (REPORTED,),
    )


def _claims(worth: Numbers, studies: int) -> bool:
    """Whether a study of so many says better or worse at one look at least."""
    capital = 2 / (1 - level_of(studies))
    return max(highest_e_value(worth), highest_e_value(-worth)) >= capital


def all_looks(size: Size) -> Row:
    """The interval of the net preference at every look together."""
    n, cells = size.studies(1500), []
    for net in (-0.6, -0.3, 0.0, 0.3, 0.6):
        rng = chance("all looks", net)
        out = missed((draw_worth(rng, 300, net, 0.15) for _ in range(n)), net)
        cells.append(share("", n - out, n))
    return Row(
        "the net preference's interval covers at all looks together",
        f"true net −.6 / −.3 / 0 / .3 / .6, 300 looks, 15 % ties, {n} studies each",
        tuple(cells),
        (COVERS,),
    )


def single_looks(size: Size) -> Row:
    """The same at one n, without ties."""
    n, cells = size.studies(1000), []
    for pairs in (10, 30, 100, 300):
        for p in (0.5, 0.7, 0.9, 0.97):
            rng, net = chance("single looks", pairs, p), 2 * p - 1
            out = missed((draw_worth(rng, pairs, net, 0.0) for _ in range(n)), net)
            cells.append(share(f"n {pairs}", n - out, n))
    return Row(
        "… and at a single n",
        f"true shares .5 / .7 / .9 / .97, no ties, {n} studies each",
        tuple(cells),
        (COVERS,),
    )


def second_rater(size: Size) -> Row:
    """Every pair rated twice, true share .70, ICC .3 between the two."""
    n, pairs, rng = size.studies(800), 100, chance("second rater")
    shares, covered = [], 0
    for _ in range(n):
        wins = rng.random((2, pairs)) < rng.beta(0.7 * 7 / 3, 0.3 * 7 / 3, pairs)
        order = rng.permutation(2 * pairs)
        said = [
            judgement(
                int(k % pairs),
                1 if wins[k // pairs, k % pairs] else -1,
                place,
                "ab"[int(k // pairs)],
            )
            for place, k in enumerate(order)
        ]
        net = findings(BASE, [TUNED], [], said, [], planned=pairs).comparisons[0].net
        shares.append(50 * (1 + (net.value or 0.0)))
        covered += covers(net, 0.4)
    return Row(
        "a second rater who disagrees does not move the share",
        f"true share 70 %, ICC .3, {pairs} pairs all rated twice in mixed order, {n} studies",
        (mean("mean share", shares), share("covered", covered, n)),
        (Bound(69, 71), ABOUT),
    )


def power(size: Size) -> Row:
    """Decisive pairs until four of five studies say better."""
    n, cells = size.studies(1200), []
    for p, most in ((0.60, 700), (0.65, 350), (0.70, 220)):
        rng = chance("power", p)
        stops = sorted(_stop(draw_worth(rng, most, 2 * p - 1, 0.0)) for _ in range(n))
        step = math.sqrt(0.16 / n)
        low, middle, high = (stops[int((0.8 + k * step) * n)] for k in (-1, 0, 1))
        cells.append(Cell(f"share {p:.2f}", middle, (high - low) / 2, " pairs"))
    return Row(
        "four of five studies are decided by the design's number of decisive pairs",
        f"looked at after every judgement, {n} studies each",
        tuple(cells),
        (Bound(high=321), Bound(high=138), Bound(high=82)),
    )


def _stop(worth: Numbers) -> int:
    """After how many pairs it says better; one more than there are when never."""
    looks = range(1, len(worth) + 1)
    return 1 + bisect_left(looks, True, key=lambda k: highest_e_value(worth[:k]) >= CLAIM)


def risk_stratum(size: Size) -> Row:
    """A tenth drawn alike, half of the risky ones on top, where the whole population is even."""
    n, rng = size.studies(1000), chance("risk stratum")
    weighted, covered, claims, pooled = [], 0, 0, []
    for _ in range(n):
        file, worth = _drawn_unequally(rng)
        found = analyse(file, BASE, TUNED, complete=True)
        assert found.weighted is not None
        weighted.append(100 * (found.weighted.value or 0.0))
        covered += covers(found.weighted, 0.0)
        claims += not covers(found.comparison.net, 0.0)
        pooled.append(worth)
    return Row(
        "a risk stratum drawn more heavily moves neither the weighted estimate nor the verdict",
        "1,000 examples of which 200 risky ones are lost in 70 %, truth 0; drawn 10 % of all and "
        f"then half of the risky, {n} studies; the last number puts all in one pot unweighted",
        (
            mean("weighted net", weighted, " points"),
            share("its interval covers", covered, n),
            share("false claims of the verdict", claims, n),
            share("unweighted", claimed(pooled), n),
        ),
        (Bound(-1, 1), ABOUT, RARELY, REPORTED),
    )


def _drawn_unequally(rng: np.random.Generator) -> tuple[JudgementFile, Numbers]:
    risky = np.arange(1000) < 200
    worth = np.where(rng.random(1000) < np.where(risky, 0.3, 0.55), 1.0, -1.0)
    alike = rng.random(1000) < 0.1
    drawn = alike | (risky & (rng.random(1000) < 0.5))
    order = rng.permutation(np.flatnonzero(drawn)).tolist()
    said = tuple(
        judgement(k, int(worth[k]), place, "ada", UNIFORM if alike[k] else "risk")
        for place, k in enumerate(order)
    )
    chances = {f"pair_{k}": 0.1 + 0.9 * 0.5 if risky[k] else 0.1 for k in order}
    return JudgementFile(said, (), (), chances, True), worth[order]


def drift_and_side(size: Size) -> Row:
    """Preferences that turn over, and raters who prefer the left side."""
    n = size.studies(2000)
    rng, falling = chance("drift"), np.linspace(0.6, 0.4, LOOKS)
    drift = claimed(np.where(rng.random(LOOKS) < falling, 1.0, -1.0) for _ in range(n))
    side = claimed(_preferring_left(seed) for seed in range(n))
    return Row(
        "drift and side bias",
        f"{LOOKS} pairs, {n} studies: the share falls from 60 to 40 %; the left answer wins 55 %, "
        "sides by the study's own blocks",
        (share("drift", drift, n), share("side bias", side, n)),
        (REPORTED, RARELY),
    )


def _preferring_left(seed: int) -> Numbers:
    rng = chance("side", seed)
    left = np.array([first_is_left(seed, "ada", "one", shown) for shown in range(LOOKS)])
    return np.where(rng.random(LOOKS) < np.where(left, 0.55, 0.45), 1.0, -1.0)


def leaning_raters(size: Size) -> Row:
    """Raters of whom each prefers one system a little, evenly in the population of raters."""
    n, cells = size.studies(2000), []
    for raters in (3, 8):
        claims = claimed(_leaning(chance("lean", raters), raters, n))
        cells.append(share(f"{raters} raters", claims, n))
    return Row(
        "raters who each lean: the verdict speaks of these raters",
        f"logit of each rater's share has sd .5, {LOOKS} pairs judged once each, {n} studies",
        tuple(cells),
        (REPORTED,),
    )


def _leaning(rng: np.random.Generator, raters: int, studies: int) -> Iterator[Numbers]:
    for _ in range(studies):
        shares = 1 / (1 + np.exp(-rng.normal(0, 0.5, raters)))
        yield np.where(rng.random(LOOKS) < shares[rng.integers(raters, size=LOOKS)], 1.0, -1.0)
