"""The automatic metrics: name, label, order, direction and function of each. Everything reads this.

A new metric is one entry here and one function of (reference, answer). Scores of an older table are
shown as such: raise SCORER_VERSION when a function changes what it says of the same texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.scoring.overlap import exact_match, token_f1
from core.scoring.rouge import rouge_1, rouge_2, rouge_l

SCORER_VERSION = 1
FIELD = "field:"


@dataclass(frozen=True)
class Metric:
    """One automatic metric. `is_share`: each value is 0 or 1, so that its mean has an exact
    interval. `function` is None for a field, which is read from the whole record."""

    name: str
    label: str
    function: Callable[[str, str], float] | None
    is_share: bool = False
    higher_is_better: bool = True


METRICS = (
    Metric("token_f1", "token F1", token_f1),
    Metric("rougeL", "ROUGE-L", rouge_l),
    Metric("rouge1", "ROUGE-1", rouge_1),
    Metric("rouge2", "ROUGE-2", rouge_2),
    Metric(
        "exact_match",
        "exact match",
        lambda reference, text: float(exact_match(reference, text)),
        is_share=True,
    ),
)
"""In the order in which people see them; the first is the one that a page shows first."""

_BY_NAME = {metric.name: metric for metric in METRICS}


def metric(name: str) -> Metric:
    """A metric by its name; `field:NAME` is whether that field of a record is right."""
    if name.startswith(FIELD):
        return Metric(name, f"field “{name.removeprefix(FIELD)}”", None, is_share=True)
    return _BY_NAME.get(name) or Metric(name, name, None)


def in_order(names: set[str]) -> list[str]:
    """Names of metrics as people see them: those of the table in its order, then the fields."""
    known = [m.name for m in METRICS if m.name in names]
    return [*known, *sorted(names - set(known))]
