"""Overlap under load: fifty people who annotate a thousand examples, two each, at a real server.

    python -m tests.benchmarks.overlap_load                       # a few minutes
    python -m tests.benchmarks.overlap_load --people 12 --examples 60 --think 0.3

Everybody saves until nothing is left for anybody. One save in twenty is sent twice at once, as a
browser does that lost the answer; one example in fifty is skipped. The ledger holds what the server
acknowledged; when the server has stopped, the database must hold each of it once, no example more
annotations than wished, and none two of one person. Prints a row for RESULTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from typing import Any

import httpx

from core.clock import new_id
from storage.store import Store
from tests.benchmarks.load import Bench, Ledger, bench, memory, print_head, sign_in

HEAD = (
    "| what | saves | p50 | p95 | refused | errors | above the cap | twice by one | lost "
    "| left over | took | memory |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
)
TWICE, SKIPPED = 0.05, 0.02
PATIENCE = 15.0  # seconds without anything to do after which a person goes home


async def work(running: Bench, ledger: Ledger, refused: list[str], think: float) -> None:
    """Everybody signs in and works until nothing is left."""
    limits = httpx.Limits(max_connections=len(running.names) + 5, keepalive_expiry=1)
    async with httpx.AsyncClient(
        base_url=running.server.url, timeout=60, trust_env=False, limits=limits
    ) as client:
        cookies = [await sign_in(client, running, name) for name in running.names]
        await asyncio.gather(
            *(person(client, running, cookie, ledger, refused, think) for cookie in cookies)
        )


async def person(
    client: httpx.AsyncClient,
    running: Bench,
    cookie: str,
    ledger: Ledger,
    refused: list[str],
    think: float,
) -> None:
    """One person: read, save or skip, get the next one; look again while others hold the rest."""
    headers = {"cookie": cookie, "origin": running.server.url}
    path = f"/work/annotate?project={running.project_id}"
    await asyncio.sleep(random.uniform(0, think))
    task: dict[str, Any] | None = None
    worked = time.perf_counter()
    while task is not None or time.perf_counter() - worked < PATIENCE:
        if task is None:
            task = (await client.get(path, headers=headers)).json()["task"]
            if task is None:
                await asyncio.sleep(1)
                continue
        await asyncio.sleep(random.uniform(0.5, 1.5) * think)
        began = time.perf_counter()
        sent = 2 if random.random() < TWICE else 1
        answers = await asyncio.gather(
            *(
                client.post("/work/annotate", json=one, headers=headers)
                for one in [body(task)] * sent
            )
        )
        ledger.seconds.append(time.perf_counter() - began)
        following = None
        for answer in answers:
            said = answer.json()
            if answer.status_code == httpx.codes.CONFLICT:
                refused.append(said["title"])
            elif answer.status_code != httpx.codes.OK:
                ledger.errors.append(f"{answer.status_code} {answer.text[:200]}")
            else:
                following = said["task"] or following
                if task["action"] == "save":
                    ledger.saved.update(dict.fromkeys(said["saved"], task["example_id"]))
        task, worked = following, time.perf_counter()


def body(task: dict[str, Any]) -> dict[str, Any]:
    """What the browser sends: a text of this person's, now and then a skip."""
    task["action"] = "skip" if random.random() < SKIPPED else "save"
    fields = {**task["fields"], "output": f"Written as {task['submission_id']}."}
    names = ("project", "submission_id", "example_id", "based_on", "labels", "quality", "action")
    sent = {name: task[name] for name in names} | {"fields": fields, "reason": "Not my field."}
    return sent if sent["action"] == "save" else sent | {"submission_id": new_id("evt")}


def checked(running: Bench, ledger: Ledger, overlap: int) -> tuple[int, int, int, int]:
    """Examples above the cap, ones that somebody annotated twice, acknowledged saves that are
    missing, and examples that fewer people than wished have annotated."""
    store = Store(running.home)
    try:
        rows = store.database.rows("SELECT annotation_id, example_id, person_id FROM annotations")
        current = store.database.rows(
            "SELECT example_id, state, annotations FROM example_current WHERE project_id = ?",
            [running.project_id],
        )
    finally:
        store.close()
    kept = {row["annotation_id"]: row["example_id"] for row in rows}
    lost = sum(kept.get(name) != example for name, example in ledger.saved.items())
    each = Counter(row["example_id"] for row in rows)
    by = Counter((row["example_id"], row["person_id"]) for row in rows)
    wrong = [
        one
        for one in current
        if one["annotations"] != each[one["example_id"]]
        or (one["state"] == "annotated") != (each[one["example_id"]] == overlap)
    ]
    if wrong:
        raise SystemExit(f"{len(wrong)} counters differ from the log: {wrong[:3]}")
    above = sum(n > overlap for n in each.values())
    return (
        above,
        sum(n > 1 for n in by.values()),
        lost,
        sum(one["state"] == "new" for one in current),
    )


def main() -> None:
    """Print the table, with the commit and the machine."""
    parser = argparse.ArgumentParser(description="Several annotators at a real server.")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--examples", type=int, default=1_000)
    parser.add_argument("--overlap", type=int, default=2)
    parser.add_argument("--think", type=float, default=1.0)
    given = parser.parse_args()
    print_head(HEAD)
    ledger, refused = Ledger(), list[str]()
    with bench(given.examples, given.people, given.overlap) as running:
        began = time.perf_counter()
        asyncio.run(work(running, ledger, refused, given.think))
        took = time.perf_counter() - began
        used = memory(running.server)
        running.server.stop()
        above, twice, lost, left = checked(running, ledger, given.overlap)
    for error in ledger.errors[:5]:
        print("error:", error, file=sys.stderr)
    print(
        f"| {given.people} people, {given.examples:,} examples, overlap {given.overlap} "
        f"| {len(ledger.saved)} | {ledger.share(0.5)} | {ledger.share(0.95)} | {len(refused)} "
        f"| {len(ledger.errors)} | {above} | {twice} | {lost} | {left} | {took:.0f} s | {used} |"
    )


if __name__ == "__main__":
    main()
