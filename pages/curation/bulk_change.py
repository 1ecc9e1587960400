"""Changing every example that matches the filter: what will happen is counted first."""

from __future__ import annotations

import streamlit as st

from core.errors import TouchstoneError
from core.examples.bulk import REASONS, BulkAction, BulkKind
from core.examples.listing import ExampleFilter
from core.findings.personal import MASKS, NAMES
from core.workflows.curation import accepting, bulk
from core.workflows.team import assignees
from pages.components import errors, page, session
from pages.curation.example_filters import label_choices

ACTIONS: dict[str, BulkKind] = {
    "Accept": "accept",
    "Send back": "send_back",
    "Set aside": "set_aside",
    "Label": "label",
    "Mask personal data": "mask",
    "Assign": "assign",
    "Give to the open queue": "unassign",
    "Mark critical": "critical",
    "Take the critical mark away": "uncritical",
    "Mark as gold": "gold",
    "Take the gold mark off": "ungold",
}
SAID: dict[BulkKind, str] = {
    "accept": "become accepted without anybody looking at each of them",
    "send_back": "go back to annotators with your comment",
    "set_aside": "are set aside: in no queue and in no later dataset version",
    "label": "get the label, as a new revision of each",
    "assign": "wait in the queue of whom you chose, before the open queue",
    "unassign": "wait in the open queue, for whoever comes first",
    "critical": "become critical: two different reviewers must accept each",
    "uncritical": "need no more reviewers than the project's others; those that have enough "
    "acceptances become accepted",
    "gold": "become gold: annotators are given them as if they were new, to measure how often they "
    "answer as accepted",
    "ungold": "are gold no more: nobody is given them, and their answers do not count",
    "mask": "are searched by a worker; those with such data get a masked revision",
}
ASKED: dict[BulkKind, str] = {"send_back": "What should change?"}
MASK_LEAVES = (
    "What was saved before keeps them: earlier revisions, annotations, comments, unsaved drafts, "
    "dataset versions, the folders of imports, runs and other jobs, and the answers of studies."
)
BUTTONS: dict[BulkKind, str] = {"mask": "Search and mask", "unassign": "Give back",
    "critical": "Mark", "uncritical": "Take the mark from", "gold": "Mark",
    "ungold": "Take the mark from",
}  # fmt: skip
# With no comment in an example's history.
SILENT: tuple[BulkKind, ...] = ("assign", "unassign", "gold", "ungold")


def bulk_change(project_id: str, wanted: ExampleFilter) -> None:
    """The button that opens the dialog."""
    if st.button("Change all that match …", icon=":material/checklist:"):
        change(project_id, wanted)


@st.dialog("Change all that match")
def change(project_id: str, wanted: ExampleFilter) -> None:
    """Choose what to do, see how many it changes, then do it."""
    labels = label_choices(given=True)
    chosen = st.selectbox("What to do", [one for one in ACTIONS if one != "Label" or labels])
    kind = ACTIONS[chosen or "Accept"]
    label = labels[st.selectbox("Label", list(labels))][0] if kind == "label" else None
    masks = mask_choice() if kind == "mask" else ()
    to = assignee_choice(project_id) if kind == "assign" else ()
    if kind == "assign" and not to:
        return
    comment = ""
    if kind not in SILENT:
        asked = ASKED.get(kind, "Why? (optional)")
        comment = st.text_input(asked, max_chars=300, help="Stands in each example's history.")
    try:
        # The count does not wait for the comment.
        counted = BulkAction(kind, comment.strip() or "…", label, masks, to)
        found = bulk.preview(session.store(), session.actor(), project_id, wanted, counted)
    except TouchstoneError as error:
        errors.show(error)
        return
    matching = f"{page.counted(found.matching, 'example')} match."
    what = f"{page.number(found.changes)} {SAID[kind]}" if found.changes else "None can be changed"
    st.write(f"{matching} {what}.{shares(found.changes, len(to))}")
    if found.stay:
        stay = [f"{page.number(n)} {REASONS[reason]}" for reason, n in found.stay.items()]
        st.caption(f"These stay as they are: {', '.join(stay)}.")
    if kind == "critical":
        reviewers_warning(project_id)
    share = session.project().settings.gold_share
    if kind == "mask":
        st.caption(f"{MASK_LEAVES}{' Masked examples are gold no more.' if share else ''}")
    if kind == "gold" and not share:
        st.info("Nobody is given gold examples yet: their share of tasks is 0 % in the settings.")
    with st.container(horizontal=True):
        button = f"{BUTTONS.get(kind, chosen)} {page.counted(found.changes, 'example')}"
        if st.button(button, type="primary", disabled=not found.changes):
            errors.attempt(
                lambda: do(project_id, wanted, BulkAction(kind, comment, label, masks, to))
            )
        if st.button("Cancel"):
            st.rerun()


def reviewers_warning(project_id: str) -> None:
    """Say where there is nobody who could be the second reviewer."""
    others = accepting.other_reviewers(session.store(), session.actor(), project_id)
    if others < 1:
        st.warning(
            "You are the only reviewer here, so nobody could accept it after you. Give somebody "
            "the role under Team, People."
        )


def assignee_choice(project_id: str) -> tuple[str, ...]:
    """People and groups; several of them get the examples in turn."""
    known = assignees.assignees(session.store(), session.actor(), project_id)
    if not known:
        st.info("Nobody annotates in this project. Give somebody the role under Team, People.")
        return ()
    chosen = st.multiselect(
        "To whom", list(known), format_func=known.__getitem__, placeholder="People and groups",
        help="Several of them get the examples in turn, as many each.",
    )  # fmt: skip
    return tuple(chosen)


def shares(count: int, people: int) -> str:
    """How a number of examples is divided among several."""
    if people < 2 or not count:
        return ""
    least, most = count // people, -(-count // people)
    return f" Each gets {page.number(least)}{f' or {page.number(most)}' if most > least else ''}."


def mask_choice() -> tuple[str, ...]:
    """Kinds of personal data; names of people are best effort, and so not chosen at first."""
    chosen = st.multiselect(
        "What to mask",
        list(MASKS),
        [name for name in MASKS if name != "person_name"],
        format_func=lambda name: NAMES[name],
    )
    return tuple(chosen)


def do(project_id: str, wanted: ExampleFilter, action: BulkAction) -> None:
    """Do it, and say what was done."""
    store, actor = session.store(), session.actor()
    if action.kind == "mask":
        bulk.start_masking(store, actor, project_id, wanted, action)
        session.say("A worker masks them now: see Jobs. Undo is here when it is done.")
        return
    done = bulk.act(store, actor, project_id, wanted, action)
    session.say(f"{page.counted(done, 'example')} changed. Undo is above the list.")
