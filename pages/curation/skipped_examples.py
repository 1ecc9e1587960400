"""Examples that somebody skipped: by whom, why, and giving them out again."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.examples.current import SkippedExample
from core.workflows.curation import browsing
from pages.components import errors, page, session

SHOWN = 50
QUEUES = {"annotate": "Annotate", "review": "Review"}


def skipped_examples(project_id: str) -> None:
    """Draw the list, one row an example."""
    store, actor = session.store(), session.actor()
    skips = browsing.skipped_examples(store, actor, project_id)
    if not skips:
        page.empty(
            "Nothing is skipped", "An example that somebody passes on is listed here, with why."
        )
        return
    by_example: dict[str, list[SkippedExample]] = {}
    for skip in skips:
        by_example.setdefault(skip.example_id, []).append(skip)
    many = page.counted(len(by_example), "example")
    shown = list(by_example.values())[:SHOWN]
    cut = f"; the last {SHOWN} are shown" if len(by_example) > SHOWN else ""
    st.caption(
        f"{many} skipped{cut}. Whoever skipped one is not given it again until it changes or is "
        "given out again."
    )
    for same in shown:
        row(project_id, same, may_give_out=actor.has(project_id, "reviewer", "lead"))


def row(project_id: str, skips: Sequence[SkippedExample], *, may_give_out: bool) -> None:
    """One example: who skipped it and why."""
    one = skips[0]
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                "curation/examples.py",
                label=f"Example {page.number(one.position)}",
                query_params={"example": one.example_id},
            )
            page.plain(one.instruction[:120])
        for skip in skips:
            when = page.when(skip.created_at)
            page.plain(f"{skip.person}, in {QUEUES[skip.queue]}, {when}: {skip.reason}")
        if may_give_out and st.button(
            "Give out again", key=f"give_{one.example_id}", icon=":material/redo:"
        ):
            errors.attempt(
                lambda: browsing.give_out_again(
                    session.store(), session.actor(), project_id, one.example_id
                ),
                f"Example {page.number(one.position)} is given out again.",
            )
