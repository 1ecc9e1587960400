"""The settings of a project as a form: nothing typed is lost when a setting cannot be used.

draft = open_draft(project_id, settings)
settings = project_form(draft, sample)      # raises InvalidProject with a sentence
keep_draft(project_id, draft, settings)     # a reload, or tomorrow, finds it again
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import streamlit as st

from core.labels.field import KIND_LABELS, LEAST_POINTS, MOST_POINTS, LabelField
from core.projects import TASK_KINDS, Criterion, ProjectSettings
from core.prompts import PromptTemplate
from core.workflows.team import drafts
from core.workflows.team.drafts import SettingsDraft
from pages.components import session
from pages.team.gold_form import gold_field
from pages.team.overlap_form import overlap_fields
from pages.team.queue_order_form import queue_order_field, review_order_field
from pages.team.reviewers_form import reviewers_field

Triple = tuple[str, str, str]
SAMPLE: Triple = ("Say hello to the person named.", "Ada", "Hello, Ada!")
MEANS = {
    "generation": "free text, such as answers and summaries",
    "extraction": "a record with named fields",
    "classification": "one label out of a few",
}
UNNAMED = "New project"
GUIDELINES_HELP = (
    "Shown beside every example that is annotated or reviewed. # headings, - lists, **bold** and "
    "`code` are drawn; lines between ```example and ``` are an example in a box. Each change is a "
    "version that annotators are told of."
)
POINTS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True)
class Draft:
    """An opened form: `shown` is what it began with, `based_on` what the store held then.

    `found_again`: it began with what this person had typed in an earlier tab.
    """

    form_id: str
    shown: ProjectSettings
    based_on: ProjectSettings
    found_again: bool = False


def open_draft(name: str, settings: ProjectSettings) -> Draft:
    """The form this tab has open under `name`, else what the person typed into it before, else a
    new one that shows `settings`."""
    draft: Draft | None = session.recall(f"draft {name}")
    if draft is None:
        kept = drafts.settings_draft(session.store(), session.actor(), name)
        draft = (
            Draft(uuid4().hex, kept.settings, kept.based_on, found_again=True)
            if kept
            else Draft(uuid4().hex, settings, settings)
        )
        session.remember(f"draft {name}", draft)
    return draft


def keep_draft(name: str, draft: Draft, edited: ProjectSettings) -> None:
    """Keep what is typed now, if it is not kept already."""
    if session.recall(f"kept {draft.form_id}", draft.shown) == edited:
        return
    kept = SettingsDraft(edited, draft.based_on)
    drafts.keep_settings_draft(session.store(), session.actor(), name, kept)
    session.remember(f"kept {draft.form_id}", edited)


def rebase_draft(name: str, settings: ProjectSettings) -> None:
    """Keep what was typed, but count `settings` as seen: the next save replaces them."""
    draft: Draft = session.recall(f"draft {name}")
    session.remember(f"draft {name}", replace(draft, based_on=settings))


def close_draft(name: str) -> None:
    """Forget the form: the next one starts from what is stored."""
    session.forget(f"draft {name}")
    drafts.drop_draft(session.store(), session.actor(), name)


def project_form(draft: Draft, sample: Triple | None) -> ProjectSettings:
    """Draw the form; the settings it stands for. Raises InvalidProject, InvalidTemplate."""
    shown, key = draft.shown, draft.form_id
    left, right = st.columns([3, 2])
    unnamed = shown.name == UNNAMED
    name = left.text_input(
        "Name", "" if unnamed else shown.name, max_chars=80, key=f"{key} name",
        placeholder="what the project is about",
    ).strip()  # fmt: skip
    kind = right.selectbox(
        "Task kind",
        TASK_KINDS,
        index=TASK_KINDS.index(shown.task_kind),
        format_func=lambda one: f"{one}: {MEANS[one]}",
        key=f"{key} kind",
        help="Decides which scores are computed for the answers.",
    )
    fields, label_field = _record_fields(shown, kind, key)
    schema = _json_schema(shown, kind, key)
    guidelines = st.text_area(
        "Guidelines",
        shown.guidelines,
        height=180,
        key=f"{key} guidelines",
        help=GUIDELINES_HELP,
    )
    labels = _labels(shown, key)
    order = queue_order_field(shown, key)
    people, share = overlap_fields(shown, key)
    reviewers = reviewers_field(shown, key)
    review_order = review_order_field(shown, key, several=people > 1)
    gold = gold_field(shown, key)
    rubric = _rubric(shown, key)
    template = _template(shown, key, sample or SAMPLE)
    # Last: a label that is half typed is refused, and a field that is not drawn forgets its value.
    label_schema = tuple(_label(row) for row in labels)
    return ProjectSettings(
        name=UNNAMED if unnamed and not name else name,
        task_kind=kind,
        guidelines=guidelines,
        label_schema=label_schema,
        rubric=tuple(Criterion(*criterion) for criterion in rubric),
        template=template,
        record_fields=fields,
        label_field=label_field,
        json_schema=schema,
        queue_order=order,
        overlap=people,
        overlap_share=share,
        reviewers=reviewers,
        gold_share=gold,
        review_order=review_order,
    )


def _record_fields(
    shown: ProjectSettings, kind: str, key: str
) -> tuple[tuple[str, ...], str | None]:
    if kind != "extraction":
        return (), None
    left, right = st.columns([3, 2])
    typed = left.text_input(
        "Record fields",
        ", ".join(shown.record_fields),
        key=f"{key} fields",
        placeholder="company, contact, size",
        help="The fields of the output, with commas between them; each is scored by itself.",
    )
    label = right.text_input(
        "Label field",
        shown.label_field or "",
        key=f"{key} label_field",
        help="The one of them that is a decision: its precision, recall and F1 are reported.",
    )
    return _split(typed), label.strip() or None


def _json_schema(shown: ProjectSettings, kind: str, key: str) -> str:
    if kind == "classification":
        return ""
    return st.text_area(
        "JSON schema of the outputs (optional)",
        shown.json_schema,
        height=100,
        key=f"{key} json_schema",
        placeholder='{"type": "object", "required": ["company"], "properties": {…}}',
        help="Where outputs are JSON: the share of answers that are valid against it is scored.",
    ).strip()


def _labels(shown: ProjectSettings, key: str) -> list[dict[str, Any]]:
    st.markdown("**Labels** that annotators give to each example")
    st.caption(
        "Add a label in the last row, its options with commas between them. To delete one, tick "
        "its row and press Delete. A rating's options are two words, for its lowest and highest "
        "point, or none; a free text has none."
    )
    start = [
        (f.name, f.kind, ", ".join(f.ends or f.options), f.points if f.kind == "rating" else None)
        for f in shown.label_schema
    ]
    return _table(
        ("Label", "Kind", "Options", "Points"),
        start,
        f"{key} labels",
        {
            "Label": st.column_config.TextColumn(width="medium"),
            "Kind": st.column_config.SelectboxColumn(
                options=list(KIND_LABELS), format_func=_kind_words,
                default="single", width="medium",
            ),
            "Options": st.column_config.TextColumn(
                help="With commas between them. Marked words: what they can be marked as.",
                width="large",
            ),
            "Points": st.column_config.NumberColumn(
                help="Of a rating; 5 unless you say otherwise", min_value=LEAST_POINTS,
                max_value=MOST_POINTS, step=1, width="small",
            ),
        },
    )  # fmt: skip


def _kind_words(kind: Any) -> str:
    return KIND_LABELS[kind] if kind in KIND_LABELS else str(kind)


def _label(row: dict[str, Any]) -> LabelField:
    """One row of the table as a label. Raises InvalidProject."""
    name, options = _text(row["Label"]), _split(_text(row["Options"]))
    kind: Any = row["Kind"] if row["Kind"] in KIND_LABELS else "single"
    points = row["Points"]
    if kind != "rating":
        return LabelField(name, options, kind)
    chosen = int(points) if isinstance(points, int | float) and points == points else 5
    return LabelField(name, kind="rating", points=chosen, ends=options)


def _rubric(
    shown: ProjectSettings, key: str
) -> list[tuple[str, str, tuple[str, str, str, str, str]]]:
    st.markdown("**Rubric** that raters score answers by, with the meaning of each point")
    start = [(c.name, c.question, *c.anchors) for c in shown.rubric]
    wide = {point: st.column_config.TextColumn(width="medium") for point in POINTS}
    rows = _table(("Criterion", "Question", *POINTS), start, f"{key} rubric", wide)
    return [
        (
            _text(row["Criterion"]),
            _text(row["Question"]),
            (_text(row["1"]), _text(row["2"]), _text(row["3"]), _text(row["4"]), _text(row["5"])),
        )
        for row in rows
    ]


def _template(shown: ProjectSettings, key: str, sample: Triple) -> str:
    left, right = st.columns(2)
    typed = left.text_area(
        "Prompt template",
        shown.template,
        height=240,
        key=f"{key} template",
        help="{instruction} and {input} are filled in. A paragraph with {input} is left out where "
        "an example has none. Training and generation use the same text.",
    )
    right.caption("Preview: the prompt for one example")
    if "{instruction}" in typed:
        prompt = PromptTemplate(typed).render(sample[0], sample[1])
        right.code(prompt, language=None, wrap_lines=True)
        right.caption("Target")
        right.code(sample[2] or "—", language=None, wrap_lines=True)
    else:
        right.text("The prompt template must contain {instruction}.")
    return typed


def _table(
    names: tuple[str, ...], start: list[tuple[Any, ...]], key: str, config: dict[str, Any]
) -> list[dict[str, Any]]:
    import pandas as pd

    frame = pd.DataFrame(start, columns=list(names))
    frame = frame.astype({n: "Int64" if n == "Points" else "string" for n in names})
    edited = st.data_editor(
        frame,
        num_rows="dynamic",
        hide_index=True,
        key=key,
        column_config=config,
        row_height=40,
        placeholder="",  # else an empty cell says None
    )
    rows = [{name: row[name] for name in names} for row in edited.to_dict("records")]
    return [row for row in rows if any(_text(row[name]) for name in names if name != "Kind")]


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
