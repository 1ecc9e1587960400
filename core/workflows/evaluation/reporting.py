"""Reports of a study: one file that holds all that a decision rests on, as JSON and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import now
from core.decision.html import report_html
from core.decision.report import FORMAT, counted_judgements, plain, report_text
from core.errors import Conflict
from core.evidence.costs import corrections_words, money_words
from core.projects import rubric_to_json
from core.study.findings import Comparison
from core.study.pairs import Judgement
from core.study.study import Study, StudySystem
from core.study.verdicts import set_apart_words
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation.gating import gate_checks, gate_plan, study_scores
from core.workflows.evaluation.results import StudyResult, register_of, study_report
from core.workflows.evaluation.score_report import ScoreReport
from core.workflows.evaluation.seals import seal_if_open
from core.workflows.evaluation.spending import costs_of, rates_of
from core.workflows.evaluation.studies import compared_because, counts_because
from core.workflows.evaluation.unblinding import note_seen

if TYPE_CHECKING:
    from storage.store import Store


def report_files(store: Store, actor: Actor, study_id: str) -> dict[str, str]:
    """The report of a study as it stands: {"json": text, "html": text}; for leads and viewers.

    Raises Conflict while a worker computes the results.
    """
    result = study_report(store, actor, study_id).content
    if result is None:
        raise Conflict("The results are being computed. Ask again when they are shown.")
    content = report_content(store, actor, result)
    return {"json": report_text(content), "html": report_html(content)}


def report_content(store: Store, actor: Actor, result: StudyResult) -> dict[str, Any]:
    """The report of a study as plain values."""
    study, found = result.study, result.found
    opened = seal_if_open(store, study)
    if opened is not None:
        note_seen(store, actor, study, "answers")
    shown = study_scores(store, actor, study)
    judgements = store.judgements.of_study(study.study_id)
    version = get_version(store, actor, study.version_id)
    plan, changed_at = gate_plan(store, actor, study.study_id)
    project = store.projects.by_id(study.project_id)
    content = {
        "format": FORMAT,
        "made_at": now(),
        "project": project.name if project else "",
        "study": _study(study),
        "version": {
            "version_id": version.version_id,
            "name": version.name,
            "number": version.number,
            "content_hash": version.content_hash,
            "counts": version.counts,
            "references": store.versions.references(version.version_id),
        },
        "systems": [_system(store, study.study_id, one) for one in study.systems],
        "withheld": result.withheld,
        "counted_from": result.counted_from,
        "reviewed": result.reviewed,
        "candidates": [
            _candidate(store, actor, result, one, shown, judgements) for one in found.comparisons
        ],
        "ranking": result.evidence.ranking,
        "meetings": result.evidence.meetings,
        "agreement": found.agreement,
        "side_bias": found.side_bias,
        "repeats": found.repeats,
        "withdrawn": result.withdrawn,
        "seconds": found.seconds,
        "raters": [
            {"judgements": count, "median_seconds": seconds}
            for _, count, seconds in found.per_rater
        ],
        "scores": _scores(shown, study),
        "gate_plan": {**plan.to_json(), "changed_at_judgement": changed_at},
        "rates": rates_of(store, actor, study.project_id),
        "decisions": store.decisions.of_study(study.study_id),
        "opened_seal": opened,
    }
    return dict(plain(content))


def _study(study: Study) -> dict[str, Any]:
    counts, compared = counts_because(study), compared_because(study)
    plan = {name: value for name, value in study.plan.to_json().items() if name != "seed"}
    return {
        "study_id": study.study_id,
        "name": study.name,
        "opened_by": study.person,
        "opened_at": study.created_at,
        "closed_at": study.closed_at,
        "plan": plan,
        "changed_words": study.plan.changed_words,
        "rubric": rubric_to_json(study.rubric),
        "seal": study.seal,
        "extensions": [
            {**asdict(one), "sentence": said}
            for one, said in zip(study.extensions, study.added, strict=True)
        ],
        "blind": study.blind,
        "leaks": study.leaks,
        "counts_because": counts,
        "differences": study.differences,
        "compared_because": compared,
    }


def _system(store: Store, study_id: str, one: StudySystem) -> dict[str, Any]:
    system = store.systems.by_id(one.system_id)
    generation = store.systems.generation_in(study_id, one.system_id)
    run = store.runs.by_id(system.run_id) if system and system.run_id else None
    return {
        **asdict(one),
        "conditions": generation.conditions if generation else None,
        "speed": generation.speed if generation else None,
        "run": None
        if run is None
        else {
            "run_id": run.run_id,
            "name": run.name,
            "base_model": run.model_id,
            "base_model_hash": run.base_model_hash,
            "prompt_hash": run.prompt_hash,
            "precision": run.precision,
            "adapter_hash": run.metrics.adapter_hash if run.metrics else "",
            "version_id": run.version_id,
        },
    }


def _candidate(
    store: Store,
    actor: Actor,
    result: StudyResult,
    found: Comparison,
    shown: ScoreReport | None,
    judgements: Sequence[Judgement],
) -> dict[str, Any]:
    study = result.study
    evidence = result.evidence.of(found.candidate_id)
    baseline_id = study.baseline.system_id
    register = register_of(store, actor, study.study_id, found.candidate_id)
    costs = costs_of(store, actor, result, found.candidate_id)
    rates = rates_of(store, actor, study.project_id)
    return {
        **asdict(found),
        "sentence": result.headline(found),
        "risk_sentence": _risk(result, found),
        "set_apart_sentence": set_apart_words(found.set_apart, found.only_set_apart),
        "survives": found.sign_survives(evidence.sensitivity.survives),
        "sensitivity": {
            **asdict(evidence.sensitivity),
            "without_one_rater": [
                {"judgements": one.judgements, "net": one.net}
                for one in evidence.sensitivity.without_one_rater
            ],
        },
        "metric_trust": [{**asdict(one), "speaks": one.speaks} for one in evidence.trust],
        "slices": [{**asdict(one), "says": one.says} for one in evidence.slices],
        "costs": costs,
        "money_sentence": money_words(costs, rates, None if result.withheld else found.net),
        "corrections_sentence": corrections_words(costs.corrections),
        "gate": gate_checks(store, actor, result, found.candidate_id, shown),
        "without_right_guesses": found.blinding.what_is_left_out
        if found.blinding and found.blinding.left_out
        else "",
        "register": register.studies,
        "combined_e_value": register.combined,
        "judgements": counted_judgements(judgements, baseline_id, found.candidate_id),
    }


def _risk(result: StudyResult, found: Comparison) -> str:
    """What was said of the riskiest outputs, and, where there is a verdict, of all outputs."""
    if found.risk is None:
        return ""
    said = f"{found.risk.seen(result.study.name_of(found.candidate_id))}."
    return said if result.withheld else f"{said} {found.risk.over_all}"


def _scores(shown: ScoreReport | None, study: Study) -> list[dict[str, Any]]:
    """Mean and difference to the baseline of each metric, where they may be compared."""
    own = {one.system_id for one in study.systems}
    rows = []
    for scores in shown.systems if shown else ():
        if scores.system.system_id not in own:
            continue
        for name, mean in scores.means.items():
            against = scores.against.get(name)
            rows.append(
                {
                    "system_id": scores.system.system_id,
                    "metric": name,
                    "mean": mean.mean,
                    "difference": against.difference if against else None,
                }
            )
    return rows
