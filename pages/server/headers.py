"""Security headers on every answer, and the policy that says what a page may load.

Streamlit 1.67 needs: `blob:` scripts for components without an iframe, inline styles (emotion),
and one inline script in its index.html, allowed by its hash.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path

import streamlit
from starlette.types import Message, Send

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
PERMISSIONS = ("camera", "geolocation", "microphone", "payment", "usb", "serial")


@functools.cache
def inline_script_hashes() -> str:
    """CSP sources for the inline scripts of Streamlit's own index.html."""
    html = INDEX.read_text(encoding="utf-8")
    bodies = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    hashes = (base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in bodies)
    return " ".join(f"'sha256-{value}'" for value in hashes)


@functools.cache
def app_policy() -> str:
    """The policy for the app and its files."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: {inline_script_hashes()}",
            "worker-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' blob:",
            "connect-src 'self'",
            "frame-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "object-src 'none'",
            "frame-ancestors 'none'",
        )
    )


# The sign-in pages have no script at all.
FORM_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def with_security_headers(send: Send, policy: str) -> Send:
    """`send` that adds the headers to the start of every answer."""
    headers = {
        "content-security-policy": policy,
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": ", ".join(f"{name}=()" for name in PERMISSIONS),
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    names = {name for name, _ in raw}

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in names]
            message = {**message, "headers": [*kept, *raw]}
        await send(message)

    return send_with_headers
