"""Agreement of raters: how often the bootstrap intervals of alpha and AC1 cover."""

from __future__ import annotations

import numpy as np

from core.statistics.agreement import FEWEST_UNITS, gwet_ac, krippendorff_alpha
from core.statistics.estimates import Estimate
from tests.benchmarks.validation.studies import covers
from tests.benchmarks.validation.table import REPORTED, Bound, Cell, Row, Size, chance, share

COMMON = (0.45, 0.40, 0.15)
RARE = (0.94, 0.06)
KNOWS = 0.5
"""The share of units on which both raters know the answer; on others each guesses by the shares."""


def coverage(size: Size) -> Row:
    """Two raters, three choices."""
    n, cells = size.studies(800), []
    for units in (FEWEST_UNITS, 50):
        cells += _covered(COMMON, units, n)
    few = sum(one.low is not None for one in _intervals(COMMON, FEWEST_UNITS - 1, 1)[0])
    cells.append(Cell(f"intervals from {FEWEST_UNITS - 1} units", few, 0.0, ""))
    return Row(
        "the intervals of alpha and AC1 cover about as often as they say, and there is none below "
        f"{FEWEST_UNITS} units",
        f"two raters, choices 45/40/15 %, true alpha .5, {n} studies each",
        tuple(cells),
        (Bound(low=93),) * 4 + (Bound(0, 0),),
    )


def rare_class(size: Size) -> Row:
    """Two raters, a flag that is raised in 6 %: alpha's interval would cover 75 %."""
    n = size.studies(500)
    alphas, acs = _intervals(RARE, 50, n)
    given = share("alpha gives an interval", sum(one.low is not None for one in alphas), n)
    return Row(
        "… where one class is rare alpha hardly ever gives one",
        f"two raters, classes 94/6 %, true alpha .5, 50 units, {n} studies",
        (given, _cell("AC1 covers", acs, _true_ac(RARE))),
        (Bound(high=10), REPORTED),
    )


def _covered(shares: tuple[float, ...], units: int, n: int) -> list[Cell]:
    alphas, acs = _intervals(shares, units, n)
    return [
        _cell(f"{units} units: alpha", alphas, KNOWS),
        _cell(f"{units} units: AC1", acs, _true_ac(shares)),
    ]


def _cell(name: str, found: list[Estimate], truth: float) -> Cell:
    given = [one for one in found if one.low is not None]
    return share(name, sum(covers(one, truth) for one in given), len(given))


def _intervals(
    shares: tuple[float, ...], units: int, n: int
) -> tuple[list[Estimate], list[Estimate]]:
    rng, alphas, acs = chance("agreement", shares, units), [], []
    for _ in range(n):
        both = rng.choice(len(shares), size=(2, units), p=shares)
        table = np.where(rng.random(units) < KNOWS, both[0], both).tolist()
        alphas.append(krippendorff_alpha(table, "nominal", rng))
        acs.append(gwet_ac(table, "nominal", rng, categories=range(len(shares))))
    return alphas, acs


def _true_ac(shares: tuple[float, ...]) -> float:
    """Gwet's AC1 in the population (Gwet 2014, chapter 5)."""
    alike = sum(p * p for p in shares)
    seen = KNOWS + (1 - KNOWS) * alike
    chance_agreement = (1 - alike) / (len(shares) - 1)
    return (seen - chance_agreement) / (1 - chance_agreement)
