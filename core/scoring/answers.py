"""Every automatic score of many answers: one row per answer and metric, one summary per system."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from core.scoring.json_schema import schema_check
from core.scoring.labels import LabelReport, label_report
from core.scoring.metrics import FIELD, MEASURED, METRICS, SCHEMA_VALID, SCORER_VERSION
from core.scoring.records import field_matches, parse_record
from core.scoring.words import has_words_unseen_by_rouge


class Answer(NamedTuple):
    """What one system answered to one example, beside the reference; and what its generation
    measured, where it did, the names being those of MEASURED (`core.scoring.metrics`)."""

    system_id: str
    example_id: str
    revision_id: str
    reference: str
    text: str
    confidence: float | None = None
    reference_loss: float | None = None


class ScoreRow(NamedTuple):
    """One automatic value, within its metric's bounds; `field:<name>` metrics and exact_match are 0
    or 1."""

    system_id: str
    example_id: str
    revision_id: str
    metric: str
    value: float


@dataclass(frozen=True)
class SystemSummary:
    """Means over `n` answers of one system, those of what a generation measured over the answers
    that have it; `label_report` is None where no label is asked for."""

    n: int
    metrics: dict[str, float]
    field_accuracy: dict[str, float]
    label_report: LabelReport | None
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values for summary.json."""
        return asdict(self)


@dataclass(frozen=True)
class ScoringPlan:
    """What to score: `fields` of records; the label, which for a classification is the text; and
    the `json_schema` that answers are valid against, as `checked_schema` spells it, or ""."""

    task_kind: str = "generation"
    fields: tuple[str, ...] = ()
    label_field: str | None = None
    json_schema: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of what the scores depend on, the scorers' version included; 64 hex digits."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` turns back."""
        return {
            "task_kind": self.task_kind,
            "fields": list(self.fields),
            "label_field": self.label_field,
            "scorer": SCORER_VERSION,
            # Only where there is one: scores from before there were schemas stay up to date.
            **({"json_schema": self.json_schema} if self.json_schema else {}),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ScoringPlan:
        """The plan in a job's spec."""
        return cls(
            values.get("task_kind", "generation"),
            tuple(values.get("fields") or ()),
            values.get("label_field"),
            values.get("json_schema", ""),
        )

    def label_of(self, text: str) -> str:
        """The label in an answer or a reference, "" where there is none."""
        if self.label_field is None or self.task_kind == "classification":
            return text.strip()
        return parse_record(text).get(self.label_field.lower(), "")

    @property
    def has_label(self) -> bool:
        """Whether there is a label to report on."""
        return self.label_field is not None or self.task_kind == "classification"


def score_answers(
    answers: Iterable[Answer],
    plan: ScoringPlan,
    *,
    scored: Callable[[int], None] = lambda _done: None,
) -> tuple[list[ScoreRow], dict[str, SystemSummary]]:
    """All score rows, and a summary per system; `scored` hears how many answers are done."""
    rows: list[ScoreRow] = []
    by_system: dict[str, list[Answer]] = {}
    functions = _functions(plan)
    for done, answer in enumerate(answers, 1):
        rows.extend(
            ScoreRow(answer.system_id, answer.example_id, answer.revision_id, metric, value)
            for metric, value in _scores(answer, plan, functions).items()
        )
        by_system.setdefault(answer.system_id, []).append(answer)
        scored(done)
    means = _means(rows)
    return rows, {system: _summary(own, means[system], plan) for system, own in by_system.items()}


def _functions(plan: ScoringPlan) -> dict[str, Callable[[str, str], float]]:
    functions = {m.name: m.function for m in METRICS if m.function}
    if plan.json_schema:
        functions[SCHEMA_VALID.name] = schema_check(plan.json_schema)
    return functions


def _scores(
    answer: Answer, plan: ScoringPlan, functions: Mapping[str, Callable[[str, str], float]]
) -> dict[str, float]:
    values = {name: score(answer.reference, answer.text) for name, score in functions.items()}
    if plan.fields:
        matches = field_matches(answer.reference, answer.text, plan.fields)
        values |= {f"{FIELD}{name}": float(right) for name, right in matches.items()}
    measured = {m.name: getattr(answer, m.name) for m in MEASURED}
    return values | {name: value for name, value in measured.items() if value is not None}


def _means(rows: Sequence[ScoreRow]) -> dict[str, dict[str, float]]:
    sums: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        sums.setdefault(row.system_id, {}).setdefault(row.metric, []).append(row.value)
    return {
        system: {metric: math.fsum(values) / len(values) for metric, values in metrics.items()}
        for system, metrics in sums.items()
    }


def _summary(
    answers: Sequence[Answer], means: dict[str, float], plan: ScoringPlan
) -> SystemSummary:
    report, unlabelled = _labels(answers, plan)
    told = (*METRICS, *MEASURED, SCHEMA_VALID)
    return SystemSummary(
        n=len(answers),
        metrics={m.name: means[m.name] for m in told if m.name in means},
        field_accuracy={name: means[f"{FIELD}{name}"] for name in plan.fields},
        label_report=report,
        warnings=_warnings(answers, unlabelled),
    )


def _labels(answers: Sequence[Answer], plan: ScoringPlan) -> tuple[LabelReport | None, int]:
    if not plan.has_label:
        return None, 0
    pairs = [(plan.label_of(answer.reference), plan.label_of(answer.text)) for answer in answers]
    labelled = [(want, give) for want, give in pairs if want.strip()]
    report = label_report([want for want, _ in labelled], [give for _, give in labelled])
    return report, len(pairs) - len(labelled)


def _warnings(answers: Sequence[Answer], unlabelled: int) -> list[str]:
    n = len(answers)
    unseen = sum(
        has_words_unseen_by_rouge(a.reference) or has_words_unseen_by_rouge(a.text) for a in answers
    )
    empty = sum(not a.text.strip() for a in answers)
    found = []
    if unseen:
        found.append(
            f"ROUGE drops words in {unseen} of {n} answers or references: its tokenizer knows "
            "a-z and 0-9 only. Read token_f1 instead, which counts words of every script."
        )
    if unlabelled:
        found.append(
            f"{unlabelled} of {n} references have no label and are not in the label report. "
            "Add the label to these examples."
        )
    if empty:
        found.append(f"{empty} of {n} answers are empty and count as wrong.")
    return found
