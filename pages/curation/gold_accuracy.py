"""Accuracy on gold examples, person by person, and what was not as expected: for leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.examples.example import FIELDS
from core.examples.gold_accuracy import MarkedExample, PersonAccuracy, WrongAnswer
from core.examples.overlap import label_values
from core.examples.phrases import changes_between
from core.statistics.estimates import Estimate
from core.workflows.curation.gold_marks import MOST_ANSWERS, GoldFindings, gold_findings
from pages.components import page, session
from pages.components.difference import difference, reading
from pages.components.errors import escaped

Table = Callable[[Sequence[dict[str, Any]], str], None]
Told = Callable[[Estimate], str]


def gold_accuracy(project_id: str, told: Told, table: Table) -> None:
    """The section; what to do where there is nothing to show."""
    st.subheader("Accuracy on gold examples", anchor=False)
    found = gold_findings(session.store(), session.actor(), project_id)
    if not found.marked or not found.share:
        how_to_begin(found)
    if not found.people:
        if found.marked and found.share:
            many = page.counted(len(found.marked), "gold example")
            st.info(
                f"Nobody has annotated a gold example yet. {many} mixed in, as about "
                f"{page.percent(found.share)} of each annotator's tasks."
            )
        examples(found.marked)
        return
    st.caption(rule(found))
    table([person(one, found.fields, told) for one in found.people], "gold-accuracy.csv")
    if sum(one.correct.n for one in found.people) == MOST_ANSWERS:
        st.caption(f"Of the newest {page.number(MOST_ANSWERS)} answers.")
    if found.wrong:
        wrong(found.wrong, table)
    if found.passed:
        st.markdown("**Skipped or flagged instead**")
        table(
            [
                {"Person": one.name, "What": one.task.state, "Why": one.task.reason or ""}
                for one in found.passed
            ],
            "gold-passed.csv",
        )
    examples(found.marked)


def examples(marked: Sequence[MarkedExample]) -> None:
    """Which examples are gold, and how often they are answered as accepted; each opens."""
    if not marked:
        return
    with st.expander(f"Gold examples ({page.number(len(marked))})"):
        st.caption(
            "One that nearly everybody answers otherwise may itself be wrong: open it and look. "
            "Its page takes the mark away."
        )
        st.dataframe(
            [
                {
                    "Example": one.position,
                    "Answers": one.answers,
                    "Correct": one.correct,
                    "Given to annotators": one.given,
                    "Open": f"examples?example={one.example_id}",
                }
                for one in marked
            ],
            hide_index=True,
            width="stretch",
            column_config={"Open": st.column_config.LinkColumn(display_text="Open")},
        )


def how_to_begin(found: GoldFindings) -> None:
    """What is missing: marks, or a share."""
    if not found.marked:
        page.empty(
            "No example is gold, so accuracy is not measured",
            "Open accepted examples under Examples and mark those that are certainly right as "
            "gold. Twenty or more tell people apart; then set their share in the project's "
            "settings.",
            "curation/examples.py",
            "Examples",
        )
        return
    page.empty(
        f"{page.counted(len(found.marked), 'example')} marked as gold, but none is mixed in",
        "Set “Share of an annotator's tasks” in the project's settings; 5 % is usual.",
        "team/projects.py",
        "Project settings",
    )


def rule(found: GoldFindings) -> str:
    """What counts as correct, and what the interval is."""
    what = "all labels are as accepted" if found.fields else "the output equals the accepted one"
    return (
        f"Correct: {what}, white space and the order of options apart. An answer is held against "
        "what was accepted when it was given, and of a person's two answers the newer counts. "
        "95 % intervals are exact (Clopper and Pearson 1934): with few answers they are wide. "
        "Only leads see this."
    )


def person(one: PersonAccuracy, fields: Sequence[str], told: Told) -> dict[str, Any]:
    """A person's row."""
    row: dict[str, Any] = {"Person": one.name, "Answers": one.correct.n}
    row["Correct"] = told(one.correct)
    row |= {name: told(one.labels[name]) for name in fields}
    row |= {f"{name.capitalize()} equal": told(one.texts[name]) for name in reversed(FIELDS)}
    return {**row, "Skipped": one.skipped, "Flagged": one.flagged}


def wrong(found: Sequence[WrongAnswer], table: Table) -> None:
    """What is not as expected: a table, and one of them beside what was."""
    st.markdown("**Not as expected**")
    rows: list[dict[str, Any]] = [
        {
            "Person": one.name,
            "Example": one.answer.annotation.position,
            "Differs in": ", ".join((*one.differs.labels, *one.differs.texts)),
            "When": page.when(one.answer.annotation.created_at),
        }
        for one in found
    ]
    table(rows, "gold-differences.csv")
    chosen = st.selectbox(
        "Show beside the expected answer",
        range(len(found)),
        format_func=lambda n: " · ".join(
            (rows[n]["Person"], f"example {page.number(rows[n]['Example'])}", rows[n]["Differs in"])
        ),
        key="gold wrong",
    )
    if chosen is not None:
        beside(found[chosen])


def beside(one: WrongAnswer) -> None:
    """What was expected, and what was answered."""
    given, key = one.answer.annotation, one.answer.annotation.annotation_id
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown("**Expected**")
        reading(one.answer.expected, key=f"gold_expected_{key}")
        st.text(marks(one.answer.expected_labels))
    with right, st.container(border=True):
        st.markdown(f"**Answered** by {escaped(one.name)}")
        difference(
            changes_between(dict(one.answer.expected), given.fields), key=f"gold_given_{key}"
        )
        st.text(marks(given.labels))
    st.page_link(
        "curation/examples.py",
        label=f"Open example {page.number(given.position)}",
        icon=":material/open_in_new:",
        query_params={"example": given.example_id},
    )


def marks(labels: Any) -> str:
    """The labels in a line."""
    said = [f"{name}: {value}" for name, value in label_values(labels)]
    return " · ".join(said) if said else "No labels."
