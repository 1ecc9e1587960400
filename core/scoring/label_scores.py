"""Labels of a file with intervals: per class, macro F1, and which label was taken for which."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.scoring.labels import NO_LABEL, normal_label, parsed_label
from core.statistics.estimates import (
    RESAMPLES,
    Estimate,
    clustered_proportion,
    percentile_interval,
    undefined,
)

SEED = 11
MOST_CLASSES = 200
"""With more labels macro F1 has no interval: it would take minutes."""
MOST_LIKE_LABELS = 20
LINES_PER_LABEL = 10
LETTERS_OF_A_LABEL = 30
WORDS_OF_A_LABEL = 3


@dataclass(frozen=True)
class ClassScores:
    """One label, in 0..1: `support` references have it, `answered` predictions give it."""

    precision: Estimate
    recall: Estimate
    f1: Estimate
    support: int
    answered: int


@dataclass(frozen=True)
class LabelScores:
    """`matrix[r][c]` counts lines whose reference is `names[r]` and whose prediction gives
    `names[c]`, or in the last column none of them. `macro_f1` is the mean of F1 over `names`."""

    names: Sequence[str]
    classes: Sequence[ClassScores]
    matrix: Sequence[Sequence[int]]
    accuracy: Estimate
    macro_f1: Estimate

    @property
    def columns(self) -> list[str]:
        """What the columns of the matrix stand for."""
        return [*self.names, NO_LABEL]


def label_scores(
    expected: Sequence[str], answered: Sequence[str], groups: Sequence[Hashable]
) -> LabelScores:
    """How well predictions give the labels, letter case, spacing and usual wrappings aside.

    Each line is in a near-duplicate group. Raises InvalidInput on unequal lengths and where a
    label is empty.
    """
    if not len(expected) == len(answered) == len(groups):
        raise InvalidInput("Labels, predictions and groups differ in number. Give one of each.")
    wanted = [normal_label(label) for label in expected]
    if "" in wanted:
        raise InvalidInput("A line has no label. Give all lines one, or none.")
    names = sorted(set(wanted))
    place = {name: k for k, name in enumerate(names)}
    rows = np.array([place[name] for name in wanted], dtype=np.intp)
    given = [parsed_label(text, place) for text in answered]
    columns = np.array([len(names) if one is None else place[one] for one in given], dtype=np.intp)
    matrix = np.zeros((len(names), len(names) + 1), dtype=np.int64)
    np.add.at(matrix, (rows, columns), 1)
    return LabelScores(
        names,
        [_class_scores(k, rows, columns, groups) for k in range(len(names))],
        matrix.tolist(),
        clustered_proportion((rows == columns).tolist(), groups),
        _macro_f1(matrix, rows, columns, groups),
    )


def look_like_labels(references: Sequence[str]) -> bool:
    """Whether references are labels: a few short ones that come again and again."""
    names: set[str] = set()
    for reference in references:
        name = normal_label(reference)
        short = 0 < len(name) <= LETTERS_OF_A_LABEL and len(name.split()) <= WORDS_OF_A_LABEL
        names.add(name)
        if not short or len(names) > MOST_LIKE_LABELS:
            return False
    return len(names) >= 2 and len(references) >= LINES_PER_LABEL * len(names)


def _class_scores(
    k: int, rows: NDArray[np.intp], columns: NDArray[np.intp], groups: Sequence[Hashable]
) -> ClassScores:
    hit = (rows == k) & (columns == k)
    said, is_it = columns == k, rows == k
    return ClassScores(
        precision=_share(hit, said, groups, "No prediction gives this label."),
        recall=_share(hit, is_it, groups, ""),
        f1=_f1_of(_share(hit, said | is_it, groups, "")),
        support=int(is_it.sum()),
        answered=int(said.sum()),
    )


def _share(
    hit: NDArray[np.bool_], among: NDArray[np.bool_], groups: Sequence[Hashable], reason: str
) -> Estimate:
    lines = np.flatnonzero(among).tolist()
    if not lines:
        return undefined(0, "clopper-pearson", reason)
    return clustered_proportion(hit[lines].tolist(), [groups[k] for k in lines])


def _f1_of(jaccard: Estimate) -> Estimate:
    """F1 = 2J / (1 + J), where J is the share of hits among the lines whose reference or prediction
    has the label: the interval of J, which is that of a share, gives the one of F1."""
    value, low, high = (
        None if one is None else 2 * one / (1 + one)
        for one in (jaccard.value, jaccard.low, jaccard.high)
    )
    return Estimate(
        value, low, high, jaccard.n, jaccard.method, kind=jaccard.kind, reason=jaccard.reason
    )


def _macro_f1(
    matrix: NDArray[np.int64],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    groups: Sequence[Hashable],
) -> Estimate:
    """The mean of the classes' F1, its interval from what the confusion matrix might have been.

    Its cells are drawn from their posterior, with half a hit and half a miss added to each class
    (after Goutte and Gaussier 2005), once the counts are divided by what groups make the variance
    larger. Simulated with 2 to 10 classes and 50 to 1,000 lines it covers 92 to 99 %.
    """
    many = len(matrix)
    by_class = _f1_by_class(matrix[None].astype(np.float64))[0]
    value = float(by_class.mean())
    n = len(set(groups))
    method = "posterior of the confusion matrix"
    if n == 1 or many > MOST_CLASSES:
        few = "One independent unit has no interval."
        reason = few if n == 1 else f"There are more than {MOST_CLASSES} labels."
        return Estimate(value, None, None, n, method, reason=reason)
    counts = matrix / _design_effect(by_class, matrix, rows, columns, groups)
    rng = np.random.default_rng(SEED)
    drawn = np.zeros((RESAMPLES, many, many + 1))
    for k, row in enumerate(counts):
        prior = np.full(many + 1, 0.5 / many)
        prior[k] = 0.5
        drawn[:, k] = rng.gamma(row + prior, size=(RESAMPLES, many + 1))
    found = _f1_by_class(drawn).mean(axis=1)
    low, high = percentile_interval(found, n, 0.95)
    # The prior draws many small classes to the middle: the interval reaches as far as it would
    # around the value, too.
    shift = value - float(found.mean())
    low, high = min(low, low + shift, value), max(high, high + shift, value)
    return Estimate(value, max(low, 0.0), min(high, 1.0), n, method)


def _f1_by_class(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """matrices × classes; each matrix is classes × (classes and none)."""
    many = matrices.shape[1]
    hits = matrices[:, range(many), range(many)]
    found: NDArray[np.float64] = (
        2 * hits / (matrices.sum(axis=2) + matrices[:, :, :many].sum(axis=1))
    )
    return found


def _design_effect(
    by_class: NDArray[np.float64],
    matrix: NDArray[np.int64],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    groups: Sequence[Hashable],
) -> float:
    """By how much groups make the variance of macro F1 larger than lines on their own would, at
    least 1: of each line's part in it (linearised, as in Takahashi et al. 2022)."""
    names = {group: k for k, group in enumerate(dict.fromkeys(groups))}
    if len(names) == len(rows):
        return 1.0
    size = matrix.sum(axis=1) + matrix[:, :-1].sum(axis=0)
    weight = np.append(by_class / size, 0)
    part = 2 * (rows == columns) / size[rows] - weight[rows] - weight[columns]
    member = np.fromiter((names[group] for group in groups), dtype=np.intp)
    alone = float(np.square(part).sum())
    if not alone:
        return len(rows) / len(names)
    together = float(np.square(np.bincount(member, part)).sum())
    return max(1.0, together / alone)
