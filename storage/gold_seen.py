"""All that a person who is measured may see of a project's gold examples, in a few statements."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.examples.current import CurrentExample, Revision
from core.examples.gold import GoldTask
from core.examples.overlap import PersonAnnotation
from storage.database import Database, Row
from storage.examples import CURRENT, Examples
from storage.gold_examples import GoldExamples


@dataclass(frozen=True, slots=True)
class GoldSeen:
    """A gold example that is given, its imported revision, the person's task on it where there is
    one, what they answered, the oldest first, and whether they know the accepted text."""

    current: CurrentExample
    first: Revision
    task: GoldTask | None
    answers: list[PersonAnnotation]
    known: bool


class GoldSeenExamples:
    """Questions about all gold examples at once; one at a time they are in GoldExamples."""

    def __init__(self, db: Database, examples: Examples, gold: GoldExamples) -> None:
        self._db = db
        self._examples = examples
        self._gold = gold

    def of_person(self, project_id: str, person_id: str) -> list[GoldSeen]:
        """What is gold and given now, for this person."""
        about = {"project_id": project_id}
        rows = self._db.rows(f"{CURRENT} {_GIVEN}", about)
        firsts = {row["example_id"]: _revision(row) for row in self._db.rows(_FIRST, about)}
        known = self._db.rows(_KNOWN, {**about, "person_id": person_id})
        knows = {row["example_id"] for row in known}
        tasks = {one.example_id: one for one in self._gold.tasks_of(project_id, person_id)}
        answers: dict[str, list[PersonAnnotation]] = {}
        for one in self._gold.annotations_by(project_id, person_id):
            answers.setdefault(one.example_id, []).append(one)
        return [
            GoldSeen(
                current,
                firsts[current.example_id],
                tasks.get(current.example_id),
                answers.get(current.example_id, []),
                current.example_id in knows,
            )
            for current in map(self._examples.from_row, rows)
        ]


_GOLD = "SELECT example_id FROM gold_examples WHERE project_id = $project_id"
# As core.workflows.curation.gold_views.is_given says it.
_GIVEN = f"""
    WHERE project_id = $project_id AND state = 'accepted' AND NOT flagged
      AND example_id IN ({_GOLD})
"""
_FIRST = f"""
    SELECT revision_id, example_id, number, based_on, instruction, input, output,
           CAST(labels AS VARCHAR) AS labels, quality, origin, comment, author_id, seconds,
           created_at
    FROM revisions WHERE number = 1 AND example_id IN ({_GOLD})
"""  # noqa: S608 as above
# As GoldExamples.knows says it of one.
_KNOWN = f"""
    SELECT example_id FROM revisions
    WHERE author_id = $person_id AND example_id IN ({_GOLD})
    UNION SELECT example_id FROM annotations
    WHERE person_id = $person_id AND example_id IN ({_GOLD})
    UNION SELECT example_id FROM reviews
    WHERE reviewer_id = $person_id AND example_id IN ({_GOLD})
"""  # noqa: S608 as above


def _revision(row: Row) -> Revision:
    return Revision(**{**row, "labels": json.loads(row["labels"])}, author="")
