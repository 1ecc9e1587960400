"""Adding pairs to an open study: how many, what that changes of what it can show, and doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.study.forecast import Assumptions, Forecast, forecast
from core.study.study import Study
from core.workflows.evaluation import extending, forecasting
from core.workflows.evaluation.extending import Room
from pages.components import page, session
from pages.components.errors import attempt

if TYPE_CHECKING:
    from pages.components.session import StoreType


@st.dialog("Add pairs")
def add_pairs(store: StoreType, actor: Actor, study: Study) -> None:
    """The dialog of a study."""
    room = extending.room_of(store, actor, study.study_id)
    st.text(study.name)
    if room.waiting:
        st.info("Pairs are being drawn for this study. They come in a moment.")
        return
    if room.left <= 0:
        st.info(
            "Every output of this study is drawn. Generate for more examples, and open another."
        )
        return
    each = study.pairs_per_example
    what = f"Examples (each makes {each} pairs)" if each > 1 else "Further pairs"
    size = st.number_input(
        f"{what} · 1 to {page.number(room.left)}", 1, room.left, min(room.left, room.drawn)
    )
    _what_changes(store, actor, study, room, int(size))
    st.caption(
        "They are drawn at random from the outputs that are not in the study yet, wait behind the "
        "others, and have a seal of their own. The interval of the preference stays valid, as it "
        "holds at every number of pairs. The criteria have intervals of that kind too from now on, "
        "and no test that looks once."
    )
    label = f"Add {page.counted(int(size) * each, 'pair')}"
    form = f"add {study.study_id}"
    if st.button(label, type="primary", icon=":material/add:"):
        extension_id = f"ext_{session.submission_id(form)}"

        def add() -> None:
            extending.add_pairs(store, actor, study.study_id, int(size), extension_id=extension_id)
            session.submitted(form)

        attempt(add, "The pairs are being drawn; they can be rated in a moment.")


def _what_changes(store: StoreType, actor: Actor, study: Study, room: Room, size: int) -> None:
    pace = forecasting.pace_of(store, actor, study.project_id)
    assumed = Assumptions(pace.ties, study.plan.overlap, pace.seconds, room.claims)
    count = study.pairs_per_example
    before, after = (forecast(n, assumed, count) for n in (room.drawn, room.drawn + size))
    plan = study.plan
    shares = [
        page.percent(n / plan.counted_from, 1) if plan.counted_from else "—"
        for n in (study.examples_drawn, study.examples_drawn + size)
    ]
    rows = [
        {"": "Sample, pairs", "Now": page.number(count * room.drawn),
         "Then": page.number(count * (room.drawn + size))},
        {"": "Split drawn", "Now": shares[0], "Then": shares[1]},
        {"": "Smallest share", "Now": _smallest(before), "Then": _smallest(after)},
        {"": "Interval", "Now": f"±{100 * before.half_width:.0f} points",
         "Then": f"±{100 * after.half_width:.0f} points"},
        {"": "Rater time", "Now": page.duration(3600 * before.hours),
         "Then": page.duration(3600 * after.hours)},
    ]  # fmt: skip
    st.dataframe(rows, hide_index=True, height="content")
    st.caption(
        f"The 10 % rule asks for {page.counted(plan.least, 'reviewed example')} of the split. "
        "Smallest share: of decided pairs won by the candidate, that four of five studies of this "
        "size show. Interval: of the net preference at the end, if neither is better. "
        f"Ties ({page.percent(pace.ties)}) and seconds are {pace.source}."
    )


def _smallest(found: Forecast) -> str:
    return "over 99 %" if found.smallest_share is None else page.percent(found.smallest_share)
