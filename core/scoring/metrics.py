"""The automatic metrics: name, label, order, direction and function of each. Everything reads this.

A new metric is one entry here and one function of (reference, answer): in METRICS when every answer
is to have it, in ON_REQUEST for `touchstone score --metrics`. Scores of an older table are shown as
such: raise SCORER_VERSION when a function changes what it says of the same texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.scoring.content import (
    field_f1,
    json_valid,
    length_ratio,
    new_numbers,
    number_accuracy,
    repetition,
)
from core.scoring.corpus_metrics import CORPUS_METRICS
from core.scoring.grounding import unsupported_names, unsupported_numbers
from core.scoring.lists import list_f1
from core.scoring.overlap import exact_match, normalised_match, squad_f1, token_f1
from core.scoring.rouge import rouge_1, rouge_2, rouge_l
from core.scoring.rouge_variants import SUFFIXES_TOLD, rouge_variants

SCORER_VERSION = 2
FIELD = "field:"


@dataclass(frozen=True)
class Metric:
    """One automatic metric. `is_share`: each value is 0 or 1, so that its mean has an exact
    interval. `function` is None for a field, which is read from the whole record, and for what a
    model said itself;
    `higher_is_better` where neither more nor less of it is better in itself; `most`: its highest
    value, the lowest being 0, or None; `of_question`: the function's first text is the question,
    not the reference; `note`: what people have to know to read its values."""

    name: str
    label: str
    function: Callable[[str, str], float] | None
    is_share: bool = False
    higher_is_better: bool | None = True
    most: float | None = 1.0
    of_question: bool = False
    note: str = ""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the most that it can be, or None."""
        return None if self.most is None else (0.0, self.most)


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

MEASURED = (
    # Of the model itself: a sure answer is no better one, so that neither direction is.
    Metric(
        "confidence",
        "confidence",
        None,
        higher_is_better=None,
        most=None,
        note="Confidence is the mean natural log-probability of the tokens of an answer, at "
        "temperature 1: how sure a model is, not whether it is right.",
    ),
    # On the log scale, where the difference of two systems is the logarithm of a ratio.
    Metric(
        "reference_loss",
        "log perplexity",
        None,
        higher_is_better=False,
        most=None,
        note="Log perplexity is that of the reference, the natural logarithm, for each token: 0.1 "
        "less is a perplexity 10 % lower. Systems of other base models, which may divide texts "
        "into other tokens, are compared by neither.",
    ),
)
"""What a generation measured in the model (`core.gpu.confidence`), where it did: names of columns
of the answers that are scored."""

_ROUGES = tuple(
    Metric(name, label, function)
    for name, (label, function) in rouge_variants().items()
    if name not in {metric.name for metric in METRICS}
)

ON_REQUEST = (
    *_ROUGES,
    Metric("bleu", "sentence BLEU, 0 to 100", CORPUS_METRICS["bleu"].of_line, most=100.0),
    Metric("chrf", "sentence chrF, 0 to 100", CORPUS_METRICS["chrf"].of_line, most=100.0),
    Metric("squad_f1", "token F1 as SQuAD", squad_f1),
    Metric("normalised_match", "normalised match", normalised_match, is_share=True),
    Metric("number_accuracy", "last number right", number_accuracy, is_share=True),
    Metric("new_numbers", "numbers not in the reference", new_numbers, higher_is_better=False),
    Metric(
        "unsupported_numbers",
        "numbers not in the question",
        unsupported_numbers,
        higher_is_better=False,
        of_question=True,
    ),
    Metric(
        "unsupported_names",
        "names not in the question",
        unsupported_names,
        higher_is_better=False,
        of_question=True,
    ),
    Metric("field_f1", "field F1", field_f1),
    Metric("list_f1", "F1 of listed items", list_f1),
    Metric("json_valid", "valid JSON", json_valid, is_share=True),
    Metric("length_ratio", "length ratio", length_ratio, higher_is_better=None, most=None),
    Metric("repetition", "repetition", repetition, higher_is_better=False),
)

LABEL_METRICS = (
    Metric("label_accuracy", "label right", None, is_share=True),
    Metric("label_parsed", "label found", None, is_share=True),
)
"""Of lines with a label: read from a whole file, as the labels that there are must be known."""

PASSED = Metric("passed", "tests passed", None, is_share=True)
"""Of lines of code that was run."""

SCHEMA_VALID = Metric("schema_valid", "valid against the schema", None, is_share=True)
"""Where a JSON schema is set: its function is `core.scoring.json_schema.schema_check`."""

_TOLD = [m.name for m in (*METRICS, *ON_REQUEST) if m not in _ROUGES or m.name == "rougeLsum"]
NAMES_TOLD = f"{', '.join(_TOLD)}; {SUFFIXES_TOLD}; or all"
"""The names that `touchstone score --metrics` takes, for people."""

_BY_NAME = {
    metric.name: metric
    for metric in (*METRICS, *MEASURED, *ON_REQUEST, *LABEL_METRICS, PASSED, SCHEMA_VALID)
}


def metric(name: str) -> Metric:
    """A metric by its name; `field:NAME` is whether that field of a record is right."""
    if name.startswith(FIELD):
        return Metric(name, f"field “{name.removeprefix(FIELD)}”", None, is_share=True)
    return _BY_NAME.get(name) or Metric(name, name, None)


def in_order(names: set[str]) -> list[str]:
    """Names of metrics as people see them: those of the table in its order, then the fields."""
    known = [m.name for m in (*METRICS, *MEASURED, *ON_REQUEST) if m.name in names]
    return [*known, *sorted(names - set(known))]
