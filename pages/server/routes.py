"""Signing in, first set-up, signing out, and the two small answers that machines ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from core.accounts import SignInLocked
from core.errors import InvalidInput, TouchstoneError
from core.workflows.team import invitations, sessions
from pages.server import forms
from pages.server.cookies import forget_session, session_token, set_session
from pages.server.running import running

HERE = Path(__file__).parent
LARGEST_FORM = 16_384
NO_STORE = {"cache-control": "no-store"}


async def login(request: Request) -> Response:
    """The form, and what it sends."""
    fields = await _fields(request) if request.method == "POST" else {}
    wanted = safe_next(fields.get("next") or request.query_params.get("next", ""))
    if request.method == "POST":
        name, password = fields.get("name", ""), fields.get("password", "")
        try:
            return await _signed_in(request, name, password, wanted)
        except TouchstoneError as error:
            status = 429 if isinstance(error, SignInLocked) else 401
            return _page(forms.login_page(wanted, error, name), status)
    if await run_in_threadpool(sessions.actor_of, running().store, session_token(request)):
        return RedirectResponse(wanted, 303, NO_STORE)
    if await run_in_threadpool(sessions.needs_setup, running().store):
        return _page(forms.not_set_up_page())
    return _page(forms.login_page(wanted))


async def setup(request: Request) -> Response:
    """The form behind the one-time link, and what it sends: the first admin, signed in."""
    fields = await _fields(request) if request.method == "POST" else {}
    token = fields.get("token") or request.query_params.get("token", "")
    try:
        await run_in_threadpool(sessions.check_setup_link, running().store, token)
    except TouchstoneError as error:
        return _page(forms.void_link_page(error), 403)
    if request.method != "POST":
        return _page(forms.setup_page(token))
    name, password = fields.get("name", ""), fields.get("password", "")
    try:
        if password != fields.get("again", ""):
            raise InvalidInput("The two passwords differ. Enter the same one twice.")
        await run_in_threadpool(sessions.set_up, running().store, token, name, password)
        return await _signed_in(request, name, password, "/")
    except TouchstoneError as error:
        return _page(forms.setup_page(token, error, name), 400)


async def invite(request: Request) -> Response:
    """The form behind an invitation, and what it sends: a new person, signed in."""
    fields = await _fields(request) if request.method == "POST" else {}
    token = fields.get("token") or request.query_params.get("token", "")
    try:
        invitation = await run_in_threadpool(invitations.check_invitation, running().store, token)
    except TouchstoneError as error:
        return _page(forms.void_link_page(error), 403)
    if request.method != "POST":
        return _page(forms.invite_page(token, invitation))
    name, password = fields.get("name", ""), fields.get("password", "")
    try:
        if password != fields.get("again", ""):
            raise InvalidInput("The two passwords differ. Enter the same one twice.")
        await run_in_threadpool(
            invitations.accept_invitation, running().store, token, name, password
        )
        return await _signed_in(request, name, password, "/")
    except TouchstoneError as error:
        return _page(forms.invite_page(token, invitation, error, name), 400)


async def logout(request: Request) -> Response:
    """End this session and close its sockets."""
    await run_in_threadpool(sessions.sign_out, running().store, session_token(request))
    response = RedirectResponse("/login", 303, NO_STORE)
    forget_session(response)
    return response


async def healthz(_request: Request) -> Response:
    """Whether the server answers."""
    return JSONResponse({"ok": True}, headers=NO_STORE)


async def session(_request: Request) -> Response:
    """What a page asks now and then; the gate answers 401 when the session has ended."""
    return JSONResponse({"ok": True}, headers=NO_STORE)


def safe_next(wanted: str) -> str:
    """A path of this server, or "/": never another site, in whatever disguise."""
    parts = urlsplit(wanted)
    plain = wanted.isprintable() and "\\" not in wanted and not parts.scheme and not parts.netloc
    return wanted if plain and wanted.startswith("/") and not wanted.startswith("//") else "/"


async def _signed_in(request: Request, name: str, password: str, wanted: str) -> Response:
    token = await run_in_threadpool(sessions.sign_in, running().store, name, password)
    old = session_token(request)
    if old:
        await run_in_threadpool(sessions.sign_out, running().store, old)
    response = RedirectResponse(wanted, 303, NO_STORE)
    set_session(response, request, token)
    return response


async def _fields(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            return {}
    found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10)
    return {name: values[0] for name, values in found.items()}


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, NO_STORE)


def _file(path: Path, media_type: str) -> Callable[[Request], Response]:
    def answer(_request: Request) -> Response:
        headers = {"cache-control": "public, max-age=3600"}
        return FileResponse(path, media_type=media_type, headers=headers)

    return answer


FONTS = sorted((Path(streamlit.__file__).parent / "static/static/media").glob("SourceSansVF-Up*"))
ROUTES = [
    Route("/login", login, methods=["GET", "POST"]),
    Route("/setup", setup, methods=["GET", "POST"]),
    Route("/invite", invite, methods=["GET", "POST"]),
    Route("/logout", logout, methods=["POST"]),
    Route("/healthz", healthz),
    Route("/session", session),
    Route("/sign_in.css", _file(HERE / "sign_in.css", "text/css")),
    Route("/theme.js", _file(HERE / "theme.js", "text/javascript")),
    Route("/watch.js", _file(HERE / "watch.js", "text/javascript")),
    Route("/mark.svg", _file(HERE / "mark.svg", "image/svg+xml")),
    *(Route("/sign_in.woff2", _file(font, "font/woff2")) for font in FONTS[:1]),
]
