"""Load: people who annotate at a real server, with clients and a ledger of their own.

    python -m tests.benchmarks.load                          # all rows: some ten minutes
    python -m tests.benchmarks.load people --people 50 --examples 100000 --seconds 120
    python -m tests.benchmarks.load import --examples 100000 --records 1000000

Each run seeds a workspace by SQL, starts `streamlit run app.py` on a free port of 127.0.0.1, signs
people in, and lets each save and wait for the next example, three seconds apart. The ledger holds
what the server acknowledged; when the server has stopped, the database must hold each of it once,
and no example from two people. Prints rows for RESULTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from core.passwords import hash_password
from core.workspace import Workspace
from storage.store import Store
from tests.builders import a_project
from tests.many_examples import many_examples
from tests.serving import PASSWORD, ROOT, Server, launch, wait_until_up

THINK = 3.0
PROJECT = "Load"
HEAD = (
    "| what | saves | p50 | p95 | p99 | errors | doubles | lost | start | CPU/save | memory |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass
class Ledger:
    """What the server acknowledged: submission → example; seconds from sending to the answer."""

    saved: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cpu: float = 0.0  # seconds that the server computed meanwhile

    def share(self, part: float) -> str:
        """A quantile of the seconds, in ms."""
        if not self.seconds:
            return "–"
        ordered = sorted(self.seconds)
        return f"{1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]:.0f} ms"


@dataclass(frozen=True)
class Bench:
    """A running server over a seeded workspace."""

    server: Server
    home: Path
    project_id: str
    names: list[str]
    start: float


@contextmanager
def bench(examples: int, people: int, overlap: int = 1) -> Iterator[Bench]:
    """Seed a workspace, start the server, stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="touchstone-load-") as folder:
        home = Path(folder) / "workspace"
        project_id, names = seed(home, examples, people, overlap)
        began = time.perf_counter()
        server = launch(home, Path(folder) / "server.log")
        try:
            wait_until_up(server, 120)
            yield Bench(server, home, project_id, names, time.perf_counter() - began)
        finally:
            server.stop()


def seed(home: Path, examples: int, people: int, overlap: int) -> tuple[str, list[str]]:
    """A project with examples, and people who annotate in it, all with one password."""
    Workspace(home).prepare()
    store = Store(home)
    try:
        project_id = a_project(store, PROJECT, overlap=overlap).project_id
        many_examples(store, project_id, examples)
        names = [f"annotator{n}" for n in range(people)]
        one_hash = hash_password(PASSWORD, "nobody")
        for number, name in enumerate(names):
            person_id = store.accounts.add(name, name, one_hash, number == 0)
            store.accounts.grant(project_id, person_id, "annotator")
        return project_id, names
    finally:
        store.close()


async def work(bench: Bench, seconds: float, ledger: Ledger, think: float = THINK) -> None:
    """Everybody signs in, then works until the time is over."""
    # Shorter than the server keeps a connection: none is used just when the server closes it.
    limits = httpx.Limits(max_connections=len(bench.names) + 5, keepalive_expiry=1)
    async with httpx.AsyncClient(
        base_url=bench.server.url, timeout=60, trust_env=False, limits=limits
    ) as client:
        cookies = [await sign_in(client, bench, name) for name in bench.names]
        server = psutil.Process(bench.server.process.pid)
        deadline, computed = time.perf_counter() + seconds, sum(server.cpu_times()[:2])
        await asyncio.gather(
            *(annotate(client, bench, cookie, deadline, ledger, think) for cookie in cookies)
        )
        ledger.cpu = sum(server.cpu_times()[:2]) - computed


async def sign_in(client: httpx.AsyncClient, bench: Bench, name: str) -> str:
    """The session cookie of this person."""
    answer = await client.post(
        "/login",
        data={"name": name, "password": PASSWORD},
        headers={"origin": bench.server.url},
    )
    client.cookies.clear()
    return f"{bench.server.cookie}={answer.cookies[bench.server.cookie]}"


async def annotate(
    client: httpx.AsyncClient,
    bench: Bench,
    cookie: str,
    deadline: float,
    ledger: Ledger,
    think: float,
) -> None:
    """One person: read, save, get the next one."""
    headers = {"cookie": cookie, "origin": bench.server.url}
    path = f"/work/annotate?project={bench.project_id}"
    await asyncio.sleep(random.uniform(0, think))
    answer = await client.get(path, headers=headers)
    task = answer.json()["task"]
    while task is not None and time.perf_counter() < deadline:
        await asyncio.sleep(random.uniform(0.5, 1.5) * think)
        fields = {**task["fields"], "output": f"Written as {task['submission_id']}."}
        names = ("project", "submission_id", "example_id", "based_on", "labels", "quality")
        body = {name: task[name] for name in names}
        body |= {"action": "save", "fields": fields, "comment": "", "seconds": think}
        began = time.perf_counter()
        try:
            answer = await client.post("/work/annotate", json=body, headers=headers)
        except httpx.HTTPError as error:
            ledger.errors.append(repr(error))
            continue
        if answer.status_code != httpx.codes.OK:
            ledger.errors.append(f"{answer.status_code} {answer.text[:200]}")
            task = (await client.get(path, headers=headers)).json()["task"]
            continue
        ledger.seconds.append(time.perf_counter() - began)
        said = answer.json()
        ledger.saved.update(dict.fromkeys(said["saved"], task["example_id"]))
        task = said["task"]


def checked(home: Path, ledger: Ledger) -> tuple[int, int]:
    """How many examples were saved by two people, and how many acknowledged saves are missing."""
    store = Store(home)
    try:
        rows = store.database.rows(
            "SELECT revision_id, example_id, author_id FROM revisions WHERE origin = 'annotate'"
        )
    finally:
        store.close()
    kept = {row["revision_id"]: row["example_id"] for row in rows}
    lost = sum(1 for name, example in ledger.saved.items() if kept.get(name) != example)
    authors: dict[str, set[str]] = {}
    for row in rows:
        authors.setdefault(row["example_id"], set()).add(row["author_id"])
    return sum(1 for who in authors.values() if len(who) > 1), lost


def memory(server: Server) -> str:
    """Resident memory of the server process."""
    return f"{psutil.Process(server.process.pid).memory_info().rss / 1e6:.0f} MB"


def row(what: str, bench: Bench, ledger: Ledger, used: str) -> str:
    """One line of the table; the server has stopped."""
    doubles, lost = checked(bench.home, ledger)
    shares = " | ".join(ledger.share(part) for part in (0.5, 0.95, 0.99))
    cost = f"{1000 * ledger.cpu / max(1, len(ledger.saved)):.0f} ms" if ledger.cpu else "–"
    for error in ledger.errors[:5]:
        print("error:", error, file=sys.stderr)
    return (
        f"| {what} | {len(ledger.saved)} | {shares} | {len(ledger.errors)} | {doubles} | {lost} "
        f"| {bench.start:.1f} s | {cost} | {used} |"
    )


def people_row(people: int, examples: int, seconds: float) -> str:
    """So many people at work on so many examples."""
    ledger = Ledger()
    with bench(examples, people) as running:
        asyncio.run(work(running, seconds, ledger))
        used = memory(running.server)
        running.server.stop()
        return row(f"{people} people, {examples:,} examples", running, ledger, used)


def import_row(examples: int, records: int, people: int) -> str:
    """People at work while a file of so many records is imported from the terminal."""
    ledger = Ledger()
    with bench(examples, people) as running:
        used, took = asyncio.run(_import_beside(running, records, ledger))
        running.server.stop()
        what = f"{people} people, {examples:,} examples, while {records:,} are imported ({took})"
        return row(what, running, ledger, used)


async def _import_beside(bench: Bench, records: int, ledger: Ledger) -> tuple[str, str]:
    path = bench.home.parent / "records.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(records):
            record = {
                "instruction": f"Say what visit {number} was about.",
                "input": f"Note {number}: " + "the knee was better. " * 6,
                "output": f"The knee was better in visit {number}.",
            }
            file.write(json.dumps(record) + "\n")
    began = time.perf_counter()
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "cli.py", "import", str(path)),
        *("--project", PROJECT, "--home", str(bench.home)),
        cwd=ROOT,
    )
    peak = 0.0
    people = asyncio.ensure_future(work(bench, 3600, ledger))
    process = psutil.Process(bench.server.process.pid)
    while command.returncode is None:
        peak = max(peak, process.memory_info().rss / 1e6)
        await asyncio.wait([asyncio.ensure_future(command.wait())], timeout=0.2)
    took = time.perf_counter() - began
    people.cancel()
    if command.returncode:
        ledger.errors.append(f"the import ended with {command.returncode}")
    return f"{peak:.0f} MB", f"{took:.0f} s"


def print_head(head: str) -> None:
    """The commit, the machine and its load, and the head of a table."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"Commit {commit}, {machine}, load before {os.getloadavg()[0]:.1f}.\n")
    print(head, flush=True)


def main() -> None:
    """Print the table, with the commit and the machine."""
    parser = argparse.ArgumentParser(description="Load on a real server.")
    parser.add_argument("what", nargs="?", default="all", choices=["all", "people", "import"])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--records", type=int, default=1_000_000)
    given = parser.parse_args()
    print_head(HEAD)
    if given.what in ("all", "people"):
        print(people_row(given.people, given.examples, given.seconds), flush=True)
    if given.what == "all":
        print(people_row(1, 1_000_000, given.seconds), flush=True)
    if given.what in ("all", "import"):
        print(import_row(given.examples, given.records, 10), flush=True)


if __name__ == "__main__":
    main()
