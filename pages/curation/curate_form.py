"""The form of a check: what is compared, which kinds are on, what outputs must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.checks.fields import OVER_LABELS
from core.checks.settings import CheckSettings
from core.findings.kinds import KINDS
from core.projects import Project
from core.workflows.curation import checks
from pages.components import session
from pages.components.errors import attempt

FORM = "check"
LANGUAGES = {
    "": "Any",
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "sv": "Swedish",
    "da": "Danish",
    "pl": "Polish",
    "cs": "Czech",
    "tr": "Turkish",
    "ru": "Russian",
    "uk": "Ukrainian",
    "ar": "Arabic",
    "hi": "Hindi",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
}
NO_LABEL = ""


def check_form(project: Project, *, folded: bool) -> None:
    """Draw the form for leads; what is sent is kept as the project's settings for checks."""
    store, actor, project_id = session.store(), session.actor(), project.project_id
    if not actor.has(project_id, "lead"):
        return
    kept = checks.settings_of(store, actor, project_id)
    title = "Check again" if folded else "Check now"
    with (
        st.expander(title, icon=":material/rule:", expanded=not folded),
        st.form(f"{FORM} {project_id}", border=False),
    ):
        settings = _chosen(project, kept)
        pressed = st.form_submit_button(title, type="primary", icon=":material/play_arrow:")
    if pressed:
        form = f"{FORM} {project_id}"

        def start() -> None:
            # The settings refuse in their own words what cannot be: inside, so that it is shown.
            checks.start_check(
                store, actor, project_id, CheckSettings(**settings), session.submission_id(form)
            )
            session.submitted(form)

        attempt(start, "Queued. What the check finds is shown here.")


def _chosen(project: Project, kept: CheckSettings) -> dict[str, Any]:
    """The widgets; what they say, as fields of CheckSettings."""
    schema = project.settings.label_schema
    names = [one.name for one in schema if one.kind in ("single", "multiple")]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        over = st.selectbox(
            "Duplicates are looked for in", list(OVER_LABELS),
            index=_at(list(OVER_LABELS), kept.over),
            format_func=OVER_LABELS.__getitem__, width=230,
        )  # fmt: skip
        languages = {**({kept.language: kept.language} if kept.language else {}), **LANGUAGES}
        language = st.selectbox(
            "Outputs are written in", list(languages),
            index=_at(list(languages), kept.language or ""),
            format_func=languages.__getitem__, width=200,
        )  # fmt: skip
        output_label = NO_LABEL
        if names:
            choices = [NO_LABEL, *names]
            output_label = st.selectbox(
                "Outputs are options of", choices, index=_at(choices, kept.output_label),
                format_func=lambda one: one or "no label: they are texts", width=230,
            )  # fmt: skip
    grounded = st.checkbox(
        "Outputs must say nothing that the input does not (summaries, extractions)",
        value=kept.grounded,
    )
    off = st.multiselect(
        f"Kinds of finding to leave out, of {len(KINDS)}",
        list(KINDS),
        default=[name for name in KINDS if name in kept.off],
        format_func=lambda name: KINDS[name].label,
        placeholder="None: all are looked for",
    )
    return {
        "over": over,
        "grounded": grounded,
        "language": language or None,
        "output_label": output_label,
        "off": frozenset(off),
    }


def _at(choices: Sequence[str], wanted: str) -> int:
    return choices.index(wanted) if wanted in choices else 0
