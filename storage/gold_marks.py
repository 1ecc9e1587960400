"""Gold marks of examples: which examples are gold, and every mark that was set or taken away.

Which examples are gold is kept in memory, so that a project without any pays nothing. The temporary
table chosen_examples says of which the marks change; callers hold the transaction.
"""

from __future__ import annotations

import json

from core.clock import now
from core.examples.example import FIELDS
from core.examples.gold import GoldMix
from core.examples.gold_accuracy import MarkedExample, same_labels
from core.examples.listing import ExampleFilter
from core.findings.personal import MASKS
from storage.database import Database
from storage.filters import conditions, parameters
from storage.remembered import Remembered

# White space as Python's str.split has it, by which annotator_agreement.Said compares.
_WORDS = r"trim(regexp_replace({}, '[\s\x0b\x1c-\x1f\x85\p{{Z}}]+', ' ', 'g'))"
_SAME_TEXT = " AND ".join(
    f"(f.{name} = c.{name} OR {_WORDS.format(f'f.{name}')} = {_WORDS.format(f'c.{name}')})"
    for name in FIELDS
)
_MASK_CAME = " OR ".join(
    f"contains(c.{name}, '{mask}') AND NOT contains(f.{name}, '{mask}')"
    for name in FIELDS
    for mask in MASKS.values()
)
_SAME_TEXTS = f"""
    FROM example_current c
    JOIN revisions f ON f.example_id = c.example_id AND f.position = c.position AND f.number = 1
    WHERE c.project_id = $project_id AND c.state = 'accepted' AND NOT c.flagged AND c.number > 1
      AND {_SAME_TEXT}
"""
_BOTH_LABELS = "CAST(f.labels AS VARCHAR) || chr(10) || CAST(c.labels AS VARCHAR)"
# Masked in bulk or by a mend since they came: a mask stands in a text that came without it. As
# core.examples.gold_accuracy.masked_since says it of one.
MASKED_SINCE = f"""
    SELECT c.example_id FROM example_current c
    JOIN revisions f ON f.example_id = c.example_id AND f.position = c.position AND f.number = 1
    WHERE c.project_id = $project_id AND c.state = 'accepted' AND c.number > 1
      AND c.example_id IN (SELECT example_id FROM revisions WHERE origin IN ('mask', 'mend'))
      AND ({_MASK_CAME})
"""  # noqa: S608 made of literals
# Accepted as they came in: as core.workflows.curation.gold_marks.why_not says it of one.
UNCHANGED = f"""
    number = 1 OR example_id IN (
        SELECT c.example_id {_SAME_TEXTS}
          AND (CAST(f.labels AS VARCHAR) = CAST(c.labels AS VARCHAR)
               OR list_contains($same_labels, {_BOTH_LABELS})))
"""


def same_labels_among(db: Database, project_id: str, wanted: ExampleFilter) -> list[str]:
    """Of the examples that match and were accepted with the texts that they came with: each pair of
    labels, as imported and as accepted, that is written otherwise and says the same; for UNCHANGED.
    """
    rows = db.rows(
        f"""
        SELECT DISTINCT CAST(f.labels AS VARCHAR) AS first, CAST(c.labels AS VARCHAR) AS accepted,
               {_BOTH_LABELS} AS both
        {_SAME_TEXTS} AND CAST(f.labels AS VARCHAR) <> CAST(c.labels AS VARCHAR)
          AND c.example_id IN (SELECT example_id FROM example_current WHERE {conditions(wanted)})
        """,  # noqa: S608 conditions are literals of storage.filters
        dict(parameters(project_id, wanted)),
    )
    return [
        row["both"]
        for row in rows
        if same_labels(json.loads(row["first"]), json.loads(row["accepted"]))
    ]


class GoldMarks:
    """Which examples are gold."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._of_project: Remembered[GoldMix] = Remembered(db)

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

    # Marking -----------------------------------------------------------------------------------

    def mark(self, project_id: str, example_id: str, batch_id: str, actor_id: str) -> None:
        """The example is gold from now on."""
        self._choose_one(example_id)
        self.mark_chosen(project_id, batch_id, actor_id, gold=True)

    def unmark(self, project_id: str, example_id: str, batch_id: str, actor_id: str) -> None:
        """The example is gold no more; who has it open is not given it again."""
        self._choose_one(example_id)
        self.mark_chosen(project_id, batch_id, actor_id, gold=False)

    def mark_chosen(self, project_id: str, batch_id: str, actor_id: str, *, gold: bool) -> int:
        """The chosen examples are gold from now on, or are no more; how many."""
        self.settings_change()
        about = {"project_id": project_id, "actor_id": actor_id, "now": now()}
        self._db.execute(
            """
            INSERT INTO gold_marks (batch_id, project_id, example_id, gold, actor_id, created_at)
            SELECT $batch_id, $project_id, example_id, $gold, $actor_id, $now FROM chosen_examples
            """,
            {**about, "batch_id": batch_id, "gold": gold},
        )
        if gold:
            self._db.execute(
                """
                INSERT INTO gold_examples (example_id, project_id, actor_id, created_at)
                SELECT example_id, $project_id, $actor_id, $now FROM chosen_examples
                ON CONFLICT DO NOTHING
                """,
                about,
            )
        else:
            chosen = "example_id IN (SELECT example_id FROM chosen_examples)"
            self._db.execute(f"DELETE FROM gold_examples WHERE {chosen}")  # noqa: S608
            self._db.execute(f"DELETE FROM gold_tasks WHERE state = 'open' AND {chosen}")  # noqa: S608
        count = int(self._db.value("SELECT count(*) FROM chosen_examples"))
        self._db.execute("DROP TABLE chosen_examples")
        return count

    def unmark_revised(self, project_id: str, batch_id: str, actor_id: str) -> int:
        """Those are gold no more whose present revision is one of this batch's; how many."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT g.example_id FROM gold_examples g JOIN example_current c USING (example_id)
            WHERE g.project_id = $project_id AND starts_with(c.revision_id, $batch_id || '_')
            """,
            {"project_id": project_id, "batch_id": batch_id},
        )
        return self.mark_chosen(project_id, batch_id, actor_id, gold=False)

    def undo_batch(
        self, project_id: str, batch_id: str, undo_id: str, actor_id: str, *, gold: bool
    ) -> int:
        """Take back a batch that marked examples as gold, wherever no later mark was set or taken;
        bring the marks back that one took (`gold` False), wherever the example did not change
        either. How many."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT m.example_id FROM gold_marks m JOIN example_current c USING (example_id)
            WHERE m.project_id = $project_id AND m.batch_id = $batch_id AND m.gold = $gold
              AND ($gold OR c.updated_at <= m.created_at)
              AND NOT EXISTS (
                  SELECT 1 FROM gold_marks later
                  WHERE later.example_id = m.example_id AND later.created_at > m.created_at)
            """,
            {"project_id": project_id, "batch_id": batch_id, "gold": gold},
        )
        return self.mark_chosen(project_id, undo_id, actor_id, gold=not gold)

    def _choose_one(self, example_id: str) -> None:
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT CAST($example_id AS VARCHAR) AS example_id
            """,
            {"example_id": example_id},
        )
