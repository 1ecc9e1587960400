"""Review: what changed since the revision before, and a decision on it."""

from __future__ import annotations

import streamlit as st

from core.actor import Actor
from core.examples.current import CurrentExample
from core.workflows.curation import annotating, reviewing
from pages.components import errors, page, session
from pages.curation.bulk_accept import bulk_accept
from pages.curation.editor import EditorForm, Submission, editor
from pages.curation.editor_controller import Desk, event_id, saved
from pages.curation.history import history, notes_for_review
from pages.curation.queues import nothing_to_review, reviewing_figures, undo


def main() -> None:
    """Take in what was sent, then draw the next example."""
    page.head("Review", "Decide on what people annotated. Only accepted examples are frozen.")
    store, actor, project = session.store(), session.actor(), session.project()
    desk = Desk("review", project.project_id)
    message = desk.receive(lambda sent: act(desk, actor, sent))
    task, conflict, problem = desk.task(
        lambda wished: reviewing.open_review(store, actor, desk.project_id, wished).example,
        lambda: next_example(actor, desk.project_id),
    )
    reviewing_figures(desk.project_id)
    message = message or problem
    if task is None:
        if message:
            errors.tell(message["title"], message["text"])
        if undone := nothing_to_review(desk.project_id):
            desk.choose(undone)
            st.rerun()
    else:
        shown = reviewing.with_difference(store, task)
        form = EditorForm(
            "review",
            actor.person_id,
            session.submission_id(desk.form(task)),
            task,
            previous=shown.previous,
            schema=project.settings.label_schema,
            guidelines=project.settings.guidelines,
            notes=notes_for_review(task, shown.history, actor.person_id),
            can_go_back=reviewing.last_decision(store, actor, desk.project_id) is not None,
            message=message,
            conflict=conflict,
            saved=saved(),
        )
        editor(form, desk.key)
        history(shown.history)
    if actor.has(desk.project_id, "lead"):
        bulk_accept(desk.project_id)


def next_example(actor: Actor, project_id: str) -> CurrentExample | None:
    """The next example of the queue."""
    task = reviewing.next_to_review(session.store(), actor, project_id)
    return task.example if task else None


def act(desk: Desk, actor: Actor, sent: Submission) -> None:
    """Do what the person asked for. Raises TouchstoneError when it cannot be done."""
    store, project_id = session.store(), desk.project_id
    if sent.action == "back":
        desk.choose(undo(project_id))
        return
    if sent.action in ("accept", "send_back", "set_aside"):
        reviewing.decide(store, actor, project_id, event_id(sent), sent.action, sent.edit())
    elif sent.action == "skip":
        annotating.skip(store, actor, project_id, event_id(sent), sent.example_id, sent.reason)
    elif sent.action != "take_theirs":
        return
    desk.acknowledge(sent)


main()
