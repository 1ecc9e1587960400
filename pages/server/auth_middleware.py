"""ASGI middleware: authenticates every request and every WebSocket.

Pure ASGI, because Starlette's BaseHTTPMiddleware never sees a WebSocket.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.accounts import hash_token
from core.workflows.team.sessions import actor_of, is_known
from pages.server.cookies import renewed
from pages.server.headers import FORM_POLICY, app_policy, with_security_headers
from pages.server.lifespan import quiet_refusal
from pages.server.running import running
from pages.server.session_watch import whole, with_watch

FORMS = frozenset({"/login", "/setup", "/invite"})
FILES = frozenset({"/sign_in.css", "/sign_in.woff2", "/mark.svg", "/watch.js", "/theme.js"})
PUBLIC = FORMS | FILES | {"/healthz"}
# What scripts fetch: a redirect to a form would only confuse them.
NO_PAGES = ("/_stcore/", "/api/", "/media/", "/component/", "/static/", "/session", "/work/")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class AuthMiddleware:
    """Lets in who has a session, the local API with its own secret, and the sign-in forms."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, quiet_refusal(send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            policy = FORM_POLICY if scope["path"] in FORMS else app_policy()
            await self._http(scope, receive, with_security_headers(send, policy))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        path = scope["path"]
        refusal: Response | None = None
        if scope["method"] not in SAFE_METHODS and not _same_origin(connection):
            refusal = PlainTextResponse("This request came from another site.", 403)
        elif path in PUBLIC:
            pass
        elif path.startswith("/api/"):
            refusal = None if _has_api_secret(connection) else _api_refusal()
        elif await _session_of(connection) is None:
            refusal = _sign_in_first(connection, scope)
        elif _is_navigation(connection, scope):
            scope, send = whole(scope), with_watch(renewed(send, connection))
        if refusal is not None:
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        token = await _session_of(connection) if _same_origin(connection) else None
        if token is None:
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before accept: HTTP 403
            return
        sockets, token_hash = running().sockets, hash_token(token)
        socket = sockets.add(token_hash)
        gone = asyncio.ensure_future(socket.ended.wait())
        try:
            await self._app(scope, _until(gone, receive), send)
            if gone.done():
                await send({"type": "websocket.close", "code": 1008})
        finally:
            gone.cancel()
            sockets.remove(token_hash, socket)


def _until(gone: asyncio.Future[Any], receive: Receive) -> Receive:
    """`receive` that reports a disconnection as soon as the session has ended."""

    async def receive_until() -> Message:
        incoming: asyncio.Future[Message] = asyncio.ensure_future(receive())
        await asyncio.wait([incoming, gone], return_when=asyncio.FIRST_COMPLETED)
        if not gone.done():
            return incoming.result()
        incoming.cancel()
        return {"type": "websocket.disconnect", "code": 1008}

    return receive_until


async def _session_of(connection: HTTPConnection) -> str | None:
    """The token of a living session, or None."""
    token = connection.cookies.get(running().cookie)
    if not token:
        return None
    if is_known(running().store, token):  # spares most requests a change of threads
        return token
    return token if await run_in_threadpool(actor_of, running().store, token) else None


def _same_origin(connection: HTTPConnection) -> bool:
    """Browsers name the Origin of whatever changes state; other clients need not."""
    origin = connection.headers.get("origin")
    if origin is None:
        return connection.headers.get("sec-fetch-site") in (None, "same-origin", "none")
    return urlsplit(origin).netloc == connection.headers.get("host")


def _has_api_secret(connection: HTTPConnection) -> bool:
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    expected = running().api_token.encode()
    return scheme.lower() == "bearer" and hmac.compare_digest(secret.encode(), expected)


def _is_navigation(connection: HTTPConnection, scope: Scope) -> bool:
    return (
        scope["method"] in ("GET", "HEAD")
        and "text/html" in connection.headers.get("accept", "")
        and not scope["path"].startswith(NO_PAGES)
    )


def _api_refusal() -> Response:
    message = "The API needs the secret that lies in the workspace's file api-token."
    return JSONResponse({"title": "Not allowed", "message": message}, 401)


def _sign_in_first(connection: HTTPConnection, scope: Scope) -> Response:
    if scope["path"].startswith("/work/"):
        message = "Sign in again; what you typed is kept."
        return JSONResponse(
            {"title": "Signed out", "message": message}, 401, {"cache-control": "no-store"}
        )
    if not _is_navigation(connection, scope):
        return PlainTextResponse("Sign in first.", 401, {"cache-control": "no-store"})
    query = scope["query_string"].decode("latin-1")
    wanted = scope["path"] + (f"?{query}" if query else "")
    to = "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='')}"
    return RedirectResponse(to, 303, {"cache-control": "no-store"})
