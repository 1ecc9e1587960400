"""What an import came to, its rejects, and the imports before it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.exporting.tables import to_csv
from core.importing.imports import Import
from core.importing.pipeline import Reject
from core.workflows.curation import browsing, importing
from pages.components import page, session

SHOWN = 200


def result(found: Import) -> None:
    """The figures, what they mean, the rejects, and the next step."""
    st.subheader("Import result", anchor=False)
    st.text(f"{found.file_name} · {found.person}, {page.when(found.created_at)}")
    page.figures(
        [
            ("Added", page.number(found.accepted), "New examples in this project"),
            ("Duplicates", page.number(found.duplicates), "The same example is here already"),
            ("Rejected", page.number(found.rejected), "Records that could not be used"),
        ]
    )
    if not found.accepted and found.duplicates:
        st.info(
            "Nothing was added: every usable example of this file was in the project already.",
            icon=":material/content_copy:",
        )
    if found.accepted and not found.undone_at:
        next_step(found)
    for warning in found.warnings:
        st.caption(warning)
    if found.rejected or found.label_problems:
        rejects(found)
    if found.undone_at:
        st.caption(f"Undone {page.when(found.undone_at)}. Examples that people worked on stayed.")
    elif found.accepted:
        undo(found)


def next_step(found: Import) -> None:
    """What waits in the project now."""
    counts = browsing.counts(session.store(), session.actor(), found.project_id)
    if waiting := counts["new"] + counts["sent_back"]:
        target, label = "annotate", f"Next: annotate ({page.number(waiting)} waiting)"
    elif waiting := counts["annotated"]:
        target, label = "review", f"Next: review ({page.number(waiting)} waiting)"
    else:
        accepted = page.counted(counts["accepted"], "accepted example")
        target, label = "versions", f"Next: freeze a dataset version ({accepted})"
    st.page_link(f"curation/{target}.py", label=label, icon=":material/arrow_forward:")


def undo(found: Import) -> None:
    """Undo an import after saying what that means."""
    with st.popover("Undo import …", icon=":material/undo:", type="tertiary"):
        st.write(
            "Its examples that nobody has touched are deleted. What people worked on, and what a "
            "dataset version holds, stays. You can import the file again."
        )
        if not st.button("Undo import", icon=":material/undo:"):
            return
        gone = importing.undo_import(
            session.store(), session.actor(), found.project_id, found.import_id
        )
        kept = found.accepted - gone
        rest = (
            f" {page.counted(kept, 'example')} stayed: people worked on them, or a version"
            " holds them."
            if kept
            else ""
        )
        session.say(f"{page.counted(gone, 'example')} deleted.{rest}")
        st.rerun()


def rejects(found: Import) -> None:
    """What stayed out: line, reason, the record's beginning; as a CSV file too."""
    listed = found.rejected + found.label_problems
    # Taken now: a download is made outside of the script run, where nobody is signed in.
    store, actor = session.store(), session.actor()

    def listed_up_to(limit: int) -> list[Reject]:
        return importing.rejects_of(store, actor, found.project_id, found.import_id, limit)

    st.subheader("Rejected records", anchor=False)
    st.caption(
        "The rest of the file was imported. Fix these records and import the file again: "
        "nothing is added twice."
    )
    if found.label_problems:
        st.caption(
            f"{page.counted(found.label_problems, 'label')} stayed out of examples that came in: "
            "the value is no option of the project's labels. It is kept in the metadata."
        )
    config = {
        "line": st.column_config.NumberColumn("Line", width=70),
        "reason": st.column_config.TextColumn("Reason", width="large"),
        "excerpt": st.column_config.TextColumn("Beginning of the record", width="large"),
    }
    st.dataframe(_rows(listed_up_to(SHOWN)), hide_index=True, column_config=config)
    if listed > SHOWN:
        st.caption(f"The first {SHOWN} of {page.number(listed)}; the CSV file has more.")
    st.download_button(
        f"Download {page.counted(listed, 'rejected record')} (CSV)",
        lambda: to_csv(
            _rows(listed_up_to(importing.REJECTS_LISTED)), ["line", "reason", "excerpt"]
        ).encode(),
        "rejected.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"rejects_{found.import_id}",
    )


def _rows(rejects: Sequence[Reject]) -> list[dict[str, object]]:
    return [{"line": one.line, "reason": one.reason, "excerpt": one.excerpt} for one in rejects]


def earlier(imports: Sequence[Import]) -> str | None:
    """The list of imports; the id of the one that was chosen."""
    if not imports:
        return None
    st.subheader("Previous imports", anchor=False)
    rows = [
        {
            "File": one.file_name,
            "When": page.when(one.created_at),
            "By": one.person,
            "Added": one.accepted,
            "Duplicates": one.duplicates,
            "Rejected": one.rejected,
            "State": _state(one),
        }
        for one in imports
    ]
    event = st.dataframe(
        rows,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="previous_imports",
    )
    chosen = event["selection"]["rows"]
    return imports[chosen[0]].import_id if chosen else None


def _state(one: Import) -> str:
    if one.undone_at:
        return "undone"
    if one.next_row is not None:
        return "incomplete"
    return "imported as accepted" if one.entered_as == "accepted" else ""
