"""What an import came to, its rejects, and the imports before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.versions.exporting import to_csv
from core.workflows.curation import importing
from pages.components import page, session

Import = Mapping[str, Any]
SHOWN = 200


def result(found: Import) -> None:
    """The three figures, what they mean, the rejects, and the next step."""
    st.subheader("What came in", anchor=False)
    st.text(f"{found['file_name']} · {found['person']}, {page.when(found['created_at'])}")
    page.figures(
        [
            ("Added", page.number(found["accepted"]), "New examples in this project"),
            ("Duplicates", page.number(found["duplicates"]), "The project has the same already"),
            ("Rejected", page.number(found["rejected"]), "Records that could not be used"),
        ]
    )
    if not found["accepted"] and found["duplicates"]:
        st.info(
            "Nothing was added: every usable example of this file was in the project already.",
            icon=":material/content_copy:",
        )
    if found["accepted"]:
        st.page_link(
            "curation/annotate.py",
            label=f"Next: annotate {page.counted(found['accepted'], 'example')}",
            icon=":material/arrow_forward:",
        )
    if found["rejected"]:
        rejects(found)
    if found["undone_at"]:
        st.caption(f"Taken back {page.when(found['undone_at'])}: what nobody had touched is gone.")
    elif found["accepted"]:
        take_back(found)


def take_back(found: Import) -> None:
    """Undo an import after saying what that means."""
    with st.popover("Take this import back …", icon=":material/undo:", type="tertiary"):
        st.write(
            "Its examples that nobody has touched are deleted. What people worked on, and what a "
            "dataset version holds, stays. You can import the file again."
        )
        if not st.button("Take it back", icon=":material/undo:"):
            return
        gone = importing.undo_import(
            session.store(), session.actor(), found["project_id"], found["import_id"]
        )
        kept = found["accepted"] - gone
        rest = (
            f" {page.counted(kept, 'example')} stayed: people have worked on them." if kept else ""
        )
        session.say(f"{page.counted(gone, 'example')} deleted.{rest}")
        st.rerun()


def rejects(found: Import) -> None:
    """Every record that could not be used: line, reason, its beginning; as a CSV file too."""
    rows = importing.rejects_of(
        session.store(), session.actor(), found["project_id"], found["import_id"]
    )
    st.subheader("Rejected records", anchor=False)
    st.caption("The rest of the file went in. Mend these and import the file again: no doubles.")
    config = {
        "line": st.column_config.NumberColumn("Line", width=70),
        "reason": st.column_config.TextColumn("Reason", width="large"),
        "excerpt": st.column_config.TextColumn("Beginning of the record", width="large"),
    }
    st.dataframe(rows[:SHOWN], hide_index=True, column_config=config)
    if len(rows) > SHOWN:
        st.caption(f"The first {SHOWN} of {page.number(len(rows))}; the file has all of them.")
    st.download_button(
        f"Download {page.counted(len(rows), 'rejected record')} (CSV)",
        lambda: to_csv(rows, ["line", "reason", "excerpt"]).encode(),
        "rejected.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"rejects_{found['import_id']}",
    )


def earlier(imports: Sequence[Import]) -> str | None:
    """The list of imports; the id of the one that was chosen."""
    if not imports:
        return None
    st.subheader("Imports so far", anchor=False)
    rows = [
        {
            "File": one["file_name"],
            "When": page.when(one["created_at"]),
            "By": one["person"],
            "Added": one["accepted"],
            "Duplicates": one["duplicates"],
            "Rejected": one["rejected"],
            "State": "taken back" if one["undone_at"] else "",
        }
        for one in imports
    ]
    event = st.dataframe(
        rows,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="imports_so_far",
    )
    chosen = event["selection"]["rows"]
    return str(imports[chosen[0]]["import_id"]) if chosen else None
