"""Sticky splits: which split each example of a new version belongs to, and what is left out.

1. An example that an earlier version froze keeps its split for ever.
2. A new example that is near one of those joins its group: the split of the nearest.
3. Other new near-duplicates form groups, larger ones where a plan keeps examples together. Whole
   groups are drawn in the order of size, then of the seeded hash of their first member's text,
   each to the split that is farthest below its share (`core.versions.splitting`): near the ratios,
   and the same in every workspace. Or by a label's shares, or by time.
4. What a lead protects, and what people rate in a study, is never trained on: an example that is
   near such a text, or is in a study, stays where it is or joins test; else it is left out.
5. Nothing may leak: of two near-duplicates in different splits, the one in train gives way to
   validation and test, the one in validation to test; it is left out of the version, and listed.
   A test example never becomes training material.
6. A new synthetic example decides nothing for others. It goes where its source goes, and is left
   out without its source, and where it is near what is elsewhere. What was made of a test example
   is in no version that trains (`core.versions.synthetic`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.examples.duplicates import NearDuplicates
from core.versions.neighbours import Flags, Ints, Neighbours
from core.versions.splitting import SPLITS, split, split_by_time, split_stratified

UNDECIDED = -1
TRAIN, VALIDATION, TEST = range(3)
OPEN, PROTECTED, STUDIED = range(3)
NOT_SYNTHETIC, WITHOUT_SOURCE = -1, -2
LINKED_SHARE = 0.05
_ROUNDS = 8

REASONS = {
    "between": "It is near examples of two splits, and would leak from one into the other.",
    "near_validation": "It is a training example and near a validation example.",
    "near_test": "It is near a test example, and not in test itself.",
    "protected": "It is near a text of a file that is protected: never train on this.",
    "studied": "It is rated in a study, or near an example that is, and not in test.",
    "together": "What it belongs together with is in several splits, or near them.",
    "trained_on": "It is a training or validation example of an earlier version, or near one.",
    "source_left_out": "It is synthetic, and what it was made of is not in the version.",
    "source_in_test": "It is synthetic, and was made of a test example.",
    "source_elsewhere": "It is synthetic, and near an example that is not in its source's split.",
}


@dataclass(frozen=True)
class Candidates:
    """The examples to freeze, then texts that only have neighbours: earlier ones of frozen
    examples, and those that keep others out of train and validation.

    `names` are hashes of the texts, `decided` the number of the split that an earlier version gave
    (UNDECIDED: none), `barred` whether it is PROTECTED or STUDIED (OPEN: neither; None: all are).
    The first `count` are to be frozen; they are in the order of their names. A plan to split may
    give `together` (equal numbers stay in one split, -1: free), `stratum` (each drawn in the same
    shares) or `moment` (oldest to train, newest to test). `source` is the index of what a synthetic
    example was made of (WITHOUT_SOURCE: that is not to be frozen), NOT_SYNTHETIC for others.
    """

    names: Sequence[str]
    decided: Ints
    count: int
    barred: Ints | None = None
    together: Ints | None = None
    stratum: Ints | None = None
    moment: NDArray[np.float64] | None = None
    source: Ints | None = None

    @property
    def synthetic(self) -> Flags:
        """Which of them were made of another one."""
        if self.source is None:
            return np.zeros(len(self.names), np.bool_)
        made: Flags = self.source != NOT_SYNTHETIC
        return made

    @property
    def present(self) -> Flags:
        """Which of them are to be frozen, and decide where others go."""
        return (np.arange(len(self.names)) < self.count) & ~self.synthetic


@dataclass
class Assignment:
    """Per example: the number of its split (UNDECIDED: left out) and its group.

    `group` is the index of the example whose group it joins: an earlier one's, or the first new
    one's. `left_out` maps an example to (a key of REASONS, the index of what it is near, or -1).
    `near_trained` are test examples that are near a text that earlier versions trained on.
    """

    split: Ints
    group: Ints
    left_out: dict[int, tuple[str, int]] = field(default_factory=dict)
    near_trained: list[int] = field(default_factory=list)


def assign(
    candidates: Candidates,
    near: NearDuplicates,
    *,
    seed: int,
    ratios: tuple[float, float, float],
    evaluation_only: bool = False,
) -> Assignment:
    """Decide the split of every example to freeze; see the module."""
    from core.versions.synthetic import place_synthetic

    neighbours = Neighbours.of_near(near)
    place = candidates.decided.copy()
    group = np.arange(len(place))
    found = Assignment(place, group)
    _join(found, candidates, neighbours)
    if evaluation_only:
        _keep_to_test(found, candidates, neighbours)
    else:
        _keep_barred_out(found, candidates, neighbours)
        _draw(found, candidates, neighbours, seed, ratios)
    _keep_apart(found, candidates, neighbours)
    place_synthetic(found, candidates, neighbours, evaluation_only=evaluation_only)
    return found


def _join(found: Assignment, candidates: Candidates, neighbours: Neighbours) -> None:
    """New examples near decided ones get their split, in rounds: those near them follow."""
    for _ in range(_ROUNDS):
        joined = _join_near(found, candidates, neighbours)
        if not _join_together(found, candidates) and not joined:
            break
    _leave_torn_out(found, candidates)


def _leave_torn_out(found: Assignment, candidates: Candidates) -> None:
    """Leave out what belongs together and is near examples of several splits; what earlier versions
    decided stays."""
    if candidates.together is None:
        return
    keys, place = candidates.together, found.split
    there = _splits_of_keys(keys, place)
    placed = candidates.present & (place != UNDECIDED) & (candidates.decided == UNDECIDED)
    mine = np.flatnonzero(placed & (keys >= 0))
    for index in mine[there[keys[mine]].sum(axis=1) > 1].tolist():
        found.left_out[index] = ("together", -1)
        place[index] = UNDECIDED


def _join_near(found: Assignment, candidates: Candidates, neighbours: Neighbours) -> bool:
    """Whether one got the split of what it is near."""
    place, new = found.split, _undecided(found, candidates)
    splits = np.array([neighbours.has_near(place == number) for number in range(3)])
    several, one = splits.sum(axis=0) > 1, splits.sum(axis=0) == 1
    nearest = neighbours.nearest(place != UNDECIDED)
    for index in np.flatnonzero(new & several).tolist():
        found.left_out[index] = ("between", int(nearest[index]))
    joins = np.flatnonzero(new & one)
    place[joins] = place[nearest[joins]]
    found.group[joins] = found.group[nearest[joins]]
    return len(joins) > 0


def _join_together(found: Assignment, candidates: Candidates) -> bool:
    """Whether one got the split of those that it stays together with."""
    if candidates.together is None:
        return False
    keys, place, new = candidates.together, found.split, _undecided(found, candidates)
    there = _splits_of_keys(keys, place)
    new &= keys >= 0
    several = np.flatnonzero(new)[there[keys[new]].sum(axis=1) > 1]
    found.left_out |= {index: ("together", -1) for index in several.tolist()}
    joins = np.flatnonzero(new)[there[keys[new]].sum(axis=1) == 1]
    place[joins] = there[keys[joins]].argmax(axis=1)
    return len(joins) > 0


def _splits_of_keys(keys: Ints, place: Ints) -> Flags:
    """Key × split: whether an example with that `together` number is in that split."""
    there = np.zeros((int(keys.max(initial=-1)) + 1, len(SPLITS)), np.bool_)
    placed = (keys >= 0) & (place != UNDECIDED)
    there[keys[placed], place[placed]] = True
    return there


def _undecided(found: Assignment, candidates: Candidates) -> Flags:
    """Which examples to freeze have no split yet, and are not left out."""
    new: Flags = candidates.present & (found.split == UNDECIDED)
    new[list(found.left_out)] = False
    return new


def _keep_barred_out(found: Assignment, candidates: Candidates, neighbours: Neighbours) -> None:
    """Leave out what is near a barred text and not in test, before the others are drawn."""
    if candidates.barred is None:
        return
    # A protected text counts last: it says more than that the example is in a study too.
    for reason, kind in (("studied", STUDIED), ("protected", PROTECTED)):
        barred = candidates.barred == kind
        near, nearest = neighbours.has_near(barred), neighbours.nearest(barred)
        kept_out = candidates.present & near & (found.split != TEST)
        for index in np.flatnonzero(kept_out).tolist():
            found.left_out[index] = (reason, int(nearest[index]))
    found.split[list(found.left_out)] = UNDECIDED


def _draw(
    found: Assignment,
    candidates: Candidates,
    neighbours: Neighbours,
    seed: int,
    ratios: tuple[float, float, float],
) -> None:
    """Split the groups of what is still undecided, so that all together are near the ratios."""
    place, new = found.split, _undecided(found, candidates)
    if not new.any():
        return
    first = neighbours.groups(new, max(3, int(LINKED_SHARE * candidates.count)))
    found.group[new] = first[new]
    groups = [candidates.names[index] for index in _merged(first, candidates, new)[new]]
    old = candidates.present & (place != UNDECIDED)
    there = np.bincount(place[old], minlength=3).tolist()
    if candidates.moment is not None:
        drawn = split_by_time(groups, candidates.moment[new].tolist(), ratios=ratios, already=there)
    elif candidates.stratum is not None:
        drawn = split_stratified(
            groups, candidates.stratum[new].tolist(), seed=seed, ratios=ratios,
            already=_per_stratum(candidates.stratum[old], place[old]),
        )  # fmt: skip
    else:
        drawn = split(groups, seed=seed, ratios=ratios, already=there)
    place[new] = [SPLITS.index(one) for one in drawn]


def _merged(first: Ints, candidates: Candidates, new: Flags) -> Ints:
    """The first example of each new one's group, groups of one `together` number being one."""
    if candidates.together is None:
        return first
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, indexes = len(first), np.flatnonzero(new & (candidates.together >= 0))
    of = np.concatenate([np.flatnonzero(new), indexes])
    at = np.concatenate([first[new], n + candidates.together[indexes]])
    nodes = n + int(candidates.together.max(initial=-1)) + 1
    graph = coo_array((np.ones(len(of), np.bool_), (of, at)), shape=(nodes, nodes))
    number = connected_components(graph, directed=False)[1].astype(np.int64)[:n]
    lowest = np.full(nodes, n)
    np.minimum.at(lowest, number[new], np.flatnonzero(new))
    merged: Ints = lowest[number]
    return merged


def _per_stratum(stratum: Ints, place: Ints) -> dict[int, list[int]]:
    """How many examples of each stratum each split has."""
    return {
        int(one): np.bincount(place[stratum == one], minlength=3).tolist()
        for one in np.unique(stratum)
    }


def _keep_to_test(found: Assignment, candidates: Candidates, neighbours: Neighbours) -> None:
    """For evaluation only: what was or is near training material is left out, the rest is test."""
    place = found.split
    trained = (place == TRAIN) | (place == VALIDATION)
    nearest = neighbours.nearest(candidates.decided >= 0)
    for index in np.flatnonzero(candidates.present & trained).tolist():
        known = candidates.decided[index] != UNDECIDED
        found.left_out[index] = ("trained_on", -1 if known else int(nearest[index]))
    new = _undecided(found, candidates)
    place[new] = TEST
    first = neighbours.groups(new, max(3, int(LINKED_SHARE * candidates.count)))
    found.group[new] = first[new]
    place[list(found.left_out)] = UNDECIDED


def _keep_apart(found: Assignment, candidates: Candidates, neighbours: Neighbours) -> None:
    """Leave out what is near an example of a split that is watched more closely."""
    # What is left out of this version keeps its earlier split, and may not leak either.
    known = np.where(found.split == UNDECIDED, candidates.decided, found.split)
    for reason, leaks, watched in (
        ("near_test", (TRAIN, VALIDATION), TEST),
        ("near_validation", (TRAIN,), VALIDATION),
    ):
        beside = known == watched
        near = neighbours.has_near(beside)
        nearest = neighbours.nearest(beside)
        present = candidates.present & np.isin(found.split, leaks)
        for index in np.flatnonzero(present & near).tolist():
            found.left_out[index] = (reason, int(nearest[index]))
            found.split[index] = UNDECIDED
    found.split[list(found.left_out)] = UNDECIDED
    in_test = candidates.present & (found.split == TEST)
    trained_on = neighbours.has_near(candidates.decided == TRAIN)
    found.near_trained = np.flatnonzero(in_test & trained_on).tolist()
