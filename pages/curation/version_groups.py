"""What near-duplicates did to a dataset version: the largest groups, and what was left out."""

from __future__ import annotations

import streamlit as st

from core.versions.usefulness import shortened
from core.versions.version import DatasetVersion
from core.workflows.curation import freezing
from pages.components import page, session

LISTED = 200


def groups(version: DatasetVersion) -> None:
    """The largest near-duplicate groups, with some of their texts."""
    if not version.largest:
        return
    with st.expander("Largest groups of near-duplicates"):
        st.dataframe(
            [
                {
                    "Examples": group.size,
                    "Split": group.split,
                    "Texts": " · ".join(group.texts),
                    "All share": group.shared,
                }
                for group in version.largest
            ],
            hide_index=True,
            column_config={
                "Examples": st.column_config.NumberColumn(width="small"),
                "Split": st.column_config.TextColumn(width="small"),
                "Texts": st.column_config.TextColumn(width="large"),
            },
        )


def left_out(version: DatasetVersion) -> None:
    """Accepted examples that are not in the version, and why; as CSV too."""
    if not version.left_out:
        return
    store, actor, version_id = session.store(), session.actor(), version.version_id
    rows = freezing.left_out(store, actor, version_id, LISTED)
    reasons = freezing.left_out_reasons(store, actor, version_id)
    with st.expander(f"Left out: {page.number(version.left_out)} accepted examples"):
        for reason, count in reasons.items():
            st.text(f"{page.number(count)} · {reason}")
        st.dataframe(
            [
                {
                    "Example": shortened(row.input.strip() or row.instruction),
                    "Why": row.reason,
                    "Near": row.near,
                    "Id": row.example_id,
                }
                for row in rows
            ],
            hide_index=True,
            column_config={
                "Example": st.column_config.TextColumn(width="large"),
                "Why": st.column_config.TextColumn(width="large"),
                "Near": st.column_config.TextColumn(width="large"),
            },
        )
        if version.left_out > len(rows):
            st.caption(f"The first {LISTED} are listed; the CSV file has all.")
        st.download_button(
            f"All {page.number(version.left_out)} left out (CSV)",
            lambda: freezing.left_out_csv(store, actor, version_id),
            f"version-{version.number}-left-out.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"left_out_{version_id}",
        )
