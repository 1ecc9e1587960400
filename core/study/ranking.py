"""Ranking of three or more systems: Bradley-Terry strengths with ties, from all pairs together.

The model of Davidson (1970, "On extending the Bradley-Terry model to accommodate ties in paired
comparison experiments"): of systems with strengths a and b, the first is preferred with a
probability of a / s, neither with t sqrt(ab) / s, where s = a + b + t sqrt(ab). Fitted by Hunter's
MM algorithm (2004, "MM algorithms for generalized Bradley-Terry models").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.statistics.estimates import Estimate, percentile_interval, undefined
from core.study.pairs import Judgement
from core.study.verdicts import first_of_each_pair

Floats = NDArray[np.float64]
RESAMPLES = 1000
PRIOR = 0.5
"""Wins that each of two systems that met is given beside its own, so that one that won every pair
has a finite strength."""
STEPS = 500
NEARLY = 1e-7
METHOD = "Bradley-Terry"


@dataclass(frozen=True)
class Ranked:
    """One system. `beats`: the chance that it is preferred to the baseline where one of them is,
    0.5 for the baseline itself; `first` to `last`: the ranks that 95 % of the resamples give it."""

    system_id: str
    beats: Estimate
    first: int
    last: int


def ranking(
    judgements: Sequence[Judgement],
    baseline_id: str,
    system_ids: Sequence[str],
    rng: np.random.Generator,
    groups: Mapping[str, str] | None = None,
) -> tuple[Ranked, ...]:
    """The systems, strongest first, by the first judgement of each pair.

    Examples are resampled whole (those of one near-duplicate group together: `groups`, example id →
    group), so that pairs of one example count as one. Systems that nobody judged are left out; ()
    where fewer than three are left.
    """
    first = [j for j in first_of_each_pair(judgements) if j.outcome != "cannot_judge"]
    judged = {system_id for j in first for system_id in j.system_ids}
    system_ids = [system_id for system_id in system_ids if system_id in judged]
    if len(system_ids) < 3:
        return ()
    wins, ties = _tables(first, system_ids, groups or {})
    baseline, n = system_ids.index(baseline_id), len(wins)
    whole = _beats(_strengths(wins.sum(0)[None], ties.sum(0)[None]), baseline)[0]
    if n < 2:
        bounds = [undefined(n, METHOD, "One independent unit has no interval.")] * len(system_ids)
        return _ranked(system_ids, whole, bounds, np.argsort(-whole)[None], baseline_id)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float64)
    resampled = _strengths(np.tensordot(counts, wins, 1), np.tensordot(counts, ties, 1))
    shares = _beats(resampled, baseline)
    found = [
        _estimate(float(whole[k]), shares[:, k], n, is_baseline=system_id == baseline_id)
        for k, system_id in enumerate(system_ids)
    ]
    return _ranked(system_ids, whole, found, np.argsort(-resampled, axis=1), baseline_id)


def _tables(
    judgements: Sequence[Judgement], system_ids: Sequence[str], groups: Mapping[str, str]
) -> tuple[Floats, Floats]:
    """Per independent unit: wins[u, i, j] of i over j, and ties[u, i, j], both ways alike."""
    place = {system_id: k for k, system_id in enumerate(system_ids)}
    units = [groups.get(j.example_id, j.example_id) for j in judgements]
    unit = {name: k for k, name in enumerate(dict.fromkeys(units))}
    wins = np.zeros((len(unit), len(place), len(place)))
    ties = np.zeros_like(wins)
    for judgement, name in zip(judgements, units, strict=True):
        a, b = (place[system_id] for system_id in judgement.system_ids)
        if judgement.preferred_system_id is None:
            ties[unit[name], a, b] += 1
            ties[unit[name], b, a] += 1
        else:
            won = place[judgement.preferred_system_id]
            wins[unit[name], won, a + b - won] += 1
    return wins, ties


def _strengths(wins: Floats, ties: Floats) -> Floats:
    """Strengths (rows of samples × systems), their geometric mean 1, from wins and ties (samples ×
    systems × systems)."""
    met = wins + wins.transpose(0, 2, 1) + ties
    wins = wins + PRIOR * (met.sum(0) > 0)
    met = wins + wins.transpose(0, 2, 1) + ties
    half = wins.sum(2) + ties.sum(2) / 2
    all_ties = ties.sum((1, 2)) / 2
    strength, tie = np.ones(half.shape), np.ones(len(half))
    for _ in range(STEPS):
        root = np.sqrt(strength[:, :, None] * strength[:, None, :])
        total = strength[:, :, None] + strength[:, None, :] + tie[:, None, None] * root
        share = met * (1 + tie[:, None, None] * root / (2 * strength[:, :, None])) / total
        before, strength = strength, half / share.sum(2)
        strength /= np.exp(np.log(strength).mean(1, keepdims=True))
        root = np.sqrt(strength[:, :, None] * strength[:, None, :])
        total = strength[:, :, None] + strength[:, None, :] + tie[:, None, None] * root
        tie = np.maximum(all_ties / ((met * root / total).sum((1, 2)) / 2), 1e-9)
        if np.abs(strength / before - 1).max() < NEARLY:
            break
    return strength


def _beats(strength: Floats, baseline: int) -> Floats:
    """The chance of each system to be preferred to the baseline where one of them is."""
    return strength / (strength + strength[:, [baseline]])


def _estimate(value: float, resampled: Floats, n: int, *, is_baseline: bool) -> Estimate:
    if is_baseline:
        return undefined(n, METHOD, "The others are measured against it.")
    low, high = percentile_interval(resampled, n, 0.95)
    return Estimate(value, max(min(low, value), 0.0), min(max(high, value), 1.0), n, METHOD)


def _ranked(
    system_ids: Sequence[str],
    whole: Floats,
    found: Sequence[Estimate],
    orders: NDArray[np.intp],
    baseline_id: str,
) -> tuple[Ranked, ...]:
    ranks = np.argsort(orders, axis=1) + 1
    low, high = np.quantile(ranks, [0.025, 0.975], axis=0, method="closest_observation")
    ranked = [
        Ranked(system_id, one, int(low[k]), int(high[k]))
        for k, (system_id, one) in enumerate(zip(system_ids, found, strict=True))
    ]
    return tuple(ranked[k] for k in np.argsort(-whole, kind="stable"))
