"""What raters guessed after rating, and the verdict once more without the pairs guessed right."""

from __future__ import annotations

import streamlit as st

from core.statistics.estimates import says_better
from core.study.blinding import Blinding
from core.study.sentences import written
from core.study.verdicts import points
from pages.components import page


def show_blinding(found: Blinding) -> None:
    """Draw Bang's index and what rests on it."""
    st.subheader("Did blinding hold?", anchor=False)
    if found.index.n:
        st.text(f"{_says(found)}: blinding index {written(found.index)}.")
    skipped = f"; {page.number(found.skipped)} were skipped" if found.skipped else ""
    st.caption(
        f"{page.counted(found.raters, 'rater')} said which answer of some of their own pairs they "
        f"take for the tuned one: {page.number(found.right)} right, {page.number(found.wrong)} "
        f"wrong, {page.number(found.unknown)} not known{skipped}. Bang’s index is the share right "
        "less the share wrong: 0 where blinding held, 1 where all guesses are right, −1 where all "
        "are wrong. Its interval holds for one look."
    )
    if found.left_out:
        st.text(_without_the_right_ones(found))
        st.caption(
            "Who takes the better answer for the tuned one guesses right where the candidate has "
            "won, so this leans against the candidate. A verdict that survives it does not rest on "
            "recognition."
        )


def _says(found: Blinding) -> str:
    says = says_better(found.index)
    if says == "better":
        return "Raters guessed the candidate more often than chance"
    if says == "worse":
        return "Raters took the baseline for the candidate more often than chance"
    return "Raters are not shown to know which is which"


def _without_the_right_ones(found: Blinding) -> str:
    net = found.rest
    if net.value is None:
        return f"{found.what_is_left_out}, no judged pair is left."
    counts = f"{found.won} won, {found.lost} lost, {net.n - found.won - found.lost} tied"
    bounds = ""
    if net.low is not None and net.high is not None:
        bounds = f" ({points(net.low)} to {points(net.high)})"
    return (
        f"{found.what_is_left_out}: net {points(net.value)} points{bounds}; "
        f"{counts} of {page.counted(net.n, 'pair')}."
    )
