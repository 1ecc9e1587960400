"""The pre-flight of a run: a worker looks at everything it needs, and each finding is a line."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from core.errors import TouchstoneError
from core.tuning.preflight import Preflight, TokenizedExample
from core.tuning.run_spec import Learned
from core.workflows.tuning import preflight
from pages.components import errors, job_view, page, session

MARKS = {
    "passed": (":material/check_circle:", "green"),
    "noted": (":material/info:", "orange"),
    "refused": (":material/error:", "red"),
}
BEATEN: dict[Learned, str] = {
    "answers": "asks the base a few test questions",
    "labels": "counts what the commonest label alone gets right",
    "preferences": "counts how often the base itself prefers what people preferred",
}
TOKENS = """<style>
.tokens {white-space: pre-wrap; overflow-wrap: anywhere; font-family: monospace; line-height: 1.7;
         max-height: 22rem; overflow-y: auto}
.tokens span {box-shadow: inset -1px 0 color-mix(in srgb, currentColor 25%, transparent)}
.tokens .learned {background: color-mix(in srgb, var(--st-green-color, #1a7f37) 24%, transparent)}
</style>"""


def preflight_section(
    version_id: str, model_id: str, settings: dict[str, Any], learned: Learned
) -> bool:
    """Draw the pre-flight of these settings; whether the run may start as far as is known."""
    store, actor = session.store(), session.actor()
    asked: dict[str, Any] = {"model_id": model_id, "settings": settings}
    try:
        looked = preflight.latest_preflight(store, actor, version_id, **asked)
    except TouchstoneError as error:
        errors.show(error)
        return False
    st.subheader("Pre-flight", anchor=False)
    if looked is None:
        one = "preference pair" if learned == "preferences" else "example"
        st.caption(
            f"A worker loads the model, tokenises every {one}, takes one step on the longest "
            f"batch and {BEATEN[learned]}. Nothing is trained."
        )
    elif looked.found:
        _lines(looked.found)
    else:
        job_view.live(looked.job.job_id, notes=2)
    running = looked is not None and not looked.job.is_terminal
    label = "Check these settings" if looked is None else "Check again"
    if not running and st.button(label, icon=":material/fact_check:"):
        try:
            preflight.start_preflight(store, actor, version_id, **asked)
        except TouchstoneError as error:
            errors.show(error)
        else:
            st.rerun()
    return not (looked and looked.found and not looked.found.ok)


def _lines(found: Preflight) -> None:
    with st.container(border=True):
        for line in found.lines:
            icon, colour = MARKS[line.verdict]
            st.markdown(f":{colour}[{icon}] **{line.title}** · {errors.escaped(line.text)}")
        if found.tokenized and st.toggle("Show examples as tokens"):
            _tokens(found.tokenized)
    if not found.ok:
        st.caption("The run can start once what is marked red is mended and checked again.")


def _tokens(examples: tuple[TokenizedExample, ...]) -> None:
    numbers = list(range(len(examples)))
    chosen = st.segmented_control(
        "Example", numbers, default=0, format_func=lambda n: str(n + 1), required=True
    )
    example = examples[chosen]
    learned = sum(own for _, own in example.pieces)
    green = f"the {page.number(learned)} on green carry loss, so they are what is learned"
    st.caption(
        f"{page.number(len(example.pieces))} tokens; "
        f"{green if learned else 'all are read, and the label is what is learned'}."
    )
    spans = "".join(
        f'<span class="learned">{escape(text)}</span>' if own else f"<span>{escape(text)}</span>"
        for text, own in example.pieces
    )
    st.html(f'{TOKENS}<div class="tokens">{spans}</div>')
