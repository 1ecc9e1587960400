"""Overlap: collects what several people write of one example, until as many as wished have.

An example that is annotated by several stays new until the last of them has saved; then it gets one
revision, and a reviewer decides where they differ. Inside the caller's transaction, all of it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Overtaken
from core.examples.current import CurrentExample, Revision
from core.examples.disagreement import disagreement
from core.examples.overlap import (
    COLLECTOR,
    BlindAnnotation,
    PersonAnnotation,
    blinded,
    named,
    settle,
)
from core.examples.states import Queue

if TYPE_CHECKING:
    from core.workflows.curation.annotating import Edit
    from storage.store import Store

AT_ONCE = 200


class EditConflict(Overtaken):
    """Somebody saved another revision of the example meanwhile."""

    title = "Somebody saved this example before you"


class Collected(EditConflict):
    """As many people as wished have annotated the example."""

    title = "Others have annotated this example"


_COLLECTED = (
    "As many people as this project wants have annotated it, and a reviewer decides on it now. "
    "Take the next one."
)


# Whose turn it is ---------------------------------------------------------------------------------


def may_have(store: Store, actor: Actor, example: CurrentExample) -> bool:
    """Whether the queue gives an open example to this person: not what they annotated already."""
    if example.state != "new" or not example.annotations:
        return True
    return own_annotation(store, actor, example) is None


def deciders(store: Store, actor: Actor, project_id: str, queue: Queue) -> list[str] | None:
    """Who else could decide between annotations; None where there never are several."""
    if not store.overlaps.of_project(project_id).ever:
        return None
    return store.overlaps.deciders(project_id, actor.person_id) if queue == "review" else []


def refuse_own(store: Store, actor: Actor, example: CurrentExample) -> None:
    """Raise EditConflict where this person would decide between annotations of which one is theirs,
    and somebody else in the project could, who has not accepted it already."""
    if example.annotations < 2 or example.state != "annotated":
        return
    wrote = {one.person_id for one in store.overlaps.present(example)}
    if actor.person_id not in wrote:
        return
    others = set(store.overlaps.deciders(example.project_id, actor.person_id))
    if others - wrote - store.acceptances.of(example):
        raise EditConflict(
            "You are one of the people who annotated this example, so somebody else decides on it. "
            "Take the next one."
        )


def is_collected(example: CurrentExample) -> bool:
    """Whether enough people have annotated the example, and nobody has decided on it."""
    several = example.annotations > 1 and example.author_id == COLLECTOR
    return several and example.state == "annotated"


def refuse_collected(example: CurrentExample) -> None:
    """Raise Collected when enough people have annotated the example."""
    if is_collected(example):
        raise Collected(_COLLECTED)


# Annotating ---------------------------------------------------------------------------------------


def wanted_of(store: Store, example: CurrentExample) -> int:
    """How many people's annotations a save of the example is one of: 1 unless it is collected."""
    if example.state != "new":
        return 1
    overlap = store.overlaps.of_project(example.project_id)
    return overlap.wanted(example.project_id, example.example_id)


def own_annotation(store: Store, actor: Actor, example: CurrentExample) -> PersonAnnotation | None:
    """What this person wrote of an example that waits for others to annotate it, or None."""
    if example.state != "new" or not example.annotations:
        return None
    present = store.overlaps.present(example)
    return next((one for one in present if one.person_id == actor.person_id), None)


def can_go_back(store: Store, actor: Actor, example: CurrentExample) -> bool:
    """Whether this person can change what they annotated: nobody else is at it."""
    if own_annotation(store, actor, example) is None:
        return False
    return store.queues.holder(example.example_id) in (None, actor.person_id)


def as_own(store: Store, actor: Actor, example: CurrentExample) -> CurrentExample | None:
    """The example as this person left it, to be changed by them; None where they have not
    annotated it. Its revision is their annotation: what they save is based on that."""
    mine = own_annotation(store, actor, example)
    if mine is None:
        return None
    return replace(
        example,
        instruction=mine.instruction,
        input=mine.input,
        output=mine.output,
        revision_id=mine.annotation_id,
        labels=mine.labels,
        quality=mine.quality,
    )


def annotate(store: Store, actor: Actor, current: CurrentExample, edit: Edit) -> bool:
    """Save a person's annotation, or their newer one; whether that ended the collecting.

    Raises Collected for one more than wished, EditConflict when their other tab was faster.
    """
    overlap = store.overlaps.of_project(current.project_id)
    wanted = overlap.wanted(current.project_id, current.example_id)
    present = store.overlaps.present(current)
    mine = next((one for one in present if one.person_id == actor.person_id), None)
    if mine is None and len(present) >= wanted:
        raise Collected(_COLLECTED)
    _refuse_stale(current, edit, mine)
    annotation = PersonAnnotation(
        annotation_id=edit.submission_id,
        example_id=current.example_id,
        project_id=current.project_id,
        position=current.position,
        person_id=actor.person_id,
        based_on=current.revision_id,
        instruction=edit.instruction,
        input=edit.input,
        output=edit.output,
        labels=edit.labels,
        quality=edit.quality,
        comment=edit.comment,
        seconds=edit.seconds,
        created_at=now(),
    )
    store.overlaps.add(annotation)
    present = [one for one in present if one is not mine] + [annotation]
    store.overlaps.set_count(current, len(present))
    if len(present) < wanted:
        _pass_on(store, actor, current, {one.person_id for one in present})
        return False
    _finish(store, replace(current, annotations=len(present)), present)
    return True


def _pass_on(store: Store, actor: Actor, current: CurrentExample, wrote: set[str]) -> None:
    """Give the example to the open queue when everybody whom it is assigned to has annotated it:
    others are to, as well."""
    groups = store.groups.of_project(current.project_id)
    members = {group.group_id: set(group.members) for group in groups}
    if current.assigned_to and members.get(current.assigned_to, {current.assigned_to}) <= wrote:
        store.annotation.release_one(current, new_id("bat"), actor.person_id)


def recount(store: Store, current: CurrentExample) -> None:
    """After it returned to its state: a reviewer's correction, which stays, made another revision
    than the one that people had annotated."""
    if current.state == "new" and current.annotations:
        store.overlaps.set_count(current, len(store.overlaps.present(current)))


def settings_changed(store: Store, current: CurrentExample, wanted: int) -> None:
    """After a save that counted on so many people: a lead may have asked for fewer meanwhile."""
    overlap = store.overlaps.of_project(current.project_id)
    if overlap.wanted(current.project_id, current.example_id) < wanted:
        send_on(store, current.project_id, current.example_id)


def go_on(store: Store) -> None:
    """At the start of a server: send on what one that was killed had not come to."""
    for project_id in store.overlaps.projects_collecting():
        send_on(store, project_id)


def _refuse_stale(current: CurrentExample, edit: Edit, mine: PersonAnnotation | None) -> None:
    if mine is not None and edit.based_on != mine.annotation_id:
        raise EditConflict(
            "You saved this example meanwhile, in another tab perhaps. Your text is still here: "
            "compare both, then save again or keep the other."
        )
    if mine is None and edit.based_on != current.revision_id:
        raise EditConflict(
            "The example was changed while you were writing. Your text is still here: compare "
            "both, then save again or take theirs."
        )


def _finish(store: Store, current: CurrentExample, present: list[PersonAnnotation]) -> None:
    """One revision of what several people wrote; a reviewer's turn."""
    settled = settle(present)
    chosen = settled.chosen
    alone = settled.of == 1
    seconds = [one.seconds for one in present if one.seconds is not None]
    author_id = chosen.person_id if alone else COLLECTOR
    revision = Revision(
        revision_id=new_id("rev"),
        example_id=current.example_id,
        number=current.number + 1,
        based_on=current.revision_id,
        instruction=chosen.instruction,
        input=chosen.input,
        output=chosen.output,
        labels=chosen.labels,
        quality=chosen.quality,
        origin=settled.origin,
        comment=settled.comment,
        author_id=author_id,
        author="Touchstone",
        seconds=sum(seconds) if seconds else None,
        created_at=now(),
    )
    store.annotation.add_revision(current, revision, "annotated")
    store.disagreements.keep(
        current, _disagreement(store, current, present), {one.person_id for one in present}
    )
    store.queues.forget_skips(current.project_id, current.example_id)


def _disagreement(store: Store, current: CurrentExample, present: list[PersonAnnotation]) -> float:
    """How far they differ, over the questions of the project's label schema."""
    project = store.projects.by_id(current.project_id)
    schema = project.settings.label_schema if project else ()
    return disagreement(present, [field.name for field in schema])


# When fewer people are wished than before --------------------------------------------------------


def send_on(store: Store, project_id: str, example_id: str = "") -> int:
    """Examples that enough people have annotated by the present settings become annotated, some at
    a time, or the one that is named; how many."""
    if example_id:
        return store.transact(partial(_send_on, store, [example_id]))
    sent, after = 0, -1
    while found := store.overlaps.collecting(project_id, after, AT_ONCE):
        after = found[-1][0]
        sent += store.transact(partial(_send_on, store, [example_id for _, example_id in found]))
    return sent


def _send_on(store: Store, example_ids: list[str]) -> int:
    sent = 0
    for example_id in example_ids:
        current = store.examples.current(example_id)
        if current is None or current.state != "new" or not current.annotations:
            continue
        overlap = store.overlaps.of_project(current.project_id)
        present = store.overlaps.present(current)
        if present and len(present) >= overlap.wanted(current.project_id, current.example_id):
            store.overlaps.set_count(current, len(present))
            _finish(store, current, present)
            store.audit.record(
                "collected", "example", example_id, COLLECTOR, project_id=current.project_id
            )
            sent += 1
    return sent


# Review -------------------------------------------------------------------------------------------


def to_compare(store: Store, example: CurrentExample) -> list[BlindAnnotation]:
    """The annotations of an example side by side, without their annotators."""
    if not example.annotations or (example.state == "new" and not example.flagged):
        return []
    return blinded(store.overlaps.present(example))


def chosen_annotation(
    store: Store, example: CurrentExample, name: str, decision: str
) -> str | None:
    """The id of the annotation that an acceptance takes, by its letter; None where none."""
    taken = name and decision == "accept"
    found = named(store.overlaps.present(example), name) if taken else None
    return found.annotation_id if found else None


def annotations_of(store: Store, actor: Actor, example: CurrentExample) -> list[PersonAnnotation]:
    """Who wrote which annotation, once all have: for leads."""
    actor.require(example.project_id, "lead")
    return [] if example.state == "new" else store.overlaps.present(example)
