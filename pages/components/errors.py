"""Errors as people see them: a title and what to do. Tracebacks go to the log, never further."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import DiskFull, TouchstoneError, is_disk_full
from pages.components import session
from pages.components.session import SignedOut

log = logging.getLogger("touchstone.pages")
MARKDOWN = frozenset("\\`*_{}[]()#+-.!|~:$<>&")


def show(error: Exception) -> bool:
    """Show an error where the script stands. Streamlit calls it too, for fragments and callbacks.

    Returns True: nothing else is to be shown.
    """
    if is_disk_full(error) and not isinstance(error, TouchstoneError):
        error = DiskFull()
    if isinstance(error, SignedOut):
        signed_out()
    elif isinstance(error, TouchstoneError):
        tell(error.title, error.message)
    else:
        reference = secrets.token_hex(4)
        log.error("a page failed, reference %s", reference, exc_info=error)
        tell(
            "Something went wrong here",
            "Reload the page; what you had saved is kept. If it happens again, tell an admin "
            f"the reference {reference}: the server's log says more under it.",
        )
    return True


def attempt(action: Callable[[], object], said: str = "") -> None:
    """Do it, say so (unless the action does) and draw the page again; or show why not, and what was
    typed stays."""
    try:
        action()
    except TouchstoneError as error:
        show(error)
        return
    if said:
        session.say(said)
    st.rerun()


def signed_out() -> None:
    """The session has ended: pages/server/watch.js, which asks every few seconds, leads on."""
    st.caption("You are signed out. Opening the sign-in page …")


def tell(title: str, message: str) -> None:
    """A red box: title and message. Both may quote what somebody typed, so neither is Markdown."""
    st.error(f"**{escaped(title)}.** {escaped(message)}", icon=":material/error:")


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{c}" if c in MARKDOWN else c for c in text)


@contextmanager
def shown() -> Iterator[None]:
    """Run a piece of a page; an error ends the piece, not the frame around it."""
    try:
        yield
    except Exception as error:
        show(error)
