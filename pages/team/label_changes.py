"""A changed label schema: what becomes of labels that examples have, and the schema's versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.label_changes import LabelImpact, LostOption, Moves, Option
from core.projects import LabelField
from core.workflows.team import label_schema
from pages.components import page, session

NONE = "Take it off"


@st.dialog("Labels are in use")
def confirm(
    impact: LabelImpact, after: Sequence[LabelField], save: Callable[[Moves], None]
) -> None:
    """Say how many labels the change touches, ask what becomes of them, then save."""
    if impact.lost or impact.narrowed:
        st.write("The new schema does not fit labels that examples have or annotators gave.")
    moves = {(one.field, one.option): becomes(one, after) for one in impact.lost}
    if impact.narrowed:
        many = page.counted(impact.narrowed, "example")
        st.write(f"{many} with several options of a label that takes one: the first stays.")
    for sentence in impact.kept:
        st.text(sentence)
    if impact.lost or impact.narrowed:
        st.caption(
            "Each example gets a new revision; its state stays, and its history keeps the old. "
            "What annotators gave, where several annotate an example, changes with it."
        )
    with st.container(horizontal=True):
        changes = " and change the labels" if impact.lost or impact.narrowed else ""
        if st.button(f"Save settings{changes}", type="primary"):
            save(moves)
        if st.button("Cancel"):
            st.rerun()


def becomes(lost: LostOption, after: Sequence[LabelField]) -> Option | None:
    """The option that takes the place of a lost one; None to take the label off."""
    places = {f"{name}: {option}": (name, option) for name, option in lost.places(after)}
    meant = next((i for i, one in enumerate(places.values()) if one == lost.becomes), len(places))
    many = page.counted(lost.examples, "example")
    name = st.selectbox(
        f"{lost.field}: {lost.option} ({many}) becomes", [*places, NONE], meant,
        key=f"becomes {lost.field} {lost.option}",
    )  # fmt: skip
    return places.get(name)


def schema_versions(project_id: str) -> None:
    """Who changed the label schema when, newest first."""
    found = label_schema.versions(session.store(), session.actor(), project_id)
    if len(found) < 2:
        return
    with st.expander(f"Label schema, {page.counted(len(found), 'version')}"):
        for one in reversed(found):
            st.text(f"Version {one.number} · {page.when(one.created_at)} · {one.person}")
            fields = [field.words for field in one.schema]
            st.caption("No labels") if not fields else page.plain("\n".join(fields))
