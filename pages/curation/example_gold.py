"""Whether an example is gold, and the button that makes it so: for leads."""

from __future__ import annotations

import streamlit as st

from core.examples.current import CurrentExample
from core.workflows.curation import gold_marks
from pages.components import errors, session

HELP = (
    "Gold examples are given to annotators as if they were new, to measure how often they answer "
    "as accepted. The share of tasks is set in the project's settings."
)


def example_gold(example: CurrentExample) -> None:
    """Mark an accepted example as gold, or take the mark away."""
    store, actor, project_id = session.store(), session.actor(), example.project_id
    gold = gold_marks.is_gold(store, actor, example)
    if not gold and example.state != "accepted":
        return
    icon = ":material/verified:"
    if gold:
        st.badge("Gold", icon=icon, color="yellow", help=HELP)
        if st.button("Not gold any more", icon=":material/undo:", type="tertiary"):
            errors.attempt(lambda: unmark(project_id, example.example_id))
        if example.state != "accepted" or example.flagged:
            st.caption("Nobody is given it until it is accepted again.")
    elif why := gold_marks.why_not(store, example):
        st.button("Mark as gold", icon=icon, type="tertiary", disabled=True, help=why)
    elif st.button("Mark as gold", icon=icon, type="tertiary", help=HELP):
        errors.attempt(lambda: mark(project_id, example.example_id))


def mark(project_id: str, example_id: str) -> None:
    """Mark it, and say so."""
    gold_marks.mark_gold(session.store(), session.actor(), project_id, example_id)
    session.say("This example is gold: its accepted text and labels are the expected answer.")
    st.rerun()


def unmark(project_id: str, example_id: str) -> None:
    """Take the mark away, and say so."""
    gold_marks.unmark_gold(session.store(), session.actor(), project_id, example_id)
    session.say("Not gold any more. Its answers are kept, and count again if you mark it again.")
    st.rerun()
