"""Agreement: how far annotators of the same examples say the same. For leads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.examples.annotator_agreement import Alike, AnnotatorAgreement, FieldAgreement
from core.projects import Project
from core.statistics.estimates import Estimate
from core.workflows.curation.agreement import MOST_EXAMPLES, annotator_agreement
from pages.components import charts, page, session
from pages.curation.gold_accuracy import gold_accuracy

PURPOSE = (
    "How far people who annotated the same examples, without seeing each other, say the same; and "
    "how often each answers gold examples as accepted."
)


def main() -> None:
    """Agreement between people, and each person's accuracy on gold examples."""
    page.head("Agreement", PURPOSE)
    between(session.project())
    st.divider()
    gold_accuracy(session.project().project_id, partial(told, percent=True), table)


def between(project: Project) -> None:
    """Labels, outputs, weeks, pairs of people, and each person against what was accepted."""
    found = annotator_agreement(session.store(), session.actor(), project.project_id)
    if not found.examples:
        empty(project.settings.overlap)
        return
    figures(found)
    if found.fields:
        labels(found.fields)
    st.caption(
        "With one rare value alpha is near 0 although nearly all agree: read the three together. "
        "Intervals are 95 %."
    )
    alike("By week", "Week of", found.weeks, "agreement-by-week.csv")
    alike("By pair of people", "People", found.pairs, "agreement-by-pair.csv")
    if found.accepted:
        alike("Against what was accepted", "Person", found.accepted, "agreement-accepted.csv")
        st.caption("Each person's annotation beside the text and labels that a reviewer accepted.")
    if found.examples == MOST_EXAMPLES:
        st.caption(f"Of the newest {page.number(MOST_EXAMPLES)} examples.")


def empty(overlap: int) -> None:
    """How to get here."""
    if overlap > 1:
        page.empty(
            "No example has been annotated by several people yet",
            f"{overlap} people annotate each example; agreement appears here once the first "
            "examples are done.",
        )
        return
    page.empty(
        "One person annotates each example, so there is no agreement to measure",
        "Set “People per example” to 2 or more in the project's settings. A share of 20 % of the "
        "examples is enough to measure agreement.",
        "team/projects.py",
        "Project settings",
    )


def figures(found: AnnotatorAgreement) -> None:
    """How many, and the outputs."""
    page.figures(
        [
            ("Examples", page.number(found.examples), "Annotated by two people or more"),
            ("Equal outputs", page.percent(found.equal_outputs.value), bounds(found.equal_outputs)),
            (
                "Similarity of outputs",
                page.number(found.similarity.value, 2),
                "1: equal. The mean over pairs of people, by the characters they share in order. "
                + bounds(found.similarity, percent=False),
            ),
        ]
    )


def labels(fields: Sequence[FieldAgreement]) -> None:
    """One row for each label: three coefficients, since one alone misleads."""
    st.subheader("Labels", anchor=False)
    rows = [
        {
            "Label": one.name,
            "Raw agreement": told(one.raw, percent=True),
            "Krippendorff's alpha": told(one.alpha),
            "Gwet's AC1 (ratings, quality: AC2)": told(one.ac),
            "n": one.raw.n,
        }
        for one in fields
    ]
    table(rows, "agreement-labels.csv")
    reasons = {one.reason for f in fields for one in (f.alpha, f.ac) if one.reason}
    for reason in sorted(reasons):
        st.caption(reason)


def alike(title: str, who: str, found: Sequence[Alike], file_name: str) -> None:
    """A table of comparisons, with their number."""
    st.subheader(title, anchor=False)
    rows = []
    for one in found:
        row: dict[str, Any] = {who: one.who}
        if one.labels:
            row["All labels equal"] = told(one.labels, percent=True)
        row["Outputs equal"] = told(one.outputs, percent=True)
        rows.append({**row, "Similarity": round(one.similarity, 2), "n": one.n})
    table(rows, file_name)


def table(rows: Sequence[dict[str, Any]], file_name: str) -> None:
    """The rows, and the same as a file."""
    st.dataframe(rows, hide_index=True, width="stretch", key=f"table {file_name}")
    charts.csv_button(lambda: charts.as_csv(rows), file_name, f"csv {file_name}")


def told(one: Estimate, *, percent: bool = False) -> str:
    """“0.62 (0.40 to 0.79)”; the value alone where there is no interval."""
    if one.value is None:
        return "—"
    said = page.percent if percent else lambda value: page.number(value, 2)
    if one.low is None:
        return said(one.value)
    return f"{said(one.value)} ({said(one.low)} to {said(one.high)})"


def bounds(one: Estimate, *, percent: bool = True) -> str:
    """The interval as a sentence, for a figure's help."""
    if one.low is None or one.high is None:
        return one.reason
    said = page.percent if percent else lambda value: page.number(value, 2)
    return f"95 % interval {said(one.low)} to {said(one.high)}, n = {one.n}."


main()
