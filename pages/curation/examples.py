"""Examples: find them, read one, and see who did what when to it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.errors import TouchstoneError
from core.examples.listing import ExampleFilter
from core.examples.states import STATE_LABELS, STATES, ExampleState
from core.workflows.curation import browsing
from pages.components import errors, page, session
from pages.curation.example_detail import detail
from pages.curation.example_list import example_list, opened

PER_PAGE = 25
STATE_CHOICES: tuple[ExampleState | None, ...] = (None, *STATES)


def main() -> None:
    """Draw one example when the address names one, else the list."""
    page.head("Examples", "Find examples, read them, and see what people did to each.")
    project_id = session.project().project_id
    key = f"examples_{project_id}"
    if chosen := opened(key):
        st.query_params["example"] = chosen
    wished = st.query_params.get("example")
    if wished is None:
        browse(project_id, key)
        return
    if st.button("Back to the list", icon=":material/arrow_back:"):
        del st.query_params["example"]
        st.rerun()
    try:
        detail(project_id, wished)
    except TouchstoneError as error:
        errors.show(error)


def browse(project_id: str, key: str) -> None:
    """Filters, the rows that match, and the pages."""
    store, actor = session.store(), session.actor()
    counts = browsing.counts(store, actor, project_id)
    if not counts["total"]:
        how = "Examples come from a file; import one first."
        page.empty("There are no examples yet", how, "curation/importing.py", "Import examples")
        return
    chosen = filters(counts)
    # Other filters start again at the first page.
    number = f"page {project_id} {chosen}"
    offset = (session.widget_value(number, 1) - 1) * PER_PAGE
    rows, count = browsing.examples_page(
        store, actor, project_id, chosen, limit=PER_PAGE, offset=offset
    )
    if not rows:
        page.empty("No example matches", "Choose another state, or look for other words.")
        return
    more = "or more " if count == browsing.COUNT_CAP else ""
    first, last = page.number(offset + 1), page.number(offset + len(rows))
    st.caption(f"{first}–{last} of {page.number(count)} {more}examples")
    example_list(rows, key, None)
    if count > PER_PAGE:
        st.pagination(-(-count // PER_PAGE), key=number)


def filters(counts: Mapping[str, int]) -> ExampleFilter:
    """What the person looks for."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state = st.selectbox(
            "State", STATE_CHOICES, key="examples_state", width=220,
            format_func=lambda s: (
                f"{STATE_LABELS[s] if s else 'All'} ({page.number(counts[s or 'total'])})"
            ),
        )  # fmt: skip
        text = st.text_input("Words in any field", key="examples_text", width=320)
        flagged = st.toggle(f"Flagged ({page.number(counts['flagged'])})", key="examples_flagged")
    return ExampleFilter(state, flagged=True if flagged else None, text=text.strip())


main()
