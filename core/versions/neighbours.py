"""Near-duplicates as a graph over examples: neighbours, the nearest one, linked groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.examples.duplicates import NearDuplicates, groups_around

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Neighbours:
    """Directed pairs `of[k]` -> `at[k]` of texts; equal texts share one, `text[i]` of example i."""

    text: Ints
    of: Ints
    at: Ints
    similarity: NDArray[np.float64]

    @classmethod
    def of_near(cls, near: NearDuplicates) -> Neighbours:
        """Every pair in both directions, and each text as its own neighbour."""
        itself = np.unique(near.same_as)
        return cls(
            near.same_as,
            np.concatenate([near.left, near.right, itself]),
            np.concatenate([near.right, near.left, itself]),
            np.concatenate([near.similarity, near.similarity, np.ones(len(itself))]),
        )

    def has_near(self, chosen: Flags) -> Flags:
        """Whether one of the `chosen` examples is near, for each example."""
        there = np.zeros(len(chosen), np.bool_)
        there[self.text[chosen]] = True
        found = np.zeros(len(chosen), np.bool_)
        found[self.of[there[self.at]]] = True
        near: Flags = found[self.text]
        return near

    def nearest(self, chosen: Flags) -> Ints:
        """The nearest of the `chosen` examples, the first of equally near ones; -1 without one."""
        first = np.full(len(chosen), -1)
        picked = np.flatnonzero(chosen)[::-1]
        first[self.text[picked]] = picked
        there = first[self.at] >= 0
        of, at, similarity = self.of[there], first[self.at[there]], self.similarity[there]
        order = np.lexsort((at, -similarity, of))
        leading = order[np.append(True, of[order][1:] != of[order][:-1])[: len(order)]]
        best = np.full(len(chosen), -1)
        best[of[leading]] = at[leading]
        nearest: Ints = best[self.text]
        return nearest

    def groups(self, members: Flags, largest: int) -> Ints:
        """The first example of each member's group, -1 for others.

        Texts that are linked over others are one group as long as it holds at most `largest`
        examples; beyond, groups are near-duplicates round a representative.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        n = len(members)
        inside = np.zeros(n, np.bool_)
        inside[self.text[members]] = True
        pair = inside[self.of] & inside[self.at] & (self.of < self.at)
        of, at = self.of[pair], self.at[pair]
        graph = coo_array((np.ones(len(of), np.bool_), (of, at)), shape=(n, n))
        linked = connected_components(graph, directed=False)[1].astype(np.int64)[self.text]
        sizes = np.bincount(linked[members], minlength=n)
        star = groups_around(of, at, n)[self.text]
        group = np.where(sizes[linked] <= largest, linked, n + star)
        _, number = np.unique(group[members], return_inverse=True)
        where = np.flatnonzero(members)
        first = np.full(int(number.max(initial=-1)) + 1, n)
        np.minimum.at(first, number, where)
        found = np.full(n, -1)
        found[where] = first[number]
        return found
