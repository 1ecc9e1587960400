"""Comments on examples: a thread each, mentions of people, and what of them somebody has opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import now
from core.errors import InvalidInput
from core.examples.comments import Comment, Mentions, checked_comment, mentioned_in
from core.examples.current import CurrentExample
from core.workflows.curation import gold_views
from core.workflows.curation.browsing import example_of

if TYPE_CHECKING:
    from storage.store import Store


def comments_on(store: Store, actor: Actor, project_id: str, example_id: str) -> list[Comment]:
    """The comments on an example, oldest first. Raises NotAllowed, NotFound."""
    return thread_of(store, actor, example_of(store, actor, project_id, example_id))


def thread_of(store: Store, actor: Actor, example: CurrentExample) -> list[Comment]:
    """The comments on an example that was just read, oldest first. Raises NotAllowed."""
    actor.require(example.project_id)
    found = store.comments.on_example(example.example_id)
    if found and gold_views.view_of(store, actor, example):
        # Others talk about the answer that was accepted.
        return [one for one in found if one.author_id == actor.person_id]
    return found


def people_to_mention(store: Store, actor: Actor, project_id: str) -> dict[str, str]:
    """Name → id of everybody with a role in the project but this person."""
    actor.require(project_id)
    everybody = store.accounts.everybody(project_id)
    there = {one.name: one.person_id for one in everybody if one.roles and not one.disabled}
    return {name: person_id for name, person_id in there.items() if person_id != actor.person_id}


def comment(
    store: Store, actor: Actor, project_id: str, comment_id: str, example_id: str, text: str
) -> list[Comment]:
    """Say something about an example; those whose @name stands in it are told on Home. The whole
    thread. `comment_id` was made with the form: sent twice, it is one comment."""
    actor.require(project_id, "annotator", "reviewer", "lead")
    said = checked_comment(text)
    if not comment_id:
        raise InvalidInput("The browser sent something unreadable. Reload the page.")
    people = people_to_mention(store, actor, project_id)

    def save() -> list[Comment]:
        example = example_of(store, actor, project_id, example_id)
        if not store.comments.is_known(comment_id):
            made = Comment(comment_id, actor.person_id, actor.name, said, now())
            mentioned = mentioned_in(said, people)
            store.comments.add(project_id, example_id, made, mentioned)
            store.audit.record(
                "commented", "example", example.example_id, actor.person_id,
                project_id=project_id, comment_id=comment_id, mentions=mentioned,
            )  # fmt: skip
        return comments_on(store, actor, project_id, example_id)

    return store.transact(save)


def is_mentioned(store: Store, actor: Actor, project_id: str, example_id: str) -> bool:
    """Whether a comment on the example that they see mentions this person, who has not opened
    it."""
    actor.require(project_id)
    if not store.comments.mentions_unread(example_id, actor.person_id):
        return False
    return not _hides_comments(store, actor, project_id, example_id)


def mentions_of_me(store: Store, actor: Actor, project_id: str) -> Mentions:
    """The comments that mention this person and that they have not opened. One on an example that
    is gold for them waits until it is not: it would lead to a thread that they do not see."""
    actor.require(project_id)
    unread = store.comments.unread_mentions(project_id, actor.person_id)
    hidden = {one for one in set(unread) if _hides_comments(store, actor, project_id, one)}
    shown = [one for one in unread if one not in hidden]
    return Mentions(len(shown), shown[0]) if shown else Mentions()


def _hides_comments(store: Store, actor: Actor, project_id: str, example_id: str) -> bool:
    """Whether this person is not to see what others say of the example."""
    return gold_views.task_on(store, actor, project_id, example_id) is not None


def mark_read(store: Store, actor: Actor, project_id: str, example_id: str) -> None:
    """This person has opened the comments on an example."""
    actor.require(project_id)
    store.transact(lambda: store.comments.mark_read(project_id, example_id, actor.person_id))
