"""Negatives under Curate, Proposals: deciding on them side by side, and the first ones of rules."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.augmentation.augmentation import Augmentation, rule_label
from core.augmentation.negatives import NEGATIVE_STATES, NegativeState, NegativeTask
from core.augmentation.plan import AugmentationPlan
from core.examples.example import word_diff
from core.examples.listing import ExampleFilter
from core.examples.phrases import in_phrases
from core.workflows.curation import negatives
from pages.components import errors, page, session
from pages.components.difference import difference

NEGATIVE_RULE = (
    "A negative is a worse answer to the question of an accepted example. It is never an example "
    "itself. A reviewer or a lead says of each one that it is worse; preference tuning (DPO) then "
    "learns to prefer the accepted answer to it. None is made of a test example, and none counts "
    "whose example comes to be in test, or near a test example."
)
CHANGED = "of examples that changed since or are in test"
# The states of a rule's negatives, as columns beside how many it proposed.
COLUMNS = {
    "confirmed": "Confirmed",
    "refused": "Not worse",
    "waiting": "Waiting",
    "changed": "Example changed",
}


def decide_on_negatives(project_id: str) -> None:
    """The next negative beside the accepted answer, and what a person says of it."""
    store, actor = session.store(), session.actor()
    if not actor.has(project_id, *negatives.ROLES):
        return
    task = negatives.next_negative(store, actor, project_id)
    last = negatives.last_decided(store, actor, project_id)
    if task is None and last is None:
        return
    with st.container(border=True):
        if task is None:
            st.markdown("**No negative waits for a decision**")
        else:
            waiting = negatives.waiting(store, actor, project_id)
            st.markdown(f"**Is this answer worse?** · {page.number(waiting)} to decide on")
            _side_by_side(task)
        with st.container(horizontal=True, vertical_alignment="center"):
            if task is not None:
                _choices(task)
            if last is not None:
                _undo(last)


def _side_by_side(task: NegativeTask) -> None:
    of = "" if task.other_position is None else f", the answer of example {task.other_position}"
    st.caption(errors.escaped(f"Example {page.number(task.position)} · by {task.by}{of}"))
    asked = {"instruction": task.instruction, "input": task.input}
    question = {name: word_diff(text, text) for name, text in asked.items() if text}
    difference(question, key=f"negative_question_{task.negative_id}")
    changes = in_phrases(word_diff(task.accepted, task.output))
    left, right = st.columns(2)
    with left:
        shown = [one for one in changes if one[0] != "added"]
        difference({"accepted answer": shown}, key=f"negative_accepted_{task.negative_id}")
    with right:
        shown = [one for one in changes if one[0] != "removed"]
        difference({"proposed as worse": shown}, key=f"negative_worse_{task.negative_id}")


def _choices(task: NegativeTask) -> None:
    # A key each: a second press on the same one cannot meet the next.
    if st.button(
        "Worse", type="primary", icon=":material/thumb_down:", shortcut="w",
        key=f"worse_{task.negative_id}",
    ):  # fmt: skip
        _decide(task, "confirmed")
    if st.button(
        "Not worse, or unclear", icon=":material/close:", shortcut="n",
        key=f"not_worse_{task.negative_id}",
    ):  # fmt: skip
        _decide(task, "refused")


def _decide(task: NegativeTask, state: NegativeState) -> None:
    store, actor = session.store(), session.actor()
    errors.attempt(lambda: negatives.decide(store, actor, task.project_id, task.negative_id, state))


def _undo(last: NegativeTask) -> None:
    said = f"Example {page.number(last.position)}: {NEGATIVE_STATES[last.state]}"
    if st.button(
        "Undo", type="tertiary", icon=":material/undo:", shortcut="u", help=errors.escaped(said),
        key=f"undo_negative_{last.negative_id}",
    ):  # fmt: skip
        store, actor = session.store(), session.actor()
        errors.attempt(lambda: negatives.undo(store, actor, last.project_id, last.negative_id))


def preview_negatives(project_id: str, wanted: ExampleFilter, plan: AugmentationPlan) -> None:
    """What rules would write first."""
    if plan.how == "model":
        st.caption(
            "What a model answers is not known before. Left out is what is empty, or equal or "
            "nearly equal to the accepted answer; all else is for a person to judge."
        )
        return
    shown = negatives.preview(session.store(), session.actor(), project_id, wanted, plan)
    if not shown:
        st.caption("No rule fits the first of these examples. Choose other rules or examples.")
        return
    st.caption(f"The first {len(shown)}:" if len(shown) > 1 else "The only one:")
    for number, one in enumerate(shown):
        changes = in_phrases(word_diff(one.source.output, one.output))
        key = f"negative_{number}_{one.source.example_id}_{one.rule}"
        difference({rule_label(one.rule): changes}, key=key)


def states_shown(one: Augmentation) -> Mapping[str, int]:
    """Tell how many of a batch's negatives are in which state, of each rule where there are
    several; those of all rules."""
    by_rule = negatives.states_by_rule(session.store(), session.actor(), one)
    states = negatives.summed(by_rule)
    st.text(_said(states))
    if len(by_rule) > 1 and states:
        rows = rows_by_rule(by_rule, thrown_away=bool(one.undone_at))
        st.dataframe(rows, hide_index=True, height="content")
    return states


def rows_by_rule(
    by_rule: Mapping[str, Mapping[str, int]], *, thrown_away: bool
) -> list[dict[str, str]]:
    """A row for each rule: how many it proposed, or how many of those are left of a batch that was
    thrown away, and how many are in each state that there is."""
    there = negatives.summed(by_rule)
    columns = {state: what for state, what in COLUMNS.items() if there.get(state)}
    total = "Left" if thrown_away else "Proposed"
    return [
        {"Rule": rule_label(rule), total: page.number(sum(own.values()))}
        | {what: page.number(own.get(state, 0)) for state, what in columns.items()}
        for rule, own in by_rule.items()
    ]


def _said(states: Mapping[str, int]) -> str:
    said = [
        f"{page.number(states[one])} {what}"
        for one, what in (*NEGATIVE_STATES.items(), ("changed", CHANGED))
        if states.get(one)
    ]
    return ", ".join(said) or "None is left."
