"""Which example of a work queue a person gets next.

A queue is not a table: the counters say in which blocks of positions there are open examples, and
one block of `example_current` is read for the first of them. A project whose order is not that of
import has its next examples in QueueOrders, or in Disagreements for reviews. Callers hold the
transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.examples.current import CurrentExample
from core.examples.queue_orders import QueueOrder
from core.examples.states import Queue, is_open
from storage.counters import BLOCK, Counters, Tally
from storage.database import Database
from storage.disagreements import Disagreements
from storage.examples import CURRENT, Examples
from storage.groups import Groups
from storage.overlaps import Overlaps
from storage.promises import Promises
from storage.queue_orders import QueueOrders

# What each queue holds, as core.examples.states.is_open says it.
_OPEN: dict[Queue, str] = {
    "annotate": "state IN ('new', 'sent_back') AND NOT flagged",
    "review": "(state = 'annotated' OR flagged) AND state <> 'set_aside'",
}
# What a person gets before the rest: their own that came back; what somebody else wrote.
_FIRST: dict[Queue, str] = {
    "annotate": "state = 'sent_back' AND author_id = $person_id",
    "review": "author_id <> $person_id",
}
# The rows lie in import order and DuckDB keeps it, so the first one found is the first one, and the
# search ends there; to sort for it would double the time.
_CANDIDATE = {
    queue: f"""
        {CURRENT}
        WHERE project_id = $project_id AND position >= $start AND position < $end
          AND {_OPEN[queue]} AND ({_FIRST[queue]}) = $first
          AND NOT list_contains($taken, example_id)
        LIMIT 1
        """
    for queue in _OPEN
}
_ASSIGNED = "AND assigned_to = $assigned_to AND NOT list_contains"
# Where several people annotate or accept an example: nobody gets one again that they annotated, nor
# one that they accepted and that waits for others; nor decides between annotations of which one is
# theirs while one of $deciders has neither written one nor accepted it.
_NOT_MINE: dict[Queue, str] = {
    "annotate": """
        revision_id NOT IN (
            SELECT a.based_on FROM annotations a
            WHERE a.project_id = $project_id AND a.person_id = $person_id
              AND a.position >= $start AND a.position < $end)
        """,
    "review": """
        example_id NOT IN (
            SELECT a.example_id FROM (
                SELECT example_id, person_id, position, project_id, true AS wrote FROM annotations
                UNION ALL
                SELECT example_id, person_id, position, project_id, false FROM acceptances) a
            WHERE a.project_id = $project_id AND a.position >= $start AND a.position < $end
            GROUP BY a.example_id
            HAVING bool_or(a.wrote AND a.person_id = $person_id)
               AND count(DISTINCT a.person_id) FILTER (list_contains($deciders, a.person_id))
                   < len($deciders))
        AND example_id NOT IN (
            SELECT w.example_id FROM acceptances w
            WHERE w.project_id = $project_id AND w.person_id = $person_id
              AND w.position >= $start AND w.position < $end)
        """,
}
# A join may change the order of the rows, and to sort whole ones would take longer than all else.
_CANDIDATE_APART = {
    queue: f"""
        {CURRENT}
        WHERE project_id = $project_id AND position >= $start AND position = (
            SELECT min(position) FROM example_current
            WHERE project_id = $project_id AND position >= $start AND position < $end
              AND {_OPEN[queue]} AND ({_FIRST[queue]}) = $first
              AND NOT list_contains($taken, example_id)
              AND {_NOT_MINE[queue]})
        """  # noqa: S608 literals of this module
    for queue in _OPEN
}


@dataclass(frozen=True, slots=True)
class Block:
    """A block of positions in which `n` examples are open; `first`: to be given before others.

    `assigned_to`: only those; None: all of them, in a queue where nothing open is assigned.
    """

    number: int
    first: bool
    n: int
    assigned_to: str | None = None


class Candidates:
    """The open examples of a queue, and the next one for a person."""

    def __init__(
        self,
        db: Database,
        counters: Counters,
        examples: Examples,
        groups: Groups,
        orders: QueueOrders,
        overlaps: Overlaps,
        promises: Promises,
        disagreements: Disagreements,
    ) -> None:
        self._db = db
        self._counters = counters
        self._examples = examples
        self._groups = groups
        self._orders = orders
        self._overlaps = overlaps
        self._promises = promises
        self._disagreements = disagreements

    def prepare(self, project_id: str) -> None:
        """Bring to mind what a queue asks for each time: inside of a transaction it would be read,
        and not kept."""
        self._counters.sums(project_id)
        self._groups.of_project(project_id)
        self._orders.prepare(project_id)
        self._disagreements.prepare(project_id)

    def open_blocks(self, project_id: str, queue: Queue, person_id: str) -> list[Block]:
        """The blocks with open examples, in the order in which this person goes through them:
        of the annotate queue what is assigned to them, then to their groups, then to nobody."""
        found: dict[tuple[bool, str, int], int] = {}
        for tally, n in self._counters.sums(project_id).items():
            if is_open(queue, tally.state, tally.flagged):
                assigned_to = tally.assigned_to if queue == "annotate" else ""
                key = (not _is_first(queue, tally, person_id), assigned_to, tally.block)
                found[key] = found.get(key, 0) + n
        if not any(assigned_to for _, assigned_to, _ in found):
            return [
                Block(block, not last, found[last, "", block]) for last, _, block in sorted(found)
            ]
        reach = self._groups.reach(project_id, person_id)
        turns = sorted(
            (last, reach.index(assigned_to), block)
            for last, assigned_to, block in found
            if assigned_to in reach
        )
        return [
            Block(block, not last, found[last, reach[turn], block], reach[turn])
            for last, turn, block in turns
        ]

    def next(
        self,
        project_id: str,
        queue: Queue,
        person_id: str,
        *,
        taken: Collection[str],
        after: int = 0,
        deciders: Collection[str] | None = None,
    ) -> CurrentExample | None:
        """The first open example that is not in `taken`; until the transaction ends it is promised
        to this person, and nobody else gets it.

        `after`: one behind this position where there is one, for somebody who lost the first one
        to another. `deciders`, where several people annotate or accept an example: who else could
        decide between annotations; this person is then not given what they annotated or accepted.
        """
        taken = self._promises.made().union(taken)
        while found := self._first(project_id, queue, person_id, taken, after, deciders):
            if self._promises.make(found.example_id):
                self._db.when_it_ends(partial(self._promises.end, found.example_id))
                return found
            taken.add(found.example_id)
        return None

    def _first(
        self,
        project_id: str,
        queue: Queue,
        person_id: str,
        taken: set[str],
        after: int,
        deciders: Collection[str] | None,
    ) -> CurrentExample | None:
        blocks = self.open_blocks(project_id, queue, person_id)
        if queue == "review" and deciders is not None:
            disputed = self._most_disputed(project_id, person_id, taken, deciders)
            if disputed is not None:
                return disputed
            blocks = self._but_accepted(project_id, person_id, blocks)
        order = self._orders.of_project(project_id) if queue == "annotate" else "oldest"
        statement = _CANDIDATE if deciders is None else _CANDIDATE_APART
        more: dict[str, Any] = {"deciders": list(deciders)} if deciders is not None else {}
        for block in blocks:
            if order != "oldest" and not block.first:
                apart = None if deciders is None else person_id
                return self._first_in_order(project_id, order, blocks, taken, apart)
            start, end = block.number * BLOCK, (block.number + 1) * BLOCK
            sql = statement[queue]
            about: dict[str, Any] = dict(more) if queue == "review" else {}
            if block.assigned_to is not None:
                sql = sql.replace("AND NOT list_contains", _ASSIGNED)
                about["assigned_to"] = block.assigned_to
            for begin in {max(start, after + 1): None, start: None}:
                row = self._db.one(
                    sql,
                    {
                        **about,
                        "project_id": project_id,
                        "person_id": person_id,
                        "start": begin,
                        "end": end,
                        "first": block.first,
                        "taken": list(taken),
                    },
                )
                if row is not None:
                    return self._examples.from_row(row)
        return None

    def _most_disputed(
        self, project_id: str, person_id: str, taken: set[str], deciders: Collection[str]
    ) -> CurrentExample | None:
        """Where reviews are ordered by disagreement, the example on which its annotators differ
        most, of those that this person may decide on and has not changed."""
        if self._disagreements.order_of(project_id) != "disagreement":
            return None
        rows = self._db.rows(
            """
            SELECT example_id FROM acceptances
            WHERE project_id = $project_id AND person_id = $person_id
            """,
            {"project_id": project_id, "person_id": person_id},
        )
        taken = taken.union(row["example_id"] for row in rows)
        for example_id in self._disagreements.ahead(project_id, taken, person_id, deciders):
            found = self._examples.current(example_id)
            if found is None or found.state != "annotated":
                self._disagreements.drop(project_id, example_id)
            elif found.author_id != person_id:
                return found
        return None

    def _but_accepted(
        self, project_id: str, person_id: str, blocks: Sequence[Block]
    ) -> list[Block]:
        """The blocks without those in which this person has accepted all that is open: to look for
        one there reads a block in vain."""
        rows = self._db.rows(
            f"""
            SELECT position // {BLOCK} AS block, count(*) AS n FROM acceptances
            WHERE project_id = $project_id AND person_id = $person_id GROUP BY block
            """,  # noqa: S608 a number
            {"project_id": project_id, "person_id": person_id},
        )
        accepted = {row["block"]: row["n"] for row in rows}
        if not accepted:
            return list(blocks)
        left = Counter({number: -n for number, n in accepted.items()})
        for block in blocks:
            left[block.number] += block.n
        return [block for block in blocks if left[block.number] > 0]

    def _first_in_order(
        self,
        project_id: str,
        order: QueueOrder,
        blocks: Sequence[Block],
        taken: set[str],
        apart: str | None,
    ) -> CurrentExample | None:
        """The next one in another order than that of import, of what the blocks hold; with
        `apart`, none that this person annotated."""
        if apart is not None:
            taken = taken | self._overlaps.done_open_ids(project_id, apart)
        for assigned_to in dict.fromkeys(block.assigned_to for block in blocks if not block.first):
            for example_id in self._orders.ahead(project_id, order, assigned_to, taken):
                found = self._examples.current(example_id)
                still = found and found.is_open("annotate")
                if found and still and assigned_to in (None, found.assigned_to):
                    return found
                self._orders.drop(project_id, order, assigned_to, example_id)
        return None


def _is_first(queue: Queue, tally: Tally, person_id: str) -> bool:
    """As _FIRST says it of an example."""
    mine = tally.author_id == person_id
    return mine and tally.state == "sent_back" if queue == "annotate" else not mine
