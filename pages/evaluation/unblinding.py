"""Before results or names are shown: the choice to rate first. And who has seen what, for leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.study.unblinding import Seen
from core.workflows.evaluation import unblinding
from pages.components import page
from pages.evaluation.result_charts import download

if TYPE_CHECKING:
    from pages.components.session import StoreType

SEEN: dict[Seen, str] = {
    "results": "the results",
    "answers": "the answers with their systems' names",
    "judgements": "an export of the judgements",
}
SPOILS: dict[Seen, str] = {
    "results": "seen its results",
    "answers": "seen which system answered what",
    "judgements": "seen its judgements",
}
SHOW: dict[Seen, str] = {
    "results": "Show the results",
    "answers": "Show the examples",
    "judgements": "Export the judgements",
}


def may_see(store: StoreType, actor: Actor, study_id: str, what: Seen) -> bool:
    """Whether this may be drawn; else ask the person, who still has pairs to rate, what comes
    first."""
    left = unblinding.pairs_left(store, actor, study_id)
    if not left:
        return True
    with st.container(border=True):
        st.markdown(f"**You still have {page.counted(left, 'pair')} to rate in this study.**")
        st.write(f"Once you have {SPOILS[what]}, what you rate is counted apart.")
        with st.container(horizontal=True):
            if st.button(
                "Rate first", icon=":material/balance:", type="primary", key=f"rate {study_id}"
            ):
                st.switch_page("evaluation/rate.py", query_params={"study": study_id})
            if st.button(SHOW[what], icon=":material/visibility:", key=f"see {what} {study_id}"):
                unblinding.open_all_the_same(store, actor, study_id, what)
                st.rerun()
    return False


def show_ledger(store: StoreType, actor: Actor, study_id: str) -> None:
    """Who has seen what of the study, and when first."""
    st.subheader("Who has seen what", anchor=False)
    rows = [
        {"Person": one.person, "Saw": SEEN[one.what], "First": page.when(one.created_at)}
        for one in unblinding.ledger(store, actor, study_id)
    ]
    st.dataframe(rows, hide_index=True, height="content")
    download(rows, "who-has-seen-what.csv")
    st.caption("What these people judge after that is set apart: shown above, in no verdict.")
