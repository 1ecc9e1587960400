"""The examples behind a study: both answers, the reference, and what the raters said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.study.answer import StudyPair
from core.study.risk import SIGNALS
from core.study.spans import marked_parts
from core.study.study import Study
from core.workflows.evaluation import results, studies
from pages.components import page
from pages.evaluation.unblinding import may_see

if TYPE_CHECKING:
    from pages.components.session import StoreType

PAGE = 10
FILTERS = {"all": "All", "rated": "Rated", "open": "Not rated yet", "split": "Raters differ"}
WORDS = {"tie_good": "both good", "tie_bad": "both bad", "cannot_judge": "cannot judge"}


def study_pairs(store: StoreType, actor: Actor, study_id: str) -> None:
    """Draw the pairs, ten a page."""
    if not may_see(store, actor, study_id, "answers"):
        return
    study = studies.get_study(store, actor, study_id)
    st.warning("Not blind: this page names the systems.", icon=":material/visibility:")
    which = st.segmented_control(
        "Which", list(FILTERS), default="all", format_func=FILTERS.__getitem__, required=True,
        key=f"pairs_which {study_id}", label_visibility="collapsed",
    )  # fmt: skip
    count = results.count_pairs(store, actor, study_id, which)
    if not count:
        st.caption("None of these.")
        return
    pages = -(-count // PAGE)
    at = st.pagination(pages, key=f"pairs_page {study_id} {which}") if pages > 1 else 1
    for pair in results.pairs_page(store, actor, study_id, which, PAGE, PAGE * (at - 1)):
        _pair(pair, study)


def _pair(pair: StudyPair, study: Study) -> None:
    with st.container(border=True):
        st.text(f"{pair.number} · {_said(pair, study)}")
        if pair.risk_reasons:
            st.caption(f"Risky: {', '.join(SIGNALS[name] for name in pair.risk_reasons)}")
        texts = {
            "Instruction": pair.instruction, "Input": pair.input, "Reference": pair.reference,
        }  # fmt: skip
        for name, text in texts.items():
            if text:
                st.caption(name)
                page.plain(text)
        columns = st.columns(len(pair.answers))
        for column, (system_id, text) in zip(columns, pair.answers.items(), strict=True):
            with column, st.container(border=True):
                st.text(f"▪ {study.name_of(system_id)}")
                if spans := pair.spans.get(system_id):
                    page.marked(marked_parts(text, spans))
                else:
                    page.plain(text)
        if pair.comments:
            st.caption("Comments")
            page.plain(" · ".join(pair.comments))


def _said(pair: StudyPair, study: Study) -> str:
    words = [verdict_words(v, study) for v in pair.verdicts]
    words += [f"{verdict_words(v, study)} (again)" for v in pair.again]
    words += [f"{verdict_words(v, study)} (set apart)" for v in pair.set_apart]
    return "; ".join(words) or "not rated yet"


def verdict_words(verdict: str, study: Study) -> str:
    """A verdict as people read it: the name of the preferred system, or the kind of tie."""
    return WORDS.get(verdict) or f"{study.name_of(verdict)} better"
