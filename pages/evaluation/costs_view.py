"""Minutes and money: what the verdict took, and when it is earned back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.evidence.costs import Costs, Rates, corrections_words, extra_seconds, money_words
from core.statistics.estimates import negated
from core.study.findings import Comparison
from core.study.sentences import written
from core.study.system import Speed
from core.workflows.evaluation import spending
from core.workflows.evaluation.results import StudyResult
from pages.components import page
from pages.components.errors import attempt
from pages.evaluation import result_charts

if TYPE_CHECKING:
    from pages.components.session import StoreType


def costs_view(store: StoreType, actor: Actor, result: StudyResult, found: Comparison) -> None:
    """Hours by station, corrections, and money where a lead said what an hour costs."""
    st.subheader("Minutes and money", anchor=False)
    costs = spending.costs_of(store, actor, result, found.candidate_id)
    rates = spending.rates_of(store, actor, result.study.project_id)
    rows = [
        {
            "Station": one.station,
            "By": one.by,
            "Times": one.times,
            "Time": page.duration(one.hours * 3600),
            **({f"Cost, {rates.currency}": round(one.cost(rates), 2)} if _given(rates) else {}),
        }
        for one in costs.efforts
    ]
    st.dataframe(rows, hide_index=True, height="content")
    result_charts.download(rows, f"hours-{found.candidate_id}.csv")
    st.caption(
        "Annotating and reviewing count the whole project until the study opened, the rest this "
        "study's systems."
    )
    if corrected := corrections_words(costs.corrections):
        st.write(corrected)
    if any(costs.speeds):
        told = zip(("Baseline", "candidate"), costs.speeds, strict=True)
        st.write(f"Answering: {'; '.join(f'{who} {_speed(speed)}' for who, speed in told)}.")
    if extra := _extra(costs):
        st.write(extra)
    if money := money_words(costs, rates, None if result.withheld else found.net):
        st.write(money)
        if not rates.better_answer:
            st.caption("Say what a better answer is worth, and it shows when that is earned back.")
    if actor.has(result.study.project_id, "lead"):
        _rates_form(store, actor, result.study.project_id, rates, found)


def _extra(costs: Costs) -> str:
    """How much longer or less an answer of the candidate takes; "" where that is not known."""
    more = extra_seconds(*costs.speeds)
    if more is None or more.value is None:
        return ""
    word = "longer" if more.value >= 0 else "less"
    more = more if more.value >= 0 else negated(more)
    apart = (
        ""
        if costs.one_job
        else " They were timed in two jobs: another machine, or other work beside one of them, may "
        "be the reason."
    )
    return f"An answer of the candidate takes {written(more)} seconds {word}, over batches.{apart}"


def _speed(speed: Speed | None) -> str:
    if speed is None:
        return "was not timed"
    ends = [page.number(end, 2) for end in (speed.low, speed.high) if end is not None]
    between = f" ({'–'.join(ends)})" if ends else ""
    return (
        f"{page.number(speed.seconds_per_answer, 2)} s an answer{between} in batches, "
        f"{page.number(speed.tokens_per_second, 0)} tokens/s"
    )


def _given(rates: Rates) -> bool:
    return bool(rates.person_hour or rates.machine_hour)


def _rates_form(
    store: StoreType, actor: Actor, project_id: str, rates: Rates, found: Comparison
) -> None:
    with (
        st.expander("What an hour costs", icon=":material/payments:"),
        st.form(f"rates {found.candidate_id}", border=False),
    ):
        columns = st.columns(4)
        names = ("An hour of a person", "An hour of the machine", "A better answer is worth")
        given = (rates.person_hour, rates.machine_hour, rates.better_answer)
        person, machine, better = (
            column.number_input(name, min_value=0.0, value=value, step=1.0, format="%.4g")
            for column, name, value in zip(columns, names, given, strict=False)
        )
        currency = columns[3].text_input("Currency", rates.currency, max_chars=8)
        if st.form_submit_button("Save", icon=":material/save:"):
            attempt(
                lambda: spending.set_rates(
                    store, actor, project_id, Rates(person, machine, better, currency)
                ),
                "Saved.",
            )
