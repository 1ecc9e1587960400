"""The weighted (inverse-probability) estimate of a sample and a risk stratum: what it covers."""

from __future__ import annotations

import numpy as np

from core.study.risk import weighted_net
from core.study.verdicts import Verdict
from tests.benchmarks.validation.table import ABOUT, Cell, Row, Size, chance, share

SHARES = (0.5, 0.7, 0.9, 0.97)
RISKY_SHARES = (0.2, 0.95)
"""Of the risky outputs the candidate wins few, or nearly all."""
PAIRS = (30, 100, 300)
OUTPUTS_PER_PAIR = 10


def coverage(size: Size) -> Row:
    """The interval of the net preference over all outputs, at the end of a study with a risk
    stratum in which the candidate wins another share than elsewhere."""
    n, cells = size.studies(1000), []
    for risky_share in RISKY_SHARES:
        for pairs in PAIRS:
            cells += [_cell(n, pairs, p, risky_share) for p in SHARES]
    return Row(
        "the weighted net preference of sample and skewed risk stratum covers that of all outputs",
        "n pairs drawn alike of 10 n outputs, the n / 2 riskiest of these reviewed with certainty, "
        "of which the candidate wins 20 or 95 %; of all others .5 / .7 / .9 / .97; "
        f"{n} studies each",
        tuple(cells),
        (ABOUT,),
    )


def _cell(n: int, pairs: int, p: float, risky_share: float) -> Cell:
    rng = chance("weighted coverage", pairs, p, risky_share)
    covered = sum(_covers(rng, pairs, p, risky_share) for _ in range(n))
    return share(f"n {pairs}, risky {100 * risky_share:g} %", covered, n)


def _covers(rng: np.random.Generator, pairs: int, p: float, risky_share: float) -> bool:
    outputs, risky = OUTPUTS_PER_PAIR * pairs, pairs // 2
    won = rng.random(outputs) < np.where(np.arange(outputs) < risky, risky_share, p)
    sampled = rng.choice(outputs, pairs, replace=False)
    reviewed = np.union1d(np.arange(risky), sampled)
    verdicts: list[Verdict] = ["candidate" if won[k] else "baseline" for k in reviewed]
    chances = [1.0 if k < risky else pairs / outputs for k in reviewed]
    found = weighted_net(verdicts, chances)
    truth = 2 * float(won.mean()) - 1
    return found.low is not None and found.high is not None and found.low <= truth <= found.high
