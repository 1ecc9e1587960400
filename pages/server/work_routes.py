"""Work routes: annotate, review and rate as JSON over HTTP, beside the pages' script reruns.

GET  /work/annotate?project=ID      the next example (`example=ID`: that one), leased to the person
POST /work/annotate                 saves a submission and brings the next example; see `Sent`

Both answer with `saved`, `task`, `figures` and `message`; a refusal has `title` and `message`.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.actor import Actor
from core.errors import Conflict, DiskFull, InvalidInput, NotAllowed, NotFound, TouchstoneError
from core.workflows.curation.annotating import EditConflict
from core.workflows.evaluation.rating import AlreadyJudged
from core.workflows.team.projects import visible_projects
from core.workflows.team.sessions import actor_of, chosen_project
from pages.server.cookies import session_token
from pages.server.running import running
from pages.server.work_rate import rate
from pages.server.work_views import Body, conflict_view, handle

log = logging.getLogger("touchstone.work")
LOOKS = ("next", "open", "sent_back")  # what a GET may ask for
LARGEST_BODY = 4 * 1024 * 1024
NO_STORE = {"cache-control": "no-store"}
STATUS: tuple[tuple[type[TouchstoneError], int], ...] = (
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (InvalidInput, 422),
    (DiskFull, 507),
)


def work(name: str) -> Callable[[Request], Any]:
    """The handler of /work/NAME."""

    async def answer(request: Request) -> Response:
        try:
            body = await _body(request)
        except InvalidInput as error:
            return _refusal(error, {})
        return await run_in_threadpool(_answer, name, body, session_token(request))

    return answer


def _answer(name: str, body: Body, token: str) -> Response:
    store = running().store
    actor = actor_of(store, token, extend=True)
    if actor is None:
        told = {"title": "Signed out", "message": "Sign in again; what you typed is kept."}
        return JSONResponse(told, 401, NO_STORE)
    try:
        project_id = _project(actor, token, body)
        act = rate if name == "rate" else partial(handle, name)
        return JSONResponse(act(store, actor, project_id, body), headers=NO_STORE)
    except EditConflict as error:
        return _refusal(error, conflict_view(store, actor, name, body))
    except AlreadyJudged as error:
        return _refusal(error, {"settled": True})  # trying again is of no use
    except TouchstoneError as error:
        return _refusal(error, {})
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("a work route failed, reference %s", reference)
        message = f"What you typed is kept. The server's log says why, under {reference}."
        return JSONResponse({"title": "That did not work", "message": message}, 500, NO_STORE)


def _project(actor: Actor, token: str, body: Body) -> str:
    """The project that was named; else the person's chosen or only one. Raises NotFound."""
    store = running().store
    wished = body.get("project") or chosen_project(store, token)
    if isinstance(wished, str) and wished:
        return wished
    there = visible_projects(store, actor)
    if len(there) != 1:
        raise NotFound("Name the project: project=ID.")
    return there[0].project_id


async def _body(request: Request) -> Body:
    """The query of a GET, the JSON of a POST, whatever its content type. Raises InvalidInput."""
    if request.method == "GET":  # links of other sites get here too: nothing is changed
        query = request.query_params
        example, asked = query.get("example", ""), query.get("action", "")
        return {
            **{name: query[name] for name in ("project", "study", "first") if name in query},
            "holding": [one for one in query.get("holding", "").split(",") if one],
            "action": asked if asked in LOOKS else "open" if example else "next",
            "example_id": example,
        }
    text = b""
    async for chunk in request.stream():
        text += chunk
        if len(text) > LARGEST_BODY:
            raise InvalidInput("This is more than 4 MB. Shorten the texts.")
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
        # Half an emoji, which a browser can send and no database can hold, becomes a "?".
        found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidInput("The browser sent something unreadable. Reload the page.")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _refusal(error: TouchstoneError, more: dict[str, Any]) -> Response:
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 400)
    return JSONResponse({"title": error.title, "message": error.message, **more}, status, NO_STORE)


WORK_ROUTES = [
    Route(f"/work/{name}", work(name), methods=["GET", "POST"])
    for name in ("annotate", "review", "rate")
]
