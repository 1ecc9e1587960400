"""Review: what changed since the revision before, and a decision on it, over /work/review."""

from __future__ import annotations

import streamlit as st

from pages.components import page, session
from pages.curation.bulk_accept import bulk_accept
from pages.curation.editor import editor


def main() -> None:
    """Draw the page; a lead may also accept many examples at once."""
    page.head("Review", "Decide on what people annotated. Only accepted examples are frozen.")
    project_id = session.project().project_id
    place = st.container()
    stamp = bulk_accept(project_id) if session.actor().has(project_id, "lead") else ""
    with place:
        editor("review", stamp)


main()
