"""The release gate of a study: its thresholds, and what is shown of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.actor import Actor
from core.decision.gate import Check, GateEvidence, GatePlan, gate
from core.scoring.contamination_check import ContaminationCheck
from core.scoring.metrics import metric
from core.scoring.score_table import MeanScore, ScoreDifference
from core.statistics.estimates import says_better
from core.study.findings import Comparison
from core.study.study import Study
from core.workflows.evaluation.contamination import checks_of_study
from core.workflows.evaluation.results import StudyResult, study_stamp
from core.workflows.evaluation.score_report import ScoreReport, score_report, score_stamp
from core.workflows.evaluation.studies import counts_because, get_study, get_study_as_lead

if TYPE_CHECKING:
    from storage.store import Store


def gate_plan(store: Store, actor: Actor, study_id: str) -> tuple[GatePlan, int | None]:
    """A study's thresholds, and how many judgements there were when a lead changed them (None:
    they are the defaults). For leads and viewers."""
    get_study(store, actor, study_id)
    return store.decisions.gate_plan(study_id) or (GatePlan(), None)


def change_gate(store: Store, actor: Actor, study_id: str, plan: GatePlan) -> None:
    """A lead changes the thresholds; with how many judgements there were stays written down."""
    study = get_study_as_lead(store, actor, study_id)

    def save() -> None:
        judgements = store.judgements.count(study_id)
        store.decisions.add_gate_plan(study_id, plan, judgements, actor.person_id)
        store.audit.record(
            "gate_changed", "study", study_id, actor.person_id, project_id=study.project_id,
            gate=plan.to_json(), judgements=judgements,
        )  # fmt: skip

    store.transact(save)


def gate_stamp(store: Store, actor: Actor, result: StudyResult) -> str:
    """Changes whenever the gate of a study may have; for leads and viewers. Costs little."""
    study = result.study
    plan, _ = gate_plan(store, actor, study.study_id)
    study_now = study_stamp(store, actor, study.study_id)
    return f"{study_now} {score_stamp(store, actor, study.version_id)} {plan}"


def study_scores(store: Store, actor: Actor, study: Study) -> ScoreReport | None:
    """The scores of the study's split against its baseline, without differences where the baseline
    has none; None while a worker computes them."""
    baseline_id = study.baseline.system_id
    found = score_report(
        store, actor, study.version_id, baseline_id=baseline_id, split=study.plan.split
    ).content
    if found is None or found.baseline_id == baseline_id:
        return found
    return found.without_differences()


def gate_checks(
    store: Store,
    actor: Actor,
    result: StudyResult,
    candidate_id: str,
    shown: ScoreReport | None = None,
) -> tuple[Check, ...]:
    """The gate of one candidate, on what its study says now; `shown`: its `study_scores`, where
    they are known already."""
    plan, _ = gate_plan(store, actor, result.study.study_id)
    compared = next(c for c in result.found.comparisons if c.candidate_id == candidate_id)
    shown = shown or study_scores(store, actor, result.study)
    checks = checks_of_study(store, result.study, candidate_id)
    return gate(plan, _evidence(result, compared, plan, shown, checks))


def _evidence(
    result: StudyResult,
    compared: Comparison,
    plan: GatePlan,
    shown: ScoreReport | None,
    checks: Sequence[tuple[str, ContaminationCheck | None]],
) -> GateEvidence:
    study = result.study
    note = counts_because(study)
    guessed = compared.blinding
    sensitivity = result.evidence.of(compared.candidate_id).sensitivity
    both = [study.baseline.system_id, compared.candidate_id]
    scores = {s.system.system_id: s for s in shown.systems} if shown else {}
    mean = scores[both[0]].means.get(plan.metric) if both[0] in scores else None
    against = scores[both[1]].against.get(plan.metric) if both[1] in scores else None
    made = [check for _, check in checks if check is not None]
    suspects = {example_id for check in made for example_id in check.result.suspects}
    without = scores[both[1]].without_suspects.get(plan.metric) if both[1] in scores else None
    return GateEvidence(
        reviewed=result.reviewed,
        counted_from=result.counted_from,
        net=compared.net,
        withheld=result.withheld,
        blind=study.blind,
        enough=study.leaks.enough,
        guessed=guessed is not None and says_better(guessed.index) == "better",
        blind_reason=note.text if note else "",
        metric_label=metric(plan.metric).label,
        baseline_mean=_baseline_mean(against, mean),
        metric_difference=against.difference if against else None,
        criteria={c.criterion: c.difference for c in compared.criteria},
        survives_rater=sensitivity.survives_each_rater,
        survives=compared.sign_survives(sensitivity.survives),
        agreement=result.found.agreement[0].ac,
        trained_unknown=[
            s.name for s in study.systems if s.system_id in both and s.kind == "imported"
        ],
        unchecked=[title for title, check in checks if check is None],
        probed=min((check.result.completed.n for check in made), default=0),
        suspects=len(suspects),
        difference_without_suspects=without.difference if without else None,
    )


def _baseline_mean(against: ScoreDifference | None, every: MeanScore | None) -> float | None:
    """The baseline's mean over the examples of the difference; over all of them in a table of an
    older release."""
    if against is not None and against.baseline_mean is not None:
        return against.baseline_mean
    return every.mean.value if every else None
