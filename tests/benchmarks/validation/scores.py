"""Scores by machine and shares: near-duplicate groups, and exact intervals by summation."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from core.statistics.estimates import (
    clustered_mean,
    clustered_proportion,
    paired_difference,
    proportion,
    says_better,
)
from tests.benchmarks.validation.studies import covers
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
    share,
)

GROUP = 5


def near_duplicates(size: Size) -> Row:
    """Scores in groups of five whose values correlate by one half."""
    n, cells = size.studies(2500), []
    for groups in (20, 60, 200):
        rng = chance("near-duplicates", groups)
        names = np.repeat(np.arange(groups), GROUP).tolist()
        means = differences = claims = 0
        for _ in range(n):
            low, high = _grouped(rng, groups), _grouped(rng, groups)
            means += covers(clustered_mean(low, names, rng), 0.5)
            difference = paired_difference(low, high, names, rng)
            differences += covers(difference, 0.0)
            claims += says_better(difference) != "not shown"
        cells += [
            share(f"{groups} groups", means, n),
            share(f"{groups} groups", differences, n),
            share(f"{groups} groups", claims, n),
        ]
    return Row(
        "scores of near-duplicates: means and differences are covered by groups",
        f"groups of {GROUP}, ICC .5, like systems, {n} studies each: mean / difference / false "
        "claims",
        tuple(cells),
        (ABOUT, ABOUT, RARELY) * 3,
    )


def _grouped(rng: np.random.Generator, groups: int) -> list[float]:
    """Values about .5 of which half of the variance is their group's."""
    own = rng.normal(0, 0.1, (groups, GROUP)) + rng.normal(0, 0.1, (groups, 1))
    return (0.5 + own).ravel().tolist()


def skewed_scores(size: Size) -> Row:
    """Right or wrong, nine of ten right, groups that share most of it."""
    n, cells = size.studies(1500), []
    for groups in (10, 20, 60, 200):
        rng, shares, means = chance("skewed", groups), 0, 0
        names = np.repeat(np.arange(groups), GROUP).tolist()
        for _ in range(n):
            right = (rng.random((groups, GROUP)) < rng.beta(0.9, 0.1, (groups, 1))).ravel()
            shares += covers(clustered_proportion(right.tolist(), names), 0.9)
            mean = clustered_mean(right.astype(float).tolist(), names, rng, bounds=(0, 1))
            means += covers(mean, 0.9)
        cells += [share(f"{groups} groups", one, n) for one in (shares, means)]
    return Row(
        "… of 0/1 scores near their ceiling",
        f"90 % right, groups of {GROUP}, ICC .5, {n} studies each: as a share / as a mean in 0..1",
        tuple(cells),
        (Bound(low=94),),
    )


def at_the_ceiling(size: Size) -> Row:
    """Scores of which most are 1, the others below; and differences of which most are 0."""
    n, cells = size.studies(600), []
    for equal in (0.9, 0.97):
        for examples in (5, 10, 20, 50):
            rng, means, differences = chance("ceiling of scores", equal, examples), 0, 0
            for _ in range(n):
                below = rng.random(examples) * (rng.random(examples) > equal)
                best, scores = [1.0] * examples, (1 - below).tolist()
                mean = clustered_mean(scores, range(examples), rng, bounds=(0, 1))
                means += covers(mean, (1 + equal) / 2)
                difference = paired_difference(scores, best, None, rng, bounds=(0, 1))
                differences += covers(difference, (1 - equal) / 2)
            cells += [share(f"n {examples}, {equal:.0%}", one, n) for one in (means, differences)]
    return Row(
        "scores of which nearly all are equal: means and differences are covered",
        f"90 or 97 % of them 1, the others spread below; differences to 1, {n} studies each",
        tuple(cells),
        (Bound(low=94),),
    )


def without_groups(size: Size) -> Row:
    """The contrast: the same scores, every one taken as independent."""
    n, cells = size.studies(600), []
    for groups in (20, 60):
        rng, covered = chance("without groups", groups), 0
        for _ in range(n):
            covered += covers(
                clustered_mean(_grouped(rng, groups), range(GROUP * groups), rng), 0.5
            )
        cells.append(share(f"{groups} groups", covered, n))
    return Row(
        "… and what leaving the groups out would do",
        f"the same scores, each taken as independent, {n} studies each",
        tuple(cells),
        (REPORTED,),
    )


def exact_shares(_size: Size) -> Row:
    """Clopper and Pearson's interval, over every possible count."""
    cells = []
    for n in (10, 30, 100, 300):
        for p in (0.5, 0.7, 0.9, 0.97):
            held = [k for k in range(n + 1) if covers(proportion(k, n), p)]
            cells.append(Cell(f"n {n}", 100 * float(binom.pmf(held, n, p).sum()), 0.0))
    return Row(
        "the interval of a share covers",
        "true shares .5 / .7 / .9 / .97, summed over all counts, exact",
        tuple(cells),
        (COVERS,),
    )
