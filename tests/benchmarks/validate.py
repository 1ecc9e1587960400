"""Validation: what the evaluation promises, simulated on its own functions.

    python -m tests.benchmarks.validate            # ten to fifteen minutes on 2 cores
    python -m tests.benchmarks.validate --short    # under half a minute, a fortieth of the studies

Prints a table for RESULTS.md, and exits with 1 when a claim does not hold: when a result lies more
than two standard errors (three in the short one) beyond its bound. Seeds are fixed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context

from tests.benchmarks.validation import (
    agreement,
    criteria,
    decisions,
    forecasts,
    preference,
    scores,
    weighted,
)
from tests.benchmarks.validation.table import FULL, HEAD, NO, SHORT, Row, Size

ROWS: tuple[Callable[[Size], Row], ...] = (
    preference.like_systems,
    preference.all_looks,
    preference.several_candidates,
    preference.one_study_after_another,
    preference.single_looks,
    preference.second_rater,
    preference.power,
    preference.risk_stratum,
    weighted.coverage,
    preference.drift_and_side,
    preference.leaning_raters,
    forecasts.smallest_share,
    forecasts.promised_interval,
    forecasts.told_while_it_runs,
    criteria.ceiling,
    criteria.other_shapes,
    criteria.rare_and_grave,
    criteria.while_it_runs,
    criteria.at_the_end,
    criteria.second_rater,
    agreement.coverage,
    agreement.rare_class,
    scores.near_duplicates,
    scores.skewed_scores,
    scores.at_the_ceiling,
    scores.without_groups,
    scores.exact_shares,
    decisions.margin,
    decisions.many_slices,
    decisions.metric_trust,
    decisions.ranking_of_three,
)


def validated(size: Size, processes: int) -> Iterator[Row]:
    """Every row, in order, from so many processes of one thread each."""
    if processes == 1:
        yield from (row(size) for row in ROWS)
        return
    # Read when a new process loads numpy: two processes with two threads each hinder each other.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(partial(_timed, size), ROWS)


def _timed(size: Size, row: Callable[[Size], Row]) -> Row:
    began = time.perf_counter()
    found = row(size)
    took = time.perf_counter() - began
    print(f"{row.__module__}.{row.__name__}: {took:.0f} s", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """Print the table; 1 when a claim does not hold."""
    parser = argparse.ArgumentParser(description="Simulate what the evaluation promises.")
    parser.add_argument("--short", action="store_true", help="a fortieth of the studies")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    size, broken = SHORT if given.short else FULL, 0
    print(HEAD, flush=True)
    for row in validated(size, given.processes):
        print(row.markdown(size), flush=True)
        broken += row.holds(size) == NO
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
