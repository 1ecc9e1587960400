"""Agreement between annotators: how far people who annotated the same examples say the same.

found = agreement_of(annotations, fields=("topic",), accepted=accepted)
found.fields[0].alpha          # an Estimate with n and, from 15 examples on, an interval
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from core.examples.overlap import PersonAnnotation, label_values
from core.statistics.agreement import Table, gwet_ac, krippendorff_alpha, raw_agreement
from core.statistics.estimates import Estimate, mean_interval, proportion

SEED = 20261126
QUALITY = "quality"
NOT_GIVEN = "—"
POINTS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class FieldAgreement:
    """Agreement on a label, or on the quality: shares in 0..1, coefficients at most 1."""

    name: str
    raw: Estimate
    alpha: Estimate
    ac: Estimate


@dataclass(frozen=True)
class Alike:
    """How alike two sides are: over `n` comparisons, the shares (0..1) of equal labels and of equal
    outputs, each with an exact interval, and the outputs' mean similarity (0..1)."""

    who: str
    n: int
    labels: Estimate | None
    outputs: Estimate
    similarity: float


@dataclass(frozen=True)
class AnnotatorAgreement:
    """All of it. `examples` were annotated by two people or more; `similarity` is the mean of each
    example's pairs of outputs, 1 for equal ones. `weeks` begin on Mondays; `accepted` compares each
    person with what reviewers accepted."""

    examples: int
    fields: tuple[FieldAgreement, ...]
    equal_outputs: Estimate
    similarity: Estimate
    weeks: tuple[Alike, ...]
    pairs: tuple[Alike, ...]
    accepted: tuple[Alike, ...]


@dataclass(frozen=True)
class Said:
    """What one side of a comparison said: its output but for white space, its labels."""

    output: str
    labels: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, output: str, labels: Mapping[str, Any]) -> Said:
        """What is compared of an output and labels."""
        return cls(" ".join(output.split()), tuple(label_values(labels)))


def agreement_of(
    annotations: Sequence[PersonAnnotation],
    *,
    fields: Sequence[str],
    accepted: Mapping[str, tuple[str, Mapping[str, Any]]],
    names: Mapping[str, str],
    ratings: Mapping[str, int] | None = None,
) -> AnnotatorAgreement:
    """Agreement from each person's last annotation of each example; those of one person alone are
    left out. `fields` names the labels, `accepted` has output and labels of decided examples,
    `names` the people's names; `ratings` says of labels that are ratings how many points they have:
    4 and 5 agree more than 1 and 5."""
    by_example: dict[str, list[PersonAnnotation]] = {}
    for one in annotations:
        by_example.setdefault(one.example_id, []).append(one)
    shared = {example: many for example, many in by_example.items() if len(many) > 1}
    similar, equal, weeks, pairs, final = [], 0, _Groups(), _Groups(), _Groups()
    for example, many in shared.items():
        said = [Said.of(one.output, one.labels) for one in many]
        equal += len({one.output for one in said}) == 1
        week = _monday(max(one.created_at.date() for one in many))
        alike = []
        for (one, left), (other, right) in combinations(zip(many, said, strict=True), 2):
            alike.append(similarity(left.output, right.output))
            both = " and ".join(sorted(names.get(p.person_id, "Somebody") for p in (one, other)))
            pairs.add(both, left.labels == right.labels, left.output == right.output, alike[-1])
        similar.append(sum(alike) / len(alike))
        # A unit is an example here: its pairs of people are not independent of each other.
        same = len({one.labels for one in said}) == 1
        weeks.add(week.isoformat(), same, len({one.output for one in said}) == 1, similar[-1])
        if example in accepted:
            right = Said.of(*accepted[example])
            for one, left in zip(many, said, strict=True):
                final.add(
                    names.get(one.person_id, "Somebody"),
                    left.labels == right.labels,
                    left.output == right.output,
                    similarity(left.output, right.output),
                )
    rng = np.random.default_rng(SEED)
    labelled = bool(fields)
    return AnnotatorAgreement(
        len(shared),
        tuple(_fields(list(shared.values()), fields, ratings or {})),
        proportion(equal, len(shared)),
        mean_interval(similar, rng),
        weeks.found(labelled),
        pairs.found(labelled),
        final.found(labelled),
    )


def similarity(left: str, right: str) -> float:
    """1 for equal texts, 0 for ones without a common character in order (normalised Indel)."""
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_similarity(left, right))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


class _Groups:
    """Comparisons, by what they are told for."""

    def __init__(self) -> None:
        self._seen: dict[str, list[tuple[bool, bool, float]]] = {}

    def add(self, who: str, labels: bool, outputs: bool, similar: float) -> None:
        self._seen.setdefault(who, []).append((labels, outputs, similar))

    def found(self, labelled: bool) -> tuple[Alike, ...]:
        return tuple(
            Alike(
                who,
                len(seen),
                proportion(sum(one[0] for one in seen), len(seen)) if labelled else None,
                proportion(sum(one[1] for one in seen), len(seen)),
                sum(one[2] for one in seen) / len(seen),
            )
            for who, seen in sorted(self._seen.items())
        )


def _fields(
    shared: Sequence[list[PersonAnnotation]], fields: Sequence[str], ratings: Mapping[str, int]
) -> list[FieldAgreement]:
    found = []
    for name in fields:
        if name in ratings:
            points = range(1, ratings[name] + 1)
            found.append(_on_points(name, _table(shared, partial(_point, name, points)), points))
            continue
        table = _table(shared, partial(_value, name))
        found.append(
            FieldAgreement(
                name,
                raw_agreement(table, np.random.default_rng(SEED)),
                krippendorff_alpha(table, "nominal", np.random.default_rng(SEED)),
                gwet_ac(table, "nominal", np.random.default_rng(SEED)),
            )
        )
    if any(one.quality for many in shared for one in many):
        found.append(_on_points(QUALITY, _table(shared, lambda one: one.quality), POINTS))
    return found


def _on_points(name: str, marks: Table, points: Sequence[int]) -> FieldAgreement:
    return FieldAgreement(
        name,
        raw_agreement(marks, np.random.default_rng(SEED)),
        krippendorff_alpha(marks, "ordinal", np.random.default_rng(SEED)),
        gwet_ac(marks, "ordinal", np.random.default_rng(SEED), categories=points),
    )


def _point(name: str, points: Sequence[int], one: PersonAnnotation) -> int | None:
    """The rating; None where none was given, or what an earlier schema had."""
    given = one.labels.get(name)
    return given if type(given) is int and given in points else None


def _value(name: str, one: PersonAnnotation) -> str:
    return dict(label_values(one.labels)).get(name, NOT_GIVEN)


def _table(
    shared: Iterable[Sequence[PersonAnnotation]], value: Callable[[PersonAnnotation], Any]
) -> Table:
    """Raters × examples, None where somebody did not annotate an example."""
    columns = [{one.person_id: value(one) for one in many} for many in shared]
    people = sorted({person for column in columns for person in column})
    return [[column.get(person) for column in columns] for person in people]
