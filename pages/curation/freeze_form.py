"""The form that freezes what is accepted."""

from __future__ import annotations

import streamlit as st

from core.errors import TouchstoneError
from core.labels.field import SHARED
from core.versions.split_plan import SPLIT_BY, SplitPlan
from core.versions.splitting import SPLITS
from core.versions.usefulness import MIN_EXAMPLES
from core.workflows.curation import freezing
from core.workflows.curation.freezing import Freezable
from pages.components import errors, page, session
from pages.curation.version_view import RATIOS, STICKY

FORM = "freeze"


def freeze_form(project_id: str, freezable: Freezable, *, folded: bool) -> None:
    """Name, notes, seed, and what will happen."""
    ready = freezable.ready
    if ready < MIN_EXAMPLES:
        are = "is" if ready == 1 else "are"
        how = f"Accept at least {MIN_EXAMPLES} examples; {ready} {are} ready now."
        page.empty("Too few examples to freeze", how, "curation/review.py", "Review examples")
        return
    if folded and not st.toggle("Freeze another version", key="freeze_another"):
        return
    plan = choose_plan(project_id)
    with st.form(FORM):
        name = st.text_input("Name", placeholder="what is in it, such as “cleaned prices”")
        notes = st.text_area("Notes", placeholder="why this version, and what changed")
        seed = st.number_input(
            "Seed",
            0,
            freezing.LARGEST_SEED,
            freezing.SEED,
            help="Draws the split of new examples. Same seed, same split.",
        )
        only = st.checkbox(
            "For evaluation only",
            help="Every example goes to test, for good: no later version trains on it.",
        )
        st.caption(what_happens(freezable))
        for sentence in freezable.firewall.sentences:
            st.text(f"⚠ {sentence}")
        pressed = st.form_submit_button(f"Freeze {page.number(ready)} examples", type="primary")
    if pressed:
        freeze(project_id, name, notes, int(seed), only, plan)


def choose_plan(project_id: str) -> SplitPlan:
    """How new examples are drawn; outside of the form, since one choice brings the next."""
    schema = session.project().settings.label_schema
    labels = [field.name for field in schema if field.kind in SHARED]
    metadata = freezing.metadata(session.store(), session.actor(), project_id)
    ways = {words: by for by, words in SPLIT_BY.items() if labels or by != "stratified"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = ways[st.selectbox("Split new examples", list(ways), key="split_by", width=340)]
        label = moment = together = ""
        if chosen == "stratified":
            label = st.selectbox("Label", labels, key="split_label", width=220)
        if chosen == "time":
            times = ["", *metadata]
            moment = st.selectbox(
                "Time", times, key="split_time", width=220,
                format_func=lambda one: one or "Time of import",
                help="Metadata with dates or times, or with numbers, all written in one way.",
            )  # fmt: skip
        if metadata:
            together = st.selectbox(
                "Keep together", ["", *metadata], key="split_together", width=220,
                format_func=lambda one: one or "Near-duplicates only",
                help="Examples with the same value stay in one split: a document, an author.",
            )  # fmt: skip
    return SplitPlan(chosen, label, moment, together)


def what_happens(freezable: Freezable) -> str:
    """The split to expect, in a sentence or two."""
    shares = ", ".join(f"{page.percent(share)} {split}" for split, share in RATIOS)
    kept = freezable.ready - freezable.new
    if not kept:
        return f"Split: {shares}. Near-duplicates stay together. {STICKY}"
    there = ", ".join(f"{page.number(freezable.decided[split])} {split}" for split in SPLITS)
    return (
        f"{page.number(kept)} examples keep their split ({there}); "
        f"{page.number(freezable.new)} new ones are drawn towards {shares}. {STICKY}"
    )


def freeze(project_id: str, name: str, notes: str, seed: int, only: bool, plan: SplitPlan) -> None:
    """Start it, and let the address name the version to be."""
    try:
        version_id = freezing.start_freeze(
            session.store(),
            session.actor(),
            project_id,
            name=name,
            notes=notes,
            seed=seed,
            evaluation_only=only,
            plan=plan,
            version_id=f"ver_{session.submission_id(FORM)}",
        )
    except TouchstoneError as error:
        errors.show(error)
        return
    session.submitted(FORM)
    st.query_params["version"] = version_id
    st.rerun()
