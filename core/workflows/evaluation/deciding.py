"""Deciding: a lead signs for a candidate, on the study's report as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.decision.decision import Decision, Outcome, refuse_unreasoned
from core.decision.report import hash_of, report_text
from core.errors import Conflict, NotFound
from core.workflows.evaluation.gating import gate_checks, gate_stamp
from core.workflows.evaluation.reporting import report_content
from core.workflows.evaluation.results import study_report
from core.workflows.evaluation.studies import get_study, get_study_as_lead
from core.workflows.evaluation.unblinding import note_seen

if TYPE_CHECKING:
    from storage.store import Store


def decide(
    store: Store,
    actor: Actor,
    study_id: str,
    candidate_id: str,
    *,
    decision_id: str,
    outcome: Outcome,
    reason: str,
    stamp: str,
) -> None:
    """A lead signs: the decision keeps the report as it stands now. A second submission is one.

    `stamp`: `gate_stamp` of what the lead was shown. Raises InvalidInput for a release against the
    gate, or a hold, without a reason, Conflict while the results are computed, or when they have
    changed since.
    """
    study = get_study_as_lead(store, actor, study_id)
    if candidate_id not in [one.system_id for one in study.candidates]:
        raise NotFound("This system is no candidate of the study. Reload the page.")
    result = study_report(store, actor, study_id).content
    if result is None:
        raise Conflict("The results are being computed. Sign when they are shown.")
    if gate_stamp(store, actor, result) != stamp and not store.decisions.is_known(decision_id):
        raise Conflict("The results have changed since you read them. Read them again, then sign.")
    refuse_unreasoned(outcome, gate_checks(store, actor, result, candidate_id), reason)
    content = report_content(store, actor, result)

    def save() -> None:
        if store.decisions.is_known(decision_id):
            return
        store.decisions.add(
            decision_id, study_id, candidate_id, outcome, reason.strip(), report_text(content),
            hash_of(content), actor.person_id,
        )  # fmt: skip
        store.audit.record(
            "decided", "study", study_id, actor.person_id, project_id=study.project_id,
            candidate=study.name_of(candidate_id), outcome=outcome, reason=reason.strip(),
            report=hash_of(content),
        )  # fmt: skip

    store.transact(save)


def decisions_of(store: Store, actor: Actor, study_id: str) -> list[Decision]:
    """What was decided of a study's candidates, oldest first; for leads and viewers."""
    study, found = get_study(store, actor, study_id), store.decisions.of_study(study_id)
    if found:
        note_seen(store, actor, study, "results")
    return found


def signed_report(store: Store, actor: Actor, study_id: str, decision_id: str) -> str:
    """The report that a decision was signed on, as it was then; for leads and viewers."""
    note_seen(store, actor, get_study(store, actor, study_id), "results")
    found = store.decisions.report(study_id, decision_id)
    if found is None:
        raise NotFound("There is no such decision. Choose one from the list.")
    return found
