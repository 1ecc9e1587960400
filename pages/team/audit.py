"""Audit: who changed what, on what, and when; for leads, and for admins the whole workspace."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from core.actor import Actor
from core.audit import AuditEvent, AuditQuery
from core.projects import Project
from core.workflows.team.audit import audit_csv, audit_events, audit_filters
from pages.components import page, session

SHOWN = 100
EVERYTHING = "Whole workspace"


def main() -> None:
    """Draw the filters, one page of events, and the export."""
    page.head("Audit", "Every change: who, what, on what, when.")
    store, actor = session.store(), session.actor()
    query = filters(actor, session.project_or_none())
    key = f"audit page {query}"
    at = session.widget_value(key, 1)
    events, count = audit_events(store, actor, query, SHOWN, (at - 1) * SHOWN)
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.caption(page.counted(count, "event"))
        st.download_button(
            "Export CSV",
            lambda: audit_csv(store, actor, query),
            file_name="audit.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",  # a rerun would replace the file while the browser asks for it
            disabled=not count,
        )
    if events:
        table(events)
    else:
        page.empty("No events", "Nothing matches these filters.")
    if count > SHOWN:
        st.pagination(-(-count // SHOWN), key=key)


def filters(actor: Actor, project: Project | None) -> AuditQuery:
    """What the person asks for; an admin may ask for the whole workspace."""
    everything = project is None
    if actor.is_admin and project is not None:
        scopes = [project.name, EVERYTHING]
        everything = st.segmented_control(
            "Scope", scopes, default=scopes[0], required=True, label_visibility="collapsed"
        ) == (EVERYTHING)
    project_id = None if everything or project is None else project.project_id
    people, actions = audit_filters(session.store(), actor, project_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        person = st.selectbox(
            "Person", list(people), format_func=people.__getitem__, index=None,
            placeholder="Everyone", width=160,
        )  # fmt: skip
        action = st.selectbox(
            "Action", actions, format_func=lambda one: one.replace("_", " ").capitalize(),
            index=None, placeholder="All actions", width=160,
        )  # fmt: skip
        first = st.date_input("From", value=None, format="YYYY-MM-DD", width=160)
        last = st.date_input("To", value=None, format="YYYY-MM-DD", width=160)
    until = midnight(last + timedelta(days=1)) if last else None
    return AuditQuery(project_id, person, action, midnight(first) if first else None, until)


def midnight(day: date) -> datetime:
    """The first moment of a day of the reader's calendar, naive UTC."""
    zone = ZoneInfo(st.context.timezone) if st.context.timezone else UTC
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)


def table(events: list[AuditEvent]) -> None:
    """The events, newest first."""
    st.dataframe(
        {
            "When": [page.when(event.created_at) for event in events],
            "Who": [event.person for event in events],
            "Action": [event.said.capitalize() for event in events],
            "On": [event.about for event in events],
            "Details": [event.detail_text for event in events],
        },
        hide_index=True,
        height="content" if len(events) <= 20 else 640,
        column_config={
            "Action": st.column_config.TextColumn(width=160),
            "Details": st.column_config.TextColumn(width="large"),
        },
    )


main()
