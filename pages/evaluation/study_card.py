"""One study in the list: what it compares, how far it is, whether it is blind, closing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.workflows.evaluation import rating, studies
from pages.components import page
from pages.components.errors import attempt, escaped
from pages.evaluation.leak_findings import show_findings, show_reason

if TYPE_CHECKING:
    from pages.components.session import StoreType


def study_card(store: StoreType, actor: Actor, study: dict[str, Any]) -> None:
    """Draw one study with what a lead may do with it."""
    study = studies.get_study(store, actor, study["study_id"])
    progress = rating.progress(store, actor, study["study_id"])
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escaped(study['name'])}**", width="content")
            _badges(study)
        st.text(f"{study['candidate_name']}\nagainst {study['baseline_name']} (baseline)")
        judged, pairs, least = (progress[name] for name in ("judged", "pairs", "least"))
        st.progress(judged / pairs if pairs else 0.0, text=_coverage(judged, pairs, least))
        st.caption(_plan(study))
        if not study["blind"]:
            _not_blind(store, actor, study)
        _actions(store, actor, study)


def _badges(study: dict[str, Any]) -> None:
    if study["closed_at"]:
        st.badge("closed", icon=":material/lock:", color="gray")
    else:
        st.badge("open", icon=":material/lock_open:", color="green")
    if not study["blind"]:
        st.badge("not blind", icon=":material/visibility:", color="orange")


def _coverage(judged: int, pairs: int, least: int) -> str:
    rule = "10 % rule met" if judged >= least else f"10 % rule met at {page.number(least)}"
    return f"{page.number(judged)} of {page.number(pairs)} pairs rated · {rule}"


def _plan(study: dict[str, Any]) -> str:
    plan = study["plan"]
    reference = "raters see the reference" if plan["show_reference"] else "no reference shown"
    return (
        f"Opened {page.when(study['created_at'])} by {escaped(study['person'])} · "
        f"{page.number(plan['pairs'])} of {page.number(plan['outputs'])} outputs drawn · "
        f"{page.percent(plan['overlap'])} rated twice · {reference} · seed {plan['seed']}"
    )


def _not_blind(store: StoreType, actor: Actor, study: dict[str, Any]) -> None:
    show_findings(study["leaks"])
    if note := studies.counts_because(study):
        show_reason(note)
        label, key = "Withhold the verdict again", f"withhold {study['study_id']}"
        if st.button(label, icon=":material/undo:", key=key):
            attempt(lambda: studies.withhold_again(store, actor, study["study_id"]), "Saved.")
        return
    with st.form(f"count {study['study_id']}", border=False):
        reason = st.text_area(
            "The verdict is withheld. If it may count all the same, write why",
            max_chars=2000, height=80,
        )  # fmt: skip
        if st.form_submit_button("Let it count", icon=":material/edit_note:"):
            attempt(lambda: studies.let_count(store, actor, study["study_id"], reason), "Saved.")


def _actions(store: StoreType, actor: Actor, study: dict[str, Any]) -> None:
    study_id, closed = study["study_id"], bool(study["closed_at"])
    with st.container(horizontal=True, vertical_alignment="center"):
        if not closed:
            st.page_link("evaluation/rate.py", label="Rate", icon=":material/balance:")
        st.page_link(
            "evaluation/results.py", label="Results", icon=":material/insights:",
            query_params={"study": study_id},
        )  # fmt: skip
        label = "Reopen" if closed else "Close to ratings"
        icon = ":material/lock_open:" if closed else ":material/lock:"
        if st.button(label, icon=icon, key=f"close {study_id}", type="tertiary"):
            attempt(lambda: studies.set_closed(store, actor, study_id, not closed), "Saved.")
