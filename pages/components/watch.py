"""Watches that the session lives, and sends a page whose session has ended to /login.

Without it Streamlit shows a window that retries for ever. Asks /session now and then, when the tab
is looked at again, and as soon as one of Streamlit's own requests is refused.
"""

from __future__ import annotations

import streamlit as st

SECONDS = 4
JS = """
function leave() {
  if (location.pathname === "/login") return
  const here = location.pathname + location.search
  location.assign("/login?next=" + encodeURIComponent(here))
}

async function ask() {
  try {
    const answer = await fetch("/session", { cache: "no-store", credentials: "same-origin" })
    if (answer.status === 401) leave()
  } catch {
    return // the server restarts, or the network is away: Streamlit says so itself
  }
}

export default function ({ data }) {
  if (data.gone) {
    leave()
    return
  }
  const askIfSeen = () => document.visibilityState === "visible" && ask()
  const timer = setInterval(askIfSeen, data.seconds * 1000)
  document.addEventListener("visibilitychange", askIfSeen)
  window.addEventListener("online", ask)
  const refusals = new PerformanceObserver((list) => {
    const refused = (entry) => entry.responseStatus === 401 && entry.name.includes("/_stcore/")
    if (list.getEntries().some(refused)) ask()
  })
  refusals.observe({ type: "resource" })
  return () => {
    clearInterval(timer)
    document.removeEventListener("visibilitychange", askIfSeen)
    window.removeEventListener("online", ask)
    refusals.disconnect()
  }
}
"""


def watch() -> None:
    """Draw the watch: nothing to be seen. Once per page, by the frame."""
    _draw("watch", gone=False)


def leave() -> None:
    """Send the browser to /login, and back here afterwards."""
    st.caption("You are signed out. Opening the sign-in page …")
    _draw("leave", gone=True)


def _draw(key: str, *, gone: bool) -> None:
    component = st.components.v2.component("touchstone_watch", js=JS)
    component(key=key, data={"gone": gone, "seconds": SECONDS}, height=0)
