"""How far the annotators of each example differ, and what reviewers get in that order.

The numbers are a table of their own, written with the annotation that ends the collecting. Those
that wait for a review are kept in memory in their order, so that neither a save nor a request for
the next one sorts anything. Callers hold the transaction.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial

from core.examples.current import CurrentExample
from core.examples.queue_orders import REVIEW_ORDERS, ReviewOrder
from storage.counters import Counters
from storage.database import Database
from storage.remembered import Remembered

AHEAD = 1_000


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    """An example in the order of the queue: the largest disagreement first, then by position."""

    less: float  # minus the disagreement
    position: int
    example_id: str
    annotators: frozenset[str]


@dataclass
class _Queue:
    """What waits for a review; `whole`: nothing else of the project does. Found at `recounts`."""

    waiting: list[_Waiting]
    whole: bool
    recounts: int


class Disagreements:
    """The numbers, and the review queue by them."""

    def __init__(self, db: Database, counters: Counters) -> None:
        self._db = db
        self._counters = counters
        self._orders: Remembered[ReviewOrder] = Remembered(db)
        self._lock = threading.Lock()
        self._queues: dict[str, _Queue] = {}
        self._changes = 0  # begun so far
        self._open = 0  # begun and not ended yet

    def order_of(self, project_id: str) -> ReviewOrder:
        """The order of the project's review queue: in memory after the first look."""
        return self._orders.recall(project_id, lambda: self._read_order(project_id)) or "oldest"

    def settings_change(self) -> None:
        """A project's settings change in this transaction: read them anew once it has ended."""
        self._orders.forget()

    def prepare(self, project_id: str) -> None:
        """Bring to mind what `ahead` needs."""
        if self.order_of(project_id) == "disagreement":
            self._queue(project_id)

    # Changing ----------------------------------------------------------------------------------

    def keep(self, example: CurrentExample, value: float, annotators: Collection[str]) -> None:
        """The example's annotators differ by so much (0..1); it waits for a review from now on."""
        if not value:
            self.clear(example)
            return
        self._db.execute(
            """
            INSERT INTO disagreements (example_id, project_id, position, disagreement)
            VALUES ($example_id, $project_id, $position, $disagreement)
            ON CONFLICT (example_id) DO UPDATE SET disagreement = excluded.disagreement
            """,
            {
                "example_id": example.example_id,
                "project_id": example.project_id,
                "position": example.position,
                "disagreement": value,
            },
        )
        one = _Waiting(-value, example.position, example.example_id, frozenset(annotators))
        self._enters(example.project_id, one)

    def clear(self, example: CurrentExample) -> None:
        """What its annotators wrote is not what a reviewer decides on any more."""
        about = {"example_id": example.example_id}
        self._db.execute("DELETE FROM disagreements WHERE example_id = $example_id", about)
        self._begin()
        self._db.when_it_ends(partial(self._left, example.project_id, example.example_id))

    def returns(self, example: CurrentExample) -> None:
        """A decision on the example was undone: it waits for a review again."""
        if example.annotations < 2:
            return
        for one in self._read("d.example_id = $key", example.example_id, 1):
            self._enters(example.project_id, one)

    def _begin(self) -> None:
        with self._lock:
            self._changes += 1
            self._open += 1

    def _left(self, project_id: str, example_id: str, committed: bool) -> None:
        with self._lock:
            self._open -= 1
        if committed:
            self.drop(project_id, example_id)

    def _enters(self, project_id: str, one: _Waiting) -> None:
        self._begin()
        self._db.when_it_ends(partial(self._entered, project_id, one))

    def _entered(self, project_id: str, one: _Waiting, committed: bool) -> None:
        with self._lock:
            self._open -= 1
            queue = self._queues.get(project_id)
            if not committed or queue is None:
                return
            waiting = [other for other in queue.waiting if other.example_id != one.example_id]
            # What is behind the end of a part is found by the next look.
            if queue.whole or (waiting and one < waiting[-1]):
                insort(waiting, one)
            queue.whole = queue.whole and len(waiting) <= 2 * AHEAD
            queue.waiting = waiting[: 2 * AHEAD]

    # Whose turn it is --------------------------------------------------------------------------

    def ahead(
        self, project_id: str, taken: Collection[str], person_id: str, deciders: Collection[str]
    ) -> Iterator[str]:
        """Examples that waited for a review, the largest disagreement first, but for `taken` and
        those that this person annotated and one of `deciders` did not."""
        others = set(deciders)
        for one in list(self._queue(project_id).waiting):
            own = person_id in one.annotators and others - one.annotators
            if one.example_id not in taken and not own:
                yield one.example_id

    def drop(self, project_id: str, example_id: str) -> None:
        """The example does not wait for a review any more."""
        with self._lock:
            if queue := self._queues.get(project_id):
                queue.waiting = [one for one in queue.waiting if one.example_id != example_id]

    def _queue(self, project_id: str) -> _Queue:
        with self._lock:
            kept = self._queues.get(project_id)
            if kept and self._is_good(kept):
                return kept
            before, quiet = self._changes, not self._open
            recounts = self._counters.recounts
        waiting = self._read("d.project_id = $key", project_id, AHEAD + 1)
        found = _Queue(waiting[:AHEAD], len(waiting) <= AHEAD, recounts)
        with self._lock:
            # A change that ended meanwhile may be in the rows already, or not: not to be kept then.
            if quiet and before == self._changes and not self._db.in_transaction:
                self._queues[project_id] = found
        return found

    def _is_good(self, kept: _Queue) -> bool:
        long_enough = kept.whole or len(kept.waiting) > AHEAD // 2
        return long_enough and kept.recounts == self._counters.recounts

    def _read(self, which: str, key: str, most: int) -> list[_Waiting]:
        rows = self._db.rows(
            f"""
            WITH chosen AS (
                SELECT d.example_id, d.position, d.disagreement
                FROM disagreements d JOIN example_current c USING (example_id)
                WHERE {which} AND c.state = 'annotated'
                ORDER BY d.disagreement DESC, d.position LIMIT $most)
            SELECT c.example_id, c.position, c.disagreement, list(a.person_id) AS annotators
            FROM chosen c JOIN annotations a USING (example_id)
            GROUP BY c.example_id, c.position, c.disagreement
            ORDER BY c.disagreement DESC, c.position
            """,  # noqa: S608 `which` is a literal of this class
            {"key": key, "most": most},
        )
        return [
            _Waiting(
                -row["disagreement"],
                row["position"],
                row["example_id"],
                frozenset(row["annotators"]),
            )
            for row in rows
        ]

    def _read_order(self, project_id: str) -> ReviewOrder:
        found = self._db.value(
            "SELECT settings ->> 'review_order' FROM projects WHERE project_id = $project_id",
            {"project_id": project_id},
        )
        return found if found in REVIEW_ORDERS else "oldest"
