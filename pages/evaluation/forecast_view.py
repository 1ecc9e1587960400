"""Forecasts on the page: what a planned study can show, and how one that runs may end."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.study.findings import Comparison
from core.study.forecast import Assumptions, Forecast
from core.study.outlook import outlook_words
from core.workflows.evaluation.forecasting import Pace
from core.workflows.evaluation.results import StudyResult
from pages.components import page, session

SEED = 7
LARGE = 0.7
"""A study that shows only shares above this one is called too small."""
TOLD = 0.65
"""… and how many pairs would show this one is told."""


def choose_assumptions(pace: Pace, overlap: float, claims: int) -> tuple[Assumptions, float | None]:
    """Draw what a forecast assumes, to be changed; that, and what an hour of a rater costs."""
    with st.expander("What the forecast assumes"):
        left, middle, right = st.columns(3)
        ties = left.number_input(
            "Pairs without a winner, %", 0, 90, min(90, round(100 * pace.ties)), 5,
            help="Both good or both bad.",
        )  # fmt: skip
        seconds = middle.number_input(
            "Seconds per judgement", 1, 3600, max(1, round(pace.seconds)), 5
        )
        hourly_rate = right.number_input(
            "An hour of a rater costs",
            0.0,
            None,
            pace.hourly_rate or None,
            5.0,
            placeholder="optional",
        )
        st.caption(f"Pairs without a winner and seconds are {pace.source}.")
    return Assumptions(ties / 100, overlap, float(seconds), claims), hourly_rate


def show_forecast(
    found: Forecast, assumed: Assumptions, outputs: int, hourly_rate: float | None
) -> None:
    """Draw what a plan can show of so many outputs, and what it costs."""
    st.markdown("**Forecast**")
    page.figures(_figures(found, assumed, hourly_rate))
    _tell_size(found, outputs)
    rows = [
        {
            "True share": page.percent(one.share),
            "Half by": _by(one.half),
            "Four of five by": _by(one.most),
        }
        for one in found.until
    ]
    st.dataframe(rows, hide_index=True, height="content")
    together = (
        ""
        if assumed.claims == 1
        else f" With the studies of these systems so far and one comparison a candidate there are "
        f"{assumed.claims} comparisons, and each of them claims at e ≥ {assumed.claim:.0f}."
    )
    st.caption(
        "After how many pairs half of all studies, and four of five, show that the candidate wins "
        "so many of the decided pairs. Computed for the rule that Results applies, with a look "
        f"after every pair and {page.percent(assumed.ties)} of pairs without a winner.{together}"
    )


def _figures(
    found: Forecast, assumed: Assumptions, hourly_rate: float | None
) -> list[tuple[str, str, str | None]]:
    smallest = "over 99 %" if found.smallest_share is None else page.percent(found.smallest_share)
    figures: list[tuple[str, str, str | None]] = [
        (
            "Smallest share shown", smallest,
            "The smallest true share of decided pairs won by the candidate that four of five "
            "studies of this size show to be better.",
        ),
        (
            "Interval at the end", f"±{100 * found.half_width:.0f} points",
            "Of the net preference, if neither is better, which is the widest case; no wider in "
            "nine of ten studies. It holds however often somebody looks.",
        ),
        (
            "Rater time", page.duration(3600 * found.hours),
            f"{page.counted(found.judgements, 'judgement')} of {assumed.seconds:.0f} s each.",
        ),
    ]  # fmt: skip
    if hourly_rate:
        cost = page.number(found.cost(hourly_rate))
        figures.append(("Cost", cost, "Rater time at the price of an hour given below."))
    return figures


def _by(pairs: int | None) -> str:
    return "out of reach" if pairs is None else page.counted(pairs, "pair")


def _tell_size(found: Forecast, outputs: int) -> None:
    smallest, pairs = found.smallest_share, page.counted(found.pairs, "pair")
    if smallest is not None and smallest <= LARGE:
        return
    shows = (
        f"of {pairs}, only a candidate that wins {page.percent(smallest)} of the decided ones or "
        "more is shown to be better in four of five studies"
        if smallest
        else f"{pairs} show no candidate to be better in four of five studies, whatever it wins"
    )
    needed, more = found.pairs_for(TOLD), ""
    if needed is not None:
        more = f" {page.counted(needed, 'pair')} would show {page.percent(TOLD)}."
    if needed is None or needed > outputs:
        more += (
            f" There are {page.counted(outputs, 'output')} to draw from: generate for more "
            "examples, or freeze a version with a larger split."
        )
    st.warning(f"Too small to decide much: {shows}.{more}", icon=":material/query_stats:")


def told_outlook(result: StudyResult, found: Comparison) -> str:
    """How a study that is being rated may end, as a sentence for leads; "" for all others, and
    where no verdict is given."""
    study = result.study
    if result.withheld or study.closed or not session.actor().has(study.project_id, "lead"):
        return ""
    seen = f"{sorted(found.verdicts.items())} {found.net.level} {study.pairs_each}"
    return session.kept(
        f"outlook {study.study_id} {found.candidate_id}",
        seen,
        lambda: outlook_words(found, study.pairs_each, np.random.default_rng(SEED)),
    )
