"""Puts two scripts into the head of every page that Streamlit serves: the theme that this browser
chose (theme.js), and the watch over the session (watch.js)."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

SCRIPTS = b'<script src="/theme.js"></script><script src="/watch.js" defer></script>'
# With these the page would come compressed, in part, or not at all.
LEFT_OUT = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}


def whole(scope: Scope) -> Scope:
    """The same request, for the whole page as plain text."""
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in LEFT_OUT]}


def with_watch(send: Send) -> Send:
    """`send` that adds the scripts to a page of HTML; anything else goes through as it is."""
    held: Message = {}
    body = b""

    async def send_with_watch(message: Message) -> None:
        nonlocal held, body
        if message["type"] == "http.response.start" and _is_page(message):
            held = message
        elif not held:
            await send(message)
        else:
            body += message.get("body", b"")
            if not message.get("more_body", False):
                page = body.replace(b"<head>", b"<head>" + SCRIPTS, 1) if body else body
                headers = MutableHeaders(raw=list(held["headers"]))
                if body:
                    headers["content-length"] = str(len(page))
                await send({**held, "headers": headers.raw})
                await send({**message, "body": page})

    return send_with_watch


def _is_page(message: Message) -> bool:
    headers = MutableHeaders(raw=list(message.get("headers", ())))
    return message["status"] == 200 and headers.get("content-type", "").startswith("text/html")
