"""Duplicates within examples and between them and others: clusters, templates, overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

import numpy as np

from core.checks.fields import Over as Over
from core.checks.records import Records
from core.errors import InvalidInput
from core.examples.duplicates import Comparison, compare, groups_around
from core.examples.templates import template_siblings
from core.examples.tokens import Flags, Ints

THRESHOLD = 0.82
"""A little below what decides a split: 92 % of texts with 15 % of their words replaced are found,
and a person looks at each cluster before anything happens."""


@dataclass(frozen=True)
class Overlap:
    """Example `own` is near example `other` of the other records number `against`, by 0..1."""

    own: int
    against: int
    other: int
    similarity: float


@dataclass(frozen=True)
class Duplicates:
    """Clusters of indices of examples, the representative first, then in order.

    `exact`: equal but for letter case and white space. `near`: alike in their words, with the exact
    copies of each. `siblings`: one template with other numbers, names or fillings. In
    `capped_buckets` buckets of candidates not all pairs were compared: some may be missing.
    """

    exact: list[list[int]]
    near: list[list[int]]
    siblings: list[list[int]]
    overlaps: list[Overlap]
    capped_buckets: int


def find_duplicates(
    own: Records,
    others: Sequence[Records] = (),
    over: Over = "prompt",
    threshold: float = THRESHOLD,
) -> Duplicates:
    """Duplicates among `own`, and between it and each of `others`, in these fields.

    Examples without a word in them are no duplicates of each other. Raises InvalidInput for another
    `over`, and unless 0 < threshold <= 1.
    """
    if over not in get_args(Over):
        raise InvalidInput(f"“{over}” is none of {', '.join(get_args(Over))}.")
    parts = [_texts(records, over) for records in (own, *others)]
    first = [text for texts, _ in parts for text in texts]
    second = [text for _, texts in parts for text in texts]
    found = compare(first, second, threshold=threshold)
    filled = np.fromiter(
        (bool(a.strip() or b.strip()) for a, b in zip(first, second, strict=True)),
        np.bool_,
        len(first),
    )
    del parts, first, second
    siblings = template_siblings(found)
    near = found.agree | siblings.few
    sizes = [len(own), *map(len, others)]
    mine = found.distinct < len(own)  # those come first: an equal text is represented by them
    members = _Members(found.same_as[: len(own)], filled[: len(own)])
    return Duplicates(
        members.clusters(np.arange(len(own)), at_least=2),
        _near(found, near & mine[found.left] & mine[found.right], members),
        _siblings(found, siblings.group, mine, members),
        _overlaps(found, near, sizes, filled) if others else [],
        found.capped_buckets,
    )


def _texts(records: Records, over: Over) -> tuple[Sequence[str], Sequence[str]]:
    blank = [""] * len(records)
    if over == "all":
        both = zip(records.inputs, records.outputs, strict=True)
        return records.instructions, [f"{text}\n{output}" for text, output in both]
    if over == "prompt":
        return records.instructions, records.inputs
    return {
        "instruction": records.instructions,
        "input": records.inputs,
        "output": records.outputs,
    }[over], blank


class _Members:
    """Which examples equal each first text: `same_as` of those that are `filled`."""

    def __init__(self, same_as: Ints, filled: Flags) -> None:
        self._same_as = same_as
        self._filled = filled

    def clusters(self, group: Ints, at_least: int) -> list[list[int]]:
        """Sets of examples whose first texts share a group; `group[t]` is of first text t."""
        examples = np.flatnonzero(self._filled)
        key = group[self._same_as[examples]]
        examples, key = examples[key >= 0], key[key >= 0]
        counts = np.bincount(key, minlength=1)
        wanted = counts[key] >= at_least
        examples, key = examples[wanted], key[wanted]
        order = np.argsort(key, kind="stable")
        edges = np.flatnonzero(np.diff(key[order], prepend=-1)).tolist()
        flat = examples[order].tolist()
        lists = [flat[start:end] for start, end in pairwise([*edges, len(flat)])]
        return sorted(lists, key=lambda members: members[0])


def _near(found: Comparison, near: Flags, members: _Members) -> list[list[int]]:
    left, right = found.distinct[found.left[near]], found.distinct[found.right[near]]
    size = len(found.same_as)
    star = groups_around(left, right, size)
    alone = np.bincount(star, minlength=size)[star] == 1
    clusters = members.clusters(np.where(alone, -1, star), at_least=2)
    for one in clusters:
        hub = int(star[found.same_as[one[0]]])
        if hub != one[0]:
            one.remove(hub)
            one.insert(0, hub)
    return clusters


def _siblings(found: Comparison, group: Ints, mine: Flags, members: _Members) -> list[list[int]]:
    shared = np.where(mine & (group >= 0), group, -1)
    alone = np.bincount(shared[shared >= 0], minlength=len(group) + 1)[shared] < 2
    whole = np.full(len(found.same_as), -1)
    whole[found.distinct] = np.where(alone, -1, shared)
    return members.clusters(whole, at_least=2)


def _overlaps(found: Comparison, near: Flags, sizes: Sequence[int], filled: Flags) -> list[Overlap]:
    """For each own example the nearest of each of the others, the first of equally near ones."""
    start = np.append(0, np.cumsum(sizes))
    owner = np.repeat(np.arange(len(sizes)), sizes)
    left, right = found.distinct[found.left[near]], found.distinct[found.right[near]]
    own_firsts = np.unique(found.same_as[: sizes[0]])
    # Each text as near itself, in both directions: an equal one is in the other records, too.
    itself = np.arange(len(found.same_as))[filled]
    ends = np.concatenate([left, right, found.same_as[itself]])
    firsts = np.concatenate([right, left, found.same_as[itself]])
    both = found.similarity[near]
    similarity = np.concatenate([both, both, np.ones(len(itself))])
    # A first text stands for all that equal it, in whichever records they are.
    by_first = np.argsort(found.same_as, kind="stable")
    by_first = by_first[(owner[by_first] > 0) & filled[by_first]]
    others_first = found.same_as[by_first]
    is_own = np.isin(ends, own_firsts)
    ends, firsts, similarity = ends[is_own], firsts[is_own], similarity[is_own]
    best: dict[tuple[int, int], tuple[float, int]] = {}
    low = np.searchsorted(others_first, firsts, "left")
    high = np.searchsorted(others_first, firsts, "right")
    for k in np.flatnonzero(high > low).tolist():
        for other in by_first[low[k] : high[k]].tolist():
            key, value = (int(ends[k]), int(owner[other])), (float(similarity[k]), -other)
            if best.get(key, (-1.0, 0)) < value:
                best[key] = value
    rows = []
    for own in np.flatnonzero(filled[: sizes[0]]).tolist():
        for against in range(1, len(sizes)):
            if hit := best.get((int(found.same_as[own]), against)):
                other = -hit[1] - int(start[against])
                rows.append(Overlap(own, against - 1, other, round(hit[0], 4)))
    return rows
