"""On an example's page: that it is synthetic and of what it was made, and what was made of it."""

from __future__ import annotations

import streamlit as st

from core.examples.current import CurrentExample
from core.examples.states import STATE_LABELS
from core.workflows.curation import augmenting
from pages.components import page, session
from pages.components.errors import escaped


def synthetic_badge(example: CurrentExample) -> None:
    """A badge and the way to the source; nothing for what people wrote."""
    found = augmenting.sourced(session.store(), session.actor(), example)
    if found is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge("synthetic", icon=":material/auto_awesome:", color="orange")
        st.text(f"made by {found.by}, seed {found.seed}", width="content")
        if found.position is None:
            st.text("The example that it was made of is gone.", width="content")
        else:
            changed = ", changed since" if found.changed else ""
            _link(found.source_id, f"Source: example {page.number(found.position)}{changed}")


def synthetic_children(example: CurrentExample) -> None:
    """What was made of the example, with the state of each."""
    found = augmenting.children(session.store(), session.actor(), example)
    if not found:
        return
    st.subheader("Made of it", anchor=False)
    for one in found:
        state = STATE_LABELS[one.state].lower()
        _link(one.example_id, f"Example {page.number(one.position)} · synthetic · {state}")


def _link(example_id: str, label: str) -> None:
    st.page_link(
        "curation/examples.py",
        label=escaped(label),
        icon=":material/auto_awesome:",
        query_params={"example": example_id},
        width="content",
    )
