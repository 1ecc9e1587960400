"""Offers slices by topic where the topics of a version's examples are not found yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.workflows.evaluation import topics
from pages.components.errors import attempt
from pages.components.job_view import live

if TYPE_CHECKING:
    from pages.components.session import StoreType


def offer_topics(store: StoreType, actor: Actor, version_id: str, key: str) -> None:
    """A button that finds the topics, or its job; nothing once they are found."""
    job = topics.job_of_topics(store, actor, version_id)
    if job is None:
        if st.button(
            "Find topics, to slice by them too", icon=":material/category:", type="tertiary",
            key=f"topics {key}", help="Clusters the questions by their words. Done once a version.",
        ):  # fmt: skip
            attempt(
                lambda: topics.find_topics(store, actor, version_id),
                "Queued. Parts by topic appear here.",
            )
    elif not job.taken_in or job.status != "completed":
        live(job.job_id)
