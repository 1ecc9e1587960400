"""Comments on one example: the thread, and a form to add to it. Opening it marks it as read."""

from __future__ import annotations

import streamlit as st

from core.examples.comments import MOST_CHARACTERS
from core.workflows.curation import commenting
from pages.components import errors, page, session


def example_comments(project_id: str, example_id: str) -> None:
    """The thread of an example, for everybody in the project; who works in it can add to it."""
    store, actor = session.store(), session.actor()
    found = commenting.comments_on(store, actor, project_id, example_id)
    if found and commenting.is_mentioned(store, actor, project_id, example_id):
        commenting.mark_read(store, actor, project_id, example_id)
    st.subheader("Comments", anchor=False)
    for one in found:
        with st.container(border=True, gap=None):
            st.caption(f"{errors.escaped(one.author)} · {page.when(one.created_at)}")
            page.plain(one.text)
    if not actor.has(project_id, "annotator", "reviewer", "lead"):
        return
    name = f"comment {example_id} {len(found)}"
    names = ", ".join(f"@{errors.escaped(one)}" for one in sorted(people(project_id))[:12])
    with st.form(name, border=False):
        text = st.text_area(
            "Add a comment", max_chars=MOST_CHARACTERS, height=80,
            help=f"A name with @ tells that person on Home: {names}" if names else None,
        )  # fmt: skip
        sent = st.form_submit_button("Comment", icon=":material/comment:")
    if sent:
        errors.attempt(lambda: say(project_id, example_id, name, text))


def people(project_id: str) -> dict[str, str]:
    """Whom a comment can mention."""
    return commenting.people_to_mention(session.store(), session.actor(), project_id)


def say(project_id: str, example_id: str, form: str, text: str) -> None:
    """Save the comment under the form's id, so that a second click changes nothing."""
    submission = session.submission_id(form)
    commenting.comment(session.store(), session.actor(), project_id, submission, example_id, text)
    session.submitted(form)
