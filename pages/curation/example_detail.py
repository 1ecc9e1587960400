"""One example in full: its texts, labels, the ways to work on it, and what people did to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from core.errors import TouchstoneError
from core.examples.current import CurrentExample, HistoryEntry
from core.examples.phrases import changes_between
from core.examples.states import STATE_LABELS, is_decided
from core.examples.timeline import deed
from core.guidelines import version_at
from core.labels.values import words_of
from core.workflows.curation import accepting, browsing, reviewing, skipping
from core.workflows.team import assignees, guidelines
from pages.components import errors, page, session
from pages.components.difference import difference, reading
from pages.curation.bulk_change import reviewers_warning
from pages.curation.example_annotations import example_annotations
from pages.curation.example_comments import example_comments
from pages.curation.example_filters import LIKE, OPEN
from pages.curation.example_gold import example_gold
from pages.curation.example_lineage import example_lineage
from pages.curation.example_synthetic import synthetic_badge, synthetic_children

GUIDED = ("annotate", "review", "accept", "send_back", "set_aside")


def detail(project_id: str, example_id: str) -> None:
    """One example with its labels, the ways to work on it, and its history. Raises NotFound."""
    store, actor = session.store(), session.actor()
    example = browsing.shown_example(store, actor, project_id, example_id)
    entries = browsing.whole_history_of(store, actor, example)
    origin = browsing.origin_of(store, actor, example)
    state = STATE_LABELS[example.state].lower() + (", flagged" if example.flagged else "")
    state += ", critical" if example.critical else ""
    st.text(f"Example {page.number(example.position)} · {state} · revision {example.number}")
    synthetic_badge(example)
    if example.assigned_to:
        names = assignees.assignees(store, actor, project_id)
        st.text(f"Assigned to {names.get(example.assigned_to, 'somebody who left')}")
    waits_for_reviewers(example)
    ways(project_id, example)
    with st.container(border=True):
        reading(example.fields, key=f"reading_{example_id}")
    marks = [f"{name}: {words_of(value)}" for name, value in example.labels.items()]
    marks += [f"quality: {example.quality} of 5"] if example.quality else []
    st.text(" · ".join(marks) if marks else "No labels yet.")
    if origin and origin.file_name:
        st.text(f"From {origin.file_name}, line {page.number(origin.line)}")
    example_lineage(project_id, example_id)
    synthetic_children(example)
    example_comments(project_id, example_id)
    timeline(example, entries)
    if example.annotations and actor.has(project_id, "lead"):
        example_annotations(example)


def ways(project_id: str, example: CurrentExample) -> None:
    """Links to where this person can work on the example."""
    actor, undecided = session.actor(), not is_decided(example.state)
    here = {"example": example.example_id}
    with st.container(horizontal=True, vertical_alignment="center"):
        if undecided and actor.has(project_id, "annotator", "lead"):
            label = "Open in Annotate"
            st.page_link(
                "curation/annotate.py", label=label, icon=":material/edit:", query_params=here
            )
        if (undecided or example.flagged) and actor.has(project_id, "reviewer", "lead"):
            label = "Open in Review"
            st.page_link(
                "curation/review.py", label=label, icon=":material/fact_check:", query_params=here
            )
        if st.button("More like this", icon=":material/manage_search:", type="tertiary"):
            del st.query_params[OPEN]
            st.query_params[LIKE] = example.example_id
            st.rerun()
        if not example.flagged and example.state != "set_aside":
            flag_form(project_id, example.example_id)
        if is_decided(example.state) and actor.has(project_id, "reviewer", "lead"):
            reopen_form(project_id, example.example_id)
        if actor.has(project_id, "lead"):
            critical_form(project_id, example)
            example_gold(example)


def waits_for_reviewers(example: CurrentExample) -> None:
    """How many reviewers have accepted it, to leads: others may be the next to decide."""
    store, actor = session.store(), session.actor()
    if example.accepts and example.state == "annotated" and actor.has(example.project_id, "lead"):
        needed = accepting.needed(store, example)
        st.text(f"Accepted by {example.accepts} of {needed} reviewers; waits for another one")


def critical_form(project_id: str, example: CurrentExample) -> None:
    """Say that two reviewers must accept it, or that it is like the others again."""
    example_id, critical = example.example_id, not example.critical
    if critical and is_decided(example.state):
        return
    label = "Mark critical …" if critical else "Not critical …"
    # A key of its own: else one stays open as the other, and a second click takes the mark back.
    name = f"critical {critical} {example_id}"
    with st.popover(label, icon=":material/priority_high:", key=name):
        said, button = (
            ("Two different reviewers must accept it, neither seeing what the other decided.",
             "Mark")
            if critical
            else ("It needs no more reviewers than the project's other examples. If it has as many "
                  "acceptances, it becomes accepted at once.", "Take the mark from")
        )  # fmt: skip
        if critical:
            reviewers_warning(project_id)
        reason = reason_form(f"critical {example_id}", said, "Why? (optional)", button)
    if reason is not None:
        do = partial(accepting.mark_critical, critical=critical)
        act(f"critical {example_id}", do, project_id, example_id, reason)


def flag_form(project_id: str, example_id: str) -> None:
    """Open the question again: a reviewer looks at it, and it is not frozen before that."""
    with st.popover("Flag …", icon=":material/flag:"):
        said = "A reviewer decides on it, again if need be; it is not frozen before that."
        reason = reason_form(f"flag {example_id}", said, "What is wrong with it?", "Flag")
    if reason is not None:
        act(f"flag {example_id}", skipping.flag, project_id, example_id, reason)


def reopen_form(project_id: str, example_id: str) -> None:
    """Send a decided example back to work."""
    with st.popover("Reopen …", icon=":material/undo:"):
        said = "It goes back to Annotate with your reason. Dataset versions keep it."
        reason = reason_form(f"reopen {example_id}", said, "What should change?", "Reopen")
    if reason is not None:
        act(f"reopen {example_id}", reviewing.reopen, project_id, example_id, reason)


def reason_form(form: str, said: str, question: str, button: str) -> str | None:
    """A form for a few words; the words once they are sent."""
    with st.form(form, border=False):
        st.caption(said)
        reason = st.text_input(question, max_chars=500)
        return reason if st.form_submit_button(f"{button} this example") else None


def act(
    form: str,
    workflow: Callable[[Any, Any, str, str, str, str], None],
    project_id: str,
    example_id: str,
    reason: str,
) -> None:
    """Do it under the form's id, so that a second click changes nothing; or show why not."""
    store, actor, submission = session.store(), session.actor(), session.submission_id(form)
    try:
        workflow(store, actor, project_id, submission, example_id, reason)
    except TouchstoneError as error:
        errors.show(error)
        return
    session.submitted(form)
    st.rerun()


def timeline(example: CurrentExample, entries: list[HistoryEntry]) -> None:
    """The history, newest first, each revision with what it changed."""
    store = session.store()
    written = guidelines.versions(store, session.actor(), example.project_id)
    st.subheader("History", anchor=False)
    for entry in reversed(entries):
        held = version_at(written, entry.created_at) if entry.kind in GUIDED else None
        under = f" · guidelines version {held.number}" if held and len(written) > 1 else ""
        st.text(f"{page.when(entry.created_at)} · {deed(entry)}{under}")
        if entry.number and entry.number > 1:
            after, before = (
                browsing.revision_of(store, session.actor(), example, entry.number - back).fields
                for back in (0, 1)
            )
            changed = {
                name: runs
                for name, runs in changes_between(before, after).items()
                if any(op != "same" for op, _ in runs)
            }
            with st.container(border=True):
                if changed:
                    difference(changed, key=f"change_{example.example_id}_{entry.number}")
                else:
                    st.caption("The three texts stayed as they were.")
