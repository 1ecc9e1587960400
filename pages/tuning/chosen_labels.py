"""What a run that chooses labels got right on its validation split, label by label."""

from __future__ import annotations

import streamlit as st

from core.tuning.classification import Classification
from core.tuning.run import Run
from pages.components import charts, page

MOST_CELLS = 20
"""Labels up to which the counts are written into the chart's cells."""


def chosen_labels(run: Run) -> None:
    """Draw the confusion matrix and precision, recall and F1 of each label."""
    found = run.metrics.classification if run.metrics else None
    if found is None:
        st.caption(
            "Which labels it gets right is measured once the run is completed, on the validation "
            "examples that have a label."
        )
        return
    _confusion(found)
    _classes(found)
    st.caption(
        f"Counted on the {page.number(found.n)} validation examples, which also chose the best "
        "step, so these shares flatter a little. What it gets right on the test split, with "
        "intervals, is on Results once its answers are generated."
    )


def _confusion(found: Classification) -> None:
    wrong = [
        (count, row, column)
        for row, counts in zip(found.rows, found.matrix, strict=True)
        for column, count in zip(found.columns, counts, strict=True)
        if count and column != row
    ]
    worst = max(wrong, key=lambda one: one[0], default=None)
    title = "Every validation example gets its label"
    if worst:
        count, row, column = worst
        title = f"It takes “{row}” for “{column}” in {page.number(count)} validation examples"
    fig = charts.confusion(title, found.rows, found.columns, found.matrix, MOST_CELLS)
    cells = [
        {"reference": row, "answer": column, "examples": count}
        for row, counts in zip(found.rows, found.matrix, strict=True)
        for column, count in zip(found.columns, counts, strict=True)
    ]
    charts.show(fig, cells, "validation-confusion.csv", key="validation confusion")


def _classes(found: Classification) -> None:
    rows = [
        {
            "Label": one.label,
            "Precision": page.number(one.precision, 3) if one.predicted else "—",
            "Recall": page.number(one.recall, 3) if one.support else "—",
            "F1": page.number(one.f1, 3) if one.support or one.predicted else "—",
            "In references": one.support,
            "Chosen": one.predicted,
        }
        for one in found.classes
    ]
    rows.append(
        {
            "Label": "Mean over labels (macro)",
            "Precision": page.number(found.macro_precision, 3),
            "Recall": page.number(found.macro_recall, 3),
            "F1": page.number(found.macro_f1, 3),
            "In references": found.n,
            "Chosen": found.n,
        }
    )
    st.dataframe(rows, hide_index=True, height="content")
