"""Forecasts against what comes of the studies: power, the promised interval, the outlook."""

from __future__ import annotations

import math

from core.statistics.anytime import always_valid_mean, highest_e_value
from core.study.forecast import Assumptions, forecast, size_for_margin
from core.study.outlook import outlook
from core.study.sampling import sample_size
from tests.benchmarks.validation.studies import CLAIM, Numbers, draw_worth
from tests.benchmarks.validation.table import (
    REPORTED,
    Bound,
    Cell,
    Row,
    Size,
    chance,
    mean,
    share,
)


def smallest_share(size: Size) -> Row:
    """Studies whose true share is the smallest that the forecast says is shown."""
    n, cells = size.studies(1600), []
    for pairs, ties, studies in ((26, 0.0, 1), (140, 0.0, 1), (200, 0.3, 1), (126, 0.2, 3)):
        assumed = Assumptions(ties=ties, claims=studies)
        smallest = forecast(pairs, assumed).smallest_share
        assert smallest is not None
        rng = chance("smallest share", pairs, ties, studies)
        net, claim = (1 - ties) * (2 * smallest - 1), CLAIM * studies
        said = sum(highest_e_value(draw_worth(rng, pairs, net, ties)) >= claim for _ in range(n))
        cells.append(share(f"{pairs} pairs, {smallest:.2f}", said, n))
    return Row(
        "a true share that the forecast calls shown is shown in four of five studies",
        "the smallest such share, in hundredths, without ties / without / 30 % ties / 20 % ties "
        f"and the third study of two systems, {n} studies each",
        tuple(cells),
        (Bound(80, 86),),
    )


def promised_interval(size: Size) -> Row:
    """Sizes for a margin of the net preference, and what a fixed sample's size would deliver."""
    n, cells = size.studies(120), []
    for margin, ties, net in ((0.3, 0.0, 0.0), (0.3, 0.3, 0.2), (0.2, 0.3, 0.3)):
        pairs = size_for_margin(margin, 1000, Assumptions(ties=ties))
        assert pairs is not None
        rng = chance("promised interval", margin, ties, net)
        kept = sum(_half(draw_worth(rng, pairs, net, ties)) <= margin for _ in range(n))
        cells.append(share(f"±{100 * margin:.0f}, {pairs} pairs", kept, n))
    rng, fixed = chance("fixed sample"), sample_size(10**9, 0, 0.1)
    halves = [100 * _half(draw_worth(rng, fixed, 0.0, 0.0)) for _ in range(n)]
    return Row(
        "the interval at the end is as narrow as the planner promises",
        "net preference 0 without ties / .2 / .3, both with 30 % ties, "
        f"{n} studies each; the last number: {fixed} pairs, a fixed sample's size for ±20",
        (*cells, mean("half width", halves, " points")),
        (*[Bound(low=90)] * len(cells), REPORTED),
    )


def told_while_it_runs(size: Size) -> Row:
    """Undecided studies after 40 of 120 pairs, of any share and any rate of ties."""
    n, rng = size.studies(400), chance("outlook")
    told: list[float] = []
    came: list[bool] = []
    while len(told) < n:
        ties, won = rng.random(2)
        worth = draw_worth(rng, 120, (1 - ties) * (2 * won - 1), ties)
        if _decided(worth[:40]):
            continue
        counts = [int((worth[:40] == one).sum()) for one in (1, -1, 0)]
        told.append(outlook(*counts, left=80, claim=CLAIM, rng=rng).chance)
        came.append(_decided(worth))
    cells = [
        _surprise(name, [(c, t) for c, t in zip(came, told, strict=True) if (t < 0.5) == below])
        for name, below in (("told below 50 %", True), ("above", False))
    ]
    return Row(
        "the outlook of a study that runs is what comes of it",
        "shares of wins and ties drawn evenly, undecided after 40 of 120 pairs, "
        f"{n} studies: how many more were decided in the end than was told",
        tuple(cells),
        (Bound(-5, 5),),
    )


def _surprise(name: str, studies: list[tuple[bool, float]]) -> Cell:
    """Decided less told, in points, with the error that it has if what was told is right."""
    n, spread = len(studies), math.sqrt(sum(told * (1 - told) for _, told in studies))
    return Cell(name, 100 * sum(c - t for c, t in studies) / n, 100 * spread / n, " points")


def _decided(worth: Numbers) -> bool:
    return max(highest_e_value(worth), highest_e_value(-worth)) >= CLAIM


def _half(worth: Numbers) -> float:
    found = always_valid_mean(worth.tolist())
    return 1.0 if found.low is None or found.high is None else (found.high - found.low) / 2
