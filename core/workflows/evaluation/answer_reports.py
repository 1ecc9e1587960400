"""Reports on the texts of a version's answers: labels, and metrics on request. A worker makes them.

labels = label_report(store, actor, version_id, "test", baseline_id)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.actor import READS_RESULTS, Actor
from core.errors import InvalidInput
from core.scoring.answer_report import AnswerReport, answer_report_of
from core.scoring.metrics import ON_REQUEST, SCORER_VERSION
from core.scoring.score_file import chosen_metrics
from core.scoring.slices import SliceBy, slice_by
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation import reports
from core.workflows.evaluation.scoring import scoring_plan
from core.workflows.evaluation.systems import covered

if TYPE_CHECKING:
    from storage.store import Store


def has_labels(store: Store, actor: Actor, version_id: str) -> bool:
    """Whether the project says of what its answers' label is. Leads and viewers."""
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, *READS_RESULTS)
    return scoring_plan(store, version.project_id).has_label


def label_report(
    store: Store, actor: Actor, version_id: str, split: str, baseline_id: str
) -> reports.Report[AnswerReport]:
    """The labels of every scored system's answers to a split, or the job that reads them."""
    return _report(store, actor, _Asked(version_id, split, baseline_id), compute=True)


def metrics_on_request(
    store: Store,
    actor: Actor,
    version_id: str,
    split: str,
    baseline_id: str,
    names: Sequence[str],
    *,
    compute: bool = False,
) -> reports.Report[AnswerReport]:
    """These metrics of `ON_REQUEST` for every scored system, where they were asked for before; with
    `compute` the job that makes them, else."""
    known = [metric.name for metric in ON_REQUEST]
    if not names or any(name not in known for name in names):
        raise InvalidInput("Choose at least one of the metrics on the list.")
    chosen = sorted(set(names), key=known.index)
    asked = _Asked(version_id, split, baseline_id, tuple(chosen))
    return _report(store, actor, asked, compute=compute)


def scores_by_slice(
    store: Store,
    actor: Actor,
    version_id: str,
    split: str,
    baseline_id: str,
    metric: str,
    by: str,
    *,
    compute: bool = False,
) -> reports.Report[AnswerReport]:
    """One metric in each slice of a split, where it was asked for before; with `compute` the job
    that makes them, else. Raises InvalidInput for what cannot be sliced by."""
    chosen_metrics([metric])
    asked = _Asked(version_id, split, baseline_id, (metric,), slice_by(by))
    if asked.by == "label" and not has_labels(store, actor, version_id):
        raise InvalidInput("The project's settings name no label. Slice by something else.")
    return _report(store, actor, asked, compute=compute)


@dataclass(frozen=True)
class _Asked:
    """What a report is of: labels where there are no metrics."""

    version_id: str
    split: str
    baseline_id: str
    metrics: tuple[str, ...] = ()
    by: SliceBy | None = None

    @property
    def report_id(self) -> str:
        """The id under which it is kept."""
        parts = (self.version_id, self.split, self.baseline_id, "+".join(self.metrics))
        return " ".join(("answers", *parts, *((self.by,) if self.by else ())))

    @property
    def title(self) -> str:
        """What its job is called."""
        if self.by:
            return f"Scores by {self.by}"
        return "Metrics on request" if self.metrics else "Label report"


def _report(
    store: Store, actor: Actor, asked: _Asked, *, compute: bool
) -> reports.Report[AnswerReport]:
    version = get_version(store, actor, asked.version_id)
    actor.require(version.project_id, *READS_RESULTS)
    plan = scoring_plan(store, version.project_id)
    stamp = f"{store.results.score_stamp(asked.version_id)} {plan.hash} {SCORER_VERSION}"
    content = reports.kept(store, asked.report_id, stamp)
    if content is not None:
        return reports.Report(answer_report_of(content))
    there = reports.job_of(store, asked.report_id, stamp)
    if there or not compute:
        return reports.Report(None, there.job_id if there else "")
    systems = [s.system_id for s in covered(store, asked.version_id) if s.scored and s.answers]
    path = reports.scratch(store, "answers.parquet")
    store.evidence.write_answers(path, asked.version_id, asked.split, systems, asked.baseline_id)
    job_id = reports.computing(
        store, actor, version.project_id, asked.report_id, stamp,
        title=asked.title,
        spec={
            "report": "answers", "metrics": list(asked.metrics), "plan": plan.to_json(),
            "by": asked.by,
        },
        files={"answers.parquet": path},
    )  # fmt: skip
    return reports.Report(None, job_id)
