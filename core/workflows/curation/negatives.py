"""Negatives: worse answers that are proposed, and confirmed or refused by a person each.

Confirmed ones are the rejected side of preference pairs, with the accepted answer as the chosen
one (core/tuning/judged_pairs.py). None is ever an example.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.actor import Actor, Role
from core.augmentation.augmentation import Augmentation
from core.augmentation.negatives import (
    Negative,
    NegativeState,
    NegativeTask,
    negatives_by_rules,
)
from core.augmentation.plan import AugmentationPlan
from core.augmentation.proposals import BY_MODEL
from core.errors import Conflict, InvalidInput, NotFound, Overtaken
from core.examples.listing import ExampleFilter
from core.workflows.curation import augmenting, gold_views

if TYPE_CHECKING:
    from storage.store import Store

ROLES: tuple[Role, ...] = ("reviewer", "lead")


def preview(
    store: Store,
    actor: Actor,
    project_id: str,
    wanted: ExampleFilter,
    plan: AugmentationPlan,
    most: int = 5,
) -> Sequence[Negative]:
    """The first negatives that rules would make; a model's are not known before it is asked."""
    actor.require(project_id, "lead")
    if plan.how != "templates":
        return ()
    sources = augmenting.first_sources(store, actor, project_id, wanted, plan)
    options = augmenting.label_options(store, project_id)
    plan = replace(plan, most=min(most, plan.most))
    return negatives_by_rules(sources, plan, options).negatives


# Looking ----------------------------------------------------------------------------------------


def states_of(store: Store, actor: Actor, augmentation: Augmentation) -> Mapping[str, int]:
    """State → how many of an augmentation's negatives are in it; `changed` waits for nobody."""
    return summed(states_by_rule(store, actor, augmentation))


def states_by_rule(
    store: Store, actor: Actor, augmentation: Augmentation
) -> Mapping[str, Mapping[str, int]]:
    """The same for each of its rules (of NEGATIVE_RULES, or BY_MODEL), in the order of the plan,
    nothing for one that fitted no example: which of them made negatives that people took. What was
    thrown away is not counted."""
    actor.require(augmentation.project_id)
    found = store.negatives.states_by_rule(augmentation.augmentation_id)
    plan = augmentation.plan
    rules = plan.rules if plan.how == "templates" else (BY_MODEL,)
    return {rule: found.get(rule, {}) for rule in rules}


def summed(by_rule: Mapping[str, Mapping[str, int]]) -> Mapping[str, int]:
    """State → how many, over all rules."""
    return dict(sum((Counter(states) for states in by_rule.values()), Counter[str]()))


def waiting(store: Store, actor: Actor, project_id: str) -> int:
    """How many negatives wait for somebody's decision, of those that this person may be shown."""
    actor.require(project_id)
    measured = gold_views.is_measured(actor, project_id)
    return store.negatives.count_waiting(project_id, measured=measured)


def next_negative(store: Store, actor: Actor, project_id: str) -> NegativeTask | None:
    """One to decide on; None when nothing waits. It is not leased: of two people who decide on the
    same one, the first one's decision holds. Whoever is given gold examples sees none of these."""
    actor.require(project_id, *ROLES)
    measured = gold_views.is_measured(actor, project_id)
    return store.negatives.next(project_id, actor.person_id, measured=measured)


def last_decided(store: Store, actor: Actor, project_id: str) -> NegativeTask | None:
    """The negative that this person decided on last: what “undo” takes back."""
    actor.require(project_id, *ROLES)
    return store.negatives.last_decided(project_id, actor.person_id)


# Deciding ---------------------------------------------------------------------------------------


def decide(
    store: Store, actor: Actor, project_id: str, negative_id: str, state: NegativeState
) -> None:
    """Confirm that a negative is worse than the accepted answer, or refuse it; twice is once.

    Raises Overtaken when somebody else decided, and Conflict when its example changed.
    """
    actor.require(project_id, *ROLES)
    if state not in ("confirmed", "refused"):
        raise InvalidInput("Say that the answer is worse, or that it is not.")

    def save() -> None:
        found = _found(store, project_id, negative_id)
        if found.state == state and found.actor_id == actor.person_id:
            return
        if found.state == "waiting" and found.changed:
            raise Conflict(
                "The example was changed or reopened meanwhile, so there is nothing to compare "
                "with. Take the next one."
            )
        if not store.negatives.decide(negative_id, state, actor.person_id):
            raise Overtaken("Somebody has decided on this answer already. Take the next one.")
        _record(store, actor, f"negative_{state}", found)

    store.transact(save)


def undo(store: Store, actor: Actor, project_id: str, negative_id: str) -> None:
    """Take back one's own decision: the negative waits again, or goes where its batch was thrown
    away, or personal data in it were masked, meanwhile. Pairs that a run has learned from stay in
    that run.

    Raises Conflict when there is none of this person's.
    """
    actor.require(project_id, *ROLES)

    def save() -> None:
        found = _found(store, project_id, negative_id)
        if not store.negatives.take_back(negative_id, actor.person_id):
            raise Conflict("This decision was taken back already, or is not yours.")
        _record(store, actor, "negative_decision_undone", found)

    store.transact(save)


def _found(store: Store, project_id: str, negative_id: str) -> NegativeTask:
    found = store.negatives.by_id(negative_id)
    if found is None or found.project_id != project_id:
        raise NotFound("This answer does not exist any more. Take the next one.")
    return found


def _record(store: Store, actor: Actor, action: str, negative: NegativeTask) -> None:
    store.audit.record(
        action, "example", negative.example_id, actor.person_id,
        project_id=negative.project_id, negative_id=negative.negative_id,
    )  # fmt: skip
