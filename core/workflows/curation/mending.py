"""Mend: a finding's safe mend becomes a revision, of one example or of all, and can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.actor import Actor
from core.checks.check import Batch
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput
from core.workflows.curation import masking
from core.workflows.curation.annotating import LATELY

if TYPE_CHECKING:
    from storage.store import Store


def mendable(store: Store, actor: Actor, project_id: str, kind: str) -> int:
    """How many examples `mend_all` would change now. Leads only."""
    actor.require(project_id, "lead")
    return store.mends.count(project_id, kind, actor.person_id)


def mend_all(store: Store, actor: Actor, project_id: str, kind: str) -> int:
    """Save every safe mend of a kind as a revision; how many examples changed. Leads only.

    The state of an example stays: a lead who mends accepted texts accepts the mended ones.
    Examples that are set aside, that others hold, or that wait for other annotators, stay as they
    are.
    """
    actor.require(project_id, "lead")
    label = _label(kind)
    batch_id = new_id("bat")

    def save() -> int:
        n = store.mends.apply(project_id, kind, batch_id, actor.person_id, label)
        more = masking.also_mask(store, project_id, batch_id, (kind,), actor.person_id)
        _record(store, actor, "mended", project_id, batch_id, n, kind, more)
        return n

    return store.transact(save)


def mend_one(
    store: Store, actor: Actor, project_id: str, kind: str, example_id: str, revision_id: str
) -> None:
    """Save the safe mends of a kind in the revision that was shown. Leads only.

    Raises Conflict where the example was changed meanwhile, somebody else holds it, or it waits for
    other annotators.
    """
    actor.require(project_id, "lead")
    label = _label(kind)
    batch_id = new_id("bat")

    def save() -> None:
        n = store.mends.apply(
            project_id, kind, batch_id, actor.person_id, label,
            example_id=example_id, revision_id=revision_id,
        )  # fmt: skip
        if not n:
            raise Conflict(
                "Somebody changed this example meanwhile or works on it now, or it waits for other "
                "annotators. Nothing was changed: look at it again."
            )
        more = masking.also_mask(store, project_id, batch_id, (kind,), actor.person_id)
        _record(store, actor, "mended", project_id, batch_id, n, kind, more)

    store.transact(save)


def last_mend(store: Store, actor: Actor, project_id: str) -> Batch | None:
    """The newest batch of mends of the last days, unless it was undone."""
    actor.require(project_id)
    return store.batches.last(project_id, now() - LATELY, done="mended", undone="mends_undone")


def undo_mends(store: Store, actor: Actor, project_id: str, batch_id: str) -> int:
    """Bring back the texts before the last batch wherever nothing happened to the example since;
    how many."""
    actor.require(project_id, "lead")

    def save() -> int:
        last = last_mend(store, actor, project_id)
        if last is None or last.batch_id != batch_id:
            raise Conflict("These mends can no longer be undone. Edit single examples instead.")
        n = store.mends.undo(project_id, batch_id, new_id("bat"), actor.person_id)
        _record(store, actor, "mends_undone", project_id, batch_id, n)
        return n

    return store.transact(save)


def _label(kind: str) -> str:
    from core.findings.kinds import KINDS

    if kind not in KINDS:
        raise InvalidInput(f"“{kind}” is no kind of finding. Choose one from the list.")
    return KINDS[kind].label


def _record(
    store: Store,
    actor: Actor,
    action: str,
    project_id: str,
    batch_id: str,
    n: int,
    kind: str = "",
    more: Mapping[str, int] | None = None,
) -> None:
    store.audit.record(
        action,
        "project",
        project_id,
        actor.person_id,
        project_id=project_id,
        batch_id=batch_id,
        n=n,
        about=kind,
        **(more or {}),
    )
