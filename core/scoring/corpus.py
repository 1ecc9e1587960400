"""The values of a corpus, of BLEU or chrF, with intervals: bootstrapped by near-duplicate group."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.scoring.corpus_metrics import CorpusMetric, Counts
from core.statistics.estimates import RESAMPLES, Estimate, percentile_interval

SEED = 11
MOST_BLOCKS = 1000
Table = NDArray[np.int64]


def counts_table(metric: CorpusMetric, pairs: Sequence[tuple[str, str]]) -> Table:
    """The counts of each (reference, answer): pairs × counts."""
    return np.array([metric.counts(*pair) for pair in pairs], dtype=np.int64)


def corpus_value(metric: CorpusMetric, table: Table, groups: Sequence[Hashable]) -> Estimate:
    """The corpus value of lines with a bootstrap interval by group (Koehn 2004); n counts groups.

    More than 1,000 groups are resampled in 1,000 random blocks, which is as wide and faster.
    """
    value = metric.corpus(table.sum(axis=0).tolist())
    return _estimate(value, [table], groups, lambda sums: metric.corpus(sums[0]))


def corpus_difference(
    metric: CorpusMetric, first: Table, second: Table, groups: Sequence[Hashable]
) -> Estimate:
    """Second minus first corpus value, where line k of both answers the same; paired bootstrap."""

    def apart(sums: Sequence[Counts]) -> float:
        return metric.corpus(sums[1]) - metric.corpus(sums[0])

    value = apart([table.sum(axis=0).tolist() for table in (first, second)])
    return _estimate(value, [first, second], groups, apart)


def _estimate(
    value: float,
    tables: Sequence[Table],
    groups: Sequence[Hashable],
    score: Callable[[Sequence[Counts]], float],
) -> Estimate:
    rng = np.random.default_rng(SEED)
    names = {group: k for k, group in enumerate(dict.fromkeys(groups))}
    n = len(names)
    if n == 1:
        reason = "One independent unit has no interval."
        return Estimate(value, None, None, 1, "clustered bootstrap", reason=reason)
    block = rng.permutation(n) % min(n, MOST_BLOCKS)
    member = block[np.fromiter((names[group] for group in groups), dtype=np.intp)]
    blocks = min(n, MOST_BLOCKS)
    drawn = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=RESAMPLES)
    sums = [(drawn @ _by_block(table, member, blocks)).tolist() for table in tables]
    scores = np.array([score(rows) for rows in zip(*sums, strict=True)])
    low, high = percentile_interval(scores, blocks, 0.95)
    method = "bootstrap" if n == len(groups) else "clustered bootstrap"
    return Estimate(value, min(low, value), max(high, value), n, method)


def _by_block(table: Table, member: NDArray[np.intp], blocks: int) -> Table:
    found = np.zeros((blocks, table.shape[1]), dtype=np.int64)
    np.add.at(found, member, table)
    return found
