"""The session cookie: HttpOnly, and Lax, so that a link in a message still opens signed in."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Message, Send

from core.accounts import SESSION_LASTS
from pages.server.running import running


def session_token(connection: HTTPConnection) -> str:
    """The token that the browser sent, or ""; whether it is good is the gate's question."""
    return connection.cookies.get(running().cookie, "")


def set_session(response: Response, connection: HTTPConnection, token: str) -> None:
    """Let the browser keep the session."""
    response.set_cookie(
        running().cookie,
        token,
        max_age=int(SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=connection.url.scheme == "https",
    )


def forget_session(response: Response) -> None:
    """Let the browser forget the session."""
    response.delete_cookie(running().cookie, httponly=True, samesite="lax")


def renewed(send: Send, connection: HTTPConnection) -> Send:
    """`send` that gives the cookie of a session in use its full life again."""
    carrier = Response()
    set_session(carrier, connection, session_token(connection))
    cookies = [pair for pair in carrier.raw_headers if pair[0] == b"set-cookie"]

    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *cookies]}
        await send(message)

    return send_with_cookie
