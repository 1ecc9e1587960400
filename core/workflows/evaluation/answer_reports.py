"""Reports on the texts of a version's answers: labels, and metrics on request. A worker makes them.

labels = label_report(store, actor, version_id, "test", baseline_id)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.actor import READS_RESULTS, Actor
from core.errors import InvalidInput
from core.scoring.answer_report import AnswerReport, answer_report_of
from core.scoring.metrics import ON_REQUEST, SCORER_VERSION
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
    found = _kept(store, actor, version_id, split, baseline_id, ())
    return found if found.content or found.job_id else _queue(
        store, actor, version_id, split, baseline_id, ()
    )  # fmt: skip


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
    found = _kept(store, actor, version_id, split, baseline_id, chosen)
    if found.content or found.job_id or not compute:
        return found
    return _queue(store, actor, version_id, split, baseline_id, chosen)


def _kept(
    store: Store,
    actor: Actor,
    version_id: str,
    split: str,
    baseline_id: str,
    names: Sequence[str],
) -> reports.Report[AnswerReport]:
    actor.require(get_version(store, actor, version_id).project_id, *READS_RESULTS)
    report_id, stamp = _identity(store, version_id, split, baseline_id, names)
    content = reports.kept(store, report_id, stamp)
    if content is not None:
        return reports.Report(answer_report_of(content))
    there = reports.job_of(store, report_id, stamp)
    return reports.Report(None, there.job_id if there else "")


def _identity(
    store: Store, version_id: str, split: str, baseline_id: str, names: Sequence[str]
) -> tuple[str, str]:
    """The report's id, and the stamp of what it rests on."""
    version = store.versions.by_id(version_id)
    assert version is not None  # callers have looked it up
    plan = scoring_plan(store, version.project_id)
    report_id = f"answers {version_id} {split} {baseline_id} {'+'.join(names)}"
    return report_id, f"{store.results.score_stamp(version_id)} {plan.hash} {SCORER_VERSION}"


def _queue(
    store: Store,
    actor: Actor,
    version_id: str,
    split: str,
    baseline_id: str,
    names: Sequence[str],
) -> reports.Report[AnswerReport]:
    version = get_version(store, actor, version_id)
    report_id, stamp = _identity(store, version_id, split, baseline_id, names)
    systems = [s.system_id for s in covered(store, version_id) if s.scored and s.answers]
    path = reports.scratch(store, "answers.parquet")
    store.results.write_answers(path, version_id, split, systems, baseline_id)
    job_id = reports.computing(
        store, actor, version.project_id, report_id, stamp,
        title="Metrics on request" if names else "Label report",
        spec={
            "report": "answers",
            "metrics": list(names),
            "plan": scoring_plan(store, version.project_id).to_json(),
        },
        files={"answers.parquet": path},
    )  # fmt: skip
    return reports.Report(None, job_id)
