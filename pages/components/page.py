"""What every page is made of: head, figures, empty state, and how values are written."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import streamlit as st

from core import wording
from core.wording import counted as counted
from core.wording import figure
from pages import navigation
from pages.components import session


def head(title: str, purpose: str) -> None:
    """The page's title and the one sentence that says what it is for."""
    with st.container(key="page_head", gap=None):
        st.title(title, anchor=False)
        st.caption(purpose)


def figures(values: Sequence[tuple[str, str, str | None]]) -> None:
    """At most four figures in a row: label, value, help."""
    with st.container(horizontal=True, gap="medium"):
        for label, value, explanation in values[:4]:
            st.metric(label, value, help=explanation, width="content")


def empty(what: str, how: str, page: str | None = None, link: str = "") -> None:
    """An empty state: what will be here, how to get it, and a link to where that is done, for
    those who may go there."""
    with st.container(border=True):
        st.markdown(f"**{what}**")
        st.write(how)
        if page and _may_open(page):
            st.page_link(page, label=link, icon=":material/arrow_forward:")


def _may_open(script: str) -> bool:
    project = session.project_or_none()
    return navigation.opens(script, session.actor(), project.project_id if project else None)


def plain(text: str, *, key: str | None = None) -> None:
    """Text that people or models wrote: never Markdown, never HTML, line breaks kept."""
    st.text(text if text else "—")


def marked(parts: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    """Text that people or models wrote, parts of it marked, each with what it is marked as: no
    Markdown, and no HTML of its own."""
    written = "".join(
        f'<mark title="{html.escape(", ".join(kinds))}">{html.escape(text)}'
        f"<sup>{html.escape(', '.join(kinds))}</sup></mark>"
        if kinds
        else html.escape(text)
        for text, kinds in parts
    )
    st.html(f'<div dir="auto" class="marked">{written}</div>')


def number(value: float | None, digits: int = 0) -> str:
    """A figure with thin thousands separators; an em dash for None."""
    return "—" if value is None else figure(value, digits)


def percent(value: float | None, digits: int = 0) -> str:
    """A share 0–1 as per cent."""
    return "—" if value is None else wording.percent(value, digits)


def when(moment: datetime | None) -> str:
    """A naive UTC time in the reader's zone, such as “21 Nov 2026, 14:05”."""
    if moment is None:
        return "—"
    zone = ZoneInfo(st.context.timezone) if st.context.timezone else UTC
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def midnight(day: date) -> datetime:
    """When a day begins in the reader's zone, as naive UTC."""
    zone = ZoneInfo(st.context.timezone) if st.context.timezone else UTC
    return datetime.combine(day, time.min, zone).astimezone(UTC).replace(tzinfo=None)


def duration(seconds: float | None) -> str:
    """“0.4 s”, “40 s”, “3 min”, “2 h 5 min”."""
    if seconds is None:
        return "—"
    if 0 < seconds < 0.95:
        return f"{max(seconds, 0.1):.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """A number of bytes: “812 bytes”, “14 kB”, “3.2 MB”, “4.10 GB”."""
    if count < 1e6:
        return f"{count} bytes" if count < 1000 else f"{count / 1e3:.0f} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"
