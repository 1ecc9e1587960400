"""From start to stop: opens the workspace, says where the server is, supervises the jobs."""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psutil
from starlette.types import Message, Send
from streamlit import config

from core.errors import TouchstoneError, full_disk_told
from core.jobs.ray.settings import usable_settings
from core.workflows import demo
from core.workflows.curation import collecting
from core.workflows.jobs import supervisor
from core.workflows.team import sessions
from core.workspace import Workspace
from pages.server.running import Running, set_running
from pages.server.sockets import Sockets
from storage.store import Store

log = logging.getLogger("touchstone.server")
EVERYWHERE = ("", "0.0.0.0", "::")


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, Any]]:
    """Open everything, serve, close everything. Raises TouchstoneError: see `quiet_refusal`."""
    workspace = Workspace.from_environment()
    with full_disk_told():
        store, stop_supervising = _started(workspace)
    # What start-up made lives as long as the server: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    try:
        yield {}
    finally:
        gc.unfreeze()
        workspace.withdraw_server()
        stop_supervising()
        set_running(None)
        store.close()


def _started(workspace: Workspace) -> tuple[Store, Callable[[], None]]:
    """The open store, once its server can be found; and what ends the supervision of its jobs."""
    usable_settings()
    send_at_once()
    workspace.prepare()
    store = Store(workspace.path)
    running = Running(store, workspace, own_address(), workspace.make_token(), Sockets())
    store.sessions.on_revoked = running.sockets.end_sessions
    set_running(running)
    demo.ensure_demo(store)
    collecting.go_on(store)
    stop_supervising = supervisor.start(store)
    this = psutil.Process()
    workspace.announce_server(running.url, this.pid, this.create_time())
    print(greeting(store, running.url), flush=True)
    return store, stop_supervising


def send_at_once() -> None:
    """Turn Nagle's algorithm (RFC 896) off for whatever connects to this process.

    asyncio does so for sockets that name TCP as their protocol, and Streamlit's does not: the
    second part of an answer waited for the browser to confirm the first, 40 ms on Linux.
    """
    with suppress(psutil.Error, OSError):  # the server works without
        for one in psutil.Process().net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.fd >= 0:
                with socket.socket(fileno=os.dup(one.fd)) as listening:
                    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def own_address() -> str:
    """Where this machine's browsers find the server."""
    host = config.get_option("server.address") or ""
    host = "127.0.0.1" if host in EVERYWHERE else host
    scheme = "https" if config.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{config.get_option('server.port')}"


def greeting(store: Store, url: str) -> str:
    """The address, and the one-time link while nobody can sign in."""
    lines = ["", f"  Touchstone is at {url}", ""]
    if sessions.needs_setup(store):
        link = f"{url}/setup?token={sessions.create_setup_link(store)}"
        lines += ["  Nobody can sign in yet. Open this link, once, to make the first admin:"]
        lines += [f"  {link}", ""]
    return "\n".join(lines)


def quiet_refusal(send: Send) -> Send:
    """`send` that turns the traceback of a start that was refused into its sentence."""

    async def send_sentence(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            error = sys.exc_info()[1]
            if isinstance(error, TouchstoneError):
                print(f"{error.title}. {error.message}", file=sys.stderr, flush=True)
                message = {**message, "message": ""}
        await send(message)

    return send_sentence
