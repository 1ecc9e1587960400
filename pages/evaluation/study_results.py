"""What the raters of one study said: the win rate, the ratings, the flags, how far they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.study.sentences import compared, says_words, written
from core.workflows.evaluation import results, studies
from core.workflows.evaluation.results import StudyResult
from pages.components import page, session
from pages.evaluation import result_charts
from pages.evaluation.leak_findings import show_reason

if TYPE_CHECKING:
    from pages.components.session import StoreType


def study_results(store: StoreType, actor: Actor, study_id: str) -> None:
    """Draw one study's results; nothing that compares the systems while its verdict is withheld."""
    result = session.kept(
        f"study {study_id}",
        results.stamp(store, actor, study_id=study_id),
        lambda: results.study_result(store, actor, study_id),
    )
    names = {"base": result.study["baseline_name"], "tuned": result.study["candidate_name"]}
    st.text(f"{names['tuned']} (here “tuned”)\nagainst {names['base']} (here “base”)")
    _figures(result)
    if not result.judgements:
        page.empty(
            "Nobody has rated yet", "The pairs wait under Rate.", "evaluation/rate.py", "Rate"
        )
        return
    if result.withheld:
        st.warning(result.withheld, icon=":material/visibility:")
        st.page_link(
            "evaluation/studies.py", label="What the scan found", icon=":material/arrow_forward:"
        )
    else:
        if not result.study["blind"]:
            _counts_although_not_blind(result)
        _verdict(result, names)
    _agreement(result)
    _pace(result)


def _figures(result: StudyResult) -> None:
    least = result.study["plan"]["least"]
    needed = f"{page.number(least)} of {page.number(result.outputs)} outputs needed"
    rule = f"10 % rule {'met' if result.judged >= least else 'not met yet'}: {needed}"
    seconds = page.duration(result.seconds.value)
    page.figures(
        [
            ("Pairs rated", f"{page.number(result.judged)} of {page.number(result.pairs)}", rule),
            (
                "Coverage",
                page.percent(result.judged / result.outputs if result.outputs else 0, 1),
                f"{page.number(result.judged)} of {page.number(result.outputs)} outputs. {rule}.",
            ),
            ("Judgements", page.number(result.judgements), "Pairs that overlap have several."),
            ("Mean time", seconds, f"Seconds per judgement: {written(result.seconds, 0)}"),
        ]
    )
    st.caption(rule)


def _counts_although_not_blind(result: StudyResult) -> None:
    note, leaks = studies.counts_because(result.study), result.study["leaks"]
    length, form = (page.number(leaks[name], 2) for name in ("length_auc", "format_auc"))
    with st.container(border=True):
        st.badge("not blind", icon=":material/visibility:", color="orange")
        st.text(f"Raters could tell the systems apart (AUC: length {length}, format {form}).")
        if note:
            show_reason(note)


def _verdict(result: StudyResult, names: dict[str, str]) -> None:
    if result.judged < result.pairs:
        st.info(
            f"Interim: {page.number(result.judged)} of {page.number(result.pairs)} pairs are "
            "rated. The intervals hold for one look when all are; whoever looks often sees "
            "differences that are not there.",
            icon=":material/hourglass_top:",
        )
    if result.win_rate.n:
        result_charts.win_chart(result.headline, result.win_rate, names["tuned"])
    else:
        st.markdown(f"**{result.headline}**")
    total = sum(result.verdicts.values())
    unclear = result.judged - total
    note = f", {unclear} without a majority" if unclear else ""
    result_charts.verdicts_chart(
        f"How {page.counted(total, 'pair')} {'was' if total == 1 else 'were'} decided{note}",
        result,
        names,
    )
    result_charts.criteria_chart(_criteria_title(result), result, names)
    rows = [
        {
            "Criterion": result_charts.criterion_name(c.criterion),
            names["base"]: written(c.base),
            names["tuned"] + " ": written(c.tuned),
            "Difference": written(c.difference),
            "Finding": says_words(c.says),
        }
        for c in result.criteria
    ]
    st.dataframe(rows, hide_index=True, height="content")
    if result.flags:
        title = "Flags raised per pair, with exact intervals"
        result_charts.flags_chart(title, result, names)
    else:
        highest = results.none_in(result.judged)
        st.caption(
            f"No flag was raised in {page.counted(result.judged, 'pair')}; the true share "
            f"may still be up to {page.percent(highest.high, 1)}."
        )


def _criteria_title(result: StudyResult) -> str:
    told = [c for c in result.criteria if c.says != "not shown"]
    if not told:
        rated = max(c.difference.n for c in result.criteria)
        return f"No criterion is shown to differ (n = {page.counted(rated, 'pair')})"
    return " · ".join(compared("tuned", "base", c.criterion, c.difference, c.says) for c in told)


def _agreement(result: StudyResult) -> None:
    st.subheader("Do raters agree?", anchor=False)
    if not result.choice_agreement.n:
        st.write(
            "No pair was rated by two people yet. A study's overlap sets how many will be; "
            "ask a second person to rate."
        )
    else:
        rows = [
            {
                "What": "Which is better",
                "Raw agreement": written(result.choice_agreement),
                "Krippendorff’s α": written(result.choice_alpha),
                "Note": result.choice_alpha.reason,
            }
        ]
        rows += [
            {
                "What": result_charts.criterion_name(c.criterion),
                "Raw agreement": "",
                "Krippendorff’s α": written(c.agreement),
                "Note": c.agreement.reason,
            }
            for c in result.criteria
        ]
        st.dataframe(rows, hide_index=True, height="content")
        st.caption(
            "α is 1 for full agreement and 0 for chance; nominal for the choice, ordinal for "
            "ratings. With one rare value α can be near 0 although nearly all agree."
        )
    if result.side_bias.n:
        bias = written(result.side_bias, 0, percent=True)
        st.caption(f"Of the choices for one side, {bias} were the left one; half is expected.")


def _pace(result: StudyResult) -> None:
    st.subheader("Judgements over time", anchor=False)
    days = page.counted(len(result.per_day), "day")
    title = f"{page.counted(result.judgements, 'judgement')} on {days}"
    result_charts.days_chart(title, result.per_day)
    rows = [
        {"Rater": rater, "Judgements": count, "Median seconds per judgement": round(seconds)}
        for rater, count, seconds in result.per_rater
    ]
    st.dataframe(rows, hide_index=True, height="content")
    result_charts.download(rows, "raters.csv")
