"""Gold examples: which are, who was given which, and what people answered.

(Gold pairs of the rating station are in storage/gold.py.) Which examples are gold is kept in
memory, so that a project without any pays nothing. Callers hold the transaction.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from typing import Any

from core.clock import now
from core.examples.current import CurrentExample
from core.examples.gold import GoldMix, GoldTask, GoldTurns
from core.examples.gold_accuracy import GoldAnswer, MarkedExample
from core.examples.overlap import PersonAnnotation
from storage.database import Database, Row
from storage.remembered import Remembered

_ANNOTATION = """
    a.annotation_id, a.example_id, a.project_id, a.person_id, a.based_on, a.instruction, a.input,
    a.output, CAST(a.labels AS VARCHAR) AS labels, a.quality, a.comment, a.seconds, a.created_at
"""
_TASK = "example_id, person_id, project_id, state, event_id, reason, created_at"


class GoldExamples:
    """Marks, tasks and annotations of gold examples."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._of_project: Remembered[GoldMix] = Remembered(db)

    # Marks -------------------------------------------------------------------------------------

    def of_project(self, project_id: str) -> GoldMix:
        """Which examples of a project are gold, and how often they come."""
        return self._of_project.recall(project_id, lambda: self._read(project_id)) or GoldMix()

    def _read(self, project_id: str) -> GoldMix | None:
        row = self._db.one(
            """
            SELECT CAST(settings ->> 'gold_share' AS DOUBLE) AS share,
                   (SELECT list(example_id) FROM gold_examples
                    WHERE project_id = $project_id) AS examples,
                   EXISTS (SELECT 1 FROM gold_tasks WHERE project_id = $project_id) AS ever
            FROM projects WHERE project_id = $project_id
            """,
            {"project_id": project_id},
        )
        if row is None:
            return None
        return GoldMix(row["share"] or 0.0, frozenset(row["examples"] or ()), row["ever"])

    def settings_change(self) -> None:
        """A project's settings or gold examples change in this transaction."""
        self._of_project.forget()

    def mark(self, project_id: str, example_id: str, actor_id: str) -> None:
        """The example is gold from now on."""
        self.settings_change()
        self._db.execute(
            """
            INSERT INTO gold_examples (example_id, project_id, actor_id, created_at)
            VALUES ($example_id, $project_id, $actor_id, $now) ON CONFLICT DO NOTHING
            """,
            {
                "example_id": example_id,
                "project_id": project_id,
                "actor_id": actor_id,
                "now": now(),
            },
        )

    def unmark(self, example_id: str) -> None:
        """The example is gold no more; who has it open is not given it again."""
        self.settings_change()
        about = {"example_id": example_id}
        self._db.execute("DELETE FROM gold_examples WHERE example_id = $example_id", about)
        self._db.execute(
            "DELETE FROM gold_tasks WHERE example_id = $example_id AND state = 'open'", about
        )

    def marked(self, project_id: str) -> list[MarkedExample]:
        """The gold examples, in import order."""
        rows = self._db.rows(
            """
            SELECT c.example_id, c.position, c.state = 'accepted' AND NOT c.flagged AS given
            FROM example_current c SEMI JOIN gold_examples g USING (example_id)
            WHERE c.project_id = $project_id ORDER BY c.position
            """,
            {"project_id": project_id},
        )
        return [MarkedExample(**row) for row in rows]

    # Tasks -------------------------------------------------------------------------------------

    def turns(self, project_id: str, person_id: str) -> GoldTurns:
        """How many tasks this person was given, and the salt of their draws."""
        row = self._db.one(
            """
            SELECT salt, n FROM gold_turns
            WHERE project_id = $project_id AND person_id = $person_id
            """,
            {"project_id": project_id, "person_id": person_id},
        )
        return GoldTurns(**row) if row else GoldTurns(secrets.token_hex(16), 0)

    def next_turn(self, project_id: str, person_id: str, turns: GoldTurns) -> None:
        """This person was given one task more."""
        self._db.execute(
            """
            INSERT INTO gold_turns (project_id, person_id, salt, n)
            VALUES ($project_id, $person_id, $salt, $n)
            ON CONFLICT (project_id, person_id) DO UPDATE SET n = excluded.n
            """,
            {
                "project_id": project_id,
                "person_id": person_id,
                "salt": turns.salt,
                "n": turns.n + 1,
            },
        )

    def task(self, example_id: str, person_id: str) -> GoldTask | None:
        """What became of a gold example in a person's hands."""
        row = self._db.one(
            f"""
            SELECT {_TASK} FROM gold_tasks
            WHERE example_id = $example_id AND person_id = $person_id
            """,  # noqa: S608 a literal of this module
            {"example_id": example_id, "person_id": person_id},
        )
        return GoldTask(**row) if row else None

    def tasks_of(self, project_id: str, person_id: str) -> list[GoldTask]:
        """Every gold example that this person was given, the oldest first."""
        return self._tasks(project_id, person_id)

    def all_tasks(self, project_id: str) -> list[GoldTask]:
        """Everybody's, of the examples that are gold now."""
        marked = self.of_project(project_id).examples
        return [one for one in self._tasks(project_id, None) if one.example_id in marked]

    def _tasks(self, project_id: str, person_id: str | None) -> list[GoldTask]:
        rows = self._db.rows(
            f"""
            SELECT {_TASK} FROM gold_tasks
            WHERE project_id = $project_id AND coalesce(person_id = $person_id, true)
            ORDER BY created_at, example_id
            """,  # noqa: S608 a literal of this module
            {"project_id": project_id, "person_id": person_id},
        )
        return [GoldTask(**row) for row in rows]

    def set_task(self, task: GoldTask) -> None:
        """Replace what became of a gold example in a person's hands."""
        if not self.of_project(task.project_id).ever:
            self.settings_change()
        self._db.execute(
            """
            INSERT INTO gold_tasks
                (example_id, person_id, project_id, state, event_id, reason, created_at)
            VALUES ($example_id, $person_id, $project_id, $state, $event_id, $reason, $created_at)
            ON CONFLICT (example_id, person_id) DO UPDATE
            SET state = excluded.state, event_id = excluded.event_id, reason = excluded.reason
            """,
            {**asdict(task), "created_at": task.created_at or now()},
        )

    def knows(self, example: CurrentExample, person_id: str) -> bool:
        """Whether this person wrote a revision or an annotation of the example, or decided on it.
        The rows of one position lie together, so few are read."""
        return bool(
            self._db.value(
                """
                SELECT EXISTS (SELECT 1 FROM revisions WHERE position = $position
                               AND example_id = $example_id AND author_id = $person_id)
                    OR EXISTS (SELECT 1 FROM annotations WHERE position = $position
                               AND example_id = $example_id AND person_id = $person_id)
                    OR EXISTS (SELECT 1 FROM reviews WHERE position = $position
                               AND example_id = $example_id AND reviewer_id = $person_id)
                """,
                {
                    "position": example.position,
                    "example_id": example.example_id,
                    "person_id": person_id,
                },
            )
        )

    # Annotations -------------------------------------------------------------------------------

    def add(self, annotation: PersonAnnotation, expected_revision: str) -> None:
        """Append what a person answered, beside the revision it is held against."""
        self._db.execute(
            """
            INSERT INTO gold_annotations
                (annotation_id, example_id, project_id, person_id, based_on, expected_revision,
                 instruction, input, output, labels, quality, comment, seconds, created_at)
            VALUES ($annotation_id, $example_id, $project_id, $person_id, $based_on,
                    $expected_revision, $instruction, $input, $output, $labels, $quality, $comment,
                    $seconds, $created_at)
            """,
            {
                **{k: v for k, v in asdict(annotation).items() if k != "position"},
                "labels": json.dumps(dict(annotation.labels)),
                "expected_revision": expected_revision,
            },
        )

    def example_of(self, submission_id: str) -> str | None:
        """The example that a gold annotation was saved of under this submission, or None."""
        found: str | None = self._db.value(
            "SELECT example_id FROM gold_annotations WHERE annotation_id = $id",
            {"id": submission_id},
        )
        return found

    def is_known(self, event_id: str) -> bool:
        """Whether this skip or flag of a gold example was saved."""
        return bool(
            self._db.value("SELECT 1 FROM gold_tasks WHERE event_id = $id", {"id": event_id})
        )

    def annotations(self, example: CurrentExample, person_id: str) -> list[PersonAnnotation]:
        """What a person answered to one gold example, the oldest first."""
        rows = self._db.rows(
            f"""
            SELECT {_ANNOTATION}, $position AS position FROM gold_annotations a
            WHERE a.example_id = $example_id AND a.person_id = $person_id
            ORDER BY a.created_at, a.annotation_id
            """,  # noqa: S608 a literal of this module
            {
                "example_id": example.example_id,
                "person_id": person_id,
                "position": example.position,
            },
        )
        return [_annotation(row) for row in rows]

    def annotations_by(self, project_id: str, person_id: str) -> list[PersonAnnotation]:
        """What a person answered to all gold examples, the oldest first; without positions."""
        rows = self._db.rows(
            f"""
            SELECT {_ANNOTATION}, 0 AS position FROM gold_annotations a
            WHERE a.project_id = $project_id AND a.person_id = $person_id
            ORDER BY a.created_at, a.annotation_id
            """,  # noqa: S608 a literal of this module
            {"project_id": project_id, "person_id": person_id},
        )
        return [_annotation(row) for row in rows]

    def answers(self, project_id: str, most: int) -> list[GoldAnswer]:
        """Each person's newest answer to each example that is gold now, the newest `most`, beside
        the revision that was accepted when they gave it."""
        rows = self._db.rows(
            f"""
            WITH last AS (
                SELECT a.* FROM gold_annotations a SEMI JOIN gold_examples g USING (example_id)
                WHERE a.project_id = $project_id
                QUALIFY row_number() OVER (
                    PARTITION BY a.example_id, a.person_id
                    ORDER BY a.created_at DESC, a.annotation_id DESC) = 1
                ORDER BY a.created_at DESC LIMIT $most)
            SELECT {_ANNOTATION}, r.position, r.instruction AS wanted_instruction,
                   r.input AS wanted_input, r.output AS wanted_output,
                   CAST(r.labels AS VARCHAR) AS wanted_labels
            FROM last a JOIN revisions r ON r.revision_id = a.expected_revision
            ORDER BY a.created_at, a.annotation_id
            """,  # noqa: S608 a literal of this module
            {"project_id": project_id, "most": most},
        )
        return [_answer(row) for row in rows]


def _answer(row: Row) -> GoldAnswer:
    wanted: dict[str, Any] = {
        name.removeprefix("wanted_"): row.pop(name) for name in list(row) if "wanted_" in name
    }
    labels = json.loads(wanted.pop("labels"))
    return GoldAnswer(_annotation(row), wanted, labels)


def _annotation(row: Row) -> PersonAnnotation:
    values: dict[str, Any] = {**row, "labels": json.loads(row["labels"])}
    return PersonAnnotation(**values)
