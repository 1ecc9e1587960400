"""The risk stratum: the outputs on which two systems differ most, reviewed beside the sample.

    scores = risk_scores(references, texts)          # in 0..1, of each output
    riskiest(scores, 30)                             # the places of the 30 highest

The score is the mean of two ranks: how far the systems' token F1 against the reference differ, and
how far their lengths do. It follows from the answers alone, so each of the riskiest is reviewed
with certainty (probability 1, a certainty stratum: Cochran 1977, "Sampling Techniques", 5A), drawn
into the sample or not; all others have the sample's probability. The verdict rests on the sample
alone, as one of the riskiest is in it no oftener than any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.scoring.overlap import token_f1
from core.statistics.estimates import Estimate, weighted_mean
from core.study.verdicts import WORTH, Verdict

RISK = "risk-first"
"""The stratum of a pair that is reviewed only for its risk."""


@dataclass(frozen=True)
class RiskReview:
    """What was said of the pairs beside the sample. `weighted`: the net preference over all
    outputs, from sample and riskiest together; None until each pair of both is judged."""

    verdicts: Mapping[Verdict, int]
    weighted: Estimate | None

    @property
    def reviewed(self) -> int:
        """How many of them could be judged."""
        return sum(n for verdict, n in self.verdicts.items() if verdict != "cannot_judge")


def risk_scores(references: Sequence[str], texts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """The risk of each output in 0..1; `texts`: the answers of all systems, the baseline's first.

    Of several candidates the one that differs most counts. Shape (outputs,).
    """
    apart, lengths = [], []
    for reference, (baseline, *candidates) in zip(references, texts, strict=True):
        f1 = token_f1(reference, baseline)
        apart.append(max(abs(token_f1(reference, text) - f1) for text in candidates))
        size = 1 + len(baseline)
        lengths.append(max(abs(math.log((1 + len(text)) / size)) for text in candidates))
    scores: NDArray[np.float64] = (_ranks(apart) + _ranks(lengths)) / 2
    return scores


def riskiest(scores: NDArray[np.float64], count: int) -> list[int]:
    """The places of the highest scores, the first of equal ones; all where there are fewer."""
    return [int(place) for place in np.argsort(-scores, kind="stable")[:count]]


def weighted_net(verdicts: Sequence[Verdict], probabilities: Sequence[float]) -> Estimate:
    """The net preference of all examples, each as heavy as the inverse of the probability that it
    was drawn with (Hájek 1971), in -1..1; those that could not be judged aside.

    For the interval one example won and one lost are added, each of the mean weight, so that it is
    wide where nearly all are equal.
    """
    judged = [
        (WORTH[verdict], 1 / p)
        for verdict, p in zip(verdicts, probabilities, strict=True)
        if verdict != "cannot_judge"
    ]
    values, weights = [worth for worth, _ in judged], [weight for _, weight in judged]
    mean = weighted_mean(values, weights)
    if mean.value is None or mean.low is None:
        return mean
    usual = sum(weights) / len(weights)
    padded = weighted_mean([*values, 1, -1], [*weights, usual, usual])
    assert padded.low is not None
    assert padded.high is not None
    return replace(
        mean,
        low=max(min(padded.low, mean.value), -1.0),
        high=min(max(padded.high, mean.value), 1.0),
    )


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """The share of values below each, and half of those equal to it: in 0..1."""
    _, which, counts = np.unique(np.round(values, 9), return_inverse=True, return_counts=True)
    below = counts.cumsum() - counts
    ranks: NDArray[np.float64] = (below + counts / 2)[which] / max(1, len(values))
    return ranks
