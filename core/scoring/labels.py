"""Precision, recall and F1 of a label, per class and over all of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.scoring.overlap import fold_whitespace

NO_LABEL = "(none)"
_LEAD = re.compile(
    r"^[\W_]*(?:the )?(?:final )?(?:answer|label|class|category|sentiment)(?: is\b|\W*[:=])"
)
_AROUND = " \t.,;:!?\"'`*_()[]{}<>“”‘’«»。！？"


@dataclass(frozen=True)
class ClassReport:
    """One class: `support` references have it, `answered` answers do; the rest is in 0..1."""

    precision: float
    recall: float
    f1: float
    support: int
    answered: int


@dataclass(frozen=True)
class LabelReport:
    """`classes` by label; `macro_f1` is the mean over the classes that references have.

    `accuracy` is also micro F1, as every example has one label. Without examples both are None.
    """

    classes: dict[str, ClassReport]
    macro_f1: float | None
    accuracy: float | None
    n: int


def label_report(expected: Sequence[str], answered: Sequence[str]) -> LabelReport:
    """How well the answers hit the labels, letter case and spacing aside.

    An answer that is none of the expected labels (garbage, empty) is the class "(none)": wrong,
    and never dropped. Raises InvalidInput when the lengths differ or an expected label is empty.
    """
    if len(expected) != len(answered):
        raise InvalidInput("Labels and answers differ in number. Give one answer per label.")
    wanted = [normal_label(label) for label in expected]
    if "" in wanted:
        raise InvalidInput("A reference has no label. Leave such examples out, and say how many.")
    known = set(wanted)
    given = [parsed_label(text, known) or NO_LABEL for text in answered]
    hits = Counter(want for want, give in zip(wanted, given, strict=True) if want == give)
    support, answers = Counter(wanted), Counter(given)
    classes = {
        label: _class_report(hits[label], support[label], answers[label])
        for label in sorted(known | set(given))
    }
    n = len(wanted)
    return LabelReport(
        classes,
        macro_f1=sum(classes[label].f1 for label in known) / len(known) if known else None,
        accuracy=hits.total() / n if n else None,
        n=n,
    )


def normal_label(text: str) -> str:
    """A label as it is compared: whitespace folded, case folded."""
    return fold_whitespace(text).casefold()


def parsed_label(text: str, known: Collection[str]) -> str | None:
    """The one of the `known` labels (as `normal_label` writes them) that an answer gives, or None.

    "Positive." and "Answer: positive" give "positive"; what is more than a label gives none.
    """
    if (whole := normal_label(text)) in known:
        return whole
    bare = _LEAD.sub("", whole).strip(_AROUND)
    return bare if bare in known else None


def _class_report(hits: int, support: int, answered: int) -> ClassReport:
    return ClassReport(
        precision=hits / answered if answered else 0.0,
        recall=hits / support if support else 0.0,
        f1=2 * hits / (support + answered),
        support=support,
        answered=answered,
    )
