"""What a classification run gets right on its validation split: shares and confusion. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.scoring.labels import ClassReport, label_report, normal_label

# A label that no reference has and no prediction gives.
NEVER = ClassReport(0.0, 0.0, 0.0, 0, 0)


@dataclass(frozen=True)
class ClassShares:
    """One label: precision, recall and F1 in 0..1; `support` references have it, `predicted`
    predictions give it."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True)
class Classification:
    """Predictions against references over `n` examples, shares in 0..1.

    `majority` is the accuracy of always giving the commonest label of the training split. The macro
    shares are means over the labels that references have. `matrix[r][c]` counts references
    `rows[r]` for which `columns[c]` was predicted; a row may be a label that training lacks.
    """

    n: int
    accuracy: float
    majority: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    classes: tuple[ClassShares, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal value."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Classification:
        """What `to_json` wrote."""
        return cls(
            **{
                **values,
                "classes": tuple(ClassShares(**one) for one in values["classes"]),
                "rows": tuple(values["rows"]),
                "columns": tuple(values["columns"]),
                "matrix": tuple(tuple(row) for row in values["matrix"]),
            }
        )


def classification(
    expected: Sequence[str], predicted: Sequence[str], known: Sequence[str], majority: str
) -> Classification | None:
    """The report of `predicted` labels, each one of `known`, against as many `expected` ones.

    `majority` is the commonest label of the training split. None without examples.
    """
    if not expected:
        return None
    report = label_report(expected, predicted)
    wanted = [normal_label(one) for one in expected]
    given = [normal_label(one) for one in predicted]
    own = [normal_label(one) for one in known]
    spelled = {normal_label(one): one for one in reversed(expected)}
    unknown = sorted(set(wanted) - set(own))
    names = dict(zip([*own, *unknown], [*known, *(spelled[one] for one in unknown)], strict=True))
    pairs = Counter(zip(wanted, given, strict=True))
    macro = [report.classes[one] for one in sorted(set(wanted))]
    return Classification(
        n=len(wanted),
        accuracy=report.accuracy or 0.0,
        majority=wanted.count(normal_label(majority)) / len(wanted),
        macro_precision=sum(one.precision for one in macro) / len(macro),
        macro_recall=sum(one.recall for one in macro) / len(macro),
        macro_f1=report.macro_f1 or 0.0,
        classes=tuple(_shares(names[one], report.classes.get(one, NEVER)) for one in names),
        rows=tuple(names.values()),
        columns=tuple(known),
        matrix=tuple(tuple(pairs[row, column] for column in own) for row in names),
    )


def _shares(label: str, one: ClassReport) -> ClassShares:
    return ClassShares(label, one.precision, one.recall, one.f1, one.support, one.answered)
