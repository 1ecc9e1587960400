"""Annotate: one example per person under a lease; every save is a revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import now
from core.errors import InvalidInput, NotFound, Overtaken
from core.examples.example import Example

if TYPE_CHECKING:
    from storage.store import Store

LEASE = timedelta(minutes=30)


class EditConflict(Overtaken):
    """Somebody saved another revision of the example meanwhile."""

    title = "Somebody saved this example before you"


@dataclass(frozen=True)
class Edit:
    """What a person saves. `submission_id` was made when the form was opened; saving it twice is
    one revision. `based_on` is the revision the form showed; `quality` is 1–5 or None."""

    submission_id: str
    example_id: str
    based_on: str
    instruction: str
    input: str
    output: str
    labels: Mapping[str, Any] = field(default_factory=dict)
    quality: int | None = None
    comment: str = ""
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.quality is not None and self.quality not in (1, 2, 3, 4, 5):
            raise InvalidInput("Quality is a whole number from 1 to 5. Choose one, or none.")
        Example(self.instruction, self.input, self.output, allow_empty_output=True)

    def require_output(self) -> None:
        """Raise InvalidInput when there is no reference: such an example is never accepted."""
        if not self.output.strip():
            raise InvalidInput(
                "The output is empty. Write the answer a good model should give, "
                "or skip the example with a reason."
            )


def next_to_annotate(store: Store, actor: Actor, project_id: str) -> dict[str, Any] | None:
    """The example this person works on next, leased to them; None when nothing is free.

    The dict is the current state plus `submission_id`-free extras: `sent_back` (the reviewer's
    comment, or "").
    """
    actor.require(project_id, "annotator", "lead")
    return lease_next(store, actor, project_id, store.annotation.next_to_annotate)


def lease_next(
    store: Store, actor: Actor, project_id: str, find: Callable[[str, str], str | None]
) -> dict[str, Any] | None:
    """Lease what `find(project_id, person_id)` names; the person lets go of everything else."""

    def take() -> str | None:
        example_id = find(project_id, actor.person_id)
        if example_id is None:
            return None
        if not store.annotation.take_lease(example_id, actor.person_id, now() + LEASE):
            raise Overtaken("Somebody took this example just now. Try again.")
        store.annotation.release_all(project_id, actor.person_id, but=example_id)
        return example_id

    example_id = store.transact(take, in_turn=True)
    return None if example_id is None else _task(store, example_id)


def open_example(store: Store, actor: Actor, project_id: str, example_id: str) -> dict[str, Any]:
    """Lease one named example, to edit it again.

    Raises Overtaken when somebody else holds it, EditConflict when a reviewer has decided on it.
    """
    actor.require(project_id, "annotator", "lead")
    refuse_decided(example_of(store, actor, project_id, example_id))

    lease(store, actor, project_id, example_id)
    return _task(store, example_id)


def lease(store: Store, actor: Actor, project_id: str, example_id: str) -> None:
    """Take one named example and let go of every other. Raises Overtaken when somebody holds it."""

    def take() -> bool:
        taken = store.annotation.take_lease(example_id, actor.person_id, now() + LEASE)
        if taken:
            store.annotation.release_all(project_id, actor.person_id, but=example_id)
        return taken

    if not store.transact(take):
        raise Overtaken("Somebody else is working on this example right now. Choose another one.")


def _task(store: Store, example_id: str) -> dict[str, Any]:
    example = store.examples.current(example_id)
    assert example is not None
    sent_back = ""
    if example["state"] == "sent_back":
        comments = [h for h in store.examples.history(example_id) if h["kind"] == "send_back"]
        sent_back = comments[-1]["text"] if comments else ""
    return {**example, "sent_back": sent_back}


def save_annotation(store: Store, actor: Actor, project_id: str, edit: Edit) -> None:
    """Save a revision for review and let go of the example.

    Raises EditConflict when `based_on` is no longer the current revision: nothing is overwritten.
    """
    actor.require(project_id, "annotator", "lead")
    edit.require_output()
    check_labels(store, project_id, edit.labels)

    def save() -> None:
        if store.annotation.has_revision(edit.submission_id):
            return
        current = example_of(store, actor, project_id, edit.example_id)
        refuse_decided(current)
        refuse_stale(current, edit)
        add_revision(store, actor, edit, origin="annotate", state="annotated")
        store.annotation.release_lease(edit.example_id, actor.person_id)

    store.transact(save)


def add_revision(store: Store, actor: Actor, edit: Edit, *, origin: str, state: str) -> None:
    """Append the edit as a revision; inside the caller's transaction."""
    store.annotation.add_revision(
        {
            "revision_id": edit.submission_id,
            "example_id": edit.example_id,
            "based_on": edit.based_on,
            "instruction": edit.instruction,
            "input": edit.input,
            "output": edit.output,
            "labels": dict(edit.labels),
            "quality": edit.quality,
            "origin": origin,
            "comment": edit.comment,
            "author_id": actor.person_id,
            "seconds": edit.seconds,
        },
        state,
    )


def refuse_decided(current: Mapping[str, Any]) -> None:
    """Raise EditConflict when a reviewer has accepted the example or set it aside."""
    if current["state"] in ("accepted", "set_aside"):
        raise EditConflict("A reviewer has decided on this example meanwhile. Take the next one.")


def refuse_stale(current: Mapping[str, Any], edit: Edit) -> None:
    """Raise EditConflict when the edit started from another revision than the current one."""
    if current["revision_id"] != edit.based_on:
        raise EditConflict(
            f"{current['author']} saved revision {current['number']} while you were writing. "
            f"Your text is still here: compare both, then save again or take theirs."
        )


def skip(
    store: Store, actor: Actor, project_id: str, event_id: str, example_id: str, reason: str
) -> None:
    """Pass an example on to others; this person is not given it again."""
    actor.require(project_id, "annotator", "reviewer", "lead")
    _leave(store, actor, project_id, event_id, example_id, "skip", reason)


def flag(
    store: Store, actor: Actor, project_id: str, event_id: str, example_id: str, reason: str
) -> None:
    """Say that something is wrong with an example; a reviewer decides, and it is not frozen."""
    actor.require(project_id, "annotator", "reviewer", "lead")
    _leave(store, actor, project_id, event_id, example_id, "flag", reason)


def _leave(
    store: Store,
    actor: Actor,
    project_id: str,
    event_id: str,
    example_id: str,
    kind: str,
    reason: str,
) -> None:
    if not reason.strip():
        raise InvalidInput(f"Say in a few words why you {kind} this example.")

    def save() -> None:
        if store.annotation.has_event(event_id):
            return
        example_of(store, actor, project_id, example_id)
        store.annotation.add_event(event_id, example_id, kind, reason.strip(), actor.person_id)
        store.annotation.release_lease(example_id, actor.person_id)

    store.transact(save)


def last_saved(store: Store, actor: Actor, project_id: str) -> str | None:
    """The example this person saved last, still unreviewed: what “back” opens."""
    actor.require(project_id)
    return store.annotation.last_saved_by(project_id, actor.person_id)


def done_today(store: Store, actor: Actor, project_id: str) -> dict[str, Any]:
    """What this person did in the last 24 hours: `annotated`, `reviewed`."""
    actor.require(project_id)
    return store.annotation.done_by(project_id, actor.person_id, now() - timedelta(days=1))


def example_of(store: Store, actor: Actor, project_id: str, example_id: str) -> dict[str, Any]:
    """One example as it stands. Raises NotFound when the project has no such example."""
    actor.require(project_id)
    example = store.examples.current(example_id)
    if example is None or example["project_id"] != project_id:
        raise NotFound("This example does not exist in this project. Choose one from the list.")
    return example


def history_of(
    store: Store, actor: Actor, project_id: str, example_id: str
) -> list[dict[str, Any]]:
    """Who did what when, oldest first: kind, person, created_at, text, number (of a revision)."""
    example_of(store, actor, project_id, example_id)
    return store.examples.history(example_id)


def revision_of(store: Store, actor: Actor, example_id: str, number: int) -> dict[str, Any]:
    """One saved state of an example, numbered from 1. Raises NotFound, NotAllowed."""
    example = store.examples.current(example_id)
    revision = store.examples.revision(example_id, number) if example else None
    if example is None or revision is None:
        raise NotFound("This revision does not exist. Choose one from the example's history.")
    actor.require(example["project_id"])
    return revision


def examples_page(
    store: Store,
    actor: Actor,
    project_id: str,
    *,
    state: str | None = None,
    flagged: bool | None = None,
    text: str = "",
    limit: int = 25,
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """One page of the examples that match, and how many match (counted up to 100,000)."""
    actor.require(project_id)
    found = store.examples.page(
        project_id, state=state, flagged=flagged, text=text, limit=limit, offset=offset
    )
    count = store.examples.count_matching(
        project_id, state=state, flagged=flagged, text=text, cap=100_000
    )
    return found, count


def counts(store: Store, actor: Actor, project_id: str) -> dict[str, int]:
    """Examples per state, `flagged` and `total`."""
    actor.require(project_id)
    return store.examples.counts(project_id)


def check_labels(store: Store, project_id: str, labels: Mapping[str, Any]) -> None:
    """Raise InvalidInput for a label or an option that the project's schema does not have."""
    project = store.projects.by_id(project_id)
    if project is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
    schema = {field.name: field for field in project.settings.label_schema}
    for name, value in labels.items():
        known = schema.get(name)
        chosen = value if isinstance(value, list) else [value]
        if known is None or any(option not in known.options for option in chosen):
            raise InvalidInput(
                f"“{name}: {value}” is not in the project's label schema. Reload the page; "
                f"a lead may have changed it."
            )
