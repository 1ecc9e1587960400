"""The two queues: how far a person is, and what to do when nothing waits."""

from __future__ import annotations

import streamlit as st

from core.workflows.curation import annotating, browsing, reviewing
from core.workflows.team import home
from pages.components import page, session

NOTHING_TO_ANNOTATE = "Nothing waits for you to annotate"
NOTHING_TO_REVIEW = "Nothing waits for a decision"


def annotating_figures(project_id: str) -> None:
    """What this person did today, and what waits for them."""
    store, actor = session.store(), session.actor()
    done = annotating.done_today(store, actor, project_id)
    waits = home.standing(store, actor, project_id)
    page.figures(
        [
            ("Saved today", page.number(done.annotated), "Revisions you saved in 24 hours"),
            ("Waiting", page.number(waits.to_annotate), "Examples that you can be given"),
            ("Sent back to me", page.number(waits.sent_back), "With a reviewer's comment"),
        ]
    )


def reviewing_figures(project_id: str) -> None:
    """What this person did today, what waits, and where the project stands."""
    store, actor = session.store(), session.actor()
    done = annotating.done_today(store, actor, project_id)
    at = home.standing(store, actor, project_id)
    page.figures(
        [
            ("Decided today", page.number(done.reviewed), "Your single decisions in 24 hours"),
            ("Waiting", page.number(at.to_review), "Annotated or flagged, and free"),
            ("Accepted", page.number(at.accepted), "Ready to be frozen"),
        ]
    )


def nothing_to_annotate(project_id: str) -> str | None:
    """Say what to do next; the id of the example that the person wants to open again, if any."""
    store, actor = session.store(), session.actor()
    if browsing.counts(store, actor, project_id)["total"] == 0:
        how = "Examples come from a file. Import one, and they wait here."
        page.empty("There are no examples yet", how, "curation/importing.py", "Import examples")
    elif actor.has(project_id, "reviewer", "lead"):
        how = "What people annotated waits for a reviewer's decision."
        page.empty(NOTHING_TO_ANNOTATE, how, "curation/review.py", "Review examples")
    else:
        how = "Others hold the rest, or it waits for a reviewer. Check back later."
        page.empty(NOTHING_TO_ANNOTATE, how, "curation/examples.py", "Browse the examples")
    last = annotating.last_saved(store, actor, project_id)
    label = "Back to my last saved example"
    return last.example_id if last and st.button(label, icon=":material/arrow_back:") else None


def nothing_to_review(project_id: str) -> str | None:
    """Say what to do next; the id of the example whose decision was undone with a click, if any."""
    store, actor = session.store(), session.actor()
    if browsing.counts(store, actor, project_id)["accepted"]:
        how = "What is accepted can be frozen as a dataset version."
        page.empty(NOTHING_TO_REVIEW, how, "curation/versions.py", "Freeze a version")
    else:
        how = "Annotated and flagged examples appear here."
        link = "Browse the examples"
        page.empty(NOTHING_TO_REVIEW, how, "curation/examples.py", link)
    last = reviewing.last_decision(store, actor, project_id)
    if last and st.button("Undo my last decision", icon=":material/undo:"):
        return undo(project_id)
    return None


def undo(project_id: str) -> str:
    """Take this person's last decision back; the example's id. Raises Conflict."""
    store, actor = session.store(), session.actor()
    last = reviewing.last_decision(store, actor, project_id)
    review_id = last.review_id if last else ""
    return reviewing.undo_decision(store, actor, project_id, f"undo_{review_id}", review_id)
