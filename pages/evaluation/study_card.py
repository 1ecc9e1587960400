"""One study in the list: what it compares, how far it is, whether it is blind, closing it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.study.risk import signals_words
from core.study.study import Study, StudyProgress, ten_percent_rule
from core.workflows.evaluation import rating, results, seals, studies
from pages.components import page
from pages.components.errors import attempt, escaped
from pages.evaluation.adding_pairs import add_pairs
from pages.evaluation.caveats import show_differences, show_findings, show_reason
from pages.evaluation.changed_copy import offer_copy

if TYPE_CHECKING:
    from pages.components.session import StoreType

CLOSING = (
    "Nobody can rate until a lead reopens it. To a study that was closed no pairs can be added, as "
    "its seal can be opened."
)


def study_card(store: StoreType, actor: Actor, study: Study) -> None:
    """Draw one study with what a lead may do with it."""
    progress = rating.progress(store, actor, study.study_id)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escaped(study.name)}**", width="content")
            _badges(study)
        candidates = ", ".join(c.name for c in study.candidates)
        word = "Candidate" if len(study.candidates) == 1 else "Candidates"
        st.text(f"{word}: {candidates}\nBaseline: {study.baseline.name}")
        share = progress.judged / progress.pairs if progress.pairs else 0.0
        reviewed = results.reviewed_of(store, actor, study, progress.reviewed)
        st.progress(share, text=_coverage(study, progress, reviewed))
        _actions(store, actor, study, done=progress.judged >= progress.pairs > 0)
        st.caption(_plan(study))
        for said, one in zip(study.added, study.extensions, strict=True):
            st.caption(f"{said} Seal {one.seal[:12]}…")
        show_differences(study.differences)
        if note := studies.compared_because(study):
            show_reason(note, "compares them all the same")
        if study.plan.changes:
            st.text(study.plan.changed_words)
        if not study.blind:
            _not_blind(store, actor, study)
        elif not study.leaks.enough:
            show_findings(study.leaks)


def _badges(study: Study) -> None:
    if study.closed:
        st.badge("closed", icon=":material/lock:", color="gray")
    else:
        st.badge("open", icon=":material/lock_open:", color="green")
    if not study.blind:
        st.badge("not blind", icon=":material/visibility:", color="orange")


def _coverage(study: Study, progress: StudyProgress, reviewed: int) -> str:
    plan = study.plan
    rule = ten_percent_rule(reviewed, plan.least, study.examples_drawn)
    if reviewed < plan.least:
        rule += f": {page.number(reviewed)} of {page.number(plan.least)} examples"
    judged, pairs = page.number(progress.judged), page.number(progress.pairs)
    return f"{judged} of {pairs} pairs rated · {rule}"


def _plan(study: Study) -> str:
    plan = study.plan
    reference = "raters see the reference" if plan.show_reference else "no reference shown"
    again = f"{page.percent(plan.repeats)} shown again · " if plan.repeats else ""
    left_out = (
        f"{page.counted(plan.left_out, 'example')} left out that a system was trained on or "
        "shown · "
        if plan.left_out
        else ""
    )
    partly = 0 < plan.outputs < plan.split_size
    of = f" (of a split of {page.number(plan.split_size)} examples)" if partly else ""
    risk = (
        f", {page.number(plan.risk_pairs)} of them for their risk "
        f"({signals_words(plan.risk_signals)})"
        if plan.risk_pairs
        else ""
    )
    each = study.pairs_per_example
    among = (
        f"{each} pairs of each{', of every two systems' if plan.among else ''} · "
        if each > 1
        else ""
    )
    gold = f"{page.counted(plan.gold_pairs, 'gold pair')} mixed in · " if plan.gold else ""
    return (
        f"Opened {page.when(study.created_at)} by {escaped(study.person)} · "
        f"{page.number(study.examples_drawn)} of {page.number(plan.outputs)} outputs drawn{of}"
        f"{risk} · {among}"
        f"{left_out}"
        f"{page.percent(plan.overlap)} rated twice · {again}{gold}{reference} · "
        f"seal {study.seal[:12]}…"
    )


def _not_blind(store: StoreType, actor: Actor, study: Study) -> None:
    show_findings(study.leaks)
    offer_copy(store, actor, study)
    if note := studies.counts_because(study):
        show_reason(note, "lets it count")
        label, key = "Withhold the verdict again", f"withhold {study.study_id}"
        if st.button(label, icon=":material/undo:", key=key):
            attempt(lambda: studies.withhold_again(store, actor, study.study_id), "Saved.")
        return
    with st.form(f"count {study.study_id}", border=False):
        reason = st.text_area(
            "The verdict is withheld. If it should count all the same, write why",
            max_chars=2000, height=80,
        )  # fmt: skip
        if st.form_submit_button("Count the verdict", icon=":material/edit_note:"):
            attempt(lambda: studies.let_count(store, actor, study.study_id, reason), "Saved.")


def _actions(store: StoreType, actor: Actor, study: Study, done: bool) -> None:
    study_id = study.study_id
    with st.container(horizontal=True, vertical_alignment="center"):
        rate = not study.closed and not done
        if rate and st.button(
            "Rate", key=f"rate {study_id}", type="primary", icon=":material/balance:"
        ):
            st.switch_page("evaluation/rate.py", query_params={"study": study_id})
        if st.button(
            "Results", key=f"results {study_id}", icon=":material/insights:",
            type="secondary" if rate else "primary",
        ):  # fmt: skip
            st.switch_page("evaluation/results.py", query_params={"study": study_id})
        if (
            not study.was_closed
            and not study.plan.changes
            and st.button(
                "Add pairs", key=f"add {study_id}", type="tertiary", icon=":material/add:"
            )
        ):
            add_pairs(store, actor, study)
        label = "Reopen" if study.closed else "Close to ratings"
        icon = ":material/lock_open:" if study.closed else ":material/lock:"
        told = None if study.closed else CLOSING
        if st.button(label, icon=icon, key=f"close {study_id}", type="tertiary", help=told):
            attempt(lambda: studies.set_closed(store, actor, study_id, not study.closed), "Saved.")
        if study.closed:
            st.download_button(
                "Open the seal",
                lambda: json.dumps(seals.opened_seal(store, actor, study_id), indent=1),
                f"seal-{study.seal[:12]}.json", "application/json",
                icon=":material/approval:", type="tertiary", on_click="ignore",
                key=f"seal {study_id}",
                help="What was fixed when the study opened, and when pairs were added: pairs, "
                "answers, roles, sides, rubric. `touchstone verify` checks it.",
            )  # fmt: skip
