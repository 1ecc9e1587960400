"""Labels and metrics on request of kept answers: what `touchstone score` says of a file.

answer_report(rows, plan, ["bleu"])      # rows: the baseline's first
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from core.scoring.answers import ScoringPlan
from core.scoring.file_differences import Difference
from core.scoring.label_scores import LabelScores, label_scores
from core.scoring.labels import NO_LABEL, normal_label, parsed_label
from core.scoring.prediction_file import Prediction
from core.scoring.score_file import CorpusScores, FileScores, by_system, chosen_metrics, score_file
from core.scoring.slices import SliceBy, SliceReport, slice_report
from core.statistics.estimates import Estimate, clustered_proportion


@dataclass(frozen=True)
class SystemLabels:
    """The labels of one system's answers. `parsed`: the share of answers in which a label is found;
    `unlabelled`: answers whose reference has none, which are left out."""

    scores: LabelScores
    parsed: Estimate
    unlabelled: int


@dataclass(frozen=True)
class AnswerReport:
    """`means`: metric → system id → mean with interval; `differences` to the first system.
    `left_out`: examples that a system was trained on or shown, which are in nothing here."""

    examples: int = 0
    left_out: int = 0
    means: Mapping[str, Mapping[str, Estimate]] | None = None
    differences: tuple[Difference, ...] = ()
    corpus: Mapping[str, CorpusScores] | None = None
    labels: Mapping[str, SystemLabels] | None = None
    warnings: tuple[str, ...] = ()
    slices: SliceReport | None = None


def answer_report(
    rows: Sequence[Mapping[str, Any]],
    plan: ScoringPlan,
    metrics: Sequence[str],
    by: SliceBy | None = None,
) -> AnswerReport:
    """The report of rows system_id, example_id, group_id, question, reference, text, source,
    exposed.

    Without names of `metrics` the labels alone, where the plan has some; `by`: the metrics of each
    slice, too. Raises InvalidInput for a metric that is not known.
    """
    seen = {row["example_id"] for row in rows if row["exposed"]}
    rows = [row for row in rows if row["example_id"] not in seen]
    examples = len({row["example_id"] for row in rows})
    if not rows:
        return AnswerReport(0, len(seen))
    if not metrics:
        return AnswerReport(examples, len(seen), labels=_labels(rows, plan))
    found = score_file(predictions(rows), chosen_metrics(metrics))
    # What looks like a label to a file is not asked for here.
    found = replace(found, values={name: found.values[name] for name in metrics})
    return AnswerReport(
        examples,
        len(seen),
        {name: found.means[name] for name in metrics},
        tuple(one for one in found.differences if one.metric in metrics),
        found.corpus,
        warnings=tuple(found.warnings),
        slices=slice_report(_for_slices(found, plan), by) if by else None,
    )


def _for_slices(found: FileScores, plan: ScoringPlan) -> FileScores:
    """With the label of each reference, which is read from the text of an extraction."""
    if not plan.has_label:
        return found
    lines = [
        replace(one, label=plan.label_of(one.reference) or NO_LABEL) for one in found.predictions
    ]
    return replace(found, predictions=lines)


def predictions(rows: Sequence[Mapping[str, Any]]) -> list[Prediction]:
    """The rows as lines of a file."""
    return [
        Prediction(
            line,
            row["system_id"],
            row["example_id"],
            row["group_id"] or row["example_id"],
            row["text"],
            row["reference"],
            label=None,
            source=row["source"],
            question=row["question"],
        )
        for line, row in enumerate(rows, 1)
    ]


def _labels(rows: Sequence[Mapping[str, Any]], plan: ScoringPlan) -> dict[str, SystemLabels] | None:
    if not plan.has_label:
        return None
    found = {}
    for system, own in by_system(predictions(rows)).items():
        wanted = [plan.label_of(rows[k]["reference"]) for k in own]
        labelled = [k for k, label in enumerate(wanted) if label.strip()]
        if not labelled:
            continue
        expected = [wanted[k] for k in labelled]
        given = [plan.label_of(rows[own[k]]["text"]) for k in labelled]
        groups = [rows[own[k]]["group_id"] or rows[own[k]]["example_id"] for k in labelled]
        known = {normal_label(label) for label in expected}
        parsed = [parsed_label(text, known) is not None for text in given]
        found[system] = SystemLabels(
            label_scores(expected, given, groups),
            clustered_proportion(parsed, groups),
            len(own) - len(labelled),
        )
    return found


_REPORT: TypeAdapter[AnswerReport] = TypeAdapter(AnswerReport)


def answer_report_json(report: AnswerReport) -> bytes:
    """The report as JSON."""
    return _REPORT.dump_json(report)


def answer_report_of(content: Any) -> AnswerReport:
    """The report that `answer_report_json` wrote, decoded from JSON."""
    return _REPORT.validate_python(content)
