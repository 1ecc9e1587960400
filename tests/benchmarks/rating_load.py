"""Load: raters at a real server, with clients and a ledger of their own.

    python -m tests.benchmarks.rating_load raters --raters 20 --pairs 2000 --seconds 90
    python -m tests.benchmarks.rating_load killed --raters 8 --kills 20

`raters`: each judges and gets the next pair, three seconds apart. `killed`: the server is killed
and started again so many times meanwhile; each rater sends what was not acknowledged once more, as
a browser does. When all is over, the database must hold each acknowledged judgement once, as it was
sent, and no pair twice by one rater. Prints rows for RESULTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from core.passwords import hash_password
from core.workspace import Workspace
from storage.store import Store
from tests.benchmarks.load import Bench, Ledger, print_head, sign_in
from tests.builders import a_project, a_store, an_actor
from tests.serving import PASSWORD, launch, wait_until_up
from tests.study_builders import CRITERIA, a_study, a_version, two_systems

THINK = 3.0
CHOICES = ("left", "right", "tie_good", "tie_bad")
HEAD = """\
| what | judgements | p50 | p95 | p99 | errors | doubled | lost |
|---|---|---|---|---|---|---|---|"""


@dataclass
class Judged(Ledger):
    """Beside the acknowledged ones (judgement → presentation): what each was sent as."""

    sent: dict[str, str] = field(default_factory=dict)
    refused: int = 0


@contextmanager
def bench(raters: int, pairs: int) -> Iterator[Bench]:
    """A workspace with one open study of so many pairs, half of them rated by two people."""
    with tempfile.TemporaryDirectory(prefix="touchstone-rating-") as folder:
        home = Path(folder) / "workspace"
        Workspace(home).prepare()
        store = a_store(home)
        project_id = a_project(store, "Rating").project_id
        base, tuned = two_systems(store, project_id, a_version(store, project_id, pairs))
        a_study(store, an_actor(project_id), project_id, base, tuned, size=pairs, overlap=0.5)
        names, one_hash = [f"rater{n}" for n in range(raters)], hash_password(PASSWORD, "nobody")
        for name in names:
            person_id = store.accounts.add(name, name, one_hash, False)
            store.accounts.grant(project_id, person_id, "reviewer")
        store.close()
        began = time.perf_counter()
        server = launch(home, Path(folder) / "server.log")
        try:
            wait_until_up(server, 120)
            yield Bench(server, home, project_id, names, time.perf_counter() - began)
        finally:
            server.stop()


async def rate(
    client: httpx.AsyncClient, bench: Bench, cookie: str, end: asyncio.Event, ledger: Judged,
    think: float,
) -> None:  # fmt: skip
    """One rater, until the end; what was not acknowledged is sent again."""
    headers = {"cookie": cookie, "origin": bench.server.url}
    await asyncio.sleep(random.uniform(0, think))
    task = await _next(client, bench, headers, end)
    while task is not None and not end.is_set():
        await asyncio.sleep(random.uniform(0.5, 1.5) * think)
        body = _judgement(bench, task)
        ledger.sent[body["submission_id"]] = body["choice"]
        answer = await _acknowledged(client, body, headers, end, ledger)
        if answer is None:
            task = await _next(client, bench, headers, end)
            continue
        ledger.saved.update(dict.fromkeys(answer["saved"], task["presentation_id"]))
        task = answer["task"]


async def _next(
    client: httpx.AsyncClient, bench: Bench, headers: dict[str, str], end: asyncio.Event
) -> dict[str, Any] | None:
    while not end.is_set():
        try:
            answer = await client.get(f"/work/rate?project={bench.project_id}", headers=headers)
            found: dict[str, Any] | None = answer.json()["task"]
            return found
        except (httpx.HTTPError, ValueError, KeyError):
            await asyncio.sleep(0.2)
    return None


def _judgement(bench: Bench, task: dict[str, Any]) -> dict[str, Any]:
    marks = {name: random.randint(4, 5) for name in CRITERIA}
    return {
        "action": "judge",
        "project": bench.project_id,
        "submission_id": task["submission_id"],
        "presentation_id": task["presentation_id"],
        "choice": random.choice(CHOICES),
        "ratings": {"left": marks, "right": marks},
        "flags": {},
        "seconds": THINK,
    }


async def _acknowledged(
    client: httpx.AsyncClient,
    body: dict[str, Any],
    headers: dict[str, str],
    end: asyncio.Event,
    ledger: Judged,
) -> dict[str, Any] | None:
    """The answer to a judgement, sent again until there is one; None for one that is refused."""
    while not end.is_set():
        began = time.perf_counter()
        try:
            answer = await client.post("/work/rate", json=body, headers=headers)
        except httpx.HTTPError:
            await asyncio.sleep(0.2)
            continue
        if answer.status_code == httpx.codes.OK:
            ledger.seconds.append(time.perf_counter() - began)
            return dict(answer.json())
        if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
            ledger.errors.append(f"{answer.status_code} {answer.text[:200]}")
            return None
        await asyncio.sleep(0.2)
    return None


async def work(bench: Bench, ledger: Judged, seconds: float, kills: int) -> Bench:
    """All raters at work; the server that runs at the end."""
    limits = httpx.Limits(max_connections=len(bench.names) + 5, keepalive_expiry=1)
    async with httpx.AsyncClient(
        base_url=bench.server.url, timeout=60, trust_env=False, limits=limits
    ) as client:
        cookies = [await sign_in(client, bench, name) for name in bench.names]
        end, think = asyncio.Event(), 0.3 if kills else THINK
        raters = [
            asyncio.ensure_future(rate(client, bench, cookie, end, ledger, think))
            for cookie in cookies
        ]
        for _ in range(kills):
            await asyncio.sleep(random.uniform(1.0, 2.5))
            bench = await asyncio.to_thread(_killed, bench)
        await asyncio.sleep(2.0 if kills else seconds)
        end.set()
        await asyncio.gather(*raters)
    return bench


def _killed(bench: Bench) -> Bench:
    """The server killed, and one more on the same port and workspace."""
    os.kill(bench.server.process.pid, signal.SIGKILL)
    bench.server.process.wait()
    port = int(bench.server.url.rsplit(":", 1)[1])
    server = launch(bench.home, bench.home.parent / "server.log", port)
    wait_until_up(server, 120)
    return Bench(server, bench.home, bench.project_id, bench.names, bench.start)


def checked(home: Path, ledger: Judged) -> tuple[int, int]:
    """How many pairs one rater judged twice, and how many acknowledged judgements are missing or
    say something else than was sent."""
    store = Store(home)
    try:
        rows = store.database.rows(
            "SELECT judgement_id, presentation_id, pair_id, rater_id, choice FROM judgements"
        )
        counted = store.database.value("SELECT sum(judgements) FROM study_counts")
    finally:
        store.close()
    kept = {row["judgement_id"]: (row["presentation_id"], row["choice"]) for row in rows}
    lost = sum(
        kept.get(name) != (presentation, ledger.sent[name])
        for name, presentation in ledger.saved.items()
    )
    doubled = len(rows) - len({(row["pair_id"], row["rater_id"]) for row in rows})
    if counted != len(rows):
        ledger.errors.append(f"the counters say {counted} of {len(rows)} judgements")
    return doubled, lost


def row(what: str, raters: int, pairs: int, seconds: float, kills: int) -> str:
    """One line of the table."""
    ledger = Judged()
    with bench(raters, pairs) as running:
        last = asyncio.run(work(running, ledger, seconds, kills))
        last.server.stop()
        doubled, lost = checked(running.home, ledger)
    for error in ledger.errors[:5]:
        print("error:", error)
    shares = " | ".join(ledger.share(part) for part in (0.5, 0.95, 0.99))
    return (
        f"| {what} | {len(ledger.saved)} | {shares} | {len(ledger.errors)} | {doubled} | {lost} |"
    )


def main() -> None:
    """Print the table, with the commit and the machine."""
    parser = argparse.ArgumentParser(description="Raters at a real server.")
    parser.add_argument("what", nargs="?", default="all", choices=["all", "raters", "killed"])
    parser.add_argument("--raters", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--kills", type=int, default=20)
    given = parser.parse_args()
    print_head(HEAD)
    if given.what in ("all", "raters"):
        raters = given.raters or 20
        what = f"{raters} raters, {given.pairs:,} pairs"
        print(row(what, raters, given.pairs, given.seconds, 0), flush=True)
    if given.what in ("all", "killed"):
        raters = given.raters or 8
        what = f"{raters} raters, the server killed {given.kills} times"
        print(row(what, raters, given.pairs, given.seconds, given.kills), flush=True)


if __name__ == "__main__":
    main()
