"""What a study's verdict took: hours, corrections, and what an hour costs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from core.actor import READS_RESULTS, Actor
from core.errors import NotFound
from core.evidence.costs import Costs, Rates, corrections, efforts
from core.workflows.evaluation.results import StudyResult
from core.workflows.evaluation.studies import get_study

if TYPE_CHECKING:
    from storage.store import Store


def costs_of(store: Store, actor: Actor, result: StudyResult, candidate_id: str) -> Costs:
    """Hours and corrections up to a study's verdict; for leads and viewers."""
    study_id, baseline = result.study.study_id, result.study.baseline
    get_study(store, actor, study_id)
    rows = store.evidence.corrections(study_id, candidate_id)
    judged = store.evidence.judged_times(study_id, candidate_id)
    both = baseline.system_id, candidate_id
    made = [store.systems.generation_in(study_id, one) for one in both]
    base, candidate = (one.speed if one else None for one in made)
    return Costs(
        efforts(store.evidence.hours(study_id)),
        corrections(rows, judged),
        (base, candidate),
        one_job=len({one.job_id if one else None for one in made}) == 1,
    )


def rates_of(store: Store, actor: Actor, project_id: str) -> Rates:
    """What an hour costs in a project; for leads and viewers."""
    actor.require(project_id, *READS_RESULTS)
    return store.decisions.rates(project_id)


def set_rates(store: Store, actor: Actor, project_id: str, rates: Rates) -> None:
    """A lead says what an hour costs."""
    actor.require(project_id, "lead")
    if store.projects.by_id(project_id) is None:
        raise NotFound("This project does not exist. Choose one from the list.")

    def save() -> None:
        store.decisions.set_rates(project_id, rates)
        store.audit.record(
            "rates_changed", "project", project_id, actor.person_id, project_id=project_id,
            **asdict(rates),
        )  # fmt: skip

    store.transact(save)
