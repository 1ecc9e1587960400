"""A dataset version as people look at it: its figures, hash, splits, examples and export."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.exporting.formats import EXPORT_FORMATS
from core.versions.splitting import SPLITS
from core.versions.version import DatasetVersion
from core.workflows.curation import exporting, freezing
from pages.components import page, session
from pages.components.progress import progress
from pages.curation.data_card_view import data_card_view
from pages.curation.example_list import ListRow, example_list, opened
from pages.curation.export_form import choose_wish, download
from pages.curation.version_difference import version_difference
from pages.curation.version_groups import groups, left_out

RATIOS = tuple(zip(SPLITS, freezing.RATIOS, strict=True))
SHOWN = 10
VIEWS = ("Overview", "Data card", "Difference")
STICKY = "An example and its near-duplicates keep their split in all later versions."


def list_of_versions(versions: Sequence[DatasetVersion], wished: str | None) -> DatasetVersion:
    """A choice among the versions, newest first; the one chosen."""
    known = {version.version_id: version for version in versions}
    if wished in known:
        session.set_widget("version_chosen", wished)
        del st.query_params["version"]
    elif session.widget_value("version_chosen") not in known:
        session.set_widget("version_chosen", next(iter(known)))
    chosen = st.selectbox(
        "Version", list(known), format_func=lambda one: _title(known[one]), key="version_chosen"
    )
    return known[chosen]


def _title(version: DatasetVersion) -> str:
    total = page.number(version.total)
    name, made = version.name, page.when(version.created_at)
    return f"{version.number} · {name} · {total} examples · {made}"


def shown_version(version: DatasetVersion, versions: Sequence[DatasetVersion]) -> None:
    """One version: its figures, and what was chosen to be seen of it."""
    counts = version.counts
    page.figures(
        [
            ("Train", page.number(counts["train"]), None),
            ("Validation", page.number(counts["validation"]), None),
            ("Test", page.number(counts["test"]), None),
            ("Groups", page.number(version.groups), "Near-duplicates are one group, in one split"),
        ]
    )
    st.caption(_how_it_was_split(version))
    if counts["train"] and session.actor().has(version.project_id, "lead"):
        st.page_link(
            "tuning/launch.py",
            label="Next: train on this version",
            icon=":material/arrow_forward:",
            query_params={"version": version.version_id},
        )
    view = st.segmented_control(
        "Show", VIEWS, default=VIEWS[0], required=True, key="version_shown",
        label_visibility="collapsed",
    )  # fmt: skip
    if view == "Data card":
        data_card_view(version)
    elif view == "Difference":
        version_difference(version, versions)
    else:
        overview(version)


def overview(version: DatasetVersion) -> None:
    """Warnings, what was left out, groups, hash, export and first examples."""
    if version.warnings:
        with st.container(border=True):
            for warning in version.warnings:
                st.text(f"⚠ {warning}")
    left_out(version)
    groups(version)
    st.text(f"Frozen by {version.person} on {page.when(version.created_at)}")
    if version.notes:
        st.text(version.notes)
    st.caption(f"Content hash (SHA-256 of ids, texts and splits), seed {version.seed}")
    st.code(version.content_hash, language=None, wrap_lines=True)
    downloads(version)
    first_examples(version)


def _how_it_was_split(version: DatasetVersion) -> str:
    """One or two sentences: what was kept, and that it stays so."""
    if version.evaluation_only:
        return "For evaluation only: these examples stay in test in all later versions."
    kept = f"{page.number(version.kept)} kept their split. " if version.kept else ""
    how = freezing.how_split(session.store(), session.actor(), version.version_id)
    return " ".join(filter(None, (how, kept + STICKY)))


def downloads(version: DatasetVersion) -> None:
    """The version as files, in the format chosen: made by a job when somebody asks for them."""
    store, actor, version_id = session.store(), session.actor(), version.version_id
    st.subheader("Export", anchor=False)
    wish = choose_wish(version_id)
    export = exporting.version_export(store, actor, version_id, wish)
    if export is not None and not export.job.taken_in:
        progress(export.job.subject_id)
        return
    if export is not None and export.files:
        with st.container(horizontal=True):
            for name, path in export.files.items():
                download(path, f"version-{version.number}-{name}", f"{version_id}{wish.key}{name}")
        return
    if export is not None:
        progress(export.job.subject_id)
    if not actor.has(version.project_id, "lead"):
        st.caption("A lead can export this version.")
    elif st.button(
        f"Export as {EXPORT_FORMATS[wish.format].label}",
        icon=":material/output:",
        key=f"export_{version_id}",
    ):
        exporting.start_version_export(store, actor, version_id, wish)
        st.rerun()


def first_examples(version: DatasetVersion) -> None:
    """The beginning of a split, to see what is in it."""
    there = [split for split in SPLITS if version.counts[split]]
    st.subheader("First examples", anchor=False)
    key = f"version_{version.version_id}"
    if example_id := opened(key):
        st.switch_page("curation/examples.py", query_params={"example": example_id})
    chosen = st.segmented_control(
        "Split", there, default=there[0], required=True, key=f"split_{version.version_id}"
    )
    rows = freezing.version_examples(
        session.store(), session.actor(), version.version_id, chosen, SHOWN
    )
    marked = [
        ListRow(row["example_id"], number, row["instruction"], row["input"], row["output"])
        for number, row in enumerate(rows, 1)
    ]
    example_list(marked, key, None)
