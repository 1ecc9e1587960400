"""Annotate: one example after the other, guidelines beside it, saved in one round trip."""

from __future__ import annotations

import streamlit as st

from core.actor import Actor
from core.workflows.curation import annotating, browsing
from pages.components import errors, page, session
from pages.curation.editor import EditorForm, Note, Submission, editor
from pages.curation.editor_controller import Desk, event_id, saved
from pages.curation.history import history
from pages.curation.queues import annotating_figures, nothing_to_annotate


def main() -> None:
    """Take in what was sent, then draw the next example."""
    page.head("Annotate", "Make each example what a good model should learn, one at a time.")
    store, actor, project = session.store(), session.actor(), session.project()
    desk = Desk("annotate", project.project_id)
    message = desk.receive(lambda sent: act(desk, actor, sent))
    task, conflict, problem = desk.task(
        lambda wished: annotating.open_example(store, actor, desk.project_id, wished),
        lambda: annotating.next_to_annotate(store, actor, desk.project_id),
    )
    annotating_figures(desk.project_id)
    message = message or problem
    if task is None:
        if message:
            errors.tell(message["title"], message["text"])
        if wished := nothing_to_annotate(desk.project_id):
            desk.choose(wished)
            st.rerun()
        return
    sent_back = annotating.why_sent_back(store, task)
    form = EditorForm(
        "annotate",
        actor.person_id,
        session.submission_id(desk.form(task)),
        task,
        schema=project.settings.label_schema,
        guidelines=project.settings.guidelines,
        notes=[Note(f"Sent back: {sent_back}", icon="↩")] if sent_back else [],
        can_go_back=annotating.last_saved(store, actor, desk.project_id) is not None,
        message=message,
        conflict=conflict,
        saved=saved(),
    )
    editor(form, desk.key)
    history(browsing.history_of(store, actor, task))


def act(desk: Desk, actor: Actor, sent: Submission) -> None:
    """Do what the person asked for. Raises TouchstoneError when it cannot be done."""
    store, project_id = session.store(), desk.project_id
    if sent.action in ("back", "open"):
        last = annotating.last_saved(store, actor, project_id)
        desk.choose(sent.open if sent.action == "open" else last.example_id if last else None)
        return
    if sent.action == "save":
        annotating.save_annotation(store, actor, project_id, sent.edit())
    elif sent.action in ("skip", "flag"):
        leave = annotating.skip if sent.action == "skip" else annotating.flag
        leave(store, actor, project_id, event_id(sent), sent.example_id, sent.reason)
    elif sent.action != "take_theirs":
        return
    desk.acknowledge(sent)


main()
