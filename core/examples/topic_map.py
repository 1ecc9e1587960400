"""Topic map: texts as points in the plane, near each other where they share telling words.

drawn = topic_map(["Where is my parcel?", …])
drawn.points[0].x, drawn.names[drawn.points[0].topic]

TF-IDF and a truncated singular value decomposition of the centred table (latent semantic analysis;
Deerwester et al. 1990), with a fixed start: the same texts always give the same map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.examples.topics import SEED, tf_idf, topics_of

MOST_POINTS = 5_000
_LEAST = 3  # fewer texts or words have no plane


@dataclass(frozen=True)
class Point:
    """Text number `text` (from 0) at (x, y), in topic number `topic`; x and y within -1..1."""

    text: int
    topic: int
    x: float
    y: float


@dataclass(frozen=True)
class TopicMap:
    """`names` of the topics, the largest first, and the points, in the order of the texts."""

    names: tuple[str, ...]
    points: tuple[Point, ...]


def topic_map(texts: Sequence[str], most: int = MOST_POINTS) -> TopicMap:
    """The map of texts, or of `most` of them chosen at random with a fixed seed."""
    chosen = np.arange(len(texts))
    if len(texts) > most:
        rng = np.random.default_rng(SEED)
        chosen = np.sort(rng.choice(len(texts), most, replace=False))
    vocabulary, table = tf_idf([texts[k] for k in chosen.tolist()])
    found = topics_of(vocabulary, table)
    places = _plane(table)
    return TopicMap(
        found.names,
        tuple(
            Point(int(text), topic, round(float(x), 4), round(float(y), 4))
            for text, topic, (x, y) in zip(chosen, found.of, places, strict=True)
        ),
    )


def _plane(table: Any) -> NDArray[np.float64]:
    """Each text's place on the two directions in which the texts differ most, within -1..1."""
    from scipy.sparse.linalg import LinearOperator, svds

    rows, columns = table.shape
    if min(rows, columns) < _LEAST or not table.nnz:
        return np.zeros((rows, 2))
    mean = np.asarray(table.mean(axis=0)).ravel()

    def centred(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        flat = vector.ravel()
        answer: NDArray[np.float64] = table @ flat - mean @ flat
        return answer

    def transposed(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        flat = vector.ravel()
        answer: NDArray[np.float64] = table.T @ flat - mean * flat.sum()
        return answer

    operator = LinearOperator(table.shape, matvec=centred, rmatvec=transposed, dtype=np.float64)
    start = np.random.default_rng(SEED).standard_normal(min(rows, columns))
    left, values, _ = svds(operator, k=2, v0=start)
    places = left[:, ::-1] * values[::-1]
    # The sign of a singular vector is arbitrary: the largest value counts as positive.
    places *= np.where(places[np.abs(places).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    largest = np.abs(places).max()
    scaled: NDArray[np.float64] = places / largest if largest else places
    return scaled
