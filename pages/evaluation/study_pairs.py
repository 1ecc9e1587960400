"""The examples behind a study: both answers, the reference, and what the raters said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.versions.exporting import to_csv
from core.workflows.evaluation import results, studies
from pages.components import page

if TYPE_CHECKING:
    from pages.components.session import StoreType

PAGE = 10
FILTERS = {"all": "All", "rated": "Rated", "open": "Not rated yet"}
WORDS = {
    "base": "{base} better",
    "tuned": "{tuned} better",
    "tie_good": "both good",
    "tie_bad": "both bad",
    "cannot_judge": "cannot judge",
}


def study_pairs(store: StoreType, actor: Actor, study_id: str) -> None:
    """Draw the pairs, ten a page, and offer them all as CSV."""
    study = studies.get_study(store, actor, study_id)
    rows = results.pairs_table(store, actor, study_id)
    st.warning("Not blind: this page names the systems.", icon=":material/visibility:")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.segmented_control(
            "Which", list(FILTERS), default="all", format_func=FILTERS.__getitem__, required=True,
            key=f"pairs_which {study_id}", label_visibility="collapsed",
        )  # fmt: skip
        st.download_button(
            "All pairs as CSV", lambda: to_csv(rows), "pairs.csv", "text/csv",
            icon=":material/download:", on_click="ignore", type="tertiary",
        )  # fmt: skip
    shown = [r for r in rows if which == "all" or bool(r["verdicts"]) == (which == "rated")]
    if not shown:
        st.caption("None of these.")
        return
    pages = -(-len(shown) // PAGE)
    at = st.pagination(pages, key=f"pairs_page {study_id} {which}") if pages > 1 else 1
    for row in shown[PAGE * (at - 1) : PAGE * at]:
        _pair(row, study)


def _pair(row: dict[str, Any], study: dict[str, Any]) -> None:
    names = {"base": study["baseline_name"], "tuned": study["candidate_name"]}
    with st.container(border=True):
        given = [v for v in (row["verdicts"] or "").split(", ") if v]
        said = ", ".join(WORDS[v].format(**names) for v in given) or "not rated yet"
        st.text(f"{row['number']} · {said}")
        for name in ("instruction", "input", "reference"):
            if row[name]:
                st.caption(name.capitalize())
                page.plain(row[name])
        for column, system in zip(st.columns(2), ("base", "tuned"), strict=True):
            with column, st.container(border=True):
                st.text(f"▪ {names[system]}")
                page.plain(row[f"{system}_text"])
        if row["comments"]:
            st.caption("Comments")
            page.plain(row["comments"])
