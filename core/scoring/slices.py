"""Slices of a file of predictions: where one system is better or worse than another.

report = slice_report(score_file(read_predictions(path), metrics), "label")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from core.errors import InvalidInput
from core.examples.topics import topics
from core.scoring.file_differences import Difference, Pairing, difference, pairings
from core.scoring.labels import normal_label
from core.scoring.prediction_file import Prediction
from core.scoring.score_file import FileScores, by_system, mean_score
from core.scoring.words import words
from core.statistics.estimates import Better, Estimate
from core.statistics.p_values import holm, sign_flip_test

SEED = 11
FEWEST_IN_A_SLICE = 10
"""Groups of which a slice says whether a system is better: fewer are too small, whatever they show.
Ten leave a sign-flip test a p of .002, which still counts among 25 slices."""
ALPHA = 0.05
NO_SOURCE = "(no source)"

SliceBy = Literal["label", "length", "source", "topic"]


@dataclass(frozen=True)
class SliceDifference:
    """One metric in one slice; `p` of a sign-flip test, corrected by Holm for the slices and the
    systems of that metric. It is None, and `says` "too small", where a slice has too few groups."""

    difference: Difference
    p: float | None
    says: Better | Literal["too small"]


@dataclass(frozen=True)
class Slice:
    """`means`: metric → system → mean and interval. `lines`: system → how many."""

    name: str
    lines: Mapping[str, int]
    means: Mapping[str, Mapping[str, Estimate]]
    differences: Sequence[SliceDifference]


@dataclass(frozen=True)
class SliceReport:
    """`corrected_for`: of each metric, how many differences were tested."""

    by: SliceBy
    slices: Sequence[Slice]
    corrected_for: int


def slice_by(text: str) -> SliceBy:
    """What to slice by. Raises InvalidInput for another word."""
    for one in get_args(SliceBy):
        if text == one:
            found: SliceBy = one
            return found
    raise InvalidInput(f"There are no slices by “{text}”. Slice by {', '.join(get_args(SliceBy))}.")


def slice_report(scores: FileScores, by: SliceBy) -> SliceReport:
    """Means per slice and system, and the paired differences, corrected for their number.

    Raises InvalidInput where no line has what to slice by.
    """
    names = _KEYS[by](scores.predictions)
    tested = _parts(pairings(scores.predictions, by_system(scores.predictions)), names)
    told: dict[str, list[SliceDifference]] = {}
    for name, one in _told(tested, scores.values):
        told.setdefault(name, []).append(one)
    lines: dict[str, dict[str, list[int]]] = {}
    for system, own in by_system(scores.predictions).items():
        for index in own:
            lines.setdefault(names[index], {}).setdefault(system, []).append(index)
    slices = [
        Slice(
            name,
            {system: len(own) for system, own in lines[name].items()},
            _means(scores, lines[name]),
            told.get(name, []),
        )
        for name in _in_order(by, names)
    ]
    return SliceReport(by, slices, sum(_is_large(part) for _, part in tested))


def _parts(pairs: Sequence[Pairing], names: Sequence[str]) -> list[tuple[str, Pairing]]:
    """The name of each slice with the pairs of lines of which both are in it."""
    found = []
    for pair in pairs:
        inside: dict[str, list[int]] = {}
        for k, (a, b) in enumerate(pair.lines):
            if names[a] == names[b]:
                inside.setdefault(names[a], []).append(k)
        for name, own in inside.items():
            lines, groups = [pair.lines[k] for k in own], [pair.groups[k] for k in own]
            found.append((name, replace(pair, lines=lines, groups=groups)))
    return found


def _is_large(pair: Pairing) -> bool:
    return len(set(pair.groups)) >= FEWEST_IN_A_SLICE


def _means(scores: FileScores, own: Mapping[str, Sequence[int]]) -> dict[str, dict[str, Estimate]]:
    return {
        metric: {
            system: mean_score(metric, lines, scores.predictions, given)
            for system, lines in own.items()
        }
        for metric, given in scores.values.items()
    }


def _told(
    tested: Sequence[tuple[str, Pairing]], values: Mapping[str, Sequence[float]]
) -> list[tuple[str, SliceDifference]]:
    """The name of the slice with each difference in it, corrected metric by metric."""
    large = [k for k, (_, part) in enumerate(tested) if _is_large(part)]
    found = []
    for metric, given in values.items():
        p_values = holm([_p_value(tested[k][1], given) for k in large])
        corrected = dict(zip(large, p_values, strict=True))
        for k, (name, part) in enumerate(tested):
            apart = difference(metric, part, given)
            found.append((name, _corrected(apart, corrected.get(k))))
    return found


def _corrected(apart: Difference, p: float | None) -> SliceDifference:
    if p is None:
        return SliceDifference(apart, None, "too small")
    return SliceDifference(apart, p, apart.says if p <= ALPHA else "not shown")


def _p_value(pair: Pairing, values: Sequence[float]) -> float:
    sums: dict[int, float] = {}
    for group, (a, b) in zip(pair.groups, pair.lines, strict=True):
        sums[group] = sums.get(group, 0.0) + values[b] - values[a]
    return sign_flip_test(list(sums.values()), np.random.default_rng(SEED))


def _in_order(by: SliceBy, names: Sequence[str]) -> list[str]:
    """Slices of lengths from short to long, others from many lines to few."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    if by == "length":
        return sorted(counts, key=lambda name: int(name.split()[0]))
    return sorted(counts, key=lambda name: (-counts[name], name))


def _labels(predictions: Sequence[Prediction]) -> list[str]:
    if predictions[0].label is None:
        raise InvalidInput("No line has a “label”. Give all lines one, or slice by length.")
    return [normal_label(one.label or "") for one in predictions]


def _sources(predictions: Sequence[Prediction]) -> list[str]:
    if all(one.source is None for one in predictions):
        raise InvalidInput("No line has a “source”. Give the lines one, or slice by length.")
    return [NO_SOURCE if one.source is None else one.source for one in predictions]


def _lengths(predictions: Sequence[Prediction]) -> list[str]:
    """Thirds of the lines by the words of their reference, which no system has a part in."""
    lengths = np.array([len(words(one.reference)) for one in predictions])
    cuts = np.unique(np.quantile(lengths, [1 / 3, 2 / 3], method="inverted_cdf"))
    edges = [int(lengths.min()) - 1, *(int(cut) for cut in cuts), int(lengths.max())]
    which = np.searchsorted(cuts, lengths)
    return [f"{edges[k] + 1} to {edges[k + 1]} words" for k in which.tolist()]


def _topics(predictions: Sequence[Prediction]) -> list[str]:
    """Of the ids, so that a topic does not grow with the number of systems that answered."""
    texts: dict[str, str] = {}
    for one in predictions:
        texts.setdefault(one.id, one.topic_text)
    names = dict(zip(texts, topics(list(texts.values())).name_of, strict=True))
    return [names[one.id] for one in predictions]


_KEYS: Mapping[SliceBy, Callable[[Sequence[Prediction]], list[str]]] = {
    "label": _labels,
    "length": _lengths,
    "source": _sources,
    "topic": _topics,
}
