"""What the running server holds, for its routes and for the scripts that Streamlit runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.errors import TouchstoneError
from core.workspace import Workspace
from pages.server.sockets import Sockets

if TYPE_CHECKING:
    from storage.store import Store


class NotStarted(TouchstoneError):
    """A page was run without the server around it."""

    title = "Touchstone is not running"


@dataclass(frozen=True)
class Running:
    """The server's store, workspace, address, API secret and open sockets."""

    store: Store
    workspace: Workspace
    url: str
    api_token: str
    sockets: Sockets

    @property
    def cookie(self) -> str:
        """The session cookie's name. With the port, as browsers share cookies between ports."""
        return f"touchstone_{urlsplit(self.url).port or 443}"


_running: Running | None = None


def running() -> Running:
    """What the lifespan has opened. Raises NotStarted outside of a server."""
    if _running is None:
        raise NotStarted("Start it with `make run` or `streamlit run app.py`, then open its page.")
    return _running


def set_running(value: Running | None) -> None:
    """For the lifespan alone."""
    global _running
    _running = value
