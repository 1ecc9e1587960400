"""Ranking of three or more systems: Bradley-Terry strengths, from all decided pairs together.

Ties say nothing of who is stronger here: it is the model of Davidson (1970, "On extending the
Bradley-Terry model to accommodate ties in paired comparison experiments") with a tie parameter for
each two systems, as one for all would favour a candidate that often ties. Fitted by Hunter's MM
algorithm (2004, "MM algorithms for generalized Bradley-Terry models").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from core.statistics.estimates import Estimate, clustered_proportion, undefined
from core.study.pairing import of_both
from core.study.pairs import Judgement
from core.study.verdicts import first_of_each_pair

Floats = NDArray[np.float64]
RESAMPLES = 1000
PRIOR = 0.5
"""Wins that each of two systems that met is given beside its own, so that one that won every pair
has a finite strength."""
STEPS = 500
NEARLY = 1e-7
EQUAL = 1e-3
"""By how much of it two strengths may differ and be one."""


@dataclass(frozen=True)
class Ranked:
    """One system. `beats`: the share of the pairs of it and the baseline that it won, of those that
    were decided; `first` to `last`: the ranks that 95 % of the resamples give it."""

    system_id: str
    beats: Estimate
    first: int
    last: int


@dataclass(frozen=True)
class Meeting:
    """Two candidates against each other. `share`: of the pairs of both in which one is preferred,
    those that `first` won, for one look; `tied`: pairs in which none is."""

    first: str
    second: str
    share: Estimate
    tied: int


def meetings_of(
    judgements: Sequence[Judgement],
    candidate_ids: Sequence[str],
    groups: Mapping[str, str] | None = None,
) -> tuple[Meeting, ...]:
    """Every two candidates that met, by the first judgement of each of their pairs; those of one
    example, or near-duplicate group, count as one."""
    found = []
    for first, second in combinations(candidate_ids, 2):
        own = first_of_each_pair(of_both(judgements, first, second))
        told = [j for j in own if j.outcome != "cannot_judge"]
        if told:
            decided = [j for j in told if j.preferred_system_id]
            units = _units(decided, groups)
            share = _won(decided, units, first, second)
            found.append(Meeting(first, second, share, len(told) - len(decided)))
    return tuple(found)


def _units(judgements: Sequence[Judgement], groups: Mapping[str, str] | None) -> list[str]:
    return [(groups or {}).get(j.example_id, j.example_id) for j in judgements]


def ranking(
    judgements: Sequence[Judgement],
    baseline_id: str,
    system_ids: Sequence[str],
    rng: np.random.Generator,
    groups: Mapping[str, str] | None = None,
) -> tuple[Ranked, ...]:
    """The systems, strongest first, by the first judgement of each pair.

    Examples are resampled whole (those of one near-duplicate group together: `groups`, example id →
    group), so that pairs of one example count as one. Systems without a decided pair are left out;
    () where fewer than three are left.
    """
    decided = [j for j in first_of_each_pair(judgements) if j.preferred_system_id]
    there = {system_id for j in decided for system_id in j.system_ids}
    system_ids = [system_id for system_id in system_ids if system_id in there]
    if len(system_ids) < 3:
        return ()
    units = _units(decided, groups)
    wins = _wins(decided, units, system_ids)
    n = len(wins)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float64)
    highest, lowest = _ranks(_strengths(np.tensordot(counts, wins, 1)))
    low = np.quantile(highest, 0.025, axis=0, method="closest_observation")
    high = np.quantile(lowest, 0.975, axis=0, method="closest_observation")
    found = [
        Ranked(system_id, _beats(decided, units, system_id, baseline_id), int(low[k]), int(high[k]))
        for k, system_id in enumerate(system_ids)
    ]
    whole = _strengths(wins.sum(0)[None])[0]
    return tuple(found[k] for k in np.argsort(-whole, kind="stable"))


def _beats(
    decided: Sequence[Judgement], units: Sequence[str], system_id: str, baseline_id: str
) -> Estimate:
    """The share that a candidate won of its decided pairs with the baseline, by example."""
    if system_id == baseline_id:
        return undefined(len(units), "korn-graubard", "The others are measured against it.")
    return _won(decided, units, system_id, baseline_id)


def _won(decided: Sequence[Judgement], units: Sequence[str], one: str, other: str) -> Estimate:
    both = {one, other}
    own = [(j, u) for j, u in zip(decided, units, strict=True) if set(j.system_ids) == both]
    won = [j.preferred_system_id == one for j, _ in own]
    return clustered_proportion(won, [unit for _, unit in own])


def _ranks(strengths: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The highest and the lowest rank of each system (samples × systems): equally strong ones share
    theirs, as two that won every pair are told apart by nothing."""
    one, other = strengths[:, :, None], strengths[:, None, :]
    stronger, weaker = other > one * (1 + EQUAL), other < one / (1 + EQUAL)
    return 1 + stronger.sum(2), strengths.shape[1] - weaker.sum(2)


def _wins(decided: Sequence[Judgement], units: Sequence[str], system_ids: Sequence[str]) -> Floats:
    """wins[u, i, j]: how often i was preferred to j in the independent unit u."""
    place = {system_id: k for k, system_id in enumerate(system_ids)}
    unit = {name: k for k, name in enumerate(dict.fromkeys(units))}
    wins = np.zeros((len(unit), len(place), len(place)))
    for judgement, name in zip(decided, units, strict=True):
        assert judgement.preferred_system_id is not None
        won = place[judgement.preferred_system_id]
        a, b = (place[system_id] for system_id in judgement.system_ids)
        wins[unit[name], won, a + b - won] += 1
    return wins


def _strengths(wins: Floats) -> Floats:
    """Strengths (rows of samples × systems), their geometric mean 1, from wins (samples × systems ×
    systems)."""
    met = (wins + wins.transpose(0, 2, 1)).sum(0) > 0
    wins = wins + PRIOR * met
    times, won = wins + wins.transpose(0, 2, 1), wins.sum(2)
    strength = np.ones(won.shape)
    for _ in range(STEPS):
        share = times / (strength[:, :, None] + strength[:, None, :])
        before, strength = strength, won / share.sum(2)
        strength /= np.exp(np.log(strength).mean(1, keepdims=True))
        if np.abs(strength / before - 1).max() < NEARLY:
            break
    return strength
