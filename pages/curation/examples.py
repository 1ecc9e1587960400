"""Examples: find them, read one, and see who did what when to it.

What a person looks for stands in the address, so that Back, a reload and a link keep it.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import TouchstoneError
from core.examples.current import ListedExample
from core.examples.listing import ExampleFilter
from core.workflows.curation import browsing
from core.workflows.team import assignees
from pages.components import errors, page, session
from pages.curation.bulk_change import bulk_change
from pages.curation.bulk_undo import bulk_undo
from pages.curation.example_detail import detail
from pages.curation.example_filters import OPEN, PAGE, filters
from pages.curation.example_form import add_form
from pages.curation.example_list import example_list, opened
from pages.curation.export_form import export_form
from pages.curation.skipped_examples import skipped_examples

PER_PAGE = 25


def main() -> None:
    """Draw one example when the address names one, else the list."""
    page.head("Examples", "Find examples, read them, and see what people did to each.")
    store, actor, project_id = session.store(), session.actor(), session.project().project_id
    key = f"examples_{project_id}"
    if chosen := opened(key):
        st.query_params[OPEN] = chosen
    wished = st.query_params.get(OPEN)
    counts = browsing.counts(store, actor, project_id)
    if wished is None and actor.has(project_id, "annotator", "lead"):
        add_form(project_id)
    if not counts["total"]:
        how = "Import a file, or add one by hand above."
        page.empty("There are no examples yet", how, "curation/importing.py", "Import examples")
        return
    # Drawn beside an open example, too: what is not drawn leaves the address.
    wanted = filters(project_id, counts)
    if wished is not None:
        one(project_id, wished)
    elif wanted.skipped:
        skipped_examples(project_id)
    else:
        browse(project_id, key, wanted)


def one(project_id: str, example_id: str) -> None:
    """One example in full, and the way back."""
    if st.button("Back to the list", icon=":material/arrow_back:"):
        del st.query_params[OPEN]
        st.rerun()
    try:
        detail(project_id, example_id)
    except TouchstoneError as error:
        errors.show(error)


def browse(project_id: str, key: str, wanted: ExampleFilter) -> None:
    """The rows that match, and the pages."""
    pages = f"page {project_id} {wanted}"
    number = session.widget_value(pages) or page_of_address()
    rows, count = browsing.examples_page(
        session.store(), session.actor(), project_id, wanted,
        limit=PER_PAGE, offset=(number - 1) * PER_PAGE,
    )  # fmt: skip
    is_lead = session.actor().has(project_id, "lead")
    if is_lead:
        bulk_undo(project_id)
    if not rows:
        page.empty("No example matches", "Take a filter away, or look for other words.")
        return
    more = "or more " if count == browsing.COUNT_CAP else ""
    start = (number - 1) * PER_PAGE
    first, last = page.number(start + 1), page.number(start + len(rows))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{first}–{last} of {page.number(count)} {more}examples", width="stretch")
        if is_lead:
            export_form(project_id, wanted)
            bulk_change(project_id, wanted)
    # Only leads are told, so that a reviewer who comes next decides on their own.
    accepts = {one.example_id: one.accepts for one in rows if one.accepts and is_lead}
    example_list(rows, key, None, assigned_names(project_id, rows), accepts)
    if count > PER_PAGE:
        st.pagination(-(-count // PER_PAGE), default=number, key=pages)
        if number > 1:
            st.query_params[PAGE] = str(number)
        else:
            st.query_params.pop(PAGE, None)


def assigned_names(project_id: str, rows: Sequence[ListedExample]) -> dict[str, str]:
    """Example → name of whom it is assigned to; nobody is looked up where none is."""
    if not any(one.assigned_to for one in rows):
        return {}
    names = assignees.assignees(session.store(), session.actor(), project_id)
    return {
        one.example_id: f"for {names.get(one.assigned_to, 'somebody who left')}"
        for one in rows
        if one.assigned_to
    }


def page_of_address() -> int:
    """The page that the address names, else the first."""
    named = st.query_params.get(PAGE, "")
    return max(1, int(named)) if named.isdecimal() and len(named) < 6 else 1


main()
