"""The risk stratum: the outputs that are most likely to go wrong, reviewed beside the sample.

    risk = output_risk(references, texts, confidences, high_findings)
    risk.scores                                      # in 0..1, of each output
    riskiest(risk.scores, 30)                        # the places of the 30 highest
    risk.reasons(place)                              # names of SIGNALS

The score is the mean of the ranks of SIGNALS, each as heavy as the others:

- metrics: how far the systems' token F1 against the reference differ;
- length: how far the logarithms of their lengths do;
- confidence: how low a system's confidence in its answer is among its own answers, as systems are
  not equally sure in general; of the systems the one with the lowest place counts;
- findings: how many findings of high severity the newest check has on the example.

A rank is the share of outputs whose signal is lower, and half of those where it is equal. Where a
signal is not known of an output its rank is one half; where it is known of none, it has no part in
the score. So the order is that of the first two signals where nothing else is known.

It follows from what is known before anybody rates, so each of the riskiest is reviewed with
certainty (probability 1, a certainty stratum: Cochran 1977, "Sampling Techniques", 5A), drawn
into the sample or not; all others have the sample's probability. The verdict rests on the sample
alone, as one of the riskiest is in it no oftener than any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.scoring.overlap import token_f1
from core.statistics.estimates import Estimate, weighted_mean
from core.study.verdicts import WORTH, Verdict, points

RISK = "risk-first"
"""The stratum of a pair that is reviewed only for its risk."""
SIGNALS = {
    "metrics": "token F1 differs",
    "length": "lengths differ",
    "confidence": "low confidence",
    "findings": "findings of high severity",
}
"""What makes an output risky: name → in words."""
STRIKING = 0.8
"""From this rank on a signal is why an output is risky: it is in the highest fifth."""
MIDDLE = 0.5
"""The mean of all ranks, and the rank of what is not known."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OutputRisk:
    """The rank of each output on each signal that is known, shape (outputs,), in 0..1."""

    ranks: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def scores(self) -> Floats:
        """The mean of the ranks of each output, in 0..1."""
        # Rounded, so that equal sums of ranks are equal whatever they are sums of.
        found: Floats = np.stack(list(self.ranks.values())).mean(axis=0)
        return np.round(found, 9)

    def reasons(self, place: int) -> tuple[str, ...]:
        """Why the output at a place is risky: its signals from STRIKING on, the highest first, or
        the highest above the middle. What is not known, or the same of all, is in the middle and
        no reason."""
        own = {name: float(ranks[place]) for name, ranks in self.ranks.items()}
        above = [name for name in own if own[name] > MIDDLE]
        order = sorted(above, key=lambda name: -own[name])
        return tuple(name for name in order if own[name] >= STRIKING) or tuple(order[:1])


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

    def seen(self, candidate: str) -> str:
        """What was said of them: “X: 3 won, 2 lost, 1 tied of 6 judged pairs”."""
        won, lost = (self.verdicts.get(one, 0) for one in ("candidate", "baseline"))
        tied = self.reviewed - won - lost
        return f"{candidate}: {won} won, {lost} lost, {tied} tied of {self.reviewed} judged pairs"

    @property
    def over_all(self) -> str:
        """The weighted net preference in a sentence, or why there is none."""
        found = self.weighted
        if found is None:
            return "A weighted estimate of all outputs follows once every pair is judged."
        if found.value is None or found.low is None or found.high is None:
            return found.reason
        return (
            "Over all outputs, sample and riskiest together, each weighed by the inverse of its "
            f"probability: net {points(found.value)} points (approximate 95 % interval, for one "
            f"look: {points(found.low)} to {points(found.high)}; n = {found.n})."
        )


def output_risk(
    references: Sequence[str],
    texts: Sequence[Sequence[str]],
    confidences: Sequence[Sequence[float | None]] = (),
    high_findings: Sequence[int | None] = (),
) -> OutputRisk:
    """The risk of each output; `texts`: the answers of all systems, the baseline's first, and
    `confidences` theirs; `high_findings` those of the example, None where no check looked.

    Of several candidates the one that differs most counts.
    """
    apart, lengths = [], []
    for reference, (baseline, *candidates) in zip(references, texts, strict=True):
        f1 = token_f1(reference, baseline)
        apart.append(max(abs(token_f1(reference, text) - f1) for text in candidates))
        size = 1 + len(baseline)
        lengths.append(max(abs(math.log((1 + len(text)) / size)) for text in candidates))
    ranks = {"metrics": _ranks(apart), "length": _ranks(lengths)}
    unsure = _known_ranks(_least_sure(confidences))
    if unsure is not None:
        ranks["confidence"] = unsure
    findings = _known_ranks(high_findings)
    if findings is not None:
        ranks["findings"] = findings
    return OutputRisk(ranks)


def known_signals(
    confidences: Sequence[Sequence[float | None]], high_findings: Sequence[int | None]
) -> tuple[str, ...]:
    """The names of the signals that have a part in the score where these are known."""
    sure = any(one is not None for own in confidences for one in own)
    checked = any(one is not None for one in high_findings)
    known = {"confidence": sure, "findings": checked}
    return tuple(name for name in SIGNALS if known.get(name, True))


def signals_words(signals: Sequence[str]) -> str:
    """Signals in words; () for those of a study from before they were kept."""
    return ", ".join(SIGNALS[name] for name in signals or ("metrics", "length"))


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


def _least_sure(confidences: Sequence[Sequence[float | None]]) -> list[float | None]:
    """Of each output the highest rank of a system's low confidence among its own answers; None
    where no system's is known. It is ranked once more, as the highest of several ranks would weigh
    more than one of a signal."""
    systems = [
        _known_ranks([None if one is None else -one for one in own])
        for own in zip(*confidences, strict=True)
    ]
    known = [own for own in systems if own is not None]
    if not known:
        return []
    highest = np.max(known, axis=0).tolist()
    return [
        None if all(one is None for one in own) else float(rank)
        for own, rank in zip(confidences, highest, strict=True)
    ]


def _known_ranks(values: Sequence[float | None]) -> Floats | None:
    """The ranks of what is known among what is known, one half for the rest; None for nothing."""
    known = [k for k, value in enumerate(values) if value is not None]
    if not known:
        return None
    found = np.full(len(values), MIDDLE)
    found[known] = _ranks([value for value in values if value is not None])
    return found


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """The share of values below each, and half of those equal to it: in 0..1."""
    _, which, counts = np.unique(np.round(values, 9), return_inverse=True, return_counts=True)
    below = counts.cumsum() - counts
    ranks: NDArray[np.float64] = (below + counts / 2)[which] / max(1, len(values))
    return ranks
