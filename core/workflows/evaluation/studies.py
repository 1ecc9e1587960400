"""Studies: plan a blind comparison, open it by a worker's draw, let it count, close it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.actor import READS_RESULTS, Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput, NotFound
from core.study.comparing import SHORTEST_REASON, Difference, comparable, needs_reason
from core.study.pairing import meetings
from core.study.repeats import SHARE as REPEATED_SHARE
from core.study.sampling import sample_size
from core.study.sealing import secret_seed
from core.study.study import Study, StudyNote, StudyPlan
from core.wording import counted
from core.workflows.evaluation.drawing import UNLIKE, chosen_systems, queue_draw

if TYPE_CHECKING:
    from storage.store import Store

FRACTION = 0.10
OVERLAP = 0.20
COUNTS = "counts_although_not_blind"


@dataclass(frozen=True)
class Prospect:
    """What a study of these systems could rest on. `outputs`: examples of the split that all
    answered and none was trained on or shown; `left_out`: those that one was; `split_size`: the
    examples of the frozen split; `claims`: how many comparisons would share one chance of a false
    claim, those of earlier studies of the same systems and one a candidate of this one;
    `references`: whether the version has any to show."""

    outputs: int
    left_out: int
    split_size: int
    differences: tuple[Difference, ...] = ()
    claims: int = 1
    references: bool = True

    @property
    def least(self) -> int:
        """How many examples the 10 % rule asks for: of the frozen split, answered or not."""
        return sample_size(self.split_size, FRACTION)

    def size(self, at_least: int = 0) -> int:
        """How many examples to draw: 10 % of the split or more, as far as there are outputs."""
        return min(self.outputs, max(self.least, at_least))

    @property
    def needs_reason(self) -> bool:
        """Whether a lead has to write why the systems are compared all the same."""
        return needs_reason(self.differences)


def prospect(
    store: Store,
    actor: Actor,
    project_id: str,
    version_id: str,
    baseline_id: str,
    candidate_ids: Sequence[str],
    split: str = "all",
    *,
    for_tuning: bool = False,
) -> Prospect:
    """What a study of a baseline and its candidates would rest on, and what differs between them.
    `for_tuning`: with the examples that one was trained on or shown.

    Raises NotFound for systems that have not answered this version, InvalidInput for one named
    twice or no candidate.
    """
    actor.require(project_id, "lead")
    there = chosen_systems(store, project_id, version_id, [baseline_id, *candidate_ids])
    baseline, *candidates = there
    outputs, left_out = store.shared_outputs.count(version_id, [s.system_id for s in there], split)
    if for_tuning:
        outputs, left_out = outputs + left_out, 0
    differences = [
        difference if len(candidates) == 1 else replace(
            difference, what=f"{difference.what} ({candidate.name})"
        )
        for candidate in candidates
        for difference in comparable(baseline.conditions, candidate.conditions)
    ]  # fmt: skip
    return Prospect(
        outputs=outputs,
        left_out=left_out,
        split_size=store.versions.frozen_size(version_id, split, [s.system_id for s in there]),
        differences=tuple(differences),
        references=store.versions.references(version_id) > 0,
        claims=len(candidate_ids)
        + max(store.studies.claims(baseline_id, i) for i in candidate_ids),
    )


def open_study(
    store: Store,
    actor: Actor,
    project_id: str,
    *,
    version_id: str,
    name: str,
    baseline_id: str,
    candidate_ids: Sequence[str],
    split: str = "all",
    size: int | None = None,
    overlap: float = OVERLAP,
    risk: int = 0,
    repeats: float = REPEATED_SHARE,
    gold: float = 0.0,
    show_reference: bool = False,
    seed: int | None = None,
    reason: str = "",
    study_id: str | None = None,
    for_tuning: bool = False,
    among: bool = False,
) -> str:
    """Queue the draw of a study, which opens when the worker has made it; the study's id.

    `study_id` was made when the form was opened: a second submission of it queues nothing. `size`
    may be above the plan's, never below 10 % of the frozen split unless fewer have answers of all.
    `overlap` is the share of pairs that
    two people rate, `risk` how many of the riskiest outputs are reviewed beside the
    sample, `gold` the share of the sample for which gold pairs are mixed in.
    `reason` is asked for where the systems were asked differently. The seed of
    order and sides is secret unless given. Where the version has no references, none is shown.
    `for_tuning` collects preferences to learn from, on the train or validation split, without gold
    pairs: there is no verdict. `among`: several candidates meet each other too, for the ranking.
    """
    seen = prospect(
        store, actor, project_id, version_id, baseline_id, candidate_ids, split,
        for_tuning=for_tuning,
    )  # fmt: skip
    if study_id and store.jobs.of_subject(study_id):
        return study_id
    _refuse_unfit(seen, overlap, reason)
    size = seen.size(size or 0)
    plan = StudyPlan(
        outputs=seen.outputs,
        pairs=size * len(meetings(1 + len(candidate_ids), among)),
        least=seen.least,
        fraction=FRACTION,
        overlap=overlap,
        repeats=repeats,
        gold=0.0 if for_tuning else gold,
        show_reference=show_reference and seen.references,
        seed=secret_seed() if seed is None else seed,
        left_out=seen.left_out,
        split=split,
        split_size=seen.split_size,
        risk=max(0, min(risk, seen.outputs)),
        for_tuning=for_tuning,
        among=among and len(candidate_ids) > 1,
    )
    study_id = study_id or new_id("stu")
    title = name.strip()[:80] or f"Study of {counted(plan.pairs, 'pair')}"
    queue_draw(
        store, actor, project_id, version_id, study_id, [baseline_id, *candidate_ids], plan, size,
        {"name": title, "reason": reason.strip(),
         "differences": [d.to_json() for d in seen.differences]},
    )  # fmt: skip
    return study_id


def _refuse_unfit(seen: Prospect, overlap: float, reason: str) -> None:
    if not seen.outputs and seen.left_out:
        raise InvalidInput(
            "Every example that these systems share is one that a system was trained on, or was "
            "shown. Generate for the test split, and compare there; or open a study for preference "
            "tuning, which gives no verdict."
        )
    if not seen.outputs:
        raise InvalidInput("The systems share no answered example. Generate for one split.")
    if not 0 <= overlap <= 1:
        raise InvalidInput("The overlap is a share between 0 and 1.")
    if seen.needs_reason and len(reason.strip()) < SHORTEST_REASON:
        named = "; ".join(str(d) for d in seen.differences if not d.by_design)
        raise InvalidInput(
            f"These systems were not asked alike. {named}. Generate again under one setting, or "
            "write in a sentence why they may be compared all the same."
        )


def let_count(store: Store, actor: Actor, study_id: str, reason: str) -> None:
    """A lead writes why a study that is not blind may count all the same."""
    study = get_study_as_lead(store, actor, study_id)
    if len(reason.strip()) < SHORTEST_REASON:
        raise InvalidInput("Write in a sentence why the verdict may count although it can be told.")
    _note(store, actor, study, COUNTS, reason.strip(), "let_count")


def withhold_again(store: Store, actor: Actor, study_id: str) -> None:
    """Take `let_count` back; the reason that was given stays in the notes."""
    study = get_study_as_lead(store, actor, study_id)
    if counts_because(study) is None:
        raise Conflict("The verdict of this study is withheld already.")
    _note(store, actor, study, "withheld_again", "", "withheld_again")


def _note(store: Store, actor: Actor, study: Study, kind: str, text: str, action: str) -> None:
    def save() -> None:
        store.studies.add_note(study.study_id, kind, text, actor.person_id)
        store.audit.record(
            action, "study", study.study_id, actor.person_id, project_id=study.project_id,
            reason=text,
        )  # fmt: skip

    store.transact(save)


def counts_because(study: Study) -> StudyNote | None:
    """The note by which a study that is not blind counts all the same, or None."""
    notes = [n for n in study.notes if n.kind in (COUNTS, "withheld_again")]
    return notes[-1] if notes and notes[-1].kind == COUNTS else None


def compared_because(study: Study) -> StudyNote | None:
    """Why systems are compared that were asked differently, or None."""
    return next((n for n in study.notes if n.kind == UNLIKE), None)


def set_closed(store: Store, actor: Actor, study_id: str, closed: bool, text: str = "") -> None:
    """Close a study to further ratings, or reopen it."""
    study = get_study_as_lead(store, actor, study_id)
    if study.closed == closed:
        raise Conflict(f"The study is {'closed' if closed else 'open'} already.")

    def save() -> None:
        store.studies.set_closed(study_id, closed, text, actor.person_id)
        store.audit.record(
            "closed" if closed else "reopened", "study", study_id, actor.person_id,
            project_id=study.project_id,
        )  # fmt: skip

    store.transact(save)


def get_study(store: Store, actor: Actor, study_id: str) -> Study:
    """One study with its systems and notes; leads and viewers, as it tells which is which."""
    study = store.studies.by_id(study_id)
    if study is None:
        raise NotFound("This study does not exist. Choose one from the list.")
    actor.require(study.project_id, *READS_RESULTS)
    return study


def get_study_as_lead(store: Store, actor: Actor, study_id: str) -> Study:
    """One study, for whoever changes something about it: leads only."""
    study = get_study(store, actor, study_id)
    actor.require(study.project_id, "lead")
    return study


def studies_of(store: Store, actor: Actor, project_id: str) -> list[Study]:
    """A project's studies, newest first; for leads and viewers."""
    actor.require(project_id, *READS_RESULTS)
    return store.studies.of_project(project_id)
