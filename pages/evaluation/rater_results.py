"""What Results says of the rating itself: how much, how fast, and how far raters agree."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.study.gold import GoldResult
from core.study.repeats import Repeats
from core.study.sentences import written
from core.workflows.evaluation.results import StudyResult
from pages.components import page
from pages.evaluation import result_charts


def figures_view(result: StudyResult) -> None:
    """How much was rated, how often and how fast."""
    st.subheader("How much was rated", anchor=False)
    found, rule = result.found, result.rule_counts
    page.figures(
        [
            ("Pairs rated", f"{page.number(found.judged)} of {page.number(result.pairs)}", rule),
            (
                "Coverage",
                page.percent(result.coverage.value, 1),
                f"{page.number(result.reviewed)} of {page.number(result.counted_from)}. {rule}.",
            ),
            (
                "Judgements",
                page.number(found.judgements),
                "Those that count. Pairs that overlap have several; pairs that came back and what "
                "is set apart are not among them.",
            ),
            (
                "Mean time",
                page.duration(found.seconds.value),
                f"Seconds per judgement: {written(found.seconds, 0)}",
            ),
        ]
    )
    back = (
        f" · {page.counted(result.withdrawn, 'judgement')} taken back" if result.withdrawn else ""
    )
    st.caption(rule + back)


def agreement_view(result: StudyResult, *, lead: bool) -> None:
    """How far raters agree with each other, and for leads with themselves."""
    st.subheader("Do raters agree?", anchor=False)
    choice = result.found.agreement[0]
    if not choice.raw.n:
        st.write(
            "No pair was rated by two people yet. A study's overlap sets how many will be; "
            "ask a second person to rate."
        )
    else:
        rows = [
            {
                "Rated": "Which is better"
                if one is choice
                else result_charts.criterion_name(one.what),
                "Raw agreement": written(one.raw),
                "Krippendorff’s α": written(one.alpha),
                "Gwet’s AC": written(one.ac),
                "Note": one.alpha.reason,
            }
            for one in result.found.agreement
        ]
        st.dataframe(rows, hide_index=True, height="content")
        result_charts.download(rows, "agreement.csv")
        st.caption(
            "α and AC are 1 for full agreement and 0 for chance; nominal for the choice, ordinal "
            "for ratings. With one rare value α can be near 0 although nearly all agree."
        )
    if result.found.side_bias.n:
        bias = written(result.found.side_bias, 0, percent=True)
        st.caption(f"Of the choices for one side, {bias} were the left one; half is expected.")
    if lead and result.found.repeats:
        _repeats(result.found.repeats)


def _repeats(found: Repeats) -> None:
    """How far raters agree with themselves; of all together, never a league table."""
    same = written(found.same_verdict, 0, percent=True)
    text = f"Of the pairs that came back to their rater with the sides swapped, {same} were judged "
    text += "as before."
    if found.same_side.n:
        side = written(found.same_side, 0, percent=True)
        text += f" Where a side was chosen both times, it was the same side in {side}."
    st.caption(text)


def gold_view(found: Sequence[GoldResult]) -> None:
    """How raters judged gold pairs, by name; for leads."""
    if not found:
        return
    st.subheader("Gold pairs", anchor=False)
    rows = [
        {
            "Rater": one.rater,
            "Gold pairs judged": one.right.n,
            "Right answer preferred": written(one.right, 0, percent=True),
        }
        for one in found
    ]
    st.dataframe(rows, hide_index=True, height="content")
    st.caption(
        "In a gold pair one answer is the reference and the other is plainly off. Exact 95 % "
        "intervals; in the order of names. This is no league table: with few pairs the intervals "
        "overlap, and a low share says to talk to somebody. Gold pairs enter nothing else here."
    )


def pace_view(result: StudyResult) -> None:
    """Judgements per day and per rater."""
    st.subheader("Judgements over time", anchor=False)
    days = page.counted(len(result.found.per_day), "day")
    title = f"{page.counted(result.found.made, 'judgement')} on {days}"
    result_charts.days_chart(title, result.found.per_day)
    rows = [
        {"Rater": rater, "Judgements": count, "Median seconds per judgement": round(seconds)}
        for rater, count, seconds in result.found.per_rater
    ]
    st.dataframe(rows, hide_index=True, height="content")
    result_charts.download(rows, "raters.csv")
