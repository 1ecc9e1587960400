"""Examples: find them, read one, and see who did what when to it.

What a person looks for stands in the address, so that Back, a reload and a link keep it.
"""

from __future__ import annotations

import streamlit as st

from core.errors import TouchstoneError
from core.workflows.curation import browsing
from pages.components import errors, page, session
from pages.curation.example_detail import detail
from pages.curation.example_filters import PAGE, filters
from pages.curation.example_form import add_form
from pages.curation.example_list import example_list, opened
from pages.curation.skipped_examples import skipped_examples

PER_PAGE = 25
OPEN = "example"


def main() -> None:
    """Draw one example when the address names one, else the list."""
    page.head("Examples", "Find examples, read them, and see what people did to each.")
    project_id = session.project().project_id
    key = f"examples_{project_id}"
    if chosen := opened(key):
        st.query_params[OPEN] = chosen
    wished = st.query_params.get(OPEN)
    if wished is None:
        browse(project_id, key)
        return
    if st.button("Back to the list", icon=":material/arrow_back:"):
        del st.query_params[OPEN]
        st.rerun()
    try:
        detail(project_id, wished)
    except TouchstoneError as error:
        errors.show(error)


def browse(project_id: str, key: str) -> None:
    """Filters, the rows that match, and the pages."""
    store, actor = session.store(), session.actor()
    counts = browsing.counts(store, actor, project_id)
    if actor.has(project_id, "annotator", "lead"):
        add_form(project_id)
    if not counts["total"]:
        how = "Import a file, or add one by hand above."
        page.empty("There are no examples yet", how, "curation/importing.py", "Import examples")
        return
    chosen = filters(project_id, counts)
    if chosen.skipped:
        skipped_examples(project_id)
        return
    offset = (session.widget_value(PAGE, 1) - 1) * PER_PAGE
    rows, count = browsing.examples_page(
        store, actor, project_id, chosen, limit=PER_PAGE, offset=offset
    )
    if not rows:
        page.empty("No example matches", "Take a filter away, or look for other words.")
        return
    more = "or more " if count == browsing.COUNT_CAP else ""
    first, last = page.number(offset + 1), page.number(offset + len(rows))
    st.caption(f"{first}–{last} of {page.number(count)} {more}examples")
    example_list(rows, key, None)
    if count > PER_PAGE:
        st.pagination(-(-count // PER_PAGE), key=PAGE, bind="query-params")


main()
