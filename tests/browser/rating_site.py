"""Studies to rate in a real browser: a server with them, and what raters do again and again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Response

from core.study.system import SystemKind
from storage.store import Store
from tests.browser.driving import PATIENCE, expect, sign_in
from tests.builders import a_project, a_store, an_actor
from tests.serving import Server, serve
from tests.study_builders import a_study, a_system, a_version, example_ids, two_systems

WORK = "Work"
TWINS = ("Twin one", "Twin two")
LONG = "Long answers"
PEOPLE = {
    "rita": (WORK, *TWINS),
    "remy": (WORK,),
    "rosa": (WORK,),
    "rhea": (TWINS[0],),
    "rolf": (LONG,),
    "ruth": (LONG,),  # leaves pairs half rated
    "rune": (LONG,),  # marks words
}
IDS = re.compile(r"[a-z]+_[0-9a-f]{12}_[0-9a-f]{12}|[0-9a-f]{32}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a project to rate in, and twins whose systems have changed places."""
    folder = tmp_path_factory.mktemp("rating")
    store = a_store(folder / "workspace")
    for name, shifts in ((WORK, (0, 5)), (TWINS[0], (0, 5)), (TWINS[1], (5, 0))):
        project_id = a_project(store, name).project_id
        lead = an_actor(project_id)
        base, tuned = two_systems(store, project_id, a_version(store, project_id, 24), shifts)
        a_study(store, lead, project_id, base, tuned, size=12)
        if name == TWINS[1]:
            # The same texts on the same sides again: what still differs would tell the systems.
            store.database.execute(
                """
                UPDATE pairs SET system_a = system_b, system_b = system_a, answer_a = answer_b,
                                 answer_b = answer_a
                WHERE study_id IN (SELECT study_id FROM studies WHERE project_id = $project)
                """,
                {"project": project_id},
            )
    project_id = a_project(store, LONG).project_id
    version_id = a_version(store, project_id, 24)
    kinds: tuple[tuple[str, SystemKind], ...] = (("Model one", "base"), ("Run two", "tuned"))
    base, tuned = (
        a_system(store, project_id, version_id, name, long_answers(store, version_id, name), kind)
        for name, kind in kinds
    )
    a_study(store, an_actor(project_id), project_id, base, tuned, size=12)
    projects = {p.name: p.project_id for p in store.projects.all()}
    store.close()
    with serve(folder) as server:
        for person, names in PEOPLE.items():
            for name in names:
                server.add(person, "reviewer", name)
        server.add("lena", "lead", WORK)
        server.add("lou", "lead", TWINS[0])
        server.projects = projects  # type: ignore[attr-defined]
        yield server


def long_answers(store: Store, version_id: str, name: str) -> dict[str, str]:
    """Eighteen lines for each example, so that the criteria begin below a laptop's screen."""
    return {
        example_id: "\n".join(
            f"🙂 {k + 1}. {name[0]} says this, and a little more." for k in range(18)
        )
        for example_id in example_ids(store, version_id)
    }


class Wire:
    """What went between a page and the server: judgements sent, and everything that came back."""

    def __init__(self, page: Page) -> None:
        self.judged = 0
        self.frames: list[bytes] = []
        self.responses: list[Response] = []
        page.on("request", self._count)
        page.on("response", self._keep)
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        socket.on("framereceived", lambda data: self.frames.append(_bytes(data)))

    def _count(self, request: Request) -> None:
        self.judged += '"action":"judge"' in (request.post_data or "")

    def _keep(self, response: Response) -> None:
        if "/work/rate" in response.url:
            self.responses.append(response)

    def received(self) -> bytes:
        """Everything that came back."""
        return b"".join([*self.frames, *(one.body() for one in self.responses)])

    def payloads(self) -> list[str]:
        """Every answer of the route but those to drafts, whose number varies; ids masked."""
        answers = [one.json() for one in self.responses]
        return [IDS.sub("ID", json.dumps(answer)) for answer in answers if answer["figures"]]


def _bytes(data: bytes | str) -> bytes:
    return data if isinstance(data, bytes) else data.encode()


def at_work(
    context: BrowserContext, site: Server, name: str, project: str = WORK
) -> tuple[Page, Wire]:
    """Signed in with a pair before one's eyes."""
    page = sign_in(context, site, name, "/login?nothing")
    wire = Wire(page)
    project_id = site.projects[project]  # type: ignore[attr-defined]
    page.goto(f"{site.url}/rate?project={project_id}", wait_until="commit")
    expect(page.locator(".rate .pair")).to_be_visible(timeout=PATIENCE)
    return page, wire


def pair_number(page: Page) -> str:
    return page.locator(".rate header b").inner_text()


def rate(page: Page, choice: str = "ArrowLeft", ratings: str = "44455554") -> None:
    """Judge the pair that is shown, with keys alone, and wait until the server has it."""
    before = pair_number(page)
    page.keyboard.press(choice)
    page.keyboard.type(ratings)
    page.keyboard.press("Enter")
    expect(page.locator(".rate header b")).not_to_have_text(before, timeout=PATIENCE)
    expect(page.locator(".rate .message")).to_have_text("Saved.", timeout=PATIENCE)
