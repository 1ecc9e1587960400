"""Adding one example by hand."""

from __future__ import annotations

import streamlit as st

from core.clock import new_id
from core.errors import TouchstoneError
from core.examples.example import MAX_FIELD_CHARS, Example
from core.workflows.curation import browsing
from pages.components import errors, page, session

FORM = "new example"
FIELDS = {"instruction": "Instruction", "input": "Input (may stay empty)", "output": "Output"}


def add_form(project_id: str) -> None:
    """A form that opens on demand; what it adds enters as new, to be annotated and reviewed."""
    with st.expander("Add an example", icon=":material/add:"):
        with st.form(FORM, border=False):
            texts = {
                name: st.text_area(
                    label, key=f"{FORM} {name}", height=80, max_chars=MAX_FIELD_CHARS
                )
                for name, label in FIELDS.items()
            }
            pressed = st.form_submit_button("Add example", type="primary")
        if pressed:
            add(project_id, texts)


def add(project_id: str, texts: dict[str, str]) -> None:
    """Add it and open it; or say why not, and what was typed stays."""
    example_id = session.recall(FORM) or new_id("ex")
    session.remember(FORM, example_id)
    try:
        example = Example(**texts, allow_empty_output=True)
        added = browsing.add_example(
            session.store(), session.actor(), project_id, example_id, example
        )
    except TouchstoneError as error:
        errors.show(error)
        return
    session.forget(FORM)
    for name in FIELDS:
        session.drop_widget(f"{FORM} {name}")
    session.say(f"Example {page.number(added.position)} added.")
    st.query_params["example"] = added.example_id
    st.rerun()
