"""The validation examples that a run answers at each evaluation, to be read while it goes on."""

from __future__ import annotations

import streamlit as st

from core.conversation import readable
from core.tuning.curves import SampledAnswers
from core.workflows.tuning import training
from pages.components import charts, page, session


def sampled_answers(run_id: str) -> None:
    """Draw their scores over the steps, and one of them beside its reference and the base's."""
    known = training.sampled_answers(session.store(), session.actor(), run_id)
    if known is None:
        st.caption("No validation example has been answered yet, or the run was told to ask none.")
        return
    _scores(known)
    numbers = list(range(len(known.last)))
    chosen = st.segmented_control(
        "Validation example",
        numbers,
        default=0,
        format_func=lambda n: str(n + 1),
        required=True,
        key=f"sample of {run_id}",
    )
    example = known.last[chosen]
    st.caption(example["instruction"])
    if example["input"]:
        page.plain(readable(example["input"]))
    texts = (
        ("Reference", example["reference"]),
        ("Base", known.first[chosen]["answer"]),
        (f"At step {page.number(known.step)}", example["answer"]),
    )
    for place, (title, text) in zip(st.columns(3), texts, strict=True):
        with place.container(border=True):
            st.markdown(f"**{title}**")
            page.plain(text)


def _scores(known: SampledAnswers) -> None:
    if len(known.scores) < 2:
        return
    step, rouge, f1 = known.scores[-1]
    n = len(known.last)
    fig = charts.figure(
        f"ROUGE-L {rouge:.2f}, token F1 {f1:.2f} at step {step}: means over {n} answers, so a hint "
        "and no score",
        x="step",
        y="mean (0 to 1)",
        height=240,
    )
    steps = [row[0] for row in known.scores]
    above, below = ("top right", "bottom right") if rouge >= f1 else ("bottom right", "top right")
    lines = (
        ("ROUGE-L", [row[1] for row in known.scores], charts.BASELINE, "solid", above),
        ("token F1", [row[2] for row in known.scores], charts.CANDIDATE, "dot", below),
    )
    for name, values, colour, dash, label in lines:
        charts.lines(
            fig, steps, values, name=name, colour=colour, dash=dash, markers=True, label=label
        )
    fig.update_layout(margin={"r": 84})
    rows = [{"step": s, "rouge_l": r, "token_f1": f} for s, r, f in known.scores]
    charts.show(fig, rows, "validation-answers.csv", key="validation answers")
